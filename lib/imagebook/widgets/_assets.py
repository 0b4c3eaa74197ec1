"""What figures work with besides their state: weights, digits and photographs, packed for JavaScript.

An asset is a dict of arrays. Packed it is gzip of one line of JSON, which says names, shapes and types,
followed by the arrays' bytes; kit/tensors.js reads it.
"""

import gzip
import io
import json
from functools import cache

import numpy as np

from imagebook import images, mnist, pretrained
from imagebook.widgets import _table, _variants

# How many digits of each class the drawing pads offer.
_DIGITS_OF_EACH_CLASS = 12
# How many test digits there are to browse.
_DIGITS_TO_BROWSE = 600
# The longer side of a photograph on a figure, in pixels.
_PHOTOGRAPH_SIDE = 256


@cache
def packed(name):
    """Return the packed bytes of an asset.

    Parameters
    ----------
    name : str
        "digits", "mnist", "invariance" (the networks of `_variants` and their accuracies), "table" (the
        pictures of `_table`), a photograph's name ("cat", "coffee", "rocket") or that of a pretrained model
        ("cnn").

    Returns
    -------
    bytes


    Raises
    ------
    ValueError
        If there is no asset of that name.

    Examples
    --------
    >>> packed("cnn")[:2] == bytes([31, 139])  # gzip
    True
    """
    arrays = asset(name)
    entries = [{"name": key, "shape": array.shape, "type": str(array.dtype)} for key, array in arrays.items()]
    content = json.dumps(entries).encode() + b"\n" + b"".join(array.tobytes() for array in arrays.values())
    return gzip.compress(content, mtime=0)


def asset(name):
    """Return an asset as a dict of arrays, each little-endian uint8, int32, float16 or float32."""
    if name == "digits":
        return _digits()
    if name == "mnist":
        return _mnist()
    if name == "invariance":
        return _arrays(_variants.FILE)
    if name == "table":
        return _table.arrays()
    if name in images.NAMES:
        return {"jpeg": _jpeg(images.photograph(name))}
    if name in pretrained.NAMES:
        return _arrays(pretrained.weights_file(name))
    raise ValueError(
        f"name must be digits, mnist, invariance, table, a photograph or a pretrained model, got {name!r}"
    )


def _arrays(path):
    """Return the arrays of an .npz file."""
    with np.load(path) as arrays:
        return {key: np.ascontiguousarray(arrays[key]) for key in arrays.files}


def _digits():
    """Return test digits, equally many of each class, none of which any model was trained on."""
    pictures, labels = mnist.load("test")
    first = [np.flatnonzero(labels == digit)[:_DIGITS_OF_EACH_CLASS] for digit in range(10)]
    chosen = np.sort(np.concatenate(first))
    return {"images": pictures[chosen], "labels": labels[chosen]}


def _mnist():
    """Return the first test digits, of each class as many as there happen to be."""
    pictures, labels = mnist.load("test")
    return {"images": pictures[:_DIGITS_TO_BROWSE], "labels": labels[:_DIGITS_TO_BROWSE]}


def _jpeg(image):
    """Return an image in [0, 1] as the bytes of a small JPEG file."""
    from PIL import Image

    picture = Image.fromarray(np.round(255 * image).astype(np.uint8))
    picture.thumbnail((_PHOTOGRAPH_SIDE, _PHOTOGRAPH_SIDE), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85)
    return np.frombuffer(file.getvalue(), np.uint8)
