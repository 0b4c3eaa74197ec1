"""Random numbers from a seed, the same as in kit/random.js: what the page draws, Python draws too."""

import numpy as np

_STEP = 0x6D2B79F5
_MASK = np.uint64(0xFFFFFFFF)


def uniforms(seed, count):
    """Return uniform numbers in [0, 1), of which every one is known from the seed.

    Parameters
    ----------
    seed : int
        From 0 to 2³² - 1.
    count : int
        How many, at least 0.

    Returns
    -------
    ndarray of float64, shape (count,)
        Those of mulberry32 (Tommy Ettinger, public domain).

    Examples
    --------
    >>> uniforms(0, 2).round(4)
    array([0.2664, 0.0003])
    """
    state = (np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_STEP)) & _MASK
    mixed = ((state ^ (state >> np.uint64(15))) * (state | np.uint64(1))) & _MASK
    mixed = (mixed + (((mixed ^ (mixed >> np.uint64(7))) * (mixed | np.uint64(61))) & _MASK)) & _MASK ^ mixed
    return (mixed ^ (mixed >> np.uint64(14))) / 2**32


def normals(seed, count):
    """Return standard normal numbers, each made of two uniform ones (Box and Muller 1958).

    Parameters
    ----------
    seed : int
        From 0 to 2³² - 1.
    count : int
        How many, at least 0.

    Returns
    -------
    ndarray of float64, shape (count,)

    Examples
    --------
    >>> normals(0, 2).round(4)
    array([0.7872, 0.4314])
    """
    pairs = uniforms(seed, 2 * count).reshape(count, 2)
    return np.sqrt(-2 * np.log(1 - pairs[:, 0])) * np.cos(2 * np.pi * pairs[:, 1])
