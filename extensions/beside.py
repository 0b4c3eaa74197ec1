"""Scripts that stand beside their extension, x.js beside x.py."""

from pathlib import Path


def ship(app, extension):
    """Let Sphinx copy an extension's script; in `_static/` Jupyter Book would put it on every page.

    `extension` is the extension's `__file__`. A page loads the script where `app.add_js_file` says so.
    """
    script = str(Path(extension).with_suffix(".js"))
    app.connect("config-inited", lambda app, config: config.html_static_path.append(script))
