"""The editor of a box writes it as the library does, and takes it by mouse, touch, keys and number."""

import base64

import numpy as np
import pytest
from playwright.sync_api import expect

from imagebook import boxes, images


def test_the_page_knows_the_photographs_shapes(modules):
    """The boxes count in the pixels of the library's photographs."""
    found = modules("box_editor", "shapeOf", [[name] for name in images.NAMES])
    assert found == [list(images.photograph(name).shape[:2]) for name in images.NAMES]


def test_a_number_moves_the_box_as_the_library_would(modules):
    """1,000 edits: replace one of four numbers, convert back, clip; or no box, where the library refuses."""
    rng = np.random.default_rng(0)
    shape = (200, 300)
    cases, wanted = [], []
    for _ in range(1000):
        corners = np.sort(rng.integers(0, 200, (2, 2)), axis=0).ravel()
        layout = str(rng.choice(boxes.LAYOUTS))
        index, value = int(rng.integers(4)), float(rng.integers(-100, 601)) / 2
        cases.append([corners.tolist(), layout, index, value, shape])
        numbers = boxes.convert(corners, "xyxy", layout)
        numbers[index] = value
        try:
            whole = boxes.convert(numbers, layout, "xyxy")
        except ValueError:
            wanted.append(None)
        else:
            clipped = boxes.clip(whole, shape)
            wanted.append((clipped, bool((clipped != whole).any())))
    found = modules("box_editor", "edited", cases)
    assert [case is None for case in found] == [case is None for case in wanted]
    pairs = [(a, b) for a, b in zip(found, wanted, strict=True) if b is not None]
    for result, (box, cut) in pairs:
        np.testing.assert_allclose(result["box"], box, atol=1e-6)
        assert result["cut"] == cut
    assert 50 < sum(cut for _, (_, cut) in pairs) < len(pairs) - 50 and wanted.count(None) > 50


def at(page, x, y):
    """Return where a pixel of the photograph is on the page."""
    place = page.locator(".box_editor-ground").bounding_box()
    scale = place["width"] / 300
    return place["x"] + x * scale, place["y"] + y * scale


def field(page, layout, name):
    """Return a field."""
    return page.get_by_label(f"{layout}: {name}", exact=True)


def test_a_box_is_drawn_moved_and_resized(figure_page):
    """Drag on empty ground, then on the box, then on a corner; a click alone changes nothing."""
    page = figure_page("box_editor")
    page.mouse.click(*at(page, 20, 180))
    assert page.evaluate("state('box_editor').box") == [87, 9, 205, 155]
    page.mouse.move(*at(page, 250, 180))
    page.mouse.down()
    page.mouse.move(*at(page, 220, 120), steps=4)
    page.mouse.up()
    drawn = page.evaluate("state('box_editor').box")
    assert drawn == pytest.approx([220, 120, 250, 180], abs=1.01)
    page.mouse.move(*at(page, 235, 165))
    page.mouse.down()
    page.mouse.move(*at(page, 135, 65), steps=4)
    page.mouse.up()
    moved = page.evaluate("state('box_editor').box")
    assert moved == pytest.approx(np.subtract(drawn, 100), abs=1.01)
    page.mouse.move(*at(page, moved[2], moved[3]))
    page.mouse.down()
    page.mouse.move(*at(page, 400, 300), steps=4)
    page.mouse.up()
    assert page.evaluate("state('box_editor').box") == [*moved[:2], 300, 200]
    page.locator(".ib-box-face").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowUp")
    left, top = moved[0] - 1, moved[1] - 10
    width, height = 300 - moved[0], 200 - moved[1]
    expect(field(page, "xywh", "x min")).to_have_value(f"{left:g}")
    expect(field(page, "xywh", "height")).to_have_value(f"{height:g}")
    expect(field(page, "cxcywh", "y centre")).to_have_value(f"{top + height / 2:g}")
    expect(page.locator(".box_editor-result")).to_contain_text(f"= {width * height:,g} square")


def test_a_finger_draws_a_box(figure_page):
    """Touch events reach the empty ground."""
    page = figure_page("box_editor", has_touch=True, viewport={"width": 390, "height": 844})
    (x0, y0), (x1, y1) = at(page, 10, 110), at(page, 60, 170)
    client = page.context.new_cdp_session(page)
    for kind, points in [
        ("touchStart", [{"x": x0, "y": y0}]),
        ("touchMove", [{"x": (x0 + x1) / 2, "y": (y0 + y1) / 2}]),
        ("touchMove", [{"x": x1, "y": y1}]),
        ("touchEnd", []),
    ]:
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    page.wait_for_function("() => state('box_editor').box[2] >= 59 && state('box_editor').box[2] < 70")
    assert page.evaluate("state('box_editor').box") == pytest.approx([10, 110, 60, 170], abs=1.01)


def test_numbers_are_checked(figure_page):
    """A centre moves the whole box, a negative width is refused, what is outside is cut off."""
    page = figure_page("box_editor")
    x = field(page, "cxcywh", "x centre")
    x.fill("100")
    x.press("Enter")
    page.wait_for_function("() => state('box_editor').box.join() === '41,9,159,155'")
    x_max = field(page, "xyxy", "x max")
    expect(x_max).to_have_value(
        "159"
    )  # fields follow with the next frame: one that changes while it is filled keeps both
    x_max.fill("30")
    x_max.press("Enter")
    expect(x_max).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".ib-notice")).to_contain_text("no box")
    assert page.evaluate("state('box_editor').box") == [41, 9, 159, 155]
    x_max.fill("999")
    x_max.press("Enter")
    expect(x_max).to_have_value("300")
    expect(page.locator(".ib-notice")).to_contain_text("cut off")
    expect(x_max).not_to_have_attribute("aria-invalid", "true")


def test_a_box_outside_of_the_photograph_is_explained(figure_page):
    """The rule allows boxes that this photograph does not reach."""
    page = figure_page("box_editor")
    page.evaluate("setState('box_editor', {photograph: 'cat', box: [230, 160, 300, 200]})")
    expect(page.locator(".box_editor-result")).to_contain_text("without area")
    expect(field(page, "xyxy", "x min")).to_have_value("224")


def test_a_picture_of_ones_own(figure_page):
    """A file is shown in its own size; the box is cut off there."""
    page = figure_page("box_editor")
    jpeg = page.evaluate(
        """() => {
            const canvas = Object.assign(document.createElement('canvas'), {width: 100, height: 80});
            canvas.getContext('2d').fillRect(0, 0, 9, 9);
            return canvas.toDataURL('image/png').split(',')[1];
        }"""
    )
    page.locator("input[type=file]").set_input_files(
        {"name": "own.png", "mimeType": "image/png", "buffer": base64.b64decode(jpeg)}
    )
    expect(page.locator(".box_editor-surface")).to_have_attribute(
        "aria-label", "Your picture, 100 × 80 pixels, with a box"
    )
    expect(field(page, "xyxy", "x max")).to_have_value("100")
    expect(field(page, "xyxy", "y max")).to_have_value("80")
