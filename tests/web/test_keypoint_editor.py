"""Keypoints are scored, and shapes laid onto each other, as the library does."""

import numpy as np
import pytest
from playwright.sync_api import expect

from imagebook import geometry, keypoints, landmarks, widgets
from imagebook.widgets import keypoint_editor


def test_the_page_knows_the_same_flower(modules):
    """Points, scatter, area and reference length are the same in Python."""
    [found] = modules("keypoint_editor", "flower", [[]])
    truth = np.array(keypoint_editor.ANNOTATION)
    assert found == {
        "points": truth.tolist(),
        "sigmas": list(keypoint_editor.SIGMAS),
        "area": keypoint_editor.AREA,
        "reference": keypoint_editor.REFERENCE,
    }
    assert np.ptp(truth, axis=0).max() == keypoint_editor.REFERENCE


def test_the_scores_are_the_librarys(modules):
    """600 sets of points, some exactly on the threshold, some that do not count, at times none."""
    rng = np.random.default_rng(0)
    cases, wanted, on_threshold = [], [], 0
    for _ in range(600):
        count = int(rng.integers(1, 8))
        truth = rng.integers(0, 200, (count, 2)).astype(float)
        # Errors of 0, 5, 10 and 13 pixels are exact; the others are anything.
        whole = np.array([[0, 0], [3, 4], [6, -8], [-5, 12]])[rng.integers(0, 4, count)]
        points = truth + (whole if rng.random() < 0.5 else rng.normal(0, 8, (count, 2)))
        visible = (rng.random(count) < 0.7).astype(int)
        known = {"reference": 100.0, "threshold": float(rng.choice([0, 0.05, 0.1, 0.13, 0.2]))}
        known |= {"area": float(rng.integers(50, 9000)), "sigmas": rng.uniform(0.02, 0.1, count).tolist()}
        on_threshold += (np.hypot(*(points - truth).T) == known["threshold"] * 100).any()
        cases.append([points.tolist(), truth.tolist(), visible.tolist(), known])
        if not visible.any():
            wanted.append((None, None))
            continue
        pck = keypoints.percentage_of_correct_keypoints(
            points, truth, reference=100, threshold=known["threshold"], visible=visible
        )
        oks = keypoints.object_keypoint_similarity(
            points, truth, area=known["area"], sigmas=known["sigmas"], visible=visible
        )
        wanted.append((pck, oks))
    found = modules("keypoint_editor", "measure", cases)
    for result, (pck, oks), (points, truth, visible, _) in zip(found, wanted, cases, strict=True):
        errors = np.hypot(*np.subtract(points, truth).T)
        np.testing.assert_allclose(result["errors"], errors, rtol=1e-12)
        if pck is None:
            assert result["pck"] is result["oks"] is result["mean"] is None
            continue
        assert result["pck"] == pytest.approx(pck) and result["oks"] == pytest.approx(
            oks, rel=1e-9, abs=1e-15
        )
        assert result["mean"] == pytest.approx(errors[np.array(visible) != 0].mean())
    assert on_threshold > 50 and sum(pck is None for pck, _ in wanted) > 20


def shapes(rng):
    """Return two shapes: unlike ones, or one a copy of the other, perhaps mirrored or noisy."""
    count = int(rng.integers(2, 9))
    source = rng.uniform(0, 200, (count, 2))
    if rng.random() < 0.2:
        return source, rng.uniform(0, 200, (count, 2))
    angle, scale = rng.uniform(-np.pi, np.pi), rng.uniform(0.1, 3)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    mirror = np.diag([rng.choice([-1, 1]), 1])
    return source, source @ (turn @ mirror).T + rng.uniform(0, 200, 2) + rng.choice([0, 3]) * rng.normal(
        size=(count, 2)
    )


def test_alignment_is_the_librarys(modules):
    """1,000 pairs of shapes, with and without leave to turn over; about half of them are mirrored."""
    rng = np.random.default_rng(1)
    cases = [[*map(np.ndarray.tolist, shapes(rng)), bool(i % 2)] for i in range(1000)]
    found = modules("keypoint_editor", "align", cases)
    refused = 0
    for result, (source, target, reflection) in zip(found, cases, strict=True):
        try:
            matrix, residual = landmarks.align(source, target, reflection=reflection)
        except ValueError:
            refused += 1
            assert result is None
            continue
        assert result["residual"] == pytest.approx(residual, rel=1e-5, abs=1e-5)
        if len(source) > 2:  # two points fit as well turned over: the matrix is not the only one
            np.testing.assert_allclose(result["matrix"], matrix, rtol=1e-5, atol=1e-5)
            assert result["turnedOver"] == (np.linalg.det(matrix) < 0)
        else:
            laid = geometry.transform_points(np.array(source), np.array(result["matrix"]))
            np.testing.assert_allclose(laid, target, atol=1e-5 + 2 * residual)
    turned = sum(result is not None and result["turnedOver"] for result in found)
    assert turned > 150 and refused < 100


def test_what_cannot_be_aligned(modules):
    """All points in one place, and a mirrored square that may not turn over: the library refuses too."""
    square, mirrored = [[0, 0], [9, 0], [9, 9], [0, 9]], [[9, 0], [0, 0], [0, 9], [9, 9]]
    cases = [[[[5, 5]] * 4, square, True], [square, [[5, 5]] * 4, False], [square, mirrored, False]]
    assert modules("keypoint_editor", "align", cases) == [None, None, None]
    for source, target, reflection in cases:
        with pytest.raises(ValueError, match="landmarks|rotation"):
            landmarks.align(source, target, reflection=reflection)
    [found] = modules("keypoint_editor", "align", [[square, mirrored, True]])
    assert found["turnedOver"] and found["residual"] == pytest.approx(0, abs=1e-9)


def test_the_other_flower_and_the_way_to_it(modules):
    """500 flowers: the page's points are Python's, found parts those that made them."""
    rng = np.random.default_rng(2)
    truth = np.array(keypoint_editor.ANNOTATION, float)
    cases, targets = [], []
    for index in range(500):
        turn, size, mirrored = float(rng.uniform(-179, 179)), float(rng.uniform(0.3, 1)), bool(index % 2)
        figure = widgets.KeypointEditor(turn=turn, size=size, mirrored=mirrored)
        targets.append(figure.target())
        cases.append([turn, size, mirrored])
    matrices = modules("keypoint_editor", "otherFlower", cases)
    for matrix, target in zip(matrices, targets, strict=True):
        np.testing.assert_allclose(geometry.transform_points(truth, np.array(matrix)), target, atol=1e-9)
    aligned = modules(
        "keypoint_editor", "align", [[truth.tolist(), target.tolist(), True] for target in targets]
    )
    parts = modules("keypoint_editor", "parts", [[one] for one in aligned])
    for part, (turn, size, _) in zip(parts, cases, strict=True):
        assert part["degrees"] == pytest.approx(turn, rel=1e-6, abs=1e-6) and part["scale"] == pytest.approx(
            size
        )
    mean = truth.mean(axis=0).tolist()
    for amount in (0, 1):
        ways = modules("keypoint_editor", "partly", [[one, mean, amount] for one in aligned])
        for way, one in zip(ways, aligned, strict=True):
            np.testing.assert_allclose(way, one["matrix"] if amount else np.eye(3), atol=1e-9)


def test_a_point_is_dragged_and_nudged(figure_page):
    """The scores on the page are those of Python for the state on the page."""
    page = figure_page("keypoint_editor")
    sheet = page.locator(".keypoint_editor-sheet").bounding_box()
    unit = sheet["width"] / 200
    x, y = page.evaluate("state('keypoint_editor').points[4]")
    page.mouse.move(sheet["x"] + x * unit, sheet["y"] + y * unit)
    page.mouse.down()
    page.mouse.move(sheet["x"] + 152 * unit, sheet["y"] + 126 * unit, steps=4)
    page.mouse.up()
    assert page.evaluate("state('keypoint_editor').points[4]") == pytest.approx([152, 126], abs=0.2)
    page.get_by_role("button", name="1, centre").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowDown")
    assert page.evaluate("state('keypoint_editor').points[0]") == [102, 72]
    page.get_by_label("foot counts").uncheck()
    state = page.evaluate("state('keypoint_editor')")
    output = widgets.KeypointEditor(**state).output
    result = page.locator(".keypoint_editor-result")
    expect(result).to_contain_text(f"(PCK) {round(100 * output['pck'], 1):g}%")
    expect(result).to_contain_text(f"(OKS) {round(output['oks'], 3):g}")
    page.get_by_label("Show the annotation").uncheck()
    expect(result).to_contain_text("then show the annotation")


def test_shapes_are_aligned(figure_page):
    """A mirrored flower fits only where turning over is allowed; points in one place are explained."""
    page = figure_page("keypoint_editor")
    page.get_by_label("align").check()
    page.get_by_label("Your points", exact=True).select_option(label="all on the spot")
    result = page.locator(".keypoint_editor-result")
    expect(result).to_contain_text("rotate by 40° clockwise, scale by 0.7")
    expect(result).to_contain_text("(residual): 0 px")
    page.get_by_label("mirrored").check()
    residual = widgets.KeypointEditor(**page.evaluate("state('keypoint_editor')")).output["residual"]
    expect(result).to_contain_text(f"(residual): {round(residual, 2):g} px")
    page.get_by_label("May turn the shape over").check()
    expect(result).to_contain_text("turn over left and right, rotate by 40° clockwise")
    page.evaluate("setState('keypoint_editor', {points: Array(6).fill([50, 50])})")
    expect(result).to_contain_text("No rotation lays these points on")
    assert widgets.KeypointEditor(**page.evaluate("state('keypoint_editor')")).output["matrix"] is None


def test_no_point_counts(figure_page):
    """Nothing is scored then, and the page says so."""
    page = figure_page("keypoint_editor")
    page.evaluate("setState('keypoint_editor', {visible: [0, 0, 0, 0, 0, 0]})")
    expect(page.locator(".keypoint_editor-result")).to_contain_text("No point counts")
    assert widgets.KeypointEditor(visible=[0] * 6).output["oks"] is None
