"""The cost of normal and separable convolutions, as the library's own layers have it."""

import numpy as np
import pytest
from playwright.sync_api import expect

from imagebook.layers import Conv2D, DepthwiseConv2D
from imagebook.models import Sequential, layer_counts
from imagebook.widgets import SeparableCost

NAME = "separable_cost"


def random_states(count):
    """Return states, the corners of what is allowed among them."""
    rng = np.random.default_rng(0)
    yield from (
        {"kernel": n, "channels_in": c, "channels_out": d, "size": s}
        for n in (1, 7)
        for c in (1, 512)
        for d in (1, 512)
        for s in (1, 224)
    )
    for _ in range(count):
        kernel, channels_in, channels_out, size = rng.integers(1, (8, 513, 513, 225)).tolist()
        yield {"kernel": kernel, "channels_in": channels_in, "channels_out": channels_out, "size": size}


def test_the_page_counts_as_python(modules):
    """616 states, every number of them."""
    states = list(random_states(600))
    found = modules("separable_cost", "separableCost", [[state] for state in states])
    for state, costs in zip(states, found, strict=True):
        wanted = SeparableCost(**state).output
        assert costs.pop("ratio") == pytest.approx(wanted.pop("ratio"), rel=1e-12)
        assert {name: tuple(pair) for name, pair in costs.items()} == wanted
    assert any(SeparableCost(**state).output["ratio"] < 1 for state in states)


@pytest.mark.parametrize("seed", range(12))
def test_real_layers_have_these_weights(seed):
    """Layers of the library, built small: their weights and multiply-adds, without biases."""
    rng = np.random.default_rng(seed)
    kernel, channels_in, channels_out, size = rng.integers(1, (8, 20, 20, 9)).tolist()
    output = SeparableCost(
        kernel=kernel, channels_in=channels_in, channels_out=channels_out, size=size
    ).output
    shape = (size + kernel - 1, size + kernel - 1, channels_in)
    normal = Sequential([Conv2D(channels_in, channels_out, kernel, rng=rng)])
    separable = Sequential(
        [DepthwiseConv2D(channels_in, kernel, rng=rng), Conv2D(channels_in, channels_out, 1, rng=rng)]
    )

    def counts(model):
        rows, _ = layer_counts(model, shape)
        weights = [layer.parameters["weights"].size for layer in model.layers]
        return [(number, row.multiply_adds) for number, row in zip(weights, rows, strict=True)]

    assert counts(normal) == [output["normal"]]
    assert counts(separable) == [output["depthwise"], output["pointwise"]]
    assert output["separable"] == tuple(np.sum(counts(separable), axis=0))


def test_the_ledgers_counts():
    """Weights and ratios of the glossary's three pairs of channels."""
    rows = []
    for channels_in, channels_out in [(3, 16), (64, 128), (256, 256)]:
        figure = SeparableCost(channels_in=channels_in, channels_out=channels_out)
        output = figure.output
        rows.append((output["normal"][0], output["separable"][0], round(output["ratio"], 2)))
        assert f"{output['ratio']:.2f} times" in figure.words()
        assert len(figure.picture().axes[0].patches) == 3
    assert rows == [(432, 75, 5.76), (73_728, 8_768, 8.41), (589_824, 67_840, 8.69)]


def test_thousands_are_set_apart(modules):
    """Commas, as in the text of the book."""
    numbers = [[0], [999], [1000], [73_728], [644_513_529_856], [1234.5], [0.1234]]
    assert modules("kit/numbers", "grouped", numbers) == [f"{number:,}" for [number] in numbers]


def test_areas_and_numbers_follow_the_sliders(figure_page):
    """Keys move a slider from stop to stop; the areas are to scale."""
    page = figure_page(NAME)
    result = page.locator(".separable-cost-result")
    expect(result).to_contain_text("73,728 ÷ 8,768 = 8.41 times fewer")
    slider = page.get_by_label("Channels out")
    slider.press("ArrowRight")
    page.wait_for_function("() => state('separable_cost').channels_out === 192")
    expect(page.locator(".separable-cost-table tbody tr").first).to_contain_text("110,592")
    page.get_by_label("Example").select_option("colours to 16 channels")
    expect(result).to_contain_text("432 ÷ 75 = 5.76")
    sides = page.evaluate(
        """["normal", "depthwise", "pointwise"].map((name) => {
            const shape = document.querySelector(`rect.separable-cost-${name}`);
            return shape.getAttribute("width") * shape.getAttribute("height");
        })"""
    )
    assert np.divide(sides, sides[0]) == pytest.approx([1, 27 / 432, 48 / 432])
    page.get_by_label("Example").select_option("one channel out: no saving")
    expect(result).to_contain_text("27 ÷ 30 = 0.9: here the two steps cost more")


def test_a_number_between_the_stops_is_kept(figure_page):
    """Python or a link may ask for 100 channels: the slider stands at the nearest stop, the number is 100."""
    page = figure_page(NAME)
    page.evaluate("setState('separable_cost', {channels_in: 100})")
    slider = page.get_by_label("Channels in")
    expect(slider).to_have_attribute("aria-valuetext", "100")
    assert slider.input_value() == "12"  # 96
    expect(page.locator(".separable-cost-result")).to_contain_text("115,200")
    slider.press("ArrowRight")
    page.wait_for_function("() => state('separable_cost').channels_in === 128")


def test_the_two_steps(figure_page):
    """First each channel by itself, then mixes of all of them; of few channels only those that there are."""
    page = figure_page(NAME)
    words = page.locator(".separable-cost-step")
    expect(words).to_contain_text("Depthwise, channel 1 of 64")
    forward = page.get_by_role("button", name="One step on")
    for _ in range(3):
        forward.click()
    expect(words).to_contain_text("Pointwise, output channel 1 of 128")
    expect(words).to_contain_text("Multiply-adds: 64.")
    page.evaluate("setState('separable_cost', {channels_in: 1, channels_out: 2, step: 5})")
    expect(words).to_contain_text("Pointwise, output channel 2 of 2")
    expect(forward).to_be_disabled()
    page.get_by_role("button", name="One step back").click()
    expect(words).to_contain_text("Pointwise, output channel 1 of 2")
    page.get_by_role("button", name="One step back").click()
    expect(words).to_contain_text("Depthwise, channel 1 of 1")
