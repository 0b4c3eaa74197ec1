"""Blocks: slices of images as matrices small enough to stay in the processor's cache."""

import math

import numpy as np

# Multiply-adds in a block: up to here, one core multiplies from its own cache and waits for no other.
_MULTIPLY_ADDS = 10**6


def matrices(slices, where):
    """Yield some blocks of slices (N, H', W', kh, kw, C): where each lies, and a matrix with a row per slice.

    `where` is a list of what `cuts` gives. All blocks are copied to the same memory: a matrix holds until the
    next one comes.

    Examples
    --------
    >>> slices = np.arange(12).reshape(1, 1, 3, 2, 2, 1)  # three slices of 2 x 2 pixels
    >>> [(block, matrix)] = matrices(slices, cuts(slices, 1))
    >>> matrix
    array([[ 0,  1,  2,  3],
           [ 4,  5,  6,  7],
           [ 8,  9, 10, 11]])
    """
    _, _, positions, _, kernel_width, channels = slices.shape
    numbers = math.prod(slices.shape[3:])
    # Numbers are copied in runs: along a row of the slice, or along the same pixel of neighbouring slices.
    by_column = kernel_width * channels < positions
    buffer = np.empty(slices[where[0]].size if where else 0, slices.dtype)  # the first block is the largest
    for block in where:
        source = slices[block]
        source = np.moveaxis(source, (0, 1, 2), (3, 4, 5)) if by_column else source
        copy = buffer[: source.size].reshape(source.shape)
        copy[...] = source
        yield block, copy.reshape(numbers, -1).T if by_column else copy.reshape(-1, numbers)


def cuts(slices, outputs):
    """Return where to cut slices (N, H', W', kh, kw, C) into blocks: some whole images, or some rows of one.

    `outputs` is how many columns the blocks' matrices will be multiplied with.

    Examples
    --------
    >>> cuts(np.zeros((2, 3, 1000, 5, 5, 2)), 10)  # 500,000 multiply-adds in a row: two rows, then one
    [(slice(0, 1, None), slice(0, 2, None)), (slice(0, 1, None), slice(2, 4, None)), \
(slice(1, 2, None), slice(0, 2, None)), (slice(1, 2, None), slice(2, 4, None))]
    """
    count, height = slices.shape[:2]
    rows = max(1, _MULTIPLY_ADDS // (math.prod(slices.shape[2:]) * outputs))
    images = max(1, rows // height)
    return [
        (slice(first, first + images), slice(top, top + rows))
        for first in range(0, count, images)
        for top in range(0, height, rows)
    ]
