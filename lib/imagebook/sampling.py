"""Sampling a training set: which examples to keep when one class drowns out the others."""

import numpy as np

from imagebook import _checks


def downsample_majority(labels, *, ratio, rng):
    """Return the indices of the examples to keep when the majority classes are downsampled.

    Of every class with more than `ratio` times as many examples as the smallest class, that many (rounded
    down) are kept at random; the other classes are kept whole. A model trained on them believes that the
    classes are as frequent as they are there: its probabilities no longer fit the original mixture.

    Parameters
    ----------
    labels : array_like of int, shape (N,)
        The class of each example. Classes without an example do not count.
    ratio : float, at least 1
        The largest allowed ratio of two class sizes; 1 makes all classes equal.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (K,), int64
        Indices into `labels`, ascending, none twice.

    Raises
    ------
    TypeError
        If `labels` are not integers or `rng` is not a generator.
    ValueError
        If `labels` is not one-dimensional or `ratio` is less than 1.

    References
    ----------
    He and Garcia, Learning from Imbalanced Data, IEEE TKDE 2009, section 3.1.1 (random undersampling).

    Examples
    --------
    >>> labels = np.array([7, 7, 7, 7, 7, 7, 1, 1])
    >>> keep = downsample_majority(labels, ratio=2, rng=np.random.default_rng(0))
    >>> labels[keep]
    array([7, 7, 7, 7, 1, 1])
    """
    labels = _checks.array("labels", labels, ndim=1)
    if labels.size and labels.dtype.kind not in "iu":
        raise TypeError(f"labels must be integers, got dtype {labels.dtype}")
    ratio = _checks.number("ratio", ratio, low=1)
    rng = _checks.generator(rng)
    classes, sizes = np.unique(labels, return_counts=True)
    limit = int(ratio * sizes.min(initial=labels.size))  # the initial value serves an empty set
    kept = [np.arange(0)]
    for label in classes:
        members = np.flatnonzero(labels == label)
        if len(members) > limit:
            members = rng.choice(members, limit, replace=False)
        kept.append(members)
    return np.sort(np.concatenate(kept)).astype(np.int64)
