"""The plane of codes of a variational autoencoder: a map of digits, with a point to wander in it."""

from functools import cache

import numpy as np
from matplotlib.figure import Figure as Drawing
from matplotlib.patches import Circle, Ellipse

from imagebook import mnist, pretrained
from imagebook.plotting import COLORS
from imagebook.widgets import _assets
from imagebook.widgets._figure import Figure
from imagebook.widgets._traits import Flag, Pixels, Vector

REACH = 3
TILES = 15


@cache
def model():
    """Return the pretrained variational autoencoder with codes of two numbers."""
    return pretrained.load("variational_autoencoder_2d")


@cache
def tiles():
    """Return the map: a picture of TILES x TILES digits, each decoded from the middle of its tile."""
    middles = (np.arange(TILES) + 0.5) * (2 * REACH / TILES) - REACH
    codes = np.stack(np.meshgrid(middles, -middles), axis=-1).reshape(-1, 2)
    decoded = model().decode(codes).reshape(TILES, TILES, 28, 28)
    return decoded.transpose(0, 2, 1, 3).reshape(TILES * 28, TILES * 28)


class LatentMap(Figure):
    """A map of codes of two numbers, the digit decoded at a point, and where the encoder puts a drawn digit.

    Parameters
    ----------
    point : array_like, shape (2,)
        The code that is decoded, each number from -3 to 3.
    digit : array_like, shape (28, 28)
        The image whose place is shown, floats in [0, 1] or integers from 0 to 255.
    show_digits : bool
        Whether test digits stand on the map, each as its label at the mean of its code.
    show_density : bool
        Whether circles show the density that training pulled the codes towards.

    Attributes
    ----------
    output : ndarray, shape (28, 28), float in [0, 1]
        The image decoded at the point.
    mean, deviation : ndarray, shape (2,)
        Where the encoder puts the digit, and how sure it is: mean and standard deviation of its code.

    Examples
    --------
    >>> figure = LatentMap()
    >>> figure.point = np.clip(figure.mean, -3, 3)  # go where the digit lies
    >>> figure.output.shape
    (28, 28)
    """

    title = "A map of digits"
    help = (
        "Drag the point over the map: every place is a code of two numbers, and decodes to a picture. "
        "With keys: Tab to the point, then the arrows."
    )
    assets = ("digits", "variational_autoencoder_2d")
    strip = {
        "at (−0.9, 0.3)": {"point": (-0.9, 0.3)},
        "at (1.5, −1.5)": {"point": (1.5, -1.5)},
        "with test digits": {"point": (0, 0), "show_digits": True},
    }

    point = Vector((-0.9, 0.3), length=(2, 2), low=-REACH, high=REACH)
    digit = Pixels(mnist.load("test")[0][0])
    show_digits = Flag(False)
    show_density = Flag(False)

    @property
    def output(self):
        """The image decoded at the point."""
        return model().decode(self.point[np.newaxis])[0]

    @property
    def mean(self):
        """Where the encoder puts the digit."""
        return model().encode(self.digit[np.newaxis] / 255)[0][0]

    @property
    def deviation(self):
        """The standard deviation of the digit's code."""
        return np.exp(model().encode(self.digit[np.newaxis] / 255)[1][0] / 2)

    def picture(self):
        """Return the map with all that is on it, and the decoded digit beside it."""
        drawing = Drawing(figsize=(6.8, 4.4), layout="constrained")
        plane, large = drawing.subplots(1, 2, width_ratios=(2, 1))
        faint = 0.35 if self.show_digits else 1
        plane.imshow(tiles(), cmap="gray", extent=(-REACH, REACH, -REACH, REACH), alpha=faint)
        if self.show_digits:
            digits = _assets.asset("digits")
            means = model().encode(digits["images"] / 255)[0]
            for (x, y), label in zip(means, digits["labels"], strict=True):
                plane.text(x, y, label, ha="center", va="center", clip_on=True, fontsize=8)
        if self.show_density:
            for radius in (1, 2, 3):
                plane.add_patch(Circle((0, 0), radius, fill=False, edgecolor=COLORS[2], linewidth=2))
        plane.add_patch(
            Ellipse(self.mean, *(2 * self.deviation), fill=False, edgecolor=COLORS[1], linewidth=3)
        )
        plane.plot(*self.point, "o", markersize=10, markeredgecolor=COLORS[0], markerfacecolor="white", mew=3)
        plane.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), xlabel="first number", ylabel="second number")
        large.imshow(self.output, cmap="gray", vmin=0, vmax=1)
        large.set(xticks=[], yticks=[], title="decoded at the point")
        return drawing

    def words(self):
        """Return what the drawing says."""
        (x, y), (a, b) = self.point, self.mean
        return (
            f"A map of digits decoded from codes of two numbers. The point is at ({x:.2f}, {y:.2f}), "
            f"its decoded digit is shown beside the map; the drawn digit lies at ({a:.2f}, {b:.2f})."
        )
