"""Addresses of terms that never change: t/iou/ leads to the section, wherever it is, from addresses.toml.

Each is a small page that sends the reader on, so that any static host can serve it, and so that it works from
disk as t/iou/index.html.
"""

import shutil
import tomllib
from pathlib import Path

from language import say
from markupsafe import escape

FOLDER = "t"
# Nothing but the words: no style sheet, no script.
PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta http-equiv="Content-Security-Policy" content="default-src 'none'" />
<title>{title} — {book}</title>
<meta name="robots" content="noindex" />
<link rel="canonical" href="{canonical}" />
<meta http-equiv="refresh" content="0; url={target}" />
</head>
<body><main><h1>{title}</h1><p>{way} <a href="{target}">{title}</a></p></main></body>
</html>
"""


def read_addresses():
    """Return the label that each short address leads to."""
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def write_addresses(app, error):
    """Write a page for each address whose section this book has; tools/book.py asks for all of them."""
    if error is not None or app.builder.format != "html":
        return
    labels = app.env.domains["std"].labels
    folder = Path(app.outdir, FOLDER)
    shutil.rmtree(folder, ignore_errors=True)
    for name, label in read_addresses().items():
        if label not in labels:
            continue
        page, anchor, title = labels[label]
        uri = f"{app.builder.get_target_uri(page)}#{anchor}"
        target = f"../../{uri}"
        base = app.config.html_baseurl
        text = PAGE.format(
            language=app.config.language,
            title=escape(title),
            way=say("You are on your way to:"),
            book=escape(app.config.html_title),
            target=escape(target),
            canonical=escape(base + uri if base else target),
        )
        path = folder / name / "index.html"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")


def setup(app):
    app.connect("build-finished", write_addresses)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
