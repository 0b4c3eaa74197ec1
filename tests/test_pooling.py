import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebook.pooling import average_pool2d, max_pool2d

# The matrix of "pooling" in Google's Machine Learning Glossary (alt text of the picture, read 2026-11).
GLOSSARY_IMAGE = [[5, 3, 1], [8, 2, 5], [9, 4, 3]]


def pooled_by_loops(image, size, stride, padding, statistic):
    """Cut each window out of the image, without what hangs over the border, and take its statistic."""
    (height, width), (down, right) = image.shape, stride
    tops = range(-padding[0], height + padding[0] - size[0] + 1, down)
    lefts = range(-padding[1], width + padding[1] - size[1] + 1, right)
    return [
        [statistic(image[max(top, 0) : top + size[0], max(left, 0) : left + size[1]]) for left in lefts]
        for top in tops
    ]


def test_pooling_of_the_glossary():
    """A 2x2 window with stride 1: the glossary's maxima; averages by hand, 18, 11, 23 and 14 over 4."""
    np.testing.assert_array_equal(max_pool2d(GLOSSARY_IMAGE, 2, stride=1), [[8, 5], [9, 5]])
    np.testing.assert_array_equal(average_pool2d(GLOSSARY_IMAGE, 2, stride=1), [[4.5, 2.75], [5.75, 3.5]])


def test_stride_none_puts_windows_side_by_side():
    """Without a stride the windows do not overlap, and what does not fill one is dropped."""
    image = np.arange(15).reshape(3, 5)
    np.testing.assert_array_equal(max_pool2d(image, 2), [[6, 8]])
    np.testing.assert_array_equal(average_pool2d(image, (3, 2)), [[5.5, 7.5]])


def test_padding_never_wins_and_is_not_counted():
    """On a constant image the maximum and the average are that constant even where a window hangs over."""
    for dtype in (np.int8, np.int64, np.float32, np.float64):
        image = np.full((3, 4), -7, dtype)
        np.testing.assert_array_equal(max_pool2d(image, 3, stride=1, padding=2), np.full((5, 6), -7))
        np.testing.assert_array_equal(average_pool2d(image, 3, stride=1, padding=2), np.full((5, 6), -7))


@st.composite
def axis_geometries(draw):
    """Draw the length of an axis, and a window, stride and padding that fit it."""
    size = draw(st.integers(1, 3))
    padding = draw(st.integers(0, size - 1))
    length = draw(st.integers(max(1, size - 2 * padding), 7))
    return length, size, draw(st.integers(1, 4)), padding


@given(axis_geometries(), axis_geometries(), st.integers(0, 2**32))
@settings(derandomize=True, deadline=None)
def test_pooling_is_the_statistic_of_each_cropped_window(vertical, horizontal, seed):
    """Both poolings equal a loop that cuts every window out of the unpadded image."""
    shape, size, stride, padding = zip(vertical, horizontal, strict=True)
    image = np.random.default_rng(seed).integers(-99, 100, shape).astype(np.float64)
    maxima = max_pool2d(image, size, stride=stride, padding=padding)
    averages = average_pool2d(image, size, stride=stride, padding=padding)
    np.testing.assert_array_equal(maxima, pooled_by_loops(image, size, stride, padding, np.max))
    np.testing.assert_allclose(averages, pooled_by_loops(image, size, stride, padding, np.mean), atol=1e-12)


@pytest.mark.parametrize("pool", [max_pool2d, average_pool2d])
def test_images_and_channels_are_pooled_by_themselves(pool):
    """A batch of colour images gives what its images give, and those what their channels give."""
    batch = np.random.default_rng(0).random((2, 5, 6, 3))
    result = pool(batch, 3, stride=2, padding=1)
    assert result.shape == (2, 3, 3, 3)
    for n in range(2):
        np.testing.assert_array_equal(pool(batch[n], 3, stride=2, padding=1), result[n])
        for k in range(3):
            np.testing.assert_array_equal(pool(batch[n, :, :, k], 3, stride=2, padding=1), result[n, :, :, k])


@pytest.mark.parametrize("pool", [max_pool2d, average_pool2d])
def test_nan_reaches_every_window_that_sees_it(pool):
    """A NaN is not lost, and it does not leak into the windows beside it."""
    image = np.zeros((2, 4), np.float32)
    image[1, 1] = np.nan
    np.testing.assert_array_equal(pool(image, 2), [[np.nan, 0]])


def test_types_of_the_results():
    """The maximum keeps the type; the average of integers is float32."""
    for dtype in (np.uint8, np.int64, np.float32, np.float64):
        assert max_pool2d(np.ones((2, 2), dtype), 2).dtype == dtype
    for dtype, expected in [(np.uint8, np.float32), (np.float32, np.float32), (np.float64, np.float64)]:
        assert average_pool2d(np.full((2, 2), 255, dtype), 2).dtype == expected


@pytest.mark.parametrize("pool", [max_pool2d, average_pool2d])
def test_pooling_does_not_touch_or_return_its_argument(pool):
    """The result of a 1x1 window is a copy, and read-only and Fortran-ordered images work."""
    image = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    image.flags.writeable = False
    result = pool(image, 1)
    np.testing.assert_array_equal(result, image)
    assert not np.shares_memory(result, image)


@pytest.mark.parametrize("pool", [max_pool2d, average_pool2d])
def test_a_batch_of_no_images(pool):
    """N = 0 gives an empty result of the right shape and type."""
    result = pool(np.zeros((0, 4, 6, 3), np.float32), 2)
    assert result.shape == (0, 2, 3, 3)
    assert result.dtype == np.float32


@pytest.mark.parametrize("pool", [max_pool2d, average_pool2d])
def test_pooling_refuses_windows_that_see_nothing(pool):
    """The error names padding as large as the window, a window that does not fit and an empty image."""
    with pytest.raises(
        ValueError, match=r"padding must be less than the window's size \(2, 3\), got \(2, 2\)"
    ):
        pool(np.ones((4, 4)), (2, 3), padding=2)
    with pytest.raises(ValueError, match="spans 4 cells .* padded input of 3 .size 1, padding 1."):
        pool(np.ones((1, 9)), 4, padding=1)
    with pytest.raises(ValueError, match=r"at least one row, column and channel, got shape \(0, 4\)"):
        pool(np.ones((0, 4)), 2)
    with pytest.raises(ValueError, match="images must be an array with 2, 3 or 4 dimensions"):
        pool(np.ones(4), 2)
    with pytest.raises(ValueError, match="stride must be at least 1, got 0"):
        pool(np.ones((4, 4)), 2, stride=0)
