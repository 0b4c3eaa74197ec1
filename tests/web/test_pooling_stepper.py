"""The pooling stepper pools as the library does, and counts what a shift leaves as it was."""

import numpy as np
import pytest
from playwright.sync_api import expect

from imagebook import pooling
from imagebook.widgets import PoolingStepper

NAME = "pooling_stepper"


def random_states(count):
    """Return images, windows and strides, in some of which the window does not fit."""
    rng = np.random.default_rng(0)
    for _ in range(count):
        image = rng.integers(-9, 10, rng.integers(1, 9, 2)) * rng.choice([1.0, 0.1])
        yield image, int(rng.integers(1, 5)), int(rng.integers(1, 5))


@pytest.mark.parametrize(
    ("function", "twin"), [("maxPool2d", pooling.max_pool2d), ("averagePool2d", pooling.average_pool2d)]
)
def test_the_page_pools_as_the_library(modules, function, twin):
    """700 states, some with a window larger than the input."""
    states = list(random_states(700))
    found = modules("kit/pooling", function, [[image.tolist(), *window] for image, *window in states])
    refused = 0
    for (image, size, stride), rows in zip(states, found, strict=True):
        if size > min(image.shape):
            with pytest.raises(ValueError, match="must fit"):
                twin(image, size, stride=stride)
            assert rows == []
            refused += 1
        else:
            np.testing.assert_allclose(rows, twin(image, size, stride=stride), rtol=1e-12, atol=1e-12)
    assert 50 < refused < 350


def test_a_shift_and_what_survives_it(modules):
    """600 states, against the figure in Python."""
    rng = np.random.default_rng(1)
    counts = []
    for kind, function in [("maximum", "maxPool2d"), ("average", "averagePool2d")]:
        states = [(image, *window, *rng.integers(0, 3, 2).tolist()) for image, *window in random_states(300)]
        moved = modules(
            "kit/pooling", "shifted", [[image.tolist(), right, down] for image, *_, right, down in states]
        )
        before = modules(
            "kit/pooling", function, [[image.tolist(), *window] for image, *window, _, _ in states]
        )
        after = modules(
            "kit/pooling",
            function,
            [[image, *window] for image, (_, *window, _, _) in zip(moved, states, strict=True)],
        )
        same = modules("kit/pooling", "unchanged", list(map(list, zip(before, after, strict=True))))
        for (image, size, stride, right, down), shifted, found in zip(states, moved, same, strict=True):
            figure = PoolingStepper(image, kind=kind, size=size, stride=stride, right=right, down=down)
            assert figure._shifted().tolist() == shifted
            wanted = figure.survived
            assert ([] if wanted is None else wanted.tolist()) == found
            counts.append(None if wanted is None else wanted.mean())
    assert {None, 0, 1} < set(counts)


def test_stepping_says_what_is_kept(figure_page):
    """The glossary's 3 x 3 example, maximum and average, by buttons and by the output's cells."""
    page = figure_page(NAME)
    now = page.locator(".pooling-stepper-now")
    expect(now).to_have_text("Row 1, column 1 of the output: the maximum of 5, 3, 8, 2 is 8")
    page.get_by_role("button", name="One step on").click()
    expect(now).to_contain_text("the maximum of 3, 1, 2, 5 is 5")
    output = page.get_by_role("table", name="Output", exact=True).get_by_role("button")
    assert output.all_inner_texts() == ["8", "5", "", ""]
    page.get_by_label("the average").check()
    output.nth(3).click()
    expect(now).to_have_text("Row 2, column 2 of the output: (2 + 5 + 4 + 3) ÷ 4 = 3.5")
    assert output.all_inner_texts() == ["4.5", "2.75", "5.75", "3.5"]


def test_a_shift_is_compared(figure_page):
    """Both outputs side by side; those that survived are marked and counted."""
    page = figure_page(NAME)
    count = page.locator(".pooling-stepper-count")
    expect(count).to_be_hidden()
    page.get_by_label("Shift right").press("ArrowRight")
    expect(count).to_contain_text("2 of 4 survived")
    after = page.get_by_role("table", name="Output after the shift").locator("td")
    assert after.all_inner_texts() == ["8", "8", "9", "9"]
    assert after.evaluate_all("cells => cells.map((cell) => getComputedStyle(cell, '::after').content)") == [
        '"✓"',
        "none",
        '"✓"',
        "none",
    ]
    survived = []
    for example in ["a bar moves, maximum", "a bar moves, average"]:
        page.get_by_label("Example").select_option(example)
        figure = PoolingStepper(**page.evaluate("state('pooling_stepper')"))
        survived.append(figure.survived.sum())
        expect(count).to_contain_text(f"{survived[-1]} of 16 survived")
        assert f"{survived[-1]} of 16" in figure.words()
    assert survived[0] > 2 * survived[1]  # what the example is there to show


def test_what_does_not_fit_is_said(figure_page):
    """A window larger than the input, and a stride that leaves a row and a column over."""
    page = figure_page(NAME)
    warning = page.locator(".pooling-stepper-warning")
    page.evaluate("setState('pooling_stepper', {size: 4, right: 2})")
    expect(warning).to_have_text("The window does not fit: it has 4 × 4 cells, the input 3 × 3.")
    expect(page.get_by_role("button", name="One step on")).to_be_hidden()
    page.evaluate("setState('pooling_stepper', {size: 2, stride: 2, right: 0, step: 60})")
    expect(warning).to_have_text("The stride does not fit. Never visited at the far end: row 3, column 3.")
    page.get_by_label("Input, row 2, column 2", exact=True).fill("77")
    expect(page.locator(".pooling-stepper-now")).to_contain_text("77")


def test_the_ledgers_example():
    """Both kinds of pooling of the glossary's 3 x 3 matrix; pictures of every kind of state."""
    figure = PoolingStepper()
    assert figure.output.tolist() == [[8, 5], [9, 5]]
    assert len(figure.picture().axes) == 2
    figure.kind = "average"
    assert figure.output.tolist() == [[4.5, 2.75], [5.75, 3.5]]
    figure.down = 1
    assert len(figure.picture().axes) == 4
    figure.size = 4
    assert figure.output is None and figure.survived is None
    assert "does not fit" in figure.words() and len(figure.picture().axes) == 1
