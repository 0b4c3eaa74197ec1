"""Augmented reality: a picture laid over an image of the world, as if it lay on a plane in the scene."""

import numpy as np

from imagebook import _checks
from imagebook.geometry import homography, translation, warp
from imagebook.resampling import resize

# Pixels by which the picture goes on beyond its border: enough where the far side is shrunk to a quarter.
_FRAME = 4


def overlay(image, picture, corners, *, mask=None, alpha=1.0):
    r"""Return the image with a picture laid on a plane of the scene, where a camera would see it.

    The four corners of the plane determine a homography, by which the picture is warped. It is then laid over
    the image, pixel by pixel:

    .. math:: (1 - w) \cdot \text{image} + w \cdot \text{picture}, \qquad
              w = \alpha \cdot \text{coverage} \cdot (1 - \text{mask})

    The coverage is the share of a pixel that lies within the four corners, so that edges are smooth
    (anti-aliased). Where the picture looks smaller than it is, it is resized first, which averages its
    pixels; where perspective shrinks only the far side, that side may still show aliasing.

    Parameters
    ----------
    image : array_like, shape (H, W) or (H, W, C), float in [0, 1]
        The real scene.
    picture : array_like, shape (h, w) or (h, w, C), float in [0, 1]
        As many channels as the image.
    corners : array_like, shape (4, 2)
        (x, y), pixels, of the plane in the image: those that become the picture's top left, top right, bottom
        right and bottom left. They may lie outside the image. In the opposite order round, the picture
        appears mirrored, as seen from behind.
    mask : array_like, shape (H, W), bool or float in [0, 1], optional
        1 where something in the scene stands in front of the plane (occlusion).
    alpha : float in [0, 1]
        Opacity: 0 is invisible, 1 hides the plane.

    Returns
    -------
    ndarray, shape of `image`, float
        In the range of the two.

    Raises
    ------
    TypeError, ValueError
        If an argument has another shape, type or range than listed or is not finite.
    ValueError
        If the corners are not those of a plane seen by a camera: two sides cross, a corner points inwards, or
        three corners lie on a line.

    References
    ----------
    Hartley and Zisserman, Multiple View Geometry in Computer Vision, 2nd edition, 2004, algorithm 4.2.
    Porter and Duff, Compositing digital images, 1984 (the operator "over").

    Examples
    --------
    A white picture on the left one and a half pixels of a black row covers half of the second pixel:

    >>> overlay(np.zeros((1, 3)), np.ones((1, 1)), [[0, 0], [1.5, 0], [1.5, 1], [0, 1]])
    array([[1. , 0.5, 0. ]])
    """
    image = _image("image", image)
    picture = _image("picture", picture).astype(image.dtype, copy=False)
    if picture.shape[2:] != image.shape[2:]:
        raise ValueError(
            f"picture must have the channels of the image, got shapes {picture.shape} and {image.shape}"
        )
    corners = _convex(corners)
    alpha = _checks.number("alpha", alpha, low=0, high=1)
    visible = alpha * (1 - _occlusion(mask, image.shape[:2]))

    top, right, bottom, left = np.linalg.norm(_sides(corners), axis=1)
    seen = np.ceil([max(left, right), max(top, bottom)])
    height, width = (int(size) for size in np.minimum(picture.shape[:2], seen))
    if (height, width) != picture.shape[:2]:
        picture = resize(picture, (height, width))
    # A pixel covered less than half has its centre beyond the border, whose colours therefore go on.
    framed = np.pad(picture.reshape(height, width, -1), ((_FRAME,) * 2, (_FRAME,) * 2, (0, 0)), mode="edge")
    matrix = homography([[0, 0], [width, 0], [width, height], [0, height]], corners)
    matrix = matrix @ translation((-_FRAME, -_FRAME))
    known = np.ones((*framed.shape[:2], 1), image.dtype)
    warped = warp(np.concatenate([framed, known], axis=2), matrix, shape=image.shape[:2])

    weight = (visible * _coverage(corners, image.shape[:2])).astype(image.dtype)[..., np.newaxis]
    # Outside the frame the warped picture is 0, and so is what is known of it: the image shows.
    below = (1 - weight * warped[..., -1:]) * image.reshape(*image.shape[:2], -1)
    return (below + weight * warped[..., :-1]).reshape(image.shape)


def _coverage(corners, shape):
    """Return the share of every pixel (H, W) that lies within four corners; exact for upright rectangles."""
    row, column = np.arange(shape[0])[:, np.newaxis] + 0.5, np.arange(shape[1]) + 0.5
    inwards = np.sign(_turns(corners)[0])
    shares = []
    for (x, y), (along, down) in zip(corners, _sides(corners), strict=True):
        distance = inwards * (along * (row - y) - down * (column - x)) / np.hypot(along, down)
        shares.append(np.clip(0.5 + distance, 0, 1))  # of the pixel, on the inner side of this line
    top, right, bottom, left = shares
    # Opposite sides may cut the same pixel; what each cuts off adds up.
    return np.maximum(top + bottom - 1, 0) * np.maximum(left + right - 1, 0)


def _sides(corners):
    """Return the vectors (4, 2) from each corner to the next."""
    return np.roll(corners, -1, axis=0) - corners


def _turns(corners):
    """Return the cross product of the two sides at each corner, in parts of the longest side squared."""
    outgoing = _sides(corners) / np.linalg.norm(_sides(corners), axis=1).max()
    incoming = np.roll(outgoing, 1, axis=0)
    return incoming[:, 0] * outgoing[:, 1] - incoming[:, 1] * outgoing[:, 0]


def _convex(value):
    """Return `value` as four corners (x, y), float64, that all turn the same way."""
    corners = _checks.floats("corners", value, ndim=2, finite=True).astype(np.float64)
    if corners.shape != (4, 2):
        raise ValueError(f"corners must be four points (x, y), got shape {corners.shape}")
    if np.ptp(corners, axis=0).max() < 1e-9:
        raise ValueError(f"corners must be four different points, got only {corners[0].tolist()}")
    turns = _turns(corners)
    if np.abs(turns).min() <= 1e-6:
        raise ValueError(f"corners must not have three on a line, got {corners.tolist()}")
    if turns.min() < 0 < turns.max():
        raise ValueError(
            "corners must go round once, with no side across another and no corner pointing inwards, "
            f"got {corners.tolist()}"
        )
    return corners


def _image(name, value):
    """Return `value` as an image (H, W) or (H, W, C) of floats in [0, 1]."""
    image = _checks.floats(name, value, ndim=(2, 3), finite=True)
    _checks.not_empty(name, image)
    # The rounding of an earlier step, which may end a hair above 1, is forgiven.
    if not -1e-6 <= image.min() <= image.max() <= 1 + 1e-6:
        raise ValueError(f"{name} must lie in [0, 1], got values from {image.min()} to {image.max()}")
    return image


def _occlusion(mask, shape):
    """Return the mask as floats in [0, 1]; 0, nothing in front, where there is no mask."""
    if mask is None:
        return 0.0
    mask = _checks.floats("mask", mask, ndim=2, finite=True)
    if mask.shape != shape:
        raise ValueError(f"mask must have the image's shape {shape}, got {mask.shape}")
    if not 0 <= mask.min() <= mask.max() <= 1:
        raise ValueError(f"mask must lie in [0, 1], got values from {mask.min()} to {mask.max()}")
    return mask
