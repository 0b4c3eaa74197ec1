"""The filter bench filters as the library does, and its divider follows mouse, touch and keys."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from imagebook.widgets.filter_bench import FilterBench, filtered


def cases(rng, count):
    """Return pairs (image, kernel) of all sizes and channels; some kernels are wider than their image."""
    for number in range(count):
        shape = tuple(rng.integers(1, 9, 2)) + ((3,) if number % 2 else ())
        kernel = rng.integers(-3, 4, rng.integers(3, 6, 2)) * rng.choice([1.0, 0.1])
        if number % 10 == 0:
            kernel[:] = 0
        yield rng.random(shape, dtype=np.float32), kernel


def test_the_page_filters_as_the_library(modules):
    """600 images, and kernels of 3 to 5 rows and columns; buffers are kept from one to the next."""
    given = list(cases(np.random.default_rng(0), 600))
    arguments = [
        [*map(int, image.shape[:2]), image.ravel().tolist(), kernel.tolist(), 1 if image.ndim == 2 else 3]
        for image, kernel in given
    ]
    found = modules(
        "kit/filter",
        "filter",
        arguments,
        convert="""(height, width, data, kernel, channels) =>
            [{ height, width, data: Float32Array.from(data) }, kernel, channels,
             (globalThis.buffers ??= {})]""",
    )
    for (image, kernel), result in zip(given, found, strict=True):
        wanted = filtered(image.astype(np.float64), kernel, mean=False)
        np.testing.assert_allclose(np.reshape(result["data"], wanted.shape), wanted, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose([result["low"], result["high"]], [wanted.min(), wanted.max()], atol=1e-6)
    assert any(kernel.shape[0] > image.shape[0] for image, kernel in given)
    assert len({kernel.shape for _, kernel in given}) == 9


def test_weights_are_divided_by_a_sum_above_0(modules):
    """600 kernels: the mean that the page takes is the one that Python takes."""
    rng = np.random.default_rng(1)
    kernels = [rng.integers(-2, 4, rng.integers(3, 6, 2)) / 2 for _ in range(600)]
    impulse = np.zeros((9, 9))
    impulse[4, 4] = 1
    for kernel, found in zip(
        kernels, modules("kit/filter", "asMean", [[k.tolist()] for k in kernels]), strict=True
    ):
        wanted = filtered(impulse, kernel, mean=True)
        np.testing.assert_allclose(filtered(impulse, found, mean=False), wanted, rtol=1e-12, atol=1e-15)
    sums = np.array([kernel.sum() for kernel in kernels])
    assert (sums == 0).any() and (sums < 0).any() and (sums > 0).any()


def test_a_kernel_keeps_its_middle_when_it_grows_or_shrinks(modules):
    """Zeros come round it, or its border goes."""
    small = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    large = np.pad(small, 1).tolist()
    assert modules("filter_bench", "resized", [[small, 5], [large, 3], [small, 3]]) == [large, small, small]


def test_results_below_0_are_shown_in_three_ways(modules):
    """-1, 0 and 1 as bytes: black, 0 as middle grey, without the sign."""
    paint = """(zero) => {
        const image = { data: new Uint8ClampedArray(12) };
        globalThis.images = [...(globalThis.images ?? []), image];
        return [image, [-1, 0, 1], 1, zero];
    }"""
    modules("filter_bench", "paint", [["black"], ["middle grey"], ["absolute"]], convert=paint)
    seen = modules(
        "kit/filter",
        "sumOf",
        [[n] for n in range(9)],
        convert="(n) => [[[images[n % 3].data[4 * (n / 3 | 0)]]]]",
    )
    assert np.reshape(seen, (3, 3)).T.tolist() == [[0, 0, 255], [0, 128, 255], [255, 0, 255]]


def own_picture():
    """Return an image of grey noise and it as a PNG file, which every decoder decodes alike."""
    image = np.random.default_rng(2).integers(0, 256, (30, 40), np.uint8)
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return image / 255, {"name": "noise.png", "mimeType": "image/png", "buffer": file.getvalue()}


def test_a_picture_of_the_readers_own_is_filtered(figure_page):
    """What the text says of the results is what the library finds; the photograph comes back on a button."""
    page = figure_page("filter_bench")
    image, file = own_picture()
    before = page.evaluate("state('filter_bench')")
    page.locator("input[type=file]").set_input_files(file)
    cell = page.get_by_label("Filter, row 1, column 1")
    cell.fill("−2,5")  # as some keyboards write it
    kernel = np.array(before["kernel"], dtype=float)
    kernel[0][0] = -2.5
    wanted = filtered(image, kernel, mean=True)
    page.wait_for_function(
        "wanted => document.querySelector('.filter_bench-result').textContent.includes(wanted)",
        arg=f"from {round(wanted.min(), 2):g} to {round(wanted.max(), 2):g}".replace("-", "−"),
    )
    after = page.evaluate("state('filter_bench')")
    assert after.pop("kernel") == kernel.tolist()
    assert after == {name: value for name, value in before.items() if name != "kernel"}
    page.get_by_role("button", name="Put my picture away").click()
    page.wait_for_function("() => document.querySelector('.filter_bench-canvas').width === 224")


def test_a_number_for_a_cell_that_is_gone_changes_nothing(figure_page):
    """The filter became smaller, and its cells are still drawn: a last key for one of them does no harm."""
    page = figure_page("filter_bench")
    page.get_by_role("button", name="5 × 5").click()
    kernel = page.evaluate(
        """() => {
            const cell = document.querySelector("[aria-label='Filter, row 2, column 5']");
            const buttons = [...document.querySelectorAll("button")];
            buttons.find((button) => button.textContent === "3 × 3").click();
            cell.value = "7";
            cell.dispatchEvent(new Event("input"));
            return state("filter_bench").kernel;
        }"""
    )
    assert np.shape(kernel) == (3, 3) and 7 not in np.ravel(kernel)
    expect(page.locator(".filter_bench-result")).not_to_contain_text("undefined")


def test_the_photograph_is_filtered_as_in_python(figure_page):
    """Up to what the browser's JPEG decoder does differently, which no text of two decimals needs to show."""
    page = figure_page("filter_bench")
    page.wait_for_function("() => document.querySelector('.filter_bench-canvas').width === 224")
    page.get_by_label("Example").select_option(label="Gaussian blur")
    page.get_by_label("In colour").check()
    figure = FilterBench(kernel=np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]), colour=True, zero="black")
    page.wait_for_function("() => state('filter_bench').zero === 'black'")
    wanted = 255 * figure.output[70:80, 150:160]
    near = """(wanted) => {
        const canvas = document.querySelector(".filter_bench-canvas");
        const { data } = canvas.getContext("2d").getImageData(150, 70, 10, 10);
        const seen = Array.from(data).filter((_, index) => index % 4 < 3);
        return seen.every((value, index) => Math.abs(value - wanted[index]) <= 4.5);
    }"""
    page.wait_for_function(near, arg=wanted.ravel().tolist())  # drawn with the next frame


def test_the_divider_follows_the_pointer_and_keys(figure_page):
    """A press anywhere on the picture brings it there; the slider takes arrow keys; touch works alike."""
    page = figure_page("filter_bench", has_touch=True)
    box = page.locator(".filter_bench-stage").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.2 * box["width"], middle)
    page.mouse.down()
    assert page.evaluate("state('filter_bench').divider") == pytest.approx(0.2, abs=0.01)
    page.mouse.move(box["x"] + 0.7 * box["width"], middle, steps=4)
    page.mouse.up()
    page.mouse.move(box["x"], middle)
    assert page.evaluate("state('filter_bench').divider") == pytest.approx(0.7, abs=0.01)
    page.touchscreen.tap(box["x"] + 0.5 * box["width"], middle)
    assert page.evaluate("state('filter_bench').divider") == pytest.approx(0.5, abs=0.01)
    slider = page.get_by_role("slider", name="Divider")
    expect(slider).to_have_value("0.5")  # it follows with the next frame
    slider.press("ArrowRight")
    assert page.evaluate("state('filter_bench').divider") == pytest.approx(0.51, abs=0.011)
    slider.press("Home")
    page.wait_for_function(
        "() => document.querySelector('.filter_bench-line').style.insetInlineStart === '0%'"
    )
