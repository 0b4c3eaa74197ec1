import re

import numpy as np
import pytest
from PIL import Image

from imagebook.resampling import downsample, resize


def random_image(*shape, dtype=np.float64):
    """Return the same random values in [0, 1) each time."""
    return np.random.default_rng(0).random(shape).astype(dtype)


def test_downsample_averages_blocks():
    """Each 2x2 block of a 4x4 image becomes its mean."""
    image = np.array([[1, 2, 3, 4], [5, 6, 7, 8], [0, 0, 1, 1], [0, 4, 1, 1]], float)
    np.testing.assert_array_equal(downsample(image, 2), [[14 / 4, 22 / 4], [1, 1]])


def test_downsample_averages_partial_blocks_over_what_is_there():
    """Of 3x5 pixels by (2, 3), the last row of blocks is one high and the last column two wide."""
    image = np.arange(15.0).reshape(3, 5)
    expected = [[(0 + 1 + 2 + 5 + 6 + 7) / 6, (3 + 4 + 8 + 9) / 4], [(10 + 11 + 12) / 3, (13 + 14) / 2]]
    np.testing.assert_array_equal(downsample(image, (2, 3)), expected)


def test_downsample_without_antialias_takes_every_other_pixel():
    """The top left pixel of every block stays; one-pixel stripes vanish, where the mean is grey."""
    image = np.arange(15.0).reshape(3, 5)
    np.testing.assert_array_equal(downsample(image, (2, 3), antialias=False), [[0, 3], [10, 13]])
    stripes = np.tile([0.0, 1.0], (4, 4))
    assert (downsample(stripes, 2, antialias=False) == 0).all()
    assert (downsample(stripes, 2) == 0.5).all()


@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize("factor", [1, 2, 3, 7, (1, 4), (5, 2), 100])
def test_downsample_shapes_round_up(factor, antialias):
    """The size is ceil(size / factor), the same with and without averaging; factor 1 changes nothing."""
    vertical, horizontal = (factor, factor) if isinstance(factor, int) else factor
    image = random_image(7, 10)
    result = downsample(image, factor, antialias=antialias)
    assert result.shape == (-(-7 // vertical), -(-10 // horizontal))
    if factor == 1:
        np.testing.assert_array_equal(result, image)
        assert not np.shares_memory(result, image)


@pytest.mark.parametrize("factor", [2, 3, (4, 6)])
def test_downsample_keeps_the_mean_where_the_factor_divides(factor):
    """Means of equal blocks have the mean of the whole image."""
    image = random_image(12, 18, 3)
    np.testing.assert_allclose(
        downsample(image, factor).mean(axis=(0, 1)), image.mean(axis=(0, 1)), rtol=1e-12
    )


def test_resize_to_double_by_hand():
    """Outputs at 0.25, 0.75, 1.25, 1.75 lie between inputs at 0.5 and 1.5, or repeat the edge."""
    np.testing.assert_array_equal(resize([[0.0, 1.0]], (1, 4)), [[0, 0.25, 0.75, 1]])
    np.testing.assert_array_equal(resize([[0.0], [1.0]], (4, 1)), [[0], [0.25], [0.75], [1]])


def test_resize_to_half_by_hand():
    """The triangle reaches two pixels: weights 3/8, 3/8 near, 1/8, 1/8 far; at the border 3/7, 3/7, 1/7."""
    spot = [[0.0, 0.0, 0.0, 1.0, 0.0, 0.0]]
    np.testing.assert_allclose(resize(spot, (1, 3)), [[0, 3 / 8, 1 / 7]])
    np.testing.assert_allclose(resize([[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]], (1, 3)), [[3 / 7, 0, 0]])


def test_resize_without_antialias_skips_pixels():
    """At a quarter of the width only the two pixels next to each output centre count."""
    row = [[1.0, 0.25, 0.75, 1.0, 0.0, 0.5, 0.0, 1.0]]
    np.testing.assert_allclose(resize(row, (1, 2), antialias=False), [[(0.25 + 0.75) / 2, (0.5 + 0.0) / 2]])


@pytest.mark.parametrize("shape", [(3, 4), (5, 5), (1, 1), (8, 11), (20, 30), (4, 30), (20, 3)])
def test_resize_equals_pillow(shape):
    """With antialias it is Pillow's BILINEAR resize of float images, growing, shrinking or both."""
    image = random_image(9, 13, dtype=np.float32)
    expected = np.asarray(Image.fromarray(image).resize(shape[::-1], Image.Resampling.BILINEAR))
    np.testing.assert_allclose(resize(image, shape), expected, atol=1e-6)


def test_resize_of_a_large_image_equals_pillow():
    """The same holds for more rows than are computed at a time."""
    image = random_image(600, 700, dtype=np.float32)
    expected = np.asarray(Image.fromarray(image).resize((300, 500), Image.Resampling.BILINEAR))
    np.testing.assert_allclose(resize(image, (500, 300)), expected, atol=1e-6)


def test_growing_needs_no_antialias():
    """Where no side shrinks the two ways agree, and the same shape returns the image itself."""
    image = random_image(4, 5)
    np.testing.assert_array_equal(resize(image, (9, 5)), resize(image, (9, 5), antialias=False))
    np.testing.assert_array_equal(resize(image, (4, 5)), image)


@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize("value", [0.1, 1.0])
def test_constant_stays_constant(value, antialias):
    """A constant float32 image stays so bit for bit, whatever the sizes, also in partial blocks."""
    image = np.full((7, 10, 3), value, np.float32)
    for result in (
        downsample(image, 3, antialias=antialias),
        resize(image, (3, 7), antialias=antialias),
        resize(image, (19, 23), antialias=antialias),
    ):
        assert (result == np.float32(value)).all()


def test_resize_stays_in_the_range_of_the_image():
    """No weight is negative, so nothing overshoots at an edge."""
    image = np.where(random_image(15, 15, dtype=np.float32) < 0.5, 0, 1).astype(np.float32)
    for shape in ((4, 4), (7, 40), (31, 31)):
        result = resize(image, shape)
        assert 0 <= result.min() <= result.max() <= 1


@pytest.mark.parametrize("antialias", [True, False])
def test_images_channels_and_batches_agree(antialias):
    """A batch is resampled image by image and an image channel by channel; the type stays."""
    batch = random_image(2, 7, 9, 3, dtype=np.float32)
    for function, argument in ((downsample, (2, 3)), (resize, (4, 12))):
        together = function(batch, argument, antialias=antialias)
        assert together.dtype == np.float32
        for n in range(2):
            one = function(batch[n], argument, antialias=antialias)
            np.testing.assert_allclose(together[n], one, rtol=1e-6)
            for c in range(3):
                channel = function(batch[n, :, :, c], argument, antialias=antialias)
                np.testing.assert_allclose(one[..., c], channel, rtol=1e-6)


def test_empty_batch():
    """A batch of no images gives a batch of no images of the new size."""
    batch = np.zeros((0, 7, 9, 3), np.float32)
    for antialias in (True, False):
        small = downsample(batch, 2, antialias=antialias)
        assert (small.shape, small.dtype) == ((0, 4, 5, 3), np.float32)
        resized = resize(batch, (4, 12), antialias=antialias)
        assert (resized.shape, resized.dtype) == ((0, 4, 12, 3), np.float32)


def test_memory_layout_does_not_matter():
    """Read-only images in Fortran order give bit for bit the same, and are not changed."""
    image = random_image(7, 9, 3, dtype=np.float32)
    strange = np.asfortranarray(image)
    strange.flags.writeable = False
    np.testing.assert_array_equal(downsample(strange, 2), downsample(image, 2))
    np.testing.assert_array_equal(resize(strange, (4, 12)), resize(image, (4, 12)))


def test_errors_name_the_argument():
    """Each wrong argument is named, with what was wanted and what came."""
    image = np.ones((4, 4))
    cases = [
        (lambda: downsample(image, 0), ValueError, "factor must be at least 1, got 0"),
        (lambda: downsample(image, 1.5), TypeError, "factor must be an integer, got 1.5"),
        (lambda: downsample(image[0], 2), ValueError, "image must be an array with 2, 3 or 4 dimensions"),
        (lambda: downsample(np.ones((0, 4)), 2), ValueError, "image must have at least one row"),
        (lambda: resize(image, (4, 0)), ValueError, "shape must be at least 1, got 0"),
        (lambda: resize(image, (1, 2, 3)), ValueError, "shape must be one integer or a pair"),
        (lambda: resize(image * np.nan, (2, 2)), ValueError, "image must be finite"),
        (lambda: resize([["a"]], (2, 2)), TypeError, "image must hold real numbers"),
    ]
    for call, error, message in cases:
        with pytest.raises(error, match=re.escape(message)):
            call()
