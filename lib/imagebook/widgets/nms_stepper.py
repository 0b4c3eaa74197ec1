"""Non-maximum suppression, one decision after the other."""

import traitlets
from matplotlib.figure import Figure as Drawing
from matplotlib.patches import Circle, Polygon, Rectangle

from imagebook import boxes
from imagebook.plotting import COLORS
from imagebook.widgets._figure import Figure
from imagebook.widgets._traits import Integer, Matrix, Number

WIDTH, HEIGHT = 120, 80
MOST = 12
# What a detector might answer to the three shapes, each box with its score.
DETECTIONS = (
    (11, 22, 43, 54, 0.95),
    (58, 28, 86, 62, 0.91),
    (70, 18, 102, 60, 0.85),
    (14, 19, 46, 52, 0.88),
    (56, 31, 84, 65, 0.67),
    (73, 20, 105, 63, 0.55),
    (8, 25, 41, 58, 0.74),
    (60, 25, 89, 60, 0.8),
    (67, 15, 100, 58, 0.7),
    (17, 28, 41, 50, 0.38),
)


class NMSStepper(Figure):
    """Non-maximum suppression step by step, on boxes with scores that can be moved.

    Parameters
    ----------
    detections : array_like of float, shape (N, 5), N from 1 to 12
        (x_min, y_min, x_max, y_max, score) of each box, on a sheet of 120 x 80 units, scores from 0 to 1.
    threshold : float in [0, 1]
        A box whose intersection over union with a kept one is greater is struck out.
    step : int, from 0 to 24
        0 is the start; each kept box takes two steps: it is taken, then others are struck out.

    Attributes
    ----------
    output : ndarray of int64
        Indices of the boxes that are kept in the end, by falling score; on the page 0 is A, 1 is B, ...

    Examples
    --------
    >>> two = [(0, 0, 2, 2, 0.9), (1, 1, 3, 3, 0.8)]  # they overlap by 1/7
    >>> NMSStepper(detections=two, threshold=0.1).output, NMSStepper(detections=two, threshold=0.2).output
    (array([0]), array([0, 1]))
    """

    title = "Non-maximum suppression"
    help = "Step through the decisions. Change the threshold; drag a box, or Tab to it and press arrow keys."
    strip = {
        "threshold 0.5": {"threshold": 0.5},
        "threshold 0.2": {"threshold": 0.2},
        "threshold 0.8": {"threshold": 0.8},
    }

    detections = Matrix(DETECTIONS, rows=(1, MOST), columns=(5, 5), low=0, high=WIDTH)
    threshold = Number(0.5, low=0, high=1)
    step = Integer(2, low=0, high=2 * MOST)

    @traitlets.validate("detections")
    def _on_the_sheet(self, proposal):
        rows = proposal["value"]
        left, top, right, bottom, score = rows.T
        wrong = ~((left <= right) & (right <= WIDTH) & (top <= bottom) & (bottom <= HEIGHT) & (score <= 1))
        if wrong.any():
            raise ValueError(
                "detections must be (x_min, y_min, x_max, y_max, score) with boxes inside of 120 x 80 and "
                f"scores from 0 to 1, got {rows[wrong.argmax()].tolist()}"
            )
        return rows

    @property
    def output(self):
        """The boxes that are kept."""
        return boxes.nms(self.detections[:, :4], self.detections[:, 4], iou_threshold=self.threshold)

    def picture(self):
        """Return a drawing of all boxes, those dashed that are struck out in the end."""
        drawing = Drawing(figsize=(6, 4))
        axes = drawing.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(HEIGHT, 0), aspect="equal")
        axes.set_axis_off()
        for shape in (
            Circle((27, 38), 16),
            Polygon([(70, 60), (102, 60), (86, 18)]),
            Rectangle((58, 28), 28, 34),
        ):
            axes.add_patch(shape).set(facecolor="#DDDDDD")
        kept = self.output
        for index, (left, top, right, bottom, score) in enumerate(self.detections):
            stays = index in kept
            style = (
                {"edgecolor": COLORS[0], "linewidth": 3}
                if stays
                else {"edgecolor": "#777777", "linestyle": "--"}
            )
            axes.add_patch(Rectangle((left, top), right - left, bottom - top, fill=False, **style))
            if stays:
                axes.text(left, top - 1, f"{_letter(index)} {score:g}", color=COLORS[0], weight="bold")
        return drawing

    def words(self):
        """Return what the drawing says."""
        kept = ", ".join(_letter(index) for index in self.output)
        return (
            f"{len(self.detections)} boxes with scores; at threshold {self.threshold:g} non-maximum "
            f"suppression keeps {kept} and strikes out the others."
        )


def _letter(index):
    """Return the name of a box."""
    return "ABCDEFGHIJKL"[index]
