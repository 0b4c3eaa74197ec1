"""Convolution: a small kernel visits every slice of an image; each visit multiplies, then sums."""

import numpy as np

from imagebook import _blocks, _checks, _parallel


def output_size(size, kernel_size, *, stride=1, padding=0, dilation=1):
    """Return how many positions a kernel visits along one axis: the length of the convolution's output.

    floor((size + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1. Where the stride does not
    fit, the floor drops the last step, and the cells at the far end are never visited.

    Parameters
    ----------
    size : int, at least 1
        Cells of the input along this axis.
    kernel_size : int, at least 1
        Cells of the kernel along this axis.
    stride : int, at least 1
        Cells from one position to the next.
    padding : int, at least 0
        Cells added at each of the two ends.
    dilation : int, at least 1
        Cells from one kernel cell to the next; the kernel spans dilation (kernel_size - 1) + 1 cells.

    Returns
    -------
    int
        The number of positions, at least 1.

    Raises
    ------
    ValueError
        If the dilated kernel spans more cells than the padded input has.

    References
    ----------
    Dumoulin and Visin, A guide to convolution arithmetic for deep learning, 2016, relationship 15.

    Examples
    --------
    >>> output_size(5, 3), output_size(5, 3, stride=2), output_size(5, 3, padding=1)
    (3, 2, 5)
    >>> output_size(6, 3, stride=2)  # the sixth cell is never visited
    2
    """
    size = _checks.integer("size", size, low=1)
    kernel_size = _checks.integer("kernel_size", kernel_size, low=1)
    stride = _checks.integer("stride", stride, low=1)
    padding = _checks.integer("padding", padding, low=0)
    dilation = _checks.integer("dilation", dilation, low=1)
    padded = size + 2 * padding
    span = dilation * (kernel_size - 1) + 1
    if span > padded:
        raise ValueError(
            f"the kernel must fit into the padded input, got a kernel that spans {span} cells "
            f"(kernel_size {kernel_size}, dilation {dilation}) and a padded input of {padded} "
            f"(size {size}, padding {padding})"
        )
    return (padded - span) // stride + 1


def cross_correlate2d(image, kernel, *, stride=1, padding=0, dilation=1):
    """Return the cross-correlation of an image with a kernel: what machine learning calls convolution.

    result[r, c] = sum over i, j of image[r + i, c + j] kernel[i, j], for stride 1 and no padding. The
    kernel is not flipped (`convolve2d` flips it). Each channel is filtered by itself.

    Parameters
    ----------
    image : ndarray, shape (H, W) or (H, W, C)
        Integers are summed as int64, so that 8-bit images do not overflow.
    kernel : ndarray, shape (kh, kw)
        One weight per cell of the window.
    stride, padding, dilation : int or pair (vertical, horizontal)
        As in `output_size`; the padding is zeros.

    Returns
    -------
    ndarray, shape (H', W') or (H', W', C)
        int64 if both are integers, float64 if one of them is float64, float32 otherwise.

    Raises
    ------
    ValueError
        If a shape is wrong or the kernel does not fit into the padded image.

    References
    ----------
    Goodfellow, Bengio and Courville, Deep Learning, 2016, equation 9.6.

    Examples
    --------
    >>> cross_correlate2d([[1, 2, 3], [4, 5, 6]], [[1, 10]])
    array([[21, 32],
           [54, 65]])
    """
    image, kernel = _image_and_kernel(image, kernel)
    images = image.reshape(1, *image.shape[:2], -1)
    slices = unfold(images, kernel.shape, stride=stride, padding=padding, dilation=dilation)
    result = _weighted_sum(slices, kernel[:, :, np.newaxis])[0]
    return result.reshape(result.shape[:2] + image.shape[2:])


def convolve2d(image, kernel, *, stride=1, padding=0, dilation=1):
    """Return the convolution of an image with a kernel: the cross-correlation with the kernel flipped.

    result[r, c] = sum over i, j of image[r + i, c + j] kernel[kh - 1 - i, kw - 1 - j], for stride 1 and
    no padding. This is the mathematician's convolution; for a kernel that equals its flip in both axes,
    the two are the same.

    Parameters
    ----------
    image : ndarray, shape (H, W) or (H, W, C)
        Integers are summed as int64.
    kernel : ndarray, shape (kh, kw)
        One weight per cell of the window, before the flip.
    stride, padding, dilation : int or pair (vertical, horizontal)
        As in `output_size`; the padding is zeros.

    Returns
    -------
    ndarray, shape (H', W') or (H', W', C)
        int64 if both are integers, float64 if one of them is float64, float32 otherwise.

    Raises
    ------
    ValueError
        If a shape is wrong or the kernel does not fit into the padded image.

    References
    ----------
    Goodfellow, Bengio and Courville, Deep Learning, 2016, equation 9.5.

    Examples
    --------
    >>> convolve2d([[1, 2, 3], [4, 5, 6]], [[1, 10]])
    array([[12, 23],
           [45, 56]])
    """
    image, kernel = _image_and_kernel(image, kernel)
    turned = kernel[::-1, ::-1]
    return cross_correlate2d(image, turned, stride=stride, padding=padding, dilation=dilation)


def cross_correlate2d_loops(image, kernel, *, stride=1, padding=0, dilation=1):
    """Return what `cross_correlate2d` returns, by the two steps of the textbook written out as loops.

    At each position: multiply the slice by the kernel cell by cell, then sum the products. Use it to
    read, and `cross_correlate2d` to compute: this one is more than a hundred times slower.

    Parameters
    ----------
    image : ndarray, shape (H, W) or (H, W, C)
        Integers are summed as int64.
    kernel : ndarray, shape (kh, kw)
        One weight per cell of the window.
    stride, padding, dilation : int or pair (vertical, horizontal)
        As in `output_size`; the padding is zeros.

    Returns
    -------
    ndarray, shape (H', W') or (H', W', C)
        int64 if both are integers, float64 if one of them is float64, float32 otherwise.

    Raises
    ------
    ValueError
        If a shape is wrong or the kernel does not fit into the padded image.

    Examples
    --------
    >>> cross_correlate2d_loops([[1, 2, 3], [4, 5, 6]], [[1, 10]])
    array([[21, 32],
           [54, 65]])
    """
    image, kernel = _image_and_kernel(image, kernel)
    down, right = _checks.pair("stride", stride, low=1)
    pad_rows, pad_columns = _checks.pair("padding", padding, low=0)
    row_step, column_step = _checks.pair("dilation", dilation, low=1)
    (height, width), channels = image.shape[:2], image.shape[2:]
    kernel_height, kernel_width = kernel.shape
    rows = output_size(height, kernel_height, stride=down, padding=pad_rows, dilation=row_step)
    columns = output_size(width, kernel_width, stride=right, padding=pad_columns, dilation=column_step)

    _checks.affordable("padding", (height + 2 * pad_rows, width + 2 * pad_columns))
    padded = np.zeros((height + 2 * pad_rows, width + 2 * pad_columns, *channels), image.dtype)
    padded[pad_rows : pad_rows + height, pad_columns : pad_columns + width] = image
    result = np.zeros((rows, columns, *channels), image.dtype)
    for row in range(rows):
        for column in range(columns):
            products = []
            for i in range(kernel_height):
                for j in range(kernel_width):
                    y, x = row * down + i * row_step, column * right + j * column_step
                    products.append(padded[y, x] * kernel[i, j])
            result[row, column] = sum(products)
    return result


def conv2d(images, kernels, *, stride=1, padding=0, dilation=1):
    """Return the output of a convolutional layer without bias: one feature map per kernel.

    result[n, r, c, o] = sum over i, j, k of images[n, r + i, c + j, k] kernels[i, j, k, o], for stride 1
    and no padding. As usual in machine learning this is a cross-correlation: the kernels are not
    flipped. It is computed as the product of two matrices, all slices (`unfold`, also called im2col) times
    all kernels, block by block, because the slices need the memory of up to kh kw copies of the images.

    Parameters
    ----------
    images : ndarray, shape (N, H, W, C_in)
        Integers become float32.
    kernels : ndarray, shape (kh, kw, C_in, C_out)
        Integers become float32.
    stride, padding, dilation : int or pair (vertical, horizontal)
        As in `output_size`; the padding is zeros.

    Returns
    -------
    ndarray, shape (N, H', W', C_out)
        float64 if one of the two is float64, float32 otherwise.

    Raises
    ------
    ValueError
        If a shape is wrong, the channels differ or the kernels do not fit into the padded images.

    References
    ----------
    Chellapilla, Puri and Simard, High performance convolutional neural networks for document
    processing, 2006 ("unrolling convolution").

    Examples
    --------
    >>> colour = np.array([[[[1.0, 2.0, 3.0]]]])  # one pixel, three channels
    >>> conv2d(colour, [[[[1.0], [10.0], [100.0]]]])
    array([[[[321.]]]])
    """
    images = _checks.floats("images", images, ndim=4)
    kernels = _checks.floats("kernels", kernels, ndim=4)
    _checks.not_empty("kernels", kernels)
    _same_channels("kernels", kernels.shape[2], images.shape[3])
    channels_out = kernels.shape[3]
    slices = unfold(images, kernels.shape[:2], stride=stride, padding=padding, dilation=dilation)
    result = np.empty((*slices.shape[:3], channels_out), np.result_type(images, kernels))
    weights = kernels.reshape(-1, channels_out)

    def multiply(blocks):
        with np.errstate(over="ignore", invalid="ignore"):  # NaN and infinity spread to all that see them
            for block, matrix in _blocks.matrices(slices, blocks):
                np.matmul(matrix, weights, out=result[block].reshape(-1, channels_out))

    _parallel.share(multiply, _blocks.cuts(slices, channels_out), work=slices.size * channels_out)
    return result


def depthwise_conv2d(images, kernels, *, stride=1, padding=0, dilation=1):
    """Return the depthwise convolution of images: each channel is filtered by a kernel of its own.

    result[n, r, c, k] = sum over i, j of images[n, r + i, c + j, k] kernels[i, j, k], for stride 1 and
    no padding. It does not mix channels; followed by `pointwise_conv2d` it is a depthwise separable
    convolution.

    Parameters
    ----------
    images : ndarray, shape (N, H, W, C)
        Integers become float32.
    kernels : ndarray, shape (kh, kw, C)
        Integers become float32.
    stride, padding, dilation : int or pair (vertical, horizontal)
        As in `output_size`; the padding is zeros.

    Returns
    -------
    ndarray, shape (N, H', W', C)
        float64 if one of the two is float64, float32 otherwise.

    Raises
    ------
    ValueError
        If a shape is wrong, the channels differ or the kernels do not fit into the padded images.

    References
    ----------
    Howard et al., MobileNets, 2017, equation 3.

    Examples
    --------
    >>> depthwise_conv2d(np.array([[[[1.0, 2.0, 3.0]]]]), [[[1.0, 10.0, 100.0]]])
    array([[[[  1.,  20., 300.]]]])
    """
    images = _checks.floats("images", images, ndim=4)
    kernels = _checks.floats("kernels", kernels, ndim=3)
    _checks.not_empty("kernels", kernels)
    _same_channels("kernels", kernels.shape[2], images.shape[3])
    slices = unfold(images, kernels.shape[:2], stride=stride, padding=padding, dilation=dilation)
    count, height, width = slices.shape[:3]
    # Whole rows of pixels at a time are faster than one pixel after the other.
    weights = np.tile(kernels, width)  # (kh, kw, W' C)
    result = np.empty((count, height, width * images.shape[3]), np.result_type(images, kernels))

    def weigh(numbers):
        with np.errstate(over="ignore", invalid="ignore"):  # NaN and infinity spread to all that see them
            for n in numbers:
                np.einsum("hijw,ijw->hw", _row_slices(slices[n]), weights, out=result[n])

    _parallel.share(weigh, range(count), work=10 * slices.size)  # such sums take longer than matrix products
    return result.reshape(count, height, width, images.shape[3])


def pointwise_conv2d(images, weights):
    """Return the pointwise (1 x 1) convolution of images: the same mix of channels at every pixel.

    result[n, r, c, o] = sum over k of images[n, r, c, k] weights[k, o].

    Parameters
    ----------
    images : ndarray, shape (N, H, W, C_in)
        Integers become float32.
    weights : ndarray, shape (C_in, C_out)
        Integers become float32.

    Returns
    -------
    ndarray, shape (N, H, W, C_out)
        float64 if one of the two is float64, float32 otherwise.

    Raises
    ------
    ValueError
        If a shape is wrong or the channels differ.

    References
    ----------
    Howard et al., MobileNets, 2017, section 3.1.

    Examples
    --------
    >>> pointwise_conv2d(np.array([[[[1.0, 2.0, 3.0]]]]), [[1.0], [10.0], [100.0]])
    array([[[[321.]]]])
    """
    images = _checks.floats("images", images, ndim=4)
    weights = _checks.floats("weights", weights, ndim=2)
    _checks.not_empty("weights", weights)
    _same_channels("weights", weights.shape[0], images.shape[3])
    return conv2d(images, weights[np.newaxis, np.newaxis])


def unfold(images, size, *, stride=1, padding=0, dilation=1):
    """Return every slice that a window visits: the images unfolded (im2col, without the copy).

    slices[n, r, c, i, j] = padded[n, r stride + i dilation, c stride + j dilation]. The result is a
    view in which overlapping slices share memory: it is read-only, and without padding it changes when
    `images` changes.

    Parameters
    ----------
    images : ndarray, shape (N, H, W, C)
        Keeps its type.
    size : int or pair (vertical, horizontal)
        Cells of the window, kh and kw.
    stride, padding, dilation : int or pair (vertical, horizontal)
        As in `output_size`; the padding is zeros.

    Returns
    -------
    ndarray, shape (N, H', W', kh, kw, C)
        A read-only view of the zero-padded images.

    Raises
    ------
    ValueError
        If a shape is wrong or the window does not fit into the padded images.

    Examples
    --------
    >>> images = np.array([1, 2, 3]).reshape(1, 1, 3, 1)
    >>> unfold(images, (1, 2))[0, 0, :, 0, :, 0]  # slices 1, 2 and 2, 3
    array([[1, 2],
           [2, 3]])
    """
    images = _checks.array("images", images, ndim=4)
    window = _checks.pair("size", size, low=1)
    down, right = _checks.pair("stride", stride, low=1)
    padding = _checks.pair("padding", padding, low=0)
    row_step, column_step = _checks.pair("dilation", dilation, low=1)
    if 0 in images.shape[1:]:
        raise ValueError(f"images must have at least one row, column and channel, got shape {images.shape}")
    for axis, step in enumerate((row_step, column_step)):
        output_size(images.shape[1 + axis], window[axis], padding=padding[axis], dilation=step)

    if any(padding):
        _checks.affordable("padding", [n + 2 * p for n, p in zip(images.shape[1:3], padding, strict=True)])
        images = np.pad(images, ((0, 0), (padding[0],) * 2, (padding[1],) * 2, (0, 0)))
    span = (row_step * (window[0] - 1) + 1, column_step * (window[1] - 1) + 1)
    views = np.lib.stride_tricks.sliding_window_view(images, span, axis=(1, 2))
    slices = views[:, ::down, ::right, :, ::row_step, ::column_step]
    return np.moveaxis(slices, 3, 5)


def fold(slices, shape, *, stride=1, padding=0, dilation=1):
    """Return images in which every pixel is the sum of its copies in `slices`: the adjoint of `unfold`.

    The sum of unfold(x) y equals the sum of x fold(y), which makes it the backward pass of `unfold`
    (col2im). It is not the inverse: fold(unfold(x)) counts each pixel once per slice that sees it.

    Parameters
    ----------
    slices : ndarray, shape (N, H', W', kh, kw, C)
        Integers are summed as int64.
    shape : tuple (N, H, W, C)
        The shape of the images before `unfold`.
    stride, padding, dilation : int or pair (vertical, horizontal)
        What `unfold` was given. What fell on the padding is dropped.

    Returns
    -------
    ndarray, shape (N, H, W, C)
        int64, float32 or float64.

    Raises
    ------
    ValueError
        If `unfold` does not give slices of this shape for images of that shape.

    Examples
    --------
    >>> images = np.array([1, 2, 3]).reshape(1, 1, 3, 1)
    >>> fold(unfold(images, (1, 2)), images.shape).ravel()  # the 2 was seen twice
    array([1, 4, 3])
    """
    slices = _checks.array("slices", slices, ndim=6)
    shape = tuple(_checks.items("shape", shape, "four integers (N, H, W, C)"))
    if len(shape) != 4:
        raise ValueError(f"shape must be four integers (N, H, W, C), got {shape}")
    batch = _checks.integer("shape[0]", shape[0], low=0)
    height, width, channels = (_checks.integer(f"shape[{i}]", shape[i], low=1) for i in (1, 2, 3))
    down, right = _checks.pair("stride", stride, low=1)
    pad_rows, pad_columns = _checks.pair("padding", padding, low=0)
    row_step, column_step = _checks.pair("dilation", dilation, low=1)
    kernel_height, kernel_width = slices.shape[3:5]
    rows = output_size(height, kernel_height, stride=down, padding=pad_rows, dilation=row_step)
    columns = output_size(width, kernel_width, stride=right, padding=pad_columns, dilation=column_step)
    wanted = (batch, rows, columns, kernel_height, kernel_width, channels)
    if slices.shape != wanted:
        raise ValueError(f"slices must have shape {wanted} to fold into {shape}, got {slices.shape}")

    padded_shape = (batch, height + 2 * pad_rows, width + 2 * pad_columns, channels)
    _checks.affordable("shape and padding", padded_shape[1:3])
    dtype = _common_type(slices)
    if dtype == np.int64 and slices.size:
        # A pixel is the sum of at most one number from each cell of the window.
        highest = np.abs(slices.astype(np.float64)).max() * kernel_height * kernel_width
        if highest >= 2.0**63:
            raise ValueError(
                f"slices must have sums that fit into int64, got up to {highest:g}; floats have room for more"
            )
    padded = np.zeros(padded_shape, dtype)
    for i in range(kernel_height):
        for j in range(kernel_width):
            # The pixels that kernel cell (i, j) meets, one per position of the window: no pixel twice.
            met_rows = slice(i * row_step, i * row_step + (rows - 1) * down + 1, down)
            met_columns = slice(j * column_step, j * column_step + (columns - 1) * right + 1, right)
            with np.errstate(over="ignore", invalid="ignore"):  # NaN and infinity spread to all that see them
                padded[:, met_rows, met_columns] += slices[:, :, :, i, j]
    return padded[:, pad_rows : pad_rows + height, pad_columns : pad_columns + width]


def _image_and_kernel(image, kernel):
    """Return the checked image and kernel in their common type, in which no sum wraps around."""
    # The products of larger numbers would overflow in float32.
    image = _checks.array("image", image, ndim=(2, 3), finite=True, largest=1e18)
    kernel = _checks.array("kernel", kernel, ndim=2, finite=True, largest=1e18)
    _checks.not_empty("image", image)
    _checks.not_empty("kernel", kernel)
    common = _common_type(image, kernel)
    if common == np.int64:
        highest = np.abs(image.astype(np.float64)).max() * np.abs(kernel.astype(np.float64)).sum()
        if highest >= 2.0**63:
            raise ValueError(
                f"image and kernel must have weighted sums that fit into int64, got up to {highest:g}; "
                "floats have room for more"
            )
    return image.astype(common, copy=False), kernel.astype(common, copy=False)


def _common_type(*arrays):
    """Return int64 if all arrays hold integers, otherwise the widest of their float types."""
    floats = [array.dtype for array in arrays if array.dtype.kind == "f"]
    return np.result_type(*floats) if floats else np.dtype(np.int64)


def _same_channels(name, channels, wanted):
    """Raise ValueError if an array's input channels are not those of the images."""
    if channels != wanted:
        raise ValueError(f"{name} must have the images' {wanted} input channels, got {channels}")


def _row_slices(slices):
    """Return the slices (H', W', kh, kw, C) of an image with its rows as units, (H', kh, kw, W' C)."""
    height, width, kernel_height, kernel_width, channels = slices.shape
    by_row = slices.transpose(0, 2, 3, 1, 4)
    return by_row.reshape(height, kernel_height, kernel_width, width * channels)  # a copy with strides only


def _weighted_sum(slices, kernels):
    """Return the sum over all kernel cells of that cell's pixels times its weight, (kh, kw, C or 1)."""
    # Adding whole shifted images, one per kernel cell, is several times faster than summing each slice.
    result = np.zeros(slices.shape[:3] + slices.shape[5:], np.result_type(slices, kernels))
    with np.errstate(over="ignore", invalid="ignore"):  # NaN and infinity spread to all that see them
        for i in range(kernels.shape[0]):
            for j in range(kernels.shape[1]):
                result += slices[:, :, :, i, j] * kernels[i, j]
    return result
