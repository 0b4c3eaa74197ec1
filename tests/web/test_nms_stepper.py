"""The steps of non-maximum suppression end where the library's function does."""

import numpy as np
import pytest
from playwright.sync_api import expect

from imagebook import boxes, widgets


def detections(rng):
    """Return boxes, scores with ties, and a threshold that some overlaps equal."""
    count = rng.integers(1, 13)
    corners = np.sort(rng.integers(0, 7, (count, 2, 2)), axis=1).reshape(count, 4)
    scores = rng.integers(0, 5, count) / 4 if rng.random() < 0.5 else rng.random(count)
    return corners.astype(float), scores, float(rng.choice([0, 0.25, 1 / 3, 0.5, 1, rng.random()]))


def test_the_page_keeps_the_librarys_boxes(modules):
    """800 scenes: the same indices in the same order, ties, empty boxes and overlaps at the threshold."""
    rng = np.random.default_rng(0)
    scenes = [detections(rng) for _ in range(800)]
    found = modules("kit/boxes", "nms", [[a.tolist(), s.tolist(), t] for a, s, t in scenes])
    wanted = [boxes.nms(a, s, iou_threshold=t).tolist() for a, s, t in scenes]
    assert found == wanted
    assert sum(len(set(s)) < len(s) for _, s, _ in scenes) > 200
    assert sum((boxes.area(a) == 0).any() for a, _, _ in scenes) > 100
    at_threshold = [(boxes.pairwise_iou(a, a) == t).any() for a, _, t in scenes]
    assert (
        sum(at_threshold) > 50
        and sum(len(k) < len(s) for k, (_, s, _) in zip(wanted, scenes, strict=True)) > 300
    )


def test_every_overlap_that_is_shown_is_the_librarys(modules):
    """500 scenes: in every round the overlaps with all that wait, and those above the threshold."""
    rng = np.random.default_rng(1)
    scenes = [detections(rng) for _ in range(500)]
    found = modules("kit/boxes", "suppressionRounds", [[a.tolist(), s.tolist(), t] for a, s, t in scenes])
    for rounds, (corners, scores, threshold) in zip(found, scenes, strict=True):
        overlaps = boxes.pairwise_iou(corners, corners)
        seen = []
        for entry in rounds:
            others = [other["index"] for other in entry["overlaps"]]
            shown = [other["iou"] for other in entry["overlaps"]]
            np.testing.assert_allclose(shown, overlaps[entry["best"], others], rtol=1e-12)
            assert entry["struck"] == [i for i in others if overlaps[entry["best"], i] > threshold]
            assert all(scores[entry["best"]] >= scores[i] for i in others)
            seen += [entry["best"], *entry["struck"]]
        assert sorted(seen) == list(range(len(scores)))


def test_what_the_steps_show(modules):
    """A chain by hand: A strikes out B; C overlaps B, but B is out, so C stays."""
    chain = [[10, 20, 40, 60], [22, 20, 52, 60], [34, 20, 64, 60]]
    [rounds] = modules("kit/boxes", "suppressionRounds", [[chain, [0.9, 0.8, 0.7], 0.4]])
    states = modules("nms_stepper", "statusAt", [[rounds, 3, step] for step in range(5)])
    kinds = ["".join(status["kind"][0] for status in state) for state in states]
    assert kinds == ["www", "bww", "bsw", "ksb", "ksb"]
    assert states[1][1]["iou"] == pytest.approx(18 / 42) and states[2][2]["iou"] == pytest.approx(6 / 54)
    assert states[4][1]["by"] == 0 and states[4][1]["iou"] == pytest.approx(18 / 42)


def test_python_and_the_page_refuse_the_same_rows(modules):
    """A box that ends before it begins, one beside the sheet, a score above 1."""
    good = [1, 2, 3, 4, 0.5]
    for bad in [[3, 2, 1, 4, 0.5], [1, 4, 3, 2, 0.5], [1, 2, 3, 81, 0.5], [1, 2, 3, 4, 1.5]]:
        assert modules("nms_stepper", "firstWrong", [[[good, bad]], [[bad, good]], [[good]]]) == [2, 1, 0]
        with pytest.raises(ValueError, match="inside of 120 x 80"):
            widgets.NMSStepper(detections=[good, bad])


def test_the_first_example_is_the_start(modules):
    """The page and Python have the same boxes."""
    assert modules("nms_stepper", "detections", [[]]) == [widgets.NMSStepper().detections.tolist()]


def test_stepping_and_dragging(figure_page):
    """Keys step on; the table tells the decisions; a box that is moved away is no longer struck out."""
    page = figure_page("nms_stepper")
    told, table = page.locator(".nms_stepper-told"), page.locator(".nms_stepper-table")
    expect(told).to_contain_text("Strike out D, G, J")
    expect(table).to_contain_text("✗ struck out")
    expect(table).to_contain_text("IoU with A")
    page.get_by_role("button", name="One step on").press("Enter")
    expect(told).to_contain_text("Keep B")
    expect(table).to_contain_text("✗ struck by A")
    page.evaluate("setState('nms_stepper', {step: 24})")
    kept = [f"{'ABCDEFGHIJ'[index]}" for index in widgets.NMSStepper().output]
    expect(told).to_contain_text(f"Kept: {', '.join(kept)}.")
    face = page.get_by_role("button", name="Box G:")
    face.focus()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowDown")
    rows = page.evaluate("state('nms_stepper').detections")
    assert rows[6][:4] == [8, 47, 41, 80]
    kept = boxes.nms(np.array(rows)[:, :4], np.array(rows)[:, 4], iou_threshold=0.5)
    assert 6 in kept
    expect(told).to_contain_text(f"Kept: {', '.join('ABCDEFGHIJ'[index] for index in kept)}.")
    place = page.locator(".nms_stepper-sheet").bounding_box()
    unit = place["width"] / 120
    page.mouse.move(place["x"] + 24 * unit, place["y"] + 75 * unit)
    page.mouse.down()
    page.mouse.move(place["x"] + 34 * unit, place["y"] + 70 * unit, steps=3)
    page.mouse.up()
    assert page.evaluate("state('nms_stepper').detections[6].slice(0, 4)") == [18, 42, 51, 75]


def test_a_bad_state_is_explained(figure_page):
    """A link can hold boxes that are none."""
    page = figure_page("nms_stepper")
    page.evaluate("setState('nms_stepper', {detections: [[5, 5, 1, 1, 0.5]]})")
    expect(page.locator(".nms_stepper-told")).to_contain_text("Box 1 is not on the sheet")
    page.get_by_label("Example").select_option(label="a chain: the first saves the third")
    expect(page.locator(".nms_stepper-told")).to_contain_text("3 boxes wait")
