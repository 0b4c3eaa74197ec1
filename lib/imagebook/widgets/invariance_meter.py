"""Invariance, measured: how far a digit may turn, move or grow before a network no longer knows it."""

import numpy as np
from matplotlib.figure import Figure as Drawing

from imagebook.plotting import COLORS
from imagebook.widgets import _classifier, _variants
from imagebook.widgets._figure import Figure
from imagebook.widgets._traits import Choice, Flag, Number, Pixels


class InvarianceMeter(Figure):
    """A digit under one change, what a network makes of it, and the network's accuracy under such changes.

    The four networks saw the same 20,000 training digits three times each; they differ in whether they pool
    and in whether their digits were augmented (turned by up to 45 degrees, moved by up to 4 pixels, resized
    by 0.7 to 1.3).

    Parameters
    ----------
    digit : array_like, shape (28, 28)
        The image, uint8 or float in [0, 1].
    change : str
        What is done to it: angle, shift or size.
    angle : float, degrees
        By which it is turned, counter-clockwise.
    shift : float, pixels
        By which it moves to the right.
    size : float
        Factor by which it is enlarged.
    pooling : bool
        Whether the network pools; without pooling its convolutions take every second step.
    augmented : bool
        Whether its training digits were augmented.

    Attributes
    ----------
    output : ndarray of float, shape (10,)
        The network's probabilities of the changed digit's classes.
    accuracy : float
        The part of 1,000 test digits that the network recognises under the same change, between the measured
        values by linear interpolation.

    Examples
    --------
    >>> figure = InvarianceMeter(change="shift", shift=3)
    >>> plain = figure.accuracy
    >>> figure.augmented = True
    >>> figure.accuracy > plain + 0.05
    True
    """

    title = "Invariance meter"
    help = (
        "Turn, move or resize the digit and compare networks: with and without pooling, "
        "trained with and without augmentation."
    )
    assets = ("digits", "invariance")
    strip = {
        "with pooling": {"pooling": True, "augmented": False},
        "with pooling and augmented digits": {"pooling": True, "augmented": True},
        "without either": {"pooling": False, "augmented": False},
    }

    digit = Pixels(_classifier.digit(33))
    change = Choice("angle", ["angle", "shift", "size"])
    angle = Number(40, low=-180, high=180)
    shift = Number(3, low=-10, high=10)
    size = Number(0.7, low=0.4, high=1.8)
    pooling = Flag(True)
    augmented = Flag(False)

    @property
    def _network(self):
        """The name of the network."""
        return _variants.NAMES[self.pooling, self.augmented]

    @property
    def _value(self):
        """By how much the digit is changed."""
        return getattr(self, self.change)

    @property
    def changed(self):
        """The changed digit."""
        return _variants.changed(self.digit / 255, self.change, self._value)

    @property
    def output(self):
        """The network's probabilities of the changed digit's classes."""
        return _classifier.probabilities(self.changed, _variants.load(self._network))

    @property
    def accuracy(self):
        """The network's accuracy under the change."""
        values, accuracies = _variants.curve(self._network, self.change)
        return float(np.interp(self._value, values, accuracies))

    def picture(self):
        """Return a drawing of the changed digit and of the four networks' accuracies."""
        drawing = Drawing(figsize=(8, 3.4), layout="constrained")
        digit, axes = drawing.subplots(1, 2, width_ratios=(1, 2))
        digit.imshow(self.changed, cmap="gray", vmin=0, vmax=1)
        digit.set_axis_off()
        digit.set_title(f"called {_classifier.verdict(self.output)}")
        for name, color in zip(_variants.NAMES.values(), COLORS, strict=False):
            axes.plot(
                *_variants.curve(name, self.change),
                color=color,
                linewidth=3 if name == self._network else 1,
                label=name.replace("_", ", "),
            )
        axes.plot(self._value, self.accuracy, "o", color="black")
        axes.set(xlabel=self.change, ylabel="accuracy", ylim=(0, 1))
        axes.legend(fontsize=8)
        return drawing

    def words(self):
        """Return what the drawing says."""
        return (
            f"A digit with {self.change} {self._value:g}: the network ({self._network.replace('_', ', ')}) "
            f"calls it {_classifier.verdict(self.output)}. Of the test digits changed so, it recognises "
            f"{100 * self.accuracy:.0f} %."
        )
