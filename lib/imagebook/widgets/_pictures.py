"""The photographs as figures show them: small, and decoded from the same file as on the page."""

import io
from functools import cache

import numpy as np

from imagebook.widgets import _assets


@cache
def shown(name):
    """Return a photograph as figures show it: read-only, (H, W, 3), float32 in [0, 1].

    A browser may decode the same file to values that differ by one or two of 255.

    Examples
    --------
    >>> shown("coffee").shape
    (171, 256, 3)
    """
    from PIL import Image

    with Image.open(io.BytesIO(_assets.asset(name)["jpeg"].tobytes())) as picture:
        image = np.asarray(picture, dtype=np.float32) / 255
    image.flags.writeable = False
    return image
