"""Convolution, cell by cell: a filter visits an input, and every visit multiplies and sums."""

import numpy as np

from imagebook import convolution
from imagebook.plotting import matrix_grid
from imagebook.widgets._figure import Figure
from imagebook.widgets._traits import Flag, Integer, Matrix

_IMAGE = (
    (128, 97, 53, 201, 198),
    (35, 22, 25, 200, 195),
    (37, 24, 28, 197, 182),
    (33, 28, 92, 195, 179),
    (31, 40, 100, 192, 177),
)
_KERNEL = ((0, 1, 0), (1, 0, 1), (0, 1, 0))


class ConvolutionStepper(Figure):
    """A filter that steps through an input; products, their sum, and the output that fills up.

    Parameters
    ----------
    image : array_like, at most 8 x 8
        The input, numbers from -999 to 999.
    kernel : array_like, at most 5 x 5
        The filter, numbers from -999 to 999.
    stride : int from 1 to 4
        Cells from one position to the next.
    padding : int from 0 to 3
        Rows and columns of zeros on each side of the input.
    dilation : int from 1 to 3
        Cells from one cell of the filter to the next.
    flip : bool
        Whether the filter is turned by 180 degrees first: convolution as mathematicians define it. If not,
        the figure shows what machine learning calls convolution, the cross-correlation.
    step : int from 0 to 195
        The position that is shown, counted row by row; beyond the last one, the last is shown.
    whole : bool
        Whether the positions that are still to come show their results too.

    Attributes
    ----------
    output : ndarray or None
        The whole result, as the library computes it. None if the filter does not fit into the padded input.

    Examples
    --------
    >>> figure = ConvolutionStepper([[1, 2, 3], [4, 5, 6]], [[1, 10]])
    >>> figure.output
    array([[21, 32],
           [54, 65]])
    >>> figure.stride = 2  # the third column is never visited
    >>> figure.output.tolist()
    [[21]]
    """

    title = "Convolution step by step"
    help = (
        "Step through the output, or press one of its cells. "
        "Write other numbers into input and filter; arrow keys move between them."
    )
    strip = {
        "stride 1": {"stride": 1, "padding": 0},
        "stride 2": {"stride": 2, "padding": 0},
        "stride 1, padding 1": {"stride": 1, "padding": 1},
    }

    image = Matrix(_IMAGE, rows=(1, 8), columns=(1, 8), low=-999, high=999)
    kernel = Matrix(_KERNEL, rows=(1, 5), columns=(1, 5), low=-999, high=999)
    stride = Integer(1, low=1, high=4)
    padding = Integer(0, low=0, high=3)
    dilation = Integer(1, low=1, high=3)
    flip = Flag(False)
    step = Integer(0, low=0, high=195)
    whole = Flag(False)

    def __init__(self, image=_IMAGE, kernel=_KERNEL, **state):
        super().__init__(image=image, kernel=kernel, **state)

    @property
    def output(self):
        """The whole result, or None if the filter does not fit."""
        if not self._fits():
            return None
        operation = convolution.convolve2d if self.flip else convolution.cross_correlate2d
        return operation(
            self.image, self.kernel, stride=self.stride, padding=self.padding, dilation=self.dilation
        )

    def picture(self):
        """Return the padded input, the filter as it is applied and the result, this position marked."""
        image = np.pad(self.image, self.padding)
        kernel = self.kernel[::-1, ::-1] if self.flip else self.kernel
        name = "filter, turned" if self.flip else "filter"
        output = self.output
        if output is None:
            return matrix_grid([image, kernel], titles=["input", f"{name}: too large"])
        row, column = self._position(output)
        window = (row * self.stride, column * self.stride, *self._span())
        marks = [window, None, (row, column, 1, 1)]
        return matrix_grid([image, kernel, output], titles=["input", name, "output"], highlights=marks)

    def words(self):
        """Return what the picture says."""
        rows, columns = self.image.shape
        output = self.output
        height, width = self.kernel.shape
        start = f"An input of {rows} by {columns} cells and a filter of {height} by {width}"
        if output is None:
            return f"{start}, which does not fit into the input."
        row, column = self._position(output)
        return (
            f"{start} give an output of {output.shape[0]} by {output.shape[1]}. "
            f"Marked: row {row + 1}, column {column + 1} of the output is {output[row, column]:g}."
        )

    def _span(self):
        """Return how many rows and columns the dilated filter reaches over."""
        return tuple(self.dilation * (size - 1) + 1 for size in self.kernel.shape)

    def _fits(self):
        sides = zip(self._span(), self.image.shape, strict=True)
        return all(span <= size + 2 * self.padding for span, size in sides)

    def _position(self, output):
        """Return the row and the column of the output that this step is at."""
        return divmod(min(self.step, output.size - 1), output.shape[1])
