"""Every figure on the built page: it appears, answers mouse, touch and keys, and nothing breaks it.

The page is opened in a real browser from a server and from disk, without any way to another host.
"""

import json
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from live import NAMES, PAGE, settle, slot_of, state

from imagebook import widgets
from imagebook.widgets import FIGURES, _modules

# What a reader can reach by Tab.
FOCUSABLE = "a[href], button, input, select, textarea, [tabindex='0']"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("way", ["http", "file"])
def test_a_figure_appears_and_asks_nobody(site, open_page, way, name):
    """It comes alive, hides its picture, and the page asks no other host for anything."""
    page = open_page(site[way], PAGE)
    slot = slot_of(page, name)
    assert slot.locator(".ib-figure").is_visible()
    assert not slot.locator(".ib-first").is_visible()
    assert len(slot.locator(".ib-title, .ib-head strong").inner_text()) > 3


@pytest.mark.parametrize("name", NAMES)
def test_every_control_is_reached_by_tab_and_shows_it(site, open_page, name):
    """Tab goes through all that can be operated, and where the focus is can be seen."""
    page = open_page(site["file"], PAGE)
    slot = slot_of(page, name)
    page.evaluate(
        """([name, focusable]) => {
            const frame = document.querySelector(`.ib-slot[data-figure=${name}] .ib-figure`);
            globalThis.wanted = new Set([...frame.querySelectorAll(focusable)].filter((e) => {
                const group = e.type === "radio" ? [...frame.querySelectorAll(`[name="${e.name}"]`)] : [];
                if (group.some((other) => other.checked) && !e.checked) return false; // arrows go there
                return !e.disabled && e.tabIndex >= 0 && e.getClientRects().length > 0;
            }));
            globalThis.frame = frame;
            frame.querySelector("button").focus();
        }""",
        [name, FOCUSABLE],
    )
    reached = page.evaluate("() => (wanted.delete(document.activeElement), wanted.size)")
    for _ in range(reached + 5):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            """() => {
                const target = document.activeElement;
                if (!frame.contains(target)) return null;
                wanted.delete(target);
                const style = getComputedStyle(target);
                const seen = style.outlineStyle !== "none" || style.boxShadow !== "none";
                return seen || target.outerHTML.slice(0, 120);
            }"""
        )
        if seen is None:
            break
        assert seen is True, f"no visible focus on {seen}"
    left = page.evaluate("() => [...wanted].map((e) => e.outerHTML.slice(0, 120))")
    assert left == [], f"{name}: Tab does not reach {left}"
    assert slot.is_visible()


@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing(site, open_page, name):
    """No rule of axe-core is broken, on light and on dark paper."""
    page = open_page(site["file"], PAGE, color_scheme="light")
    slot_of(page, name)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function("(scheme) => document.documentElement.dataset.theme === scheme", arg=scheme)
        settle(page)
        found = Axe().run(page, context=f".ib-slot[data-figure={name}]", options={"preload": False}).response
        broken = [
            (rule["id"], [node["html"][:120] for node in rule["nodes"][:3]]) for rule in found["violations"]
        ]
        assert broken == [], f"{name}, {scheme}: {broken}"


@pytest.mark.parametrize("name", NAMES)
def test_a_link_opens_the_same_state(site, open_page, name):
    """Copy link gives an address that shows the figure as it was."""
    page = open_page(site["http"], PAGE)
    slot = slot_of(page, name)
    # Some state that is not the first one: what a few keys and clicks lead to.
    for control in slot.locator(".ib-body input[type=range]:enabled").all()[:3]:
        control.focus()
        page.keyboard.press("ArrowRight")
    for control in slot.locator(".ib-body input[type=checkbox]:enabled").all()[:2]:
        control.check() if not control.is_checked() else control.uncheck()
    settle(page)
    wanted = state(page, name)
    page.evaluate("navigator.clipboard.writeText = async (text) => { globalThis.copied = text; }")
    slot.get_by_role("button", name="Copy link").click()
    page.wait_for_function("() => globalThis.copied")
    address = page.evaluate("copied")
    assert address.startswith(site["http"])
    second = open_page(address, "")
    second.wait_for_selector(f".ib-slot[data-figure={name}][data-alive]")
    assert state(second, name) == wanted
    slot_of(second, name).get_by_role("button", name="Start again").click()
    settle(second)
    assert state(second, name) == page.evaluate(
        """(name) => {
            const { model } = document.querySelector(`.ib-slot[data-figure=${name}]`).dataset;
            const first = JSON.parse(document.getElementById("ib-states").textContent)[model];
            return Object.fromEntries(Object.keys(first._schema).map((key) => [key, first[key]]));
        }""",
        name,
    )


JUNK = [
    "not JSON",
    "null",
    "[1, 2]",
    '"text"',
    "1e999",
    '{"__proto__": {"polluted": true}, "constructor": 1, "_esm": "alert(1)"}',
    '{"a": "' + "x" * 30000 + '"}',
]


def follow(open_page, site, name, text):
    """Open the page by a link that says `text` of a figure's state; return the page and the place."""
    anchor = f"figure-{name.replace('_', '-')}"
    page = open_page(site["file"], f"{PAGE}?{urlencode({'figure': anchor, 'state': text})}#{anchor}")
    return page, slot_of(page, name)


@pytest.mark.parametrize("name", NAMES)
def test_a_link_from_a_stranger_does_no_harm(site, open_page, name):
    """Values of the wrong kind in the address change nothing, and the figure says so."""
    class_name = next(key for key, module in FIGURES.items() if module == name)
    figure = getattr(widgets, class_name)()
    first = {key: figure.get_state(key)[key] for key in figure.state_rules()}
    wrong = dict.fromkeys(first, [[["<img src=x onerror=alert(1)>"]]]) | {
        "__proto__": {"polluted": True},
        "_esm": "1",
    }
    page, slot = follow(open_page, site, name, json.dumps(wrong))
    assert state(page, name) == first
    assert page.evaluate("({}).polluted") is None
    assert "cannot be read" in slot.locator(".ib-notice").inner_text()


@pytest.mark.parametrize("junk", JUNK)
def test_junk_in_a_link_does_no_harm(site, open_page, junk):
    """What is not even a set of names and values is refused in words."""
    page, slot = follow(open_page, site, "iou", junk)
    assert state(page, "iou") == {"first": [1, 2, 7, 6], "second": [5, 4, 9, 7]}
    assert "cannot be read" in slot.locator(".ib-notice").inner_text()


@pytest.mark.parametrize("name", NAMES)
def test_less_motion_means_none(site, open_page, name):
    """A reader who wants less motion sees no animation and is offered none."""
    page = open_page(site["file"], PAGE, reduced_motion="reduce")
    slot = slot_of(page, name)
    for button in slot.locator(".ib-body button:enabled:visible").all()[:5]:
        button.click()
    settle(page)
    assert page.evaluate("document.getAnimations().filter((a) => a.playState === 'running').length") == 0
    assert slot.locator(".ib-play:visible").count() == 0


def test_without_scripts_there_are_pictures_and_words(site, open_page):
    """Each figure then is a picture with alternative text, and says what it would do."""
    page = open_page(site["file"], PAGE, java_script_enabled=False)
    for name in NAMES:
        first = page.locator(f".ib-slot[data-figure={name}] .ib-first").first
        assert first.is_visible()
        assert len(first.locator("img").get_attribute("alt")) > 20
        assert len(first.locator("p").inner_text()) > 20


def test_in_print_there_are_pictures(site, open_page):
    """On paper the first state's picture stands in for a live figure."""
    page = open_page(site["file"], PAGE)
    for name in NAMES:
        slot_of(page, name)
    page.emulate_media(media="print")
    for name in NAMES:
        slot = page.locator(f".ib-slot[data-figure={name}]").first
        assert slot.locator(".ib-first").is_visible() and not slot.locator(".ib-figure").is_visible()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Return pictures that a reader might open: one that is none, one cut off, one of fifty megapixels."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("files")
    whole = folder / "fifty-megapixels.jpg"
    Image.linear_gradient("L").resize((8660, 5774)).save(whole, quality=60)
    cut = folder / "cut.jpg"
    cut.write_bytes(whole.read_bytes()[:2000])
    text = folder / "text.png"
    text.write_text("this is no picture")
    return {"whole": whole, "broken": [text, cut]}


@pytest.mark.parametrize("name", NAMES)
def test_own_pictures_stay_here_and_break_nothing(site, open_page, files, name):
    """A file that is no picture is refused in words; fifty megapixels are shown; nothing is sent anywhere."""
    if "fileButton(" not in "".join(
        map(_modules.source, set(_modules.needs_of_figure(name)) - {"kit/pixels"})
    ):
        pytest.skip("this figure takes no pictures")
    page = open_page(site["file"], PAGE)
    slot = slot_of(page, name)
    field = slot.locator("input[type=file]").first
    says = "([slot, text]) => slot.querySelector('.ib-notice').textContent.includes(text)"
    for file in files["broken"]:
        field.set_input_files(file)
        page.wait_for_function(says, arg=[slot.element_handle(), "not a picture"])
        field.evaluate(
            "(field) => { field.closest('.ib-figure').querySelector('.ib-notice').textContent = ''; }"
        )
    field.set_input_files(files["whole"])
    page.wait_for_function(says, arg=[slot.element_handle(), "stays on this machine"])
    assert slot.locator(".ib-figure").is_visible()
