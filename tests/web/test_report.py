"""The form for problems, by hand and by keyboard, with and without GitHub, with and without scripts."""

import json
import re
import urllib.parse

import pytest
import small_book
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from scripts import load

PAGES = {"index": "# Cover\n\nText.\n", "pages/report": "# Report\n\n```{report-form}\n```\n"}


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """Return the address of a form in a book that has no repository on GitHub."""
    return (small_book.build(tmp_path_factory.mktemp("book"), PAGES) / "pages/report.html").as_uri()


@pytest.fixture
def on_github(elsewhere, tmp_path, root):
    """Return the address of the same page with the form of a book on GitHub."""
    folder = small_book.Path(urllib.parse.urlsplit(elsewhere).path)
    report = load("extensions/report.py")
    text = folder.read_text(encoding="utf-8").replace(report.form(""), report.form("https://github.com/a/b"))
    assert "issues/new" in text
    page = folder.with_name("github.html")
    page.write_text(text, encoding="utf-8")
    return page.as_uri()


def test_the_link_of_a_page_fills_in_the_page(open_page, elsewhere):
    """The reader need not say where they come from, and may change it."""
    page = open_page(elsewhere.replace("pages/report.html", "index.html"), "")
    page.get_by_role("link", name="Report a problem with this page").click()
    expect(page.get_by_label("Page", exact=True)).to_have_value("index")


def test_github_gets_what_was_written_and_not_before(browser, on_github):
    """The button asks for a new issue with the three answers; nothing is asked before the button."""
    context = browser.new_context()
    asked = []

    def answer(route):
        asked.append(route.request.url)
        route.fulfill(body="an issue", content_type="text/plain")

    context.route(re.compile("^https:"), answer)
    page = context.new_page()
    page.goto(f"{on_github}?page=chapters/i")
    page.get_by_label("What did you see?").fill("1 + 1 = 3 & more")
    page.get_by_label("What did you expect?").fill("2")
    assert asked == []
    page.get_by_role("button", name="Go on to GitHub").click()
    page.wait_for_url(re.compile("^https:"))
    place = urllib.parse.urlsplit(page.url)
    assert (place.netloc, place.path) == ("github.com", "/a/b/issues/new")
    assert dict(urllib.parse.parse_qsl(place.query)) == {
        "template": "problem.yml",
        "title": "Problem on chapters/i",
        "book-page": "chapters/i",
        "seen": "1 + 1 = 3 & more",
        "expected": "2",
    }
    context.close()


def test_without_an_answer_nothing_goes_out(open_page, elsewhere):
    """The browser asks for what is missing, and there is no text yet."""
    page = open_page(elsewhere, "?page=chapters/i")
    page.get_by_role("button", name="Make a text").click()
    assert page.evaluate("document.activeElement.name") == "seen"
    assert page.get_by_label("Your report").is_hidden()


def test_elsewhere_it_becomes_a_text_to_copy(open_page, elsewhere):
    """With the keyboard alone; an empty answer is left out."""
    page = open_page(elsewhere, "?page=chapters/i")
    page.get_by_label("What did you see?").focus()
    page.keyboard.type("A line.")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    text = page.get_by_label("Your report")
    expect(text).to_be_focused()
    assert text.input_value() == "Page\nchapters/i\n\nWhat did you see?\nA line."
    assert page.url.endswith("?page=chapters/i")


def test_without_scripts_the_form_for_github_works(browser, on_github):
    """It is a plain form; without GitHub there is no button that would do nothing."""
    page = browser.new_page(java_script_enabled=False)
    page.goto(on_github)
    assert page.get_by_role("button", name="Go on to GitHub").is_visible()
    page.goto(on_github.replace("github.html", "report.html"))
    assert page.get_by_role("button", name="Make a text").is_hidden()
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page, elsewhere, scheme):
    """In both themes, with the text made."""
    page = open_page(elsewhere, "?page=chapters/i", color_scheme=scheme)
    page.get_by_label("What did you see?").fill("A line.")
    page.get_by_role("button", name="Make a text").click()
    found = Axe().run(page, context={"include": [[".ib-report"]]}, options={"preload": False}).response
    assert json.dumps([rule["id"] for rule in found["violations"]]) == "[]"
