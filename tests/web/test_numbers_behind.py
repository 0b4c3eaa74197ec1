"""The numbers behind pictures: what a canvas or a chart shows is there as a table, and follows the figure."""

import re

import pytest
from live import NAMES, settle

from imagebook.widgets import _modules

# Figures that draw numbers, with a change of state that changes the picture.
PICTURES = {
    "augmentation_studio": {"angle": 90},
    "autoencoder_explorer": {"mode": "blend"},
    "cnn_explorer": {"layer": "pool_1", "channel": 3},
    "downsampling_bench": {"factor": 7},
    "filter_bench": {"colour": True},
    "fine_tuning_board": {"task": "strangers"},
    "invariance_meter": {"angle": 90},
    "latent_map": {"point": [2.0, -1.0]},
    "mnist_browser": {"place": 5},
    "multimodal_prompt": {"token": 3},
    "pixel_writer": {"step": 300},
}
# Figures whose canvas is no matrix that is computed: what says the same in words or in a table.
OTHERWISE = {
    "augmented_reality": "a table of the homography, and the corners' names say where they are",
    "box_editor": "the boxes' numbers are fields, and the photograph is a background",
    "training_pipeline": "a button for each digit says its label and the answer",
}
TABLES = """(slot) => {
    const texts = (part, selector) => [...part.querySelectorAll(selector)].map((cell) => cell.textContent);
    const tables = [...slot.querySelectorAll(".ib-numbers table")].filter((table) => table.checkVisibility());
    return tables.map((table) => ({
        caption: table.caption.textContent,
        heads: texts(table, "thead th"),
        names: texts(table, "tbody th[scope=row]"),
        cells: [...table.querySelectorAll("tbody tr")].map((row) => texts(row, "td")),
    }));
}"""
RED = """(canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, 28, 28);
    return Array.from(data).filter((_, i) => i % 4 === 0);
}"""


def opened(page, name):
    """Return a figure after its numbers were unfolded by keys."""
    slot = page.locator(f".ib-slot[data-figure={name}]")
    for summary in slot.locator(".ib-numbers:visible > summary").all():
        summary.focus()
        page.keyboard.press("Enter")
    settle(page)
    return slot


@pytest.mark.parametrize("name", PICTURES)
def test_a_table_says_what_the_picture_shows(figure_page, name):
    """It unfolds by keys, has a caption and names for rows and columns, and changes with the picture."""
    page = figure_page(name)
    slot = opened(page, name)
    page.wait_for_function("(slot) => slot.querySelector('.ib-numbers table')", arg=slot.element_handle())
    before = slot.evaluate(TABLES)
    for table in before:
        assert len(table["caption"]) > 5
        assert all(len(row) == len(table["heads"]) for row in table["cells"])
        assert 0 < len(table["names"]) == len(table["cells"]) <= 40 and all(table["names"])
        assert 0 < len(table["heads"]) <= 28
    page.evaluate("([name, values]) => setState(name, values)", [name, PICTURES[name]])
    page.wait_for_function(
        f"([slot, before]) => JSON.stringify(({TABLES})(slot)) !== before",
        arg=[slot.element_handle(), page.evaluate("(value) => JSON.stringify(value)", before)],
    )


@pytest.mark.parametrize(
    ("name", "canvas"),
    [("augmentation_studio", ".ib-compare-changed canvas"), ("latent_map", ".latent-map-side canvas")],
)
def test_each_number_is_a_pixel(figure_page, name, canvas):
    """A table of 28 x 28 numbers holds, rounded, what the canvas shows."""
    page = figure_page(name)
    slot = opened(page, name)
    table = slot.evaluate(TABLES)[0]
    pixels = slot.locator(canvas).first.evaluate(RED)
    shown = [float(cell) for row in table["cells"] for cell in row]
    assert max(pixels) > 200
    assert shown == pytest.approx([value / 255 for value in pixels], abs=0.008)


def test_every_picture_of_numbers_has_its_table():
    """A figure with a canvas or a chart of its own has such a table, or a reason why it needs none."""
    for name in NAMES:
        source = _modules.source(name)
        draws = re.search(r'pixelCanvas\(|mapCanvas\(|lineChart\(|element\("canvas"', source) is not None
        assert draws == (name in PICTURES or name in OTHERWISE), f"{name}: say what stands in for the table"
        assert (name in PICTURES) == ("numbersBehind(" in source or "lineChart(" in source), name
