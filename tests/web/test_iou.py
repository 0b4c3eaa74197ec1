"""The figure of intersection over union counts as the library does, and answers mouse, touch and keys."""

import numpy as np
import pytest

from imagebook import boxes


def random_boxes(rng, count):
    """Return boxes on a sheet of 12 x 8, some of them touching, equal or without area."""
    corners = rng.integers(0, 6, (count, 2))
    sizes = rng.integers(0, 8, (count, 2))
    return np.concatenate([corners, corners + sizes], axis=1) / rng.choice([1.0, 3.0])


def test_the_page_computes_the_librarys_iou(modules):
    """1,000 pairs of boxes, among them pairs that only touch."""
    rng = np.random.default_rng(0)
    first, second = random_boxes(rng, 1000), random_boxes(rng, 1000)
    found = modules(
        "kit/boxes", "iou", [[a.tolist(), b.tolist()] for a, b in zip(first, second, strict=True)]
    )
    wanted = [boxes.iou(a, b) for a, b in zip(first, second, strict=True)]
    np.testing.assert_allclose(found, wanted, rtol=1e-12)
    assert 0 in wanted and len(set(wanted)) > 50


def test_one_seventh(modules):
    """Two squares of side 2, the second half a side off."""
    assert modules("kit/boxes", "iou", [[[0, 0, 2, 2], [1, 1, 3, 3]]]) == [pytest.approx(1 / 7)]


def test_the_fraction_is_in_lowest_terms(modules):
    """Only where both areas are whole numbers, and neither 0 nor 1 comes out."""
    cases = [[4, 28], [4, 32], [6, 7], [0, 8], [8, 8], [2.5, 7], [3.0000000001, 9]]
    assert modules("iou", "fraction", cases) == ["1/7", "1/8", "6/7", "", "", "", "1/3"]


def test_a_covered_corner_can_be_dragged(figure_page):
    """The first box's corner that lies under the second box is on top of it."""
    page = figure_page("iou")
    unit = page.locator(".iou-sheet").bounding_box()["width"] / 12
    drag(page, page.locator(".iou-first .ib-box-corner").nth(2), unit, unit)
    assert page.evaluate("state('iou').first") == pytest.approx([1, 2, 8, 7], abs=0.11)


def drag(page, locator, dx, dy):
    """Move something by pixels with the mouse."""
    box = locator.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 + dx, box["y"] + box["height"] / 2 + dy, steps=4)
    page.mouse.up()


def test_a_box_is_dragged_resized_and_nudged(figure_page):
    """The mouse moves a box, a corner resizes it, arrow keys nudge it by a tenth."""
    page = figure_page("iou")
    unit = page.locator(".iou-sheet").bounding_box()["width"] / 12
    face = page.locator(".iou-first .ib-box-face")
    before = page.evaluate("state('iou').first")
    drag(page, face, -unit, unit)
    moved = page.evaluate("state('iou').first")
    assert moved == pytest.approx(np.add(before, [-1, 1, -1, 1]), abs=0.11)
    drag(page, page.locator(".iou-first .ib-box-corner").nth(2), unit, -unit)
    resized = page.evaluate("state('iou').first")
    assert resized == pytest.approx(np.add(moved, [0, 0, 1, -1]), abs=0.11)
    face.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    nudged = page.evaluate("state('iou').first")
    assert nudged == pytest.approx(np.add(resized, [0.1, -1, 0.1, -1]))
    page.wait_for_function(
        "wanted => document.querySelector('.iou-result').textContent.includes(wanted)",
        arg=f"{round(boxes.iou(nudged, page.evaluate('state(`iou`).second')), 3):g}",
    )


def test_the_page_converts_and_clips_as_the_library(modules):
    """1,000 boxes in and to every layout; and cut off at the border, many wholly outside."""
    rng = np.random.default_rng(1)
    corners = random_boxes(rng, 1000)
    for source in boxes.LAYOUTS:
        given = boxes.convert(corners, "xyxy", source)
        for target in boxes.LAYOUTS:
            found = modules("kit/boxes", "convert", [[box, source, target] for box in given.tolist()])
            np.testing.assert_allclose(found, boxes.convert(given, source, target), rtol=1e-12, atol=1e-12)
    around = corners - rng.integers(-8, 9, (1000, 1))
    found = modules("kit/boxes", "clip", [[box, [4, 6]] for box in around.tolist()])
    wanted = boxes.clip(around, (4, 6))
    np.testing.assert_allclose(found, wanted, rtol=1e-12)
    assert (boxes.area(wanted) == 0).sum() > 50 and (wanted == around).all(axis=1).sum() > 20
    np.testing.assert_allclose(
        modules("kit/boxes", "area", [[box] for box in corners.tolist()]), boxes.area(corners), rtol=1e-12
    )


def test_a_finger_drags_a_box_and_the_page_stays(figure_page):
    """A part of an SVG has no touch-action of its own: the page must not scroll in place of the box."""
    page = figure_page("iou", has_touch=True, viewport={"width": 390, "height": 500})
    place = page.locator(".iou-first .ib-box-face").bounding_box()
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    client = page.context.new_cdp_session(page)
    moves = [("touchMove", [{"x": x + 2 * way, "y": y - 10 * way}]) for way in (1, 2, 3, 4)]
    for kind, points in [("touchStart", [{"x": x, "y": y}]), *moves, ("touchEnd", [])]:
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    unit = page.locator(".iou-sheet").bounding_box()["width"] / 12
    page.wait_for_function("wanted => Math.abs(state('iou').first[1] - wanted) < 0.11", arg=2 - 40 / unit)
    assert page.evaluate("scrollY") == 0
