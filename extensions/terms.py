"""The book's terms on the page: the glossary, made from terms.tsv, and Korean words marked as Korean."""

import csv
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective, SphinxRole

TERMS = Path(__file__).resolve().parent.parent / "lib/imagebook/data/terms.tsv"


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


def setup(app):
    app.add_directive("glossary-of-terms", Glossary)
    app.add_role("korean", Korean())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
