import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebook.geometry import about, rotation, scaling, transform_points, translation
from imagebook.landmarks import align, mean_shape

FACE = np.array([[2.0, 2.0], [6.0, 2.0], [4.5, 4.5], [3.0, 6.0], [5.5, 6.5]])  # nothing about it is symmetric
MIRROR = scaling((1, -1))
NOT_NUMBERS = [
    np.array([[None, 1], [2, 3]], object),
    np.array([["a", "b"], ["c", "d"]]),
    np.ones((3, 2)) * 1j,
]


def similarity(angle, factor, x, y):
    """Return the matrix of a rotation, a scaling and a translation."""
    return translation((y, x)) @ rotation(angle) @ scaling(factor)


def centred(points):
    """Return points with their mean at the origin."""
    return points - points.mean(axis=0)


# Align


def test_align_by_hand():
    """Two points determine a similarity: (0, 0), (1, 0) to (5, 5), (5, 2) is 3 times larger, turned left."""
    matrix, residual = align([[0, 0], [1, 0]], [[5, 5], [5, 2]])
    np.testing.assert_allclose(matrix, similarity(90, 3, 5, 5), atol=1e-12)
    assert residual < 1e-12


def test_residual_by_hand():
    """A flat cross is laid onto a tall one by shrinking it to 8/10; its arms are 0.6 and 1.2 off."""
    flat = [[-2, 0], [2, 0], [0, -1], [0, 1]]
    tall = [[-1, 0], [1, 0], [0, -2], [0, 2]]
    matrix, residual = align(flat, tall)
    # s = tr(Sigma) / sum |p|^2 = (4 + 4) / 10; the arms become 1.6 for 1 and 0.8 for 2.
    np.testing.assert_allclose(matrix, scaling(0.8), atol=1e-12)
    assert math.isclose(residual, math.sqrt((2 * 0.6**2 + 2 * 1.2**2) / 4))


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    angle=st.floats(-180, 180),
    factor=st.floats(0.01, 100),
    x=st.floats(-1000, 1000),
    y=st.floats(-1000, 1000),
    mirrored=st.booleans(),
)
def test_align_finds_the_similarity(angle, factor, x, y, mirrored):
    """A moved, turned, scaled shape is laid on exactly; a mirrored one only if reflection is allowed."""
    true = similarity(angle, factor, x, y) @ (MIRROR if mirrored else np.eye(3))
    target = transform_points(FACE, true)
    matrix, residual = align(FACE, target, reflection=True)
    np.testing.assert_allclose(matrix, true, atol=1e-9 * max(1, abs(x), abs(y), factor))
    assert residual < 1e-9 * max(1, abs(x), abs(y), factor)
    matrix, residual = align(FACE, target)
    assert np.linalg.det(matrix) > 0
    if mirrored:
        assert residual > 0.1 * factor
    else:
        np.testing.assert_allclose(matrix, true, atol=1e-9 * max(1, abs(x), abs(y), factor))


@settings(deadline=None, derandomize=True, max_examples=60)
@given(seed=st.integers(0, 2**32), reflection=st.booleans())
def test_no_other_similarity_fits_better(seed, reflection):
    """On random points, small and large changes of the answer make the residual larger, never smaller."""
    rng = np.random.default_rng(seed)
    source, target = rng.normal(0, 10, (2, 6, 2))
    matrix, residual = align(source, target, reflection=reflection)
    fitted = transform_points(source, matrix)
    assert math.isclose(residual, math.sqrt(((fitted - target) ** 2).sum(axis=1).mean()))
    changes = [similarity(*change) for change in rng.normal([0, 1, 0, 0], [90, 0.5, 5, 5], (50, 4))]
    changes += [rotation(0.1), translation((0.01, 0))]
    if reflection:
        changes += [rotation(angle) @ MIRROR for angle in range(0, 360, 5)]
    for change in changes:
        off = transform_points(source, about(change, target.mean(axis=0)) @ matrix) - target
        assert math.sqrt((off**2).sum(axis=1).mean()) >= residual


def test_align_equals_the_complex_solution():
    """With points as complex numbers the best turn and scale is <source, target> / <source, source>."""
    source, target = np.random.default_rng(1).normal(size=(2, 8, 2))
    a, b = (centred(points) @ [1, 1j] for points in (source, target))
    factor = np.vdot(a, b) / np.vdot(a, a).real
    matrix, _ = align(source, target)
    np.testing.assert_allclose(matrix[:2, :2], [[factor.real, -factor.imag], [factor.imag, factor.real]])


# Mean shape


def test_mean_shape_by_hand():
    """The mean of a flat and a tall cross of the same size, which need no turn, has arms of equal length."""
    flat = [[-2, 0], [2, 0], [0, -1], [0, 1]]
    tall = [[-1, 0], [1, 0], [0, -2], [0, 2]]
    expected = np.array([[-1, 0], [1, 0], [0, -1], [0, 1]]) / 2  # sum of squares 1
    np.testing.assert_allclose(mean_shape([flat, tall]), expected, atol=1e-7)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 5))
def test_copies_of_one_shape_have_it_as_their_mean(seed, count):
    """Moved, turned and scaled copies give the first one back, centred and of unit size."""
    rng = np.random.default_rng(seed)
    places = rng.uniform([-180, 0.1, -9, -9], [180, 9, 9, 9], (count, 4))
    shapes = [transform_points(FACE, similarity(*place)) for place in places]
    first = centred(shapes[0])
    np.testing.assert_allclose(mean_shape(shapes), first / np.sqrt((first**2).sum()), atol=1e-9)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(seed=st.integers(0, 2**32), noise=st.floats(0, 1.5))
def test_mean_shape_is_the_leading_eigenvector(seed, noise):
    """In the plane the mean shape has a closed form: the leading eigenvector of sum z z* (Kent, 1994)."""
    rng = np.random.default_rng(seed)
    shapes = FACE + rng.normal(0, noise, (6, *FACE.shape))
    mean = mean_shape(shapes, tolerance=1e-13, iterations=10_000)
    z = np.stack([centred(shape) @ [1, 1j] for shape in shapes])
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    leading = np.linalg.eigh(z.T @ z.conj())[1][:, -1]
    assert math.isclose(abs(np.vdot(leading, mean @ [1, 1j])), 1, abs_tol=1e-9)  # equal up to a rotation
    np.testing.assert_allclose(mean.mean(axis=0), 0, atol=1e-12)
    assert math.isclose((mean**2).sum(), 1)
    turn = np.vdot(mean @ [1, 1j], z[0])  # to the first shape, by which the result is turned
    assert turn.real > 0
    assert abs(turn.imag) < 1e-9


def test_iterations_end_early_and_late():
    """One round is a rougher mean than many; far more rounds than needed change nothing."""
    shapes = FACE + np.random.default_rng(0).normal(0, 1, (5, *FACE.shape))
    rough, good, better = (mean_shape(shapes, iterations=n) for n in (1, 100, 1000))
    assert np.abs(rough - good).max() > 1e-5
    np.testing.assert_array_equal(good, better)


# Input that is unusual, and input that is wrong


@settings(deadline=None, derandomize=True, max_examples=40)
@given(
    seed=st.integers(0, 2**32),
    dtype=st.sampled_from([np.float16, np.float32, np.float64, np.uint8, np.int64]),
)
def test_types_and_memory_do_not_matter(seed, dtype):
    """Each type gives its documented type; strided, reversed, read-only memory changes nothing."""
    shapes = (np.random.default_rng(seed).random((3, 6, 2)) * 200).astype(dtype)
    before = shapes.copy()
    strange = np.repeat(shapes[:, ::-1], 2, axis=1)[:, ::-2]
    strange.flags.writeable = False
    mean = mean_shape(shapes)
    assert mean.dtype == (np.float64 if dtype == np.float64 else np.float32)
    np.testing.assert_array_equal(mean_shape(strange), mean)
    matrix, residual = align(shapes[0], shapes[1])
    assert matrix.dtype == np.float64
    np.testing.assert_array_equal(align(strange[0], strange[1])[0], matrix)
    assert align(strange[0], strange[1])[1] == residual
    np.testing.assert_array_equal(shapes, before)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(shape=st.lists(st.integers(0, 3), max_size=4).map(tuple), seed=st.integers(0, 9))
def test_wrong_shapes_are_refused(shape, seed):
    """Any array shape gives the documented result or a ValueError that names the argument."""
    values = np.random.default_rng(seed).random(shape)
    if len(shape) == 2 and shape[1] == 2 and shape[0] >= 2:
        assert align(values, values)[0].shape == (3, 3)
    else:
        with pytest.raises(ValueError, match="source must"):
            align(values, values)
    if len(shape) == 3 and shape[2] == 2 and shape[1] >= 2 and shape[0] >= 1:
        assert mean_shape(values).shape == shape[1:]
    else:
        with pytest.raises(ValueError, match="shapes must"):
            mean_shape(values)


@settings(deadline=None, derandomize=True, max_examples=30)
@given(bad=st.sampled_from([math.nan, math.inf, -math.inf]), place=st.integers(0, 9))
def test_what_is_not_finite_is_refused(bad, place):
    """NaN and infinity, wherever they stand, are refused by name."""
    points = FACE.copy()
    points.flat[place] = bad
    for call, name in [
        (lambda: align(points, FACE), "source"),
        (lambda: align(FACE, points), "target"),
        (lambda: mean_shape([FACE, points]), "shapes"),
        (lambda: mean_shape([FACE], tolerance=bad), "tolerance"),
    ]:
        with pytest.raises(ValueError, match=f"{name} must be finite"):
            call()


@pytest.mark.parametrize("values", NOT_NUMBERS)
def test_what_is_not_a_number_is_refused(values):
    """Objects, strings and complex numbers are a TypeError."""
    for call in (lambda: align(values, values), lambda: mean_shape(values[np.newaxis])):
        with pytest.raises(TypeError, match="must hold real numbers, got dtype"):
            call()


def test_errors_say_what_is_wrong():
    """Landmarks in one place, mirrored shapes that no rotation fits and wrong numbers are refused."""
    triangle = np.array([[0, 0], [1, 0], [0.5, math.sqrt(3) / 2]])
    spot = np.full((5, 2), 0.1)
    cases = [
        (lambda: align(spot, FACE), ValueError, "source must have two different landmarks"),
        (lambda: align(FACE, spot), ValueError, "target must have two different landmarks"),
        (lambda: mean_shape([FACE, spot]), ValueError, "shapes must have two different landmarks"),
        (
            lambda: align(triangle, triangle * [-1, 1]),
            ValueError,
            "a mirrored shape needs reflection=True",
        ),
        (
            lambda: align(FACE, FACE[:3]),
            ValueError,
            "source and target must have as many landmarks, got shapes (5, 2) and (3, 2)",
        ),
        (lambda: mean_shape(np.zeros((0, 5, 2))), ValueError, "shapes must hold at least one shape"),
        (lambda: mean_shape([FACE], tolerance=0), ValueError, "tolerance must be more than 0, got 0"),
        (lambda: mean_shape([FACE], iterations=0), ValueError, "iterations must be at least 1, got 0"),
        (lambda: mean_shape([FACE], iterations=1.5), TypeError, "iterations must be an integer, got 1.5"),
    ]
    for call, error, message in cases:
        with pytest.raises(error, match=re.escape(message)):
            call()
    assert align(triangle, triangle * [-1, 1], reflection=True)[1] < 1e-12
