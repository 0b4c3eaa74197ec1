"""Checks for the first lines of public functions: each says what was wanted and what came."""

import math
import operator

import numpy as np

# The highest integer for a size, a stride and the like: the widest that 32-bit WebAssembly can count to.
LARGEST_INTEGER = 2**31 - 1
# The largest finite number: float32 holds the sum of millions of such numbers, float64 the square of any.
LARGEST = 1e30
# The largest array that sizes may ask for, in numbers: 2 GiB of float64, half of what 32 bits can address.
LARGEST_ARRAY = 2**28
# The largest coordinate, in pixels: float32 holds products of four.
FARTHEST = 1e9


def array(name, value, *, ndim, finite=False, largest=LARGEST):
    """Return `value` as a NumPy array of real numbers with one of the wanted numbers of dimensions.

    Booleans become 8-bit integers, float16 becomes float32 and extended floats become float64; float32,
    float64 and integers keep their type, in the machine's own byte order. A copy is made only where the
    type changes.

    Parameters
    ----------
    name : str
        What the caller's parameter is called; the first word of the message.
    value : array_like
        What the caller was given.
    ndim : int or tuple of int
        The allowed numbers of dimensions.
    finite : bool
        Whether NaN, infinity and numbers that are so large that sums or squares overflow are refused.
    largest : float
        How large the absolute value of a finite number may be.

    Returns
    -------
    ndarray
        The checked array.

    Raises
    ------
    TypeError
        If `value` does not hold real numbers.
    ValueError
        If it is ragged, has another number of dimensions, must be finite and is not, or is too large.

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
        *others, last = wanted
        counts = f"{', '.join(map(str, others))} or {last} dimensions" if others else f"{last} dimensions"
        counts = "1 dimension" if wanted == (1,) else counts
        raise ValueError(f"{name} must be an array with {counts}, got shape {result.shape}")
    result = _usual_type(name, result)
    if finite and result.size:
        low, high = result.min(), result.max()  # both are NaN if there is one
        if not (np.isfinite(low) and np.isfinite(high)):
            raise ValueError(f"{name} must be finite, got NaN or infinity")
        if low < -largest or high > largest:
            raise ValueError(f"{name} must lie between {-largest:g} and {largest:g}, got {low:g} to {high:g}")
    return result


def _usual_type(name, value):
    """Return an array of real numbers in one of the types that `array` promises."""
    if value.dtype.kind == "b":
        return value.astype(np.uint8)
    if value.dtype == np.float16:
        return value.astype(np.float32)
    if value.dtype.kind == "f" and value.dtype.itemsize > 8:
        with np.errstate(over="ignore"):  # what is too large for float64 is infinite there
            return value.astype(np.float64)
    if value.dtype.kind == "u" and value.size and value.max() > np.iinfo(np.int64).max:
        raise ValueError(f"{name} must hold integers that fit into int64, got {value.max()}")
    return value.astype(value.dtype.newbyteorder("="), copy=False)


def floats(name, value, *, ndim, finite=False, largest=LARGEST):
    """Return what `array` returns, with integers turned into float32.

    Examples
    --------
    >>> floats("image", [[1, 2]], ndim=2).dtype
    dtype('float32')
    """
    result = array(name, value, ndim=ndim, finite=finite, largest=largest)
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


def flag(name, value):
    """Return `value` as a bool; the text "no" and the number 2 are neither true nor false.

    Examples
    --------
    >>> flag("antialias", "no")
    Traceback (most recent call last):
    ...
    TypeError: antialias must be True or False, got 'no'
    """
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def integer(name, value, *, low):
    """Return `value` as an int of at least `low` and at most 2 147 483 647.

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
    if result > LARGEST_INTEGER:
        raise ValueError(f"{name} must be at most {LARGEST_INTEGER}, got {result}")
    return result


def affordable(name, shape):
    """Raise ValueError if sizes, which are arguments and not data, ask for an array beyond all memory.

    Examples
    --------
    >>> affordable("shape", (10**5, 10**5))
    Traceback (most recent call last):
    ...
    ValueError: shape must ask for at most 268435456 numbers, got 100000 x 100000
    """
    if math.prod(shape) > LARGEST_ARRAY:
        sizes = " x ".join(str(size) for size in shape)
        raise ValueError(f"{name} must ask for at most {LARGEST_ARRAY} numbers, got {sizes}")


def pair(name, value, *, low):
    """Return an int or a pair of ints as a pair (vertical, horizontal), each at least `low`.

    Examples
    --------
    >>> pair("stride", 2, low=1), pair("stride", (1, 2), low=1)
    ((2, 2), (1, 2))
    """
    is_sequence = isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim)
    both = value if is_sequence else (value, value)
    first, second = two(name, both, "one integer or a pair (vertical, horizontal)")
    return integer(name, first, low=low), integer(name, second, low=low)


def two(name, value, wanted):
    """Return the two items of a list, a tuple or an array.

    Examples
    --------
    >>> two("limits", (0, 1, 2), "a pair (low, high)")
    Traceback (most recent call last):
    ...
    ValueError: limits must be a pair (low, high), got (0, 1, 2)
    """
    result = items(name, value, wanted)
    if len(result) != 2:
        raise ValueError(f"{name} must be {wanted}, got {value!r}")
    return result


def items(name, value, wanted):
    """Return the items of a list, a tuple, a range or an array as a list; nothing else is a sequence here.

    Examples
    --------
    >>> items("titles", "ab", "a list of texts")
    Traceback (most recent call last):
    ...
    ValueError: titles must be a list of texts, got 'ab'
    """
    if isinstance(value, list | tuple | range) or (isinstance(value, np.ndarray) and value.ndim):
        return list(value)
    raise ValueError(f"{name} must be {wanted}, got {value!r}")


def iterable(name, value):
    """Return `value` if it can be looped over.

    Examples
    --------
    >>> iterable("values", 90)
    Traceback (most recent call last):
    ...
    TypeError: values must be a list or another iterable, got 90
    """
    try:
        iter(value)
    except TypeError:
        raise TypeError(f"{name} must be a list or another iterable, got {value!r}") from None
    return value


def number(name, value, *, low=-np.inf, high=np.inf):
    """Return `value` as a finite float between `low` and `high`, both included, of at most 1e30 in size.

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
    try:
        result = float(value)
    except OverflowError:  # an int beyond every float
        result = np.inf
    if not np.isfinite(result):
        raise ValueError(f"{name} must be finite, got {value}")
    if not low <= result <= high:
        limits = f"at least {low}" if high == np.inf else f"between {low} and {high}"
        raise ValueError(f"{name} must be {limits}, got {value}")
    if abs(result) > LARGEST:
        raise ValueError(f"{name} must be at most {LARGEST:g} in size, got {result:g}")
    return result


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


def float_type(name, value, *, among=(np.float32, np.float64)):
    """Return one of a few types of floats as a NumPy data type; most of the library computes in two only.

    Examples
    --------
    >>> float_type("dtype", np.float32)
    dtype('float32')
    >>> float_type("dtype", int)
    Traceback (most recent call last):
    ...
    TypeError: dtype must be one of float32, float64, got int
    """
    for dtype in map(np.dtype, among):
        if value is dtype.type or (isinstance(value, str) and value == dtype.name):
            return dtype
        if isinstance(value, np.dtype) and value == dtype:
            return dtype
    wanted = ", ".join(dtype.__name__ for dtype in among)
    got = value.__name__ if isinstance(value, type) else repr(value)
    raise TypeError(f"{name} must be one of {wanted}, got {got}")


def function(name, value):
    """Return `value` if it can be called.

    Examples
    --------
    >>> function("loss", 2)
    Traceback (most recent call last):
    ...
    TypeError: loss must be callable, got int
    """
    if not callable(value):
        raise TypeError(f"{name} must be callable, got {type(value).__name__}")
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
