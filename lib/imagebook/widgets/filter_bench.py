"""A filter over a photograph, live: what it takes away, what it brings out."""

import numpy as np

from imagebook import images
from imagebook.convolution import cross_correlate2d
from imagebook.plotting import image_row
from imagebook.widgets._figure import Figure
from imagebook.widgets._pictures import shown
from imagebook.widgets._traits import Choice, Flag, Matrix, Number

# How the results of a filter become brightness from 0 to 1.
TONES = {
    "black": lambda values: values,
    "middle grey": lambda values: 0.5 + values / 2,
    "absolute": np.abs,
}


class FilterBench(Figure):
    """A small filter over a photograph; a divider with the photograph left of it, the result right of it.

    Parameters
    ----------
    kernel : array_like of float, 3 to 5 rows and columns
        The weights. They are not flipped: a cross-correlation, as in machine learning.
    mean : bool
        If True, the weights are divided by their sum if that is above 0: even areas keep their brightness.
    photograph : {"cat", "coffee", "rocket"}
        What is filtered. A picture that the reader opens is not state and stays on the page.
    colour : bool
        If True, red, green and blue are filtered each by itself, otherwise the brightness.
    zero : {"black", "middle grey", "absolute"}
        How results below 0 are shown: as black; 0 as middle grey, -1 as black; or as what is above 0.
    divider : float from 0 to 1
        How far from the left the result begins.

    Attributes
    ----------
    output : ndarray, shape (H, W) or (H, W, 3)
        The library's filter of the photograph, zero-padded to the same size, not yet turned to brightness.

    Examples
    --------
    >>> figure = FilterBench(kernel=[[0, 0, 0], [0, 1, 0], [0, 0, 0]], colour=True)
    >>> figure.output.shape
    (148, 224, 3)
    >>> bool((figure.output == shown("cat")).all())
    True
    """

    title = "Filter bench"
    help = (
        "Choose a filter or write numbers into its cells. "
        "Drag the divider over the photograph, or move the slider below it."
    )
    assets = images.NAMES
    strip = {
        "vertical edges": {"kernel": [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]},
        "horizontal edges": {"kernel": [[-1, -1, -1], [0, 0, 0], [1, 1, 1]]},
        "blur": {"kernel": np.ones((5, 5)), "zero": "black"},
    }

    kernel = Matrix([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]], low=-100, high=100, rows=(3, 5), columns=(3, 5))
    mean = Flag(True)
    photograph = Choice("cat", images.NAMES)
    colour = Flag(False)
    zero = Choice("middle grey", TONES)
    divider = Number(0.4, low=0, high=1)

    @property
    def output(self):
        """The filtered photograph."""
        image = shown(self.photograph)
        return filtered(image if self.colour else image @ (0.299, 0.587, 0.114), self.kernel, mean=self.mean)

    def picture(self):
        """Return the photograph and the result, side by side."""
        visible = TONES[self.zero](self.output).clip(0, 1)
        image = shown(self.photograph)
        before = image if self.colour else image @ (0.299, 0.587, 0.114)
        return image_row([before, visible], titles=["before", "after"])

    def words(self):
        """Return what the picture says."""
        rows = "; ".join(" ".join(f"{weight:g}" for weight in row) for row in self.kernel)
        low, high = self.output.min(), self.output.max()
        return (
            f"The photograph {self.photograph} before and after a filter of the rows {rows}; "
            f"results go from {low:.2f} to {high:.2f}."
        )


def filtered(image, kernel, *, mean):
    """Return an image filtered to the same size, with zeros around it; `mean` as in `FilterBench`."""
    kernel = np.asarray(kernel, dtype=np.float64)
    total = kernel.sum()
    if mean and total > 1e-6:
        kernel = kernel / total
    padding = kernel.shape[0] // 2, kernel.shape[1] // 2
    # Around an even kernel there is no even padding: the last row or column is one too many.
    return cross_correlate2d(image, kernel, padding=padding)[: image.shape[0], : image.shape[1]]
