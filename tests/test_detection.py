import math
import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebook.boxes import iou
from imagebook.detection import (
    COCO_IOU_THRESHOLDS,
    average_precision,
    match,
    mean_average_precision,
    precision_recall,
)

NO_BOXES = np.zeros((0, 4))
A, B, FAR = [0, 0, 4, 4], [6, 0, 10, 4], [20, 20, 24, 24]  # none of them touches another
NOT_NUMBERS = [np.full((2, 4), None), np.full((2, 4), "a"), np.full((2, 4), 1j)]


def random_image(rng, *, n_classes=1):
    """Return predicted boxes, scores and classes, true boxes and classes; some lists are empty."""
    corners = rng.integers(0, 12, (rng.integers(0, 6), 2))
    truths = np.hstack([corners, corners + rng.integers(1, 8, corners.shape)])
    classes = rng.integers(0, n_classes, len(truths))
    found = rng.random(len(truths)) < 0.8
    near = truths[found]
    near = near + (rng.random(near.shape) < 0.2) * [-1, -1, 1, 1]
    corners = rng.integers(0, 12, (rng.integers(0, 4), 2))
    boxes = np.vstack([near, truths[:1], np.hstack([corners, corners + 4])])
    scores = rng.integers(0, 6, len(boxes)) / 5  # with ties
    guesses = rng.integers(0, n_classes, len(corners))
    return boxes, scores, np.concatenate([classes[found], classes[:1], guesses]), truths, classes


def match_by_definition(boxes, scores, truths, threshold):
    """Return the match of each box, with loops over boxes, scores and truths as the docstring defines it."""
    matched, taken = {}, set()
    for index in sorted(range(len(boxes)), key=lambda i: (-scores[i], i)):
        free = [(iou(boxes[index], truths[t]), -t) for t in range(len(truths)) if t not in taken]
        best, negative = max(free, default=(-1, 0))
        matched[index] = -negative if best >= threshold else -1
        taken.add(matched[index])
    return [matched[index] for index in range(len(boxes))]


def average_precision_by_definition(images, threshold):
    """Return COCO's average precision of images (boxes, scores, truths), with exact fractions."""
    hits = []
    for image, (boxes, scores, truths) in enumerate(images):
        matched = match_by_definition(boxes, scores, truths, threshold)
        hits += [(-scores[index], image, index, matched[index] >= 0) for index in range(len(boxes))]
    hits = [hit for *_, hit in sorted(hits)]
    n_truths = sum(len(truths) for *_, truths in images)
    curve = [(Fraction(sum(hits[:k]), n_truths), Fraction(sum(hits[:k]), k)) for k in range(1, len(hits) + 1)]
    heights = [
        max((precision for recall, precision in curve if recall >= Fraction(percent, 100)), default=0)
        for percent in range(101)
    ]
    return float(sum(heights) / 101)


# Match


def test_match_by_hand():
    """The surer prediction takes the only truth; the better placed one comes too late."""
    np.testing.assert_array_equal(match([A, [0, 0, 4, 3]], [0.8, 0.9], [A], iou_threshold=0.5), [-1, 0])
    np.testing.assert_array_equal(match([A, [0, 0, 4, 3]], [0.9, 0.8], [A], iou_threshold=0.5), [0, -1])


def test_an_iou_at_the_threshold_matches():
    """3/4 passes at 0.75 and not above; 3/5 passes at COCO's 0.6, and in single precision too."""
    box = [0, 0, 4, 3]
    assert match([box], [1], [A], iou_threshold=0.75) == [0]
    assert match([box], [1], [A], iou_threshold=np.nextafter(0.75, 1)) == [-1]
    for dtype in (np.float64, np.float32):
        boxes, truths = np.array([[0, 0, 3, 1]], dtype), np.array([[0, 0, 5, 1]], dtype)
        assert match(boxes, [1], truths, iou_threshold=COCO_IOU_THRESHOLDS[2]) == [0]


def test_a_taken_truth_leaves_the_next_best():
    """Two truths overlap; the second prediction takes the one that is left, even if it fits it less."""
    truths = [[0, 0, 4, 4], [0, 0, 4, 3]]
    found = match([[0, 0, 4, 4], [0, 0, 4, 4]], [0.9, 0.8], truths, iou_threshold=0.5)
    np.testing.assert_array_equal(found, [0, 1])


def test_ties_go_to_the_lower_index():
    """Of equal scores the first prediction is served first; of equal IoUs the first truth is taken."""
    np.testing.assert_array_equal(match([A, A], [1, 1], [A], iou_threshold=0.5), [0, -1])
    np.testing.assert_array_equal(match([A], [1], [A, A], iou_threshold=0.5), [0])


@settings(deadline=None, derandomize=True, max_examples=100)
@given(seed=st.integers(0, 2**32), threshold=st.sampled_from([1e-9, 0.3, 0.5, 0.75, 1]))
def test_match_equals_its_definition(seed, threshold):
    """Random boxes are matched as loops would; no truth twice, and each match reaches the threshold."""
    boxes, scores, _, truths, _ = random_image(np.random.default_rng(seed))
    found = match(boxes, scores, truths, iou_threshold=threshold)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, match_by_definition(boxes, scores, truths, threshold))
    matched = found[found >= 0]
    assert len(set(matched)) == len(matched)


# Precision and recall


def test_precision_recall_by_hand():
    """By falling score over both images: hit, miss, hit; of three truths the third is never found."""
    precision, recall = precision_recall(
        [[A, FAR], [B]], [[0.9, 0.6], [0.3]], [[A], [B, FAR]], iou_threshold=0.5
    )
    np.testing.assert_array_equal(precision, [1, 1 / 2, 2 / 3])
    np.testing.assert_array_equal(recall, [1 / 3, 1 / 3, 2 / 3])


def test_no_predictions():
    """Without predictions the curve is empty and the average precision 0, by all three definitions."""
    precision, recall = precision_recall([NO_BOXES], [[]], [[A]], iou_threshold=0.5)
    assert precision.shape == recall.shape == (0,)
    for points in (101, 11, None):
        assert average_precision(precision, recall, points=points) == 0


@settings(deadline=None, derandomize=True, max_examples=40)
@given(seed=st.integers(0, 2**32))
def test_only_the_order_of_the_scores_counts(seed):
    """A rising function of the scores changes nothing; more true boxes lower recall and not precision."""
    rng = np.random.default_rng(seed)
    images = [random_image(rng) for _ in range(4)] + [
        (np.array([A]), np.array([0.5]), None, np.array([A]), None)
    ]
    boxes, scores, _, truths, _ = zip(*images, strict=True)
    curve = precision_recall(boxes, scores, truths, iou_threshold=0.5)
    stretched = precision_recall(boxes, [np.exp(9 * s) - 5 for s in scores], truths, iou_threshold=0.5)
    np.testing.assert_array_equal(stretched, curve)
    precision, recall = precision_recall(
        [*boxes, NO_BOXES], [*scores, []], [*truths, [A, B]], iou_threshold=0.5
    )
    np.testing.assert_array_equal(precision, curve[0])
    n_truths = sum(map(len, truths))
    np.testing.assert_allclose(recall, curve[1] * n_truths / (n_truths + 2))


# Average precision


def test_average_precision_by_hand():
    """Hit, miss, hit of two truths: p is 1 up to recall 1/2 and 2/3 beyond."""
    precision, recall = [1, 1 / 2, 2 / 3], [1 / 2, 1 / 2, 1]
    assert math.isclose(average_precision(precision, recall), (51 + 50 * 2 / 3) / 101)
    assert math.isclose(average_precision(precision, recall, points=11), (6 + 5 * 2 / 3) / 11)
    assert math.isclose(average_precision(precision, recall, points=None), (1 + 2 / 3) / 2)


def test_a_recall_at_a_level_reaches_it():
    """7 of 20 is a recall of 0.35 and counts at the level 0.35, where rounded sums of 0.01 lie above it."""
    assert math.isclose(average_precision(np.ones(7), np.arange(1, 8) / 20), 36 / 101)


def test_perfect_and_hopeless_predictions():
    """All found without a false positive is 1; nothing found is 0."""
    for points in (101, 11, None):
        assert average_precision([1, 1], [0.5, 1], points=points) == 1
        assert average_precision([0, 0], [0, 0], points=points) == 0


@settings(deadline=None, derandomize=True, max_examples=100)
@given(seed=st.integers(0, 2**32), threshold=st.sampled_from([0.3, 0.5, 0.75]))
def test_average_precision_equals_its_definition(seed, threshold):
    """On random data sets it is what loops with exact fractions give; finer points approach the area."""
    rng = np.random.default_rng(seed)
    images = [random_image(rng) for _ in range(5)] + [(np.array([A]), [0.5], None, np.array([A]), None)]
    boxes, scores, _, truths, _ = zip(*images, strict=True)
    precision, recall = precision_recall(boxes, scores, truths, iou_threshold=threshold)
    expected = average_precision_by_definition(list(zip(boxes, scores, truths, strict=True)), threshold)
    assert math.isclose(average_precision(precision, recall), expected, abs_tol=1e-12)
    area = average_precision(precision, recall, points=None)
    assert math.isclose(average_precision(precision, recall, points=10**5), area, abs_tol=1e-3)


# Mean average precision


def test_mean_average_precision_by_hand():
    """Class 3 is found with IoU 3/4, right at six of ten thresholds; of class 5 one of two is found."""
    result = mean_average_precision(
        [[[0, 0, 4, 3], B], [FAR]],
        [[0.9, 0.8], [0.7]],
        [[3, 5], [3]],
        [[A, B], [A]],
        [[3, 5], [5]],
    )
    found_one_of_two = 51 / 101
    assert math.isclose(result, (6 / 10 + found_one_of_two) / 2)


def test_the_right_place_in_the_wrong_class_is_wrong():
    """A prediction matches only true boxes of its own class; classes that are nowhere true do not count."""
    arguments = [[A, B]], [[0.9, 0.8]], [[1, 7]], [[A, B]]
    assert mean_average_precision(*arguments, [[1, 2]]) == 0.5
    assert mean_average_precision(*arguments, [[2, 1]]) == 0


def test_mean_average_precision_of_pycocotools():
    """The evaluation of pycocotools 2.0.11 gave the same (run once)."""
    rng = np.random.default_rng(7)
    images = [random_image(rng, n_classes=2) for _ in range(12)]
    assert math.isclose(mean_average_precision(*zip(*images, strict=True)), 0.35561440598895333)


@settings(deadline=None, derandomize=True, max_examples=15)
@given(seed=st.integers(0, 2**32))
def test_mean_average_precision_is_a_mean_of_average_precisions(seed):
    """It is the mean over classes and thresholds of each class alone, whatever the classes' names."""
    rng = np.random.default_rng(seed)
    images = [random_image(rng, n_classes=3) for _ in range(4)]
    boxes, scores, predicted, truths, true = zip(*images, strict=True)
    kinds = sorted(set(np.concatenate(true)))
    if not kinds:
        return
    expected = [
        average_precision_by_definition(
            [(b[p == kind], s[p == kind], t[c == kind]) for b, s, p, t, c in images], threshold
        )
        for kind in kinds
        for threshold in COCO_IOU_THRESHOLDS
    ]
    result = mean_average_precision(boxes, scores, predicted, truths, true)
    assert math.isclose(result, np.mean(expected), abs_tol=1e-12)
    renamed = mean_average_precision(
        boxes, scores, [-9 * p for p in predicted], truths, [-9 * c for c in true]
    )
    assert math.isclose(renamed, result)


# Input that is unusual, and input that is wrong


def test_images_without_boxes():
    """No predictions match nothing, no truths are matched by nothing, and both have shape and type."""
    for boxes, scores, truths in [(NO_BOXES, [], [A]), ([A], [1], NO_BOXES), (NO_BOXES, [], NO_BOXES)]:
        found = match(boxes, scores, truths, iou_threshold=0.5)
        assert found.dtype == np.int64
        np.testing.assert_array_equal(found, [-1] * len(boxes))


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    dtype=st.sampled_from([np.float16, np.float32, np.float64, np.uint8, np.int64]),
)
def test_types_and_memory_do_not_matter(seed, dtype):
    """Small whole numbers give the same matches in every type and layout; arguments are left as they were."""
    boxes, scores, _, truths, _ = random_image(np.random.default_rng(seed))
    boxes, truths = boxes + 1, truths + 1  # none below 0, which unsigned integers lack
    expected = match(boxes, scores, truths, iou_threshold=0.5)
    arguments = [boxes.astype(dtype), (5 * scores).astype(dtype), truths.astype(dtype)]
    strange = [np.repeat(argument[::-1], 2, axis=0)[::-2] for argument in arguments]
    for argument in strange:
        argument.flags.writeable = False
    for each in (
        arguments,
        strange,
        [argument.tolist() if len(argument) else argument for argument in arguments],
    ):
        np.testing.assert_array_equal(match(*each, iou_threshold=0.5), expected)
    np.testing.assert_array_equal(arguments[0], boxes)
    np.testing.assert_array_equal(arguments[2], truths)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(shape=st.lists(st.integers(0, 5), max_size=4).map(tuple))
def test_wrong_shapes_are_refused(shape):
    """Any array shape gives the documented result or a ValueError that names the argument."""
    values = np.zeros(shape)
    if len(shape) == 2 and shape[1] == 4:
        scores = np.zeros(shape[0])
        assert match(values, scores, values, iou_threshold=0.5).shape == shape[:1]
    else:
        with pytest.raises(ValueError, match="predicted_boxes must"):
            match(values, [], NO_BOXES, iou_threshold=0.5)
        with pytest.raises(ValueError, match="true_boxes must"):
            match(NO_BOXES, [], values, iou_threshold=0.5)
        with pytest.raises(ValueError, match=r"predicted_boxes\[1\] must"):
            precision_recall([NO_BOXES, values], [[], []], [[A], [A]], iou_threshold=0.5)
    if len(shape) == 1:
        assert average_precision(values, values) == 0
    else:
        with pytest.raises(ValueError, match="precision must"):
            average_precision(values, values)


@settings(deadline=None, derandomize=True, max_examples=30)
@given(bad=st.sampled_from([math.nan, math.inf, -math.inf]), place=st.integers(0, 3))
def test_what_is_not_finite_is_refused(bad, place):
    """NaN and infinity, wherever they stand, are refused by name."""
    box = np.array([A], np.float64)
    box[0, place] = bad
    for call, name in [
        (lambda: match(box, [1], [A], iou_threshold=0.5), "predicted_boxes"),
        (lambda: match([A], [bad], [A], iou_threshold=0.5), "scores"),
        (lambda: match([A], [1], box, iou_threshold=0.5), "true_boxes"),
        (lambda: match([A], [1], [A], iou_threshold=bad), "iou_threshold"),
        (lambda: precision_recall([[A]], [[1]], [box], iou_threshold=0.5), r"true_boxes\[0\]"),
        (lambda: average_precision([bad], [1]), "precision"),
        (lambda: average_precision([1], [bad]), "recall"),
        (
            lambda: mean_average_precision([[A]], [[1]], [[0]], [[A]], [[0]], iou_thresholds=[bad]),
            "iou_thresholds",
        ),
    ]:
        with pytest.raises(ValueError, match=f"{name} must be finite"):
            call()


@pytest.mark.parametrize("values", NOT_NUMBERS)
def test_what_is_not_a_number_is_refused(values):
    """Objects, strings and complex numbers are a TypeError."""
    for call in (
        lambda: match(values, [1, 1], [A], iou_threshold=0.5),
        lambda: match([A], values[0, :1], [A], iou_threshold=0.5),
        lambda: match([A], [1], values, iou_threshold=0.5),
        lambda: precision_recall([[A]], [[1]], [values], iou_threshold=0.5),
        lambda: average_precision(values[0], values[0]),
        lambda: mean_average_precision([[A]], [[1]], [values[0, :1]], [[A]], [[1]]),
    ):
        with pytest.raises(TypeError, match="must hold real numbers, got dtype"):
            call()


def test_errors_say_what_is_wrong():
    """Each wrong argument is named, with the image it belongs to, what was wanted and what came."""
    one = [[A]], [[1]], [[0]], [[A]], [[0]]
    cases = [
        (
            lambda: match([[3, 0, 1, 1]], [1], [A], iou_threshold=0.5),
            ValueError,
            "predicted_boxes must have x_max >= x_min and y_max >= y_min, got [3, 0, 1, 1]",
        ),
        (
            lambda: precision_recall([[A]], [[1]], [[A, [0, 5, 1, 1]]], iou_threshold=0.5),
            ValueError,
            "true_boxes[0] must have x_max >= x_min and y_max >= y_min, got [0, 5, 1, 1]",
        ),
        (
            lambda: match([A], [1, 2], [A], iou_threshold=0.5),
            ValueError,
            "scores must be one per predicted box, 1, got 2",
        ),
        (
            lambda: match([A], [1], [A], iou_threshold=0),
            ValueError,
            "iou_threshold must be more than 0, got 0",
        ),
        (
            lambda: match([A], [1], [A], iou_threshold=50),
            ValueError,
            "iou_threshold must be between 0 and 1, got 50",
        ),
        (
            lambda: precision_recall([[A]], [[1], [1]], [[A]], iou_threshold=0.5),
            ValueError,
            "scores must have one entry per image, 1, got 2",
        ),
        (
            lambda: precision_recall(7, [[1]], [[A]], iou_threshold=0.5),
            TypeError,
            "predicted_boxes must be a list with one entry per image, got 7",
        ),
        (
            lambda: precision_recall([[A]], [[1]], [NO_BOXES], iou_threshold=0.5),
            ValueError,
            "true_boxes must hold at least one box in some image, got none",
        ),
        (
            lambda: precision_recall([], [], [], iou_threshold=0.5),
            ValueError,
            "true_boxes must hold at least one",
        ),
        (
            lambda: average_precision([1, 1], [1]),
            ValueError,
            "precision and recall must have the same length, got 2 and 1",
        ),
        (lambda: average_precision([1, 1], [0.5, 0.4]), ValueError, "recall must not fall"),
        (
            lambda: average_precision([1.1], [1]),
            ValueError,
            "precision must lie in [0, 1], got values from 1.1",
        ),
        (lambda: average_precision([1], [1], points=1), ValueError, "points must be at least 2, got 1"),
        (
            lambda: mean_average_precision(*one[:4], [[0], [0]]),
            ValueError,
            "true_classes must have one entry per image, 1, got 2",
        ),
        (
            lambda: mean_average_precision(*one[:4], [[0, 1]]),
            ValueError,
            "true_classes[0] must be one per box, 1, got 2",
        ),
        (
            lambda: mean_average_precision(*one[:4], [[0.5]]),
            TypeError,
            "true_classes[0] must hold integers, got dtype float64",
        ),
        (
            lambda: mean_average_precision(*one, iou_thresholds=[]),
            ValueError,
            "iou_thresholds must be a list of thresholds, got []",
        ),
        (
            lambda: mean_average_precision(*one, iou_thresholds=0.5),
            ValueError,
            "iou_thresholds must be a list of thresholds, got 0.5",
        ),
        (
            lambda: mean_average_precision([NO_BOXES], [[]], [[]], [NO_BOXES], [[]]),
            ValueError,
            "true_boxes must hold at least one box in some image, got none",
        ),
    ]
    for call, error, message in cases:
        with pytest.raises(error, match=re.escape(message)):
            call()
