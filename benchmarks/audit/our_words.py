"""Lets a stock book read our chapters: our extensions' words, the settings that they ask for, nothing else.

What they change on the pages, their scripts and style sheets, and the theme's options stay away.
"""

import importlib
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


class OnlyWords:
    """Stands before Sphinx while an extension sets itself up: passes on what text needs, drops the rest."""

    WANTED = {"add_directive", "add_role", "add_node", "add_config_value"}

    def __init__(self, app):
        self.app = app

    def __getattr__(self, name):
        """Return Sphinx's method, or one that does nothing."""
        return getattr(self.app, name) if name in self.WANTED else lambda *args, **options: None


def setup(app):
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    for name, folder in config["sphinx"]["local_extensions"].items():
        sys.path.insert(0, str(ROOT / folder))
        importlib.import_module(name).setup(OnlyWords(app))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
