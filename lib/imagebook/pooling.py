"""Pooling: a window visits an image and keeps one number of what it sees, its maximum or its average."""

from functools import reduce

import numpy as np

from imagebook import _checks
from imagebook.convolution import output_size


def max_pool2d(images, size, *, stride=None, padding=0):
    """Return the maximum of every window: max pooling.

    result[r, c] = max over i, j of images[r stride + i, c stride + j], in each channel by itself.
    Padding never wins, not even over negative numbers; a NaN in the window does.

    Parameters
    ----------
    images : ndarray, shape (H, W), (H, W, C) or (N, H, W, C)
        Integers stay integers.
    size : int or pair (vertical, horizontal)
        Cells of the window.
    stride : int, pair (vertical, horizontal) or None
        Cells from one window to the next; None means `size`: windows side by side.
    padding : int or pair (vertical, horizontal)
        Cells added at each end, less than `size`: no window sees only padding.

    Returns
    -------
    ndarray, shape (H', W'), (H', W', C) or (N, H', W', C)
        With H' and W' from `output_size`; what does not fill a window at the far end is dropped.

    Raises
    ------
    ValueError
        If a shape is wrong, the padding is not less than the window or the window does not fit.

    References
    ----------
    Boureau, Ponce and LeCun, A theoretical analysis of feature pooling in visual recognition, 2010.

    Examples
    --------
    >>> max_pool2d([[5, 3, 1], [8, 2, 5], [9, 4, 3]], 2, stride=1)
    array([[8, 5],
           [9, 5]])
    """
    images = _checks.array("images", images, ndim=(2, 3, 4))
    # Nothing is smaller than this, so padding never wins.
    has_floats = images.dtype.kind == "f"
    lowest = -np.inf if has_floats else np.iinfo(images.dtype).min
    batch, size, stride = _windows(images, size, stride, padding, fill=lowest)
    result = _over_windows(np.maximum, batch, size, stride)
    return _checks.unbatch(result, images.ndim)


def average_pool2d(images, size, *, stride=None, padding=0):
    """Return the mean of every window: average pooling.

    result[r, c] = mean over i, j of images[r stride + i, c stride + j], in each channel by itself.
    Padding is not counted: a window that hangs over the border averages the pixels that it does see.

    Parameters
    ----------
    images : ndarray, shape (H, W), (H, W, C) or (N, H, W, C)
        Integers become float32.
    size : int or pair (vertical, horizontal)
        Cells of the window.
    stride : int, pair (vertical, horizontal) or None
        Cells from one window to the next; None means `size`: windows side by side.
    padding : int or pair (vertical, horizontal)
        Cells added at each end, less than `size`: no window sees only padding.

    Returns
    -------
    ndarray, shape (H', W'), (H', W', C) or (N, H', W', C)
        With H' and W' from `output_size`; what does not fill a window at the far end is dropped.

    Raises
    ------
    ValueError
        If a shape is wrong, the padding is not less than the window or the window does not fit.

    References
    ----------
    Boureau, Ponce and LeCun, A theoretical analysis of feature pooling in visual recognition, 2010.

    Examples
    --------
    >>> average_pool2d(np.array([[5.0, 3, 1], [8, 2, 5], [9, 4, 3]]), 2, stride=1)
    array([[4.5 , 2.75],
           [5.75, 3.5 ]])
    """
    images = _checks.floats("images", images, ndim=(2, 3, 4))
    batch, size, stride = _windows(images, size, stride, padding, fill=0)
    with np.errstate(over="ignore", invalid="ignore"):  # NaN and infinity spread to all that see them
        result = _over_windows(np.add, batch, size, stride)
    if np.any(padding):
        ones = np.ones(_checks.batch("images", images).shape[1:3], images.dtype)
        seen, _, _ = _windows(ones, size, stride, padding, fill=0)
        result /= _over_windows(np.add, seen, size, stride)  # the pixels that are not padding
    else:
        result /= size[0] * size[1]
    return _checks.unbatch(result, images.ndim)


def _windows(images, size, stride, padding, *, fill):
    """Return the padded images as a batch (N, H, W, C), and size and stride of the window as pairs."""
    size = _checks.pair("size", size, low=1)
    stride = size if stride is None else _checks.pair("stride", stride, low=1)
    padding = _checks.pair("padding", padding, low=0)
    if padding[0] >= size[0] or padding[1] >= size[1]:
        raise ValueError(f"padding must be less than the window's size {size}, got {padding}")
    batch = _checks.batch("images", images)
    for axis in (0, 1):
        output_size(batch.shape[1 + axis], size[axis], padding=padding[axis])
    if 0 in batch.shape[1:]:
        raise ValueError(f"images must have at least one row, column and channel, got shape {images.shape}")
    if any(padding):
        margins = ((0, 0), (padding[0],) * 2, (padding[1],) * 2, (0, 0))
        batch = np.pad(batch, margins, constant_values=fill)
    return batch, size, stride


def _over_windows(join, batch, size, stride):
    """Return the pixels (N, H, W, C) of every window, joined: first down its columns, then along its row.

    The maximum of a window is the maximum of its columns' maxima, and so it is with sums: kh + kw - 2 steps
    on all the windows in place of kh kw - 1.
    """
    columns = reduce(join, [batch[:, part] for part in _visited(batch.shape[1], size[0], stride[0])])
    result = reduce(join, [columns[:, :, part] for part in _visited(batch.shape[2], size[1], stride[1])])
    return result.copy() if size == (1, 1) else result  # never a view of the images


def _visited(length, size, stride):
    """Return, for each cell of a window, the slice of the cells that it meets along an axis."""
    span = (output_size(length, size, stride=stride) - 1) * stride + 1
    return [slice(cell, cell + span, stride) for cell in range(size)]
