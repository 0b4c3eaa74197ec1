"""Intersection over union: two boxes to drag, and the number that says how well they agree."""

from matplotlib.figure import Figure as Drawing
from matplotlib.patches import Rectangle

from imagebook import boxes
from imagebook.plotting import COLORS
from imagebook.widgets._figure import Figure
from imagebook.widgets._traits import Box

WIDTH, HEIGHT = 12, 8


class IntersectionOverUnion(Figure):
    """Two boxes to move and resize; their intersection, their union and the fraction.

    Parameters
    ----------
    first, second : array_like of float, shape (4,)
        Boxes (x_min, y_min, x_max, y_max), each on a sheet of 12 x 8 units.

    Attributes
    ----------
    output : float
        The intersection over union that the reader sees.

    Examples
    --------
    >>> figure = IntersectionOverUnion(first=(0, 0, 2, 2), second=(1, 1, 3, 3))
    >>> figure.output == 1 / 7
    True
    """

    title = "Intersection over union"
    help = (
        "Drag a box, or a corner, and watch the fraction. With keys: Tab to a box or corner, then the arrows."
    )
    strip = {
        "overlapping": {"first": (1, 2, 7, 6), "second": (5, 4, 9, 7)},
        "apart": {"first": (1, 1, 5, 4), "second": (7, 4, 11, 7)},
        "equal": {"first": (3, 2, 9, 6), "second": (3, 2, 9, 6)},
    }

    first = Box((1, 2, 7, 6), width=WIDTH, height=HEIGHT)
    second = Box((5, 4, 9, 7), width=WIDTH, height=HEIGHT)

    @property
    def output(self):
        """The intersection over union."""
        return boxes.iou(self.first, self.second)

    def picture(self):
        """Return a drawing of both boxes and of what they share."""
        drawing = Drawing(figsize=(6, 4))
        axes = drawing.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(HEIGHT, 0), aspect="equal")
        axes.set_axis_off()
        for box, color in zip((self.first, self.second), COLORS, strict=False):
            left, top, right, bottom = box
            corner, size = (left, top), (right - left, bottom - top)
            axes.add_patch(Rectangle(corner, *size, facecolor=color, edgecolor=color, alpha=0.5, linewidth=3))
        axes.set_title(f"IoU = {self.output:.3f}", y=0.02)
        return drawing

    def words(self):
        """Return what the drawing says."""
        return f"Two boxes on a sheet; their intersection is {self.output:.3f} of their union."
