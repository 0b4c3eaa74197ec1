"""Self-checks and definitions in a browser: by mouse, touch and keyboard, and without scripts."""

import pytest
import small_book
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

PAGE = """# Page

(stride)=
## stride

One may read about [pooling](#pooling) and [stride](#stride) here.

```{selfcheck} check-several
shared, covered = 2, 6
---
Which are true?

- [shared / covered > 1 / 7] More than *one seventh*.
  > Two of six are a third.
- [shared / covered == 1 / 2] One half.
  > The union has grown, too.
- [shared * 3 == covered] One third.
  > Two of six.
```

```{selfcheck} check-one
from imagebook.boxes import iou
value = iou((0, 0, 2, 2), (1, 1, 3, 3))
---
Is it one seventh?

- [abs(value - 1 / 7) < 1e-9] Yes.
  > One of seven.
- [abs(value - 1 / 4) < 1e-9] No.
  > A quarter of one square is not a quarter of both.
```

```{selfcheck} check-number
from imagebook.boxes import iou
---
How large is it?

- [= iou((0, 0, 2, 2), (1, 1, 3, 3)) ± 0.005] of all that is covered
  > One of seven.
- [≠ 1 / 4 ± 0.005]
  > That is the share of one square.
```

(pooling)=
## pooling

```{progress}
```
"""


@pytest.fixture(scope="module")
def website(tmp_path_factory):
    """Return the folder of a website whose one page has three self-checks."""
    return small_book.build(tmp_path_factory.mktemp("book"), {"chapters/a": PAGE})


@pytest.fixture(scope="module")
def page_file(website):
    """Return the address of that page on disk."""
    return (website / "chapters/a.html").as_uri()


@pytest.fixture
def page(open_page, page_file):
    """Return the page, opened from disk."""
    return open_page(page_file, "")


def verdict(page, name):
    """Return what a self-check says."""
    return page.locator(f"#{name} [role=status]").inner_text()


def test_several_right_answers_by_mouse(page):
    """A wrong one is explained, a missing one counted, and all right ones together are right."""
    form = page.locator("#check-several")
    form.get_by_role("button").click()
    assert verdict(page, "check-several") == "Choose an answer first."
    form.get_by_label("One half.").check()
    form.get_by_role("button").click()
    assert verdict(page, "check-several").split() == "Not yet. The union has grown, too.".split()
    form.get_by_label("One half.").uncheck()
    form.get_by_label("One third.").check()
    form.get_by_role("button").click()
    assert verdict(page, "check-several") == "What you ticked is right; one more is."
    form.get_by_label("More than one seventh.").check()
    form.get_by_role("button").click()
    assert verdict(page, "check-several").startswith("Right.")


def test_one_right_answer_by_keyboard(page):
    """Arrows choose, Enter checks; a changed answer takes the verdict away."""
    page.locator("#check-one input").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert "A quarter of one square" in verdict(page, "check-one")
    page.keyboard.press("ArrowUp")
    assert verdict(page, "check-one") == ""
    page.keyboard.press("Enter")
    assert verdict(page, "check-one").startswith("Right.")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("1/7", "Right."),
        ("0.143", "Right."),
        ("0,143", "Right."),
        ("14.3 %", "Right."),
        ("1,430", "Not yet."),
        ("0.25", "Not yet."),
        ("−3", "Not yet."),
        ("a seventh", "Write a number"),
        ("1/0", "Write a number"),
        ("", "Write a number"),
    ],
)
def test_a_number(page, written, said):
    """Numbers as people write them; the likely mistake gets its reason."""
    field = page.get_by_label("Your number")
    field.fill(written)
    field.press("Enter")
    assert verdict(page, "check-number").startswith(said)
    assert ("share of one square" in verdict(page, "check-number")) == (written == "0.25")


@pytest.mark.parametrize("way", ["http", "file"])
def test_progress_stays_in_this_browser_until_it_is_cleared(open_page, website, served, way):
    """What is solved is so after a reload, is counted, and can be forgotten."""

    def reload(solved):
        for _ in range(20 if way == "file" else 1):  # a new process may hear a moment late of what is stored
            page.reload()
            if page.locator(".ib-check-solved").count() == solved:
                break
        assert page.locator(".ib-check-solved").count() == solved

    start = served(website) if way == "http" else f"{website.as_uri()}/"
    page = open_page(start, "chapters/a.html")
    assert page.locator(".ib-progress [role=status]").inner_text().startswith("You have solved 0 of 3")
    page.get_by_label("Yes.").check()
    page.locator("#check-one button").click()
    expect(page.locator(".ib-check-solved")).to_have_count(1)
    reload(solved=1)
    assert page.locator(".ib-progress [role=status]").inner_text().startswith("You have solved 1 of 3")
    page.get_by_role("button", name="Forget my progress").click()
    assert page.locator(".ib-progress [role=status]").inner_text().startswith("You have solved 0 of 3")
    reload(solved=0)


def test_without_scripts_the_answers_can_be_unfolded(open_page, page_file):
    """Question, choices and the folded answers with their reasons are plain HTML."""
    page = open_page(page_file, "", java_script_enabled=False)
    details = page.locator(".ib-check details").first
    assert details.locator("[data-answer=right]").count() == 2
    details.locator("summary").click()
    assert details.get_by_text("Two of six are a third.").is_visible()


def test_pointing_at_a_term_shows_its_definition(page):
    """By mouse and by keys; Escape takes it away; it is a description of the link."""
    box = page.locator("#ib-term")
    link = page.get_by_role("link", name="pooling", exact=True).first
    assert box.is_hidden()
    link.hover()
    assert "Shrinking a matrix" in box.inner_text()
    assert link.get_attribute("aria-describedby") == "ib-term"
    page.keyboard.press("Escape")
    assert box.is_hidden()
    link.focus()
    assert "풀링" in box.inner_text()
    page.keyboard.press("Tab")
    assert "How far a filter" in box.inner_text()


def test_a_first_tap_shows_and_a_second_follows(open_page, page_file):
    """A finger cannot hover."""
    page = open_page(page_file, "", has_touch=True, viewport={"width": 390, "height": 844})
    link = page.get_by_role("link", name="pooling", exact=True).first
    link.tap()
    assert "Shrinking a matrix" in page.locator("#ib-term").inner_text()
    assert not page.url.endswith("#pooling")
    link.tap()
    page.wait_for_url("**#pooling")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page, page_file, scheme):
    """In both themes, with verdicts and a definition on the page."""
    page = open_page(page_file, "", color_scheme=scheme)
    page.get_by_label("No.").check()
    page.locator("#check-one button").click()
    page.get_by_label("Your number").fill("1/7")
    page.locator("#check-number button").click()
    page.locator("summary").first.click()
    page.get_by_role("link", name="pooling", exact=True).first.hover()
    parts = {"include": [[".ib-check"], ["#ib-term"], [".ib-progress"]]}
    found = Axe().run(page, context=parts, options={"preload": False}).response
    assert [rule["id"] for rule in found["violations"]] == []
