"""A browser of MNIST: digits of a class, their mean and their spread, and pixels as numbers."""

from functools import cache

import numpy as np

from imagebook.plotting import image_row
from imagebook.widgets import _assets
from imagebook.widgets._figure import Figure
from imagebook.widgets._traits import Choice, Integer

COUNT = 600
SIDE = 28


@cache
def digits():
    """Return the images and labels that there are to browse."""
    found = _assets.asset("mnist")
    return found["images"], found["labels"]


class MNISTBrowser(Figure):
    """The first 600 test digits of MNIST: a contact sheet, one digit large, mean and standard deviation.

    Parameters
    ----------
    digit : str
        Which class is shown: "all" or "0" to "9".
    place : int
        Which of the shown digits is large, from 0 to 599; beyond the last one it is the last one.
    row, column : int
        The pixel whose neighbourhood is shown as numbers, each from 0 to 27.

    Attributes
    ----------
    output : ndarray, shape (28, 28)
        The mean of the shown digits, from 0 to 255.
    spread : ndarray, shape (28, 28)
        Their standard deviation.
    counts : ndarray, shape (10,), int
        How many of the 600 digits there are of each class.

    Examples
    --------
    >>> figure = MNISTBrowser(digit="1")
    >>> figure.output[0, 0], figure.output[14, 14] > 200  # black corner, white middle
    (np.float64(0.0), np.True_)
    >>> int(figure.counts.sum())
    600
    """

    title = "Digits of MNIST"
    help = "Choose a class, then a digit; point at its pixels to see their numbers. With keys: Tab, arrows."
    assets = ("mnist",)
    strip = {
        "threes": {"digit": "3"},
        "ones": {"digit": "1"},
        "all digits": {"digit": "all"},
    }

    digit = Choice("3", ["all", *map(str, range(10))])
    place = Integer(0, low=0, high=COUNT - 1)
    row = Integer(8, low=0, high=SIDE - 1)
    column = Integer(10, low=0, high=SIDE - 1)

    @property
    def shown(self):
        """The images that are shown."""
        images, labels = digits()
        return images if self.digit == "all" else images[labels == int(self.digit)]

    @property
    def output(self):
        """The mean of the shown digits."""
        return self.shown.mean(axis=0)

    @property
    def spread(self):
        """The standard deviation of the shown digits."""
        return self.shown.std(axis=0)

    @property
    def counts(self):
        """How many digits there are of each class."""
        return np.bincount(digits()[1], minlength=10)

    @property
    def chosen(self):
        """The index of the large digit among the shown ones."""
        return min(self.place, len(self.shown) - 1)

    def picture(self):
        """Return the chosen digit, the mean and the standard deviation."""
        images = [self.shown[self.chosen] / 255, self.output / 255, self.spread / 127.5]
        titles = [f"digit {self.chosen + 1} of {len(self.shown)}", "mean", "standard deviation"]
        return image_row(images, titles=titles)

    def words(self):
        """Return which digits there are, and what one pixel of them is."""
        which = "digits of all classes" if self.digit == "all" else f"digits of class {self.digit}"
        at = self.row, self.column
        return (
            f"One of {len(self.shown)} {which} of MNIST, their mean and their standard deviation; in row "
            f"{self.row + 1}, column {self.column + 1} the pixel is {self.shown[self.chosen][at]}, "
            f"the mean {self.output[at]:.1f}, the standard deviation {self.spread[at]:.1f}."
        )
