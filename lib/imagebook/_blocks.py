"""Blocks: slices of images as matrices of a few megabytes each, which stay in the processor's cache."""

import math

import numpy as np

# Numbers in a block: 2 MB of float32.
_SIZE = 2**19
# Fewer channels than this lie side by side in too short runs to be copied fast.
_FEW_CHANNELS = 8


def matrices(slices):
    """Yield all slices (N, H', W', kh, kw, C) in blocks: where a block lies, and a matrix with a row per slice.

    A block is `slices[where]`, some whole images or some rows of one. All blocks are copied to the same memory:
    a matrix holds until the next one comes.

    Examples
    --------
    >>> slices = np.arange(12).reshape(1, 1, 3, 2, 2, 1)  # three slices of 2 x 2 pixels
    >>> [(where, matrix)] = matrices(slices)
    >>> matrix
    array([[ 0,  1,  2,  3],
           [ 4,  5,  6,  7],
           [ 8,  9, 10, 11]])
    """
    numbers = math.prod(slices.shape[3:])
    few = slices.shape[5] < _FEW_CHANNELS
    buffer = None
    for where in cuts(slices):
        block = slices[where]
        # With few channels the matrix is filled column by column: neighbouring slices lie side by side.
        block = np.moveaxis(block, (0, 1, 2), (3, 4, 5)) if few else block
        if buffer is None:
            buffer = np.empty(block.size, slices.dtype)  # the first block is the largest
        copy = buffer[: block.size].reshape(block.shape)
        copy[...] = block
        yield where, copy.reshape(numbers, -1).T if few else copy.reshape(-1, numbers)


def cuts(slices, *, whole_images=False):
    """Yield where to cut slices (N, H', W', kh, kw, C) into blocks: some whole images, or some rows of one.

    Examples
    --------
    >>> list(cuts(np.zeros((3, 1000, 2**18, 1, 1, 1), np.int8)))[:2]  # two rows fill a block
    [(slice(0, 1, None), slice(0, 2, None)), (slice(0, 1, None), slice(2, 4, None))]
    """
    count, height = slices.shape[:2]
    rows = max(height if whole_images else 1, _SIZE // math.prod(slices.shape[2:]))
    images = max(1, rows // height)
    for first in range(0, count, images):
        for top in range(0, height, rows):
            yield slice(first, first + images), slice(top, top + rows)
