"""404.html: what a reader sees at an address that the book does not have.

A host shows it at any depth, so its links must not be relative to the page. Where the book's address is known
they begin with its path; where nobody knows it they stay relative, which is right at the top and from disk.
"""

import re
from pathlib import Path
from urllib.parse import urlsplit

import beside
from addresses import read_addresses
from language import LANGUAGE, named, say
from markupsafe import escape
from terms import in_order, read_terms

NAME = "404"
LOST = say(
    "An address can go wrong on its way to you: a letter is missing, or a page has moved. The words that "
    "this book explains are all still here. Search for yours, or pick it from the list."
)
# A host shows the English edition's page for every address: it tells readers of the other one, too.
ALSO = (
    '<p lang="ko">찾으시는 페이지가 여기에 없습니다. 아래에서 용어를 검색하거나 목록에서 골라 보세요.</p>\n'
)
BODY = f"""<h1>{say("This page is not here")}</h1>
<p>{LOST}</p>
{ALSO if LANGUAGE == "en" else ""}
<p class="ib-nearest" role="status"></p>
<form class="ib-form" action="{{search}}" method="get" role="search">
<label for="ib-sought">{say("Search this book")}</label>
<input type="search" id="ib-sought" name="q" autocomplete="off" />
<button type="submit">{say("Search")}</button>
</form>
<h2>{say("All terms")}</h2>
<ul class="ib-terms">
{{terms}}
</ul>
<p><a href="{{root}}">{say("To the first page")}</a></p>"""


def collect(app):
    """Yield the page, with a list of the terms and the short names that lead to each."""
    if app.builder.format != "html":
        return
    names = read_addresses()
    labels = app.env.domains["std"].anonlabels
    items = []
    for term in in_order(read_terms()):
        slug = term["slug"]
        if slug in labels:
            known = " ".join(name for name, label in names.items() if label == slug)
            name, other = named(term)
            language = "ko" if LANGUAGE == "en" else "en"
            beside = f' <span lang="{language}">{escape(other)}</span>' if other != name else ""
            uri = f"{app.builder.get_target_uri(labels[slug][0])}#{slug}"
            items.append(f'<li><a href="{uri}" data-names="{known}">{escape(name)}</a>{beside}</li>')
    body = BODY.format(
        search=app.builder.get_target_uri("search"),
        root=app.builder.get_target_uri(app.config.root_doc),
        terms="\n".join(items),
    )
    yield NAME, {"title": say("Page not found"), "body": body}, "page.html"


def add_script(app, pagename, templatename, context, doctree):
    """Add the script that looks for what the reader may have meant."""
    if pagename == NAME:
        app.add_js_file("notfound.js", loading_method="defer")


def anchored(text, path):
    """Return a page with `path` before every address that is relative to the top of the book."""
    text = re.sub(r'(<[^>]*?\sdata-content_root=)"[^"]*"', rf'\1"{path}"', text)
    return re.sub(r'(\s(?:href|src|action)=")(?![a-z]+:|/|#)', rf"\g<1>{path}", text)


def anchor(app, error):
    """Make the page right at any depth, once everybody else has finished with it."""
    path = Path(app.outdir, f"{NAME}.html")
    if error is None and app.builder.format == "html" and app.config.html_baseurl:
        text = path.read_text(encoding="utf-8")
        path.write_text(anchored(text, urlsplit(app.config.html_baseurl).path), encoding="utf-8")


def setup(app):
    beside.ship(app, __file__)
    app.connect("html-collect-pages", collect)
    app.connect("html-page-context", add_script)
    app.connect("build-finished", anchor, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
