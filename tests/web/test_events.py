"""Whatever a reader does to a figure, in any order, does no harm."""

import random
import re

import pytest
from live import NAMES, PAGE, settle, slot_of

KEYS = "Tab ArrowLeft ArrowRight ArrowUp ArrowDown Enter Space Home End Delete 7 -".split()
HEIGHT = 800


@pytest.mark.parametrize("name", NAMES)
def test_three_hundred_random_events_do_no_harm(site, open_page, name):
    """Clicks, drags, keys and touches anywhere on the figure: no error in the console, no NaN on the page."""
    rng = random.Random(name)
    width = rng.choice([390, 1280])
    page = open_page(site["file"], PAGE, has_touch=True, viewport={"width": width, "height": HEIGHT})
    slot = slot_of(page, name)
    # Keys stay in the figure, and nothing else is drawn; links lead away, a file dialogue waits for a person.
    slot.evaluate(
        """(slot) => {
            for (let node = slot; node !== document.body; node = node.parentElement) {
                for (const other of node.parentElement.children) {
                    if (other !== node) other.style.display = "none";
                }
            }
            slot.addEventListener("click", (event) => {
                if (event.target.closest("a[href]") || event.target.type === "file") event.preventDefault();
            }, true);
        }"""
    )
    for number in range(300):
        if number % 30 == 0:  # another part of the figure comes into view
            box = slot.bounding_box()
            page.mouse.wheel(0, box["y"] + rng.random() * max(0, box["height"] - HEIGHT) - 20)
            settle(page)
            box = slot.bounding_box()
            top, bottom = max(1, box["y"]), min(HEIGHT - 1, box["y"] + box["height"])

        def place(box=box, top=top, bottom=bottom):
            return box["x"] + rng.random() * box["width"], top + rng.random() * (bottom - top)

        kind = rng.choice(["click", "drag", "key", "key", "tap"])
        if kind == "click":
            page.mouse.click(*place())
        elif kind == "tap":
            page.touchscreen.tap(*place())
        elif kind == "drag":
            page.mouse.move(*place())
            page.mouse.down()
            page.mouse.move(*place())
            page.mouse.up()
        else:
            page.keyboard.press(rng.choice(KEYS))
    settle(page)
    assert not re.search(r"\b(NaN|undefined|null)\b|\[object", slot.inner_text())
