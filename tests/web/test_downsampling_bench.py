"""The downsampling bench keeps the pixels, and as many examples, as the library does."""

import io

import numpy as np
from PIL import Image

from imagebook.resampling import downsample
from imagebook.sampling import downsample_majority
from imagebook.widgets import downsampling_bench
from imagebook.widgets.downsampling_bench import DownsamplingBench

ARRAY = """(height, width, data, factor, options) =>
    [{ height, width, data: Float32Array.from(data) }, factor, options]"""


def test_the_page_downsamples_as_the_library(modules):
    """600 images, grey and coloured; factors that divide the size, that do not, and that exceed it."""
    rng = np.random.default_rng(0)
    images, arguments, wanted = [], [], []
    for number in range(600):
        shape = tuple(int(size) for size in rng.integers(1, 20, 2)) + ((3,) if number % 2 else ())
        image = rng.random(shape, dtype=np.float32)
        factor, antialias = int(rng.integers(1, 17)), bool(rng.integers(2))
        images.append((image, factor))
        options = {"channels": 3 if number % 2 else 1, "antialias": antialias}
        arguments.append([*shape[:2], image.ravel().tolist(), factor, options])
        wanted.append(downsample(image.astype(float), factor, antialias=antialias))
    found = modules("kit/resampling", "downsample", arguments, convert=ARRAY)
    for result, small in zip(found, wanted, strict=True):
        assert (result["height"], result["width"]) == small.shape[:2]
        np.testing.assert_allclose(np.reshape(result["data"], small.shape), small, rtol=1e-5)
    fits = {image.shape[0] % factor == 0 for image, factor in images}
    assert fits == {True, False} and any(factor > max(image.shape[:2]) for image, factor in images)


def test_the_page_draws_the_rings_and_stripes_of_python(modules):
    """The two computed pictures are the same numbers."""
    for name in ("zone_plate", "stripes"):
        script = "zonePlate" if name == "zone_plate" else name
        found = modules("downsampling_bench", script, [[]])[0]
        wanted = getattr(downsampling_bench, name)()
        np.testing.assert_allclose(np.reshape(found["data"], wanted.shape), wanted, atol=1e-6)


def test_as_many_examples_are_kept_as_in_the_library(modules):
    """1,000 training sets of two or three classes, some within the ratio."""
    rng = np.random.default_rng(1)
    cases = [
        (
            rng.integers(1, 60, rng.integers(2, 4)).tolist(),
            float(rng.choice([1, 1.1, 2.5, 3, rng.uniform(1, 20)])),
        )
        for _ in range(1000)
    ]
    found = modules("downsampling_bench", "keptCounts", [list(case) for case in cases])
    for (sizes, ratio), counts in zip(cases, found, strict=True):
        labels = np.repeat(np.arange(len(sizes)), sizes)
        keep = downsample_majority(labels, ratio=ratio, rng=rng)
        assert np.bincount(labels[keep]).tolist() == counts
    assert 50 < sum(counts == sizes for (sizes, _), counts in zip(cases, found, strict=True)) < 950


def test_the_smallest_lots_are_chosen(modules):
    """Two of four; none; all."""
    lots = [0.3, 0.9, 0.1, 0.5]
    found = modules("downsampling_bench", "chosen", [[lots, 2], [lots, 0], [lots, 4]])
    assert found == [[True, False, True, False], [False] * 4, [True] * 4]


def test_factor_and_means_with_keys(figure_page):
    """The text counts pixels, the canvas holds as many, and they are those of Python."""
    page = figure_page("downsampling_bench")
    factor = page.get_by_role("slider", name="Factor")
    for _ in range(4):
        factor.press("ArrowRight")
    page.get_by_label("its mean").check()
    assert page.evaluate("state('downsampling_bench')")["factor"] == 8
    page.wait_for_function("() => document.querySelector('[aria-label=\"after: 24 × 24\"]')?.width === 24")
    text = page.locator(".downsampling_bench-result").first
    assert "192 × 192 → 24 × 24: one of 64 pixels is left, the mean" in text.text_content()
    wanted = 255 * DownsamplingBench(factor=8, antialias=True).output
    np.testing.assert_allclose(canvas(page, "after"), wanted, atol=1)


def canvas(page, name):
    """Return the red of what a canvas shows."""
    rows = page.evaluate(
        """(name) => {
            const canvas = document.querySelector(`canvas[aria-label^="${name}"]`);
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return [canvas.height, canvas.width, Array.from(data)];
        }""",
        name,
    )
    return np.reshape(rows[2], (rows[0], rows[1], 4))[..., 0]


def test_a_picture_of_the_readers_own(figure_page):
    """It is downsampled, and the last blocks are cut off as its border cuts them."""
    page = figure_page("downsampling_bench")
    image = np.random.default_rng(2).integers(0, 256, (30, 50), np.uint8)
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    page.locator("input[type=file]").set_input_files(
        {"name": "noise.png", "mimeType": "image/png", "buffer": file.getvalue()}
    )
    page.wait_for_function("() => document.querySelector('[aria-label=\"after: 13 × 8\"]')?.width === 13")
    assert (canvas(page, "after") == image[::4, ::4]).all()
    frame = page.locator(".downsampling_bench-frame").last.bounding_box()
    drawn = page.locator("canvas").last.bounding_box()
    assert abs(drawn["width"] / frame["width"] - 52 / 50) < 0.02


def test_classes(figure_page):
    """As many full dots as examples are kept, and the factor by which they must count more."""
    page = figure_page("downsampling_bench")
    page.get_by_label("a training set").check()
    page.evaluate("setState('downsampling_bench', {majority: 350, minority: 20, ratio: 2.5})")
    page.get_by_text("50 of 350 examples").wait_for()
    dots = """(name) =>
        document.querySelector(`.downsampling_bench-${name}`).getAttribute("d").split("M").length - 1"""
    assert [page.evaluate(dots, name) for name in ("majority", "left", "minority")] == [50, 300, 20]
    assert page.get_by_text("count 7 times").is_visible()
    assert page.get_by_text("28.6 % of all examples are of the minority class, not 5.4 %").is_visible()
    slider = page.get_by_role("slider", name="Largest ratio")
    slider.press("ArrowRight")
    page.get_by_text("60 of 350 examples").wait_for()
    slider.press("End")
    page.get_by_text("nothing is left out").wait_for()
