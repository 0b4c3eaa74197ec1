"""Every page of the book keeps within its budget: `make audit` in short.

The limits and the visit are those of `benchmarks/budget.py`. Lighthouse's scores and times are left to
`make audit`: a test of speed would fail on a busy machine, for no fault of the page.
"""

import pytest
import scripts

budget = scripts.load("benchmarks/budget.py")
serve = scripts.load("benchmarks/serve.py")
PAGES = [*scripts.load("tools/book.py").pages(), "search", "404"]


@pytest.fixture(scope="module")
def address(site):
    """Return the address of the book, sent as GitHub Pages sends it."""
    with serve.served(scripts.ROOT / "_build/html") as address:
        yield address


@pytest.mark.parametrize("page", PAGES)
def test_a_page_keeps_its_budget(browser, address, page):
    """Weight, requests, hosts, layout shifts, axe-core, pictures, the console, under a strict policy."""
    text = (scripts.ROOT / f"_build/html/{page}.html").read_text(encoding="utf-8")
    assert "default-src 'self'; script-src 'self' 'sha256-" in text
    broken = budget.beyond(budget.visit(browser, address, page))
    assert not broken, "\n".join(["what is beyond the limits:", *broken])


HEAD = """<!doctype html><html lang="en"><head><title>T</title><meta charset="utf-8">
<link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>button { background: inherit; color: inherit; font-size: 20px }
[data-theme=dark] { background: #000; color: #fff }</style>
<script>const dark = matchMedia("(prefers-color-scheme: dark)");
const set = () => document.documentElement.dataset.theme = dark.matches ? "dark" : "light";
set(); dark.onchange = set;</script></head><body>"""
GOOD = '<main><h1>Title</h1><p>Text</p><img src="x.png" width="9" height="9" alt="Nine pixels"></main>'
FAR = '<main><h1>Title</h1><p style="margin-bottom: 9000px">Text</p>{}</main>'
WORD = '<span class="k" style="color: #999; background: #fff">if</span> '
# What is wrong with a page, and what that breaks, with the number that a visit finds.
WRONG = {
    "much text": (f"{GOOD}<!--{' '.join(map(str, range(150_000)))}-->", "page_bytes", None),
    "many files": (
        GOOD + "".join(f'<script src="x.js?{n}"></script>' for n in range(budget.LIMITS["requests"])),
        "requests",
        budget.LIMITS["requests"] + 2,
    ),
    "a missing file": (GOOD + '<script src="nowhere.js"></script>', "broken", 1),
    "asks another host": (GOOD + '<link rel="stylesheet" href="http://192.0.2.1/x.css">', "foreign", 1),
    "text moves": (
        GOOD.replace("<h1", "<div id=late></div><h1")
        + "<script>onload = () => setTimeout(() => { late.style.height = '300px'; }, 50);</script>",
        "layout_shift",
        None,
    ),
    "no alternative text": (GOOD.replace(' alt="Nine pixels"', ""), "axe_light", 1),
    "grey on white": (GOOD.replace("<p", '<p style="color: #999; background: #fff"'), "axe_light", 1),
    "grey words in a program": (
        GOOD.replace("<p>Text</p>", f'<div class="highlight"><pre>{3 * WORD}</pre></div>'),
        "axe_light",
        1,
    ),
    "black on black": (GOOD.replace("<p", '<p style="color: #111"'), "axe_dark", 1),
    "small targets": (
        GOOD + "<nav>" + 3 * '<a href="#" style="display:block;height:9px">x</a>' + "</nav>",
        "axe_phone",
        3,
    ),
    "a picture of unknown size": (GOOD.replace(' height="9"', ""), "unsized", 1),
    "an eager picture far below": (
        FAR.format('<img src="x.png" width="9" height="9" alt="Nine pixels">'),
        "eager",
        1,
    ),
    "talks in the console": (GOOD + "<script>console.warn('hello')</script>", "console", 1),
    "an error in a script": (GOOD + "<script>throw new Error('no')</script>", "console", 1),
}


@pytest.fixture(scope="module")
def visit(browser, tmp_path_factory):
    """Return a function that writes a page and visits it."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("pages")
    Image.new("RGB", (9, 9)).save(folder / "x.png")
    (folder / "x.js").write_text("")
    with serve.served(folder) as address:

        def visit(body):
            (folder / "index.html").write_text(HEAD + body + "</body></html>", encoding="utf-8")
            return budget.visit(browser, address, "index")

        yield visit


def test_a_good_page_is_good(visit):
    """Nothing is found; what was sent is counted by kind."""
    found = visit(GOOD)
    assert budget.beyond(found) == []
    assert found["requests"] == 2
    assert found["page_bytes"] > 200 < found["picture_bytes"]
    assert found["bytes"] == found["page_bytes"] + found["picture_bytes"]


@pytest.mark.parametrize("name", WRONG)
def test_a_bad_page_is_found_out(visit, name):
    """Each thing that may be wrong breaks the limit that it should."""
    body, key, number = WRONG[name]
    found = visit(body)
    assert number is None or found[key] == number
    assert any(sentence.startswith(f"{key}: ") for sentence in budget.beyond(found))
