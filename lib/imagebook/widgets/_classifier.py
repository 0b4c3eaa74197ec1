"""The pretrained classifier of digits, as several figures use it: in Python, for `output` and `picture`."""

from functools import cache

import numpy as np

from imagebook import mnist, pretrained
from imagebook.softmax import softmax


@cache
def digit(position):
    """Return a test digit (28, 28), uint8."""
    return mnist.load("test")[0][position]


@cache
def network():
    """Return the classifier; do not change it."""
    return pretrained.load("cnn")


def probabilities(image, model=None):
    """Return the probabilities of the ten classes for one image (28, 28).

    Parameters
    ----------
    image : ndarray, uint8, or float in [0, 1]
    model : Sequential, optional
        The pretrained classifier if not given.

    Returns
    -------
    ndarray of float64, shape (10,)

    Examples
    --------
    >>> int(probabilities(digit(0)).argmax())
    7
    """
    image = image / np.float32(255) if image.dtype == np.uint8 else image
    logits = (model or network()).predict(image[np.newaxis, :, :, np.newaxis])
    return softmax(logits[0].astype(np.float64))


def verdict(values):
    """Return what ten probabilities say.

    Examples
    --------
    >>> verdict(np.eye(10)[6])
    '6 (100 %)'
    """
    best = int(np.argmax(values))
    return f"{best} ({100 * values[best]:.0f} %)"
