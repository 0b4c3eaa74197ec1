import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebook import geometry
from imagebook.geometry import (
    about,
    homography,
    rotation,
    scaling,
    shearing,
    transform_points,
    translation,
    warp,
)

ARROW_UP = np.array([[0.5, 1.0, 0.5], [0.0, 1.0, 0.0], [0.0, 0.9, 0.0]])
ARROW_LEFT = np.array([[0.5, 0.0, 0.0], [1.0, 1.0, 0.9], [0.5, 0.0, 0.0]])

SQUARE = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]])
# The floor before a camera that looks at the horizon, y = 50: (x, y) on the floor is seen at (50 + 40 x / y,
# 50 + 40 / y), as in any school drawing in perspective; y < 0 is behind the camera.
FLOOR = np.array([[40.0, 50.0, 0.0], [0.0, 50.0, 40.0], [0.0, 1.0, 0.0]])


def warp_by_definition(image, matrix, shape, fill):
    """Return the warp of a grey image, pixel by pixel as the docstring defines it."""

    def value(row, column):
        inside = 0 <= row < image.shape[0] and 0 <= column < image.shape[1]
        return image[row, column] if inside else fill

    def w(x, y):
        return (matrix @ (x, y, 1.0))[2]

    inverse = np.linalg.inv(matrix)
    centre = (image.shape[1] / 2, image.shape[0] / 2)
    result = np.full(shape, fill)
    for row in range(shape[0]):
        for column in range(shape[1]):
            u, v, divisor = inverse @ (column + 0.5, row + 0.5, 1.0)
            if w(u / divisor, v / divisor) * w(*centre) < 0:
                continue  # beyond the horizon
            x, y = u / divisor - 0.5, v / divisor - 0.5
            left, top = math.floor(x), math.floor(y)
            result[row, column] = sum(
                (1 - abs(x - c)) * (1 - abs(y - r)) * value(r, c)
                for r in (top, top + 1)
                for c in (left, left + 1)
            )
    return result


def test_quarter_turn_is_counter_clockwise_on_the_screen():
    """A hand-drawn arrow that points up points left after a rotation by 90 degrees, exactly."""
    np.testing.assert_array_equal(warp(ARROW_UP, about(rotation(90), (1.5, 1.5))), ARROW_LEFT)


def test_rotation_by_30_degrees_by_hand():
    """The point (2, 0) goes to (2 cos 30, -2 sin 30) = (sqrt 3, -1): to the right and up."""
    np.testing.assert_allclose(transform_points([[2.0, 0.0]], rotation(30)), [[math.sqrt(3), -1]], rtol=1e-14)


@pytest.mark.parametrize("size", [4, 5])
@pytest.mark.parametrize("quarters", [-5, -1, 0, 1, 2, 3, 4, 400_001])
def test_quarter_turns_permute_pixels(size, quarters):
    """Multiples of 90 degrees equal numpy.rot90 bit for bit, for even and odd sizes."""
    image = np.random.default_rng(0).random((size, size))
    turned = warp(image, about(rotation(90 * quarters), (size / 2, size / 2)), fill=0.5)
    np.testing.assert_array_equal(turned, np.rot90(image, quarters))


def test_scaling_by_hand():
    """A pair is (vertical, horizontal), one number serves both, a negative factor reflects."""
    point = [[1.0, 1.0]]
    np.testing.assert_array_equal(transform_points(point, scaling((2, 3))), [[3, 2]])
    np.testing.assert_array_equal(transform_points(point, scaling(2)), [[2, 2]])
    np.testing.assert_array_equal(transform_points(point, scaling((1, -1))), [[-1, 1]])


def test_shearing_leans_counter_clockwise():
    """A shear by 45 degrees makes a vertical line a backslash, the way a rotation turns it."""
    bottom_to_top = [[0.0, 1.0], [0.0, -1.0]]
    np.testing.assert_allclose(transform_points(bottom_to_top, shearing(45)), [[1, 1], [-1, -1]], rtol=1e-14)
    turned = transform_points(bottom_to_top, rotation(45))
    np.testing.assert_allclose(np.sign(turned), [[1, 1], [-1, -1]])


def test_translation_is_vertical_first():
    """The shift (1, 4) moves a point one down and four to the right."""
    np.testing.assert_array_equal(transform_points([[10.0, 20.0]], translation((1, 4))), [[14, 21]])


@settings(deadline=None, derandomize=True, max_examples=50)
@given(
    angle=st.floats(-720, 720),
    lean=st.floats(-80, 80),
    factor=st.floats(0.1, 10),
    x=st.floats(-100, 100),
    y=st.floats(-100, 100),
)
def test_about_fixes_its_point(angle, lean, factor, x, y):
    """Any mixture of rotation, shear and scaling about a point leaves the point in place."""
    matrix = about(rotation(angle) @ shearing(lean) @ scaling(factor), (x, y))
    np.testing.assert_allclose(transform_points([[x, y]], matrix), [[x, y]], atol=1e-9)


@settings(deadline=None, derandomize=True, max_examples=50)
@given(first=st.floats(-360, 360), second=st.floats(-360, 360))
def test_rotations_add_up_and_keep_lengths(first, second):
    """Two rotations in a row are the rotation by the sum; matrices are orthogonal, determinant 1."""
    np.testing.assert_allclose(rotation(first) @ rotation(second), rotation(first + second), atol=1e-12)
    np.testing.assert_allclose(rotation(first) @ rotation(first).T, np.eye(3), atol=1e-12)
    assert math.isclose(np.linalg.det(rotation(first)), 1)


def test_transform_points_divides_by_w():
    """Under a projective matrix with w = x + 1, the point (1, 6) goes to (1, 6) / 2."""
    matrix = [[1, 0, 0], [0, 1, 0], [1, 0, 1]]
    np.testing.assert_array_equal(transform_points([[1.0, 6.0], [0.0, 5.0]], matrix), [[0.5, 3], [0, 5]])


def test_transform_points_keeps_type_and_order_of_points():
    """The result has the type and number of the points, and chaining is matrix multiplication."""
    assert transform_points(np.zeros((0, 2)), np.eye(3)).shape == (0, 2)
    points = np.random.default_rng(0).random((7, 2), dtype=np.float32)
    first, second = rotation(20), about(scaling((2, 0.5)), (3, 4))
    once = transform_points(points, second @ first)
    assert once.dtype == np.float32
    np.testing.assert_allclose(once, transform_points(transform_points(points, first), second), rtol=1e-5)


def test_half_pixel_shift_blends_with_fill_at_the_border():
    """Half a pixel to the right averages neighbours, and the first pixel with the fill value 10."""
    np.testing.assert_array_equal(
        warp([[1.0, 2.0, 3.0]], translation((0, 0.5)), fill=10), [[(10 + 1) / 2, 1.5, 2.5]]
    )


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (2, 5, 7, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_identity_is_exact(shape, dtype):
    """The identity returns the values bit for bit, in the same type, and not the same memory."""
    images = np.random.default_rng(0).random(shape).astype(dtype)
    result = warp(images, np.eye(3), fill=0.3)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, images)
    assert not np.shares_memory(result, images)


@pytest.mark.parametrize("vertical", [-9, -2, 0, 3])
@pytest.mark.parametrize("horizontal", [-1, 0, 2, 50])
def test_whole_shifts_are_exact(vertical, horizontal):
    """A translation by whole pixels copies pixels bit for bit and puts the exact fill everywhere else."""
    image = np.random.default_rng(0).random((5, 7, 2), dtype=np.float32)
    expected = np.full_like(image, 0.1)
    for row in range(5):
        for column in range(7):
            if 0 <= row - vertical < 5 and 0 <= column - horizontal < 7:
                expected[row, column] = image[row - vertical, column - horizontal]
    np.testing.assert_array_equal(warp(image, translation((vertical, horizontal)), fill=0.1), expected)


@pytest.mark.parametrize("seed", range(6))
def test_warp_equals_its_definition(seed):
    """Random affine and projective matrices give what a loop over pixels and their four neighbours gives."""
    rng = np.random.default_rng(seed)
    image = rng.random((6, 5))
    matrix = np.eye(3) + rng.normal(0, 0.3, (3, 3)) * [[1, 1, 3], [1, 1, 3], [0.3, 0.3, 0]]
    expected = warp_by_definition(image, matrix, (7, 8), 0.25)
    np.testing.assert_allclose(warp(image, matrix, shape=(7, 8), fill=0.25), expected, atol=1e-12)


def test_matrix_counts_only_up_to_a_factor():
    """A projective matrix times any number is the same transform."""
    image = np.random.default_rng(0).random((6, 6))
    matrix = np.array([[1.1, 0.1, 0.0], [0.0, 0.9, 1.0], [0.02, 0.01, 1.0]])
    for multiple in (4.0, -2.0):
        np.testing.assert_array_equal(warp(image, multiple * matrix), warp(image, matrix))
        np.testing.assert_array_equal(
            transform_points([[1.0, 2.0]], multiple * matrix), transform_points([[1.0, 2.0]], matrix)
        )


def test_what_comes_from_infinity_is_fill():
    """A centre whose source has w = 2 x - 1 = 0 comes from outside; the matrix is its own inverse."""
    matrix = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [2.0, 0.0, -1.0]])
    np.testing.assert_array_equal(matrix @ matrix, np.eye(3))
    assert warp(np.ones((3, 3)), matrix, fill=7)[0, 0] == 7


def test_floor_in_perspective_by_hand():
    """The point 2 ahead and 1 to the right is seen at (50 + 40 / 2, 50 + 40 / 2)."""
    np.testing.assert_allclose(transform_points([[1.0, 2.0]], FLOOR), [[70, 70]])


@pytest.mark.parametrize("multiple", [1.0, -1.0, 3.0])
def test_warp_shows_nothing_above_the_horizon(multiple):
    """A plane on both sides of the camera appears below the horizon only, not mirrored above it too."""
    # The image's pixels are the floor from y = -4 (behind the camera) to y = 8, so its centre is at y = 2.
    matrix = multiple * FLOOR @ translation((-4, -6))
    seen = warp(np.ones((12, 12)), matrix, shape=(100, 100), fill=0.0)
    assert not seen[:50].any()
    assert seen[56:, 50].all()  # as near to the horizon as the floor goes, 50 + 40 / 8
    np.testing.assert_array_equal(warp(np.ones((12, 12)), matrix, shape=(100, 100), fill=1.0), 1)


def test_warp_shows_the_side_of_the_centre():
    """With most of the plane behind the camera, the centre says that this side is meant."""
    matrix = FLOOR @ translation((-8, -6))
    seen = warp(np.ones((12, 12)), matrix, shape=(100, 100))
    assert seen[:44, 50].all()
    assert not seen[50:].any()


def test_points_on_both_sides_of_the_horizon_are_refused():
    """Points before and behind the camera are never seen together; either side alone is transformed."""
    ahead, behind = [1.0, 2.0], [1.0, -2.0]
    with pytest.raises(ValueError, match=r"points must lie on one side of the horizon .* from -2 to 2"):
        transform_points([ahead, behind], FLOOR)
    np.testing.assert_allclose(transform_points([behind], FLOOR), [[30, 30]])


def test_homography_by_hand():
    """The square whose far side looks half as long: worked out from its vanishing point (5, 20)."""
    target = [[0, 0], [10, 0], [7.5, 10], [2.5, 10]]
    # The far side looks half as long, so w is 1 at y = 0 and 2 at y = 10; the point at infinity (0, 1, 0)
    # is seen at (0.5, 2) / 0.1, where the sides meet.
    expected = [[1, 0.5, 0], [0, 2, 0], [0, 0.1, 1]]
    matrix = homography(SQUARE, target)
    np.testing.assert_allclose(matrix / matrix[2, 2], expected, atol=1e-12)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(seed=st.integers(0, 2**32), count=st.integers(4, 30), size=st.sampled_from([0.01, 1, 1000, 1e5]))
def test_homography_takes_source_to_target(seed, count, size):
    """From views of random points the matrix is found again, in any unit; w is positive, 1 on average."""
    rng = np.random.default_rng(seed)
    source = np.concatenate([size / 10 * SQUARE, size * rng.random((count - 4, 2))])
    source += rng.uniform(-0.1, 0.1, source.shape) * size  # no three of four corners on a line
    true = np.eye(3) + rng.uniform(-0.3, 0.3, (3, 3)) * [[1, 1, size], [1, 1, size], [1 / size, 1 / size, 0]]
    target = transform_points(source, true)
    matrix = homography(source, target)
    np.testing.assert_allclose(transform_points(source, matrix), target, atol=1e-9 * size)
    w = matrix[2] @ np.column_stack([source, np.ones(count)]).T
    assert w.min() > 0
    assert math.isclose(w.mean(), 1)
    np.testing.assert_allclose(matrix * true[0, 0] / matrix[0, 0], true, rtol=1e-6, atol=1e-6 * max(size, 1))


def test_homography_of_a_similarity_is_affine():
    """If no perspective is needed none is found: the last row is 0, 0, 1."""
    matrix = about(rotation(30), (3, 4)) @ scaling(2)
    np.testing.assert_allclose(homography(SQUARE, transform_points(SQUARE, matrix)), matrix, atol=1e-12)


def test_homography_averages_errors():
    """Of many pairs with small errors, the matrix is nearer to the truth than that of four of them."""
    rng = np.random.default_rng(0)
    source = rng.random((200, 2)) * 100
    true = np.array([[1.1, 0.2, 5.0], [-0.1, 0.9, 3.0], [1e-3, 2e-3, 1.0]])
    clean = transform_points(source, true)
    noisy = clean + rng.normal(0, 0.5, clean.shape)
    many = transform_points(source, homography(source, noisy)) - clean
    few = transform_points(source, homography(source[:4], noisy[:4])) - clean
    assert np.sqrt((many**2).mean()) < 0.1 < np.sqrt((few**2).mean())


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_homography_needs_four_points_no_three_on_a_line(dtype):
    """Repeated points and points on a line, in either argument, do not determine a homography."""
    message = "four points of which no three lie on a line"
    rng = np.random.default_rng(0)
    for _ in range(20):
        first, second, third = rng.random((3, 2)) * 1000
        share = rng.uniform(0.2, 0.8)
        for bad in (
            [first, first + share * (second - first), second, third],
            [first, second, second, third],
            [first + step * (second - first) for step in (0, 0.3, 0.6, 1)],
        ):
            bad = np.array(bad, dtype)
            with pytest.raises(ValueError, match=message):
                homography(SQUARE, bad)
            with pytest.raises(ValueError, match=message):
                homography(bad, SQUARE)
    with pytest.raises(ValueError, match="must not be one point again and again"):
        homography(SQUARE, np.full((4, 2), 7.0))


def test_homography_refuses_what_no_camera_sees():
    """A square with two sides crossing, or a corner turned inwards, would lie on both sides of a horizon."""
    for target in (SQUARE[[0, 1, 3, 2]], [[0, 0], [10, 0], [4, 4], [0, 10]]):
        with pytest.raises(
            ValueError, match="target must show the points of source as a camera sees a plane"
        ):
            homography(SQUARE, target)


def test_homography_takes_any_numbers_and_memory():
    """Integers, single precision, strides and write protection change nothing; the matrix is float64."""
    target = np.array([[1, 2], [12, 3], [15, 20], [0, 9]])
    expected = homography(SQUARE, target.astype(np.float64))
    strange = np.repeat(target[::-1], 2, axis=0)[::-2]
    strange.flags.writeable = False
    for same in (target, target.astype(np.float16), target.astype(np.float32), target.tolist(), strange):
        matrix = homography(SQUARE, same)
        assert matrix.dtype == np.float64
        np.testing.assert_array_equal(matrix, expected)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(shape=st.lists(st.integers(0, 5), max_size=3).map(tuple))
def test_homography_refuses_wrong_shapes(shape):
    """Any array that is not at least four points (x, y) is a ValueError."""
    values = np.random.default_rng(0).random(shape)
    with pytest.raises(ValueError, match="source must|source and target must|target must"):
        homography(values, SQUARE[:2] if shape[:1] == (2,) else SQUARE * [2, 0])


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_homography_refuses_what_is_not_finite(bad):
    """NaN and infinity are refused by name, objects and strings as a TypeError."""
    points = SQUARE.copy()
    points[2, 1] = bad
    with pytest.raises(ValueError, match="source must be finite"):
        homography(points, SQUARE)
    with pytest.raises(ValueError, match="target must be finite"):
        homography(SQUARE, points)
    for values in (SQUARE.astype(object), SQUARE.astype(str)):
        with pytest.raises(TypeError, match="source must hold real numbers"):
            homography(values, SQUARE)


def test_a_spot_lands_where_its_point_does():
    """The centre of mass of a blurred spot goes to the transform of its place, so maps are not swapped."""
    row, column = np.indices((60, 80)) + 0.5
    spot = np.exp(-((column - 50) ** 2 + (row - 20) ** 2) / 18)
    matrix = about(rotation(25) @ shearing(-10) @ scaling((1.1, 0.8)), (40, 30)) @ translation((3.5, -4.25))
    warped = warp(spot, matrix)
    centre = [(warped * column).sum() / warped.sum(), (warped * row).sum() / warped.sum()]
    np.testing.assert_allclose([centre], transform_points([[50, 20]], matrix), atol=0.02)


def test_constant_stays_constant():
    """Where fill equals the image, any warp leaves every value bit for bit the same."""
    image = np.full((8, 8), 0.1, np.float32)
    np.testing.assert_array_equal(warp(image, about(rotation(33), (4, 4)), fill=0.1), image)


def test_one_matrix_for_each_image(monkeypatch):
    """A batch with its own matrices equals image by image, however many images are computed at a time."""
    rng = np.random.default_rng(0)
    images = rng.random((5, 6, 7, 2), dtype=np.float32)
    matrices = np.stack([about(rotation(angle), (3.5, 3)) for angle in rng.uniform(-90, 90, 5)])
    expected = np.stack([warp(image, matrix) for image, matrix in zip(images, matrices, strict=True)])
    for pixels in (1, 2 * 42, 2**20):
        monkeypatch.setattr(geometry, "_PIXELS_AT_A_TIME", pixels)
        np.testing.assert_array_equal(warp(images, matrices), expected)


def test_one_matrix_for_all_images(monkeypatch):
    """A batch with one matrix equals image by image, however many images are computed at a time."""
    images = np.random.default_rng(0).random((5, 6, 7, 2), dtype=np.float32)
    matrix = about(rotation(30), (3.5, 3)) + [[0, 0, 0], [0, 0, 0], [0.01, 0, 0]]
    expected = np.stack([warp(image, matrix) for image in images])
    for pixels in (1, 2 * 42, 2**20):
        monkeypatch.setattr(geometry, "_PIXELS_AT_A_TIME", pixels)
        np.testing.assert_array_equal(warp(images, matrix), expected)


def test_shape_crops_or_extends():
    """The output shape is a window from the top left: smaller crops, larger adds fill."""
    image = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(warp(image, np.eye(3), shape=(1, 2)), [[0, 1]])
    np.testing.assert_array_equal(
        warp(image, np.eye(3), shape=(3, 4), fill=9), [[0, 1, 2, 9], [3, 4, 5, 9], [9, 9, 9, 9]]
    )


def test_empty_batch():
    """A batch of no images gives a batch of no images of the new shape."""
    images = np.zeros((0, 4, 5, 3), np.float32)
    for matrix in (np.eye(3), np.zeros((0, 3, 3))):
        result = warp(images, matrix, shape=(2, 6))
        assert (result.shape, result.dtype) == ((0, 2, 6, 3), np.float32)


def test_memory_layout_does_not_matter():
    """Fortran order, strides and write protection change nothing, and arguments are left as they were."""
    image = np.random.default_rng(0).random((6, 7, 3))
    matrix = about(rotation(10), (3.5, 3))
    expected = warp(image, matrix)
    strange = np.asfortranarray(np.repeat(image, 2, axis=1))[:, ::2]
    strange.flags.writeable = False
    matrix.flags.writeable = False
    np.testing.assert_array_equal(warp(strange, matrix), expected)


@pytest.mark.parametrize(
    "matrix", [np.zeros((3, 3)), np.ones((3, 3)), np.diag([1.0, 0.0, 1.0]), np.arange(1.0, 10).reshape(3, 3)]
)
def test_singular_matrices_are_refused(matrix):
    """A matrix without an inverse is an error, alone or among good ones, even if rounding hides it."""
    with pytest.raises(ValueError, match="matrix must be invertible, got a singular one"):
        warp(np.ones((4, 4)), matrix)
    with pytest.raises(ValueError, match="matrix must be invertible"):
        warp(np.ones((2, 4, 4, 1)), np.stack([np.eye(3), matrix]))


@pytest.mark.parametrize("matrix", [scaling(1e-5), translation((1e8, -1e8)), 1e-6 * np.eye(3), shearing(89)])
def test_extreme_matrices_are_not_singular(matrix):
    """Strong shrinking, far shifts, small multiples and steep shears are invertible and accepted."""
    assert np.isfinite(warp(np.ones((4, 4)), matrix)).all()


def test_errors_name_the_argument():
    """Each wrong argument is named, with what was wanted and what came."""
    image = np.ones((4, 4))
    cases = [
        (lambda: scaling(0), ValueError, "factor must not be 0, got 0"),
        (
            lambda: scaling((1, 2, 3)),
            ValueError,
            "factor must be a pair of numbers (vertical, horizontal)",
        ),
        (lambda: shearing(90), ValueError, "angle must be between -89 and 89, got 90"),
        (lambda: rotation("90"), TypeError, "angle must be a number, got '90'"),
        (lambda: rotation(math.nan), ValueError, "angle must be finite"),
        (lambda: translation(3), ValueError, "shift must be a pair of numbers (vertical, horizontal), got 3"),
        (lambda: about(np.eye(2), (0, 0)), ValueError, "matrix must be 3x3, got shape (2, 2)"),
        (lambda: about(np.eye(3), 1), ValueError, "point must be a pair of numbers (x, y), got 1"),
        (lambda: transform_points([[1, 2, 3]], np.eye(3)), ValueError, "points must have shape (M, 2)"),
        (
            lambda: transform_points([[0.0, 1.0]], [[1, 0, 0], [0, 1, 0], [1, 0, 0]]),
            ValueError,
            "matrix must not send a point to infinity, got w = 0 for [0. 1.]",
        ),
        (
            lambda: homography(SQUARE[:3], SQUARE[:3]),
            ValueError,
            "source and target must have as many points, at least four, got shapes (3, 2) and (3, 2)",
        ),
        (
            lambda: homography(SQUARE, SQUARE[[0, 1, 2, 3, 3]]),
            ValueError,
            "got shapes (4, 2) and (5, 2)",
        ),
        (
            lambda: warp(image, [[1, 0, 0], [0, 1, 0], [1, 0, -2]]),
            ValueError,
            "matrix must not send the centre of the image to infinity, got w = 0 there",
        ),
        (lambda: warp(image[0], np.eye(3)), ValueError, "images must be an array with 2, 3 or 4"),
        (lambda: warp(np.ones((4, 0)), np.eye(3)), ValueError, "row, column and channel, got shape (4, 0)"),
        (lambda: warp(image * math.nan, np.eye(3)), ValueError, "images must be finite"),
        (lambda: warp(image, np.eye(3)[None]), ValueError, "matrix must have shape (3, 3), or (N, 3, 3)"),
        (
            lambda: warp(np.ones((2, 4, 4, 1)), np.ones((3, 3, 3))),
            ValueError,
            "got shape (3, 3, 3) for images",
        ),
        (lambda: warp(image, np.eye(3), shape=(0, 4)), ValueError, "shape must be at least 1, got 0"),
        (lambda: warp(image, np.eye(3), fill=math.inf), ValueError, "fill must be finite"),
    ]
    for call, error, message in cases:
        with pytest.raises(error, match=re.escape(message)):
            call()
