"""Make the editions of the book beside the website: python tools/print.py epub, pdf or zip.

The EPUB is laid out by extensions/printed.py. The PDF is made of the EPUB's pages: put one behind the other,
with a title page and contents, and printed by Chromium. The zip is the website, to be opened from disk. With
BOOK_LANGUAGE=ko EPUB and PDF are the Korean ones.
"""

import argparse
import posixpath
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import book
import browser

import imagebook

sys.path.insert(0, str(book.ROOT / "extensions"))
from language import LANGUAGE, say  # noqa: E402

NAME = "imagebook" if LANGUAGE == "en" else f"imagebook-{LANGUAGE}"

SHEET = Path(__file__).with_suffix(".css")
XHTML = "http://www.w3.org/1999/xhtml"
PACKAGE = {"opf": "http://www.idpf.org/2007/opf", "dc": "http://purl.org/dc/elements/1.1/"}
# Between the margins of tools/print.css, in CSS pixels, and what on a page reaches farther.
WIDTH = 642
TOO_WIDE = """(width) => [...document.querySelectorAll("body > section:not(#title-page) *")]
    .filter((element) => element.getBoundingClientRect().right > width + 1)
    .map((element) => `${element.closest("section[id]").id}: ${element.outerHTML.slice(0, 100)}`)"""
# What a reader of the zip finds beside the folder.
README = (
    "Unpack this file, then open html/index.html in a browser. The book needs no server and no network.\n"
)


def make_epub(source):
    """Lay out the book for e-readers; return the EPUB."""
    work = source / "_build/print"
    folder = work / "_build/epub"
    shutil.rmtree(folder, ignore_errors=True)  # the EPUB holds whatever is there
    program = Path(sys.executable).with_name("jupyter-book")
    # Doctrees of its own: the website's are not touched. The cache of executed chapters is the same.
    command = [str(program), "build", str(source), "--path-output", str(work), "-W", "--keep-going", "-q"]
    subprocess.run([*command, "--builder", "custom", "--custom-builder", "epub"], cwd=source, check=True)
    return shutil.copy(folder / f"{NAME}.epub", shelf(source) / f"{NAME}.epub")


def shelf(source):
    """Return the folder for what is made: of every language the one beside the website."""
    return (book.ROOT if source == book.SOURCE else source) / "_build"


def make_pdf(source):
    """Print the pages of the EPUB as one document; return the PDF."""
    if browser.chromium() is None:
        sys.exit(f"The PDF {browser.ADVICE}.")
    make_epub(source)
    folder = source / "_build/print/_build/epub"
    page, target = folder / "book.xhtml", shelf(source) / f"{NAME}.pdf"
    page.write_bytes(joined(folder, {}))
    print_page(page, target)
    numbers = page_numbers(target)  # known only now: the contents wait for the second printing
    page.write_bytes(joined(folder, numbers))
    print_page(page, target)
    if page_numbers(target) != numbers:
        sys.exit("The page numbers in the contents moved the text: give them room in tools/print.css.")
    return target


def make_zip(source):
    """Pack the website without Python in the browser, which does not run from disk; return the zip."""
    target = source / "_build/imagebook.zip"
    html = source / "_build/html"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("imagebook/README.txt", README)
        for path in sorted(path for path in html.rglob("*") if path.is_file()):
            name = path.relative_to(html)
            if name.parts[0] != "lite" and not path.name.startswith("."):
                file.write(path, f"imagebook/html/{name.as_posix()}")
    return target


def joined(folder, numbers):
    """Return the pages of an EPUB as one, as bytes; `numbers` are the pages that its anchors are on."""
    ElementTree.register_namespace("", XHTML)
    package = ElementTree.parse(folder / "content.opf").getroot()
    files = {item.get("id"): item.get("href") for item in package.iterfind(".//opf:item", PACKAGE)}
    spine = [files[item.get("idref")] for item in package.iterfind(".//opf:itemref", PACKAGE)]
    names = ("title", "creator", "rights", "language")
    about = {name: package.findtext(f".//dc:{name}", namespaces=PACKAGE) for name in names}
    pages = {name: ElementTree.parse(folder / name).getroot() for name in spine if name != "cover.xhtml"}
    html = new("html", lang=about["language"])
    head, body = new("head", html), new("body", html)
    new("title", head).text = about["title"]
    for sheet in ("_static/pygments.css", "_static/printed.css"):
        new("link", head, rel="stylesheet", href=sheet)
    new("style", head).text = SHEET.read_text(encoding="utf-8") + running_heads(pages)
    front = new("section", body, id="title-page")
    new("img", front, src="_images/cover.png", alt=about["title"])
    imprint = new("section", body, id="imprint")
    for text in (
        about["title"],
        f"{say('Version')} {imagebook.__version__}",
        about["creator"],
        about["rights"],
    ):
        new("p", imprint).text = text
    body.append(contents(folder, numbers))
    for name, page in pages.items():
        section = new("section", body, id=anchor(name))
        section.extend(prefixed(page.find(f"{{{XHTML}}}body"), name, set(pages)))
    return b"<!DOCTYPE html>\n" + ElementTree.tostring(html, encoding="utf-8")


def new(tag, parent=None, **attributes):
    """Return a new element, at the end of its parent."""
    element = ElementTree.Element(f"{{{XHTML}}}{tag}", attributes)
    if parent is not None:
        parent.append(element)
    return element


def running_heads(pages):
    """Return rules that print each chapter's name above its pages."""
    rules = []
    for name, page in pages.items():
        title = page.findtext(f".//{{{XHTML}}}title").replace("\\", "\\\\").replace('"', '\\"')
        rules.append(f"#{anchor(name)} {{ page: {anchor(name)}; }}")
        rules.append(f'@page {anchor(name)} {{ @top-right {{ content: "{title}"; }} }}')
    return "\n".join(rules)


def contents(folder, numbers):
    """Return the contents, with the page that each entry is on."""
    section = new("section", id="contents")
    new("h1", section).text = say("Contents")
    tree = ElementTree.parse(folder / "nav.xhtml").find(f".//{{{XHTML}}}nav/{{{XHTML}}}ol")
    for link in tree.iter(f"{{{XHTML}}}a"):
        target = anchor(link.get("href"))
        new("span", link).text = str(numbers.get(target, ""))
        link.set("href", f"#{target}")
    cover = next(entry for entry in tree if entry[0].get("href") == "#cover")
    tree.remove(cover)
    section.append(tree)
    return section


def prefixed(body, name, pages):
    """Return the elements of a page with anchors that no other page has, and links to them."""
    for node in body.iter():
        if identity := node.get("id"):
            node.set("id", anchor(f"{name}#{identity}"))
        if source := node.get("src"):
            node.set("src", beside(name, source))
        link = node.get("href")
        if link and not re.match(r"[a-z]+:", link):
            path, mark, fragment = link.partition("#")
            target = beside(name, path) if path else name
            if target not in pages:
                sys.exit(f"{name} has a link to {link}, which is no page of the book")
            node.set("href", f"#{anchor(target + mark + fragment)}")
    return list(body)


def beside(name, path):
    """Return a path that a page names, from the book's folder."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), path))


def anchor(link):
    """Return the anchor that a page, or a place on it, has in the whole book."""
    path, mark, fragment = link.partition("#")
    return re.sub(r"[^\w-]", "-", path.removesuffix(".xhtml") + mark.replace("#", "--") + fragment)


def print_page(page, target):
    """Print a page from disk to a PDF with bookmarks; it must ask nobody for anything."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        program = playwright.chromium.launch(executable_path=browser.chromium(), args=browser.FLAGS)
        sheet = program.new_page(viewport={"width": WIDTH, "height": 900})
        sheet.route(re.compile("^(?!file:)"), lambda route: route.abort())
        sheet.emulate_media(media="print")
        sheet.goto(page.as_uri())
        if wide := sheet.evaluate(TOO_WIDE, WIDTH):
            sys.exit("\n".join(["The margin would cut this off:", *wide[:20]]))
        sheet.pdf(path=target, prefer_css_page_size=True, print_background=True, outline=True, tagged=True)
        program.close()


def page_numbers(path):
    """Return the page, from 1, of each anchor that a link of the PDF leads to."""
    from pypdf import PdfReader

    reader = PdfReader(path)
    return {
        name.lstrip("/"): reader.get_destination_page_number(place) + 1
        for name, place in reader.named_destinations.items()
    }


EDITIONS = {"epub": make_epub, "pdf": make_pdf, "zip": make_zip}


def main():
    """Make an edition; return what to tell the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("edition", choices=EDITIONS)
    parser.add_argument("--source", type=Path, default=book.SOURCE, help="the folder of the book")
    options = parser.parse_args()
    try:
        path = Path(EDITIONS[options.edition](options.source.resolve()))
    except subprocess.CalledProcessError:
        return "The pages were not laid out: see the warnings above."
    print(f"{path.stat().st_size:,} bytes: {path}")


if __name__ == "__main__":
    sys.exit(main())
