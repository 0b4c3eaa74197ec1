"""Softmax with temperature: from a model's scores to probabilities, and from probabilities to choices."""

import numpy as np

from imagebook import _checks, _parallel

# Logits that `sample` works on at a time: they stay in the processor's cache, however many there are.
_LOGITS_AT_A_TIME = 2**16


def softmax(logits, *, temperature=1.0, axis=-1):
    r"""Return the softmax of the logits: probabilities of the classes, a Boltzmann distribution.

    .. math:: p_i = \frac{\exp(z_i / T)}{\sum_j \exp(z_j / T)}

    A low temperature sharpens the distribution, a high one flattens it. T = 0 stands for the limit: all
    probability on the largest logit, shared equally if there are several.

    Parameters
    ----------
    logits : array_like, 1 to 4 dimensions
        The scores z, finite or minus infinity (probability 0: a class that is masked out).
    temperature : float, at least 0
        T, in the unit of the logits.
    axis : int
        Along which the classes lie.

    Returns
    -------
    ndarray, shape of `logits`, float in [0, 1]
        Sums to 1 along `axis`.

    Raises
    ------
    TypeError, ValueError
        If `logits` has another number of dimensions, no classes, NaN, plus infinity or minus infinity for
        all classes; if `temperature` is negative or `axis` does not exist.

    References
    ----------
    Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network, 2015, equation 1.
    Boltzmann, 1868, and Gibbs, Elementary Principles in Statistical Mechanics, 1902, chapter 4, where T is a
    temperature and -z an energy.

    Examples
    --------
    >>> softmax([0.0, np.log(3)])
    array([0.25, 0.75])
    >>> softmax([0.0, np.log(3)], temperature=0.5)
    array([0.1, 0.9])
    >>> softmax([1.0, 2.0, 2.0], temperature=0)
    array([0. , 0.5, 0.5])
    """
    logits, temperature, axis = _check(logits, temperature, axis)
    exponents = _exponents(logits, temperature, axis)
    weights = np.exp(exponents)
    return (weights / weights.sum(axis=axis, keepdims=True)).astype(logits.dtype)


def log_softmax(logits, *, temperature=1.0, axis=-1):
    r"""Return the natural logarithm of the softmax of the logits: the log-probability of each class.

    .. math:: \log p_i = z_i / T - \log \sum_j \exp(z_j / T)

    Use it where a logarithm is needed: `softmax` rounds very small probabilities to 0.

    Parameters
    ----------
    logits : array_like, 1 to 4 dimensions
        The scores z, finite or minus infinity (probability 0: a class that is masked out).
    temperature : float, at least 0
        T, in the unit of the logits; 0 stands for the limit.
    axis : int
        Along which the classes lie.

    Returns
    -------
    ndarray, shape of `logits`, float, at most 0

    Raises
    ------
    TypeError, ValueError
        As `softmax`.

    References
    ----------
    Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network, 2015, equation 1.

    Examples
    --------
    >>> log_softmax([0.0, 1000.0])
    array([-1000.,     0.])
    """
    logits, temperature, axis = _check(logits, temperature, axis)
    exponents = _exponents(logits, temperature, axis)
    log_sum = np.log(np.exp(exponents).sum(axis=axis, keepdims=True))
    with np.errstate(over="ignore"):  # what is too small for float32 is minus infinity there
        return (exponents - log_sum).astype(logits.dtype)


def entropy(probabilities, *, axis=-1):
    r"""Return the entropy of distributions in bits: how uncertain the outcome is.

    .. math:: H = -\sum_i p_i \log_2 p_i, \qquad 0 \log_2 0 = 0

    Parameters
    ----------
    probabilities : array_like, 1 to 4 dimensions, at least 0
        Summing to 1 along `axis`, within 0.0001.
    axis : int
        Along which the classes lie.

    Returns
    -------
    ndarray or scalar, shape of `probabilities` without `axis`, float, bits
        From 0 (one outcome is certain) to the binary logarithm of the number of classes (all equally likely).

    Raises
    ------
    TypeError, ValueError
        If `probabilities` has another number of dimensions, no classes, a negative or infinite value or NaN,
        or does not sum to 1; if `axis` does not exist.

    References
    ----------
    Shannon, A Mathematical Theory of Communication, 1948, section 6.

    Examples
    --------
    A fair coin has one bit, two of them have two:

    >>> entropy([[0.5, 0.5, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]])
    array([1., 2.])
    """
    probabilities = _checks.floats("probabilities", probabilities, ndim=(1, 2, 3, 4), finite=True)
    axis = _check_axis("probabilities", probabilities, axis)
    exact = probabilities.astype(np.float64, order="C")
    if (exact < 0).any():
        raise ValueError(f"probabilities must be at least 0, got {exact.min()}")
    sums = exact.sum(axis=axis)
    if (np.abs(sums - 1) > 1e-4).any():
        raise ValueError(f"probabilities must sum to 1, got sums from {sums.min()} to {sums.max()}")
    logarithms = np.log2(exact, out=np.zeros_like(exact), where=exact > 0)
    # Subtracted from 0, not negated: the entropy of a certain outcome is 0.0, not -0.0.
    return (0.0 - (exact * logarithms).sum(axis=axis)).astype(probabilities.dtype)


def sample(logits, *, rng, temperature=1.0, axis=-1):
    r"""Return classes drawn at random with the probabilities of the softmax (inverse transform sampling).

    .. math:: \min \{ k : p_1 + \dots + p_k > u \}, \qquad u \sim \mathcal{U}[0, 1)

    The probabilities are laid end to end along a line of length 1; a random place u on the line falls into
    a class as often as its stretch is long. The lower the temperature T, the more the longest one takes up.

    Parameters
    ----------
    logits : array_like, 1 to 4 dimensions
        The scores z, finite or minus infinity (never drawn: a class that is masked out).
    rng : numpy.random.Generator
    temperature : float, at least 0
        T, in the unit of the logits; at 0 the largest logit is drawn, any of them if there are several.
    axis : int
        Along which the classes lie.

    Returns
    -------
    ndarray or scalar, shape of `logits` without `axis`, int64
        Indices along `axis`, one for each distribution.

    Raises
    ------
    TypeError, ValueError
        As `softmax`, and if `rng` is not a generator.

    References
    ----------
    Devroye, Non-Uniform Random Variate Generation, 1986, section III.2 (inversion by sequential search).

    Examples
    --------
    >>> logits = np.tile(np.log([0.1, 0.2, 0.7]), (10_000, 1))
    >>> classes = sample(logits, rng=np.random.default_rng(0))
    >>> (np.bincount(classes) / 10_000).round(1)
    array([0.1, 0.2, 0.7])
    """
    logits, temperature, axis = _check(logits, temperature, axis)
    rng = _checks.generator(rng)
    distributions = np.moveaxis(logits, axis, -1)
    shape, class_count = distributions.shape[:-1], distributions.shape[-1]
    distributions = distributions.reshape(-1, class_count)
    classes = np.empty(len(distributions), np.int64)
    shares = rng.random(len(distributions))
    step = max(1, _LOGITS_AT_A_TIME // class_count)

    def draw(starts):
        for start in starts:
            some = slice(start, start + step)
            # One row for each class, so that each of the sums runs along whole rows.
            block = np.ascontiguousarray(distributions[some].T)
            ends = np.cumsum(np.exp(_exponents(block, temperature, 0)), axis=0)
            # The classes that end at or before the place come before the class that is drawn. The place lies
            # before the last end. A class of probability 0 ends where the one before it does: never drawn.
            classes[some] = (ends <= shares[some] * ends[-1]).sum(axis=0)

    _parallel.share(draw, range(0, len(distributions), step), work=20 * logits.size)  # for the exponentials
    return classes.reshape(shape)[()]


def _exponents(logits, temperature, axis):
    """Return the logits over the temperature, shifted so that the largest is 0 and exp cannot overflow."""
    with np.errstate(over="ignore"):  # an overflow goes to minus infinity, where it belongs
        shifted = logits.astype(np.float64) - logits.max(axis=axis, keepdims=True)
        if temperature == 0:
            return np.where(shifted == 0, 0.0, -np.inf)
        return shifted / temperature


def _check(logits, temperature, axis):
    """Return the arguments that `softmax`, `log_softmax` and `sample` share, checked."""
    logits = _checks.floats("logits", logits, ndim=(1, 2, 3, 4))
    axis = _check_axis("logits", logits, axis)
    smallest, largest = logits.min(initial=0), logits.max(initial=0)  # both are NaN if there is one
    if np.isnan(largest) or np.isposinf(largest):
        raise ValueError("logits must be finite or minus infinity, got NaN or plus infinity")
    if np.isneginf(smallest) and np.isneginf(logits.max(axis=axis)).any():
        raise ValueError("logits must be finite for at least one class, got minus infinity for all")
    return np.ascontiguousarray(logits), _checks.number("temperature", temperature, low=0), axis


def _check_axis(name, array, axis):
    """Return `axis` if the array has it and it is not of length 0."""
    axis = _checks.integer("axis", axis, low=-array.ndim)
    if axis >= array.ndim:
        raise ValueError(f"axis must be less than {array.ndim}, the dimensions of {name}, got {axis}")
    if array.shape[axis] == 0:
        raise ValueError(f"{name} must have at least one class along axis {axis}, got shape {array.shape}")
    return axis
