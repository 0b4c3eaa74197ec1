import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebook.boxes import area, clip, convert, from_mask, iou, nms, pairwise_iou


def random_boxes(rng, count, *, side=12):
    """Return boxes with integer corners in a square; some of them have no area."""
    corners = np.sort(rng.integers(0, side, (count, 2, 2)), axis=1)
    return corners.reshape(count, 4)


def painted(box, side=12):
    """Return the mask of the pixels that a box with integer corners covers."""
    x_min, y_min, x_max, y_max = box
    mask = np.zeros((side, side), bool)
    mask[y_min:y_max, x_min:x_max] = True
    return mask


def test_area_of_the_glossarys_bounding_box():
    """Google's Machine Learning Glossary (read 2026-11): (275, 1271) to (2954, 2761) is 2679 x 1490."""
    assert area([275, 1271, 2954, 2761]) == 2679 * 1490 == 3_991_710


def test_iou_of_the_glossary():
    """A box moved by half its side down and right (the glossary's picture): intersection 1, union 7."""
    assert iou([0, 0, 2, 2], [1, 1, 3, 3]) == 1 / 7


@given(st.integers(0, 2**32))
@settings(derandomize=True, deadline=None)
def test_area_and_iou_count_the_pixels_of_painted_boxes(seed):
    """On integer corners, area and IoU are counts of pixels; where no pixel is painted, IoU is 0."""
    boxes = random_boxes(np.random.default_rng(seed), 6)
    masks = [painted(box) for box in boxes]
    np.testing.assert_array_equal(area(boxes), [mask.sum() for mask in masks])
    for a, row in enumerate(pairwise_iou(boxes, boxes)):
        for b, value in enumerate(row):
            union = (masks[a] | masks[b]).sum()
            assert value == ((masks[a] & masks[b]).sum() / union if union else 0)
            assert value == iou(boxes[a], boxes[b])


@given(st.integers(0, 2**32), st.sampled_from([np.float32, np.float64]))
@settings(derandomize=True, deadline=None)
def test_iou_is_symmetric_and_between_0_and_1_despite_rounding(seed, dtype):
    """IoU never exceeds 1, is the same from both sides, and is exactly 1 for a box with itself."""
    rng = np.random.default_rng(seed)
    boxes = np.sort(rng.random((8, 2, 2)) * 10.0 ** rng.integers(-3, 4), axis=1).reshape(8, 4).astype(dtype)
    nearly = np.concatenate([boxes, np.nextafter(boxes, boxes.mean())[area(boxes) > 0]])
    nearly[:, 2:] = np.maximum(nearly[:, :2], nearly[:, 2:])
    overlaps = pairwise_iou(nearly, nearly)
    assert overlaps.dtype == dtype
    np.testing.assert_array_equal(overlaps, overlaps.T)
    assert overlaps.min() >= 0
    assert overlaps.max() <= 1
    np.testing.assert_array_equal(np.diag(overlaps), area(nearly) > 0)


def test_iou_without_area_or_contact_is_zero():
    """Equal boxes without area, and boxes that only share an edge, have IoU 0."""
    assert iou([1, 1, 1, 1], [1, 1, 1, 1]) == 0
    assert iou([0, 0, 1, 1], [1, 0, 2, 1]) == 0
    assert iou([0, 0, 1, 1], [5, 5, 6, 6]) == 0
    assert type(iou([0, 0, 1, 1], [0, 0, 1, 2])) is float


def test_nms_by_hand():
    """Box 1 wins and drops box 0 (IoU 4/6 > 0.5); box 2 is far away; box 3 has IoU 1/2 and stays."""
    boxes = [[0, 0, 2, 2], [0, 0, 2, 3], [5, 5, 6, 6], [0, 0, 1, 3]]
    kept = nms(boxes, [0.8, 0.9, 0.1, 0.7], iou_threshold=0.5)
    np.testing.assert_array_equal(kept, [1, 3, 2])
    assert kept.dtype == np.int64
    np.testing.assert_array_equal(nms(boxes, [0.8, 0.9, 0.1, 0.7], iou_threshold=0.49), [1, 2])


def test_nms_drops_only_what_overlaps_a_kept_box():
    """Of three boxes in a row the middle one is dropped, so the third is kept although it overlaps it."""
    boxes = [[0, 0, 4, 1], [1, 0, 5, 1], [2, 0, 6, 1]]  # neighbours: IoU 3/5; first and last: 2/6
    np.testing.assert_array_equal(nms(boxes, [0.9, 0.8, 0.7], iou_threshold=0.5), [0, 2])


def test_nms_ties_go_to_the_lower_index():
    """Among equal boxes of equal score the first is kept, also for unsigned scores."""
    boxes = [[0, 0, 1, 1]] * 20
    np.testing.assert_array_equal(nms(boxes, [1.0] * 20, iou_threshold=0.5), [0])
    np.testing.assert_array_equal(nms(boxes, [1.0] * 20, iou_threshold=1), np.arange(20))
    scores = np.array([0] + [7] * 19, np.uint8)
    np.testing.assert_array_equal(nms(boxes, scores, iou_threshold=0.5), [1])


def test_nms_never_drops_a_box_without_area():
    """A box without area has IoU 0 with everything, even with its equal."""
    np.testing.assert_array_equal(nms([[1, 1, 1, 5]] * 2, [0.5, 0.6], iou_threshold=0), [1, 0])


@given(st.integers(0, 2**32), st.sampled_from([0, 0.1, 0.5, 1]))
@settings(derandomize=True, deadline=None)
def test_nms_keeps_a_box_exactly_if_no_better_kept_box_overlaps_it(seed, threshold):
    """By falling score, a box is kept exactly if its IoU with all kept before is within the threshold."""
    rng = np.random.default_rng(seed)
    boxes, scores = random_boxes(rng, 12), rng.integers(0, 5, 12)
    expected = []
    for index in sorted(range(12), key=lambda i: (-scores[i], i)):
        if all(iou(boxes[index], boxes[better]) <= threshold for better in expected):
            expected.append(index)
    np.testing.assert_array_equal(nms(boxes, scores, iou_threshold=threshold), expected)


@pytest.mark.parametrize("threshold", [0, 0.3, 0.6])
def test_nms_of_many_boxes_equals_one_at_a_time(threshold):
    """Of 600 boxes, more than are decided on together, the same survive as in the plain loop, with ties."""
    rng = np.random.default_rng(0)
    low = rng.random((600, 2)) * 60
    boxes, scores = np.hstack([low, low + 5 + 10 * rng.random((600, 2))]), rng.integers(0, 50, 600)
    waiting, expected = np.argsort(-scores, kind="stable"), []
    while waiting.size:
        expected.append(waiting[0])
        waiting = waiting[1:][pairwise_iou(boxes[waiting[:1]], boxes[waiting[1:]])[0] <= threshold]
    assert 0 < len(expected) < 600
    np.testing.assert_array_equal(nms(boxes, scores, iou_threshold=threshold), expected)


def test_pairwise_iou_of_many_boxes_equals_each_pair():
    """Row by row it is `iou`, in more rows than are computed together; no boxes give no rows or columns."""
    boxes = random_boxes(np.random.default_rng(0), 300)
    overlaps = pairwise_iou(boxes, boxes)
    for n in (0, 108, 109, 110, 217, 218, 219, 299):  # 2**15 // 300 = 109 rows at a time
        np.testing.assert_array_equal(overlaps[n], [iou(boxes[n], box) for box in boxes])
    assert pairwise_iou(boxes, np.zeros((0, 4))).shape == (300, 0)
    assert pairwise_iou(np.zeros((0, 4)), boxes).shape == (0, 300)


def test_nms_of_5000_boxes_builds_no_square_matrix():
    """The peak of memory stays below 5000 x 5000 bytes, a matrix of even the smallest type."""
    rng = np.random.default_rng(0)
    low = rng.random((5000, 2)) * 100
    boxes = np.hstack([low, low + 10])
    tracemalloc.start()
    nms(boxes, rng.random(5000), iou_threshold=0.3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5000 * 5000


def test_convert_by_hand():
    """The corners (1, 2), (5, 10) are 4 wide, 8 high and centred on (3, 6)."""
    written = {"xyxy": [1, 2, 5, 10], "xywh": [1, 2, 4, 8], "cxcywh": [3, 6, 4, 8]}
    for source, box in written.items():
        for target, expected in written.items():
            np.testing.assert_array_equal(convert(box, source, target), expected)


@pytest.mark.parametrize("source", ["xyxy", "xywh", "cxcywh"])
@pytest.mark.parametrize("target", ["xyxy", "xywh", "cxcywh"])
def test_convert_there_and_back(source, target):
    """Converting back gives the boxes again, up to rounding; to the same layout exactly."""
    rng = np.random.default_rng(0)
    boxes = np.hstack([rng.random((50, 2)), 1 + rng.random((50, 2))])  # valid in each of the layouts
    back = convert(convert(boxes, source, target), target, source)
    np.testing.assert_allclose(back, boxes, rtol=0, atol=1e-14)
    if source == target:
        np.testing.assert_array_equal(back, boxes)


def test_clip_cuts_at_the_border():
    """An image of 5 rows and 8 columns: inside stays, across is cut, outside becomes empty at the border."""
    boxes = [[1, 1, 2, 2], [-1, 2, 9, 7], [10, -4, 12, -3]]
    expected = [[1, 1, 2, 2], [0, 2, 8, 5], [8, 0, 8, 0]]
    np.testing.assert_array_equal(clip(boxes, (5, 8)), expected)
    np.testing.assert_array_equal(clip(boxes[1], (5, 8)), expected[1])


def test_from_mask_by_hand():
    """A single pixel in row 2, column 3 covers x from 3 to 4 and y from 2 to 3."""
    mask = np.zeros((4, 5), bool)
    mask[2, 3] = True
    np.testing.assert_array_equal(from_mask(mask), [3, 2, 4, 3])
    mask[0, 1] = True
    np.testing.assert_array_equal(from_mask(mask.astype(np.int16) * -1), [1, 0, 4, 3])


def test_from_mask_undoes_painting():
    """The box of a painted box is that box, with its area the number of painted pixels."""
    boxes = random_boxes(np.random.default_rng(1), 50)
    for box in boxes[area(boxes) > 0]:
        np.testing.assert_array_equal(from_mask(painted(box)), box)


def test_types_and_single_boxes():
    """float32 stays float32, integers become float64, and one box gives one result."""
    for dtype, expected in [(np.float32, np.float32), (np.float64, np.float64), (np.int16, np.float64)]:
        boxes = np.array([[0, 0, 200, 300]], dtype)  # 60,000 does not fit into 16 bits
        assert area(boxes).dtype == area(boxes[0]).dtype == expected
        assert area(boxes[0]) == 60_000
        assert clip(boxes, (5, 5)).dtype == expected
        assert convert(boxes, "xyxy", "cxcywh").dtype == expected


def test_no_boxes():
    """N = 0 gives empty results of the right shape."""
    none = np.zeros((0, 4), np.float32)
    assert area(none).shape == (0,)
    assert pairwise_iou(none, [[0, 0, 1, 1]]).shape == (0, 1)
    assert pairwise_iou([[0, 0, 1, 1]], none).shape == (1, 0)
    assert nms(none, np.zeros(0), iou_threshold=0.5).shape == (0,)
    assert nms(none, np.zeros(0), iou_threshold=0.5).dtype == np.int64
    assert convert(none, "xyxy", "cxcywh").shape == (0, 4)
    assert clip(none, (5, 5)).dtype == np.float32


def test_results_do_not_share_memory_with_read_only_boxes():
    """Arguments may be read-only, and no result is a view of them."""
    boxes = np.array([[0.0, 0, 1, 1]])
    boxes.flags.writeable = False
    for result in (convert(boxes, "xyxy", "xyxy"), clip(boxes, (5, 5))):
        np.testing.assert_array_equal(result, boxes)
        assert not np.shares_memory(result, boxes)


def test_errors_name_the_box():
    """A box that ends before it begins, is not finite or does not have four numbers is named in the error."""
    good, bad = [0, 0, 1, 1], [3, 0, 1, 1]
    with pytest.raises(
        ValueError, match=r"boxes\[1\] must have x_max >= x_min .* got \[3.0, 0.0, 1.0, 1.0\]"
    ):
        area([good, bad])
    with pytest.raises(ValueError, match=r"box_b must have x_max >= x_min and y_max >= y_min"):
        iou(good, bad)
    with pytest.raises(ValueError, match=r"boxes_b\[0\] must have"):
        pairwise_iou([good], [bad])
    with pytest.raises(
        ValueError, match=r"boxes must have width >= 0 and height >= 0, got \[3.0, 0.0, 1.0, -1.0\]"
    ):
        convert([3, 0, 1, -1], "xywh", "xyxy")
    with pytest.raises(ValueError, match="boxes must be finite"):
        area([0, 0, np.inf, 1])
    with pytest.raises(ValueError, match=r"boxes must have 4 numbers per box, got shape \(1, 5\)"):
        area([[0, 0, 1, 1, 1]])
    with pytest.raises(ValueError, match=r"box_a must be an array with 1 dimension, got shape \(1, 4\)"):
        iou([good], good)


def test_errors_of_the_other_arguments():
    """Scores, thresholds, layouts and masks that cannot be meant are refused."""
    boxes = [[0, 0, 1, 1], [0, 0, 2, 2]]
    with pytest.raises(ValueError, match="scores must be one per box, 2, got 3"):
        nms(boxes, [1, 2, 3], iou_threshold=0.5)
    with pytest.raises(ValueError, match="scores must be finite"):
        nms(boxes, [1, np.nan], iou_threshold=0.5)
    with pytest.raises(ValueError, match="iou_threshold must be between 0 and 1, got 50"):
        nms(boxes, [1, 2], iou_threshold=50)
    with pytest.raises(ValueError, match="target must be one of 'xyxy', 'xywh', 'cxcywh', got 'yxyx'"):
        convert(boxes, "xyxy", "yxyx")
    with pytest.raises(ValueError, match=r"mask must have a nonzero pixel, got none in shape \(2, 3\)"):
        from_mask(np.zeros((2, 3), bool))
    with pytest.raises(TypeError, match="mask must hold booleans or integers, got dtype float64"):
        from_mask(np.ones((2, 3)))
