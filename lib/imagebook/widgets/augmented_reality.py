"""Augmented reality: a picture on a table, laid there by its four corners, with a cup in front of it."""

import numpy as np

from imagebook.augmented_reality import overlay
from imagebook.plotting import image_row
from imagebook.widgets import _table
from imagebook.widgets._figure import Figure
from imagebook.widgets._pictures import shown
from imagebook.widgets._traits import Choice, Flag, Matrix, Number

SCENE = "coffee"
PICTURES = {"checkerboard": _table.checkerboard, "letters": _table.letters, "cat": lambda: shown("cat")}


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
    assets = (SCENE, "cat", "table")
    strip = {
        "behind the cup": {"occlusion": True, "alpha": 1},
        "over the cup": {"occlusion": False, "alpha": 1},
        "half transparent": {"occlusion": True, "alpha": 0.5},
    }

    corners = Matrix([[30, 22], [222, 4], [252, 150], [6, 166]], low=0, high=256, rows=(4, 4), columns=(2, 2))
    picture_name = Choice("checkerboard", PICTURES)
    occlusion = Flag(True)
    alpha = Number(1.0, low=0, high=1)

    @property
    def output(self):
        """The photograph with the picture in it."""
        scene = shown(SCENE).astype(np.float64)
        mask = _table.front_mask(*scene.shape[:2]) if self.occlusion else None
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
