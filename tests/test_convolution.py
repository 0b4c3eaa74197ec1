import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebook.convolution import (
    conv2d,
    convolve2d,
    cross_correlate2d,
    cross_correlate2d_loops,
    depthwise_conv2d,
    fold,
    output_size,
    pointwise_conv2d,
    unfold,
)

# Input of "convolutional layer" and "convolutional operation" in Google's Machine Learning Glossary
# (alt texts of the pictures, read 2026-11). The expected results below are computed by hand.
GLOSSARY_IMAGE = np.array(
    [
        [128, 97, 53, 201, 198],
        [35, 22, 25, 200, 195],
        [37, 24, 28, 197, 182],
        [33, 28, 92, 195, 179],
        [31, 40, 100, 192, 177],
    ],
    np.uint8,
)
GLOSSARY_CROSS = [[0, 1, 0], [1, 0, 1], [0, 1, 0]]


@st.composite
def geometries(draw):
    """Draw image size, kernel size and options, pairs (vertical, horizontal) in which the kernel fits."""
    axes = []
    for _ in range(2):
        kernel_size, stride, dilation = (draw(st.integers(1, 3)) for _ in range(3))
        padding = draw(st.integers(0, 2))
        smallest = max(1, dilation * (kernel_size - 1) + 1 - 2 * padding)
        axes.append((draw(st.integers(smallest, 7)), kernel_size, stride, padding, dilation))
    size, kernel_size, stride, padding, dilation = zip(*axes, strict=True)
    return size, kernel_size, {"stride": stride, "padding": padding, "dilation": dilation}


def test_output_size_of_the_glossary():
    """A 3x3 kernel visits a 5x5 image nine times with stride 1 (the glossary's count), four with stride 2."""
    assert output_size(5, 3) ** 2 == 9
    assert output_size(5, 3, stride=2) ** 2 == 4


@given(geometries())
@settings(derandomize=True, deadline=None)
def test_output_size_counts_the_positions(geometry):
    """The output has one cell for each multiple of the stride at which the dilated kernel still fits."""
    (size, _), (kernel_size, _), options = geometry
    stride, padding, dilation = (options[name][0] for name in ("stride", "padding", "dilation"))
    last_cell = dilation * (kernel_size - 1)
    positions = [at for at in range(0, size + 2 * padding, stride) if at + last_cell < size + 2 * padding]
    counted = output_size(size, kernel_size, stride=stride, padding=padding, dilation=dilation)
    assert counted == len(positions)


def test_output_size_refuses_a_kernel_that_does_not_fit():
    """The error names the span of the dilated kernel and the padded length."""
    assert output_size(2, 2, dilation=3, padding=1) == 1
    message = "spans 5 cells .kernel_size 3, dilation 2. and a padded input of 4 .size 2, padding 1."
    with pytest.raises(ValueError, match=message):
        output_size(2, 3, dilation=2, padding=1)
    with pytest.raises(ValueError, match="stride must be at least 1, got 0"):
        output_size(5, 3, stride=0)


@pytest.mark.parametrize("correlate", [cross_correlate2d, cross_correlate2d_loops])
def test_cross_correlation_of_the_glossary(correlate):
    """The glossary's 3x3 filter; the alt text reads 169 and 560 where the sums are 189 and 660."""
    assert 24 + 33 + 92 + 40 == 189
    assert 197 + 92 + 179 + 192 == 660
    expected = [[181, 303, 618], [115, 338, 605], [189, 351, 660]]
    np.testing.assert_array_equal(correlate(GLOSSARY_IMAGE, GLOSSARY_CROSS), expected)


@pytest.mark.parametrize("correlate", [cross_correlate2d, cross_correlate2d_loops])
def test_cross_correlation_of_the_glossary_with_stride_two(correlate):
    """Stride 2 keeps every second row and column of the result: its four corners."""
    strided = correlate(GLOSSARY_IMAGE, GLOSSARY_CROSS, stride=2)
    np.testing.assert_array_equal(strided, [[181, 618], [189, 660]])


@pytest.mark.parametrize("correlate", [cross_correlate2d, cross_correlate2d_loops])
def test_cross_correlation_of_the_glossary_with_a_2x2_filter(correlate):
    """The glossary's "convolutional operation" adds 128 and 22 at the top left; the rest by hand."""
    expected = [[150, 122, 253, 396], [59, 50, 222, 382], [65, 116, 223, 376], [73, 128, 284, 372]]
    np.testing.assert_array_equal(correlate(GLOSSARY_IMAGE, [[1, 0], [0, 1]]), expected)


def test_convolution_flips_and_cross_correlation_does_not():
    """By hand: 1*1 + 2*2 + 4*3 + 5*4 = 37 without the flip, 1*4 + 2*3 + 4*2 + 5*1 = 23 with it."""
    image = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    kernel = [[1, 2], [3, 4]]
    np.testing.assert_array_equal(cross_correlate2d(image, kernel), [[37, 47], [67, 77]])
    np.testing.assert_array_equal(convolve2d(image, kernel), [[23, 33], [53, 63]])


def test_convolution_of_an_impulse_is_the_kernel():
    """A single 1 on zeros spreads out to the kernel itself, and under cross-correlation to its flip."""
    kernel = np.arange(6).reshape(2, 3)
    np.testing.assert_array_equal(convolve2d([[1]], kernel, padding=(1, 2)), kernel)
    np.testing.assert_array_equal(cross_correlate2d([[1]], kernel, padding=(1, 2)), kernel[::-1, ::-1])


def test_convolution_of_one_row_is_numpys_convolution():
    """On one row and with full padding, convolve2d is the 1-D convolution that NumPy has."""
    rng = np.random.default_rng(0)
    row, kernel = rng.integers(-9, 10, 12), rng.integers(-9, 10, 5)
    result = convolve2d(row[np.newaxis], kernel[np.newaxis], padding=(0, 4))
    np.testing.assert_array_equal(result[0], np.convolve(row, kernel))


@given(geometries(), st.sampled_from([(), (1,), (3,)]), st.integers(0, 2**32))
@settings(derandomize=True, deadline=None)
def test_loops_and_slices_agree_exactly_on_integers(geometry, channels, seed):
    """The loop version and the fast version are the same function."""
    size, kernel_size, options = geometry
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (*size, *channels), dtype=np.uint8)
    kernel = rng.integers(-9, 10, kernel_size)
    loops = cross_correlate2d_loops(image, kernel, **options)
    fast = cross_correlate2d(image, kernel, **options)
    assert fast.dtype == loops.dtype == np.int64
    np.testing.assert_array_equal(fast, loops)


@pytest.mark.parametrize("correlate", [cross_correlate2d, convolve2d, cross_correlate2d_loops])
@pytest.mark.parametrize(
    ("image_type", "kernel_type", "expected"),
    [
        (np.uint8, np.int8, np.int64),
        (bool, bool, np.int64),
        (np.float32, np.float32, np.float32),
        (np.float32, np.int64, np.float32),
        (np.int64, np.float32, np.float32),
        (np.float16, np.int64, np.float32),
        (np.uint8, np.float64, np.float64),
        (np.float32, np.float64, np.float64),
    ],
)
def test_type_of_the_result(correlate, image_type, kernel_type, expected):
    """Integers give int64, one float64 gives float64, and other floats give float32."""
    result = correlate(np.ones((3, 3), image_type), np.ones((2, 2), kernel_type))
    assert result.dtype == expected
    np.testing.assert_array_equal(result, [[4, 4], [4, 4]])


def test_each_channel_is_filtered_by_itself():
    """Filtering a colour image is filtering its channels one at a time."""
    rng = np.random.default_rng(1)
    image, kernel = rng.random((6, 5, 3)), rng.random((3, 2))
    together = cross_correlate2d(image, kernel, padding=1)
    assert together.shape == (6, 6, 3)
    for channel in range(3):
        np.testing.assert_array_equal(
            together[:, :, channel], cross_correlate2d(image[:, :, channel], kernel, padding=1)
        )


def test_conv2d_of_two_pixels_by_hand():
    """Two pixels of two channels, two kernels: (1, 2) and (3, 4) times the weights, summed over both."""
    images = [[[[1.0, 2.0], [3.0, 4.0]]]]
    kernels = np.array([[[[1, 0], [10, 0]], [[100, 0], [1000, 1]]]])  # (1, 2, C_in 2, C_out 2)
    np.testing.assert_array_equal(conv2d(images, kernels), [[[[1 + 20 + 300 + 4000, 4]]]])


@given(geometries(), st.integers(0, 2**32))
@settings(derandomize=True, deadline=None)
def test_conv2d_sums_cross_correlations_over_the_channels(geometry, seed):
    """Each feature map is the sum over input channels of their cross-correlations: no flip."""
    size, kernel_size, options = geometry
    rng = np.random.default_rng(seed)
    images = rng.integers(-9, 10, (2, *size, 3)).astype(np.float64)
    kernels = rng.integers(-9, 10, (*kernel_size, 3, 2)).astype(np.float64)
    result = conv2d(images, kernels, **options)
    for n in range(2):
        for o in range(2):
            per_channel = [
                cross_correlate2d_loops(images[n, :, :, k], kernels[:, :, k, o], **options) for k in range(3)
            ]
            np.testing.assert_array_equal(result[n, :, :, o], sum(per_channel))


@given(geometries(), st.integers(0, 2**32))
@settings(derandomize=True, deadline=None)
def test_depthwise_then_pointwise_is_one_separable_convolution(geometry, seed):
    """A depthwise and a pointwise step equal conv2d with kernels[i, j, k, o] = depth[i, j, k] point[k, o]."""
    size, kernel_size, options = geometry
    rng = np.random.default_rng(seed)
    images = rng.integers(-9, 10, (2, *size, 3)).astype(np.float64)
    depth = rng.integers(-9, 10, (*kernel_size, 3)).astype(np.float64)
    point = rng.integers(-9, 10, (3, 4)).astype(np.float64)
    separable = pointwise_conv2d(depthwise_conv2d(images, depth, **options), point)
    np.testing.assert_array_equal(separable, conv2d(images, depth[..., np.newaxis] * point, **options))


def test_pointwise_is_a_matrix_product_of_the_channels():
    """At every pixel the output channels are the input channels times the weights."""
    rng = np.random.default_rng(2)
    images, weights = rng.random((2, 4, 3, 5)), rng.random((5, 2))
    np.testing.assert_allclose(pointwise_conv2d(images, weights), images @ weights, rtol=1e-14)


def test_unfold_by_hand():
    """A 2x2 window over a padded 2x2 image: the corner slice sees three zeros, the middle one no zero."""
    slices = unfold(np.array([[1, 2], [3, 4]]).reshape(1, 2, 2, 1), 2, padding=1)
    assert slices.shape == (1, 3, 3, 2, 2, 1)
    np.testing.assert_array_equal(slices[0, 0, 0, :, :, 0], [[0, 0], [0, 1]])
    np.testing.assert_array_equal(slices[0, 1, 1, :, :, 0], [[1, 2], [3, 4]])


def test_unfold_is_a_read_only_view():
    """Without padding no pixel is copied, and overlapping slices cannot be written to."""
    images = np.zeros((1, 5, 5, 2))
    slices = unfold(images, 3)
    assert np.shares_memory(slices, images)
    with pytest.raises(ValueError, match="read-only"):
        slices[...] = 1
    with pytest.raises(ValueError, match="read-only"):
        unfold(images, 3, padding=1)[...] = 1


@given(geometries(), st.integers(0, 2**32))
@settings(derandomize=True, deadline=None)
def test_fold_is_the_adjoint_of_unfold(geometry, seed):
    """<unfold(x), y> = <x, fold(y)>, exactly on integers."""
    size, window, options = geometry
    rng = np.random.default_rng(seed)
    x = rng.integers(-99, 100, (2, *size, 3))
    unfolded = unfold(x, window, **options)
    y = rng.integers(-99, 100, unfolded.shape)
    assert np.sum(unfolded * y) == np.sum(x * fold(y, x.shape, **options))


def test_fold_counts_how_often_a_pixel_is_seen():
    """A 2x2 window sees a corner of a 3x3 image once, an edge twice and the centre four times."""
    ones = np.ones((1, 3, 3, 1), np.uint8)
    counts = fold(unfold(ones, 2), ones.shape)
    assert counts.dtype == np.int64
    np.testing.assert_array_equal(counts[0, :, :, 0], [[1, 2, 1], [2, 4, 2], [1, 2, 1]])


def test_fold_keeps_float32():
    """Gradients stay in the type of the network."""
    assert fold(np.ones((1, 2, 2, 2, 2, 1), np.float32), (1, 3, 3, 1)).dtype == np.float32


def test_a_batch_of_no_images():
    """N = 0 gives an empty result of the shape and type that one image would give."""
    none = np.zeros((0, 5, 4, 2), np.float32)
    for result, shape in [
        (conv2d(none, np.ones((3, 3, 2, 7))), (0, 3, 2, 7)),
        (depthwise_conv2d(none, np.ones((3, 3, 2)), padding=1), (0, 5, 4, 2)),
        (pointwise_conv2d(none, np.ones((2, 7))), (0, 5, 4, 7)),
        (unfold(none, 3, padding=1), (0, 5, 4, 3, 3, 2)),
        (fold(unfold(none, 3), none.shape), none.shape),
    ]:
        assert result.shape == shape
    assert conv2d(none, np.ones((3, 3, 2, 7), np.float32)).dtype == np.float32
    assert depthwise_conv2d(none, np.ones((3, 3, 2), np.float32)).dtype == np.float32


def test_memory_layout_does_not_matter():
    """Fortran order, negative strides and read-only arrays give what a fresh C-ordered copy gives."""
    rng = np.random.default_rng(3)
    images = rng.integers(0, 9, (2, 6, 5, 3)).astype(np.float32)[:, ::-1, ::-1]
    kernels = rng.integers(0, 9, (3, 2, 3, 4)).astype(np.float32)[::-1]
    images.flags.writeable = kernels.flags.writeable = False
    expected = conv2d(images.copy(), kernels.copy(), stride=(1, 2), padding=1)
    for order in (np.asarray, np.asfortranarray):
        np.testing.assert_array_equal(
            conv2d(order(images), order(kernels), stride=(1, 2), padding=1), expected
        )
    fast = cross_correlate2d(images[0], kernels[:, :, 0, 0])
    np.testing.assert_array_equal(fast, cross_correlate2d(images[0].copy(), kernels[:, :, 0, 0].copy()))


@pytest.mark.parametrize("correlate", [cross_correlate2d, convolve2d, cross_correlate2d_loops])
def test_cross_correlation_refuses_what_it_cannot_filter(correlate):
    """A wrong shape, an empty image, a kernel that is too large and text are named in the error."""
    with pytest.raises(ValueError, match="image must be an array with 2 or 3 dimensions"):
        correlate(np.ones(4), np.ones((2, 2)))
    with pytest.raises(ValueError, match="kernel must be an array with 2 dimensions"):
        correlate(np.ones((4, 4)), np.ones((2, 2, 1)))
    with pytest.raises(ValueError, match="image must not be empty"):
        correlate(np.ones((4, 4, 0)), np.ones((2, 2)))
    with pytest.raises(ValueError, match="kernel must not be empty"):
        correlate(np.ones((4, 4)), np.ones((0, 2)))
    with pytest.raises(ValueError, match="spans 3 cells"):
        correlate(np.ones((2, 4)), np.ones((3, 3)))
    with pytest.raises(ValueError, match="stride must be one integer or a pair"):
        correlate(np.ones((4, 4)), np.ones((2, 2)), stride=(1, 1, 1))
    with pytest.raises(TypeError, match="image must hold real numbers"):
        correlate([["a"]], [[1]])


def test_batched_convolutions_refuse_what_does_not_match():
    """Channels that differ and images without rows or channels are named in the error."""
    images = np.ones((1, 4, 4, 3))
    with pytest.raises(ValueError, match="kernels must have the images' 3 input channels, got 2"):
        conv2d(images, np.ones((2, 2, 2, 5)))
    with pytest.raises(ValueError, match="kernels must have the images' 3 input channels, got 1"):
        depthwise_conv2d(images, np.ones((2, 2, 1)))
    with pytest.raises(ValueError, match="weights must have the images' 3 input channels, got 4"):
        pointwise_conv2d(images, np.ones((4, 2)))
    with pytest.raises(ValueError, match="kernels must not be empty"):
        conv2d(images, np.ones((2, 2, 3, 0)))
    with pytest.raises(ValueError, match=r"at least one row, column and channel, got shape \(1, 0, 4, 3\)"):
        conv2d(images[:, :0], np.ones((1, 1, 3, 5)))
    with pytest.raises(ValueError, match="images must be an array with 4 dimensions"):
        conv2d(images[0], np.ones((2, 2, 3, 5)))


def test_fold_refuses_slices_of_another_geometry():
    """The error says which slices the shape would give."""
    slices = np.ones((1, 3, 3, 3, 3, 2))
    with pytest.raises(ValueError, match=r"slices must have shape \(1, 2, 2, 3, 3, 2\) to fold into"):
        fold(slices, (1, 5, 5, 2), stride=2)
    with pytest.raises(ValueError, match=r"shape must be four integers \(N, H, W, C\), got \(5, 5\)"):
        fold(slices, (5, 5))
