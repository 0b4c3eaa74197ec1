"""The figures of the book: what they draw, and that none comes without words."""

import matplotlib
import numpy as np
import pytest

from imagebook import plotting


@pytest.fixture
def shown(monkeypatch):
    """Collect what `show` displays."""
    displayed = []
    monkeypatch.setattr(
        "IPython.display.display", lambda *data, **options: displayed.append((data[0], options))
    )
    return displayed


def texts(axes):
    """Return the texts inside axes, row by row."""
    return [text.get_text() for text in axes.texts]


def test_matrix_grid_writes_every_value():
    """Integers as they are, others with at most two decimals, and never a minus zero."""
    figure = plotting.matrix_grid([[[1, -2], [300, 4]], [[0.5, -0.001], [2.0, -1.256]]])
    assert texts(figure.axes[0]) == ["1", "−2", "300", "4"]
    assert texts(figure.axes[1]) == ["0.5", "0", "2", "−1.26"]


def test_matrix_grid_marks_the_window():
    """The marked window covers columns 1 to 3 and rows 0 to 2."""
    axes = plotting.matrix_grid([np.zeros((3, 4), int)], highlights=[(0, 1, 2, 2)]).axes[0]
    assert axes.patches[0].get_bbox().bounds == (1, 0, 2, 2)


def test_matrix_grid_stays_within_the_page():
    """Many columns make small cells, not a wide figure."""
    figure = plotting.matrix_grid([np.zeros((28, 28), int), np.zeros((2, 2), int)])
    assert figure.get_size_inches()[0] <= plotting.WIDTH + 0.1 + 1e-9


def test_image_grid_draws_every_image_on_the_same_scale():
    """Black is 0 and white is 1 in every picture, unless each is to have its own range."""
    figure = plotting.image_grid([[np.full((2, 2), 0.2)], [np.full((2, 2), 0.4)]], row_titles=["a", "b"])
    assert [axes.images[0].get_clim() for axes in figure.axes] == [(0, 1), (0, 1)]
    own = plotting.image_row([np.array([[-2.0, 5.0]])], limits=None)
    assert own.axes[0].images[0].get_clim() == (-2, 5)


def test_boxes_stand_where_their_corners_are():
    """Pixel (0, 0) covers [0, 1] x [0, 1], so a box round it has corners 0 and 1."""
    axes = plotting.boxes_on_image(np.zeros((4, 6)), [[0, 0, 1, 1]]).axes[0]
    assert axes.images[0].get_extent() == [0, 6, 4, 0]
    assert axes.patches[0].get_bbox().bounds == (0, 0, 1, 1)


def test_points_stand_where_their_coordinates_are():
    """The middle of pixel (0, 0) is (0.5, 0.5); a point outside does not make the picture larger."""
    axes = plotting.points_on_image(np.zeros((4, 6)), [[0.5, 0.5], [9, 1]], labels=["a", "b"]).axes[0]
    assert axes.lines[0].get_xydata().tolist() == [[0.5, 0.5], [9, 1]]
    assert (axes.get_xlim(), axes.get_ylim()) == ((0, 6), (4, 0))
    assert [(text.get_text(), text.xy[0]) for text in axes.texts] == [("a", 0.5), ("b", 9)]


def test_curves_count_from_one_without_x():
    """Epochs are counted from 1, on whole numbers."""
    figure = plotting.curves({"a": [3, 2], "b": [4, 1]}, x_label="epoch", y_label="loss")
    assert [list(line.get_xdata()) for line in figure.axes[0].lines] == [[1, 2], [1, 2]]
    assert [text.get_text() for text in figure.axes[0].get_legend().texts] == ["a", "b"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plotting.matrix_grid([]), "matrices must not be empty"),
        (
            lambda: plotting.matrix_grid([[[1]]], titles=["a", "b"]),
            "titles must be as many as the 1 matrices, got 2",
        ),
        (lambda: plotting.matrix_grid([np.zeros((0, 2))]), "each matrix must not be empty"),
        (lambda: plotting.image_row([np.zeros((2, 2, 2))]), "1 or 3 channels, got shape"),
        (lambda: plotting.image_grid([[np.eye(2)], []]), r"as many images, got rows of \[1, 0\]"),
        (
            lambda: plotting.boxes_on_image(np.eye(2), [[0, 0, 1]]),
            r"boxes must have shape \(N, 4\), got \(1, 3\)",
        ),
        (
            lambda: plotting.points_on_image(np.eye(2), [[0, 0, 1]]),
            r"points must have shape \(N, 2\), got \(1, 3\)",
        ),
        (lambda: plotting.curves({}, x_label="", y_label=""), "series must hold at least one curve"),
        (
            lambda: plotting.curves({"a": [1]}, x=[1, 2], x_label="", y_label=""),
            "curve 'a' must have 2 values, got 1",
        ),
    ],
)
def test_wrong_arguments_are_told(call, message):
    """Each figure says what it wanted and what came."""
    with pytest.raises(ValueError, match=message):
        call()


def test_show_gives_curves_as_vectors_and_pictures_as_pixels(shown):
    """Both carry the alternative text twice: as metadata, and as the plain-text twin that the build reads."""
    plotting.show(plotting.curves({"a": [1, 2]}, x_label="x", y_label="y"), alt="It rises.")
    plotting.show(plotting.image_row([np.eye(2)]), alt="A diagonal.")
    (vector, first), (pixels, second) = shown
    assert set(vector) == {"image/svg+xml", "text/plain"} and vector["text/plain"] == "It rises."
    assert set(pixels) == {"image/png", "text/plain"} and pixels["text/plain"] == "A diagonal."
    assert first["metadata"]["image/svg+xml"]["alt"] == "It rises."
    assert second["metadata"]["image/png"] == {"alt": "A diagonal.", "width": 330, "height": 335}


def test_show_writes_the_same_bytes_each_time(shown):
    """No date and no random ids: a page that did not change does not change."""
    for _ in range(2):
        plotting.show(plotting.curves({"a": [1, 2]}, x_label="x", y_label="y"), alt="It rises.")
    assert shown[0][0] == shown[1][0]


@pytest.mark.parametrize(("alt", "error"), [("", ValueError), ("  ", ValueError), (None, TypeError)])
def test_a_figure_without_words_is_refused(alt, error):
    """Alternative text is not optional."""
    with pytest.raises(error, match="alt must"):
        plotting.show(plotting.curves({"a": [1]}, x_label="x", y_label="y"), alt=alt)


def test_drawing_leaves_no_global_state(shown):
    """Settings of matplotlib are the same before and after."""
    before = dict(matplotlib.rcParams)
    plotting.show(plotting.matrix_grid([[[1]]]), alt="A one.")
    assert dict(matplotlib.rcParams) == before
