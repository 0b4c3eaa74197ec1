"""The book's terms on the page: the glossary, definitions where one points at a term, Korean as Korean."""

import csv
import json
import re
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective, SphinxRole

import imagebook

TERMS = Path(imagebook.__file__).with_name("data") / "terms.tsv"


def read_terms():
    """Return the terms that the book teaches, one dict each, in the glossary's order."""
    with TERMS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


class Glossary(SphinxDirective):
    """All terms with their Korean names and one-line definitions, each linked to its section."""

    def run(self):
        self.env.note_dependency(str(TERMS))
        lines = []
        for term in read_terms():
            lines += [
                f"[{term['english']}](#{term['slug']}) {{korean}}`{term['korean']}`",
                f": {term['definition']}",
                "",
            ]
        return self.parse_text_to_nodes("\n".join(lines))


class Korean(SphinxRole):
    """A Korean word in English text: screen readers and fonts need to know."""

    def run(self):
        text = nodes.Text(self.text)
        if not self.env.app.builder.format == "html":
            return [text], []
        return [nodes.raw("", f'<span lang="ko">{self.text}</span>', format="html")], []


def add_definitions(app, pagename, templatename, context, doctree):
    """Give a page the definitions of the terms that it links to; terms.js shows them."""
    linked = set(re.findall(r'href="[^"]*#([\w-]+)"', context.get("body", "")))
    terms = {
        term["slug"]: {"korean": term["korean"], "definition": term["definition"]}
        for term in read_terms()
        if term["slug"] in linked
    }
    if terms:
        content = json.dumps(terms, ensure_ascii=False).replace("<", "\\u003c")
        context["body"] += f'<script type="application/json" id="ib-terms">{content}</script>'
        app.add_js_file("terms.js", loading_method="defer")


def add_file(app, config):
    """Let Sphinx copy the script; in `_static/` Jupyter Book would put it on every page."""
    config.html_static_path.append(str(Path(__file__).with_suffix(".js")))


def setup(app):
    app.connect("config-inited", add_file)
    app.connect("html-page-context", add_definitions)
    app.add_directive("glossary-of-terms", Glossary)
    app.add_role("korean", Korean())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
