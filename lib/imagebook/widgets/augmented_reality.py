"""Augmented reality: a picture on a table, laid there by its four corners, with a cup in front of it."""

import numpy as np

from imagebook.augmented_reality import overlay
from imagebook.plotting import image_row
from imagebook.widgets._figure import Figure
from imagebook.widgets._pictures import shown
from imagebook.widgets._traits import Choice, Flag, Matrix, Number

SCENE = "coffee"
# Ellipses (middle x, y, radii, turn clockwise in degrees) round the saucer, the cup's rim and the end of the
# spoon, measured by hand on the photograph of 256 x 171 pixels.
FRONT = (
    (119.0, 95.5, 86.5, 69.5, 4.0),
    (123.5, 48.0, 50.0, 40.5, 2.0),
    (174.5, 39.0, 13.5, 4.5, -70.0),
)
WHITE, BLUE, YELLOW = (0.95, 0.95, 0.9), (0.0, 0.3, 0.55), (0.94, 0.89, 0.26)
# From A to T: cells of white and yellow on blue.
LETTERS = (
    ".###..........#####",
    "#...#....>......#..",
    "#...#....>>.....#..",
    "#####..>>>>>....#..",
    "#...#....>>.....#..",
    "#...#....>......#..",
    "#...#...........#..",
)


def letters():
    """Return a poster, 88 x 184 pixels, with the letters A and T and an arrow between them."""
    colours = {".": BLUE, "#": WHITE, ">": YELLOW}
    poster = np.empty((len(LETTERS) + 4, len(LETTERS[0]) + 4, 3))
    poster[:] = YELLOW
    poster[1:-1, 1:-1] = BLUE
    poster[2:-2, 2:-2] = [[colours[cell] for cell in row] for row in LETTERS]
    return poster.repeat(8, axis=0).repeat(8, axis=1)


def checkerboard():
    """Return 8 x 12 squares of 12 x 12 pixels, white and blue, the first of them blue."""
    is_white = np.indices((8, 12)).sum(axis=0) % 2 == 1
    return np.where(is_white[..., np.newaxis], WHITE, BLUE).repeat(12, axis=0).repeat(12, axis=1)


def front_mask(height, width):
    """Return 1 where the cup, its saucer and the spoon stand in front of the table, with soft edges."""
    row, column = np.indices((height, width)) + 0.5
    mask = np.zeros((height, width))
    for x, y, along, across, degrees in FRONT:
        angle = np.radians(degrees)
        u = ((column - x) * np.cos(angle) + (row - y) * np.sin(angle)) / along
        v = ((row - y) * np.cos(angle) - (column - x) * np.sin(angle)) / across
        radius = np.hypot(u, v) + 1e-12
        distance = (
            (1 - radius) * radius / (np.hypot(u / along, v / across) + 1e-12)
        )  # from the border, inwards
        mask = np.maximum(mask, np.clip(0.5 + distance, 0, 1))
    return mask


PICTURES = {"checkerboard": checkerboard, "letters": letters, "cat": lambda: shown("cat")}


class AugmentedReality(Figure):
    """A picture that lies on a table of a photograph, as a camera would see it.

    Parameters
    ----------
    corners : array_like of float, shape (4, 2)
        (x, y) in the photograph of 256 x 171 pixels: the picture's top left, top right, bottom right and
        bottom left.
    picture_name : {"checkerboard", "letters", "cat"}
        What lies there. A picture that the reader opens is not state and stays on the page.
    occlusion : bool
        If True, the cup and its saucer hide what lies behind them.
    alpha : float from 0 to 1
        The picture's opacity.

    Attributes
    ----------
    output : ndarray, shape (171, 256, 3)
        The photograph with the picture in it; without it, if no camera could see the corners so.

    Examples
    --------
    An opaque picture, nothing in front of it, of which the first square is blue:

    >>> figure = AugmentedReality(corners=[[0, 0], [240, 0], [240, 160], [0, 160]], occlusion=False)
    >>> figure.output[10, 10].round(2)
    array([0.  , 0.3 , 0.55])
    """

    title = "Augmented reality"
    help = (
        "Drag the picture or one of its corners. "
        "With keys: Tab to it, then the arrows, with Shift for larger steps."
    )
    assets = (SCENE, "cat")

    corners = Matrix([[30, 22], [222, 4], [252, 150], [6, 166]], low=0, high=256, rows=(4, 4), columns=(2, 2))
    picture_name = Choice("checkerboard", PICTURES)
    occlusion = Flag(True)
    alpha = Number(1.0, low=0, high=1)

    @property
    def output(self):
        """The photograph with the picture in it."""
        scene = shown(SCENE).astype(np.float64)
        mask = front_mask(*scene.shape[:2]) if self.occlusion else None
        try:
            return overlay(scene, PICTURES[self.picture_name](), self.corners, mask=mask, alpha=self.alpha)
        except ValueError:  # sides cross, or a corner points inwards
            return scene

    def picture(self):
        """Return the picture, the photograph, and one in the other."""
        images = PICTURES[self.picture_name](), shown(SCENE), self.output.clip(0, 1)
        return image_row(images, titles=["picture", "photograph", "together"])

    def words(self):
        """Return what the picture says."""
        places = ", ".join(f"({x:g}, {y:g})" for x, y in self.corners)
        order = "in front of it" if self.occlusion else "hidden by it"
        return (
            f"A table with a cup, and on the table the picture {self.picture_name}, its corners at {places}; "
            f"the cup is {order}."
        )
