"""Scripts that stand beside their extension, x.js beside x.py."""

from pathlib import Path


def ship(app, extension):
    """Let Sphinx copy an extension's script; in `_static/` Jupyter Book would put it on every page.

    `extension` is the extension's `__file__`. A page loads the script where `app.add_js_file` says so. What
    is copied speaks the language of the build.
    """
    script = Path(extension).with_suffix(".js")

    def copy(app, config):
        from language import spoken  # which ships a script itself

        target = Path(app.doctreedir, "scripts", script.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(spoken(script.read_text(encoding="utf-8")), encoding="utf-8")
        config.html_static_path.append(str(target))

    app.connect("config-inited", copy)
