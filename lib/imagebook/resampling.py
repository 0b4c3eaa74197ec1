"""Resampling: the same image with other numbers of rows and columns.

An image with fewer pixels cannot show the finest detail. Detail that is not averaged away first comes back as
patterns that were never there (aliasing), which is why both functions average unless told not to.
Arrays are images (H, W) or (H, W, C), or batches (N, H, W, C); three dimensions are always one image.
"""

import numpy as np

from imagebook import _checks

# Output pixels whose weights `resize` keeps in one matrix: the more, the more of the weights are 0.
_BLOCK = 8
# Numbers that `resize` works on at a time: they stay in the processor's cache, however large the image.
_VALUES_AT_A_TIME = 2**18


def downsample(image, factor, *, antialias=True):
    r"""Return the image downsampled by a whole factor: the mean of each block of pixels.

    .. math:: y_{ij} = \operatorname{mean}\{x_{rc} : \lfloor r / f \rfloor = i, \lfloor c / f \rfloor = j\}

    Where the factor does not divide the size, the blocks at the right and at the bottom are averages of the
    fewer pixels that are there; only where it divides is the mean of the image preserved.

    Parameters
    ----------
    image : array_like, shape (H, W), (H, W, C) or (N, H, W, C)
    factor : int or pair of int (vertical, horizontal), at least 1
        How many pixels become one in each direction.
    antialias : bool
        If False, each block is replaced by its top left pixel (the image is subsampled, with aliasing).

    Returns
    -------
    ndarray, shape (H', W'), (H', W', C) or (N, H', W', C), float
        H' = ceil(H / vertical), W' = ceil(W / horizontal); values in the range of `image`.

    Raises
    ------
    TypeError, ValueError
        If an argument has another shape, type or range than listed.

    References
    ----------
    Gonzalez and Woods, Digital Image Processing, 4th edition, 2018, section 4.5 (aliasing in images).

    Examples
    --------
    >>> stripes = [[0.0, 1.0, 0.0, 1.0, 0.5], [0.0, 1.0, 0.0, 1.0, 0.5]]
    >>> downsample(stripes, 2)
    array([[0.5, 0.5, 0.5]])
    >>> downsample(stripes, 2, antialias=False)
    array([[0. , 0. , 0.5]])
    """
    batch = _checks.batch("image", _checks.floats("image", image, ndim=(2, 3, 4), finite=True))
    vertical, horizontal = _checks.pair("factor", factor, low=1)
    antialias = _checks.flag("antialias", antialias)
    _, height, width, _ = batch.shape
    if not antialias:
        return _checks.unbatch(batch[:, ::vertical, ::horizontal].copy(), np.ndim(image))
    sums = np.add.reduceat(batch, np.arange(0, height, vertical), axis=1, dtype=np.float64)
    sums = np.add.reduceat(sums, np.arange(0, width, horizontal), axis=2)
    counts = np.outer(_block_lengths(height, vertical), _block_lengths(width, horizontal))
    means = (sums / counts[:, :, np.newaxis]).astype(batch.dtype)
    return _checks.unbatch(means, np.ndim(image))


def resize(image, shape, *, antialias=True):
    r"""Return the image resized by bilinear interpolation, the triangle filter.

    The centre of output pixel i lies at :math:`s (i + 1/2)` in the input, where s is the input size over
    the output size. The pixel is a weighted mean: input pixel j, whose centre is :math:`j + 1/2`, weighs

    .. math:: w_{ij} \propto \max\left(0, 1 - \frac{|j + 1/2 - s (i + 1/2)|}{r}\right), \quad r = \max(s, 1),

    in each direction separately. When the image shrinks, the triangle's half-width r grows with it, so that
    every pixel has its share. At the border the weights of the pixels that are there are scaled to sum to 1;
    therefore the mean of the image is kept only roughly (`downsample` keeps it).

    Parameters
    ----------
    image : array_like, shape (H, W), (H, W, C) or (N, H, W, C)
    shape : pair of int (vertical, horizontal), pixels, at least 1
        Height H' and width W' of the result.
    antialias : bool
        If False, r = 1 always: only the nearest pixels count and shrinking skips the others (with aliasing).

    Returns
    -------
    ndarray, shape (H', W'), (H', W', C) or (N, H', W', C), float
        In the range of `image`.

    Raises
    ------
    TypeError, ValueError
        If an argument has another shape, type or range than listed.

    References
    ----------
    Turkowski, Filters for Common Resampling Tasks, Graphics Gems, 1990 (the triangle or tent filter).

    Examples
    --------
    The centres of four output pixels lie at 0.25, 0.75, 1.25, 1.75; those of the input at 0.5, 1.5:

    >>> resize([[0.0, 1.0]], (1, 4))
    array([[0.  , 0.25, 0.75, 1.  ]])
    """
    batch = _checks.batch("image", _checks.floats("image", image, ndim=(2, 3, 4), finite=True))
    new_height, new_width = _checks.pair("shape", shape, low=1)
    _checks.affordable("shape", (new_height, new_width))
    antialias = _checks.flag("antialias", antialias)
    count, height, width, channels = batch.shape
    rows = _triangle_weights(height, new_height, antialias)
    columns = _triangle_weights(width, new_width, antialias)
    result = np.empty((count, new_height, new_width, channels), batch.dtype)
    by_row = np.moveaxis(batch, 1, 0)
    row_values = max(1, count * max(width, new_width) * channels)
    blocks_at_a_time = max(1, _VALUES_AT_A_TIME // (_BLOCK * row_values))
    for start in range(0, len(rows), blocks_at_a_time):
        block = slice(start * _BLOCK, (start + blocks_at_a_time) * _BLOCK)
        mixed = _weighted_sums(by_row, rows[start : start + blocks_at_a_time])  # (some of H', N, W, C)
        mixed = _weighted_sums(mixed.transpose(2, 1, 3, 0), columns)  # (W', N, C, some of H')
        result[:, block] = mixed.transpose(1, 3, 0, 2)
    return _checks.unbatch(result, np.ndim(image))


def _block_lengths(size, factor):
    """Return how many of `size` pixels each block of `factor` pixels has: all but the last block are full."""
    starts = np.arange(0, size, factor)
    return np.minimum(starts + factor, size) - starts


def _triangle_weights(size, new_size, antialias):
    """Return, for each block of output pixels of `resize`, the slice of input pixels and their weights.

    Only a few input pixels enter an output pixel: a matrix of all the weights would be nearly empty.
    """
    step = size / new_size
    radius = max(step, 1.0) if antialias else 1.0
    blocks = []
    for start in range(0, new_size, _BLOCK):
        places = step * (np.arange(start, min(start + _BLOCK, new_size)) + 0.5)
        first, last = max(0, int(places[0] - radius)), min(size, int(places[-1] + radius) + 1)
        centres = np.arange(first, last) + 0.5
        weights = np.maximum(0.0, 1.0 - np.abs(centres - places[:, np.newaxis]) / radius)
        blocks.append((slice(first, last), weights / weights.sum(axis=1, keepdims=True)))
    return blocks


def _weighted_sums(pixels, blocks):
    """Return weighted sums of pixels along the first axis, in double precision.

    In single precision a constant image would not stay exactly constant.
    """
    sums = np.empty((sum(len(weights) for _, weights in blocks), *pixels.shape[1:]))
    for number, (inputs, weights) in enumerate(blocks):
        entering = pixels[inputs].astype(np.float64, order="C")
        outputs = sums[number * _BLOCK : (number + 1) * _BLOCK]
        # As matrices: one row for each index of the first axis.
        np.matmul(weights, entering.reshape(len(entering), -1), out=outputs.reshape(len(outputs), -1))
    return sums
