"""When the chapters were last run, and with which versions: `{verified}` says it when the book is built.

The days are those of the execution cache, which keeps a chapter's results until its code, the library or a
pinned version changes; tests/ then holds every number of the text to these results.
"""

import platform
from datetime import UTC
from importlib.metadata import version
from pathlib import Path

from jupyter_cache import get_cache
from language import month, say
from repository import git
from sphinx.util.docutils import SphinxDirective

import imagebook

PACKAGES = {"NumPy": "numpy", "matplotlib": "matplotlib", "Jupyter Book": "jupyter-book"}


def last_runs(folder, names):
    """Return the first and last day of the chapters' last runs, None where one never ran."""
    if not Path(folder, "global.db").exists():
        return None
    latest = {}
    for record in get_cache(folder).list_cache_records():
        name = Path(record.uri).name
        latest[name] = max(record.created, latest.get(name, record.created))
    days = [latest.get(name) for name in names]
    if not days or None in days:
        return None
    first, last = (day.replace(tzinfo=UTC).date() for day in (min(days), max(days)))
    return first, last


def day(date):
    """Return a day as people write it."""
    return say("{day} {month} {year}").format(day=date.day, month=month(date), year=date.year)


def sentences(runs, versions):
    """Return what the page says, in Markdown."""
    if runs is None:
        when = say("This copy does not know when all of its chapters were last run.")
    elif runs[0] == runs[1]:
        when = say("All chapters were last run on **{0}**.").format(day(runs[0]))
    else:
        when = say("All chapters were last run between **{0}** and **{1}**.").format(*map(day, runs))
    listed = ", ".join(f"{name} {number}" for name, number in versions.items())
    return f"{when} {say('Versions: {0}.').format(listed)}"


class Verified(SphinxDirective):
    """The date and the versions."""

    def run(self):
        cache = Path(self.config.nb_execution_cache_path or Path(self.env.srcdir, "_build/.jupyter_cache"))
        self.env.note_reread()  # the day is not in any file that this page depends on
        chapters = [path.name for path in sorted(Path(self.env.srcdir, "chapters").glob("*.md"))]
        versions = {"Python": platform.python_version()}
        versions |= {name: version(package) for name, package in PACKAGES.items()}
        versions["imagebook"] = imagebook.__version__
        if name := git(self.env.srcdir, "rev-parse", "--short", "HEAD"):
            versions["commit"] = name
        return self.parse_text_to_nodes(sentences(last_runs(cache, chapters), versions))


def setup(app):
    app.add_directive("verified", Verified)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
