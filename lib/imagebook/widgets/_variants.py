"""Four small networks: with pooling or strides, and trained on augmented digits or on plain ones."""

from functools import cache

import numpy as np

from imagebook import augmentation, invariance
from imagebook.invariance import FILE
from imagebook.invariance import NETWORKS as NAMES

# On how many of the sample's test digits, the first ones, accuracies are measured.
N_TEST = 1000
# At which values accuracies are measured: degrees, pixels to the right, factors.
VALUES = {
    "angle": np.arange(-180, 181, 15),
    "shift": np.arange(-10, 11),
    "size": np.arange(4, 19) / 10,
}


@cache
def load(name):
    """Return a trained network of a name; do not change it."""
    pooling, augmented = next(kind for kind, known in NAMES.items() if known == name)
    return invariance.load_network(pooling=pooling, augmented=augmented)


@cache
def curve(name, change):
    """Return the values at which a network's accuracy was measured, and the accuracies.

    Examples
    --------
    >>> values, measured = curve("pooled", "angle")
    >>> measured[values == 0] > 0.97
    array([ True])
    """
    with np.load(FILE) as arrays:
        return arrays[change], arrays[f"{name}.{change}"]


def accuracies(predict, images, labels, change, values):
    """Return the accuracies by "angle", "shift" (to the right) or "size"."""
    if change == "angle":
        return invariance.accuracy_by_angle(predict, images, labels, values)
    if change == "shift":
        return invariance.accuracy_by_shift(predict, images, labels, [(0, value) for value in values])
    return invariance.accuracy_by_size(predict, images, labels, values)


def changed(image, change, value):
    """Return a digit turned, moved to the right or resized, as the networks are measured."""
    if change == "angle":
        return augmentation.rotate(image, value)
    if change == "shift":
        return augmentation.translate(image, (0, value))
    return augmentation.scale(image, value)
