"""A chapter on paper: what surrounds it is gone, what is folded is open, and nothing is cut off."""

import pytest

# A4 between the margins of book.css, in CSS pixels.
WIDTH = 672


@pytest.fixture
def sheet(open_page, site):
    """Return a function that opens a page as it is printed from a screen that is light or dark."""

    def open_sheet(path, scheme):
        page = open_page(site["file"], path, viewport={"width": WIDTH, "height": 900}, color_scheme=scheme)
        page.emulate_media(media="print", color_scheme=scheme)
        return page

    return open_sheet


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_paper_is_white(sheet, scheme):
    """Dark letters on white, whatever the screen shows; code too."""
    page = sheet("chapters/i.html", scheme)
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    color = "(selector, name) => getComputedStyle(document.querySelector(selector))[name]"
    assert page.evaluate(f"({color})('body', 'backgroundColor')") == "rgb(255, 255, 255)"
    brightness = """(selectors) => selectors.map((selector) => {
        const { color } = getComputedStyle(document.querySelector(selector));
        const [red, green, blue] = color.match(/\\d+/g).map(Number);
        return 0.3 * red + 0.6 * green + 0.1 * blue;
    })"""
    parts = [".bd-article p", ".highlight pre span", ".ib-first p", ".ib-check p", "h1", ".bd-article p > a"]
    assert max(page.evaluate(brightness, parts)) < 128


@pytest.mark.parametrize(
    "path", ["chapters/i.html", "chapters/g.html", "pages/status.html", "pages/errata.html"]
)
def test_nothing_is_cut_off_on_paper(sheet, path):
    """No line of code, table or picture reaches beyond the margin."""
    page = sheet(path, "light")
    wide = """(width) => [...document.querySelectorAll(".bd-article *")]
        .filter((element) => element.checkVisibility() && !element.closest("svg, .visually-hidden"))
        .filter((element) => element.getBoundingClientRect().right > width + 1)
        .map((element) => element.outerHTML.slice(0, 100))"""
    assert page.evaluate(wide, WIDTH) == []


def test_only_the_chapter_is_printed(sheet):
    """No header, sidebar, footer or button; the answers of self-checks can be read."""
    page = sheet("chapters/i.html", "light")
    page.wait_for_selector(".ib-slot", state="attached")
    shown = """(selector) => [...document.querySelectorAll(selector)]
        .filter((element) => element.checkVisibility() && element.getClientRects().length)
        .map((element) => element.outerHTML.slice(0, 100))"""
    for part in ("header", "footer", "button", "nav.bd-links", ".bd-sidebar-primary", ".ib-figure"):
        assert page.evaluate(shown, part) == [], part
    answers = page.locator(".ib-check-answers p").all()
    assert len(answers) > 5 and all(answer.is_visible() for answer in answers)
    assert len(page.evaluate(shown, ".ib-first")) == page.locator(".ib-slot").count() == 3
