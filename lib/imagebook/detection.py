"""Detection: predicted boxes matched to true ones, precision and recall, average precision.

A data set is given as lists with one entry per image: boxes (N, 4) as in `imagebook.boxes`, scores (N,) and
classes (N,). An image without boxes has the empty arrays of these shapes.
"""

import numpy as np

from imagebook import _checks
from imagebook.boxes import pairwise_iou

# COCO's ten, 0.50 to 0.95; as quotients each is the nearest float, and an IoU of 3/5 passes at 0.6.
COCO_IOU_THRESHOLDS = tuple(percent / 100 for percent in range(50, 100, 5))


def match(predicted_boxes, scores, true_boxes, *, iou_threshold):
    """Return which true box each predicted box of an image has found.

    Greedy: by falling score, each prediction takes, of the true boxes that are still free, the one with the
    highest IoU, if that reaches the threshold. So of two predictions of one object the second is wrong, and a
    confident prediction is served before a better placed one.

    Parameters
    ----------
    predicted_boxes : array_like, shape (N, 4)
        Boxes (x_min, y_min, x_max, y_max) in pixels.
    scores : array_like, shape (N,)
        How sure each prediction is; of equal scores the lower index comes first.
    true_boxes : array_like, shape (M, 4)
        Boxes in pixels; of equal IoUs the lower index is taken.
    iou_threshold : float, more than 0, at most 1
        An IoU that equals it is a match.

    Returns
    -------
    ndarray of int64, shape (N,)
        The index of the true box, or -1 for none (a false positive), in the order of `predicted_boxes`.

    Raises
    ------
    TypeError, ValueError
        If an argument has another shape, type or range than listed or is not finite.

    References
    ----------
    Everingham et al., The PASCAL visual object classes (VOC) challenge, 2010, section 4.2. Lin et al.,
    Microsoft COCO, 2014, whose evaluation takes the best free box as here; VOC took the best of all.

    Examples
    --------
    The first prediction is less sure than the second, which takes the only true box although it fits worse:

    >>> match([[0, 0, 4, 4], [0, 0, 4, 3]], [0.8, 0.9], [[0, 0, 4, 4]], iou_threshold=0.5)
    array([-1,  0])
    """
    boxes, scores, truths = _image("", predicted_boxes, scores, true_boxes)
    return _greedy(pairwise_iou(boxes, truths), scores, _threshold("iou_threshold", iou_threshold))


def precision_recall(predicted_boxes, scores, true_boxes, *, iou_threshold):
    r"""Return precision and recall over a data set, for every number of predictions that one may keep.

    .. math:: \text{precision}_k = \frac{\text{matches among the first } k}{k}, \qquad
              \text{recall}_k = \frac{\text{matches among the first } k}{\text{true boxes}}

    The predictions of all images stand in one row by falling score; each is matched within its image.

    Parameters
    ----------
    predicted_boxes, scores, true_boxes : list
        For each image what `match` takes.
    iou_threshold : float, more than 0, at most 1

    Returns
    -------
    precision, recall : ndarray, shape (P,), float64
        In [0, 1], P the number of all predictions; recall never falls.

    Raises
    ------
    TypeError, ValueError
        If the lists are not as long as each other, or an entry or the threshold is not as in `match`.
    ValueError
        If there is no true box at all: there is nothing to recall.

    References
    ----------
    Everingham et al., The PASCAL visual object classes (VOC) challenge, 2010, section 4.2.

    Examples
    --------
    Two images; the surest prediction and the least sure one are right, and one of three objects is missed:

    >>> box, elsewhere = [0, 0, 4, 4], [5, 5, 9, 9]
    >>> precision, recall = precision_recall(
    ...     [[box, elsewhere], [box]], [[0.9, 0.6], [0.3]], [[box], [box, elsewhere]], iou_threshold=0.5
    ... )
    >>> precision.round(2), recall.round(2)
    (array([1.  , 0.5 , 0.67]), array([0.33, 0.33, 0.67]))
    """
    images = _images(predicted_boxes, scores, true_boxes)
    iou_threshold = _threshold("iou_threshold", iou_threshold)
    if not any(len(truths) for _, _, truths in images):
        raise ValueError("true_boxes must hold at least one box in some image, got none")
    overlaps = [pairwise_iou(boxes, truths) for boxes, _, truths in images]
    return _curve(overlaps, [box_scores for _, box_scores, _ in images], iou_threshold)


def average_precision(precision, recall, *, points=101):
    r"""Return the average precision (AP): the mean height of the precision-recall curve.

    The curve's envelope is the best precision that can be had at a recall of r or more, 0 where no prediction
    reaches r:

    .. math:: p(r) = \max_{k:\, \text{recall}_k \ge r} \text{precision}_k, \qquad
              \text{AP} = \operatorname{mean}_{r \in \{0, 0.01, \dots, 1\}} p(r)

    COCO averages it at these 101 recalls, VOC did at 11 until 2009 and took the area under it afterwards.
    The three differ in the second digit; say which one you mean.

    Parameters
    ----------
    precision, recall : array_like, shape (P,), in [0, 1]
        From `precision_recall`; recall must not fall.
    points : int, at least 2, or None
        How many recalls evenly from 0 to 1 to average at; None for the area.

    Returns
    -------
    float
        In [0, 1]; 0 if there are no predictions.

    Raises
    ------
    TypeError, ValueError
        If an argument has another shape, type or range than listed, or the recall falls.

    References
    ----------
    Everingham et al., The PASCAL visual object classes challenge: a retrospective, 2015 (the area).
    COCO, Detection evaluation, https://cocodataset.org/#detection-eval, and `accumulate` of pycocotools,
    whose recalls are rounded sums: where a recall is exactly 0.35, it can miss the point 0.35.

    Examples
    --------
    Of two objects, the first prediction finds one, the second none, the third the other. So p is 1 up to a
    recall of 0.5 and 2/3 beyond: 51 points and 50 points.

    >>> ap = average_precision([1, 1 / 2, 2 / 3], [0.5, 0.5, 1])
    >>> round(ap, 4), round((51 * 1 + 50 * 2 / 3) / 101, 4)
    (0.835, 0.835)
    >>> round(average_precision([1, 1 / 2, 2 / 3], [0.5, 0.5, 1], points=None), 4)
    0.8333
    """
    precision, recall = _shares("precision", precision), _shares("recall", recall)
    if len(precision) != len(recall):
        raise ValueError(
            f"precision and recall must have the same length, got {len(precision)} and {len(recall)}"
        )
    falls = np.flatnonzero(np.diff(recall) < 0)
    if falls.size:
        before, after = recall[falls[0] : falls[0] + 2]
        raise ValueError(
            f"recall must not fall from one prediction to the next, got {before} and then {after}"
        )
    best_from_here_on = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0)
    if points is None:
        return float(np.diff(recall, prepend=0) @ best_from_here_on[:-1])
    last = _checks.integer("points", points, low=2) - 1
    _checks.affordable("points", (last,))
    levels = np.arange(last + 1) / last
    return float(best_from_here_on[np.searchsorted(recall, levels)].mean())


def mean_average_precision(
    predicted_boxes,
    scores,
    predicted_classes,
    true_boxes,
    true_classes,
    *,
    iou_thresholds=COCO_IOU_THRESHOLDS,
):
    """Return the mean average precision (mAP): over classes and IoU thresholds, as COCO does.

    A prediction can only match a true box of its own class. Classes without a true box do not count, nor do
    predictions of them. COCO keeps the 100 surest predictions per image; here all are kept.

    Parameters
    ----------
    predicted_boxes, scores, true_boxes : list
        For each image what `match` takes.
    predicted_classes, true_classes : list
        For each image the classes, (N,) and (M,), int.
    iou_thresholds : sequence of float, more than 0, at most 1
        COCO's ten if not given; (0.5,) is VOC's.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    TypeError, ValueError
        If the lists are not as long as each other, or an entry or a threshold is not as listed.
    ValueError
        If there is no true box at all, or no threshold.

    References
    ----------
    Lin et al., Microsoft COCO: Common objects in context, 2014; https://cocodataset.org/#detection-eval.

    Examples
    --------
    One image with one object, found with an IoU of 3/4: right at the six thresholds from 0.50 to 0.75.

    >>> mean_average_precision([[[0, 0, 4, 3]]], [[0.9]], [[7]], [[[0, 0, 4, 4]]], [[7]])
    0.6
    """
    images = _images(predicted_boxes, scores, true_boxes)
    predicted_classes = _classes("predicted_classes", predicted_classes, [boxes for boxes, _, _ in images])
    true_classes = _classes("true_classes", true_classes, [truths for _, _, truths in images])
    thresholds = _checks.items("iou_thresholds", iou_thresholds, "a list of thresholds")
    if not thresholds:
        raise ValueError(f"iou_thresholds must be a list of thresholds, got {iou_thresholds!r}")
    thresholds = [_threshold("iou_thresholds", threshold) for threshold in thresholds]
    kinds = {int(kind) for classes in true_classes for kind in classes}
    if not kinds:
        raise ValueError("true_boxes must hold at least one box in some image, got none")

    results = []
    for kind in sorted(kinds):
        overlaps, kind_scores = [], []
        for image, predicted, true in zip(images, predicted_classes, true_classes, strict=True):
            boxes, box_scores, truths = image
            overlaps.append(pairwise_iou(boxes[predicted == kind], truths[true == kind]))
            kind_scores.append(box_scores[predicted == kind])
        for threshold in thresholds:
            results.append(average_precision(*_curve(overlaps, kind_scores, threshold)))
    return float(np.mean(results))


def _greedy(overlaps, scores, iou_threshold):
    """Return the column of `overlaps` (N, M) that each row has taken, by falling score, or -1."""
    overlaps = overlaps.copy()
    matched = np.full(len(overlaps), -1, np.int64)
    if overlaps.shape[1] == 0:
        return matched
    for row in np.argsort(-scores, kind="stable"):
        best = overlaps[row].argmax()
        if overlaps[row, best] >= iou_threshold:
            matched[row] = best
            overlaps[:, best] = -1  # no longer free
    return matched


def _curve(overlaps, scores, iou_threshold):
    """Return precision and recall over images with the given IoUs (N, M) and scores (N,)."""
    n_truths = sum(image.shape[1] for image in overlaps)
    found = [_greedy(*image, iou_threshold) >= 0 for image in zip(overlaps, scores, strict=True)]
    order = np.argsort(-np.concatenate(scores), kind="stable")
    matches = np.cumsum(np.concatenate(found)[order])
    return matches / np.arange(1, len(matches) + 1), matches / n_truths


def _images(predicted_boxes, scores, true_boxes):
    """Return the checked boxes, scores and true boxes of every image."""
    n_images = len(_per_image("predicted_boxes", predicted_boxes))
    _per_image("scores", scores, n_images)
    _per_image("true_boxes", true_boxes, n_images)
    entries = zip(predicted_boxes, scores, true_boxes, strict=True)
    return [_image(f"[{number}]", *entry) for number, entry in enumerate(entries)]


def _image(place, predicted_boxes, scores, true_boxes):
    """Return the checked boxes, scores (float64) and true boxes of the image at a place in the lists."""
    boxes = _boxes(f"predicted_boxes{place}", predicted_boxes)
    scores = _checks.array(f"scores{place}", scores, ndim=1, finite=True).astype(np.float64)
    if len(scores) != len(boxes):
        raise ValueError(f"scores{place} must be one per predicted box, {len(boxes)}, got {len(scores)}")
    return boxes, scores, _boxes(f"true_boxes{place}", true_boxes)


def _boxes(name, value):
    """Return `value` as boxes (N, 4), none of which ends before it begins."""
    boxes = _checks.array(name, value, ndim=2, finite=True, largest=_checks.FARTHEST)
    if boxes.shape[1] != 4:
        raise ValueError(f"{name} must have 4 numbers per box, got shape {boxes.shape}")
    inverted = (boxes[:, 2:] < boxes[:, :2]).any(axis=1)
    if inverted.any():
        raise ValueError(
            f"{name} must have x_max >= x_min and y_max >= y_min, got {boxes[inverted.argmax()].tolist()}"
        )
    return boxes


def _classes(name, value, boxes):
    """Return the checked classes of every image, one for each of its boxes."""
    checked = []
    for number, classes in enumerate(_per_image(name, value, len(boxes))):
        classes, n_boxes = _checks.array(f"{name}[{number}]", classes, ndim=1), len(boxes[number])
        if len(classes) != n_boxes:
            raise ValueError(f"{name}[{number}] must be one per box, {n_boxes}, got {len(classes)}")
        if len(classes) and classes.dtype.kind == "f":  # an empty list has no type of its own
            raise TypeError(f"{name}[{number}] must hold integers, got dtype {classes.dtype}")
        checked.append(classes)
    return checked


def _per_image(name, value, n_images=None):
    """Return `value` if it is a list with one entry for each image."""
    if not isinstance(value, list | tuple) and not (isinstance(value, np.ndarray) and value.ndim):
        raise TypeError(f"{name} must be a list with one entry per image, got {value!r}")
    if n_images is not None and len(value) != n_images:
        raise ValueError(f"{name} must have one entry per image, {n_images}, got {len(value)}")
    return value


def _shares(name, value):
    """Return `value` as an array (P,) of float64 in [0, 1]."""
    shares = _checks.array(name, value, ndim=1, finite=True).astype(np.float64)
    if shares.size and not 0 <= shares.min() <= shares.max() <= 1:
        raise ValueError(f"{name} must lie in [0, 1], got values from {shares.min()} to {shares.max()}")
    return shares


def _threshold(name, value):
    """Return `value` as an IoU threshold: at 0, boxes that do not touch would match."""
    _checks.positive(name, value)
    return _checks.number(name, value, low=0, high=1)
