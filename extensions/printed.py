"""The book as an EPUB, for Sphinx's builder `epub`; tools/print.py makes a PDF of its pages.

Paper and e-readers run no script. Each interactive figure becomes a strip of three pictures, each self-check
a question whose answers stand at the chapter's end, and everything that unfolds on the website is open.
Pages pass by the theme and by what other extensions add to pages of the website.
"""

import hashlib
import json
import re
import shutil
import uuid
from pathlib import Path

import figures
from bs4 import BeautifulSoup
from docutils import nodes
from language import LANGUAGE, say
from markupsafe import escape
from pygments.formatters import HtmlFormatter
from sphinx.builders.epub3 import Epub3Builder

import imagebook
from imagebook import _language, widgets
from imagebook.widgets import FIGURES

SHEET = Path(__file__).with_suffix(".css")
COVER = "_images/cover.png"
WIDEST, HIGHEST = 460, 380  # a strip's picture, in pixels of which a sheet has about 640 x 960
# One file for each language.
NAME = "imagebook" if LANGUAGE == "en" else f"imagebook-{LANGUAGE}"
KOREAN = """
@font-face { font-family: "Book Korean"; src: url("korean.woff2") format("woff2"); }
html { word-break: keep-all; }
body, h1, h2, h3, h4, [lang="ko"] {
  font-family: "Noto Sans CJK KR", "Noto Sans KR", "Book Korean", sans-serif !important;
}
"""
PAGE = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" lang="{language}" xml:lang="{language}">
<head>
<title>{title}</title>
<link rel="stylesheet" type="text/css" href="{home}_static/pygments.css"/>
<link rel="stylesheet" type="text/css" href="{home}_static/printed.css"/>
</head>
<body>
{body}
</body>
</html>
"""
# https://www.w3.org/TR/epub-a11y-11/: what a reader's program tells who cannot see pictures.
ACCESSIBILITY = """
    <meta property="schema:accessMode">textual</meta>
    <meta property="schema:accessMode">visual</meta>
    <meta property="schema:accessModeSufficient">textual</meta>
    <meta property="schema:accessibilityFeature">alternativeText</meta>
    <meta property="schema:accessibilityFeature">MathML</meta>
    <meta property="schema:accessibilityFeature">tableOfContents</meta>
    <meta property="schema:accessibilityHazard">none</meta>
    <meta property="schema:accessibilitySummary">Every picture has a description, formulas are MathML.</meta>
"""


class PrintedBuilder(Epub3Builder):
    """Sphinx's EPUB builder with pages, style sheet and cover of our own."""

    media_types = Epub3Builder.media_types | {".woff2": "font/woff2"}

    def init(self):
        """Describe the book before anybody asks."""
        describe(self.config)
        super().init()

    def write_doc_serialized(self, docname, doctree):
        """Put strips where figures were, before Sphinx collects the page's pictures."""
        home = "../" * docname.count("/")
        for slot in list(doctree.findall(figures.slot)):
            slot.replace_self(nodes.raw("", self.strip(slot, home), format="html"))
        super().write_doc_serialized(docname, doctree)

    def strip(self, slot, home):
        """Return a figure in three states as HTML; its pictures are written beside the others."""
        states = []
        figure = figure_of(slot["figure"])
        for caption, state in figure.states():
            content = json.dumps([state._figure, state.get_state(set(state.state_rules()))])
            name = f"strip-{hashlib.sha256(content.encode()).hexdigest()[:16]}.png"
            path = Path(self.outdir, self.imagedir, name)
            if not path.exists():
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(state.png())
            header = path.read_bytes()[16:24]  # where a PNG says how wide and high it is
            across, down = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:], "big")
            # Letters of 10 points become 6.5, small and legible; two of the highest find room on a sheet.
            width = round(min(0.48, WIDEST / across, HIGHEST / down) * across)
            states.append(
                f'<figure><img src="{home}{self.imagedir}/{name}" width="{width}" '
                f'alt="{escape(_language.say(state.words()))}"/>'
                f"<figcaption>{escape(caption[0].upper() + caption[1:])}</figcaption></figure>"
            )
        title = say("the website's figure in three of its states")
        title = f"<p><strong>{escape(_language.say(figure.title))}</strong>: {title}</p>"
        return f'<div class="ib-strip" id="{slot["anchor"]}">{title}{"".join(states)}</div>'

    def handle_page(self, pagename, addctx, templatename="page.html", outfilename=None, event_arg=None):
        """Write a page, without what the theme and other extensions add to pages of the website."""
        text = PAGE.format(
            language=self.config.epub_language,
            title=escape(BeautifulSoup(addctx["title"], "html.parser").get_text()),
            home="../" * pagename.count("/"),
            body=at_rest(addctx["body"]),
        )
        path = Path(self.outdir, f"{pagename}{self.out_suffix}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def gen_pages_from_extensions(self):
        """Write none: the book's pages are all."""

    def copy_static_files(self):
        """Copy nothing but the style sheet and the colours of code, dark enough to be read on white."""
        folder = Path(self.outdir, "_static")
        folder.mkdir(exist_ok=True)
        sheet = SHEET.read_text(encoding="utf-8")
        if LANGUAGE == "ko":  # e-readers may have no Hangul
            sheet += KOREAN
            shutil.copy(Path(self.srcdir, "_static/korean.woff2"), folder)
        (folder / SHEET.name).write_text(sheet, encoding="utf-8")
        colours = HtmlFormatter(style="a11y-high-contrast-light").get_style_defs(".highlight")
        (folder / "pygments.css").write_text(colours, encoding="utf-8")
        shutil.copy(Path(self.srcdir, "_static/math.woff2"), folder)

    def handle_finish(self):
        """Add the cover, then let Sphinx write its lists and the EPUB."""
        draw_cover(Path(self.outdir, COVER))
        body = f'<img class="ib-cover" src="{COVER}" alt="{escape(self.config.epub_title)}"/>'
        self.handle_page("cover", {"title": self.config.epub_title, "body": body})
        super().handle_finish()

    def toc_add_files(self, refnodes):
        """Add to the pages in the contents their sections, the terms among them."""
        super().toc_add_files(refnodes)
        for page in list(refnodes):
            toc = self.env.tocs.get(page["refuri"].removesuffix(self.out_suffix), nodes.bullet_list())
            links = [
                link
                for link in toc.findall(nodes.reference)
                if sum(isinstance(parent, nodes.bullet_list) for parent in ancestors(link)) == 2
            ]
            place = refnodes.index(page) + 1
            refnodes[place:place] = [
                {
                    "level": page["level"] + 1,
                    "refuri": page["refuri"] + link["anchorname"],
                    "text": escape(link.astext()),
                }
                for link in links
            ]

    def toc_metadata(self, level, navpoints):
        """Call the book by one identifier everywhere."""
        return super().toc_metadata(level, navpoints) | {"uid": self.config.epub_identifier}

    def build_content(self):
        """Say in the list of files which pages hold formulas and which picture is the cover."""
        super().build_content()
        path = Path(self.outdir, "content.opf")
        text = path.read_text(encoding="utf-8").replace("  </metadata>", f"{ACCESSIBILITY}  </metadata>")
        properties = {COVER: "cover-image"}
        for name in self.files:
            page = Path(self.outdir, name)
            if page.suffix == self.out_suffix and "<math" in page.read_text(encoding="utf-8"):
                properties[name] = "mathml"
        for name, value in properties.items():
            text = text.replace(f'href="{name}" ', f'href="{name}" properties="{value}" ')
        path.write_text(text, encoding="utf-8")


def ancestors(node):
    """Return what a node stands in, the nearest first."""
    while node := node.parent:
        yield node


def figure_of(state):
    """Return a figure from the state that a notebook stores."""
    name = next(name for name, module in FIGURES.items() if module == state["_name"])
    figure = getattr(widgets, name)
    traits = figure.class_traits()
    return figure(**{rule: traits[rule].from_json(state[rule]) for rule in state["_schema"]})


def at_rest(body):
    """Return a page's HTML as XHTML without anything that needs a script or a hand."""
    page = BeautifulSoup(body, "html.parser")
    for node in page.select("script, button, .ib-progress, .ib-check-verdict, .ib-check-hint"):
        node.decompose()
    for link in page.select('a[href^="?figure="]'):  # opens a figure in a state
        link.unwrap()
    answers = page.new_tag("section", attrs={"class": "ib-answers"})
    for check in page.select(".ib-check"):
        answers.append(ask(page, check))
    for form in page.select("form"):
        form.name, form.attrs, form.string = "p", {}, say("On the website a form stands here.")
    if answers.contents:
        title = page.new_tag("h2")
        title.string = say("Answers to the self-checks")
        answers.insert(0, title)
        (page.section or page).append(answers)
    for part, name in (("details", "div"), ("summary", "p")):
        for node in page.select(part):
            node.name = name
            node.attrs = {"class": f"ib-{part}"}
    for node in page.select("#exercise-content, #solution-content"):  # each exercise has the same
        del node["id"]
    for node in page.select("p:empty"):
        node.decompose()
    for node in page.find_all(True):
        if node.get("role") == "doc-biblioentry":  # EPUB has given it up
            del node["role"]
        node.attrs = {
            key: value
            for key, value in node.attrs.items()
            if not re.match("data-|loading$|on|tabindex$", key)
        }
    return page.decode(formatter="minimal")


def ask(page, check):
    """Make of a self-check's form a question with a link to its answer; return the answer."""
    name = check.form["id"]
    answer = check.details.extract()
    answer.summary.decompose()
    check["id"] = name
    for choice in check.select("label"):
        kind = "ib-number" if choice.input.get("type") == "text" else "ib-choice"
        choice.input.decompose()
        choice.name, choice["class"] = "p", kind
    title = check.legend
    title.name, title["class"] = "p", "ib-check-title"
    for part in ("fieldset", "form"):
        getattr(check, part).unwrap()
    term = check.find_previous("h2").get_text()
    words = say("Answers at the end of the chapter")
    there = f'<p><a href="#{name}-answer">{words}</a></p>'
    check.append(BeautifulSoup(there, "html.parser"))
    back = f'<h3><a href="#{name}">{escape(term)}</a></h3>'
    answer.insert(0, BeautifulSoup(back, "html.parser"))
    answer.name, answer.attrs = "div", {"id": f"{name}-answer"}
    return answer


def draw_cover(path):
    """Draw the cover: the title over the map of digits."""
    from matplotlib.figure import Figure

    from imagebook.widgets.latent_map import tiles

    drawing = Figure(figsize=(6, 9), facecolor="#12263f")
    drawing.text(0.5, 0.885, say("Image Models"), color="white", size=40, ha="center", weight="bold")
    drawing.text(0.5, 0.82, say("from A to T"), color="white", size=28, ha="center")
    axes = drawing.add_axes((0.08, 0.17, 0.84, 0.56))
    axes.imshow(tiles(), cmap="gray")
    axes.set_axis_off()
    below = say("34 terms of image modelling, computed")
    drawing.text(0.5, 0.09, below, color="white", size=16, ha="center")
    _language.draw(drawing)
    path.parent.mkdir(exist_ok=True)
    drawing.savefig(path, dpi=150)


def describe(config):
    """Fill in what an EPUB says of itself."""
    config.version = imagebook.__version__
    config.epub_title = config.html_title
    config.epub_basename = NAME
    config.epub_author = config.epub_publisher = config.epub_contributor = config.author
    config.epub_copyright = (
        f"© {config.copyright} {config.author}. {say('Text and figures: CC BY 4.0. Code: MIT.')}"
    )
    config.epub_description = say(
        "An interactive textbook of image models: definitions, live code and figures for 34 terms. "
        "This edition shows each figure in three states."
    )
    config.epub_identifier = uuid.uuid5(uuid.NAMESPACE_URL, NAME).urn
    config.epub_uid = "book"
    config.epub_language = LANGUAGE
    config.epub_cover = (COVER, "")
    config.epub_pre_files = [("cover.xhtml", say("Cover"))]
    config.epub_tocscope = "includehidden"
    config.epub_tocdepth = 2
    config.epub_tocdup = False
    config.epub_show_urls = "no"
    config.epub_use_index = False


def setup(app):
    app.add_builder(PrintedBuilder, override=True)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
