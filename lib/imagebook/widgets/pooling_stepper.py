"""Pooling, window by window, and how much of its result stays when the input moves by a pixel."""

import numpy as np

from imagebook import pooling
from imagebook.plotting import matrix_grid
from imagebook.widgets._figure import Figure
from imagebook.widgets._traits import Choice, Flag, Integer, Matrix

_IMAGE = ((5, 3, 1), (8, 2, 5), (9, 4, 3))


class PoolingStepper(Figure):
    """A window that steps over an input and keeps a maximum or a mean; the same after a small shift.

    Parameters
    ----------
    image : array_like, at most 8 x 8
        The input, numbers from -999 to 999.
    kind : {"maximum", "average"}
        What is kept of each window.
    size : int from 1 to 4
        Rows and columns of the window.
    stride : int from 1 to 4
        Cells from one window to the next.
    right, down : int from 0 to 2
        How far the input is shifted for the comparison; zeros come in.
    step : int from 0 to 63
        The window that is shown, counted row by row; beyond the last one, the last is shown.
    whole : bool
        Whether the windows that are still to come show their results too.

    Attributes
    ----------
    output : ndarray or None
        The result for the input as it is, as the library computes it. None if the window does not fit.
    survived : ndarray of bool or None
        For each cell of the output, whether it is the same after the shift.

    Examples
    --------
    >>> figure = PoolingStepper([[5, 3, 1], [8, 2, 5], [9, 4, 3]])
    >>> figure.output
    array([[8, 5],
           [9, 5]])
    >>> figure.right = 1  # of 0, 5, 3 over 0, 8, 2 over 0, 9, 4 the maxima are 8, 8 over 9, 9
    >>> figure.survived
    array([[ True, False],
           [ True, False]])
    """

    title = "Pooling step by step"
    help = (
        "Step through the output, or press one of its cells. "
        "Then shift the input by a pixel: which outputs stay as they were?"
    )
    strip = {
        "maximum": {"kind": "maximum"},
        "average": {"kind": "average"},
        "maximum, moved right by one": {"kind": "maximum", "right": 1},
    }

    image = Matrix(_IMAGE, rows=(1, 8), columns=(1, 8), low=-999, high=999)
    kind = Choice("maximum", ["maximum", "average"])
    size = Integer(2, low=1, high=4)
    stride = Integer(1, low=1, high=4)
    right = Integer(0, low=0, high=2)
    down = Integer(0, low=0, high=2)
    step = Integer(0, low=0, high=63)
    whole = Flag(False)

    def __init__(self, image=_IMAGE, **state):
        super().__init__(image=image, **state)

    @property
    def output(self):
        """The result for the input as it is, or None if the window does not fit."""
        return self._pooled(self.image)

    @property
    def survived(self):
        """For each cell of the output, whether the shift leaves it; None if the window does not fit."""
        before, after = self.output, self._pooled(self._shifted())
        return None if before is None else np.isclose(before, after, rtol=1e-9, atol=1e-9)

    def picture(self):
        """Return input and output, and both after the shift if there is one; this window is marked."""
        output = self.output
        if output is None:
            return matrix_grid([self.image], titles=["input: too small"])
        row, column = divmod(min(self.step, output.size - 1), output.shape[1])
        window = (row * self.stride, column * self.stride, self.size, self.size)
        matrices, titles = [self.image, output], ["input", self.kind]
        if self.right or self.down:
            matrices += [self._shifted(), self._pooled(self._shifted())]
            titles += ["shifted", self.kind]
        marks = [window, (row, column, 1, 1)] * (len(matrices) // 2)
        return matrix_grid(matrices, titles=titles, highlights=marks)

    def words(self):
        """Return what the picture says."""
        rows, columns = self.image.shape
        start = f"An input of {rows} by {columns} cells under a window of {self.size} by {self.size}"
        output = self.output
        if output is None:
            return f"{start}, which does not fit into it."
        places = f"{output.size} places"
        if output.size <= 16:  # more are a burden to listen to
            values = "; ".join(", ".join(f"{value:g}" for value in row) for row in output)
            places = f"{output.size} places: {values}"
        text = f"{start}, stride {self.stride}, keep the {self.kind} at {places}."
        if self.right or self.down:
            return (
                f"{text} After a shift by {self.right} right and {self.down} down {self.survived.sum()} of "
                f"{output.size} are as before."
            )
        return text

    def _pooled(self, image):
        """Return an image pooled, or None if the window does not fit."""
        if self.size > min(image.shape):
            return None
        if self.kind == "maximum":
            return pooling.max_pool2d(image, self.size, stride=self.stride)
        return pooling.average_pool2d(image.astype(np.float64), self.size, stride=self.stride)

    def _shifted(self):
        """Return the input moved to the right and down."""
        rows, columns = self.image.shape
        return np.pad(self.image, ((self.down, 0), (self.right, 0)))[:rows, :columns]
