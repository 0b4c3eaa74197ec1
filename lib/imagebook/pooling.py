"""Pooling: a window visits an image and keeps one number of what it sees, its maximum or its average."""

import numpy as np

from imagebook import _checks
from imagebook.convolution import output_size, unfold


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
    slices = _slices(images, size, stride, padding, fill=lowest)
    result = slices[:, :, :, 0, 0].copy()
    for i, j in _cells(slices):
        np.maximum(result, slices[:, :, :, i, j], out=result)
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
    slices = _slices(images, size, stride, padding, fill=0)
    total = slices[:, :, :, 0, 0].copy()
    with np.errstate(over="ignore", invalid="ignore"):  # NaN and infinity spread to all that see them
        for i, j in _cells(slices):
            total += slices[:, :, :, i, j]
    if np.any(padding):
        ones = np.ones(_checks.batch("images", images).shape[1:3], images.dtype)
        total /= _slices(ones, size, stride, padding, fill=0).sum(axis=(3, 4))  # the pixels seen
    else:
        total /= slices.shape[3] * slices.shape[4]
    return _checks.unbatch(total, images.ndim)


def _slices(images, size, stride, padding, *, fill):
    """Return what every window sees, shape (N, H', W', kh, kw, C), with `fill` for the padding."""
    size = _checks.pair("size", size, low=1)
    stride = size if stride is None else _checks.pair("stride", stride, low=1)
    padding = _checks.pair("padding", padding, low=0)
    if padding[0] >= size[0] or padding[1] >= size[1]:
        raise ValueError(f"padding must be less than the window's size {size}, got {padding}")
    batch = _checks.batch("images", images)
    for axis in (0, 1):
        output_size(batch.shape[1 + axis], size[axis], padding=padding[axis])
    if any(padding):
        margins = ((0, 0), (padding[0],) * 2, (padding[1],) * 2, (0, 0))
        batch = np.pad(batch, margins, constant_values=fill)
    return unfold(batch, size, stride=stride)


def _cells(slices):
    """Return the window's cells (i, j) but the first: to loop over these is faster than over the windows."""
    return list(np.ndindex(slices.shape[3:5]))[1:]
