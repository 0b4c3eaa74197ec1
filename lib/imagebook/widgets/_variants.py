"""Four small networks that differ in two things: whether they pool, and whether their digits were augmented."""

from functools import cache
from pathlib import Path

import numpy as np

from imagebook import augmentation, invariance
from imagebook.layers import Conv2D, Dense, Flatten, ReLU
from imagebook.models import Sequential, small_cnn

FILE = Path(__file__).parents[1] / "data" / "invariance.npz"
# Names of the networks: (pooling, augmented).
NAMES = {
    (True, False): "pooled",
    (True, True): "pooled_augmented",
    (False, False): "strided",
    (False, True): "strided_augmented",
}
# What the digits of the augmented networks went through, drawn afresh for every image.
AUGMENTATION = {"rotate": (-45, 45), "scale": (0.7, 1.3), "translate": (-4, 4)}
# At which values accuracies are measured: degrees, pixels to the right, factors.
VALUES = {
    "angle": np.arange(-180, 181, 15),
    "shift": np.arange(-10, 11),
    "size": np.arange(4, 19) / 10,
}


def build(name, *, rng):
    """Return an untrained network of a name.

    Examples
    --------
    >>> [build(name, rng=np.random.default_rng(0)).parameter_count for name in ("pooled", "strided")]
    [5258, 7018]
    """
    if name.startswith("pooled"):
        return small_cnn(rng=rng)
    # The convolutions themselves take every second step, so that the maps shrink as much as by pooling.
    return Sequential(
        [
            Conv2D(1, 8, 3, stride=2, rng=rng),  # (N, 13, 13, 8)
            ReLU(),
            Conv2D(8, 16, 3, stride=2, rng=rng),  # (N, 6, 6, 16)
            ReLU(),
            Flatten(),  # (N, 576)
            Dense(576, 10, rng=rng),  # (N, 10)
        ]
    )


@cache
def load(name):
    """Return a trained network of a name; do not change it."""
    model = build(name, rng=np.random.default_rng(0))  # every number that is drawn here is overwritten
    with np.load(FILE) as arrays:
        for position, layer in enumerate(model.layers):
            for key, parameter in layer.parameters.items():
                parameter[...] = arrays[f"{name}.{position}.{key}"]
    return model


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
