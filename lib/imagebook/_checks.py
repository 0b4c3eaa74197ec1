"""Checks for the first lines of public functions: each says what was wanted and what came."""

import operator

import numpy as np


def array(name, value, *, ndim, finite=False):
    """Return `value` as a NumPy array of real numbers with one of the wanted numbers of dimensions.

    Booleans become 8-bit integers, float16 becomes float32 and extended floats become float64; float32,
    float64 and integers keep their type. A copy is made only where the type changes.

    Parameters
    ----------
    name : str
        What the caller's parameter is called; the first word of the message.
    value : array_like
        What the caller was given.
    ndim : int or tuple of int
        The allowed numbers of dimensions.
    finite : bool
        Whether NaN and infinity are refused.

    Returns
    -------
    ndarray
        The checked array.

    Raises
    ------
    TypeError
        If `value` does not hold real numbers.
    ValueError
        If it is ragged, has another number of dimensions, or must be finite and is not.

    Examples
    --------
    >>> array("image", [[0.5, 1.0]], ndim=2).shape
    (1, 2)
    >>> array("image", [1, 2], ndim=2)
    Traceback (most recent call last):
    ...
    ValueError: image must be an array with 2 dimensions, got shape (2,)
    """
    try:
        result = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} must be a rectangular array, got rows of unequal length") from error
    if result.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, got dtype {result.dtype}")
    wanted = (ndim,) if isinstance(ndim, int) else tuple(ndim)
    if result.ndim not in wanted:
        counts = " or ".join(str(n) for n in wanted)
        noun = "dimension" if wanted == (1,) else "dimensions"
        raise ValueError(f"{name} must be an array with {counts} {noun}, got shape {result.shape}")
    if result.dtype.kind == "b":
        result = result.astype(np.uint8)
    elif result.dtype == np.float16:
        result = result.astype(np.float32)
    elif result.dtype.kind == "f" and result.dtype.itemsize > 8:
        result = result.astype(np.float64)
    if finite and not np.isfinite(result).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity")
    return result


def floats(name, value, *, ndim, finite=False):
    """Return what `array` returns, with integers turned into float32.

    Examples
    --------
    >>> floats("image", [[1, 2]], ndim=2).dtype
    dtype('float32')
    """
    result = array(name, value, ndim=ndim, finite=finite)
    return result if result.dtype.kind == "f" else result.astype(np.float32)


def not_empty(name, value):
    """Raise ValueError if the array `value` has an axis of length 0."""
    if value.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {value.shape}")


def batch(name, images):
    """Return one checked image, (H, W) or (H, W, C), or a batch as a batch (N, H, W, C) that has pixels.

    Examples
    --------
    >>> batch("images", np.zeros((28, 28))).shape
    (1, 28, 28, 1)
    """
    if images.ndim == 2:
        result = images[np.newaxis, :, :, np.newaxis]
    else:
        result = images[np.newaxis] if images.ndim == 3 else images
    if 0 in result.shape[1:]:
        raise ValueError(f"{name} must have at least one row, column and channel, got shape {images.shape}")
    return result


def unbatch(result, ndim):
    """Return a batch (N, H, W, C) with as many dimensions, 2, 3 or 4, as the images came with to `batch`.

    Examples
    --------
    >>> unbatch(np.zeros((1, 14, 14, 1)), 2).shape
    (14, 14)
    """
    if ndim == 2:
        return result[0, :, :, 0]
    return result[0] if ndim == 3 else result


def integer(name, value, *, low):
    """Return `value` as an int of at least `low`.

    Examples
    --------
    >>> integer("stride", 2, low=1)
    2
    >>> integer("stride", 0, low=1)
    Traceback (most recent call last):
    ...
    ValueError: stride must be at least 1, got 0
    """
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    try:
        result = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {value!r}") from None
    if result < low:
        raise ValueError(f"{name} must be at least {low}, got {result}")
    return result


def pair(name, value, *, low):
    """Return an int or a pair of ints as a pair (vertical, horizontal), each at least `low`.

    Examples
    --------
    >>> pair("stride", 2, low=1), pair("stride", (1, 2), low=1)
    ((2, 2), (1, 2))
    """
    is_sequence = isinstance(value, tuple | list) or getattr(value, "ndim", 0) == 1
    both = tuple(value) if is_sequence else (value, value)
    if len(both) != 2:
        raise ValueError(f"{name} must be one integer or a pair (vertical, horizontal), got {value!r}")
    return integer(name, both[0], low=low), integer(name, both[1], low=low)


def number(name, value, *, low=-np.inf, high=np.inf):
    """Return `value` as a finite float between `low` and `high`, both included.

    Examples
    --------
    >>> number("iou_threshold", 2, low=0, high=1)
    Traceback (most recent call last):
    ...
    ValueError: iou_threshold must be between 0 and 1, got 2
    """
    is_number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if not is_number:
        raise TypeError(f"{name} must be a number, got {value!r}")
    if not np.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value}")
    if not low <= value <= high:
        limits = f"at least {low}" if high == np.inf else f"between {low} and {high}"
        raise ValueError(f"{name} must be {limits}, got {value}")
    return float(value)


def positive(name, value):
    """Return `value` as a finite float of more than 0.

    Examples
    --------
    >>> positive("factor", 0)
    Traceback (most recent call last):
    ...
    ValueError: factor must be more than 0, got 0
    """
    result = number(name, value)
    if result <= 0:
        raise ValueError(f"{name} must be more than 0, got {value}")
    return result


def choice(name, value, options):
    """Return `value` if it is one of `options`; raise ValueError naming them otherwise.

    Examples
    --------
    >>> choice("source", "xyxy", ("xyxy", "xywh"))
    'xyxy'
    """
    if not isinstance(value, str) or value not in options:
        wanted = ", ".join(repr(option) for option in options)
        raise ValueError(f"{name} must be one of {wanted}, got {value!r}")
    return value


def generator(rng):
    """Return `rng` if it is a `numpy.random.Generator`; the library keeps no random state of its own.

    Examples
    --------
    >>> generator(42)
    Traceback (most recent call last):
    ...
    TypeError: rng must be a numpy.random.Generator such as numpy.random.default_rng(0), got 42
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"rng must be a numpy.random.Generator such as numpy.random.default_rng(0), got {rng!r}"
        )
    return rng
