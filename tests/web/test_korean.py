"""The Korean edition in a browser: the English one section by section, Korean throughout, found and alive."""

import json
import re
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import expect
from scripts import load

PAGES = load("tools/book.py").pages()
# Twenty queries, written down before any of them was tried: spaces or none, particles, other names.
QUERIES = {
    "증강현실이란": "augmented-reality",
    "오토인코더가 뭐야": "autoencoder",
    "자기 회귀 모델": "auto-regressive-model",
    "바운딩박스를": "bounding-box",
    "합성곱": "convolution",
    "컨볼루션 커널": "convolutional-filter",
    "합성곱층": "convolutional-layer",
    "합성곱신경망은": "convolutional-neural-network",
    "데이터증강": "data-augmentation",
    "데이터 증강으로": "data-augmentation",
    "파인튜닝": "fine-tuning",
    "생성형AI": "generative-ai",
    "이미지인식의 예": "image-recognition",
    "IoU를": "intersection-over-union",
    "전문가혼합": "moe",
    "맥스 풀링": "pooling",
    "사전학습된 모델을": "pre-trained-model",
    "보폭이란": "stride",
    "비최대억제": "one-object-one-box",
    "이동불변성과 풀링": "translational-invariance",
}
# Korean, or the name of a thing in Latin letters.
KEPT = re.compile(r"[가-힣]|^[^a-z]*$|^([A-Z\d][\w.+-]*,? ?)+#?$")
NAMES = {
    "English",
    "Binder",
    "Colab",
    "Kaggle",
    "Ctrl",
    "Gemini",
    "MNIST",
    "MMIT",
    "PyTorch",
    "OpenCV",
    "Python",
}
BLOCKS = "p, li, h1, h2, h3, h4, dt, dd, figcaption, label, button, summary, legend"
LEFT_OUT = (
    "script, style, code, pre, math, noscript, svg, table, [lang=en], .ib-language, a.reference.internal, "
    ".citation"
)


def soup(site, name):
    """Return a page of the built site."""
    return soup_of(Path(unquote(urlparse(site["file"]).path), f"{name}.html"))


def soup_of(path):
    """Return a page."""
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def anchors(page):
    """Return the anchors of a page's sections, and of what has a name: exercises, figures, checks."""
    sections = [part["id"] for part in page.select("article section[id]")]
    others = [part["id"] for part in page.select("article :is(div, details, form)[id]")]
    return sections, [anchor for anchor in others if not re.fullmatch(r"(id|ko)\d+", anchor)]


@pytest.mark.parametrize("name", PAGES)
def test_both_editions_have_the_same_anchors_code_and_numbers(site, name):
    """A link to a place works in both; what is computed is the same."""
    english, korean = soup(site, name), soup(site, f"ko/{name}")
    assert anchors(korean) == anchors(english)
    for page in (english, korean):
        ids = [part["id"] for part in page.select("[id]")]
        assert len(ids) == len(set(ids)), [name for name in set(ids) if ids.count(name) > 1]
    for selector in (".cell_input pre", "article math"):
        count = [len(page.select(selector)) for page in (english, korean)]
        assert count[0] == count[1]
    code = [[cell.text for cell in page.select(".cell_input pre")] for page in (english, korean)]
    assert code[0] == code[1]
    values = [[field["data-values"] for field in page.select("[data-values]")] for page in (english, korean)]
    assert values[0] == values[1]
    right = [
        ["data-right" in field.attrs for field in page.select(".ib-check input")]
        for page in (english, korean)
    ]
    assert right[0] == right[1]


@pytest.mark.parametrize("name", PAGES)
def test_each_page_names_its_twin(site, name):
    """By lang and a link, which leads there; addresses for search engines are whole ones or none."""
    for folder, own, other in (("", "en", "ko"), ("ko/", "ko", "en")):
        page = soup(site, f"{folder}{name}")
        assert page.html["lang"] == own
        addresses = [link["href"] for link in page.select("link[rel=alternate]")]
        assert len(addresses) in (0, 3) and all(urlparse(address).netloc for address in addresses)
        [switch] = page.select("a.ib-language")
        assert switch["hreflang"] == switch["lang"] == other
        base = Path(unquote(urlparse(site["file"]).path), f"{folder}{name}.html").parent
        twin = (base / switch["href"]).resolve()
        assert twin.is_file() and soup_of(twin).html["lang"] == other


@pytest.mark.parametrize("name", [*PAGES, "search", "404"])
def test_no_english_is_left(site, name):
    """Every text and every name of a button and picture has Hangul, or is a name in Latin letters."""
    page = soup(site, f"ko/{name}")
    names = [
        element[key]
        for element in page.select("article *, header *, nav *, aside *")
        for key in ("aria-label", "placeholder", "alt")
        if element.get(key) and not element.find_parent(lang="en")
    ]
    for element in page.select(LEFT_OUT):
        element.decompose()
    texts = [block.get_text(" ", strip=True) for block in page.body.select(BLOCKS)]
    found = [text for text in texts if len(re.findall(r"[A-Za-z]{2}", text)) > 2 and not KEPT.search(text)]
    # What one presses or hears is short: there each word in Latin letters must be a name.
    pressed = [part.get_text(" ", strip=True) for part in page.body.select("button, summary, legend")]
    short = [text for text in [*names, *pressed] if re.search(r"[A-Za-z]{3}", text)]
    found += [text for text in short if not re.search("[가-힣]", text) and not set(text.split()) <= NAMES]
    assert found == []


def test_the_switch_stays_on_the_section(site, open_page):
    """From the middle of a chapter to the middle of its twin, and back, by mouse and key; from disk, too."""
    for base in (site["http"], site["file"]):
        page = open_page(base, "chapters/c.html#convolutional-layer")
        page.wait_for_load_state()
        page.get_by_role("link", name="한국어").first.click()
        page.wait_for_url(re.compile(r"/ko/chapters/c\.html#"))
        assert page.url.partition("#")[2] == "convolutional-layer"
        expect(page.locator("#convolutional-layer h2").first).to_contain_text("컨볼루션 레이어")
        switch = page.get_by_role("link", name="English").first
        switch.focus()
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"(?<!ko)/chapters/c\.html#convolutional-layer$"))
        page.close()


def test_korean_queries_find_their_section_first(site, open_page):
    """All twenty, in the Korean edition's own index."""
    page = open_page(site["file"], "ko/search.html")
    page.get_by_label("책에서 검색").last.fill("풀")
    page.wait_for_function("() => Boolean(imagebookSearch.find)")
    results = page.evaluate(
        """async (queries) => {
            await imagebookSearch.ready;
            return queries.map((query) => {
                const { terms, sections } = imagebookSearch.find(query);
                return [...terms, ...sections].map((result) => result.address)[0];
            });
        }""",
        list(QUERIES),
    )
    found = {
        query: (address or "").partition("#")[2] for query, address in zip(QUERIES, results, strict=True)
    }
    assert len(QUERIES) == 20 and found == QUERIES


def test_terms_are_sorted_by_their_korean_names(site):
    """In the glossary and on the page for addresses that do not exist: 가나다."""
    for name, selector in (("pages/glossary", "article dt"), ("404", ".ib-terms li")):
        names = [item.a.text for item in soup(site, f"ko/{name}").select(selector)]
        assert len(names) == 34 and names == sorted(names, key=str.casefold)
        assert names[-1].startswith("회전") or names[-1].startswith("확")


@pytest.mark.parametrize("folder", ["", "ko/"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_reasons_for_terms_need_no_scrolling(site, open_page, folder, width):
    """On a phone they stand below the names: nothing is beyond the edge, and it is a table still."""
    page = open_page(site["file"], f"{folder}pages/terms-ko.html", viewport={"width": width, "height": 800})
    table = page.locator("table.ib-korean")
    outside = """(table) => {
        const { right } = table.parentElement.getBoundingClientRect();
        const cells = [...table.rows].flatMap((row) => [...row.cells]);
        const ends = cells.map((cell) => cell.getBoundingClientRect().left + cell.scrollWidth);
        return ends.filter((end) => end > right + 1).length;
    }"""
    assert table.evaluate(outside) == 0
    heard = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    roles = [node["role"]["value"] for node in heard]
    assert roles.count("row") == table.locator("tr").count() and roles.count("columnheader") == 4


def test_the_book_on_a_device_is_korean(site):
    """The manifest, and a worker for the Korean edition alone; the English one leaves it out."""
    folder = Path(unquote(urlparse(site["file"]).path))
    manifest = json.loads((folder / "ko/manifest.webmanifest").read_text(encoding="utf-8"))
    assert manifest["lang"] == "ko" and re.search("[가-힣]", manifest["name"] + manifest["short_name"])
    assert "chapters/b.html" in (folder / "ko/sw.js").read_text(encoding="utf-8")
    assert '"ko/' not in (folder / "sw.js").read_text(encoding="utf-8")


def test_every_figure_is_alive_in_korean(site, open_page):
    """All of them on their page: no text, button or label is left in English."""
    page = open_page(site["http"], "ko/pages/figures.html", viewport={"width": 1280, "height": 900})
    slots = page.locator(".ib-slot")
    for index in range(slots.count()):
        slots.nth(index).scroll_into_view_if_needed()
        expect(slots.nth(index)).to_have_attribute("data-alive", "true", timeout=30000)
    found = page.evaluate(
        """() => {
            const texts = [];
            const figures = ".ib-slot:not([data-figure=multimodal_prompt]) .ib-figure";
            for (const figure of document.querySelectorAll(figures)) {
                const walker = document.createTreeWalker(figure, NodeFilter.SHOW_TEXT);
                while (walker.nextNode()) {
                    const { data, parentElement } = walker.currentNode;
                    if (!parentElement.closest("code, [lang=en]")) texts.push(data);
                }
                const named = figure.querySelectorAll("[aria-label]");
                texts.push(...[...named].map((part) => part.getAttribute("aria-label")));
            }
            return [...new Set(texts)].filter((text) => /[A-Za-z]{3}/.test(text) && !/[가-힣]/.test(text));
        }"""
    )
    assert [
        text
        for text in found
        if not re.fullmatch(r"\W*(IoU|OKS|CNN|ReLU|MNIST|Gemini|xyxy|xywh|cxcywh)\W*\d*", text)
    ] == []


def test_hangul_is_there_without_a_font_of_the_device(site, open_page):
    """The page's own font comes where the device has none, and lines break by words."""
    page = open_page(site["http"], "ko/chapters/b.html")
    assert page.evaluate("getComputedStyle(document.body).wordBreak") == "keep-all"
    assert page.evaluate("getComputedStyle(document.body).fontFamily").count("Book Korean") == 1
    loaded = page.evaluate(
        """async () => {
            const face = new FontFace("Alone", "url(../_static/korean.woff2)");
            await face.load();
            return face.status;
        }"""
    )
    assert loaded == "loaded"


CUT = """async () => {
    const found = [], parts = ".ib-control, button, label, output, select, p, figcaption";
    for (const slot of document.querySelectorAll(".ib-slot")) {
        slot.scrollIntoView();
        while (!slot.hasAttribute("data-alive")) await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
        const { left, right } = slot.getBoundingClientRect();
        for (const part of slot.querySelectorAll(parts)) {
            const box = part.getBoundingClientRect();
            const isCut = part.matches("div, button, p") && part.scrollWidth > part.clientWidth + 1;
            const isOutside = box.width > 1 && (box.left < left - 1 || box.right > right + 1);
            if ((isCut || isOutside) && !part.closest(".ib-scroll, svg, .ib-hidden"))
                found.push(`${slot.dataset.figure}: ${part.textContent.slice(0, 40)}`);
        }
    }
    return found;
}"""


@pytest.mark.parametrize("folder", ["", "ko/"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_words_of_figures_have_room(site, open_page, folder, width):
    """Long words neither run out of their control nor out of the figure."""
    page = open_page(site["http"], f"{folder}pages/figures.html", viewport={"width": width, "height": 844})
    assert page.evaluate(CUT) == []


# Words of which a part stands on one line and a part on the next. The sign of a heading's link is no part.
BROKEN = """() => {
    const found = [], hangul = /[가-힣]/;
    const blocks = "p, li, dt, dd, td, th, h1, h2, h3, h4, summary, figcaption";
    const left = "script, style, pre, svg, annotation, .headerlink";
    const boxOf = ({ node, index }) => {
        const range = document.createRange();
        range.setStart(node, index);
        range.setEnd(node, index + 1);
        return range.getBoundingClientRect();
    };
    const walker = document.createTreeWalker(document.querySelector("article"), NodeFilter.SHOW_TEXT);
    let last = null;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const parent = node.parentElement;
        if (parent.closest(left) || !parent.checkVisibility()) continue;
        for (let index = 0; index < node.data.length; index++) {
            const now = { node, index, letter: node.data[index], block: parent.closest(blocks) };
            if (now.letter === "\\u2060") continue;
            if (last && now.block === last.block && (hangul.test(now.letter) || hangul.test(last.letter))) {
                const [one, other] = [boxOf(last), boxOf(now)];
                if (one.width && other.width && other.top > one.bottom - 2 && other.left < one.left)
                    found.push(`${last.node.data.slice(0, last.index + 1)} / ${node.data.slice(index)}`);
            }
            last = /\\s/.test(now.letter) ? null : now;
        }
    }
    return found;
}"""


def test_no_line_breaks_within_a_word(site, open_page):
    """채널(channel)이 stays together on a phone; so does an ending with its formula, code or citation."""
    page = open_page(site["file"], "ko/index.html", viewport={"width": 390, "height": 844})
    broken = {}
    for name in [*(f"ko/{name}" for name in PAGES), "pages/terms-ko", "pages/glossary"]:
        page.goto(f"{site['file']}{name}.html")
        broken[name] = page.evaluate(BROKEN)
    assert {name: found for name, found in broken.items() if found} == {}
