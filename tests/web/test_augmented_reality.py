"""The page lays a picture over a photograph as the library does; corners follow mouse, touch and keys."""

import io

import numpy as np
import pytest
from PIL import Image

from imagebook import geometry
from imagebook.augmented_reality import overlay
from imagebook.resampling import resize
from imagebook.widgets.augmented_reality import AugmentedReality

START = [[30, 22], [222, 4], [252, 150], [6, 166]]


def library(function, *arguments, **options):
    """Return what the library returns, or None where it refuses."""
    try:
        return function(*arguments, **options)
    except ValueError:
        return None


def four_points(rng, count, size=12):
    """Return points on a coarse grid, where three often lie on a line, and others."""
    for number in range(count):
        points = rng.integers(0, size, (4, 2)).astype(float)
        yield points if number % 3 == 0 else points + rng.uniform(0, 1, (4, 2))


def convex(rng, width, height):
    """Return the corners of a convex quadrilateral, in either order round, at times outside of the image."""
    angle = np.sort(rng.uniform(0, 2 * np.pi, 4))
    radii = rng.uniform(0.1, 1) * np.array([width, height])
    corners = rng.uniform(0.2, 0.8, 2) * (width, height) + radii * np.stack([np.cos(angle), np.sin(angle)], 1)
    return corners[:: rng.choice([-1, 1])]


def test_the_page_finds_the_librarys_homography(modules):
    """800 pairs of four points: the same matrix, or the library refuses what the page refuses."""
    rng = np.random.default_rng(0)
    pairs = list(zip(four_points(rng, 800), four_points(rng, 800), strict=True))
    pairs += [(source, convex(rng, 12, 12)) for source in [convex(rng, 12, 12) for _ in range(400)]]
    found = modules("kit/homography", "homography", [[a.tolist(), b.tolist()] for a, b in pairs])
    wanted = [library(geometry.homography, a, b) for a, b in pairs]
    for matrix, expected in zip(found, wanted, strict=True):
        assert (matrix is None) == (expected is None)
        if matrix is not None:
            np.testing.assert_allclose(matrix, expected, rtol=1e-5, atol=1e-7 * np.abs(expected).max())
    refused = sum(expected is None for expected in wanted)
    assert 200 < refused < 1000


def test_the_page_resizes_as_the_library(modules):
    """500 pictures, grown and shrunk."""
    rng = np.random.default_rng(1)
    pictures = [rng.random((*rng.integers(1, 16, 2), 3), dtype=np.float32) for _ in range(500)]
    shapes = rng.integers(1, 20, (500, 2)).tolist()
    found = modules(
        "kit/resampling",
        "resize",
        [
            [*picture.shape[:2], picture.ravel().tolist(), shape]
            for picture, shape in zip(pictures, shapes, strict=True)
        ],
        convert="""(height, width, data, shape) =>
            [{ height, width, data: Float32Array.from(data) }, shape, { channels: 3 }]""",
    )
    for picture, shape, result in zip(pictures, shapes, found, strict=True):
        wanted = resize(picture.astype(float), shape)
        np.testing.assert_allclose(np.reshape(result["data"], wanted.shape), wanted, rtol=1e-5)


OVERLAY = """(height, width, data, picture, corners, mask, alpha) => [
    { height, width, data: Float32Array.from(data) },
    { ...picture, data: Float32Array.from(picture.data) },
    corners, mask && Float32Array.from(mask), alpha, new Float32Array(data.length),
]"""


def test_the_page_lays_a_picture_over_an_image_as_the_library(modules):
    """500 scenes: mirrored, partly outside, masked, faint and shrunk pictures."""
    rng = np.random.default_rng(2)
    cases = []
    while len(cases) < 500:
        height, width = rng.integers(6, 20, 2)
        image = rng.random((height, width, 3), dtype=np.float32).astype(float)
        picture = rng.random((*rng.integers(1, 30, 2), 3), dtype=np.float32).astype(float)
        mask = rng.random((height, width), dtype=np.float32).astype(float) if len(cases) % 2 else None
        cases.append((image, picture, convex(rng, width, height), mask, float(rng.choice([1, 0.3, 0]))))
    sized = modules(
        "augmented_reality",
        "seenSize",
        [
            [{"height": picture.shape[0], "width": picture.shape[1]}, corners.tolist()]
            for _, picture, corners, *_ in cases
        ],
    )
    arguments = []
    for (image, picture, corners, mask, alpha), size in zip(cases, sized, strict=True):
        small = picture if tuple(size) == picture.shape[:2] else resize(picture, size)
        held = {"height": size[0], "width": size[1], "data": small.ravel().tolist()}
        arguments.append(
            [
                *image.shape[:2],
                image.ravel().tolist(),
                held,
                corners.tolist(),
                None if mask is None else mask.ravel().tolist(),
                alpha,
            ]
        )
    found = modules("augmented_reality", "overlay", arguments, convert=OVERLAY)
    good = modules("augmented_reality", "isConvex", [[corners.tolist()] for _, _, corners, *_ in cases])
    changed = 0
    for (image, picture, corners, mask, alpha), result, is_good in zip(cases, found, good, strict=True):
        wanted = library(overlay, image, picture, corners, mask=mask, alpha=alpha)
        assert is_good == (wanted is not None)
        if wanted is not None:
            np.testing.assert_allclose(np.reshape(result, image.shape), wanted, rtol=1e-5, atol=1e-6)
            changed += np.abs(wanted - image).max() > 0.1
    assert changed > 250


def test_the_page_refuses_the_corners_that_the_library_refuses(modules):
    """2,000 times four points, on a coarse grid and off it."""
    corners = list(four_points(np.random.default_rng(3), 2000, size=6))
    found = modules("augmented_reality", "isConvex", [[points.tolist()] for points in corners])
    image = np.zeros((1, 1))
    wanted = [library(overlay, image, image, points) is not None for points in corners]
    assert found == wanted
    assert 300 < sum(found) < 1700


def canvas(page):
    """Return what the canvas shows, colours from 0 to 1."""
    data = page.evaluate(
        """() => Array.from(document.querySelector(".augmented_reality-canvas").getContext("2d")
            .getImageData(0, 0, 256, 171).data)"""
    )
    return np.reshape(data, (171, 256, 4))[..., :3] / 255


def wait_until_drawn(page):
    """Wait until the photograph is decoded and the picture lies on it."""
    page.wait_for_function(
        """() => document.querySelector(".augmented_reality-canvas").getContext("2d")
            .getImageData(128, 20, 1, 1).data[3] === 255"""
    )


def test_the_page_shows_what_python_computes(figure_page):
    """Apart from what the browser's JPEG decoder does differently, and one step of rounding."""
    page = figure_page("augmented_reality")
    wait_until_drawn(page)
    difference = np.abs(canvas(page) - AugmentedReality().output)
    assert np.median(difference) < 0.01 and np.percentile(difference, 99.9) < 0.06


def test_corners_are_dragged_and_nudged(figure_page):
    """A corner, then the whole picture, by mouse and by keys; both stay inside of the photograph."""
    page = figure_page("augmented_reality")
    box = page.locator(".augmented_reality-handles").bounding_box()
    unit = box["width"] / 256

    def drag(start, end):
        page.mouse.move(box["x"] + start[0] * unit, box["y"] + start[1] * unit)
        page.mouse.down()
        page.mouse.move(box["x"] + end[0] * unit, box["y"] + end[1] * unit, steps=4)
        page.mouse.up()
        return page.evaluate("state('augmented_reality').corners")

    moved = drag(START[0], (60, 40))
    assert moved[0] == pytest.approx([60, 40], abs=0.6) and moved[1:] == START[1:]
    assert drag(moved[0], (-50, -50))[0] == [0, 0]
    inner = [[100, 50], [150, 50], [150, 100], [100, 100]]
    page.evaluate("(corners) => setState('augmented_reality', { corners })", inner)
    page.wait_for_function(
        """() => document.querySelector(".augmented_reality-face").getAttribute("points")
            .startsWith("100,50 150")"""
    )
    together = np.subtract(drag((125, 75), (105, 80)), inner)
    np.testing.assert_allclose(together, [[-20, 5]] * 4, atol=0.6)
    page.get_by_role("button", name="top right corner").focus()
    before = page.evaluate("state('augmented_reality').corners")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowDown")
    after = page.evaluate("state('augmented_reality').corners")
    np.testing.assert_allclose(np.subtract(after, before), [[0, 0], [-1, 10], [0, 0], [0, 0]], atol=1e-9)
    page.get_by_role("button", name="The whole picture").press("Shift+ArrowUp")
    np.testing.assert_allclose(
        np.subtract(page.evaluate("state('augmented_reality').corners"), after), [[0, -10]] * 4, atol=1e-9
    )


def test_a_finger_moves_a_corner(figure_page):
    """Touch through the browser's own input, as a phone sends it."""
    page = figure_page("augmented_reality", has_touch=True, viewport={"width": 390, "height": 844})
    box = page.locator(".augmented_reality-handles").bounding_box()
    unit = box["width"] / 256
    session = page.context.new_cdp_session(page)
    for kind, (x, y) in (("touchStart", (30, 22)), ("touchMove", (40, 30)), ("touchMove", (50, 40))):
        points = [{"x": box["x"] + x * unit, "y": box["y"] + y * unit}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    # Moves arrive with the next frame.
    page.wait_for_function("() => Math.abs(state('augmented_reality').corners[0][0] - 50) < 1.5")
    page.wait_for_function("() => Math.abs(state('augmented_reality').corners[0][1] - 40) < 1.5")


@pytest.mark.parametrize(
    "corners",
    [[[9, 9]] * 4, [[0, 0], [100, 100], [100, 0], [0, 100]], [[0, 0], [10, 0], [20, 0], [0, 20]]],
    ids=["one point", "crossed", "on a line"],
)
def test_corners_that_no_camera_sees(figure_page, corners):
    """A sentence, and the photograph as it is; as in Python."""
    page = figure_page("augmented_reality")
    wait_until_drawn(page)
    page.evaluate("(corners) => setState('augmented_reality', { corners })", corners)
    page.get_by_text("No camera sees a flat picture").wait_for()
    wanted = AugmentedReality(corners=corners).output
    assert np.median(np.abs(canvas(page) - wanted)) < 0.01
    assert "NaN" not in page.locator(".ib-figure").text_content()


def test_a_picture_of_the_readers_own(figure_page):
    """It lies where the corners are; the state does not change."""
    page = figure_page("augmented_reality")
    wait_until_drawn(page)
    before = page.evaluate("state('augmented_reality')")
    file = io.BytesIO()
    Image.new("RGB", (40, 30), (0, 255, 0)).save(file, "PNG")
    page.locator("input[type=file]").set_input_files(
        {"name": "green.png", "mimeType": "image/png", "buffer": file.getvalue()}
    )
    page.get_by_text("Your picture stays on this machine").wait_for()
    assert canvas(page)[20, 210] == pytest.approx([0, 1, 0])
    assert page.evaluate("state('augmented_reality')") == before
