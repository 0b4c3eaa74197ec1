"""What the tests of live figures share: the page of all figures, a figure's place on it and its state."""

from imagebook.widgets import FIGURES

NAMES = sorted(FIGURES.values())
PAGE = "pages/figures.html"


def slot_of(page, name):
    """Return the place of a figure, after it was scrolled into view and came alive."""
    slot = page.locator(f".ib-slot[data-figure={name}]").first
    slot.scroll_into_view_if_needed()
    page.wait_for_selector(f".ib-slot[data-figure={name}][data-alive]")
    return slot


def settle(page):
    """Wait until the page has drawn what it was told."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def state(page, name):
    """Return a figure's state."""
    return page.evaluate(
        """(name) => {
            const slot = document.querySelector(`.ib-slot[data-figure=${name}]`);
            const model = imagebook.models[slot.dataset.model];
            return Object.fromEntries(Object.keys(model.get("_schema")).map((key) => [key, model.get(key)]));
        }""",
        name,
    )
