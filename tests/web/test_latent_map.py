"""The map of codes shows what the library decodes and encodes; the point goes by mouse, touch and keys."""

import json

import numpy as np
import pytest

from imagebook import mnist, pretrained
from imagebook.variational import VariationalAutoencoder
from imagebook.widgets import LatentMap, _assets
from imagebook.widgets.latent_map import tiles

# The weights travel once, with the first case; text travels faster than lists of numbers.
CONVERT = """(weights, values) =>
    [globalThis.map = weights ? JSON.parse(weights) : globalThis.map, JSON.parse(values)]"""


@pytest.fixture(scope="module")
def library():
    """Return the pretrained model in float64."""
    rng = np.random.default_rng(0)
    autoencoder = VariationalAutoencoder(hidden=(80, 32), code=2, rng=rng, dtype=np.float64)
    autoencoder.model.load(pretrained.weights_file("variational_autoencoder_2d"))
    return autoencoder


@pytest.fixture(scope="module")
def cases():
    """Return a function that makes cases of values; only the first carries the asset as the page has it."""
    arrays = _assets.asset("variational_autoencoder_2d").items()
    weights = {name: {"data": array.astype(float).ravel().tolist()} for name, array in arrays}

    def make(values):
        texts = [json.dumps(value.ravel().tolist()) for value in values]
        return [[None if number else json.dumps(weights), text] for number, text in enumerate(texts)]

    return make


def test_the_page_decodes_as_the_library_does(modules, library, cases):
    """500 codes, among them the map's corners and its middle."""
    rng = np.random.default_rng(0)
    codes = rng.uniform(-3, 3, (500, 2))
    codes[:5] = (-3, -3), (-3, 3), (3, -3), (3, 3), (0, 0)
    found = modules("latent_map", "decode", cases(codes), convert=CONVERT)
    np.testing.assert_allclose(found, library.decode(codes).reshape(500, -1), rtol=1e-5, atol=1e-12)


def test_the_page_encodes_as_the_library_does(modules, library, cases):
    """400 digits of MNIST, 100 scribbles, an empty sheet and a full one: means and standard deviations."""
    rng = np.random.default_rng(1)
    scribbles = rng.random((100, 28, 28)) * (rng.random((100, 28, 28)) < 0.2)
    pictures = [mnist.load("test")[0][:400] / 255, scribbles, np.zeros((1, 28, 28)), np.ones((1, 28, 28))]
    pictures = np.concatenate(pictures)
    found = modules("latent_map", "encode", cases(pictures), convert=CONVERT)
    mean, log_variance = library.encode(pictures)
    np.testing.assert_allclose([each["mean"] for each in found], mean, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose([each["deviation"] for each in found], np.exp(log_variance / 2), rtol=1e-5)
    assert (np.abs(mean).max(axis=1) > 3).any()  # some lie outside of the map


def test_tiles_have_the_map_s_middles(modules):
    """Upper left, centre and lower right of 15 x 15 tiles from -3 to 3."""
    found = modules("latent_map", "middle", [[0, 0], [7, 7], [14, 14]])
    np.testing.assert_allclose(found, [[-2.8, 2.8], [0, 0], [2.8, -2.8]], atol=1e-12)


def grey(page, selector, side):
    """Return a canvas's grey levels, 0 to 1."""
    text = page.evaluate(
        """([selector, side]) => {
            const context = document.querySelector(selector).getContext("2d");
            const bytes = context.getImageData(0, 0, side, side).data;
            return JSON.stringify(Array.from({ length: side * side }, (_, i) => bytes[4 * i]));
        }""",
        [selector, side],
    )
    return np.reshape(json.loads(text), (side, side)) / 255


def test_the_painted_map_is_the_library_s(figure_page):
    """All 225 tiles, pixel by pixel."""
    page = figure_page("latent_map")
    page.wait_for_selector(".latent-map-map canvas[data-painted]")
    np.testing.assert_allclose(grey(page, ".latent-map-map canvas", 15 * 28), tiles(), atol=0.004)


def test_the_point_is_dragged_nudged_and_slid(figure_page):
    """The picture beside the map is what the library decodes there."""
    page = figure_page("latent_map")
    sheet = page.locator(".latent-map-sheet").bounding_box()
    unit = sheet["width"] / 6
    x, y = sheet["x"] + 3 * unit, sheet["y"] + 3 * unit
    page.mouse.move(x + 1.5 * unit, y + unit)  # anywhere: the point comes
    page.mouse.down()
    assert page.evaluate("state('latent_map').point") == pytest.approx([1.5, -1], abs=0.02)
    page.mouse.move(x - 2 * unit, y - 2 * unit, steps=4)
    page.mouse.up()
    point = page.evaluate("state('latent_map').point")
    assert point == pytest.approx([-2, 2], abs=0.03)
    page.locator(".latent-map-point").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    nudged = page.evaluate("state('latent_map').point")
    assert nudged == pytest.approx(np.add(point, [0.05, -0.5]), abs=0.011)
    page.get_by_label("First number").focus()
    page.keyboard.press("End")
    page.wait_for_function("() => state('latent_map').point[0] === 3")
    page.wait_for_function("() => new Promise(done => requestAnimationFrame(() => done(true)))")
    wanted = LatentMap(point=page.evaluate("state('latent_map').point")).output
    np.testing.assert_allclose(grey(page, ".latent-map-side canvas", 28), wanted, atol=0.004)


def test_a_finger_wanders(figure_page):
    """A touch on the map fetches the point."""
    page = figure_page("latent_map", has_touch=True, viewport={"width": 390, "height": 844})
    sheet = page.locator(".latent-map-sheet").bounding_box()
    page.touchscreen.tap(sheet["x"] + sheet["width"] / 4, sheet["y"] + sheet["height"] / 4)
    page.wait_for_function("() => state('latent_map').point[0] < -1.4")
    assert page.evaluate("state('latent_map').point") == pytest.approx([-1.5, 1.5], abs=0.03)


def test_a_digit_lands_where_the_library_puts_it(figure_page):
    """A picked eight: the ellipse on the map, and the point that goes there."""
    page = figure_page("latent_map")
    page.get_by_label("Another 8 from MNIST").click()
    digits = _assets.asset("digits")
    eight = LatentMap(digit=digits["images"][np.flatnonzero(digits["labels"] == 8)[0]])
    page.wait_for_function(
        "x => Math.abs(document.querySelector('.latent-map-landing').getAttribute('cx') - x) < 1e-4",
        arg=float(eight.mean[0]),
    )
    ellipse = page.locator(".latent-map-landing")
    found = [float(ellipse.get_attribute(name)) for name in ("cx", "cy", "rx", "ry")]
    np.testing.assert_allclose(found, [eight.mean[0], -eight.mean[1], *eight.deviation], atol=1e-4)
    page.get_by_role("button", name="Move the point there").click()
    assert page.evaluate("state('latent_map').point") == pytest.approx(eight.mean, abs=0.006)


def test_test_digits_stand_where_they_lie(figure_page):
    """Each of the 120 labels is at its digit's mean."""
    page = figure_page("latent_map")
    page.get_by_label("Where test digits lie").check()
    page.wait_for_selector(".latent-map-labels[data-written]")
    found = page.evaluate(
        """[...document.querySelectorAll(".latent-map-labels text")]
            .map((text) => [text.textContent, text.getAttribute("x"), text.getAttribute("y")].map(Number))"""
    )
    digits = _assets.asset("digits")
    means = pretrained.load("variational_autoencoder_2d").encode(digits["images"] / 255)[0]
    np.testing.assert_allclose(found, np.column_stack([digits["labels"], means * (1, -1)]), atol=1e-4)
