"""Makes the theme's pages light, and safe to read: each page passes through here when it is written.

The theme stays as it is shipped, and its templates are not copied. Rules on the finished page take away what
the book does not need and turn the rest into a form that a strict Content-Security-Policy allows. A rule that
meets what it does not know, say after an upgrade of the theme, stops the build and says what it met.
"""

import base64
import functools
import hashlib
import re
import shutil
from pathlib import Path

import landmarks
import language
import pydata_sphinx_theme
import stylesheet
from sphinx.errors import ExtensionError
from sphinx.jinja2glue import BuiltinTemplateLoader

STATIC = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"

# Scripts of the theme and of Sphinx that no page needs, each with what does its work here.
DROPPED = {
    "fontawesome.js": "icons are inline SVG, made of the same drawings",
    "searchtools.js": "extensions/search.py",
    "language_data.js": "extensions/search.py",
    "searchindex.js": "extensions/search.py",
    "translations.js": "words for doctools.js, in editions that are not English",
    "doctools.js": "nothing: it moves between pages by arrow keys, which the figures need for themselves",
    "sphinx_highlight.js": "extensions/search.js marks what was found",
}
# Floats the names of buttons and opens menus, which the browser does; a later theme may need it for one.
BOOTSTRAP = "bootstrap.js"
# Scripts in a page that only set up the scripts above, or that FIRST does better.
SETTINGS = re.compile(
    r"\s*(DOCUMENTATION_OPTIONS\.(pagename|search_as_you_type)\s*=[^;]*;\s*$"
    r"|document\.documentElement\.dataset\.mode\s*=)"
)
# What must run before a page is drawn: a dark page must not flash up white, a formula not change its font.
# A page from disk may not load a font ahead, and has no need to.
FIRST = """{
  const { dataset } = document.documentElement;
  dataset.mode = "auto";
  try { dataset.mode = localStorage.getItem("mode") || "auto"; } catch {}
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  dataset.theme = dataset.mode === "auto" ? system : dataset.mode;
  const { font } = document.currentScript.dataset;
  if (font && location.protocol !== "file:") {
    const link = document.createElement("link");
    Object.assign(link, { rel: "preload", as: "font", type: "font/woff2", crossOrigin: "", href: font });
    document.head.append(link);
  }
}"""
POLICY = {
    "default-src": "'self'",
    # The one script that must run before the page is drawn stands in the page, and is named by its hash.
    "script-src": "'self' 'sha256-{first}'",
    # blob: is how figures show a reader's own picture; data: how the theme's style sheet draws small marks.
    "img-src": "'self' data: blob:",
    "object-src": "'none'",
    "base-uri": "'none'",
    # A report of a problem goes to the book's repository, when the reader sends it.
    "form-action": "'self' https://github.com",
}


def policy():
    """Return the Content-Security-Policy of every page."""
    first = base64.b64encode(hashlib.sha256(FIRST.encode()).digest()).decode()
    return "; ".join(f"{name} {sources}" for name, sources in POLICY.items()).format(first=first)


class Templates(BuiltinTemplateLoader):
    """Sphinx's templates, whose results pass through the rules."""

    def init(self, builder, *arguments, **options):
        self.builder = builder
        super().init(builder, *arguments, **options)

    def render(self, template, context):
        text = super().render(template, context)
        if self.builder.name != "html" or "</head>" not in text:
            return text
        return language.themed(landmarks.marked(cleaned(text, context["content_root"])))


def cleaned(page, home):
    """Return a page of the theme as the book publishes it; `home` is the way from it to the first page."""
    head, end, body = page.partition("</head>")
    body = icons(menus(sizes(plain_code(body))))
    unwanted = {*DROPPED} if 'data-bs-toggle="dropdown"' in body else {*DROPPED, BOOTSTRAP}
    body = scripts(body, unwanted, defer=False)
    head = scripts(without_inline_style(head), unwanted, defer=True)
    links = re.findall(r'<link[^>]*\brel="stylesheet"[^>]*>', head)
    stylesheet.note([re.search(r'href="([^"]+)"', link)[1] for link in links])
    head = re.sub(r'\s*<link[^>]*\brel="(?:stylesheet|preload)"[^>]*>', "", head)
    head = re.sub(r"\s*<!--.*?-->", "", head, flags=re.DOTALL)
    head = re.sub(r'\s*<meta name="(?:viewport|docsearch:\w+)"[^>]*>', "", head)
    font = f' data-font="{home}_static/math.woff2"' if "<math" in body else ""
    first = (
        '<meta charset="utf-8" />\n'
        f'    <meta http-equiv="Content-Security-Policy" content="{policy()}" />\n'
        '    <meta name="viewport" content="width=device-width, initial-scale=1" />\n'
        f"    <script{font}>{FIRST}</script>\n"
        f'    <link rel="stylesheet" href="{home}_static/site.css" />'
    )
    head = re.sub(r'<meta charset="utf-8" ?/?>', lambda match: first, head, count=1)
    return refuse_what_is_left(head + end + body)


def without_inline_style(head):
    """Return the head without the theme's style for readers without scripts; book.css has it."""
    return re.sub(r"<noscript>\s*<style>\s*\.pst-js-only \{[^}]*\}\s*</style>\s*</noscript>", "", head)


def scripts(part, unwanted, *, defer):
    """Return a part of a page without some scripts; those that stay in the head wait for the text."""

    def rule(match):
        attributes, content = match.groups()
        if "application/" in attributes:
            return match[0]  # data, which nothing executes
        if source := re.search(r'src="([^"?]+)', attributes):
            if Path(source[1]).name in unwanted:
                return ""
            return f'<script defer src="{source[1]}"></script>' if defer else match[0]
        if SETTINGS.match(content):
            return ""
        raise ExtensionError(f"a script stands in a page, which its policy forbids: {content.strip()[:200]}")

    return re.sub(r"<script\b([^>]*)>(.*?)</script>", rule, part, flags=re.DOTALL)


def plain_code(body):
    """Return the text without marks on words and signs of programs that have the colour of the text.

    They are half the elements of a chapter, and a tenth of what it sends.
    """
    return re.sub(r'<span class="[npw]">([^<]*)</span>', r"\1", body)


def sizes(body):
    """Return the text with each picture's size as attributes, known ahead; it comes when it is near."""
    body = re.sub(r'style="width: (\d+)px; height: (\d+)px;"', r'width="\1" height="\2"', body)
    return re.sub(r"<img (?![^>]*\bloading=)", '<img loading="lazy" ', body)


def menus(body):
    """Return the text with menus that open without Bootstrap's scripts, or any."""
    button = r'<button class="btn dropdown-toggle"[^>]*(aria-label="[^"]*")[^>]*>(.*?)</button>'
    menu = rf'<div class="(dropdown [\w-]+)">\s*{button}\s*<ul class="dropdown-menu">(.*?)</ul>\s*</div>'
    summary = r'<summary class="btn" \2>\3</summary>'
    details = rf'<details class="\1">{summary}<ul class="dropdown-menu show">\4</ul></details>'
    return re.sub(menu, details, body, flags=re.DOTALL)


def icons(body):
    """Return the text with each icon as a drawing."""

    def rule(match):
        tag, before, classes, after = match.groups()
        name = re.search(r"\bfa-(?!solid|brands|lg)([\w-]+)", classes)[1]
        width, height, path = drawing(name)
        kept = " ".join(["ib-icon", *(word for word in classes.split() if not re.match(r"fa[sb]?\b", word))])
        attributes = re.sub(r'\s+title="[^"]*"', "", before + after)
        return (
            f'<svg class="{kept}"{attributes} viewBox="0 0 {width} {height}" aria-hidden="true">'
            f'<path d="{path}"/></svg>'
        )

    return re.sub(r'<(i|span)((?:\s+[\w-]+="[^"]*")*?)\s+class="([^"]*\bfa-[^"]*)"([^>]*)></\1>', rule, body)


@functools.cache
def drawing(name):
    """Return width, height and path of an icon of Font Awesome Free (CC BY 4.0), as the theme ships it."""
    text = (STATIC / "scripts/fontawesome.js").read_text(encoding="utf-8")
    # An icon stands under its name, with its other names beside it; the solid style comes last.
    entry = r"\[(\d+),(\d+),\[{other}\],\"\w+\",\"([^\"]+)\"\]"
    found = re.findall(rf'[{{,]"?{name}"?:' + entry.format(other=r"[^\]]*"), text) or re.findall(
        entry.format(other=rf'[^\]]*"{name}"[^\]]*'), text
    )
    if not found:
        raise ExtensionError(f"the theme has no icon {name}")
    return found[-1]


def refuse_what_is_left(page):
    """Return the page if its policy lets all of it work."""
    text = re.sub(r"(<(script|pre)\b[^>]*>).*?</\2>", r"\1", page, flags=re.DOTALL)
    for what, pattern in {
        "a style": r'<style\b|<\w[^>]*\sstyle="[^"]*"',
        "an event handler": r'<\w[^>]*\son\w+="[^"]*"',
        "an icon": r'class="[^"]*\bfa-[\w-]+[^"]*"',
        "a file of another site": r'<(?:script|img|iframe|source)\b[^>]*\ssrc="(?:https?:)?//[^"]*"',
    }.items():
        if found := re.search(pattern, text):
            raise ExtensionError(f"{what} stands in a page, which its policy forbids: {found[0][:200]}")
    return page


def finish(app, error):
    """Write the site's style sheet, and remove the files that no page loads."""
    if error is not None or app.builder.name != "html":
        return
    static = Path(app.outdir, "_static")
    shutil.rmtree(static / "vendor", ignore_errors=True)  # fonts of icons
    for path in static.rglob("*"):
        if path.name in DROPPED or path.suffix == ".map" or path.name.endswith("-macros.html"):
            path.unlink()
    stylesheet.write(Path(app.outdir))


def setup(app):
    app.connect("build-finished", finish, priority=900)  # after the theme wrote its colours of code
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
