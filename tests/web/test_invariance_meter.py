"""The invariance meter: its networks, the accuracies that come with them, and what it shows on the page."""

import hashlib
from base64 import b64decode

import numpy as np
import pytest
from playwright.sync_api import expect

from imagebook import mnist
from imagebook.widgets import InvarianceMeter, _variants

LIMITS = {"angle": (-180, 180), "shift": (-10, 10), "size": (0.4, 1.8)}


def test_the_file_is_the_recorded_one():
    """It is small, and its SHA-256 stands in data/README.md."""
    content = _variants.FILE.read_bytes()
    assert len(content) < 60_000
    assert hashlib.sha256(content).hexdigest() in (_variants.FILE.parent / "README.md").read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize("name", _variants.NAMES.values())
def test_accuracies_are_measured_again(name):
    """Two values of each change: the same accuracies, but for digits on which rounding decides."""
    images, labels = (array[: _variants.N_TEST] for array in mnist.load("test"))
    for change in _variants.VALUES:
        values, stored = _variants.curve(name, change)
        np.testing.assert_allclose(values, _variants.VALUES[change], rtol=1e-6)
        some = [len(values) // 2 - 3, len(values) // 2]
        predict = _variants.load(name).predict
        measured = _variants.accuracies(
            predict, mnist.scale(images), labels, change, _variants.VALUES[change][some]
        )
        np.testing.assert_allclose(stored[some], measured, atol=0.0021)


def test_what_the_curves_teach():
    """Augmentation helps with changes and costs on plain digits; pooling helps with small shifts."""
    at = {
        (name, change, value): np.interp(value, *_variants.curve(name, change))
        for name in _variants.NAMES.values()
        for change, value in [("angle", 0), ("angle", 45), ("shift", 2), ("shift", 4), ("size", 0.6)]
    }
    for kind in ("pooled", "strided"):
        assert at[f"{kind}_augmented", "angle", 45] > at[kind, "angle", 45] + 0.2
        assert at[f"{kind}_augmented", "shift", 4] > at[kind, "shift", 4] + 0.2
        assert at[f"{kind}_augmented", "angle", 0] < at[kind, "angle", 0]
    assert at["pooled", "shift", 2] > at["strided", "shift", 2] + 0.04


def test_changed_digits(modules):
    """200 digits for each change: what imagebook.augmentation returns."""
    rng = np.random.default_rng(0)
    digits = mnist.load("test")[0][:200]
    for change, limits in LIMITS.items():
        values = rng.uniform(*limits, len(digits))
        values[0] = {"angle": 90, "shift": 3, "size": 1}[change]
        flat = (digits / 255).reshape(len(digits), -1).tolist()
        cases = [[digit, change, value] for digit, value in zip(flat, values.tolist(), strict=True)]
        found = np.reshape(modules("invariance_meter", "changed", cases), digits.shape)
        wanted = [
            _variants.changed(digit / 255, change, value) for digit, value in zip(digits, values, strict=True)
        ]
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-9)


def test_interpolation(modules):
    """500 curves of 2 to 9 points, read within, at and beyond their ends: as numpy.interp."""
    rng = np.random.default_rng(1)
    cases = []
    for _ in range(500):
        xs = np.cumsum(rng.uniform(0.1, 2, rng.integers(2, 10)))
        x = rng.choice([xs[0], xs[-1], rng.choice(xs), rng.uniform(-1, xs[-1] + 1)])
        cases.append([xs.tolist(), rng.random(len(xs)).tolist(), float(x)])
    found = modules("invariance_meter", "interpolate", cases)
    np.testing.assert_allclose(found, [np.interp(x, xs, ys) for xs, ys, x in cases], rtol=1e-5, atol=1e-12)
    assert sum(x < xs[0] or x > xs[-1] for xs, ys, x in cases) > 20


def test_names(modules):
    """All four."""
    cases = [list(kind) for kind in _variants.NAMES]
    assert modules("invariance_meter", "networkName", cases) == list(_variants.NAMES.values())


def figure_of(page):
    """Return Python's figure in the page's state."""
    state = page.evaluate("state('invariance_meter')")
    return InvarianceMeter(
        **state | {"digit": np.frombuffer(b64decode(state["digit"]), np.uint8).reshape(28, 28)}
    )


@pytest.mark.parametrize("change", LIMITS)
@pytest.mark.parametrize(("pooling", "augmented"), _variants.NAMES)
def test_the_page_shows_the_output_and_the_accuracy(figure_page, change, pooling, augmented):
    """Every change under every network."""
    page = figure_page("invariance_meter")
    values = {
        "change": change,
        "pooling": pooling,
        "augmented": augmented,
        "angle": -50,
        "shift": -2.5,
        "size": 1.4,
    }
    page.evaluate("values => setState('invariance_meter', values)", values)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    figure = figure_of(page)
    shown = [float(text) for text in page.locator(".ib-bars td:last-child").all_text_contents()]
    np.testing.assert_allclose(shown, figure.output, atol=6e-4)
    accuracy = f" {100 * figure.accuracy:.0f}\xa0%."
    assert page.locator(".invariance_meter-result").text_content().endswith(accuracy)
    assert page.locator(".ib-chart:visible").count() == 1
    assert page.locator("input[type=range]:visible").count() == 1


def test_controls(figure_page):
    """The change by its radio button, its amount by keys, the network by its boxes."""
    page = figure_page("invariance_meter")
    page.get_by_role("radio", name="move").check()
    page.get_by_role("slider", name="Shift").focus()
    page.keyboard.press("ArrowLeft")
    page.get_by_label("Trained on augmented digits").check()
    page.get_by_role("checkbox", name="Pooling").uncheck()
    state = page.evaluate("state('invariance_meter')")
    wanted = {"change": "shift", "shift": 2.5, "augmented": True, "pooling": False}
    assert {name: state[name] for name in wanted} == wanted
    legend = page.locator(".ib-plot:not([hidden]) .ib-legend span").first
    expect(legend).to_have_text("This network: strides, augmented digits")
