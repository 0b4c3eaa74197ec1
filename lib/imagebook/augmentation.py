"""Data augmentation: new training images made from old ones by small changes that keep their meaning.

Every function takes one image, (H, W) or (H, W, C), or a batch (N, H, W, C), and returns new images of values
in [0, 1]. Three dimensions are always one image. `pipeline` chains the changes and draws them at random.
Whether a change keeps the label is for you to judge: a 6 turned by 180 degrees is a 9.
"""

from functools import partial

import numpy as np

from imagebook import _checks, geometry


def rotate(images, angle, *, fill=0.0):
    """Return the images rotated about their centre.

    Parameters
    ----------
    images : array_like, shape (H, W), (H, W, C) or (N, H, W, C), in [0, 1]
    angle : float, degrees
        Counter-clockwise as seen.
    fill : float, in [0, 1]
        The value of what comes in from outside the image.

    Returns
    -------
    ndarray, shape of `images`, float in [0, 1]

    Raises
    ------
    TypeError, ValueError
        If an argument has another shape, type or range than listed.

    Examples
    --------
    >>> rotate([[0.1, 0.2], [0.3, 0.4]], 90)
    array([[0.2, 0.4],
           [0.1, 0.3]])
    """
    return _warp_about_centre(images, geometry.rotation(angle), fill)


def scale(images, factor, *, fill=0.0):
    """Return the images enlarged or shrunk about their centre; their shape stays.

    Parameters
    ----------
    images : array_like, shape (H, W), (H, W, C) or (N, H, W, C), in [0, 1]
    factor : float, more than 0
        More than 1 enlarges, and the margin is lost; less than 1 shrinks.
    fill : float, in [0, 1]
        The value of what comes in from outside the image.

    Returns
    -------
    ndarray, shape of `images`, float in [0, 1]

    Raises
    ------
    TypeError, ValueError
        If an argument has another shape, type or range than listed.

    Examples
    --------
    >>> scale([[0.2, 0.4, 0.6, 0.8]], 0.5).round(9)
    array([[0. , 0.3, 0.7, 0. ]])
    """
    factor = _checks.positive("factor", factor)
    return _warp_about_centre(images, geometry.scaling(factor), fill)


def stretch(images, factors, *, fill=0.0):
    """Return the images stretched about their centre, by another factor in each direction.

    Parameters
    ----------
    images : array_like, shape (H, W), (H, W, C) or (N, H, W, C), in [0, 1]
    factors : pair of float (vertical, horizontal), more than 0
        More than 1 stretches, less than 1 squeezes.
    fill : float, in [0, 1]
        The value of what comes in from outside the image.

    Returns
    -------
    ndarray, shape of `images`, float in [0, 1]

    Raises
    ------
    TypeError, ValueError
        If an argument has another shape, type or range than listed.

    Examples
    --------
    >>> stretch([[0.2, 0.4, 0.6, 0.8]], (1, 0.5)).round(9)
    array([[0. , 0.3, 0.7, 0. ]])
    """
    factors = _checks.two("factors", factors, "a pair (vertical, horizontal)")
    factors = [_checks.positive("factors", factor) for factor in factors]
    return _warp_about_centre(images, geometry.scaling(factors), fill)


def shear(images, angle, *, fill=0.0):
    """Return the images sheared: each row slides sideways in proportion to its distance from the centre.

    Parameters
    ----------
    images : array_like, shape (H, W), (H, W, C) or (N, H, W, C), in [0, 1]
    angle : float, degrees, between -89 and 89
        By which vertical lines lean; positive leans them counter-clockwise, negative like italics.
    fill : float, in [0, 1]
        The value of what comes in from outside the image.

    Returns
    -------
    ndarray, shape of `images`, float in [0, 1]

    Raises
    ------
    TypeError, ValueError
        If an argument has another shape, type or range than listed.

    Examples
    --------
    >>> shear([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0]], 45).round(9)
    array([[1., 0., 0.],
           [0., 1., 0.],
           [0., 0., 1.]])
    """
    return _warp_about_centre(images, geometry.shearing(angle), fill)


def translate(images, shift, *, fill=0.0):
    """Return the images moved by a shift.

    Parameters
    ----------
    images : array_like, shape (H, W), (H, W, C) or (N, H, W, C), in [0, 1]
    shift : pair of float (vertical, horizontal), pixels
        Positive numbers move down and to the right.
    fill : float, in [0, 1]
        The value of what comes in from outside the image.

    Returns
    -------
    ndarray, shape of `images`, float in [0, 1]

    Raises
    ------
    TypeError, ValueError
        If an argument has another shape, type or range than listed.

    Examples
    --------
    >>> translate([[0.2, 0.4, 0.6]], (0, 1))
    array([[0. , 0.2, 0.4]])
    """
    return _warp_about_centre(images, geometry.translation(shift), fill)


def flip_horizontal(images):
    """Return the images with left and right swapped, as in a mirror.

    Parameters
    ----------
    images : array_like, shape (H, W), (H, W, C) or (N, H, W, C), in [0, 1]

    Returns
    -------
    ndarray, shape of `images`, float in [0, 1]

    Raises
    ------
    TypeError, ValueError
        If `images` has another shape, type or range than listed.

    Examples
    --------
    >>> flip_horizontal([[0.1, 0.2], [0.3, 0.4]])
    array([[0.2, 0.1],
           [0.4, 0.3]])
    """
    batch = _as_batch(images)
    return _checks.unbatch(batch[:, :, ::-1].copy(), np.ndim(images))


def flip_vertical(images):
    """Return the images with top and bottom swapped.

    Parameters
    ----------
    images : array_like, shape (H, W), (H, W, C) or (N, H, W, C), in [0, 1]

    Returns
    -------
    ndarray, shape of `images`, float in [0, 1]

    Raises
    ------
    TypeError, ValueError
        If `images` has another shape, type or range than listed.

    Examples
    --------
    >>> flip_vertical([[0.1, 0.2], [0.3, 0.4]])
    array([[0.3, 0.4],
           [0.1, 0.2]])
    """
    batch = _as_batch(images)
    return _checks.unbatch(batch[:, ::-1].copy(), np.ndim(images))


def crop(images, top_left, shape):
    """Return the same rectangle cut out of every image.

    Parameters
    ----------
    images : array_like, shape (H, W), (H, W, C) or (N, H, W, C), in [0, 1]
    top_left : pair of int (vertical, horizontal), pixels
        The row and the column of the rectangle's first pixel.
    shape : pair of int (vertical, horizontal), pixels
        Its height h and width w; it must lie inside the image.

    Returns
    -------
    ndarray, shape (h, w), (h, w, C) or (N, h, w, C), float in [0, 1]

    Raises
    ------
    TypeError, ValueError
        If an argument has another shape, type or range than listed.

    Examples
    --------
    >>> crop([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], (0, 1), (2, 2))
    array([[0.2, 0.3],
           [0.5, 0.6]])
    """
    batch = _as_batch(images)
    top, left = _checks.pair("top_left", top_left, low=0)
    height, width = _checks.pair("shape", shape, low=1)
    bottom, right = top + height, left + width
    if bottom > batch.shape[1] or right > batch.shape[2]:
        raise ValueError(
            f"the rectangle must lie inside the image of {batch.shape[1:3]} pixels, "
            f"got one that ends at row {bottom} and column {right}"
        )
    return _checks.unbatch(batch[:, top:bottom, left:right].copy(), np.ndim(images))


def adjust_contrast(images, factor):
    r"""Return the images with their contrast multiplied: the distances of the values from the image's mean.

    .. math:: x' = \bar{x} + f \, (x - \bar{x}), \quad \text{clipped to } [0, 1]

    Parameters
    ----------
    images : array_like, shape (H, W), (H, W, C) or (N, H, W, C), in [0, 1]
    factor : float, at least 0
        0 leaves only the mean of each image (over all its channels), 1 changes nothing.

    Returns
    -------
    ndarray, shape of `images`, float in [0, 1]

    Raises
    ------
    TypeError, ValueError
        If an argument has another shape, type or range than listed.

    Examples
    --------
    >>> adjust_contrast([[0.25, 0.75]], 0.5)
    array([[0.375, 0.625]])
    """
    batch = _as_batch(images)
    factor = _checks.number("factor", factor, low=0)
    return _checks.unbatch(_with_contrast(batch, factor), np.ndim(images))


def adjust_brightness(images, delta):
    r"""Return the images with their brightness raised or lowered.

    .. math:: x' = x + \delta, \quad \text{clipped to } [0, 1]

    Parameters
    ----------
    images : array_like, shape (H, W), (H, W, C) or (N, H, W, C), in [0, 1]
    delta : float, between -1 and 1
        What is added to every value.

    Returns
    -------
    ndarray, shape of `images`, float in [0, 1]

    Raises
    ------
    TypeError, ValueError
        If an argument has another shape, type or range than listed.

    Examples
    --------
    >>> adjust_brightness([[0.25, 0.75]], 0.5)
    array([[0.75, 1.  ]])
    """
    batch = _as_batch(images)
    delta = _checks.number("delta", delta, low=-1, high=1)
    return _checks.unbatch(_with_brightness(batch, delta), np.ndim(images))


def add_noise(images, standard_deviation, *, rng):
    r"""Return the images with Gaussian noise added, independent in every value.

    .. math:: x' = x + \sigma \varepsilon, \quad \varepsilon \sim \mathcal{N}(0, 1),
       \quad \text{clipped to } [0, 1]

    Clipping moves the mean of very dark and very bright images: noise on black can only brighten.

    Parameters
    ----------
    images : array_like, shape (H, W), (H, W, C) or (N, H, W, C), in [0, 1]
    standard_deviation : float, at least 0
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape of `images`, float in [0, 1]

    Raises
    ------
    TypeError, ValueError
        If an argument has another shape, type or range than listed.

    Examples
    --------
    >>> noisy = add_noise(np.full((100, 100), 0.5), 0.1, rng=np.random.default_rng(0))
    >>> round(float(noisy.std()), 2)
    0.1
    """
    batch = _as_batch(images)
    standard_deviation = _checks.number("standard_deviation", standard_deviation, low=0)
    rng = _checks.generator(rng)
    return _checks.unbatch(_with_noise(batch, standard_deviation, rng), np.ndim(images))


def erase(images, size, *, rng, fill=0.0):
    """Return the images with a rectangle at a random place erased (random erasing, cutout).

    The rectangle lies wholly inside the image, at every possible place with the same probability, and at
    another one in each image of a batch. Cutout itself centres it anywhere and lets it stick out.

    Parameters
    ----------
    images : array_like, shape (H, W), (H, W, C) or (N, H, W, C), in [0, 1]
    size : int or pair of int (vertical, horizontal), pixels
        Of the rectangle; at most that of the image.
    rng : numpy.random.Generator
    fill : float, in [0, 1]
        The value that is left in the rectangle.

    Returns
    -------
    ndarray, shape of `images`, float in [0, 1]

    Raises
    ------
    TypeError, ValueError
        If an argument has another shape, type or range than listed.

    References
    ----------
    DeVries and Taylor, Improved Regularization of Convolutional Neural Networks with Cutout, 2017, section 3.
    Zhong et al., Random Erasing Data Augmentation, AAAI 2020, algorithm 1.

    Examples
    --------
    >>> erased = erase(np.ones((4, 4)), (2, 3), rng=np.random.default_rng(0))
    >>> int((erased == 0).sum())
    6
    """
    batch = _as_batch(images)
    height, width = _checks.pair("size", size, low=1)
    if height > batch.shape[1] or width > batch.shape[2]:
        raise ValueError(f"size must be at most the image's {batch.shape[1:3]}, got {(height, width)}")
    rng = _checks.generator(rng)
    fill = _checks.number("fill", fill, low=0, high=1)
    return _checks.unbatch(_with_hole(batch, height, width, fill, rng), np.ndim(images))


def pipeline(
    *,
    rotate=None,
    scale=None,
    stretch=None,
    shear=None,
    translate=None,
    flip_horizontal=None,
    flip_vertical=None,
    contrast=None,
    brightness=None,
    noise=None,
    erase=None,
):
    """Return a function `augment(images, rng)` that changes every image at random: data augmentation.

    Each range is a pair (low, high) from which a parameter is drawn uniformly, afresh for every image; what
    is not given is left out. The order is always the same: flips, scale and stretch, shear, rotation (all
    about the centre), translation; then contrast, brightness, noise, erasing. Black comes in from outside.

    The geometric changes are multiplied into one matrix, so that each image is interpolated once: every
    interpolation blurs a little, and what one step moves out of the frame the next can no longer bring back.

    Parameters
    ----------
    rotate : pair of float, degrees, optional
        Range of the angle, counter-clockwise as seen.
    scale : pair of float, more than 0, optional
        Range of the factor.
    stretch : pair of float, more than 0, optional
        Range of the vertical and of the horizontal factor, drawn separately.
    shear : pair of float, degrees, between -89 and 89, optional
        Range of the angle.
    translate : pair of float, pixels, optional
        Range of the vertical and of the horizontal shift, drawn separately.
    flip_horizontal, flip_vertical : float, in [0, 1], optional
        Probability of the flip.
    contrast : pair of float, at least 0, optional
        Range of the factor.
    brightness : pair of float, between -1 and 1, optional
        Range of what is added.
    noise : pair of float, at least 0, optional
        Range of the standard deviation.
    erase : pair of int, at least 1, pixels, optional
        Range, both ends included, of the height and of the width of the erased rectangle, drawn separately.

    Returns
    -------
    callable
        `augment(images, rng)`: from images of shape (H, W), (H, W, C) or (N, H, W, C) in [0, 1] and a
        `numpy.random.Generator` to new images of the same shape, float in [0, 1].

    Raises
    ------
    TypeError, ValueError
        If a range has another form than listed or its low is above its high; from `augment`, if `images` or
        `rng` are not what they should be or the rectangle to erase can be larger than the image.

    References
    ----------
    Simard, Steinkraus and Platt, Best Practices for Convolutional Neural Networks Applied to Visual Document
    Analysis, ICDAR 2003, section 2.
    Shorten and Khoshgoftaar, A Survey on Image Data Augmentation for Deep Learning, 2019.

    Examples
    --------
    >>> augment = pipeline(flip_horizontal=1.0, brightness=(0.5, 0.5))
    >>> augment([[0.0, 0.25, 0.75]], np.random.default_rng(0))
    array([[1.  , 0.75, 0.5 ]])
    """
    moves = any(
        option is not None
        for option in (rotate, scale, stretch, shear, translate, flip_horizontal, flip_vertical)
    )
    at_least_0 = partial(_checks.number, low=0)
    rotate = _range("rotate", rotate, _checks.number, default=0)
    scale = _range("scale", scale, _checks.positive, default=1)
    stretch = _range("stretch", stretch, _checks.positive, default=1)
    shear = _range("shear", shear, partial(_checks.number, low=-89, high=89), default=0)
    translate = _range("translate", translate, _checks.number, default=0)
    flip_horizontal = _probability("flip_horizontal", flip_horizontal)
    flip_vertical = _probability("flip_vertical", flip_vertical)
    contrast = _range("contrast", contrast, at_least_0)
    brightness = _range("brightness", brightness, partial(_checks.number, low=-1, high=1))
    noise = _range("noise", noise, at_least_0)
    erase = _range("erase", erase, partial(_checks.integer, low=1))

    def random_matrix(centre, rng):
        """Return one matrix for all the geometric changes to one image."""
        flips = np.where(rng.random(2) < (flip_vertical, flip_horizontal), -1, 1)
        factors = flips * rng.uniform(*scale) * rng.uniform(*stretch, size=2)
        change = (
            geometry.rotation(rng.uniform(*rotate))
            @ geometry.shearing(rng.uniform(*shear))
            @ geometry.scaling(factors)
        )
        return geometry.translation(rng.uniform(*translate, size=2)) @ geometry.about(change, centre)

    def augment(images, rng):
        """Return the images, one or a batch, each changed by freshly drawn parameters."""
        batch = _as_batch(images)
        rng = _checks.generator(rng)
        count, height, width, _ = batch.shape
        if erase is not None and erase[1] > min(height, width):
            raise ValueError(f"erase must be at most the image's {(height, width)}, got {erase}")

        def one_each(limits):
            """Return one random number for every image."""
            return rng.uniform(*limits, size=(count, 1, 1, 1)).astype(batch.dtype)

        if moves:
            centre = (width / 2, height / 2)
            matrices = np.reshape([random_matrix(centre, rng) for _ in range(count)], (count, 3, 3))
            batch = geometry.warp(batch, matrices)
        if contrast is not None:
            batch = _with_contrast(batch, one_each(contrast))
        if brightness is not None:
            batch = _with_brightness(batch, one_each(brightness))
        if noise is not None:
            batch = _with_noise(batch, one_each(noise), rng)
        if erase is not None:
            heights, widths = rng.integers(erase[0], erase[1] + 1, size=(2, count, 1, 1, 1))
            batch = _with_hole(batch, heights, widths, 0.0, rng)
        return _checks.unbatch(batch.copy(), np.ndim(images))

    return augment


# The arithmetic on batches. A parameter is one number for all images or an array (N, 1, 1, 1), one for each.


def _with_contrast(batch, factor):
    """Return the batch with the distances from each image's mean multiplied by `factor`."""
    mean = batch.mean(axis=(1, 2, 3), keepdims=True, dtype=np.float64).astype(batch.dtype)
    return np.clip(mean + factor * (batch - mean), 0, 1)


def _with_brightness(batch, delta):
    """Return the batch with `delta` added."""
    return np.clip(batch + delta, 0, 1)


def _with_noise(batch, standard_deviation, rng):
    """Return the batch with Gaussian noise added."""
    noise = rng.standard_normal(batch.shape, dtype=batch.dtype)
    return np.clip(batch + standard_deviation * noise, 0, 1)


def _with_hole(batch, hole_height, hole_width, fill, rng):
    """Return the batch with a rectangle at a random place of each image set to `fill`."""
    count, height, width, _ = batch.shape
    top = rng.integers(0, height - hole_height + 1, size=(count, 1, 1, 1))
    left = rng.integers(0, width - hole_width + 1, size=(count, 1, 1, 1))
    row = np.arange(height)[:, np.newaxis, np.newaxis]
    column = np.arange(width)[:, np.newaxis]
    inside = (top <= row) & (row < top + hole_height) & (left <= column) & (column < left + hole_width)
    return np.where(inside, batch.dtype.type(fill), batch)


def _warp_about_centre(images, matrix, fill):
    """Return the images warped by a matrix about their centre."""
    batch = _as_batch(images)
    fill = _checks.number("fill", fill, low=0, high=1)
    _, height, width, _ = batch.shape
    warped = geometry.warp(batch, geometry.about(matrix, (width / 2, height / 2)), fill=fill)
    return _checks.unbatch(warped, np.ndim(images))


def _as_batch(images):
    """Return one image or a batch, checked to lie in [0, 1], as a batch (N, H, W, C)."""
    batch = _checks.batch("images", _checks.floats("images", images, ndim=(2, 3, 4), finite=True))
    low, high = batch.min(initial=0), batch.max(initial=0)
    # The rounding of an earlier step, which may end a hair above 1, is forgiven and cut off.
    if low < -1e-6 or high > 1 + 1e-6:
        raise ValueError(f"images must lie in [0, 1], got values from {batch.min()} to {batch.max()}")
    return batch if 0 <= low and high <= 1 else np.clip(batch, 0, 1)


def _probability(name, value):
    """Return `value` as a float in [0, 1]; None becomes 0."""
    return 0.0 if value is None else _checks.number(name, value, low=0, high=1)


def _range(name, value, check, *, default=None):
    """Return `value` as a pair low <= high of numbers that pass `check`; None becomes the default."""
    if value is None:
        return None if default is None else (default, default)
    low, high = (check(name, limit) for limit in _checks.two(name, value, "a pair (low, high)"))
    if low > high:
        raise ValueError(f"{name} must be a pair (low, high) with low <= high, got {value!r}")
    return low, high
