"""Keypoints of a flower: placed and scored, or laid onto those of another one."""

import numpy as np
from matplotlib.figure import Figure as Drawing
from matplotlib.patches import Circle, Ellipse

from imagebook import geometry, keypoints, landmarks
from imagebook.plotting import COLORS
from imagebook.widgets._figure import Figure
from imagebook.widgets._traits import Choice, Flag, Matrix, Number, Vector

SIDE = 200
NAMES = ("centre", "top petal", "right petal", "left petal", "leaf", "foot")
# Where the points of the drawn flower are, how far annotations of each would scatter, and the flower's area.
ANNOTATION = ((100, 66), (100, 20), (144, 52), (56, 52), (152, 126), (96, 186))
SIGMAS = (0.03, 0.04, 0.04, 0.04, 0.05, 0.06)
AREA = 5500
# The longer side of the annotation's bounding box.
REFERENCE = 166
EDGES = ((0, 1), (0, 2), (0, 3), (0, 5), (5, 4))


class KeypointEditor(Figure):
    """Six keypoints of a flower: their errors and scores, or the transform that lays them onto another.

    Parameters
    ----------
    task : {"measure", "align"}
        Which of the two is shown.
    points : array_like of float, shape (6, 2)
        The reader's points (x, y), pixels from 0 to 200: centre, top, right and left petal, leaf, foot.
    visible : array_like of float, shape (6,)
        Nonzero where a point counts in the scores.
    threshold : float from 0 to 0.3
        A point is correct within this share of the annotation's height, 166 pixels.
    show : bool
        Whether the annotation and the scores are shown.
    turn, size : float
        The other flower's turn, -180 to 180 degrees, counter-clockwise as seen, and size, 0.3 to 1.
    mirrored, reflection : bool
        Whether the other flower is mirrored, and whether the alignment may turn shapes over.
    amount : float from 0 to 1
        How much of the way to the other flower is shown.

    Attributes
    ----------
    output : dict
        To measure: "errors", ndarray of shape (6,), pixels; "mean_error", "pck" and "oks", floats over the
        points that count, None if none does. To align: "matrix", ndarray of shape (3, 3), and "residual",
        pixels; both are None if no transform is better than the others.

    Examples
    --------
    >>> figure = KeypointEditor(visible=(1, 0, 0, 0, 0, 0))  # the centre alone: at (103, 62), not (100, 66)
    >>> figure.output["mean_error"], figure.output["pck"]
    (5.0, 1.0)
    """

    title = "Keypoints and landmarks"
    help = "Drag the six numbered points, or Tab to one and press arrow keys."
    strip = {
        "measured": {"task": "measure"},
        "a turned flower to be laid onto": {"task": "align", "mirrored": False},
        "a mirrored one": {"task": "align", "mirrored": True},
    }

    task = Choice("measure", ["measure", "align"])
    points = Matrix(
        ((103, 62), (98, 26), (151, 47), (58, 62), (141, 120), (102, 174)),
        rows=(6, 6), columns=(2, 2), low=0, high=SIDE,
    )  # fmt: skip
    visible = Vector((1, 1, 1, 1, 1, 1), length=(6, 6), low=0, high=1)
    threshold = Number(0.05, low=0, high=0.3)
    show = Flag(True)
    turn = Number(-40, low=-180, high=180)
    size = Number(0.7, low=0.3, high=1)
    mirrored = Flag(False)
    reflection = Flag(False)
    amount = Number(0, low=0, high=1)

    @property
    def output(self):
        """The scores, or the alignment."""
        if self.task == "align":
            try:
                matrix, residual = landmarks.align(self.points, self.target(), reflection=self.reflection)
            except ValueError:
                return {"matrix": None, "residual": None}
            return {"matrix": matrix, "residual": residual}
        truth = np.array(ANNOTATION, float)
        errors = np.hypot(*(self.points - truth).T)
        counts = self.visible != 0
        if not counts.any():
            return {"errors": errors, "mean_error": None, "pck": None, "oks": None}
        return {
            "errors": errors,
            "mean_error": float(errors[counts].mean()),
            "pck": keypoints.percentage_of_correct_keypoints(
                self.points, truth, reference=REFERENCE, threshold=self.threshold, visible=counts
            ),
            "oks": keypoints.object_keypoint_similarity(
                self.points, truth, area=AREA, sigmas=SIGMAS, visible=counts
            ),
        }

    def target(self):
        """Return the points of the other flower, (6, 2)."""
        matrix = geometry.rotation(self.turn) @ np.diag(
            [-self.size if self.mirrored else self.size, self.size, 1]
        )
        about = np.array([[1, 0, SIDE / 2], [0, 1, SIDE / 2], [0, 0, 1]])
        return geometry.transform_points(np.array(ANNOTATION, float), about @ matrix @ np.linalg.inv(about))

    def picture(self):
        """Return the flower, or the other one, with the reader's points."""
        drawing = Drawing(figsize=(4.4, 4.4))
        axes = drawing.add_axes((0, 0, 1, 1), xlim=(0, SIDE), ylim=(SIDE, 0), aspect="equal")
        axes.set_axis_off()
        truth = np.array(ANNOTATION, float)
        if self.task == "align":
            truth = self.target()
        else:
            for angle in range(0, 360, 72):
                x, y = 100 + 24 * np.sin(np.radians(angle)), 66 - 24 * np.cos(np.radians(angle))
                axes.add_patch(Ellipse((x, y), 28, 44, angle=angle, facecolor="#E8C6DA", edgecolor="white"))
            axes.add_patch(Circle((100, 66), 11, facecolor="#F0E442"))
        shown = [(self.points, COLORS[0])]
        if self.show or self.task == "align":
            shown.insert(0, (truth, "#555555"))
        for points, color in shown:
            for edge in EDGES:
                axes.plot(*points[list(edge)].T, color=color, linewidth=1.5)
            axes.plot(*points.T, "o", color=color)
        for (x, y), name in zip(self.points, NAMES, strict=True):
            axes.text(x + 4, y - 4, name, color=COLORS[0])
        return drawing

    def words(self):
        """Return what the drawing says."""
        output = self.output
        if self.task == "align":
            if output["matrix"] is None:
                return "Two shapes of six points; no rotation lays one onto the other better than the others."
            return (
                f"Six points and the turned flower; laid on, they differ by {output['residual']:.2f} pixels."
            )
        if output["pck"] is None:
            return "Six points on a flower, none of which counts."
        return (
            f"Six points on a flower, on average {output['mean_error']:.2f} pixels from the annotation: "
            f"{output['pck']:.0%} are correct, object keypoint similarity {output['oks']:.3f}."
        )
