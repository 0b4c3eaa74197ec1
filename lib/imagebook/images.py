"""Pictures to work on: three photographs, and drawn scenes whose boxes and masks are known exactly."""

import importlib.resources
from typing import NamedTuple

import numpy as np

from imagebook import _checks, boxes

NAMES = ("cat", "coffee", "rocket")

# The colours of Okabe and Ito, which colour-blind readers can tell apart.
COLOURS = {
    "orange": (0.90, 0.62, 0.00),
    "sky blue": (0.34, 0.71, 0.91),
    "green": (0.00, 0.62, 0.45),
    "yellow": (0.94, 0.89, 0.26),
    "blue": (0.00, 0.45, 0.70),
    "vermilion": (0.84, 0.37, 0.00),
    "purple": (0.80, 0.47, 0.65),
}
SHAPES = ("rectangle", "disc", "triangle")


def photograph(name):
    """Return one of the book's photographs, a colour image.

    Source and licence of each stand in ``lib/imagebook/data/README.md``.

    Parameters
    ----------
    name : {"cat", "coffee", "rocket"}
        A cat's face, a cup on a saucer, or a rocket before the evening sky.

    Returns
    -------
    ndarray, shape (H, W, 3), float32 in [0, 1]
        Red, green and blue; H and W are multiples of 4.

    Raises
    ------
    ValueError
        If there is no photograph of that name; the names are in `NAMES`.

    Examples
    --------
    >>> photograph("rocket").shape
    (212, 320, 3)
    """
    _checks.choice("name", name, NAMES)
    from PIL import Image  # here, so that drawn scenes need NumPy alone

    file_name = importlib.resources.files("imagebook") / "data" / f"{name}.png"
    with file_name.open("rb") as file, Image.open(file) as picture:
        return np.asarray(picture, dtype=np.float32) / 255


def scene(rng, *, shape=(96, 128), n_objects=3):
    """Return a drawn scene: coloured shapes on a grey ground, with each one's bounding box and mask.

    Every object lies wholly inside the image; later ones are drawn over earlier ones. A mask is the object's
    full extent, also where another covers it (an "amodal" mask), so that none is ever empty; the visible part
    is ``masks[i] & ~masks[i + 1:].any(axis=0)``. A box is exactly `imagebook.boxes.from_mask` of its mask.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of shapes, sizes, places, colours and noise: equal generators draw equal scenes.
    shape : int or pair of int
        Height and width of the image in pixels, at least 24 each.
    n_objects : int
        How many objects, 0 or more. Up to 7 have different colours.

    Returns
    -------
    Scene
        `image`, `boxes`, `masks` and `names`.

    Raises
    ------
    TypeError
        If `rng` is no generator.
    ValueError
        If the image is too small or `n_objects` negative.

    Examples
    --------
    >>> drawn = scene(np.random.default_rng(0), n_objects=2)
    >>> drawn.image.shape, drawn.boxes.shape, drawn.masks.shape, len(drawn.names)
    ((96, 128, 3), (2, 4), (2, 96, 128), 2)
    """
    _checks.generator(rng)
    height, width = _checks.pair("shape", shape, low=24)
    n_objects = _checks.integer("n_objects", n_objects, low=0)
    _checks.affordable("shape and n_objects", (max(n_objects, 3), height, width))

    image = np.full((height, width, 3), rng.uniform(0.8, 0.95))
    masks = np.zeros((n_objects, height, width), dtype=bool)
    names = []
    colours = rng.permutation(list(COLOURS))
    for i in range(n_objects):
        kind = rng.choice(SHAPES)
        colour = colours[i % len(colours)]
        masks[i] = _draw_mask(kind, (height, width), rng)
        image[masks[i]] = COLOURS[colour]
        names.append(f"{colour} {kind}")
    image += rng.normal(scale=0.02, size=image.shape)  # no camera gives two equal pixels

    return Scene(
        image=image.clip(0, 1).astype(np.float32),
        boxes=np.array([boxes.from_mask(mask) for mask in masks], dtype=np.float64).reshape(n_objects, 4),
        masks=masks,
        names=names,
    )


def _draw_mask(kind, shape, rng):
    """Return where an object of this kind lies, at a random place wholly inside an image of this shape."""
    height, width = shape
    smallest, largest = min(shape) // 4, min(shape) // 2
    object_height, object_width = rng.integers(smallest, largest, size=2, endpoint=True)
    if kind == "disc":
        object_height = object_width
    top = rng.integers(0, height - object_height, endpoint=True)
    left = rng.integers(0, width - object_width, endpoint=True)
    # Pixel centres, in units of the object's own height and width: 0 to 1 inside it.
    rows, columns = np.ogrid[:height, :width]
    down = (rows + 0.5 - top) / object_height
    along = (columns + 0.5 - left) / object_width
    from_axis = np.abs(2 * along - 1)
    if kind == "rectangle":
        return (from_axis < 1) & (np.abs(2 * down - 1) < 1)
    if kind == "disc":
        return from_axis**2 + (2 * down - 1) ** 2 < 1
    return (from_axis < down) & (down < 1)  # triangle: its tip at the top, its base at the bottom


class Scene(NamedTuple):
    """A drawn scene of n objects, the first one farthest back.

    Attributes
    ----------
    image : ndarray, shape (H, W, 3), float32 in [0, 1]
        The picture: red, green and blue.
    boxes : ndarray, shape (n, 4), float64
        The objects' bounding boxes (x_min, y_min, x_max, y_max) in pixels.
    masks : ndarray, shape (n, H, W), bool
        Where each object lies, covered or not.
    names : list of str
        What each object is, such as "blue disc".
    """

    image: np.ndarray
    boxes: np.ndarray
    masks: np.ndarray
    names: list[str]
