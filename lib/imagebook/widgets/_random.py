"""The random numbers of kit/random.js: what a reader sees drawn from a seed, Python draws too."""

import numpy as np


def uniforms(seed, count, *, start=0):
    """Return the uniform numbers in [0, 1) that follow from a seed.

    They are mulberry32's, by Tommy Ettinger (public domain).

    Parameters
    ----------
    seed : int
        From 0 to 2**32 - 1.
    count, start : int
        How many numbers, and how many before them to leave out.

    Returns
    -------
    ndarray, shape (count,), float64

    Examples
    --------
    >>> uniforms(0, 2) * 2**32
    array([1.14430474e+09, 1.41624700e+06])
    """
    places = np.arange(start + 1, start + count + 1, dtype=np.uint64)
    state = (np.uint64(seed) + places * np.uint64(0x6D2B79F5)).astype(np.uint32)
    one, seven, fourteen, fifteen, last = (np.uint32(number) for number in (1, 7, 14, 15, 61))
    mixed = (state ^ (state >> fifteen)) * (one | state)
    mixed = (mixed + (mixed ^ (mixed >> seven)) * (last | mixed)) ^ mixed
    return (mixed ^ (mixed >> fourteen)) / 2**32


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


class Uniforms(np.random.Generator):
    """A generator for the library's functions whose `random` returns the numbers of `uniforms` in turn.

    Examples
    --------
    >>> generator = Uniforms(0)
    >>> generator.random() == uniforms(0, 1)
    array([ True])
    >>> generator.random(2) == uniforms(0, 2, start=1)
    array([ True,  True])
    """

    def __init__(self, seed):
        super().__init__(np.random.PCG64(0))
        self._seed, self._used = seed, 0

    def random(self, size=None):
        """Return the next numbers."""
        count = int(np.prod(() if size is None else size))
        numbers = uniforms(self._seed, count, start=self._used)
        self._used += count
        return float(numbers[0]) if size is None else numbers.reshape(size)
