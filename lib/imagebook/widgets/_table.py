"""The table of figure AugmentedReality: the pictures that lie on it, and what stands in front of them."""

import numpy as np

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


def arrays():
    """Return both pictures, and the mask of the cup in the photograph of 256 x 171 pixels, as float32."""
    found = {"checkerboard": checkerboard(), "letters": letters(), "front": front_mask(171, 256)}
    return {name: array.astype(np.float32) for name, array in found.items()}
