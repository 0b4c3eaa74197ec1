"""The page that students get back, in a browser: for readers on a phone, in the dark, and by ear."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from written import EVIL, of_everything

from coursework import feedback, source
from coursework.course import Course

LONG = f"{EVIL}\n{'word' * 100}\n" + "def f(x):\n    return x\n" * 9


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with the page of a student who wrote long lines and harm in every cell."""
    boxes = source.notebook(Course(None, "images", "0123456789abcdef" * 4), "boxes")
    path = tmp_path_factory.mktemp("feedback")
    page = feedback.page(boxes, "lee", *of_everything(boxes, LONG, LONG))
    (path / "boxes.html").write_text(page, encoding="utf-8")
    return path


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390, 320])
def test_the_page_is_read_by_everybody(folder, open_page, width, colours):
    """No finding of axe-core, nothing wider than the screen, no script run, nothing asked of another host."""
    options = {"viewport": {"width": width, "height": 900}, "color_scheme": colours, "bypass_csp": True}
    page = open_page(folder.as_uri(), "/boxes.html", **options)
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("script, img, iframe").count() == 0


def test_the_policy_stops_what_would_be_there(folder, browser):
    """Were a script to slip in, the page's own policy would not run it."""
    written = (folder / "boxes.html").read_text(encoding="utf-8")
    page = browser.new_page()
    blocked = []
    page.on("console", lambda message: blocked.append(message.text))
    page.set_content(written.replace("<main>", "<main><script>window.ran = 1</script>"))
    assert page.evaluate("window.ran") is None
    assert len(blocked) == 1 and "Content Security Policy" in blocked[0]
    page.close()
