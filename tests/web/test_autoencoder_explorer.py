"""The autoencoder on the page computes what the library does; sliders, modes and hole do what they say."""

import json

import numpy as np
import pytest

from imagebook import mnist, pretrained
from imagebook.autoencoder import Autoencoder
from imagebook.widgets import AutoencoderExplorer, _assets, _random
from imagebook.widgets.autoencoder_explorer import damaged

# The weights travel once, with the first case; text travels faster than lists of numbers.
WEIGHTS = "globalThis.weights = weights ? JSON.parse(weights) : globalThis.weights"


@pytest.fixture(scope="module")
def library():
    """Return the pretrained autoencoder in float64."""
    autoencoder = Autoencoder(hidden=(64,), code=16, rng=np.random.default_rng(0), dtype=np.float64)
    autoencoder.model.load(pretrained.weights_file("autoencoder"))
    return autoencoder


@pytest.fixture(scope="module")
def weights():
    """Return the asset as the page reads it, as JSON."""
    arrays = _assets.asset("autoencoder").items()
    return json.dumps({name: {"data": array.astype(float).ravel().tolist()} for name, array in arrays})


@pytest.fixture(scope="module")
def pictures():
    """Return digits as bytes: 400 of MNIST, 100 scribbles, an empty sheet and a full one."""
    rng = np.random.default_rng(0)
    digits = mnist.load("test")[0][:400]
    scribbles = rng.integers(0, 256, (100, 28, 28)) * (rng.random((100, 28, 28)) < 0.2)
    return np.concatenate([digits, scribbles, np.zeros((1, 28, 28), int), np.full((1, 28, 28), 255)])


def with_weights(weights, values):
    """Return cases, of which only the first carries the weights."""
    return [[None if number else weights, json.dumps(value.tolist())] for number, value in enumerate(values)]


def test_the_page_encodes_as_the_library_does(modules, library, weights, pictures):
    """502 images."""
    cases = with_weights(weights, pictures.reshape(len(pictures), -1))
    convert = f"(weights, bytes) => [{WEIGHTS}, JSON.parse(bytes).map(byte => byte / 255)]"
    found = modules("autoencoder_explorer", "encode", cases, convert=convert)
    np.testing.assert_allclose(found, library.encode(pictures / 255), rtol=1e-5, atol=1e-9)


def test_the_page_decodes_as_the_library_does(modules, library, weights):
    """500 codes, some far away from all that digits have."""
    rng = np.random.default_rng(1)
    codes = rng.standard_normal((500, 16)) * rng.choice([0.0, 1, 3, 12], (500, 1))
    convert = f"(weights, code) => [{WEIGHTS}, JSON.parse(code)]"
    found = modules("autoencoder_explorer", "decode", with_weights(weights, codes), convert=convert)
    wanted = library.decode(codes)
    np.testing.assert_allclose(found, wanted.reshape(500, -1), rtol=1e-5, atol=1e-12)
    assert wanted.min() < 1e-6 and wanted.max() > 1 - 1e-6


def test_the_page_damages_as_python_does(modules, pictures):
    """502 digits and 20 grey sheets on which no noise is clipped: the same random numbers, the same hole."""
    rng = np.random.default_rng(2)
    images = np.concatenate([pictures / 255, np.full((20, 28, 28), 0.5)])
    states = [
        {
            "noise": round(float(rng.uniform(0, 1)), 2) if number < 502 else 0.05,
            "seed": int(rng.integers(0, 1000)),
            "hole": int(rng.integers(0, 21)),
            "hole_row": int(rng.integers(0, 28)),
            "hole_column": int(rng.integers(0, 28)),
        }
        for number in range(len(images))
    ]
    cases = [[json.dumps(image.ravel().tolist()), state] for image, state in zip(images, states, strict=True)]
    found = modules(
        "autoencoder_explorer", "damaged", cases, convert="(image, state) => [JSON.parse(image), state]"
    )
    for image, state, pixels in zip(images, states, found, strict=True):
        row, column = state.pop("hole_row"), state.pop("hole_column")
        wanted = damaged(image, row=row, column=column, **state)
        np.testing.assert_allclose(np.reshape(pixels, (28, 28)), wanted, rtol=1e-9, atol=1e-12)


def test_random_numbers_are_normal():
    """Mean 0, variance 1, and another seed gives others."""
    numbers = _random.normals(7, 20_000)
    assert abs(numbers.mean()) < 0.03 and abs(numbers.var() - 1) < 0.03
    assert not np.isclose(numbers[:100], _random.normals(8, 100)).any()


def test_blends_and_errors(modules):
    """Counted by hand, and 500 random pairs."""
    assert modules("autoencoder_explorer", "between", [[[0, 4], [1, 0], 0.25]]) == [[0.25, 3]]
    assert modules("autoencoder_explorer", "meanSquaredError", [[[0, 4], [1, 1]]]) == [5]
    rng = np.random.default_rng(3)
    first, second, part = rng.normal(size=(500, 16)), rng.normal(size=(500, 16)), rng.random(500)
    part[:2] = 0, 1
    pairs = zip(first.tolist(), second.tolist(), part.tolist(), strict=True)
    found = modules("autoencoder_explorer", "between", [list(pair) for pair in pairs])
    np.testing.assert_allclose(found, (1 - part[:, None]) * first + part[:, None] * second, rtol=1e-12)
    pairs = zip(first.tolist(), second.tolist(), strict=True)
    found = modules("autoencoder_explorer", "meanSquaredError", [list(pair) for pair in pairs])
    np.testing.assert_allclose(found, ((first - second) ** 2).mean(axis=1), rtol=1e-12)


def decoded(page):
    """Return the grey levels of the last picture on the page, 0 to 1."""
    return np.reshape(
        page.evaluate("""() => {
            const canvas = document.querySelectorAll(".autoencoder-explorer-flow canvas")[1];
            const bytes = canvas.getContext("2d").getImageData(0, 0, 28, 28).data;
            return Array.from({ length: 784 }, (_, i) => bytes[4 * i] / 255);
        }"""),
        (28, 28),
    )


def test_a_slider_moves_one_number_of_the_code(figure_page):
    """An arrow key moves the third number; the page shows what Python's figure computes from that state."""
    page = figure_page("autoencoder_explorer")
    page.get_by_label("Number 3 of the code").focus()
    before = decoded(page)
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("() => state('autoencoder_explorer').code_shift[2] > 2.9")
    shift = page.evaluate("state('autoencoder_explorer').code_shift")
    assert shift[2] == pytest.approx(3, abs=0.06) and np.count_nonzero(shift) == 1
    page.wait_for_function("() => new Promise(done => requestAnimationFrame(() => done(true)))")
    after = decoded(page)
    np.testing.assert_allclose(after, AutoencoderExplorer(code_shift=shift).output, atol=0.003)
    assert np.abs(after - before).max() > 0.1
    page.get_by_role("button", name="Back to the digit's own code").click()
    assert not any(page.evaluate("state('autoencoder_explorer').code_shift"))


@pytest.mark.parametrize("mode", ["damage", "blend"])
def test_the_other_modes_show_what_python_computes(figure_page, mode):
    """The same state, the same picture: the seeded noise too."""
    page = figure_page("autoencoder_explorer")
    page.locator(f"input[value={mode}]").check()
    page.wait_for_function("() => new Promise(done => requestAnimationFrame(() => done(true)))")
    np.testing.assert_allclose(decoded(page), AutoencoderExplorer(mode=mode).output, atol=0.003)


def test_the_hole_is_dragged(figure_page):
    """Four pixels of the digit to the right, two up, with the mouse."""
    page = figure_page("autoencoder_explorer")
    page.locator("input[value=damage]").check()
    hole = page.locator(".autoencoder-explorer-hole")
    frame = page.locator(".autoencoder-explorer-frame").first.bounding_box()
    box = hole.bounding_box()
    x, y, pixel = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, frame["width"] / 28
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 4 * pixel, y - 2 * pixel, steps=4)
    page.mouse.up()
    state = page.evaluate("state('autoencoder_explorer')")
    assert (state["hole_column"], state["hole_row"]) == (15, 9)


def test_a_second_digit_is_picked(figure_page):
    """The whole way to a picked seven: its picture, not the first digit's."""
    page = figure_page("autoencoder_explorer")
    page.locator("input[value=blend]").check()
    page.get_by_label("Another 8 from MNIST as the second digit").click()
    page.get_by_label("From the first to the second").focus()
    page.keyboard.press("End")
    page.wait_for_function("() => state('autoencoder_explorer').part === 1")
    digits = _assets.asset("digits")
    eight = digits["images"][np.flatnonzero(digits["labels"] == 8)[0]]
    page.wait_for_function("() => new Promise(done => requestAnimationFrame(() => done(true)))")
    np.testing.assert_allclose(
        decoded(page), AutoencoderExplorer(mode="blend", second=eight, part=1).output, atol=0.003
    )
