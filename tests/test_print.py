"""The editions beside the website, tried on a small book with the real configuration."""

import posixpath
import re
import subprocess
import sys
import zipfile
from xml.etree import ElementTree

import pytest
import small_book
from scripts import ROOT, load

FRONT = "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n  display_name: Python 3\n---\n\n"
PAGES = {
    "index": "# A small book\n\nRead about [the first thing](#first-thing).\n",
    "chapters/a": """# A: the first thing, seen from several sides

(first-thing)=
## first thing

{korean}`첫째`

Boxes and $x^2$, and a {figure-state}`state <iou {"first": [0, 0, 2, 2]}>` of the figure.

```{code-cell}
from imagebook.widgets import IntersectionOverUnion
IntersectionOverUnion()
```

```{code-cell}
:tags: [hide-input]
print("a long line " * 20)
```

````{selfcheck} check-first
share = 1 / 7
---
What is one seventh?

- [= share ± 0.01] of all
  > Divide.
- [≠ 7 ± 0.01]
  > The other way round.
````

````{selfcheck} check-second
share = 1 / 7
---
Is it less than a half?

- [share < 1 / 2] Yes.
  > Seven is more than two.
- [share > 1 / 2] No.
  > Seven is more than two.
````
""",
    "chapters/b": """# B: the second thing

(second-thing)=
## second thing

After the [first thing](#first-thing), at [another place](https://example.org/).

```{code-cell}
from imagebook.widgets import PoolingStepper
PoolingStepper(kind="average")
```

```{report-form}
```

```{exercise} Predict
:label: exercise-b
How many?
```

```{solution} exercise-b
:class: dropdown
Two.
```
""",
}
XHTML = "{http://www.w3.org/1999/xhtml}"
OPF = "{http://www.idpf.org/2007/opf}"


@pytest.fixture(scope="module")
def tool():
    """Return tools/print.py as a module."""
    sys.path.insert(0, str(ROOT / "tools"))
    yield load("tools/print.py")
    sys.path.remove(str(ROOT / "tools"))


@pytest.fixture(scope="module")
def book(tmp_path_factory, tool):
    """Return the folder of a small book, of which the EPUB was made, and with a browser the PDF."""
    folder = tmp_path_factory.mktemp("book")
    small_book.write(folder, {name: FRONT + text for name, text in PAGES.items()})
    edition = "pdf" if tool.browser.chromium() else "epub"  # the one makes the other on its way
    command = [sys.executable, str(ROOT / "tools/print.py"), edition, "--source", str(folder)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


@pytest.fixture(scope="module")
def epub(book):
    """Return the files of the EPUB, {name: bytes}, in their order."""
    with zipfile.ZipFile(book / "_build/imagebook.epub") as file:
        first = file.infolist()[0]
        assert (first.filename, first.compress_type, first.extra) == ("mimetype", zipfile.ZIP_STORED, b"")
        names = file.namelist()
        assert len(set(names)) == len(names)
        return {name: file.read(name) for name in names}


@pytest.fixture(scope="module")
def pages(epub):
    """Return the pages of the EPUB, parsed as XML: {name: root}."""
    return {name: ElementTree.fromstring(data) for name, data in epub.items() if name.endswith(".xhtml")}


def text_of(node):
    """Return the text of a node and all in it, with single spaces."""
    return " ".join("".join(node.itertext()).split())


def classed(page, name):
    """Return the elements of a page with a class."""
    return [node for node in page.iter() if name in node.get("class", "").split()]


def test_an_epub_lists_what_it_holds(epub):
    """The type first, then a package whose list names each file once and no other, all of them local."""
    assert epub["mimetype"] == b"application/epub+zip"
    assert b'full-path="content.opf"' in epub["META-INF/container.xml"]
    package = ElementTree.fromstring(epub["content.opf"])
    items = package.findall(f"{OPF}manifest/{OPF}item")
    listed = [item.get("href") for item in items]
    assert sorted(listed) == sorted(set(epub) - {"mimetype", "META-INF/container.xml", "content.opf"})
    types = {item.get("href").rpartition(".")[2]: item.get("media-type") for item in items}
    assert types == {
        "xhtml": "application/xhtml+xml",
        "css": "text/css",
        "png": "image/png",
        "ncx": "application/x-dtbncx+xml",
        "woff2": "font/woff2",
    }
    properties = {item.get("href"): item.get("properties") for item in items if item.get("properties")}
    assert properties == {
        "nav.xhtml": "nav",
        "_images/cover.png": "cover-image",
        "chapters/a.xhtml": "mathml",
    }
    named = {item.get("id"): item.get("href") for item in items}
    spine = [named[item.get("idref")] for item in package.iter(f"{OPF}itemref")]
    assert spine == ["cover.xhtml", "index.xhtml", "chapters/a.xhtml", "chapters/b.xhtml"]


def test_an_epub_says_what_it_is(epub):
    """Title, language, author, rights, an identifier that stays, and what its pictures and formulas offer."""
    package = epub["content.opf"].decode()
    assert "<dc:title>Image Models from A to T</dc:title>" in package
    assert "<dc:language>en</dc:language>" in package
    assert "<dc:creator>the imagebook authors</dc:creator>" in package
    assert "Text and figures: CC BY 4.0. Code: MIT.</dc:rights>" in package
    identifier = "urn:uuid:cd88bca3-407b-50e1-bd37-65f7956d77df"
    assert f">{identifier}</dc:identifier>" in package and identifier in epub["toc.ncx"].decode()
    assert "schema:accessibilityFeature" in package and "unknown" not in package


def test_pages_are_at_rest(pages):
    """Nothing that runs, unfolds or asks; pictures have words; no name stands twice; all links arrive."""
    anchors = {
        name: [node.get("id") for node in page.iter() if node.get("id")] for name, page in pages.items()
    }
    for name, page in pages.items():
        assert len(set(anchors[name])) == len(anchors[name])
        for node in page.iter():
            tag = node.tag.removeprefix(XHTML)
            assert tag not in "script style form input button details summary iframe video".split(), name
            assert not [key for key in node.attrib if key.startswith(("on", "data-"))]
            assert not node.get("src", "").startswith(("http", "/", "data:"))
            assert tag != "img" or node.get("alt").strip()
            link = node.get("href", "")
            if link and not re.match("https?:", link):
                path, _, fragment = link.partition("#")
                target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) if path else name
                assert target.endswith(".css") or target in pages, link
                assert not fragment or fragment in anchors[target], link


def test_contents_name_the_terms(pages):
    """The list of contents has every page, and below it every term."""
    links = {text_of(link): link.get("href") for link in pages["nav.xhtml"].iter(f"{XHTML}a")}
    assert links["A small book"] == "index.xhtml"
    assert links["A: the first thing, seen from several sides"] == "chapters/a.xhtml"
    assert links["first thing"].startswith("chapters/a.xhtml#")
    assert links["second thing"].startswith("chapters/b.xhtml#")


@pytest.mark.parametrize(
    ("page", "captions"),
    [("a", ["Overlapping", "Apart", "Equal"]), ("b", ["Average", "Maximum", "Maximum, moved right by one"])],
)
def test_a_figure_is_a_strip_of_three_states(pages, epub, page, captions):
    """The chapter's own state first, three pictures that differ, and nothing of the live figure."""
    name = f"chapters/{page}.xhtml"
    [strip] = classed(pages[name], "ib-strip")
    assert [text_of(caption) for caption in strip.iter(f"{XHTML}figcaption")] == captions
    images = list(strip.iter(f"{XHTML}img"))
    assert len({epub[image.get("src").removeprefix("../")] for image in images}) == 3
    assert len({image.get("alt") for image in images}) == 3
    assert b"ib-slot" not in epub[name] and b"ib-states" not in epub[name]


def test_a_selfcheck_is_a_question_with_answers_at_the_end(pages):
    """A blank or a box for each choice; the answers, right and wrong, on the other end of a link."""
    page = pages["chapters/a.xhtml"]
    number, choice = classed(page, "ib-check")
    assert [text_of(node) for node in classed(number, "ib-number")] == ["of all"]
    assert [text_of(node) for node in classed(choice, "ib-choice")] == ["Yes.", "No."]
    assert "Divide" not in text_of(number) and "Right" not in text_of(choice)
    [answers] = classed(page, "ib-answers")
    there = {node.get("id"): node for node in answers.iter()}
    for check in (number, choice):
        [link] = [node for node in check.iter(f"{XHTML}a") if node.get("href").endswith("-answer")]
        answer = there[link.get("href").removeprefix("#")]
        assert answer.find(f".//{XHTML}a").get("href") == f"#{check.get('id')}"
    text = text_of(answers)
    assert "Right: 0.1429 of all. Divide." in text and "Wrong: 7. The other way round." in text
    assert "Right: Yes. Seven is more than two." in text


def test_what_the_website_folds_is_open(pages):
    """Solutions and the code of hidden inputs can be read."""
    assert "Two." in text_of(pages["chapters/b.xhtml"])
    assert "On the website a form stands here." in text_of(pages["chapters/b.xhtml"])
    assert 'print("a long line " * 20)' in text_of(pages["chapters/a.xhtml"])
    assert "a state of the figure" in text_of(pages["chapters/a.xhtml"])  # no link to what is not there


@pytest.fixture(scope="module")
def pdf(book, tool):
    """Return the PDF of the small book; skip without a browser."""
    if tool.browser.chromium() is None:
        pytest.skip(tool.browser.ADVICE)
    from pypdf import PdfReader

    return PdfReader(book / "_build/imagebook.pdf")


def test_a_pdf_has_bookmarks_and_each_chapter_its_page(pdf):
    """Title, imprint, contents, then every page of the book on a new page, where its bookmark says."""
    texts = [" ".join(page.extract_text().split()) for page in pdf.pages]
    marks = {
        mark.title: pdf.get_destination_page_number(mark)
        for mark in pdf.outline
        if not isinstance(mark, list)
    }
    assert list(marks) == [
        "Contents",
        "A small book",
        "A: the first thing, seen from several sides",
        "B: the second thing",
    ]
    numbers = list(marks.values())
    assert numbers[:3] == [2, 3, 4] and numbers[3] > 4
    assert "CC BY 4.0" in texts[1]
    assert "After the first thing" in texts[numbers[3]]
    assert texts[numbers[3]].startswith(f"B: the second thing {numbers[3] + 1} ")  # in the margins
    assert "/StructTreeRoot" in pdf.trailer["/Root"]  # for who listens to it


def test_the_contents_of_a_pdf_name_the_right_pages(pdf):
    """The number behind an entry is that of the page that its link leads to."""
    text = pdf.pages[2].extract_text()
    listed = dict(re.findall(r"^(.+?) ?(\d+)$", text, flags=re.MULTILINE))
    places = {name.lstrip("/"): place for name, place in pdf.named_destinations.items()}
    for entry, name in {
        "first thing": "chapters-a--first-thing",
        "B: the second thing": "chapters-b",
    }.items():
        assert int(listed[entry]) == pdf.get_destination_page_number(places[name]) + 1


def test_links_of_a_pdf_arrive(pdf):
    """Every link leads to a place in the book, or to another site."""
    notes = [note.get_object() for page in pdf.pages for note in page.get("/Annots", [])]
    places = {name.lstrip("/") for name in pdf.named_destinations}
    inside = [note["/Dest"].lstrip("/") for note in notes if "/Dest" in note]
    assert len(inside) > 8 and set(inside) <= places
    assert {note["/A"]["/URI"] for note in notes if "/A" in note} == {"https://example.org/"}


def test_what_the_margin_would_cut_off_is_refused(tool, tmp_path):
    """A picture wider than the page stops the printing and is named."""
    if tool.browser.chromium() is None:
        pytest.skip(tool.browser.ADVICE)
    page = tmp_path / "page.xhtml"
    wide = '<section id="one"><div style="width: 700px">wide</div></section>'
    page.write_text(f'<html xmlns="{XHTML[1:-1]}"><head/><body>{wide}</body></html>', encoding="utf-8")
    call = (
        "import sys; from pathlib import Path; sys.path[:0] = sys.argv[1:3]; from scripts import load; "
        "load('tools/print.py').print_page(Path(sys.argv[3]), Path(sys.argv[3] + '.pdf'))"
    )
    # A process of its own: Playwright refuses a second browser where other tests hold one.
    command = [sys.executable, "-c", call, str(ROOT / "tests"), str(ROOT / "tools"), str(page)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 1 and "The margin would cut this off:\none: <div" in result.stderr


def test_without_a_browser_there_is_a_plain_sentence(tool, tmp_path, monkeypatch):
    """And nothing is built for nothing."""
    monkeypatch.setattr(tool.browser, "chromium", lambda: None)
    with pytest.raises(SystemExit, match=r"^The PDF needs Chromium: install the package chromium \("):
        tool.make_pdf(tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_zip_is_the_website(tool, tmp_path):
    """One folder with all files of the website that work from disk, and a word on how to open it."""
    for name in ("index.html", "_static/site.css", ".buildinfo", "lite/index.html"):
        path = tmp_path / "_build/html" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    with zipfile.ZipFile(tool.make_zip(tmp_path)) as file:
        assert sorted(file.namelist()) == [
            "imagebook/README.txt",
            "imagebook/html/_static/site.css",
            "imagebook/html/index.html",
        ]
        assert b"html/index.html" in file.read("imagebook/README.txt")
