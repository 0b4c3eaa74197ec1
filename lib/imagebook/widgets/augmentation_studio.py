"""Data augmentation by hand: one digit, changed in seven ways, and what the network makes of it."""

import numpy as np
from matplotlib.figure import Figure as Drawing

from imagebook import geometry
from imagebook._language import say
from imagebook.widgets import _classifier, _random
from imagebook.widgets._figure import Figure
from imagebook.widgets._traits import Flag, Integer, Number, Pixels

SIDE = 28


class AugmentationStudio(Figure):
    """A digit, changed as the reader likes, twelve random variants of it, and the network's verdict on each.

    Parameters
    ----------
    digit : array_like, shape (28, 28)
        The image, uint8 or float in [0, 1].
    angle : float, degrees
        By which it is turned, counter-clockwise.
    vertical, horizontal : float
        Factors by which it is stretched, from 0.5 to 2.
    mirror : bool
        Whether left and right are swapped.
    shear : float, degrees
        By which vertical lines lean, counter-clockwise.
    noise : float
        Standard deviation of the noise, from 0 to 0.5.
    hole : int
        Side of the erased square in pixels; 0 erases nothing.
    seed : int
        Where the noise, the place of the square and the variants come from.

    Attributes
    ----------
    changed : ndarray of float, shape (28, 28)
        The changed digit as the reader sees it, noise and erased square included.
    output : ndarray of float, shape (10,)
        The probabilities of its ten classes.

    Examples
    --------
    A six turned by half a circle is a nine:

    >>> figure = AugmentationStudio(angle=0)
    >>> int(figure.output.argmax())
    6
    >>> figure.angle = 180
    >>> int(figure.output.argmax())
    9
    """

    title = "Augmentation studio"
    help = (
        "Change the digit and see when the network changes its mind. "
        "Below: twelve random variants within your limits."
    )
    assets = ("digits", "cnn")
    strip = {
        "turned by 100 degrees and stretched": {"angle": 100, "horizontal": 1.2, "shear": 10, "noise": 0.05},
        "turned by 180 degrees": {"angle": 180, "horizontal": 1, "shear": 0, "noise": 0},
        "upright, with noise": {"angle": 0, "horizontal": 1, "shear": 0, "noise": 0.4},
    }

    digit = Pixels(_classifier.digit(11))
    angle = Number(100, low=-180, high=180)
    vertical = Number(1, low=0.5, high=2)
    horizontal = Number(1.2, low=0.5, high=2)
    mirror = Flag(False)
    shear = Number(10, low=-45, high=45)
    noise = Number(0.05, low=0, high=0.5)
    hole = Integer(0, low=0, high=20)
    seed = Integer(0, low=0, high=999)

    @property
    def changed(self):
        """The changed digit."""
        sideways = -self.horizontal if self.mirror else self.horizontal
        change = (
            geometry.rotation(self.angle)
            @ geometry.shearing(self.shear)
            @ geometry.scaling((self.vertical, sideways))
        )
        image = geometry.warp(self.digit / 255, geometry.about(change, (SIDE / 2, SIDE / 2)))
        if self.noise:
            noise = _random.normals(self.seed, SIDE * SIDE).reshape(SIDE, SIDE)
            image = np.clip(image + self.noise * noise, 0, 1)
        top, left = (_random.uniforms(self.seed + 1, 2) * (SIDE - self.hole + 1)).astype(int)
        image[top : top + self.hole, left : left + self.hole] = 0
        return image

    @property
    def output(self):
        """The probabilities of the ten classes of the changed digit."""
        return _classifier.probabilities(self.changed)

    def picture(self):
        """Return a drawing of the digit and of the changed digit, with what the network calls them."""
        drawing = Drawing(figsize=(6, 3.4), layout="constrained")
        for axes, image, name in zip(
            drawing.subplots(1, 2), (self.digit / 255, self.changed), ("digit", "changed"), strict=True
        ):
            axes.imshow(image, cmap="gray", vmin=0, vmax=1)
            axes.set_axis_off()
            axes.set_title(f"{say(name)}: {_classifier.verdict(_classifier.probabilities(image))}")
        return drawing

    def words(self):
        """Return what the drawing says."""
        before, after = (
            _classifier.verdict(values) for values in (_classifier.probabilities(self.digit), self.output)
        )
        return (
            f"The network calls a digit {before}; turned by {self.angle:g} degrees, stretched by "
            f"{self.vertical:g} upright and {self.horizontal:g} sideways, {'mirrored, ' * self.mirror}"
            f"sheared by {self.shear:g} degrees, with noise of {self.noise:g}, it calls it {after}."
        )
