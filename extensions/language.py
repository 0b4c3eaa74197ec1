"""The language of an edition: BOOK_LANGUAGE=ko builds the Korean one, of texts that tools/edition.py writes.

What the extensions add to a page passes through `say`; its messages are in locale/, in the catalogues
`interface` and `terms`. In scripts a call `say("...")` becomes the translated text itself when the script is
written, so that a page loads no catalogue. Every page leads to the same section of the other edition.
"""

import functools
import json
import os
import pickle
import re
from pathlib import Path

import beside
from babel.messages.pofile import read_po
from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform

LOCALE = Path(__file__).parent.parent / "locale"
LANGUAGE = os.environ.get("BOOK_LANGUAGE") or "en"
# What each edition calls itself, and where it stands from the first page of the English one.
EDITIONS = {"en": ("English", ""), "ko": ("한국어", "ko/")}
# Browsers keep Korean letters together (word-break: keep-all), but not a letter and what stands beside it.
INSIDE_WORDS = re.compile(r"(?<=[가-힣])(?=\()|(?<=[)\]%”’-])(?=[가-힣])")
WORD_JOINER = "\u2060"
ENDING = re.compile("[가-힣]+")
CALL = re.compile(r'\bsay\(("(?:[^"\\\n]|\\.)*")\)')


@functools.cache
def messages(language):
    """Return what the site and its terms say, {English: translated}; a fuzzy message is not shown."""
    found = {}
    for name in ("interface", "terms") if language != "en" else ():
        with (LOCALE / language / "LC_MESSAGES" / f"{name}.po").open("rb") as file:
            found |= {m.id: m.string for m in read_po(file, locale=language) if m.string and not m.fuzzy}
    return found


def say(text):
    """Return a message in the language of this build; what no catalogue has stays English."""
    return messages(LANGUAGE).get(text, text)


def spoken(script):
    """Return a script in the language of this build."""
    return CALL.sub(lambda call: json.dumps(say(json.loads(call[1])), ensure_ascii=False), script)


def themed(page):
    """Return a page with what the theme says in the language of this build; its own catalogue lacks it."""
    for english, own in () if LANGUAGE == "en" else theme():
        words = re.escape(english)
        page = re.sub(rf"(>\s*){words}(?=\s*<)", lambda match, own=own: match[1] + own, page)
        page = re.sub(rf'((?:title|aria-label|placeholder)="){words}"', rf'\g<1>{own}"', page)
    return page if LANGUAGE == "en" else page.replace("© Copyright ", "© ")


def theme():
    """Return what the theme says, in pairs of English and the language of this build."""
    return (
        ("Skip to main content", say("Skip to main content")),
        ("Link to this heading", say("Link to this heading")),
        ("Table of contents", say("Table of contents")),
        ("Search this book...", say("Search this book...")),
        ("Version warning", say("Version warning")),
        ("Breadcrumb", say("Breadcrumb")),
        ("Home", say("Home")),
        ("Page", say("Page")),
        ("previous page", say("previous page")),
        ("next page", say("next page")),
    )


def month(date):
    """Return the month of a date as people write it in the language of this build."""
    return f"{date.month}월" if LANGUAGE == "ko" else f"{date:%B}"


def named(term):
    """Return a term's name in the language of this build, and its name in the other one."""
    names = (term["english"], term["korean"])
    return names if LANGUAGE == "en" else names[::-1]


def base(address):
    """Return the address of the English edition's first page, from that of this build."""
    return address.removesuffix(EDITIONS[LANGUAGE][1])


class EnglishAnchors(SphinxTransform):
    """Gives each section the anchors of the English edition: a link to a section works in both."""

    default_priority = 265  # when each section has the ids of its labels

    def apply(self):
        path = Path(self.config.book_english, f"{self.env.docname}.doctree")
        if not path.exists():
            raise ExtensionError(f"the English edition comes first, with `make book`: there is no {path}")
        english = [section["ids"] for section in pickle.loads(path.read_bytes()).findall(nodes.section)]
        own = list(self.document.findall(nodes.section))
        if len(own) != len(english):
            raise ValueError(f"{self.env.docname} has {len(own)} sections, the English page {len(english)}")
        for section, ids in zip(own, english, strict=True):
            old = [name for name in section["ids"] if name not in ids]
            for name in old:
                self.document.ids.pop(name, None)
            for name, number in list(self.document.nameids.items()):
                if number in old:
                    self.document.nameids[name] = ids[0]
            section["ids"] = list(ids)
            for name in ids:
                self.document.ids[name] = section


def own_ids(app):
    """Let what has no name get ids that no section of the English edition has."""
    app.env.settings["auto_id_prefix"] = LANGUAGE


def whole_words(text):
    """Return a Korean text in whose words with brackets no line breaks: 채널(channel)이."""
    return INSIDE_WORDS.sub(WORD_JOINER, text)


def keep_words(app, doctree, docname):
    """Let no line break within a Korean word that has brackets, code or a formula in it: 채널(channel)이."""
    if app.builder.name == "epub":  # readers of books may show the joiner
        return
    code = nodes.FixedTextElement | nodes.literal | nodes.math | nodes.raw
    before, place = "", None
    for text in list(doctree.findall(nodes.Text)):
        block = text.parent
        while isinstance(block, nodes.Inline):
            block = block.parent
        before, place = before if block is place else "", block
        joined = whole_words(before + text)[len(before) :]
        if joined != text and not isinstance(text.parent, code):
            text.parent.replace(text, nodes.Text(joined))
        before = ")" if isinstance(text.parent, nodes.literal) else text[-1:] or before
    for formula in list(doctree.findall(nodes.math)):  # beside which browsers heed no joiner
        parent = formula.parent
        index = next(i for i, child in enumerate(parent) if child is formula)
        for text in parent[index + 1 : index + 2]:
            if isinstance(text, nodes.Text) and (end := ENDING.match(text.lstrip(WORD_JOINER))):
                whole = nodes.inline("", "", formula, nodes.Text(end[0]), classes=["ib-whole"])
                rest = nodes.Text(text.lstrip(WORD_JOINER)[end.end() :])
                parent[index : index + 2] = [whole, rest]


def add_switch(app, pagename, templatename, context, doctree):
    """Tell a page where it stands in the other editions."""
    if app.builder.name != "html":
        return
    home = context["pathto"]("", 1) + "../" * EDITIONS[LANGUAGE][1].count("/")
    page = app.builder.get_target_uri(pagename)
    has_twin = doctree is not None or pagename in ("search", "genindex", "404")
    context["say"] = say
    context["editions"] = [
        {"code": code, "name": name, "address": f"{home}{folder}{page}"}
        for code, (name, folder) in EDITIONS.items()
        if code != LANGUAGE and has_twin
    ]
    if doctree is not None and app.config.html_baseurl:  # search engines take whole addresses only
        own = "" if pagename == app.config.root_doc else page
        lines = alternates(base(app.config.html_baseurl), own)
        context["metatags"] = context.get("metatags", "") + "\n    " + "\n    ".join(lines)


def mend_words(app, pagename, templatename, context, doctree):
    """Say what the theme translates wrongly: its Korean "by" is that of "by train"."""
    theirs, ours = context.get("translate"), {"By": say("By")}
    if theirs:
        context["translate"] = lambda text: ours.get(text) or theirs(text)


def alternates(start, page):
    """Return what tells search engines of a page in all editions; English is for everybody else, too."""
    folders = {code: folder for code, (_, folder) in EDITIONS.items()} | {"x-default": ""}
    return [
        f'<link rel="alternate" hreflang="{code}" href="{start}{folder}{page}" />'
        for code, folder in folders.items()
    ]


def setup(app):
    app.add_config_value("book_english", "", "env")  # the folder of the English edition's doctrees
    beside.ship(app, __file__)
    app.add_js_file("language.js", loading_method="defer")
    if LANGUAGE != "en":
        app.add_transform(EnglishAnchors)
        app.connect("builder-inited", own_ids)
        app.connect("doctree-resolved", keep_words, priority=900)  # when the search has its texts
    app.connect("html-page-context", add_switch)
    app.connect("html-page-context", mend_words, priority=900)  # after the theme
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
