"""Every page for readers who zoom, use keys only, or listen: structure, names, targets, focus, reflow.

What axe-core finds is in the audit of all pages; here is what it does not look for.
"""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from book import pages  # noqa: E402 - tools/ is no package

PAGES = [*pages(), "search"]
CHAPTER = "chapters/i.html"
PROBES = (Path(__file__).with_name("accessibility.js")).read_text(encoding="utf-8")


def probe(page, name):
    """Return what one of the questions of accessibility.js finds on a page: a list of faults."""
    return page.evaluate(f"() => {{ {PROBES}; return {name}(); }}")


# A sidebar that goes away takes a moment, in which it lies upon the text.
AT_REST = """async () => {
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const ends = (one) => Number.isFinite(one.effect.getComputedTiming().endTime);
    const moving = document.getAnimations().filter(ends);
    await Promise.allSettled(moving.map((one) => one.finished));
}"""


@pytest.mark.parametrize("name", PAGES)
def test_a_page(site, open_page, name):
    """Structure, names, targets; focus that is seen; nothing lost at 200 % and 400 % or with wide spacing."""
    page = open_page(site["file"], f"{name}.html", viewport={"width": 1280, "height": 900})
    page.keyboard.press("Tab")  # from here on the focus is that of a reader with keys
    faults = {question: probe(page, question) for question in ("structure", "targets", "focus")}
    for width, zoom in ((640, "200 %"), (320, "400 %")):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(AT_REST)
        faults[zoom] = probe(page, "reflow")
    faults["targets at 320"] = probe(page, "targets")
    page.evaluate(f"() => {{ {PROBES}; spaced(); }}")
    faults["spacing"] = probe(page, "reflow")
    assert {question: found for question, found in faults.items() if found} == {}


def tab_to(page, selector, *, key="Tab", most=150):
    """Press a key until the focus is on what a selector names."""
    for _ in range(most):
        page.keyboard.press(key)
        if page.evaluate("(selector) => document.activeElement?.matches(selector)", selector):
            return
    pytest.fail(f"{key} does not reach {selector}")


def test_by_keyboard_from_the_first_page_to_a_solved_self_check(site, open_page):
    """Skip link, a chapter, a question answered, a solution unfolded, and the colours changed: no mouse."""
    page = open_page(site["http"], "index.html", viewport={"width": 1280, "height": 900})
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the first stop is the skip link
    assert page.evaluate("document.activeElement.id") == "main-content"
    tab_to(page, "main article a[href^='chapters/']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/chapters/*#*")
    page.wait_for_load_state()

    tab_to(page, ".ib-check input", most=300)
    form = page.locator(".ib-check form", has=page.locator(":focus"))
    answers = form.locator("input").all()
    if values := answers[0].get_attribute("data-values"):
        page.keyboard.type(values.partition("±")[0])
    else:
        page.keyboard.press("Space")
        for _ in range([one.get_attribute("data-right") for one in answers].index("")):
            page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert form.locator("[role=status]").inner_text().startswith("Right.")

    tab_to(page, "details.solution > summary")
    solution = page.locator("details.solution", has=page.locator(":focus"))
    assert not solution.evaluate("(details) => details.open")
    page.keyboard.press("Enter")
    assert solution.evaluate("(details) => details.open")
    tab_to(page, "details.solution[open] a[href*='#exercise']")

    page.goto(page.url.partition("#")[0])
    tab_to(page, ".theme-switch-button")
    modes, names = [], []
    for _ in range(3):
        page.keyboard.press("Enter")
        modes.append(page.evaluate("document.documentElement.dataset.mode"))
        names.append(page.locator(":focus").inner_text().split())
    assert sorted(modes) == ["auto", "dark", "light"] and modes[-1] == "auto"
    said = {"auto": "Colours: as the system", "dark": "Colours: dark", "light": "Colours: light"}
    assert [" ".join(name) for name in names] == [said[mode] for mode in modes]


def test_the_chapters_open_and_close_by_keys_on_a_phone(site, open_page):
    """The focus goes into the list of chapters and, on Escape, back to the button that opened it."""
    page = open_page(site["file"], CHAPTER, viewport={"width": 390, "height": 844})
    tab_to(page, ".primary-toggle")
    page.keyboard.press("Enter")
    dialog = page.locator("dialog[open]")
    assert dialog.get_by_role("link", name="K: keypoints").is_visible()
    assert page.evaluate("document.activeElement.closest('dialog[open]') !== null")
    page.keyboard.press("Escape")
    assert dialog.count() == 0
    assert page.evaluate("document.activeElement.matches('.primary-toggle')")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_colours_are_those_of_the_system(site, open_page, scheme):
    """Without a choice of the reader the page follows, also while it is open."""
    page = open_page(site["file"], CHAPTER, color_scheme=scheme)
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    other = {"light": "dark", "dark": "light"}[scheme]
    page.emulate_media(color_scheme=other)
    page.wait_for_function("(scheme) => document.documentElement.dataset.theme === scheme", arg=other)


def test_a_link_into_a_solution_unfolds_it(site, open_page):
    """Also a link from elsewhere, and without scripts."""
    page = open_page(site["file"], CHAPTER)
    page.evaluate("document.querySelector('details.solution p').id = 'inside'")
    page.evaluate("location.hash = 'inside'")
    page.wait_for_function("() => document.querySelector('details.solution').open")


def test_solutions_unfold_without_scripts_and_lie_open_in_print(site, open_page):
    """What folds is the browser's own."""
    page = open_page(site["file"], CHAPTER, java_script_enabled=False)
    solution = page.locator("details.solution").first
    text = solution.locator("p").last
    assert not text.is_visible()
    page.emulate_media(media="print")
    assert text.is_visible()
    page.emulate_media(media="screen")
    solution.locator("summary").click()
    assert text.is_visible()


def test_forced_colours_lose_nothing_in_a_self_check(site, open_page):
    """With the system's few colours a verdict is still a word, and what is solved has a mark."""
    page = open_page(site["file"], CHAPTER, forced_colors="active")
    form = page.locator(".ib-check form").first
    form.locator("input[data-right]").first.check()
    form.get_by_role("button").click()
    assert form.locator("[role=status]").inner_text().startswith("Right.")
    legend = form.locator("legend")
    assert "✓" in legend.evaluate("(legend) => getComputedStyle(legend, '::after').content")
    adjusts = "(all) => all.map((one) => getComputedStyle(one).forcedColorAdjust)"
    drawn = form.locator("input").evaluate_all(adjusts)
    assert set(drawn) == {"auto"}


def test_code_is_copied_by_keys_without_its_wraps(site, open_page):
    """On a phone long lines wrap; the button is large and seen, and gives the lines as they were written."""
    page = open_page(site["http"], CHAPTER, viewport={"width": 390, "height": 844}, has_touch=True)
    page.evaluate("document.execCommand = () => Boolean((globalThis.copied = document.activeElement.value))")
    code = page.locator(".cell_input div.highlight").nth(2)
    button = code.locator("button.copybtn")
    button.focus()
    seen = "(button) => getComputedStyle(button).opacity === '1'"
    page.wait_for_function(seen, arg=button.element_handle())
    box = button.bounding_box()
    assert min(box["width"], box["height"]) >= 24
    pre = code.locator("pre")
    assert pre.evaluate("(pre) => pre.scrollWidth <= pre.clientWidth")
    page.keyboard.press("Enter")
    page.wait_for_function("() => globalThis.copied")
    assert page.evaluate("copied").strip() == pre.text_content().strip()
