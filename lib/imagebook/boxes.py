"""Bounding boxes: their area, their overlap, and the choice among boxes that overlap.

A box is (x_min, y_min, x_max, y_max) in continuous pixels, origin top left: the pixel in row r and
column c covers x from c to c + 1 and y from r to r + 1. Integers are computed as float64.
"""

import numpy as np

from imagebook import _checks

LAYOUTS = ("xyxy", "xywh", "cxcywh")
# Overlaps computed at a time: the temporary arrays stay in the processor's cache, however many the boxes.
_PAIRS_AT_A_TIME = 2**15
# Boxes that `nms` decides on at a time: the more, the fewer calls of NumPy and the more memory.
_BOXES_AT_A_TIME = 64


def area(boxes):
    """Return the area of a bounding box, or of each: (x_max - x_min) (y_max - y_min).

    In continuous pixels nothing is added: a box from 0 to 2 is two pixels wide, not three.

    Parameters
    ----------
    boxes : ndarray, shape (4,) or (N, 4)
        Boxes (x_min, y_min, x_max, y_max) in pixels.

    Returns
    -------
    float or ndarray, shape (N,)
        Square pixels, at least 0.

    Raises
    ------
    ValueError
        If a box is not finite or ends before it begins.

    Examples
    --------
    >>> float(area([275, 1271, 2954, 2761]))  # 2679 x 1490
    3991710.0
    """
    boxes = _checked("boxes", boxes, ndim=(1, 2))
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def iou(box_a, box_b):
    """Return the intersection over union of two boxes, also called the Jaccard index.

    area(A and B) / area(A or B), where area(A or B) = area(A) + area(B) - area(A and B). Two boxes
    without area have IoU 0, even if they are equal: there is no union to divide by.

    Parameters
    ----------
    box_a, box_b : ndarray, shape (4,)
        Boxes (x_min, y_min, x_max, y_max) in pixels.

    Returns
    -------
    float
        In [0, 1]: 0 without a common area, 1 for equal boxes.

    Raises
    ------
    ValueError
        If a box is not finite or ends before it begins.

    References
    ----------
    Everingham et al., The PASCAL visual object classes challenge: a retrospective, 2015, equation 1.

    Examples
    --------
    >>> iou([0, 0, 2, 2], [1, 1, 3, 3]) == 1 / 7  # intersection 1, union 4 + 4 - 1
    True
    """
    box_a = _checked("box_a", box_a, ndim=1)
    box_b = _checked("box_b", box_b, ndim=1)
    return float(pairwise_iou(box_a[np.newaxis], box_b[np.newaxis])[0, 0])


def pairwise_iou(boxes_a, boxes_b):
    """Return the intersection over union of every box of one list with every box of another.

    result[n, m] = iou(boxes_a[n], boxes_b[m]).

    Parameters
    ----------
    boxes_a : ndarray, shape (N, 4)
        Boxes (x_min, y_min, x_max, y_max) in pixels.
    boxes_b : ndarray, shape (M, 4)
        The same.

    Returns
    -------
    ndarray, shape (N, M)
        In [0, 1].

    Raises
    ------
    ValueError
        If a box is not finite or ends before it begins.

    Examples
    --------
    >>> pairwise_iou([[0, 0, 2, 2]], [[0, 0, 2, 2], [1, 0, 2, 2], [2, 2, 3, 3]])
    array([[1. , 0.5, 0. ]])
    """
    boxes_a = _checked("boxes_a", boxes_a, ndim=2)
    boxes_b = _checked("boxes_b", boxes_b, ndim=2)
    left_a, top_a, right_a, bottom_a = boxes_a.T[:, :, np.newaxis]
    left_b, top_b, right_b, bottom_b = np.ascontiguousarray(boxes_b.T)
    area_a = area(boxes_a)[:, np.newaxis]
    # At least the smallest number above 0: two boxes without area have the IoU 0 / smallest = 0, not 0 / 0.
    area_b = np.maximum(area(boxes_b), np.finfo(boxes_b.dtype).smallest_subnormal)
    result = np.empty((len(boxes_a), len(boxes_b)), np.result_type(boxes_a, boxes_b))
    step = max(1, _PAIRS_AT_A_TIME // max(1, len(boxes_b)))
    for start in range(0, len(boxes_a), step):
        rows = slice(start, start + step)
        # Negative where the boxes are apart: they share nothing.
        width = np.maximum(np.minimum(right_a[rows], right_b) - np.maximum(left_a[rows], left_b), 0)
        height = np.maximum(np.minimum(bottom_a[rows], bottom_b) - np.maximum(top_a[rows], top_b), 0)
        shared = width * height
        result[rows] = shared / (area_a[rows] + area_b - shared)
    return result


def nms(boxes, scores, *, iou_threshold):
    """Return which boxes survive non-maximum suppression (NMS): one for each heap of overlapping boxes.

    Greedy: keep the box with the highest score, drop every box whose IoU with it is greater than the
    threshold, and repeat with those left. A box without area overlaps nothing, so it is never dropped.

    Parameters
    ----------
    boxes : ndarray, shape (N, 4)
        Boxes (x_min, y_min, x_max, y_max) in pixels.
    scores : ndarray, shape (N,)
        Finite; of equal scores the lower index comes first.
    iou_threshold : float in [0, 1]
        An IoU that equals it is kept.

    Returns
    -------
    ndarray of int64, shape (K,)
        Indices of the kept boxes, by falling score.

    Raises
    ------
    ValueError
        If a box is not finite or ends before it begins, or the scores are not one per box.

    References
    ----------
    Girshick et al., Rich feature hierarchies for accurate object detection and semantic segmentation,
    2014, section 2.2.

    Examples
    --------
    >>> nms([[0, 0, 2, 2], [0, 0, 2, 3], [5, 5, 6, 6]], [0.8, 0.9, 0.1], iou_threshold=0.5)
    array([1, 2])
    """
    boxes = _checked("boxes", boxes, ndim=2)
    scores = _checks.array("scores", scores, ndim=1, finite=True)
    iou_threshold = _checks.number("iou_threshold", iou_threshold, low=0, high=1)
    if len(scores) != len(boxes):
        raise ValueError(f"scores must be one per box, {len(boxes)}, got {len(scores)}")
    # As float64, because a negated unsigned integer wraps around; stable, so that ties keep their order.
    waiting = np.argsort(-scores.astype(np.float64), kind="stable")
    kept = []
    # The next best boxes are taken together: first they compete among themselves, then those of them that are
    # left drop boxes of all the others. One at a time, NumPy would be called for very little work each time.
    while waiting.size:
        best, waiting = waiting[:_BOXES_AT_A_TIME], waiting[_BOXES_AT_A_TIME:]
        too_close = np.triu(pairwise_iou(boxes[best], boxes[best]) > iou_threshold, k=1)
        stays = np.ones(len(best), bool)
        for better in np.flatnonzero(too_close.any(axis=1)):
            if stays[better]:
                stays &= ~too_close[better]
        kept.append(best[stays])
        overlap = pairwise_iou(boxes[best[stays]], boxes[waiting])
        waiting = waiting[(overlap <= iou_threshold).all(axis=0)]
    # Nothing waits any more; joined, it makes the result of no boxes an empty array.
    return np.concatenate([*kept, waiting]).astype(np.int64)


def convert(boxes, source, target):
    """Return boxes written in another layout: corners, corner and size, or centre and size.

    "xyxy" is (x_min, y_min, x_max, y_max), "xywh" is (x_min, y_min, width, height) and "cxcywh" is
    (x_center, y_center, width, height).

    Parameters
    ----------
    boxes : ndarray, shape (4,) or (N, 4)
        Boxes in pixels.
    source, target : {"xyxy", "xywh", "cxcywh"}
        The layout they have, and the one they get.

    Returns
    -------
    ndarray, shape (4,) or (N, 4)
        The same boxes, up to rounding.

    Raises
    ------
    ValueError
        If a layout is unknown, or a box is not finite or has a negative width or height.

    Examples
    --------
    >>> convert([1, 2, 5, 10], "xyxy", "xywh"), convert([1, 2, 5, 10], "xyxy", "cxcywh")
    (array([1., 2., 4., 8.]), array([3., 6., 4., 8.]))
    """
    _checks.choice("source", source, LAYOUTS)
    _checks.choice("target", target, LAYOUTS)
    boxes = _checked("boxes", boxes, ndim=(1, 2), layout=source)
    first, second = boxes[..., :2], boxes[..., 2:]
    if source == "xyxy":
        low, high, size = first, second, second - first
        center = low + size / 2
    elif source == "xywh":
        low, high, size = first, first + second, second
        center = low + size / 2
    else:
        low, high, size = first - second / 2, first + second / 2, second
        center = first
    parts = {"xyxy": (low, high), "xywh": (low, size), "cxcywh": (center, size)}
    return np.concatenate(parts[target], axis=-1)


def clip(boxes, shape):
    """Return boxes cut off at the border of an image.

    A box that lies wholly outside becomes a box without area on the border.

    Parameters
    ----------
    boxes : ndarray, shape (4,) or (N, 4)
        Boxes (x_min, y_min, x_max, y_max) in pixels.
    shape : pair (H, W)
        Rows and columns of the image; not x before y.

    Returns
    -------
    ndarray, shape (4,) or (N, 4)
        With x in [0, W] and y in [0, H].

    Raises
    ------
    ValueError
        If a box is not finite or ends before it begins.

    Examples
    --------
    >>> clip([-1, 2, 9, 7], (5, 8))  # 5 rows, 8 columns
    array([0., 2., 8., 5.])
    """
    boxes = _checked("boxes", boxes, ndim=(1, 2))
    height, width = _checks.pair("shape", shape, low=1)
    return np.clip(boxes, 0, np.array([width, height, width, height], boxes.dtype))


def from_mask(mask):
    """Return the bounding box of a mask: the smallest box that covers every nonzero pixel.

    The maximum is the far edge of the last pixel: a single pixel has a box of width 1, not 0.

    Parameters
    ----------
    mask : ndarray of bool or int, shape (H, W)
        Nonzero where the object is.

    Returns
    -------
    ndarray of float64, shape (4,)
        The box (x_min, y_min, x_max, y_max) in pixels.

    Raises
    ------
    TypeError
        If the mask holds floats.
    ValueError
        If every pixel is zero.

    Examples
    --------
    >>> from_mask([[0, 0, 0, 0], [0, 1, 1, 1]])
    array([1., 1., 4., 2.])
    """
    mask = _checks.array("mask", mask, ndim=2)
    if mask.dtype.kind == "f":
        raise TypeError(f"mask must hold booleans or integers, got dtype {mask.dtype}")
    rows = np.flatnonzero(mask.any(axis=1))
    columns = np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        raise ValueError(f"mask must have a nonzero pixel, got none in shape {mask.shape}")
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float64)


def _checked(name, boxes, *, ndim, layout="xyxy"):
    """Return finite boxes of nonnegative size as float32 or float64."""
    boxes = _checks.array(name, boxes, ndim=ndim, finite=True, largest=_checks.FARTHEST)
    if boxes.shape[-1] != 4:
        raise ValueError(f"{name} must have 4 numbers per box, got shape {boxes.shape}")
    if boxes.dtype.kind != "f":
        boxes = boxes.astype(np.float64)
    size = boxes[..., 2:] - boxes[..., :2] if layout == "xyxy" else boxes[..., 2:]
    wrong = (size < 0).any(axis=-1)
    if wrong.any():
        wanted = "x_max >= x_min and y_max >= y_min" if layout == "xyxy" else "width >= 0 and height >= 0"
        which = f"{name}[{np.argmax(wrong)}]" if boxes.ndim == 2 else name
        raise ValueError(f"{which} must have {wanted}, got {np.atleast_2d(boxes)[np.argmax(wrong)].tolist()}")
    return boxes
