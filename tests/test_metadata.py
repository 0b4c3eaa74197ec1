"""What a page tells search engines and messengers about itself, with and without a known address."""

import json
import re
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest
import scripts
import small_book
from PIL import Image

sys.path.insert(0, str(scripts.ROOT / "extensions"))
import citation  # noqa: E402
import metadata  # noqa: E402
import repository  # noqa: E402

BASE = "https://example.org/book/"
PAGES = {
    "index": "# Cover\n\nIt begins & goes on, and says at length what it is about, so there is enough.\n",
    "chapters/s": "# S: stride\n\nIn this chapter you will\n\n- walk in strides,\n- count them.\n\n"
    "(stride)=\n## stride\n\nText.\n\n(pooling)=\n## pooling\n\nText.\n",
    "pages/glossary": "# Glossary\n\nAll.\n\n```{glossary-of-terms}\n```\n",
    "pages/report": "# Report\n\n```{report-form}\n```\n",
}
LABELS = [
    line.split("\t")[1] for line in (scripts.ROOT / "lib/imagebook/data/terms.tsv").read_text().splitlines()
]


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """Return the folder of a book whose address is known."""
    others = "".join(
        f"\n({label})=\n## {label}\n" for label in LABELS[1:] if label not in ("stride", "pooling")
    )
    pages = PAGES | {"pages/glossary": PAGES["pages/glossary"] + others}
    return small_book.build(tmp_path_factory.mktemp("book"), pages, BOOK_URL=BASE.rstrip("/"))


def tag(page, kind, name):
    """Return the content of the only tag of that name on a page."""
    (content,) = re.findall(rf'<meta {kind}="{name}" content="([^"]*)"', page)
    return content


def graph(page):
    """Return a page's structured data."""
    (content,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
    return json.loads(content)["@graph"]


def read(folder, name):
    """Return the text of a built page."""
    return (folder / f"{name}.html").read_text(encoding="utf-8")


def test_a_description_is_as_long_as_search_engines_show():
    """Whole sentences where they fit, else cut between words; a list that goes on ends in an ellipsis."""
    assert metadata.shorten(["A" * 100 + ".", "B" * 70 + "."]) == "A" * 100 + "."
    assert metadata.shorten(["Short.", "Short, too."]) == "Short. Short, too."
    long = metadata.shorten(["word " * 50])
    assert len(long) <= 160 and long.endswith("word…")
    assert metadata.shorten(["Terms:", "a" * 80 + ",", "b" * 80 + "."]) == "Terms: " + "a" * 80 + "…"


def test_a_chapter_is_described_by_its_terms_and_what_one_learns(known):
    """Not by "In this chapter you will"; where that is short, the book's abstract follows."""
    text = tag(read(known, "chapters/s"), "name", "description")
    assert text.startswith("Stride: walk in strides, count them. An interactive textbook")


def test_text_is_written_as_html(known):
    """An ampersand of the text does not break its tag."""
    assert tag(read(known, "index"), "name", "description").startswith("It begins &amp; goes on,")


def test_addresses_are_absolute_where_the_books_is_known(known):
    """Canonical, Open Graph, structured data; the first page's is the folder."""
    page = read(known, "chapters/s")
    assert page.count(f'<link rel="canonical" href="{BASE}chapters/s.html"') == 1
    assert tag(page, "property", "og:url") == f"{BASE}chapters/s.html"
    assert tag(page, "property", "og:image") == f"{BASE}_static/open-graph.png"
    assert f'<link rel="canonical" href="{BASE}"' in read(known, "index")
    assert 'rel="canonical"' not in read(known, "search") + read(known, "404")


def test_a_page_tells_search_engines_of_its_twin(known):
    """By whole addresses, which are the canonical ones; a relative one would count for nothing."""
    for name, own in (("chapters/s", "chapters/s.html"), ("index", "")):
        found = re.findall(r'<link rel="alternate" hreflang="([\w-]+)" href="([^"]*)"', read(known, name))
        assert dict(found) == {
            "en": f"{BASE}{own}",
            "ko": f"{BASE}ko/{own}",
            "x-default": f"{BASE}{own}",
        }
    assert "hreflang" not in read(known, "404").partition("<body")[0]


def test_the_sitemap_lists_every_page(known):
    """And robots.txt says where it is."""
    places = [place.text for place in ElementTree.parse(known / "sitemap.xml").iterfind(".//{*}loc")]
    wanted = [BASE, *(f"{BASE}{name}.html" for name in PAGES if name != "index")]
    assert sorted(places) == sorted(wanted)
    assert f"Sitemap: {BASE}sitemap.xml\n" in (known / "robots.txt").read_text()


def test_a_term_is_a_defined_term(known):
    """With both names, its definition and its address, in the set that the glossary is."""
    chapter, *terms, trail = graph(read(known, "chapters/s"))
    assert (
        chapter["@type"] == ["Chapter", "LearningResource"] and chapter["isPartOf"]["@id"] == f"{BASE}#book"
    )
    pooling, stride = terms
    assert (stride["name"], stride["alternateName"]["@value"]) == ("stride", "스트라이드(보폭)")
    assert stride["url"] == f"{BASE}chapters/s.html#stride"
    assert chapter["teaches"] == [{"@id": term["@id"]} for term in terms]
    glossary = graph(read(known, "pages/glossary"))[0]
    assert glossary["@type"] == "DefinedTermSet" and len(glossary["hasDefinedTerm"]) == 34
    assert pooling in glossary["hasDefinedTerm"] and pooling["inDefinedTermSet"]["@id"] == glossary["@id"]
    assert [step["item"] for step in trail["itemListElement"]] == [BASE, f"{BASE}chapters/s.html"]


def test_the_way_back_is_on_the_page(known):
    """Home, then this page, for eyes and screen readers; and the pages before and after."""
    page = read(known, "chapters/s")
    (crumbs,) = re.findall(r'<nav aria-label="Breadcrumb".*?</nav>', page, flags=re.DOTALL)
    assert 'href="../index.html"' in crumbs and 'aria-label="Home"' in crumbs
    assert re.search(r'aria-current="page".*S: stride', crumbs)
    assert 'class="left-prev"' in page and 'class="right-next"' in page


def test_a_page_says_how_to_cite_it(known):
    """With its own title and address; a page that is not part of the text does not."""
    page = read(known, "chapters/s")
    assert "The imagebook authors (2026). S: stride. In: Image Models from A to T, version" in page
    assert f"url = {{{BASE}chapters/s.html}}," in page and "@misc{imagebook-s," in page
    assert "@misc{imagebook-index," in read(known, "index")
    assert "Cite this page" not in read(known, "404")


def test_a_citation_without_an_address_has_none():
    """Neither an empty field nor a loose full stop."""
    source = {"authors": [{"name": "A"}], "title": "B", "version": "1", "date-released": "2031-02-03"}
    assert citation.sentence(source, "C", "") == "A (2031). C. In: B, version 1."
    assert "url" not in citation.bibtex(source, "c", "C", "")


def test_every_page_leads_to_the_form(known):
    """With itself filled in; the form does not lead to itself."""
    assert 'href="../pages/report.html?page=chapters/s"' in read(known, "chapters/s")
    assert "ib-report-link" not in read(known, "pages/report")


def test_not_found_is_right_at_any_depth(known):
    """Where the book's address is known, nothing on the page is relative to the page."""
    page = read(known, "404")
    links = re.findall(r'\s(?:href|src|action|data-content_root)="([^"]*)"', page)
    assert [link for link in links if not re.match(r"/book/|#|https?:", link)] == []
    assert 'action="/book/search.html"' in page and 'href="/book/chapters/s.html#stride"' in page


def test_without_an_address_nothing_claims_one(tmp_path):
    """No canonical, no other edition, no picture, no sitemap; the rest stays, and addresses are relative."""
    folder = small_book.build(tmp_path, {key: PAGES[key] for key in ("index", "chapters/s")})
    page = read(folder, "chapters/s")
    assert not [word for word in ("canonical", "og:url", "og:image") if word in page]
    assert 'rel="alternate"' not in page
    assert not (folder / "sitemap.xml").exists() and not (folder / "robots.txt").exists()
    assert tag(page, "property", "og:title") == "S: stride"
    assert "s.html#stride" in [part.get("@id") for part in graph(page)]
    assert 'href="_static/' in read(folder, "404")


@pytest.mark.parametrize(
    ("wanted", "remote", "address"),
    [
        ("", None, ""),
        ("", "https://github.com/Ada/Book", "https://ada.github.io/Book/"),
        ("", "https://github.com/ada/ada.github.io", "https://ada.github.io/"),
        ("https://example.org/x", "https://github.com/ada/book", "https://example.org/x/"),
        ("http://127.0.0.1:8000/", None, "http://127.0.0.1:8000/"),
    ],
)
def test_the_address_of_the_book(wanted, remote, address):
    """What BOOK_URL says, else where GitHub Pages puts the repository."""
    assert repository.book_address(wanted, remote) == address


@pytest.mark.parametrize("wanted", ["example.org", "https://example.org/?a", 'https://e.org/"'])
def test_a_wrong_address_is_refused(wanted):
    """It would stand on every page."""
    with pytest.raises(ValueError, match="BOOK_URL must be an address"):
        repository.book_address(wanted, None)


def test_pictures_have_the_sizes_that_are_promised(root):
    """1200 by 630 pixels in less than 100 kB, and square icons."""
    static = root / "_static"
    with Image.open(static / "open-graph.png") as picture:
        assert picture.size == metadata.PICTURE_SIZE
    assert (static / "open-graph.png").stat().st_size < 100_000
    for size in (180, 192, 512):
        with Image.open(static / f"icon-{size}.png") as icon:
            assert icon.size == (size, size)
    ElementTree.parse(static / "icon.svg")


def test_the_issue_form_has_the_fields_of_the_page(root):
    """GitHub fills in a field whose id is the name that the page sends."""
    import yaml

    report = scripts.load("extensions/report.py")
    template = yaml.safe_load((root / ".github/ISSUE_TEMPLATE" / report.TEMPLATE).read_text(encoding="utf-8"))
    fields = [
        (
            part["id"],
            part["attributes"]["label"],
            part["attributes"]["description"],
            part.get("validations", {}).get("required", False),
        )
        for part in template["body"]
    ]
    assert fields == list(report.FIELDS)
    page = report.form("https://github.com/a/b")
    assert 'action="https://github.com/a/b/issues/new"' in page and 'value="problem.yml"' in page


# Every short address that the book ever had. One that is added goes here, too; none is ever taken away.
PUBLISHED = """
ar augmentation augmented-reality auto-regressive-model autoencoder autoregressive
autoregressive-model bbox bounding-box cnn conv convnet convolution convolutional-filter
convolutional-layer convolutional-neural-network convolutional-operation data-augmentation
depthwise-separable-cnn downsampling filter fine-tuning gemini gemini-models genai generative-ai
image-recognition intersection-over-union iou jaccard kernel keypoints landmarks mixture-of-experts
mmit mnist moe multimodal-instruction-tuning nms pooling post-trained-model post-training
pre-trained-model pre-training rotational-invariance scale-invariance sepcnn size-invariance
spatial-pooling stride subsampling temperature translation-invariance translational-invariance
""".split()


def test_no_address_is_ever_taken_away(root):
    """Links in other people's pages end there."""
    names = tomllib.loads((root / "extensions/addresses.toml").read_text(encoding="utf-8"))
    assert sorted(names) == sorted(PUBLISHED)


def test_every_address_leads_to_a_section(root):
    """The label stands once, before a heading of a chapter; every term has its own label as an address."""
    names = tomllib.loads((root / "extensions/addresses.toml").read_text(encoding="utf-8"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted((root / "chapters").glob("*.md")))
    labels = re.findall(r"^\(([\w-]+)\)=\n##+ ", text, flags=re.MULTILINE)
    assert [label for label in names.values() if labels.count(label) != 1] == []
    assert [slug for slug in LABELS[1:] if names.get(slug) != slug] == []


def test_an_address_sends_the_reader_on(known):
    """To the section, with a link for those whom the browser does not send; it is not listed twice."""
    page = (known / "t/sepcnn/index.html").read_text(encoding="utf-8")
    target = "../../pages/glossary.html#depthwise-separable-cnn"
    assert (
        f'<meta http-equiv="refresh" content="0; url={target}" />' in page and f'<a href="{target}">' in page
    )
    assert f'<link rel="canonical" href="{BASE}pages/glossary.html#depthwise-separable-cnn" />' in page
    assert '<meta name="robots" content="noindex" />' in page


def test_a_missing_address_is_noticed(root, monkeypatch):
    """A section that lost its label takes its address away, and the build fails."""
    tool = scripts.load("tools/book.py")
    assert "t/iou/index" in tool.not_built(Path("nowhere"))
