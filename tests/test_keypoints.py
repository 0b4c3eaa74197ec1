import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebook.keypoints import (
    corners,
    from_heatmaps,
    harris,
    heatmaps,
    object_keypoint_similarity,
    percentage_of_correct_keypoints,
)

NOT_NUMBERS = [np.array([[None, 1], [2, 3]], object), np.array([["a", "b"]]), np.ones((3, 3), complex)]
TYPES = [np.float16, np.float32, np.float64, np.uint8, np.int32, bool]


def expected_type(dtype):
    """Return the type of results for arguments of a type: float64 stays, all others become float32."""
    return np.float64 if dtype == np.float64 else np.float32


def strange_copy(values):
    """Return equal values in reversed, strided, read-only memory."""
    strange = np.repeat(values[..., ::-1], 2, axis=-1)[..., ::-2]
    assert not strange.flags.c_contiguous or strange.size < 2
    strange.flags.writeable = False
    return strange


def harris_by_definition(image, sigma, k):
    """Return the Harris response, pixel by pixel as the docstring defines it."""
    height, width = image.shape

    def value(values, row, column):
        return values[min(max(row, 0), height - 1), min(max(column, 0), width - 1)]

    across, down = np.empty_like(image), np.empty_like(image)
    for r in range(height):
        for c in range(width):
            across[r, c] = (value(image, r, c + 1) - value(image, r, c - 1)) / 2
            down[r, c] = (value(image, r + 1, c) - value(image, r - 1, c)) / 2
    reach = math.ceil(3 * sigma)
    steps = range(-reach, reach + 1)
    weight = {i: math.exp(-(i**2) / (2 * sigma**2)) for i in steps}
    total = sum(weight.values()) ** 2
    response = np.empty_like(image)
    for r in range(height):
        for c in range(width):
            tensor = np.zeros((2, 2))
            for i in steps:
                for j in steps:
                    gradient = np.array([value(across, r + i, c + j), value(down, r + i, c + j)])
                    tensor += weight[i] * weight[j] / total * np.outer(gradient, gradient)
            response[r, c] = np.linalg.det(tensor) - k * np.trace(tensor) ** 2
    return response


def chessboard(x, y, side=32):
    """Return four squares that meet at (x, y), a little out of focus as through a lens."""
    place = np.arange(side) + 0.5
    return 0.5 - 0.5 * np.tanh(place - x) * np.tanh(place - y)[:, np.newaxis]


# Harris


def test_harris_by_hand():
    """With sigma so small that only the pixel counts: gradient (1/2, 0) gives 0 - k (1/4)^2."""
    response = harris([[0.0, 0.5, 1.0]], sigma=1e-3, k=0.1)
    np.testing.assert_allclose(response, [[-0.1 / 256, -0.1 / 16, -0.1 / 256]], rtol=1e-12)


def test_harris_equals_its_definition():
    """On noise, the response is what loops over pixels and their windows give."""
    image = np.random.default_rng(0).random((9, 7))
    np.testing.assert_allclose(
        harris(image, sigma=0.8, k=0.06), harris_by_definition(image, 0.8, 0.06), atol=1e-15
    )


def test_harris_sees_corners_and_refuses_edges():
    """The response is positive at a corner, negative at an edge in any direction, 0 where it is flat."""
    image = np.zeros((30, 30))
    image[15:, 15:] = 1
    response = harris(image)
    assert response[15, 15] > 0
    assert response[28, 15] < 0
    assert response[0, 0] == 0
    row, column = np.indices((30, 30))
    slanted = 1 / (1 + np.exp(-(2 * column + row - 45.0)))
    assert harris(slanted)[5:-5, 5:-5].max() <= 1e-18


@settings(deadline=None, derandomize=True, max_examples=30)
@given(seed=st.integers(0, 2**32), quarters=st.integers(1, 3), contrast=st.floats(0.1, 2))
def test_harris_turns_with_the_image_and_grows_with_contrast(seed, quarters, contrast):
    """Turned images have turned responses, and contrast counts by its fourth power."""
    image = np.random.default_rng(seed).random((8, 11))
    response = harris(image)
    np.testing.assert_allclose(harris(np.rot90(image, quarters)), np.rot90(response, quarters), atol=1e-15)
    np.testing.assert_allclose(harris(contrast * image), contrast**4 * response, rtol=1e-9, atol=1e-15)


# Corners


@settings(deadline=None, derandomize=True, max_examples=40)
@given(x=st.floats(12, 20), y=st.floats(12, 20))
def test_corners_of_a_chessboard_to_a_tenth_of_a_pixel(x, y):
    """Where four squares meet, the corner is found five times as exactly as its pixel would say."""
    found = corners(chessboard(x, y), count=1)
    np.testing.assert_allclose(found, [[x, y]], atol=0.1)


def test_corners_of_a_square():
    """A square has four corners, and they are not swapped: x is the column."""
    image = np.zeros((40, 60))
    image[10:20, 30:50] = 1
    found = corners(image)
    expected = [[30, 10], [50, 10], [50, 20], [30, 20]]
    assert len(found) == 4
    for corner in expected:
        assert np.hypot(*(found - corner).T).min() < 1.5


def test_corners_are_ordered_counted_and_apart():
    """By falling response; `count` takes the first; `distance` and `threshold` drop the others."""
    image = np.random.default_rng(0).random((60, 50))
    every = corners(image, threshold=0, distance=0)
    response = harris(image)
    pixels = np.floor(every).astype(int)
    heights = response[np.minimum(pixels[:, 1], 59), np.minimum(pixels[:, 0], 49)]
    assert len(every) > 50
    assert (np.diff(heights) <= 1e-12).mean() > 0.95  # a vertex may lie on the border of its pixel
    np.testing.assert_array_equal(corners(image, threshold=0, distance=0, count=7), every[:7])
    apart = corners(image, distance=9)
    between = np.hypot(*(apart[:, np.newaxis] - apart).transpose(2, 0, 1))
    assert len(apart) < len(every)
    assert between[~np.eye(len(apart), dtype=bool)].min() >= 9
    assert 1 <= len(corners(image, threshold=0.5)) < len(corners(image, threshold=0.1))
    assert len(corners(image, threshold=1, distance=0)) == 1


def test_images_without_corners():
    """A flat image, a ramp and an edge have no corners; the result is empty and has the image's type."""
    edge = np.zeros((9, 9), np.float32)
    edge[:, 4:] = 1
    for image in (
        np.full((9, 9), 0.1, np.float32),
        np.float32(np.indices((9, 9))[0] / 9),
        edge,
        edge[:1, :1],
    ):
        found = corners(image)
        assert (found.shape, found.dtype) == ((0, 2), np.float32)


# Heat maps


def test_heatmaps_by_hand():
    """One pixel off is exp(-1/2), one down and one across exp(-1), at sigma 1."""
    expected = np.exp([[-1, -0.5, -1], [-0.5, 0, -0.5]])
    np.testing.assert_allclose(heatmaps([[1.5, 1.5]], (2, 3), sigma=1), [expected], rtol=1e-15)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(
    x=st.floats(0, 9),
    y=st.floats(0, 7),
    sigma=st.floats(0.3, 4),
    height=st.floats(1e-3, 100),
)
def test_from_heatmaps_undoes_heatmaps(x, y, sigma, height):
    """A Gaussian heat map of any height gives its point again, also in the outermost pixels."""
    maps = height * heatmaps([[x, y]], (7, 9), sigma=sigma)
    points, scores = from_heatmaps(maps)
    np.testing.assert_allclose(points, [[x, y]], atol=1e-9)
    assert scores == maps.max()


def test_from_heatmaps_is_exact_where_the_centre_of_mass_is_not():
    """Beside the border the centre of mass (soft-argmax) is off by half a pixel, the vertex is not."""
    maps = heatmaps([[1.3, 8.0]], (16, 16), sigma=2)
    mass = (maps[0].sum(axis=0) * (np.arange(16) + 0.5)).sum() / maps.sum()
    assert mass - 1.3 > 0.5
    np.testing.assert_allclose(from_heatmaps(maps)[0], [[1.3, 8.0]], atol=1e-9)


def test_float32_heatmaps():
    """In single precision the point comes back to 1/1000 of a pixel, and the types stay."""
    truth = np.random.default_rng(0).uniform(0, 48, (50, 2)).astype(np.float32)
    maps = heatmaps(truth, (48, 48), sigma=2)
    points, scores = from_heatmaps(maps)
    assert maps.dtype == points.dtype == scores.dtype == np.float32
    np.testing.assert_allclose(points, truth, atol=1e-3)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    shape=st.tuples(*[st.integers(1, 5)] * 2),
    kind=st.sampled_from(["noise", "flat", "two values", "negative"]),
)
def test_points_of_any_heatmap_lie_in_its_highest_pixel(seed, shape, kind):
    """Whatever the heat map, the point lies within the pixel of the highest value, which is the score."""
    maps = np.random.default_rng(seed).random((4, *shape))
    maps = {"noise": maps, "flat": 0 * maps, "two values": maps.round(), "negative": -maps}[kind]
    points, scores = from_heatmaps(maps)
    np.testing.assert_array_equal(scores, maps.max(axis=(1, 2)))
    for (x, y), one in zip(points, maps, strict=True):
        row, column = np.unravel_index(one.argmax(), shape)
        assert column <= x <= column + 1
        assert row <= y <= row + 1


# Scores of predicted keypoints


def test_pck_by_hand():
    """Distances 0, 5, 10 of 100 pixels: right at 5 % are the first two, and the limit itself counts."""
    truth = np.zeros((1, 3, 2))
    predicted = np.array([[[0, 0], [3, 4], [6, 8]]])
    for threshold, expected in [(0, 1 / 3), (0.05, 2 / 3), (0.049, 1 / 3), (0.1, 1)]:
        share = percentage_of_correct_keypoints(predicted, truth, reference=100, threshold=threshold)
        assert share == expected
    seen = [[True, False, True]]
    assert (
        percentage_of_correct_keypoints(predicted, truth, reference=100, threshold=0.05, visible=seen) == 0.5
    )


def test_pck_measures_each_object_by_its_own_length():
    """The same error of 5 pixels is right for an object of 100 pixels and wrong for one of 20."""
    truth = np.zeros((2, 1, 2))
    share = percentage_of_correct_keypoints(truth + [3, 4], truth, reference=[100, 20], threshold=0.1)
    assert share == 0.5


def test_oks_of_coco():
    """What computeOks of pycocotools 2.0.11 gave (eye, shoulder, hip; v = 2, 0, 1; area 3000) and a hand."""
    truth, predicted = [[10, 10], [40, 30], [35, 80]], [[11, 10], [90, 90], [31, 83]]
    sigmas, area = np.array([0.025, 0.079, 0.107]), 3000
    # exp(-1 / (2 x 3000 x 0.05^2)) and exp(-25 / (2 x 3000 x 0.214^2))
    expected = (math.exp(-1 / 15) + math.exp(-25 / (6000 * 0.214**2))) / 2
    oks = object_keypoint_similarity(predicted, truth, area=area, sigmas=sigmas, visible=[2, 0, 1])
    assert math.isclose(oks, expected, rel_tol=1e-6)
    assert math.isclose(oks, 0.9242700169852136, rel_tol=1e-6)


@settings(deadline=None, derandomize=True, max_examples=50)
@given(seed=st.integers(0, 2**32), factor=st.floats(0.1, 10))
def test_scores_do_not_depend_on_the_size_of_the_picture(seed, factor):
    """Everything larger by a factor, the area by its square: the same scores; perfect ones are 1."""
    rng = np.random.default_rng(seed)
    truth = rng.random((3, 5, 2)) * 100
    predicted = truth + rng.normal(0, 5, truth.shape)
    visible = rng.random((3, 5)) < 0.7
    visible[:, 0] = True
    lengths, sigmas = rng.uniform(10, 100, 3), rng.uniform(0.02, 0.1, 5)
    oks = object_keypoint_similarity(predicted, truth, area=lengths**2, sigmas=sigmas, visible=visible)
    larger = object_keypoint_similarity(
        factor * predicted, factor * truth, area=(factor * lengths) ** 2, sigmas=sigmas, visible=visible
    )
    np.testing.assert_allclose(larger, oks, rtol=1e-9)
    assert ((oks > 0) & (oks < 1)).all()
    one = object_keypoint_similarity(
        predicted[1], truth[1], area=lengths[1] ** 2, sigmas=sigmas, visible=visible[1]
    )
    assert math.isclose(one, oks[1])
    shares = [
        percentage_of_correct_keypoints(predicted, truth, reference=lengths, threshold=share, visible=visible)
        for share in (0, 0.05, 0.1, 0.5, 50)
    ]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 1)
    np.testing.assert_array_equal(
        object_keypoint_similarity(truth, truth, area=lengths, sigmas=sigmas, visible=visible), 1
    )


# Input that is unusual, and input that is wrong


def test_no_points():
    """No points, no heat maps and no objects give empty results; a share of no keypoints is an error."""
    none = np.zeros((0, 2), np.float32)
    maps = heatmaps(none, (3, 4), sigma=1)
    assert (maps.shape, maps.dtype) == ((0, 3, 4), np.float32)
    points, scores = from_heatmaps(maps)
    assert (points.shape, scores.shape, points.dtype) == ((0, 2), (0,), np.float32)
    none = np.zeros((0, 5, 2))
    assert object_keypoint_similarity(none, none, area=1, sigmas=np.ones(5)).shape == (0,)
    with pytest.raises(ValueError, match="at least one keypoint must count, got none of 0"):
        percentage_of_correct_keypoints(none, none, reference=np.ones(0), threshold=0.1)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(seed=st.integers(0, 2**32), dtype=st.sampled_from(TYPES))
def test_types_and_memory_do_not_matter(seed, dtype):
    """Each type gives its documented type; strided, reversed, read-only memory changes nothing."""
    rng = np.random.default_rng(seed)
    image, maps = (rng.random((9, 8)) * 3).astype(dtype), (rng.random((3, 4, 5)) * 3).astype(dtype)
    points = (rng.random((4, 2)) * 3).astype(dtype)
    calls = [
        (lambda a: harris(a), image),
        (lambda a: corners(a, distance=2), image),
        (lambda a: heatmaps(a, (4, 6), sigma=1), points),
        (lambda a: from_heatmaps(a)[0], maps),
        (lambda a: from_heatmaps(a)[1], maps),
        (lambda a: object_keypoint_similarity(a[None], a[None] // 2, area=5, sigmas=[0.1] * 4), points),
        (lambda a: percentage_of_correct_keypoints(a, points, reference=2, threshold=0.1), points),
    ]
    for call, argument in calls:
        before = argument.copy()
        result = call(argument)
        np.testing.assert_array_equal(argument, before)
        np.testing.assert_array_equal(call(strange_copy(argument)), result)
        assert isinstance(result, float) or result.dtype == expected_type(dtype)
        assert np.isfinite(result).all()


@settings(deadline=None, derandomize=True, max_examples=60)
@given(bad=st.sampled_from([math.nan, math.inf, -math.inf]), place=st.integers(0, 5))
def test_what_is_not_finite_is_refused(bad, place):
    """NaN and infinity, wherever they stand, are refused by name."""
    points = np.zeros((3, 2))
    points.flat[place] = bad
    image, good = np.resize(points, (3, 4)), np.zeros((3, 2))
    for call, name in [
        (lambda: harris(image), "image"),
        (lambda: corners(image), "image"),
        (lambda: heatmaps(points, (3, 3), sigma=1), "points"),
        (lambda: from_heatmaps(image[np.newaxis]), "heatmaps"),
        (lambda: percentage_of_correct_keypoints(points, good, reference=1, threshold=1), "predicted"),
        (lambda: object_keypoint_similarity(good, points, area=1, sigmas=[1, 1, 1]), "truth"),
        (lambda: object_keypoint_similarity(good, good, area=bad, sigmas=[1, 1, 1]), "area"),
        (lambda: object_keypoint_similarity(good, good, area=1, sigmas=[1, 1, bad]), "sigmas"),
        (lambda: percentage_of_correct_keypoints(good, good, reference=bad, threshold=1), "reference"),
        (lambda: percentage_of_correct_keypoints(good, good, reference=1, threshold=bad), "threshold"),
        (lambda: harris(good, sigma=bad), "sigma"),
    ]:
        with pytest.raises(ValueError, match=f"{name} must be finite"):
            call()


@settings(deadline=None, derandomize=True, max_examples=60)
@given(shape=st.lists(st.integers(0, 3), max_size=5).map(tuple))
def test_wrong_shapes_are_refused(shape):
    """Any shape that is not documented is a ValueError, never another error or a result."""
    values = np.zeros(shape)
    if len(shape) != 2 or 0 in shape:
        for call in (harris, corners):
            with pytest.raises(ValueError, match="image must"):
                call(values)
    if len(shape) != 3 or 0 in shape[1:]:
        with pytest.raises(ValueError, match="heatmaps must"):
            from_heatmaps(values)
    if len(shape) != 2 or shape[1] != 2:
        with pytest.raises(ValueError, match="points must"):
            heatmaps(values, (3, 3), sigma=1)
    if len(shape) not in (2, 3) or shape[-1] != 2 or shape[-2] == 0:
        with pytest.raises(ValueError, match="predicted must"):
            percentage_of_correct_keypoints(values, values, reference=1, threshold=1)
        with pytest.raises(ValueError, match="predicted must"):
            object_keypoint_similarity(values, values, area=1, sigmas=[1])


@pytest.mark.parametrize("values", NOT_NUMBERS)
def test_what_is_not_a_number_is_refused(values):
    """Objects, strings and complex numbers are a TypeError."""
    for call in (
        lambda: harris(values),
        lambda: corners(values),
        lambda: heatmaps(values, (3, 3), sigma=1),
        lambda: from_heatmaps(values[np.newaxis]),
        lambda: percentage_of_correct_keypoints(values, values, reference=1, threshold=1),
        lambda: object_keypoint_similarity(values, values, area=1, sigmas=[1]),
    ):
        with pytest.raises(TypeError, match="must hold real numbers, got dtype"):
            call()


def test_errors_name_the_argument():
    """Each wrong argument is named, with what was wanted and what came."""
    image, two, three = np.ones((4, 4)), np.zeros((2, 2)), np.zeros((3, 2))
    pck, oks = percentage_of_correct_keypoints, object_keypoint_similarity
    cases = [
        (lambda: harris(image, sigma=0), ValueError, "sigma must be more than 0, got 0"),
        (lambda: harris(image, k=0.3), ValueError, "k must be between 0 and 0.25, got 0.3"),
        (lambda: corners(image, count=0), ValueError, "count must be at least 1, got 0"),
        (lambda: corners(image, count=2.5), TypeError, "count must be an integer, got 2.5"),
        (lambda: corners(image, threshold=2), ValueError, "threshold must be between 0 and 1, got 2"),
        (lambda: corners(image, distance=-1), ValueError, "distance must be at least 0, got -1"),
        (lambda: heatmaps(two, (0, 3), sigma=1), ValueError, "shape must be at least 1, got 0"),
        (lambda: heatmaps(two, (3, 3), sigma=0), ValueError, "sigma must be more than 0"),
        (
            lambda: pck(two, three, reference=1, threshold=1),
            ValueError,
            "predicted and truth must have the same shape, got (2, 2) and (3, 2)",
        ),
        (
            lambda: pck(two, two, reference=[1, 2], threshold=1),
            ValueError,
            "reference must be one number or one per object, 1, got shape (2,)",
        ),
        (lambda: pck(two, two, reference=0, threshold=1), ValueError, "reference must be more than 0, got 0"),
        (lambda: pck(two, two, reference=1, threshold=-1), ValueError, "threshold must be at least 0"),
        (
            lambda: pck(two, two, reference=1, threshold=1, visible=[1, 1, 1]),
            ValueError,
            "visible must have shape (2,), got (3,)",
        ),
        (
            lambda: pck(two, two, reference=1, threshold=1, visible=[0.5, 1]),
            TypeError,
            "visible must hold booleans or integers, got dtype float64",
        ),
        (lambda: oks(two, two, area=-1, sigmas=[1, 1]), ValueError, "area must be more than 0, got -1"),
        (
            lambda: oks(two, two, area=1, sigmas=[1]),
            ValueError,
            "sigmas must be one number of more than 0 per keypoint, 2, got [1.]",
        ),
        (
            lambda: oks(two, two, area=1, sigmas=[1, 0]),
            ValueError,
            "sigmas must be one number of more than 0",
        ),
        (
            lambda: oks(two[None], two[None], area=1, sigmas=[1, 1], visible=[[0, 0]]),
            ValueError,
            "every object must have a visible keypoint, got none for object 0",
        ),
    ]
    for call, error, message in cases:
        with pytest.raises(error, match=re.escape(message)):
            call()
