"""The convolution stepper computes what the library does, step for step, and says what it cannot."""

import numpy as np
import pytest
from playwright.sync_api import expect

from imagebook import convolution
from imagebook.widgets import ConvolutionStepper

NAME = "convolution_stepper"


def random_states(seed, count):
    """Return images, kernels and geometries, in some of which the kernel does not fit."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        image = rng.integers(-9, 10, rng.integers(1, 9, 2)) * rng.choice([1, 0.25])
        kernel = rng.integers(-9, 10, rng.integers(1, 6, 2)) * rng.choice([1, 0.5])
        geometry = {
            "stride": int(rng.integers(1, 5)),
            "padding": int(rng.integers(0, 4)),
            "dilation": int(rng.integers(1, 4)),
        }
        yield image, kernel, geometry


def by_library(image, kernel, geometry, flip):
    """Return the library's result as rows, none if the kernel does not fit."""
    operation = convolution.convolve2d if flip else convolution.cross_correlate2d
    try:
        return operation(image, kernel, **geometry).tolist()
    except ValueError as error:
        assert "must fit" in str(error)
        return []


def test_the_page_computes_the_librarys_cross_correlation(modules):
    """800 states; Python's figure agrees too, on which do not fit as well."""
    states = list(random_states(0, 800))
    cases = [[image.tolist(), kernel.tolist(), geometry] for image, kernel, geometry in states]
    found = modules("kit/convolution", "crossCorrelate2d", cases)
    wanted = [by_library(*state, flip=False) for state in states]
    for one, other in zip(found, wanted, strict=True):
        assert np.shape(one) == np.shape(other)
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)
    assert 100 < sum(not rows for rows in wanted) < 500
    assert len({np.shape(rows) for rows in wanted}) > 40
    for (image, kernel, geometry), rows in zip(states[:150], wanted, strict=False):
        output = ConvolutionStepper(image, kernel, **geometry).output
        assert ([] if output is None else output.tolist()) == rows


def test_a_flipped_kernel_gives_the_librarys_convolution(modules):
    """500 states: turn the kernel, then correlate."""
    states = list(random_states(1, 500))
    turned = modules("kit/convolution", "flipped", [[kernel.tolist()] for _, kernel, _ in states])
    cases = [
        [image.tolist(), kernel, geometry]
        for (image, _, geometry), kernel in zip(states, turned, strict=True)
    ]
    found = modules("kit/convolution", "crossCorrelate2d", cases)
    wanted = [by_library(*state, flip=True) for state in states]
    assert found == [pytest.approx(rows) if not rows else rows for rows in wanted]
    assert (
        sum(rows != by_library(*state, flip=False) for rows, state in zip(wanted, states, strict=True)) > 100
    )


def test_every_output_size(modules):
    """All 1,920 lengths, strides, paddings and dilations of the figure; 0 where the library refuses."""
    every = np.stack(np.meshgrid(range(1, 9), range(1, 6), range(1, 5), range(4), range(1, 4)), -1).reshape(
        -1, 5
    )
    cases = [
        [size, kernel, {"stride": stride, "padding": padding, "dilation": dilation}]
        for size, kernel, stride, padding, dilation in every.tolist()
    ]
    wanted = []
    for size, kernel, geometry in cases:
        try:
            wanted.append(convolution.output_size(size, kernel, **geometry))
        except ValueError:
            wanted.append(0)
    assert modules("kit/convolution", "outputSize", cases) == wanted
    assert 0 in wanted and max(wanted) == 14

    # Which cells are never visited: those that are in none of the library's slices.
    found = modules("kit/convolution", "unseen", cases)
    for (size, kernel, geometry), count, places in zip(cases, wanted, found, strict=True):
        cells = set(range(size + 2 * geometry["padding"]))
        if count:
            line = np.arange(len(cells)).reshape(1, 1, -1, 1)
            window = {"stride": (1, geometry["stride"]), "dilation": (1, geometry["dilation"])}
            seen = set(convolution.unfold(line, (1, kernel), **window).ravel().tolist())
            assert set(places["between"]) | set(places["end"]) == cells - seen
            assert all(place < max(seen) for place in places["between"])
            assert all(place > max(seen) for place in places["end"])


def test_new_rows_and_columns(modules):
    """The input repeats itself, what is cut off is gone."""
    resize = (
        "(matrix, rows, columns) => [matrix, rows, columns, (m, r, c) => m[r % m.length][c % m[0].length]]"
    )
    found = modules(
        "kit/matrices", "resized", [[[[1, 2], [3, 4]], 3, 3], [[[1, 2], [3, 4]], 1, 1]], convert=resize
    )
    assert found == [[[1, 2, 1], [3, 4, 3], [1, 2, 1]], [[1]]]


def test_stepping_shows_products_and_their_sum(figure_page):
    """Buttons, keys and the output's cells move the filter; the cells still to come are empty."""
    page = figure_page(NAME)
    now, text = page.locator(".convolution-stepper-now"), page.locator(".convolution-stepper-sum")
    expect(now).to_contain_text("Row 1, column 1 of the output: 181")
    page.get_by_role("button", name="One step on").click()
    expect(text).to_have_text("97×0 + 53×1 + 201×0 + 22×1 + 25×0 + 200×1 + 24×0 + 28×1 + 197×0 = 303")
    page.get_by_role("slider", name="Position of the filter").press("ArrowRight")
    expect(now).to_contain_text("618")
    output = page.get_by_role("table", name="Output").get_by_role("button")
    assert output.all_inner_texts() == ["181", "303", "618", *[""] * 6]
    expect(output.nth(8)).to_have_attribute("aria-label", "Output, row 3, column 3: empty")
    output.nth(8).click()
    expect(now).to_contain_text("Row 3, column 3 of the output: 660")
    assert page.evaluate("state('convolution_stepper').step") == 8
    page.get_by_label("Show the whole output").check()
    output.nth(0).click()
    expect(now).to_contain_text("181")
    assert output.all_inner_texts()[-1] == "660"


def test_a_finger_points_at_an_output(figure_page):
    """A tap on a cell of the output moves the filter there, on a small screen too."""
    page = figure_page(NAME, has_touch=True, viewport={"width": 360, "height": 740})
    page.get_by_role("table", name="Output").get_by_role("button").nth(4).tap()
    expect(page.locator(".convolution-stepper-now")).to_contain_text("Row 2, column 2 of the output: 338")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_numbers_are_written_and_refused(figure_page):
    """A new number counts at once, also beside padding; one beyond the limits does not."""
    page = figure_page(NAME)
    page.evaluate("setState('convolution_stepper', {padding: 1, step: 6})")
    cell = page.get_by_label("Input, row 1, column 1", exact=True)
    assert cell.input_value() == "128"
    cell.fill("-1,5")
    page.wait_for_function("() => state('convolution_stepper').image[0][0] === -1.5")
    cell.press("ArrowRight")
    expect(page.get_by_label("Input, row 1, column 2", exact=True)).to_be_focused()
    expect(cell).to_have_value("−1.5")
    page.keyboard.type("5000")
    expect(page.locator(".ib-notice")).to_contain_text("from −999 to 999")
    assert page.evaluate("state('convolution_stepper').image[0][1]") == 500
    page.get_by_label("Filter: columns").select_option("5")
    assert page.evaluate("state('convolution_stepper').kernel[1]") == [1, 0, 1, 0, 0]
    page.get_by_label("Input: rows").select_option("6")
    image = page.evaluate("state('convolution_stepper').image")
    assert len(image) == 6 and image[5] == image[0]


def test_what_does_not_fit_is_said(figure_page):
    """A stride that leaves cells over, a stride that jumps over cells, a filter larger than the input."""
    page = figure_page(NAME)
    warning = page.locator(".convolution-stepper-warning")
    expect(warning).to_be_empty()
    page.get_by_label("Example").select_option("a stride that does not fit")
    expect(warning).to_have_text("The stride does not fit. Never visited at the far end: row 4.")
    page.evaluate("setState('convolution_stepper', {kernel: [[1]], padding: 1, stride: 2})")
    expect(warning).to_contain_text("padding below")
    expect(warning).to_contain_text("Jumped over: row 1, row 3, column 1, column 3, column 5.")
    page.evaluate(
        "state => setState('convolution_stepper', state)",
        {"kernel": [[0, 1], [2, 3]], "dilation": 3, "padding": 0, "image": [[1, 2]]},
    )
    expect(warning).to_contain_text(
        "The filter does not fit: it reaches over 4 × 4 cells, and the input with its padding has 1 × 2."
    )
    expect(page.get_by_role("button", name="One step on")).to_be_hidden()
    page.get_by_role("button", name="Start again").click()
    expect(warning).to_be_empty()
    expect(page.get_by_role("button", name="One step on")).to_be_visible()


def test_turning_the_filter_shows_it_turned(figure_page):
    """An edge filter changes its sign."""
    page = figure_page(NAME)
    page.get_by_label("Example").select_option("edges: where turning the filter matters")
    turned = page.get_by_role("table", name="Filter, turned")
    expect(turned.locator("td").first).to_have_text("1")
    now = page.locator(".convolution-stepper-now")
    state = page.evaluate("state('convolution_stepper')")
    wanted = convolution.convolve2d(state["image"], state["kernel"])[0, 0]
    expect(now).to_contain_text(f": {wanted}".replace("-", "−"))
    page.get_by_label("Turn the filter").uncheck()
    expect(turned).to_be_hidden()
    expect(now).to_contain_text(f": {-wanted}".replace("-", "−"))


def test_the_ledgers_examples():
    """The glossary's 5 x 5 input under both filters and stride 2."""
    figure = ConvolutionStepper()
    assert figure.output.tolist() == [[181, 303, 618], [115, 338, 605], [189, 351, 660]]
    figure.stride = 2
    assert figure.output.tolist() == [[181, 618], [189, 660]]
    figure.stride, figure.kernel = 1, [[1, 0], [0, 1]]
    assert figure.output[0].tolist() == [150, 122, 253, 396]
    figure.dilation = 3
    assert figure.output.tolist() == [[128 + 195, 97 + 179], [35 + 192, 22 + 177]]
    assert "323" in figure.words() and len(figure.picture().axes) == 3
    figure.kernel = np.ones((5, 5))
    assert figure.output is None
    assert "does not fit" in figure.words() and len(figure.picture().axes) == 2
