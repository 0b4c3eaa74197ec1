"""Downsampling in its two meanings: fewer pixels of an image, and fewer examples of a class."""

import numpy as np
from matplotlib.figure import Figure as Drawing

from imagebook import images
from imagebook.plotting import image_row
from imagebook.resampling import downsample
from imagebook.sampling import downsample_majority
from imagebook.widgets._figure import Figure
from imagebook.widgets._pictures import shown
from imagebook.widgets._traits import Choice, Flag, Integer, Number

# Pixels of a side of the computed pictures.
SIDE = 192


def zone_plate():
    """Return rings that repeat every 320 / r pixels at a distance of r pixels from the middle."""
    distance = np.hypot(*(np.indices((SIDE, SIDE)) - (SIDE - 1) / 2))
    return 0.5 + 0.5 * np.cos(np.pi * distance**2 / 320)


def stripes():
    """Return slanted stripes that repeat every 4.5 pixels to the right and every 32 pixels downward."""
    row, column = np.indices((SIDE, SIDE))
    return 0.5 + 0.5 * np.cos(2 * np.pi * (column / 4.5 + row / 32))


COMPUTED = {"zone plate": zone_plate, "stripes": stripes}


class DownsamplingBench(Figure):
    """An image before and after downsampling; or a training set before and after.

    Parameters
    ----------
    meaning : {"image", "classes"}
        Which of the two meanings is shown.
    source : {"zone plate", "stripes", "cat", "coffee", "rocket"}
        The image. One that the reader opens is not state and stays on the page.
    factor : int from 1 to 16
        How many pixels become one in each direction.
    antialias : bool
        If True, each block becomes its mean; if False, its top left pixel.
    majority : int from 100 to 400
        Examples of the common class.
    minority : int from 1 to 100
        Examples of the rare class.
    ratio : float from 1 to 20
        How many times as many examples of the common class as of the rare one are kept at most.

    Attributes
    ----------
    output : ndarray, shape (H', W') or (H', W', 3); or a pair of int
        The smaller image; or how many examples of the common and of the rare class are kept.

    Examples
    --------
    >>> DownsamplingBench(source="stripes", factor=8).output.shape
    (24, 24)
    >>> DownsamplingBench(meaning="classes", majority=200, minority=10, ratio=2.5).output
    (25, 10)
    """

    title = "Downsampling bench"
    help = (
        "Move the factor, and let each block of pixels become one of them or their mean. "
        "Or make a training set smaller."
    )
    assets = images.NAMES
    strip = {
        "one pixel of each block": {"meaning": "image", "antialias": False},
        "the mean of each block": {"meaning": "image", "antialias": True},
        "the other meaning: fewer examples of a class": {"meaning": "classes"},
    }

    meaning = Choice("image", ("image", "classes"))
    source = Choice("zone plate", (*COMPUTED, *images.NAMES))
    factor = Integer(4, low=1, high=16)
    antialias = Flag(False)
    majority = Integer(300, low=100, high=400)
    minority = Integer(20, low=1, high=100)
    ratio = Number(3.0, low=1, high=20)

    @property
    def output(self):
        """The smaller image, or how many examples are kept."""
        if self.meaning == "image":
            return downsample(self._image(), self.factor, antialias=self.antialias)
        labels = np.repeat([0, 1], [self.majority, self.minority])
        keep = downsample_majority(labels, ratio=self.ratio, rng=np.random.default_rng(0))
        common, rare = np.bincount(labels[keep]).tolist()
        return common, rare

    def picture(self):
        """Return the image before and after; or bars of both classes before and after."""
        if self.meaning == "image":
            pair = self._image(), self.output
            return image_row(pair, titles=[f"{image.shape[0]} x {image.shape[1]}" for image in pair])
        drawing = Drawing(figsize=(6, 2.2), layout="constrained")
        axes = drawing.subplots()
        names = ["majority", "minority"]
        axes.barh(names, [self.majority, self.minority], color="0.8", label="all")
        axes.barh(names, self.output, height=0.5, label="kept")
        axes.set_xlabel("examples")
        axes.legend()
        return drawing

    def words(self):
        """Return what the picture says."""
        if self.meaning == "image":
            (height, width), (rows, columns) = self._image().shape[:2], self.output.shape[:2]
            how = "means of blocks" if self.antialias else "one pixel of each block"
            return f"The picture {self.source}, {height} x {width} pixels, and as {rows} x {columns}: {how}."
        common, rare = self.output
        return (
            f"Of {self.majority} examples of the majority class {common} are kept, "
            f"of {self.minority} of the minority class {rare}."
        )

    def _image(self):
        return COMPUTED[self.source]() if self.source in COMPUTED else shown(self.source)
