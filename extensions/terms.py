"""The book's terms on the page: glossary, reading paths, definitions where one points at a term, Korean."""

import csv
import json
import re
import tomllib
from pathlib import Path

import beside
from docutils import nodes
from language import LANGUAGE, named, say, whole_words
from markupsafe import escape
from sphinx.util.docutils import SphinxDirective, SphinxRole

import imagebook

TERMS = Path(imagebook.__file__).with_name("data") / "terms.tsv"
GRAPH = TERMS.with_name("term-graph.toml")
KOREAN_TERMS = Path(__file__).parent.parent / "locale/ko/terms.tsv"


def read_terms():
    """Return the terms that the book teaches, one dict each, in the glossary's order."""
    with TERMS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def read_path(name):
    """Return a reading order of term-graph.toml: what its minutes are for, and its parts."""
    paths = tomllib.loads(GRAPH.read_text(encoding="utf-8"))["paths"]
    if name not in paths:
        raise ValueError(f"a reading path must be one of {', '.join(paths)}, got {name!r}")
    return paths[name]


def in_order(terms):
    """Return terms as a reader looks for them: in English as in the source, in Korean by 가나다."""
    return terms if LANGUAGE == "en" else sorted(terms, key=lambda term: named(term)[0].casefold())


def duration(minutes):
    """Return minutes as a reader would say them, never broken between a number and its unit."""
    if minutes <= 90:
        return say("{0}\u00a0minutes").format(minutes)
    if minutes > 600:
        return say("{0}\u00a0hours").format(round(minutes / 60))
    parts = [say("{0}\u00a0hours").format(minutes // 60), say("{0}\u00a0minutes").format(minutes % 60)]
    return " ".join(parts if minutes % 60 else parts[:1])


def path_lines(path, terms):
    """Return a reading order in Markdown: a numbered list for each of its parts.

    `terms` are the rows of terms.tsv by slug.
    """
    minutes = [sum(step["minutes"] for step in part["steps"]) for part in path["parts"]]
    whole = say("In all {0}, by our estimate, for {1}.")
    lines = [whole.format(duration(sum(minutes)), say(path["minutes_for"])), ""]
    for part, total in zip(path["parts"], minutes, strict=True):
        if "title" in part:
            lines += [f"**{say(part['title'])}** ({duration(total)})", ""]
        for number, step in enumerate(part["steps"], start=1):
            term = terms[step["term"]]
            link = f"[{named(term)[0]}](#{term['slug']})"
            if term["korean"] != term["english"]:
                link += f" {{korean}}`{term['korean']}`"
            lines.append(f"{number}. {link}: {say(step['why'])} ({duration(step['minutes'])}).")
        if "assignment" in part:
            lines += ["", say("Assignment: {0}.").format(say(part["assignment"]))]
        lines.append("")
    return lines


class Glossary(SphinxDirective):
    """All terms with their Korean names and one-line definitions, each linked to its section."""

    def run(self):
        self.env.note_dependency(str(TERMS))
        lines = []
        for term in in_order(read_terms()):
            lines += [
                f"[{named(term)[0]}](#{term['slug']}) {{korean}}`{term['korean']}`",
                f": {say(term['definition'])}",
                "",
            ]
        return self.parse_text_to_nodes("\n".join(lines))


class KoreanTerms(SphinxDirective):
    """The table of terms in locale/ko/terms.tsv: English, the Korean chosen, other names in use, why."""

    def run(self):
        self.env.note_dependency(str(KOREAN_TERMS))
        with KOREAN_TERMS.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        heads = [say("English"), say("Korean"), say("Other names in use"), say("Why")]
        lines = ['<div class="pst-scrollable-table-container"><table class="table ib-korean">', "<thead><tr>"]
        lines += [f'<th scope="col">{head}</th>' for head in heads]
        lines.append("</tr></thead><tbody>")
        for row in rows:
            korean, others, why = (escape(whole_words(row[key])) for key in ("korean", "others", "why"))
            label = f' data-label="{heads[2]}"' if others else ""  # shown where the head has no room
            lines += [
                f'<tr><td lang="en">{escape(row["english"])}</td>',
                f'<td lang="ko">{korean}</td>',
                f'<td lang="ko"{label}>{others}</td>',
                f'<td lang="ko">{why}</td></tr>',
            ]
        return [nodes.raw("", "\n".join([*lines, "</tbody></table></div>"]), format="html")]


class ReadingPath(SphinxDirective):
    """A reading order beside the alphabet: links, Korean names, reasons and times."""

    required_arguments = 1

    def run(self):
        for path in (TERMS, GRAPH):
            self.env.note_dependency(str(path))
        try:
            path = read_path(self.arguments[0])
        except ValueError as error:
            raise self.error(str(error)) from error
        lines = path_lines(path, {term["slug"]: term for term in read_terms()})
        return self.parse_text_to_nodes("\n".join(lines))


class Korean(SphinxRole):
    """A term's other name, Korean in English text: screen readers and fonts need to know."""

    def run(self):
        text, language = other_name(self.text)
        if not self.env.app.builder.format == "html":
            return [nodes.Text(text)], []
        return [nodes.raw("", f'<span lang="{language}">{text}</span>', format="html")], []


def other_name(korean):
    """Return what stands beside a term's name, and its language."""
    if LANGUAGE == "en":
        return korean, "ko"
    names = {term["korean"]: term["english"] for term in read_terms()}
    return names.get(korean, korean), "en" if korean in names else "ko"


def add_definitions(app, pagename, templatename, context, doctree):
    """Give a page the definitions of the terms that it links to; terms.js shows them."""
    linked = set(re.findall(r'href="[^"]*#([\w-]+)"', context.get("body", "")))
    terms = {
        term["slug"]: {
            "name": named(term)[1],
            "lang": "ko" if LANGUAGE == "en" else "en",
            "definition": say(term["definition"]),
        }
        for term in read_terms()
        if term["slug"] in linked
    }
    if terms:
        content = json.dumps(terms, ensure_ascii=False).replace("<", "\\u003c")
        context["body"] += f'<script type="application/json" id="ib-terms">{content}</script>'
        app.add_js_file("terms.js", loading_method="defer")


def setup(app):
    beside.ship(app, __file__)
    app.connect("html-page-context", add_definitions)
    app.add_directive("glossary-of-terms", Glossary)
    app.add_directive("reading-path", ReadingPath)
    app.add_directive("korean-terms", KoreanTerms)
    app.add_role("korean", Korean())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
