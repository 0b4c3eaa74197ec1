"""The search in a browser: what readers type leads first to the section that they mean."""

import json
import re
import tomllib
from pathlib import Path
from urllib.parse import quote, unquote, urlparse

import pytest
from axe_playwright_python.sync_playwright import Axe
from scripts import load

ROOT = Path(__file__).resolve().parents[2]
TERMS = load("extensions/terms.py").read_terms()
SYNONYMS = tomllib.loads((ROOT / "extensions/search-synonyms.toml").read_text(encoding="utf-8"))

# Written down before any of them was tried.
QUERIES = {
    "POOLING": "pooling",
    "pooing": "pooling",
    "풀링에서": "pooling",
    "max pool": "pooling",
    "Convolutions": "convolution",
    "what is a convolution?": "convolution",
    "convolutoin": "convolution",
    "합성곱": "convolution",
    "합성곱을": "convolution",
    "합성곱이란 무엇인가": "convolution",
    "컨볼루션": "convolution",
    "strides": "stride",
    "how does a stride work": "stride",
    "보폭": "stride",
    "data augmentaion": "data-augmentation",
    "dataaugmentation": "data-augmentation",
    "데이터증강": "data-augmentation",
    "데이터 증강의": "data-augmentation",
    "fine tuning": "fine-tuning",
    "finetuning": "fine-tuning",
    "파인 튜닝": "fine-tuning",
    "미세조정": "fine-tuning",
    "transfer learning": "fine-tuning",
    "pretraining": "pre-training",
    "pre-trained models": "pre-trained-model",
    "autoregressive models": "auto-regressive-model",
    "bounding boxes": "bounding-box",
    "boundingbox": "bounding-box",
    "key points": "keypoints",
    "sepcnn": "depthwise-separable-cnn",
    "xception": "depthwise-separable-cnn",
    "mobile net": "depthwise-separable-cnn",
    "depthwise seperable": "depthwise-separable-cnn",  # codespell:ignore
    "jaccard": "intersection-over-union",
    "IOU": "intersection-over-union",
    "자카드": "intersection-over-union",
    "CNN은": "convolutional-neural-network",
    "conv nets": "convolutional-neural-network",
    "합성곱신경망": "convolutional-neural-network",
    "다운 샘플링": "downsampling",
    "회전불변성": "rotational-invariance",
    "translation invariance": "translational-invariance",
    "scale-invariance": "size-invariance",
    "이미지 분류": "image-recognition",
    "minst": "mnist",
    "mixture of expert": "moe",
    "softmax temprature": "temperature",  # codespell:ignore
    "nms": "one-object-one-box",
    "non maximum suppression": "one-object-one-box",
    "confusion matrix": "mistaken-for-what",
}


def squash(name):
    """Return a name without spaces, hyphens and capitals."""
    return re.sub(r"[\W_]", "", name).lower()


@pytest.fixture
def owners(monkeypatch):
    """Return each name and synonym with the anchors of the sections that it belongs to."""
    monkeypatch.syspath_prepend(ROOT / "extensions")  # search.py stands on terms.py
    names_of = load("extensions/search.py").names_of
    lists = [(term["slug"], names_of(term)) for term in TERMS] + list(SYNONYMS.items())
    found = {}
    for anchor, names in lists:
        for name in names:
            found.setdefault(squash(name), (name, set()))[1].add(anchor)
    return list(found.values())


@pytest.fixture
def find(site, open_page):
    """Return a function that finds many queries in one go and gives the addresses, the best first."""
    page = open_page(site["file"], "search.html")
    page.get_by_label("Search the book").fill("x")
    page.wait_for_function("() => Boolean(imagebookSearch.find)")

    def find(queries):
        return page.evaluate(
            """async (queries) => {
                await imagebookSearch.ready;
                return queries.map((query) => {
                    const { terms, sections } = imagebookSearch.find(query);
                    return [...terms, ...sections].map((result) => result.address);
                });
            }""",
            list(queries),
        )

    return find


@pytest.fixture(scope="module")
def documents(site):
    """Return the documents of the book, as the page loads them."""
    path = Path(unquote(urlparse(site["file"]).path), "_static/search/documents.js")
    text = path.read_text(encoding="utf-8")
    return json.loads(text[text.index("{") : text.rindex("}") + 1])


def anchor(addresses):
    """Return where the first address leads on its page."""
    return addresses[0].partition("#")[2] if addresses else None


def test_every_name_of_a_term_finds_its_section_first(find, owners):
    """English and Korean, and each synonym that belongs to one section only."""
    cases = [(name, *anchors) for name, anchors in owners if len(anchors) == 1]
    assert len(cases) > 34 * 2
    missed = {
        name: addresses[:2]
        for (name, wanted), addresses in zip(cases, find(name for name, _ in cases), strict=True)
        if anchor(addresses) != wanted
    }
    assert missed == {}


def test_a_name_that_several_have_finds_them_all_first(find, owners):
    """AR is augmented reality, and auto-regression."""
    cases = [(name, anchors) for name, anchors in owners if len(anchors) > 1]
    assert ("AR", {"augmented-reality", "auto-regressive-model"}) in cases
    for (name, wanted), addresses in zip(cases, find(name for name, _ in cases), strict=True):
        assert {anchor([address]) for address in addresses[: len(wanted)]} == wanted, name


def test_what_readers_type_finds_what_they_mean(find):
    """Slips of the fingers, particles, spaces or none, plurals, capitals, whole questions."""
    found = {query: anchor(addresses) for query, addresses in zip(QUERIES, find(QUERIES), strict=True)}
    assert found == QUERIES


def test_korean_is_found_while_it_is_typed(find):
    """Every state of the keyboard that has a whole syllable already."""
    states = ["합", "합ㅅ", "합성", "합성ㄱ", "합성고", "합성곱"]
    assert all("chapters/c.html#convolution" in addresses for addresses in find(states))


def test_code_and_authors_are_found(find):
    """Functions of the library where cells call them; people where they are cited."""
    [pool, author] = find(["average_pool2d", "Azulay"])
    assert any(address.startswith("chapters/p.html#") for address in pool)
    assert "chapters/t.html#" in author[0] and "pages/references.html" in author


def test_every_document_leads_to_a_place(site, documents):
    """Each page has the anchors of its documents; each term has one document with all its names."""
    folder = Path(unquote(urlparse(site["file"]).path))
    ids = [
        set(re.findall(r' id="([^"]+)"', (folder / address).read_text(encoding="utf-8")))
        for address, _ in documents["pages"]
    ]
    assert [row[:3] for row in documents["rows"] if row[1] and row[1] not in ids[row[0]]] == []
    named = [row for row in documents["rows"] if row[5:] and row[5]]
    assert sorted(row[1] for row in named) == sorted(term["slug"] for term in TERMS)
    for row in named:
        term = next(term for term in TERMS if term["slug"] == row[1])
        assert documents["pages"][row[0]][0] == f"chapters/{term['letter'].lower()}.html"
        assert {term["english"], term["korean"]} <= set(row[5])
        assert row[6] == SYNONYMS.get(row[1], [])
    assert SYNONYMS.keys() <= {row[1] for row in documents["rows"] if row[6:]}


def test_answers_are_not_given_away(documents):
    """No document has the solution of an exercise in it."""
    texts = " ".join(row[4] for row in documents["rows"])
    assert "Keep the first square and move the second by half a side" in texts  # the exercise
    assert "because the union has shrunk as well" not in texts  # its solution


def test_what_the_search_replaces_is_gone(site):
    """Neither the index of Sphinx nor its scripts are there, and no page asks for them."""
    folder = Path(unquote(urlparse(site["file"]).path))
    replaced = "searchindex.js", "searchtools.js", "language_data.js"
    assert [path for name in replaced for path in folder.rglob(name)] == []
    for path in folder.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not [name for name in replaced if name in text], path.name


def open_dialog(page):
    """Open the theme's dialog by its keys and return it."""
    page.keyboard.press("Control+k")
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    return dialog


@pytest.mark.parametrize("base", ["http", "file"])
@pytest.mark.parametrize("start", ["index.html", "pages/paths.html"])
def test_by_keyboard_from_any_page(site, open_page, base, start):
    """Keys open the dialog, arrows walk, Enter follows, to the section itself."""
    page = open_page(site[base], start)
    dialog = open_dialog(page)
    page.keyboard.type("jaccard index")
    first = dialog.get_by_role("listitem").first
    first.wait_for()
    assert dialog.get_by_role("list").first.get_attribute("aria-label") == "Terms"
    assert "합집합 대비 교집합" in first.inner_text() and "here: Jaccard" in first.inner_text()
    page.keyboard.press("ArrowDown")
    assert first.get_by_role("link").evaluate("link => link === document.activeElement")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/chapters/i.html#intersection-over-union")
    assert page.locator("#intersection-over-union").count() == 1


def test_escape_closes_and_gives_the_focus_back(site, open_page):
    """From the field and from a result."""
    page = open_page(site["file"], "index.html")
    button = page.locator("button.search-button__button:visible").first
    button.click()
    dialog = page.get_by_role("dialog")
    page.keyboard.type("stride")
    dialog.get_by_role("listitem").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert button.evaluate("button => button === document.activeElement")
    open_dialog(page)
    page.keyboard.press("Escape")
    assert not dialog.is_visible()


def test_a_result_on_the_same_page_closes_the_dialog(site, open_page):
    """Otherwise the section would lie behind it."""
    page = open_page(site["file"], "chapters/s.html")
    dialog = open_dialog(page)
    page.keyboard.type("subsampling")
    dialog.get_by_role("link").first.click()
    assert page.url.endswith("chapters/s.html#subsampling")
    assert not dialog.is_visible()


def test_enter_in_the_dialog_leads_to_the_page_of_all_results(site, open_page):
    """The dialog shows the best; the page shows them all, and its address can be given to others."""
    page = open_page(site["http"], "index.html")
    dialog = open_dialog(page)
    page.keyboard.type("pooling")
    more = dialog.get_by_role("link", name=re.compile("all .* results"))
    more.wait_for()
    in_dialog = dialog.get_by_role("listitem").count()
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=pooling")
    results = page.locator("article .ib-search-result")
    results.first.wait_for()
    assert results.count() > in_dialog
    assert results.first.get_by_role("link").get_attribute("href").endswith("/chapters/p.html#pooling")


@pytest.mark.parametrize("base", ["http", "file"])
def test_the_address_of_a_search(site, open_page, base):
    """It is read, and kept up to date; on the page Enter leads to the first result."""
    page = open_page(site[base], "search.html?q=" + quote("합성곱을"))
    field = page.get_by_label("Search the book")
    assert field.input_value() == "합성곱을"
    first = page.locator("article .ib-search-result").first
    first.wait_for()
    assert "convolution" in first.inner_text()
    assert first.locator("mark").first.inner_text() == "합성곱"
    field.fill("온도 & co")
    field.press("Enter")
    assert page.url.endswith("search.html?q=" + quote("온도 & co", safe=""))
    assert page.evaluate("document.activeElement.href").endswith("/chapters/t.html#temperature")


def test_nothing_found(site, open_page):
    """It says so in a sentence, and leads to the glossary."""
    page = open_page(site["file"], "search.html?q=xyzzyqx")
    status = page.locator("article").get_by_role("status")
    status.get_by_text("Nothing in the book matches “xyzzyqx”").wait_for()
    assert page.locator("article .ib-search-result").count() == 0
    status.get_by_role("link", name="glossary").click()
    page.wait_for_url("**/pages/glossary.html")


@pytest.mark.parametrize(
    "query", ["<img src=x onerror=alert(1)>", "<b>stride</b>", "{glossary} $& \\", "((", "ㄱ"]
)
def test_a_query_is_only_text(site, open_page, query):
    """HTML stays text, and no sign means anything to the search."""
    page = open_page(site["file"], "search.html?q=" + quote(query))
    status = page.locator("article").get_by_role("status")
    status.get_by_text(re.compile("result|Nothing")).wait_for()
    assert page.locator(".ib-search :is(img, b, script)").count() == 0
    assert query in status.inner_text() or page.locator("article .ib-search-result").count() > 0


def test_without_scripts_the_page_says_what_to_do(site, open_page):
    """The glossary has all terms."""
    page = open_page(site["file"], "search.html", java_script_enabled=False)
    message = page.locator("article noscript")
    assert message.is_visible() and "Searching needs JavaScript" in message.inner_text()
    message.locator("a").click()
    page.wait_for_url("**/pages/glossary.html")


def test_nothing_is_loaded_before_somebody_searches(site, open_page):
    """The documents are many times larger than a page."""
    page = open_page(site["http"], "index.html")
    loaded = (
        "performance.getEntriesByType('resource').map((e) => e.name).filter((n) => n.includes('/search/'))"
    )
    assert page.evaluate(loaded) == []
    open_dialog(page)
    page.wait_for_function("() => Boolean(imagebookSearch.find)")
    assert sorted(name.rpartition("/")[2] for name in page.evaluate(loaded)) == [
        "documents.js",
        "engine.js",
        "minisearch.js",
    ]


def test_it_works_under_the_strictest_policy(site, open_page):
    """Scripts and style sheets of the site itself, nothing else."""
    page = open_page(site["http"], "_static/book.css")
    html = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Strict</title>
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self'">
        <form class="bd-search"><input type="search" name="q"></form>
        <script src="_static/search.js" defer></script>"""
    page.route("**/strict.html", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(site["http"] + "strict.html")
    page.locator("input").fill("jacard")  # codespell:ignore
    assert "intersection over union" in page.get_by_role("listitem").first.inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("query", ["xception pooling", "jaccard", "pooing", "xyzzyqx"])
def test_axe_finds_nothing(site, open_page, scheme, query):
    """In the dialog and on the page, in both themes, with results, near ones and none."""
    page = open_page(site["file"], "index.html", color_scheme=scheme)
    dialog = open_dialog(page)
    page.keyboard.type(query)
    dialog.get_by_text(re.compile("result|Nothing")).first.wait_for()
    page.evaluate("document.getAnimations().forEach((animation) => animation.finish())")
    found = Axe().run(page, context="#pst-search-dialog", options={"preload": False}).response
    assert [rule["id"] for rule in found["violations"]] == []
    page.goto(site["file"] + "search.html?q=" + quote(query))
    page.locator("article").get_by_text(re.compile("result|Nothing")).first.wait_for()
    page.evaluate("document.getAnimations().forEach((animation) => animation.finish())")
    found = Axe().run(page, context="article", options={"preload": False}).response
    assert [rule["id"] for rule in found["violations"]] == []
