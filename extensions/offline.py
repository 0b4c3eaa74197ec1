"""The book on a reader's device: a web app manifest, a service worker, and the button that asks for both.

    ```{offline}
    ```

The worker (sw.js) is written last, with the hash of every file, so that it can take the whole book in one
version or none of it. Nothing is kept before the reader presses the button: the book has many megabytes, and
most visitors want one page.
"""

import base64
import fnmatch
import hashlib
import json
import re
from pathlib import Path

import beside
from citation import read_citation
from docutils import nodes
from language import EDITIONS, say
from sphinx.util.docutils import SphinxDirective

SHORT_NAME = "Image Models"  # beneath an icon there is room for twelve letters
DARK, LIGHT = "#14202e", "#ffffff"  # of the icon, and behind it while the book opens
# What no page asks for while one reads: for machines, for developers, or another form of the whole book.
LEFT_OUT = (
    *("sw.js", ".*", "*/.*", "objects.inv", "robots.txt", "sitemap.xml"),
    *("*.map", "*.LICENSE.txt", "*.pdf", "*.epub", "*.zip"),
    "lite/*",  # Python in the browser: its kernel comes from the network anyway
    *(f"{folder}*" for _, folder in EDITIONS.values() if folder),  # each edition keeps itself
)
# The theme's icon font and translations: many megabytes, kept only where a page or style sheet names them.
DOUBTFUL = ("_static/vendor/*", "_static/locales/*", "_static/scripts/*", "_static/styles/*")
SIZE = re.compile(r'(<span class="ib-offline-size">)[^<]*')
OFFER = say(
    "Going where there is no network? This device can keep the whole book, and renews it when you are back."
)
SAVE = say("Save this book for offline reading")
BUTTONS = f"""<div class="ib-offline" hidden>
<p>{OFFER}</p>
<button type="button">{SAVE} (<span class="ib-offline-size"></span>)</button>
<button type="button" hidden>{say("Remove it from this device")}</button>
<span role="status"></span>
</div>"""


class Offline(SphinxDirective):
    """The button; the script shows it where a browser can keep a book."""

    def run(self):
        return [nodes.raw("", BUTTONS, format="html")]


def files(folder):
    """Return the names of the files that a reader needs, sorted."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    names = [name for name in names if not matches(name, LEFT_OUT)]
    doubtful = [name for name in names if matches(name, DOUBTFUL)]
    certain = [name for name in names if name not in doubtful]
    # Pages and style sheets first, then what those of the doubtful ones name that were found to be needed.
    new = [name for name in certain if name.endswith((".html", ".css"))]
    while new:
        text = "\n".join((folder / name).read_text(encoding="utf-8") for name in new)
        new = [name for name in doubtful if re.search(rf"[/\"'(]{re.escape(Path(name).name)}\b", text)]
        doubtful = [name for name in doubtful if name not in new]
        certain += new
        new = [name for name in new if name.endswith(".css")]
    return sorted(certain)


def matches(name, patterns):
    """Return whether a name matches one of the patterns; * also stands for /."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def megabytes(size):
    """Return a size as a reader would say it."""
    return f"{max(1, round(size / 1e6))}\N{NO-BREAK SPACE}MB"


def worker(folder):
    """Return the service worker's text for the files of a folder."""
    hashes = {
        name: base64.b64encode(hashlib.sha256((folder / name).read_bytes()).digest()).decode()
        for name in files(folder)
    }
    listed = json.dumps(hashes, separators=(",\n", ":"), ensure_ascii=False)
    version = hashlib.sha256(listed.encode()).hexdigest()[:16]
    script = Path(__file__).with_name("sw.js").read_text(encoding="utf-8")
    return f'const book = {{ version: "{version}", files: {listed} }};\n{script}'


def manifest(app):
    """Return the web app manifest: what a device needs to put the book among its programs."""
    icons = [
        {
            "src": f"_static/icon-{size}.png",
            "sizes": f"{size}x{size}",
            "type": "image/png",
            "purpose": purpose,
        }
        for size, purpose in ((192, "any"), (512, "any"), (512, "maskable"))
    ]
    return {
        "name": app.config.html_title,
        "short_name": say(SHORT_NAME),
        "description": say(read_citation(app.srcdir).get("abstract", app.config.html_title)),
        "lang": app.config.language,
        "id": "./",
        "start_url": "./",
        "scope": "./",
        "display": "standalone",
        "theme_color": DARK,
        "background_color": LIGHT,
        "icons": icons,
    }


def write_files(app, error):
    """Write the manifest, tell the button how much there is to keep, and then write the worker."""
    if error is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir)
    text = json.dumps(manifest(app), ensure_ascii=False, indent=2)
    (folder / "manifest.webmanifest").write_text(text + "\n", encoding="utf-8")
    size = megabytes(sum((folder / name).stat().st_size for name in files(folder)))
    for page in folder.rglob("*.html"):
        before = page.read_text(encoding="utf-8")
        after = SIZE.sub(rf"\g<1>{size}", before)
        if after != before:
            page.write_text(after, encoding="utf-8")
    (folder / "sw.js").write_text(worker(folder), encoding="utf-8")


def add_script(app, pagename, templatename, context, doctree):
    """Add the script to the page that has the button."""
    if 'class="ib-offline"' in context.get("body", ""):
        app.add_js_file("offline.js", loading_method="defer")


def setup(app):
    beside.ship(app, __file__)
    app.add_directive("offline", Offline)
    app.connect("html-page-context", add_script)
    app.connect("build-finished", write_files, priority=990)  # when nothing changes a file any more
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
