import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebook.augmented_reality import overlay
from imagebook.geometry import homography, transform_points

CARD = np.array([[10.0, 8.0], [34.0, 12.0], [30.0, 33.0], [7.0, 27.0]])  # a card seen at an angle
NOT_NUMBERS = [np.full((4, 2), None), np.full((4, 2), "a"), np.full((4, 2), 1j)]


def upright(left, top, right, bottom):
    """Return the corners of an upright rectangle."""
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def coverage_by_samples(corners, shape, samples=32):
    """Return the share of 32 x 32 samples of every pixel that lie on the inner side of all four sides."""
    row, column = ((np.arange(size * samples) + 0.5) / samples for size in shape)
    inside = np.ones((shape[0] * samples, shape[1] * samples), bool)
    for (x, y), (next_x, next_y) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        inside &= (next_x - x) * (row[:, np.newaxis] - y) - (next_y - y) * (column - x) >= 0
    return inside.reshape(shape[0], samples, shape[1], samples).mean(axis=(1, 3))


def random_card(rng, size=40):
    """Return convex corners in a square image, clockwise as seen, that are not too sharp."""
    return upright(0.2, 0.2, 0.8, 0.8) * size + rng.uniform(-0.15, 0.15, (4, 2)) * size


@pytest.mark.parametrize("channels", [(), (1,), (3,)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_picture_of_the_right_size_is_copied(channels, dtype):
    """On an upright rectangle of its own size the picture replaces the pixels, and no other one changes."""
    rng = np.random.default_rng(0)
    image, picture = (rng.random((*shape, *channels)).astype(dtype) for shape in [(9, 12), (4, 5)])
    result = overlay(image, picture, upright(3, 2, 8, 6))
    expected = image.copy()
    expected[2:6, 3:8] = picture
    assert result.dtype == dtype
    np.testing.assert_allclose(result, expected, atol=1e-6 if dtype == np.float32 else 1e-12)
    outside = np.ones((9, 12), bool)
    outside[2:6, 3:8] = False
    np.testing.assert_array_equal(result[outside], image[outside])


def test_first_corner_is_the_top_left():
    """Corners that start at the bottom right show the picture upside down; the other way round, mirrored."""
    picture = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    square = upright(0, 0, 3, 2)
    blank = np.zeros((2, 3))
    np.testing.assert_allclose(overlay(blank, picture, square), picture)
    np.testing.assert_allclose(overlay(blank, picture, np.roll(square, 2, axis=0)), picture[::-1, ::-1])
    np.testing.assert_allclose(overlay(blank, picture, square[[1, 0, 3, 2]]), picture[:, ::-1])


def test_compositing_by_hand():
    """White at alpha 1/2 over 0.2 is 0.6; half hidden by the mask 0.4; at half coverage 0.4 too."""
    image, white = np.full((1, 4), 0.2), np.ones((2, 2))
    result = overlay(image, white, upright(0, 0, 2.5, 1), mask=[[0, 0.5, 0, 1]], alpha=0.5)
    np.testing.assert_allclose(result, [[0.6, 0.4, 0.4, 0.2]])


@settings(deadline=None, derandomize=True, max_examples=60)
@given(*[st.floats(-3, 12)] * 4)
def test_coverage_of_upright_rectangles_is_exact(left, top, width, height):
    """A white rectangle covers of every pixel the area that they share, even if thinner than a pixel."""
    right, bottom = left + abs(width) + 0.25, top + abs(height) + 0.25
    shared_width, shared_height = (
        np.clip(np.minimum(np.arange(8) + 1, high) - np.maximum(np.arange(8), low), 0, 1)
        for low, high in [(left, right), (top, bottom)]
    )
    result = overlay(np.zeros((8, 8)), np.ones((1, 1)), upright(left, top, right, bottom))
    np.testing.assert_allclose(result, np.outer(shared_height, shared_width), atol=1e-9)


@settings(deadline=None, derandomize=True, max_examples=20)
@given(seed=st.integers(0, 2**32), side=st.sampled_from([1, 3, 40, 200]))
def test_edges_are_anti_aliased(seed, side):
    """Pictures of any size cover of every pixel about the share that samples count, and as much in all."""
    corners = random_card(np.random.default_rng(seed))
    covered = overlay(np.zeros((40, 40)), np.ones((side, side)), corners)
    expected = coverage_by_samples(corners, (40, 40))
    np.testing.assert_allclose(covered, expected, atol=0.15)  # corners are rounded off a little
    assert math.isclose(covered.sum(), expected.sum(), rel_tol=1e-3)


@settings(deadline=None, derandomize=True, max_examples=20)
@given(seed=st.integers(0, 2**32))
def test_the_picture_is_seen_in_perspective(seed):
    """Inside, a pixel shows the point of the picture that the homography sends there (on a ramp, exactly)."""
    rng = np.random.default_rng(seed)
    corners = random_card(rng)
    across, down = rng.uniform(0, 0.5, 2)
    y, x = (np.indices((8, 8)) + 0.5) / 8
    result = overlay(np.zeros((40, 40)), across * x + down * y, corners)
    inside = coverage_by_samples(corners, (40, 40)) == 1
    row, column = np.nonzero(inside)
    back = homography(corners, upright(0, 0, 1, 1))
    points = transform_points(np.column_stack([column, row]) + 0.5, back)
    # The outermost half pixel of the picture has the colour of its centre; elsewhere a ramp is a ramp.
    clamped = np.clip(points, 1 / 16, 15 / 16)
    whole = overlay(np.zeros((40, 40)), np.ones((8, 8)), corners)[inside]
    np.testing.assert_allclose(result[inside] / whole, clamped @ [across, down], atol=1e-9)


def test_a_small_picture_does_not_bleed_over_its_edge():
    """Two pixels enlarged a hundred times end sharply: one pixel beyond the corners nothing is changed."""
    result = overlay(np.full((120, 120), 0.5), np.array([[0.0, 1.0]]), upright(10, 10, 110, 110))
    np.testing.assert_array_equal(result[:, :10], 0.5)
    np.testing.assert_array_equal(result[:, 110:], 0.5)
    np.testing.assert_allclose(result[10:110, 10], 0, atol=1e-12)
    np.testing.assert_allclose(result[10:110, 109], 1, atol=1e-12)


def test_a_large_picture_is_averaged():
    """Stripes one pixel wide, seen at a tenth of their size, are grey and not other stripes (aliasing)."""
    stripes = np.tile([0.0, 1.0], (400, 200))
    result = overlay(np.zeros((60, 60)), stripes, upright(10.3, 10.3, 50.3, 50.3))
    assert np.abs(result[12:49, 12:49] - 0.5).max() < 0.05


def test_what_lies_outside_the_image_is_cut_off():
    """Corners beyond the border give the part of the larger scene that the image shows."""
    rng = np.random.default_rng(0)
    scene, picture = rng.random((40, 44)), rng.random((6, 5))
    whole = overlay(scene, picture, CARD)
    part = overlay(scene[10:30, 15:28], picture, CARD - [15, 10])
    np.testing.assert_allclose(part, whole[10:30, 15:28], atol=1e-12)
    far = overlay(scene, picture, CARD + 1000)
    np.testing.assert_array_equal(far, scene)


def test_a_plane_that_reaches_the_camera():
    """Corners a million pixels away still give a picture of the near part, without a huge array."""
    floor = [[25, 20], [35, 20], [1e6, 1e6], [-1e6, 1e6]]
    result = overlay(np.zeros((60, 60)), np.ones((500, 500)), floor)
    assert not result[:19].any()
    assert (result[40:] > 0.99).any(axis=1).all()


def test_white_on_white_stays_white():
    """Nowhere does an edge become dark, not even at a far side that perspective shrinks a hundredfold."""
    floor = [[25, 20], [25.5, 20], [60, 60], [-10, 60]]
    result = overlay(np.ones((60, 60)), np.ones((300, 300)), floor)
    np.testing.assert_allclose(result, 1, atol=1e-12)


@settings(deadline=None, derandomize=True, max_examples=30)
@given(seed=st.integers(0, 2**32))
def test_the_result_is_between_image_and_picture(seed):
    """Compositing never leaves the range of the two; hidden by mask or alpha, the image is unchanged."""
    rng = np.random.default_rng(seed)
    image, picture, mask = rng.random((40, 40, 3)), rng.random((9, 7, 3)), rng.random((40, 40))
    corners = random_card(rng)
    result = overlay(image, picture, corners, mask=mask, alpha=rng.random())
    assert (result >= np.minimum(image, picture.min()) - 1e-12).all()
    assert (result <= np.maximum(image, picture.max()) + 1e-12).all()
    np.testing.assert_array_equal(overlay(image, picture, corners, alpha=0), image)
    np.testing.assert_array_equal(overlay(image, picture, corners, mask=np.ones((40, 40), bool)), image)


@settings(deadline=None, derandomize=True, max_examples=30)
@given(
    seed=st.integers(0, 2**32), dtype=st.sampled_from([np.float16, np.float32, np.float64, np.uint8, bool])
)
def test_types_and_memory_do_not_matter(seed, dtype):
    """Each type gives its documented type; strided, reversed, read-only memory changes nothing."""
    rng = np.random.default_rng(seed)
    image, picture = (rng.random(shape).round().astype(dtype) for shape in [(40, 40), (5, 6)])
    mask, corners = rng.random((40, 40)) < 0.3, random_card(rng)
    arguments = [image, picture, corners, mask]
    before = [argument.copy() for argument in arguments]
    result = overlay(image, picture, corners, mask=mask)
    assert result.dtype == (np.float64 if dtype == np.float64 else np.float32)
    assert not np.shares_memory(result, image)
    strange = [np.repeat(argument[::-1], 2, axis=0)[::-2] for argument in arguments]
    for argument in strange:
        argument.flags.writeable = False
    np.testing.assert_array_equal(overlay(*strange[:3], mask=strange[3]), result)
    for argument, copy in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(argument, copy)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(points=st.lists(st.tuples(*[st.integers(-3, 3)] * 2), min_size=4, max_size=4))
def test_corners_are_a_convex_quadrilateral_or_refused(points):
    """Four points give a finite result exactly if all four turns go the same way; else a ValueError."""
    (a, b, c, d) = np.array(points)
    turns = [
        (q - p)[0] * (r - q)[1] - (q - p)[1] * (r - q)[0]
        for p, q, r in [(a, b, c), (b, c, d), (c, d, a), (d, a, b)]
    ]
    image = np.full((4, 4), 0.5)
    if min(turns) > 0 or max(turns) < 0:
        assert np.isfinite(overlay(image, np.ones((2, 2)), points)).all()
    else:
        with pytest.raises(ValueError, match="corners must"):
            overlay(image, np.ones((2, 2)), points)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(shape=st.lists(st.integers(0, 3), max_size=4).map(tuple))
def test_wrong_shapes_are_refused(shape):
    """Any array shape gives the documented result or a ValueError that names the argument."""
    values, image = np.zeros(shape), np.zeros((3, 2))
    if len(shape) == 2 and 0 not in shape:
        assert overlay(values, image, CARD).shape == shape
        assert overlay(image, values, CARD).shape == (3, 2)
    else:
        with pytest.raises(ValueError, match="image must|picture must"):
            overlay(values, image, CARD)
        with pytest.raises(ValueError, match="picture must"):
            overlay(image, values, CARD)
    with pytest.raises(ValueError, match="corners must"):
        overlay(image, image, values)
    if shape != (3, 2):
        with pytest.raises(ValueError, match="mask must"):
            overlay(image, image, CARD, mask=values)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_refused(bad):
    """NaN and infinity are refused by name."""
    good, spoilt = np.zeros((4, 2)), np.zeros((4, 2))
    spoilt[2, 1] = bad
    for call, name in [
        (lambda: overlay(spoilt, good, CARD), "image"),
        (lambda: overlay(good, spoilt, CARD), "picture"),
        (lambda: overlay(good, good, CARD + spoilt), "corners"),
        (lambda: overlay(good, good, CARD, mask=spoilt), "mask"),
        (lambda: overlay(good, good, CARD, alpha=bad), "alpha"),
    ]:
        with pytest.raises(ValueError, match=f"{name} must be finite"):
            call()


@pytest.mark.parametrize("values", NOT_NUMBERS)
def test_what_is_not_a_number_is_refused(values):
    """Objects, strings and complex numbers are a TypeError."""
    good = np.zeros((4, 2))
    for call in (
        lambda: overlay(values, good, CARD),
        lambda: overlay(good, values, CARD),
        lambda: overlay(good, good, values),
        lambda: overlay(good, good, CARD, mask=values),
    ):
        with pytest.raises(TypeError, match="must hold real numbers, got dtype"):
            call()


def test_errors_say_what_is_wrong():
    """Corners that no plane has, values from 0 to 255 and different channels are refused in plain words."""
    image = np.zeros((9, 9))
    crossing = "corners must go round once, with no side across another and no corner pointing inwards"
    cases = [
        (lambda: overlay(image, image, CARD[[0, 1, 3, 2]]), ValueError, crossing),
        (lambda: overlay(image, image, [[0, 0], [9, 0], [3, 3], [0, 9]]), ValueError, crossing),
        (
            lambda: overlay(image, image, [[0, 0], [9, 0], [9, 0], [0, 9]]),
            ValueError,
            "corners must not have three on a line",
        ),
        (
            lambda: overlay(image, image, np.full((4, 2), 5)),
            ValueError,
            "corners must be four different points, got only [5.0, 5.0]",
        ),
        (
            lambda: overlay(image, image, CARD[:3]),
            ValueError,
            "corners must be four points (x, y), got shape (3",
        ),
        (
            lambda: overlay(image, np.zeros((9, 9, 3)), CARD),
            ValueError,
            "picture must have the channels of the image, got shapes (9, 9, 3) and (9, 9)",
        ),
        (
            lambda: overlay(np.full((9, 9), 255, np.uint8), image, CARD),
            ValueError,
            "image must lie in [0, 1], got values from 255.0 to 255.0",
        ),
        (
            lambda: overlay(image, image - 1, CARD),
            ValueError,
            "picture must lie in [0, 1], got values from -1.0",
        ),
        (
            lambda: overlay(image, image, CARD, mask=image + 2),
            ValueError,
            "mask must lie in [0, 1], got values",
        ),
        (
            lambda: overlay(image, image, CARD, mask=image[:3]),
            ValueError,
            "mask must have the image's shape (9, 9), got (3, 9)",
        ),
        (lambda: overlay(image, image, CARD, alpha=2), ValueError, "alpha must be between 0 and 1, got 2"),
        (lambda: overlay(image, image, CARD, alpha="1"), TypeError, "alpha must be a number, got '1'"),
    ]
    for call, error, message in cases:
        with pytest.raises(error, match=re.escape(message)):
            call()
