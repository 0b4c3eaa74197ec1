import importlib.resources
import math
import tomllib

import numpy as np
import pytest
import scripts

from imagebook import boxes, convolution, mnist, pooling

# The ledger keeps, beside each printed number, the source and the month it was read.
LEDGER = tomllib.loads(
    (importlib.resources.files("imagebook") / "data" / "ledger.toml").read_text(encoding="utf-8")
)
ROWS = {row["id"]: row for row in LEDGER["row"]}


def convolutional_layer(inputs):
    return {"computes": convolution.cross_correlate2d(inputs["image"], inputs["filter"])}


def convolutional_operation(inputs):
    whole = convolution.cross_correlate2d(inputs["image"], inputs["filter"])
    return {"computes": whole[0, 0], "whole": whole}


def stride(inputs):
    image, kernel = inputs["image"], inputs["filter"]
    return {
        "computes": convolution.cross_correlate2d(image, kernel, stride=inputs["stride"]).size,
        "with_stride_2": convolution.cross_correlate2d(image, kernel, stride=2),
    }


def stride_dimensions(inputs):
    image, kernel = np.zeros(inputs["image_shape"]), np.ones(inputs["filter_shape"])
    return {"computes": convolution.cross_correlate2d(image, kernel, stride=inputs["stride"]).shape}


def pooling_(inputs):
    image, size = np.array(inputs["image"]), inputs["size"]
    return {
        "computes": pooling.max_pool2d(image, size, stride=inputs["stride"]),
        "average": pooling.average_pool2d(image, size, stride=inputs["stride"]),
    }


def intersection_over_union(inputs):
    box_a, box_b = inputs["boxes"]
    intersection = boxes.area(boxes.clip(box_b, (box_a[3], box_a[2])))  # box_a is at (0, 0)
    union = boxes.area(box_a) + boxes.area(box_b) - intersection
    assert boxes.iou(box_a, box_b) == pytest.approx(intersection / union, abs=1e-15)
    return {"computes": [intersection, union]}


def convolution_(inputs):
    return {"computes": math.prod(inputs["image_shape"]) * inputs["units"], "binary_k": (2 * 1024) ** 2}


def convolutional_filter(inputs):
    return {"computes": [math.prod(inputs["filter_shape"]), math.prod(inputs["image_shape"])]}


def depthwise_separable_cnn(inputs):
    cells = math.prod(inputs["filter_shape"])
    counts = [(cells * c_in * c_out, cells * c_in + c_in * c_out) for c_in, c_out in inputs["channels"]]
    return {
        "computes": counts,
        "ratios": [round(standard / separable, 2) for standard, separable in counts],
        "limit": round(cells * 10**9 / (cells + 10**9), 6),  # C_in cancels; C_out grows without end
    }


def mnist_(inputs):
    images, _ = mnist.load(inputs["split"])
    _, published_shape = mnist.FILES["train-images-idx3-ubyte"]
    return {"computes": [*published_shape, images.min(), images.max()]}


def bounding_box(inputs):
    x_min, y_min, width, height = boxes.convert(inputs["box"], "xyxy", "xywh")
    return {"computes": [width, height, boxes.area(inputs["box"])]}


def size_invariance(inputs):
    pixels = inputs["pixels"]
    return {"computes": [pixels[0] / pixels[1], pixels[1] / pixels[2]]}


COMPUTE = {
    "convolutional-layer": convolutional_layer,
    "convolutional-operation": convolutional_operation,
    "stride": stride,
    "stride-dimensions": stride_dimensions,
    "pooling": pooling_,
    "intersection-over-union": intersection_over_union,
    "convolution": convolution_,
    "convolutional-filter": convolutional_filter,
    "depthwise-separable-cnn": depthwise_separable_cnn,
    "mnist": mnist_,
    "bounding-box": bounding_box,
    "size-invariance": size_invariance,
}


def test_every_row_is_computed():
    """No row stands in the ledger without a computation here, and none is there twice."""
    assert [row["id"] for row in LEDGER["row"]] == list(COMPUTE)


@pytest.mark.parametrize("name", COMPUTE)
def test_a_row_comes_to_what_the_ledger_says(name):
    """The library and plain arithmetic reproduce every computed number of the row, exactly."""
    row = ROWS[name]
    for key, value in COMPUTE[name](row["inputs"]).items():
        np.testing.assert_array_equal(np.asarray(value), np.asarray(row[key]), err_msg=f"{name}: {key}")


def test_exactly_two_cells_of_the_printed_matrix_differ():
    """Of the convolutional layer's nine results, the two in the lower corners are not what the sums give."""
    row = ROWS["convolutional-layer"]
    differs = np.argwhere(np.array(row["prints"]) != np.array(row["computes"]))
    assert differs.tolist() == row["differs"] == [[2, 0], [2, 2]]
    assert 24 + 33 + 92 + 40 == row["computes"][2][0]
    assert 197 + 92 + 179 + 192 == row["computes"][2][2]


def test_everything_else_that_can_be_compared_agrees():
    """Where a page prints what we compute, the numbers are equal: two cells are the whole difference."""
    for name, row in ROWS.items():
        if "prints" in row and not row.get("derived") and name != "convolutional-layer":
            assert row["prints"] == row["computes"], name


@pytest.fixture
def extension():
    """Return extensions/ledger.py as a module."""
    return scripts.load("extensions/ledger.py")


def test_every_row_is_in_one_table_of_the_errata(extension):
    """What differs, what agrees and what cannot be compared: together all rows, none twice."""
    kinds = {
        kind: [name for name, row in ROWS.items() if extension.kind(row) == kind] for kind in extension.KINDS
    }
    assert kinds["differs"] == ["convolutional-layer"]
    assert kinds["agrees"] == [
        "convolutional-operation",
        "stride",
        "pooling",
        "intersection-over-union",
        "convolution",
        "mnist",
    ]
    assert sorted(sum(kinds.values(), [])) == sorted(ROWS)


def test_the_cells_that_differ_are_those_that_the_ledger_names(extension):
    """The bold cells of the page are found by comparing, and are the ones noted by hand."""
    row = ROWS["convolutional-layer"]
    assert extension.different(row) == {tuple(cell) for cell in row["differs"]}
    table = extension.table([row], LEDGER["sources"])
    assert [cell for cell in ("**169**", "**560**", "**189**", "**660**") if cell not in table] == []
    assert table.count("**") == 8
    assert "The page's alt text reads:" in table


def test_a_number_that_changes_moves_to_the_other_table(extension):
    """The tables follow the data: a printed number that is mended agrees, a changed one differs."""
    row = ROWS["convolutional-layer"]
    assert extension.kind(row | {"prints": row["computes"]}) == "agrees"
    assert extension.kind(ROWS["stride"] | {"prints": 8}) == "differs"
    assert extension.different(ROWS["stride"] | {"prints": 8}) == {(0, 0)}
    with pytest.raises(ValueError, match="must have one shape"):
        extension.different(ROWS["stride"] | {"prints": [8, 9]})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (4_000_000, "4,000,000"),
        ([60_000, 28, 28], "60,000; 28; 28"),
        ([[8, 5], [9, 10]], "&numsp;8&nbsp;&numsp;5\\\n&numsp;9&nbsp;10"),
        ([[1, 2345]], "&numsp;&puncsp;&numsp;&numsp;1&nbsp;2,345"),
        (9.5, "9.5"),
    ],
)
def test_numbers_as_markdown(extension, value, text):
    """Thousands are parted, a matrix has a line for each row, and its columns stand below each other."""
    assert extension.numbers(value) == text


def test_the_symmetric_filter_cannot_tell_convolution_from_cross_correlation():
    """The note on the convolutional layer holds: flipping its filter changes nothing."""
    inputs = ROWS["convolutional-layer"]["inputs"]
    np.testing.assert_array_equal(
        convolution.convolve2d(inputs["image"], inputs["filter"]),
        convolution.cross_correlate2d(inputs["image"], inputs["filter"]),
    )


def test_a_colour_image_refuses_a_stride_of_three_numbers():
    """The note on the stride's dimensions holds: under 2-D convolution a stride is a pair."""
    with pytest.raises(ValueError, match="stride must be one integer or a pair"):
        convolution.cross_correlate2d(np.zeros((5, 5, 3)), np.ones((3, 3)), stride=(2, 2, 1))


def test_every_number_has_a_source_and_a_date():
    """Each row and each published result names a source that the ledger describes with its reading date."""
    for entry in LEDGER["row"] + LEDGER["published"]:
        assert LEDGER["sources"][entry["source"]]["read"] == "2026-11"
