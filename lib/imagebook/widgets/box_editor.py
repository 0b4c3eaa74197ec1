"""A box to draw on a photograph, and the three ways of writing it down."""

from imagebook import boxes, images
from imagebook.plotting import boxes_on_image
from imagebook.widgets._figure import Figure
from imagebook.widgets._traits import Box, Choice

# No photograph of the book, and no picture that the reader opens, is longer or wider.
SIDE = 320


class BoxEditor(Figure):
    """A bounding box on a photograph: drawn, moved, resized or typed, in three layouts.

    Parameters
    ----------
    photograph : {"coffee", "cat", "rocket"}
        What the box lies on. (A picture that the reader opens on the page is not known to Python.)
    box : array_like of float, shape (4,)
        (x_min, y_min, x_max, y_max), pixels, at most 320. What lies outside of the photograph is cut off.

    Attributes
    ----------
    output : dict
        The box within the photograph in the layouts "xyxy", "xywh" and "cxcywh", each a list of four
        numbers, and its "area" in square pixels.

    Examples
    --------
    >>> figure = BoxEditor(photograph="cat", box=(200, 40, 300, 60))  # the photograph is 224 pixels wide
    >>> figure.output["xywh"], figure.output["area"]
    ([200.0, 40.0, 24.0, 20.0], 480.0)
    """

    title = "A box on a picture"
    help = (
        "Draw a box, drag it or a corner, or use Tab and the arrow keys. Or write numbers: which edges move?"
    )
    assets = images.NAMES
    strip = {
        "a cup": {"photograph": "coffee", "box": (87, 9, 205, 155)},
        "a cat": {"photograph": "cat", "box": (40, 5, 190, 145)},
        "a rocket": {"photograph": "rocket", "box": (154, 61, 171, 181)},
    }

    photograph = Choice("coffee", ["coffee", "cat", "rocket"])
    box = Box((87, 9, 205, 155), width=SIDE, height=SIDE)

    @property
    def output(self):
        """The box in all layouts, and its area."""
        shown = boxes.clip(self.box, images.photograph(self.photograph).shape[:2])
        written = {layout: boxes.convert(shown, "xyxy", layout).tolist() for layout in boxes.LAYOUTS}
        return {**written, "area": float(boxes.area(shown))}

    def picture(self):
        """Return the photograph with the box."""
        return boxes_on_image(images.photograph(self.photograph), [self.output["xyxy"]])

    def words(self):
        """Return what the drawing says."""
        left, top, right, bottom = self.output["xyxy"]
        return (
            f"A photograph ({self.photograph}), a box from ({left:g}, {top:g}) to ({right:g}, {bottom:g}); "
            f"its area is {self.output['area']:,g} square pixels."
        )
