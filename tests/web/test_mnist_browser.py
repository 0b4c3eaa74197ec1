"""The browser of MNIST shows NumPy's means and spreads, and answers mouse, touch and keys."""

import numpy as np
import pytest
from playwright.sync_api import expect

from imagebook import mnist
from imagebook.widgets import MNISTBrowser, _assets
from imagebook.widgets.mnist_browser import digits


def test_the_asset_is_small_and_the_beginning_of_the_test_digits():
    """600 digits of which no model knows one, in less than 150 kB; all classes about equally often."""
    images, labels = mnist.load("test")
    asset = _assets.asset("mnist")
    np.testing.assert_array_equal(asset["images"], images[:600])
    np.testing.assert_array_equal(asset["labels"], labels[:600])
    assert len(_assets.packed("mnist")) < 150_000
    counts = MNISTBrowser().counts
    assert counts.sum() == 600 and counts.min() > 45


def test_mean_and_spread(figure_page):
    """Of 500 random images and choices of them, one alone and equal ones among them."""
    rng = np.random.default_rng(0)
    cases, wanted = [], []
    for index in range(500):
        count = int(rng.integers(1, 4))
        images = rng.integers(0, 256, (count, 28, 28)) if index % 3 else np.full((count, 28, 28), index % 256)
        chosen = images[: int(rng.integers(1, count + 1))]
        cases.append([images[:, 0].tolist(), len(chosen)])  # one row of each says enough
        wanted.append([chosen[:, 0].mean(axis=0), chosen[:, 0].std(axis=0)])
    found = figure_page("mnist_browser").evaluate(
        """(cases) => cases.map(([rows, count]) => {
            const images = new Uint8Array(784 * rows.length);
            for (const [at, row] of rows.entries()) images.set(row, 784 * at);
            const places = Array.from({ length: count }, (_, place) => place);
            const { mean, spread } = imagebook.use("mnist_browser").summary(images, places);
            return { mean: [...mean.subarray(0, 28)], spread: [...spread.subarray(0, 28)] };
        })""",
        cases,
    )
    for one, (mean, spread) in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one["mean"], mean, rtol=1e-12)
        np.testing.assert_allclose(one["spread"], spread, rtol=1e-9, atol=1e-9)
    assert sum(not spread.any() for _, spread in wanted) > 100


def test_every_filter(figure_page):
    """All eleven choices of digits: which they are, every pixel of their mean and of their spread."""
    names = ["all", *map(str, range(10))]
    found = figure_page("mnist_browser").evaluate(
        """async (names) => {
            const { mnist } = imagebook.models.mnist_browser.get("_assets");
            const { images, labels } = await imagebook.use("kit/tensors").readTensors(mnist);
            const { placesOf, summary } = imagebook.use("mnist_browser");
            return names.map((name) => {
                const { places, mean, spread } = summary(images.data, placesOf(labels.data, name));
                return { places, mean: [...mean], spread: [...spread] };
            });
        }""",
        names,
    )
    for name, one in zip(names, found, strict=True):
        figure = MNISTBrowser(digit=name)
        np.testing.assert_array_equal(digits()[0][one["places"]], figure.shown)
        np.testing.assert_allclose(np.reshape(one["mean"], (28, 28)), figure.output, rtol=1e-12)
        np.testing.assert_allclose(np.reshape(one["spread"], (28, 28)), figure.spread, rtol=1e-9, atol=1e-9)
        assert name == "all" or len(one["places"]) == figure.counts[int(name)]


def text_of(figure):
    """Return the sentence that the page shows of the pixel."""
    at = figure.row, figure.column
    mean, spread = (f"{round(float(values[at]), 1):g}" for values in (figure.output, figure.spread))
    place = f"Row {figure.row + 1}, column {figure.column + 1}"
    return f"{place}: {figure.shown[figure.chosen][at]}. Mean {mean}, standard deviation {spread}."


def python_of(page):
    """Return Python's figure in the page's state."""
    return MNISTBrowser(**page.evaluate("state('mnist_browser')"))


def test_the_reader_browses(figure_page):
    """A class, a click on a digit, arrow keys, pages, and the last digit of a shorter class."""
    page = figure_page("mnist_browser")
    which = page.locator(".mnist_browser-which")
    expect(which).to_have_text("digit 1 of 62, class 3")
    sheet = page.locator(".mnist_browser-sheet")
    box = sheet.bounding_box()
    sheet.click(position={"x": 2.5 * box["width"] / 10, "y": 1.5 * box["height"] / 4})
    expect(which).to_have_text("digit 13 of 62, class 3")
    for key, number in [
        ("ArrowRight", 14),
        ("ArrowDown", 24),
        ("PageDown", 62),
        ("Home", 1),
        ("ArrowLeft", 1),
    ]:
        page.keyboard.press(key)
        expect(which).to_have_text(f"digit {number} of 62, class 3")
    page.get_by_role("button", name="One page on").click()
    expect(which).to_have_text("digit 41 of 62, class 3")
    expect(page.get_by_role("button", name="One page on")).to_be_disabled()
    page.get_by_label("all").check()
    sheet.press("End")
    label = digits()[1][599]
    expect(which).to_have_text(f"digit 600 of 600, class {label}")
    page.locator(".mnist_browser-classes").get_by_label("8").check()
    expect(which).to_have_text("digit 52 of 52, class 8")
    expect(page.locator(".mnist_browser-pixel")).to_have_text(text_of(python_of(page)))


def test_the_reader_points_at_pixels(figure_page):
    """By mouse, by touch on the mean, and by keys down to the edge: the numbers are the digit's."""
    page = figure_page("mnist_browser", has_touch=True, viewport={"width": 390, "height": 844})
    text = page.locator(".mnist_browser-pixel")
    expect(text).to_have_text(text_of(MNISTBrowser()))
    surfaces = page.locator(".mnist_browser-surface")
    for index, (row, column) in enumerate([(5, 12), (20, 15), (27, 0)]):
        box = surfaces.nth(index).bounding_box()
        place = {"x": (column + 0.5) * box["width"] / 28, "y": (row + 0.5) * box["height"] / 28}
        if index == 1:
            surfaces.nth(index).tap(position=place)
        else:
            surfaces.nth(index).hover(position=place)
        expect(text).to_contain_text(f"Row {row + 1}, column {column + 1}:")
        figure = python_of(page)
        assert (figure.row, figure.column) == (row, column)
        expect(text).to_have_text(text_of(figure))
        top, left = (min(max(at - 2, 0), 23) for at in (row, column))
        shown = [int(cell) for cell in page.locator(".ib-grid td").all_inner_texts()]
        np.testing.assert_array_equal(
            np.reshape(shown, (5, 5)), figure.shown[figure.chosen][top : top + 5, left : left + 5]
        )
    surfaces.first.focus()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowUp")
    expect(text).to_contain_text("Row 27, column 6:")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(text).to_contain_text("Row 28, column 6:")


def test_python_and_its_picture():
    """A place beyond the last digit is the last digit; bad states are refused."""
    figure = MNISTBrowser(digit="8", place=599)
    assert figure.chosen == 51 and "One of 52 digits of class 8" in figure.words()
    assert len(figure.picture().axes) == 3
    with pytest.raises(ValueError, match="digit"):
        MNISTBrowser(digit="10")
    with pytest.raises(ValueError, match="row"):
        MNISTBrowser(row=28)
