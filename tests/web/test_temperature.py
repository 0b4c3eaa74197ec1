"""The figure of temperature shows the library's probabilities, and draws as Python does."""

import numpy as np
import pytest
from playwright.sync_api import expect

from imagebook.widgets import Temperature


def set_range(page, label, place):
    """Move a slider, found by its label, to a place."""
    page.get_by_role("slider", name=label, exact=True).fill(str(place))


def test_counts_of_draws(figure_page):
    """A thousand draws of each of 500 states, ties at temperature 0 among them."""
    rng = np.random.default_rng(0)
    cases, wanted = [], []
    for index in range(500):
        figure = Temperature(
            logits=np.round(rng.uniform(-5, 5, 5)) if index % 2 else rng.uniform(-5, 5, 5),
            temperature=rng.choice([0, 0.1, 1, 2.5, 5]),
            seed=int(rng.integers(10_000)),
        )
        cases.append([figure.output.tolist(), figure.seed])
        wanted.append(figure.counts.tolist())
    found = figure_page("temperature").evaluate(
        """(cases) => {
            const { drawn } = imagebook.use("temperature");
            const { uniforms } = imagebook.use("kit/random");
            return cases.map(([p, seed]) => drawn(p, Array.from({ length: 1000 }, uniforms(seed))));
        }""",
        cases,
    )
    assert [one["counts"] for one in found] == wanted
    assert {sum(counts) for counts in wanted} == {1000}


def test_places_of_the_slider(modules):
    """Twentieths up to 1 and tenths up to 5; every place is the place of its temperature."""
    found = modules("temperature", "temperatureAt", [[place] for place in range(61)])
    assert found == pytest.approx([*np.arange(0, 1, 0.05), *np.arange(1, 5.05, 0.1)])
    assert modules("temperature", "placeOf", [[t] for t in found]) == pytest.approx(range(61))


def shown(page):
    """Return the probabilities and the shares that the page shows."""
    numbers = page.locator(".temperature-number").all_inner_texts()
    return [float(text) for text in numbers[::2]], [float(text) for text in numbers[1::2]]


def test_the_reader_moves_sliders(figure_page):
    """Temperature to 0, a score up to a tie, other draws, an example; the page says what Python says."""
    page = figure_page("temperature")
    set_range(page, "Temperature", 0)
    expect(page.locator(".temperature-result")).to_contain_text("always cat")
    assert page.evaluate("state('temperature').temperature") == 0
    set_range(page, "dog", 3)
    expect(page.locator(".temperature-result")).to_contain_text(
        "2 largest scores share everything (entropy in bits: 1)"
    )
    slider = page.get_by_role("slider", name="Temperature")
    slider.focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".temperature-slider output")).to_have_text("T = 2")
    page.get_by_role("button", name="Draw again").click()
    expect(page.get_by_label("dog", exact=True)).to_have_attribute(
        "aria-valuetext", "score 3, probability 0.362"
    )
    state = page.evaluate("state('temperature')")
    assert state["seed"] == 2
    figure = Temperature(**state)
    probabilities, shares = shown(page)
    assert probabilities == pytest.approx(figure.output, abs=6e-4)
    assert shares == pytest.approx(figure.counts / 1000)
    page.get_by_label("Example").select_option("all equal")
    expect(page.locator(".temperature-result")).to_contain_text("among 5 equal classes")


def test_python_and_its_picture():
    """Bad states are refused in plain words; the picture's words have its numbers."""
    figure = Temperature(temperature=0)
    assert "cat 1.000" in figure.words() and figure.picture().axes[0].get_title() == "T = 0"
    with pytest.raises(ValueError, match="temperature"):
        Temperature(temperature=6)
    with pytest.raises(ValueError, match="length"):
        figure.logits = [1, 2, 3]
