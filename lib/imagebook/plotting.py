"""The figures that the book draws again and again, each a matplotlib figure; `show` puts one on the page."""

import base64
import io

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from imagebook import _checks, _language

# Okabe and Ito's palette: told apart by colour-blind readers too (https://jfly.uni-koeln.de/color/).
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
# Inches; at 100 pixels an inch this is the width of the book's text column.
WIDTH = 6.8


def show(figure, *, alt):
    """Display a figure on the page, with the text that stands for it where it cannot be seen.

    Curves and grids come as SVG, which is sharp at any size; figures that hold photographs or digits come
    as PNG.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What to show.
    alt : str
        What the figure says, in one or two sentences: read out by screen readers.

    Raises
    ------
    TypeError
        If `figure` is not a figure or `alt` not a string.
    ValueError
        If `alt` is empty.

    Examples
    --------
    >>> show(curves({"a": [1, 2]}, x_label="x", y_label="y"), alt="")
    Traceback (most recent call last):
    ...
    ValueError: alt must say what the figure shows, got an empty text
    """
    if not isinstance(figure, Figure):
        raise TypeError(f"figure must be a matplotlib figure, got {type(figure).__name__}")
    if not isinstance(alt, str):
        raise TypeError(f"alt must be a text, got {alt!r}")
    if not alt.strip():
        raise ValueError("alt must say what the figure shows, got an empty text")
    from IPython.display import display

    alt = _language.say(alt)
    _language.draw(figure)
    buffer = io.BytesIO()
    if any(axes.images for axes in figure.axes):
        mime = "image/png"
        figure.savefig(buffer, format="png", dpi=200)
        content = base64.b64encode(buffer.getvalue()).decode("ascii")
    else:
        mime = "image/svg+xml"
        # A fixed salt and no date: the same figure is the same file at every build.
        with matplotlib.rc_context({"svg.hashsalt": "imagebook"}):
            figure.savefig(buffer, format="svg", metadata={"Date": None})
        content = buffer.getvalue().decode("utf-8")
    width, height = (int(round(100 * inches)) for inches in figure.get_size_inches())
    metadata = {mime: {"alt": alt, "width": width, "height": height}}
    # The plain-text twin is the alternative text: terminals print it, and the book's build reads it.
    display({mime: content, "text/plain": alt}, metadata=metadata, raw=True)


def matrix_grid(matrices, *, titles=None, highlights=None):
    """Draw matrices side by side as grids of cells with their values.

    Parameters
    ----------
    matrices : sequence of array_like, each of shape (H, W)
        The matrices, from left to right. Integers are printed as they are, other numbers with up to two
        decimals.
    titles : sequence of str, optional
        One title for each matrix.
    highlights : sequence of (tuple or None), optional
        For each matrix a window (row, column, height, width) to mark, or None.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    ValueError
        If there is no matrix, or titles or highlights are not as many as the matrices.

    Examples
    --------
    >>> len(matrix_grid([[[1, 2], [3, 4]], [[10]]], titles=["input", "sum"]).axes)
    2
    """
    matrices = _checks.items("matrices", matrices, "a list of matrices")
    grids = [_checks.array("each matrix", matrix, ndim=2) for matrix in matrices]
    for grid in grids:
        _checks.not_empty("each matrix", grid)
    _same_number("matrices", grids, titles=titles, highlights=highlights)
    # One cell is left free between two matrices; a cell is at most half an inch wide.
    cells_across = sum(grid.shape[1] for grid in grids) + len(grids) - 1
    cell = min(0.5, WIDTH / cells_across)
    tallest = cell * max(grid.shape[0] for grid in grids)
    size = np.array([cell * cells_across + 0.1, tallest + 0.4])
    figure = Figure(figsize=tuple(size), layout="none")
    left = 0.05
    for index, grid in enumerate(grids):
        height, width = cell * grid.shape[0], cell * grid.shape[1]
        corner = np.array([left, 0.05 + (tallest - height) / 2])
        axes = figure.add_axes((*(corner / size), *((width, height) / size)))
        _draw_matrix(axes, grid, cell, None if highlights is None else highlights[index])
        if titles is not None:
            axes.set_title(titles[index], fontsize=11, pad=5)
        left += width + cell
    return figure


def _draw_matrix(axes, grid, cell, highlight):
    """Draw one matrix: white cells, grey lines, its values, and the marked window."""
    rows, columns = grid.shape
    axes.set(xlim=(0, columns), ylim=(rows, 0), xticks=[], yticks=[])
    if highlight is not None:
        window = _checks.array("each highlight", highlight, ndim=1, finite=True)
        if len(window) != 4:
            raise ValueError(f"each highlight must be (row, column, height, width), got {window.tolist()}")
        row, column, height, width = window
        axes.add_patch(Rectangle((column, row), width, height, facecolor="#FFE08A", edgecolor="none"))
    for line in range(1, rows):
        axes.axhline(line, color="#BBBBBB", linewidth=0.8)
    for line in range(1, columns):
        axes.axvline(line, color="#BBBBBB", linewidth=0.8)
    for (row, column), value in np.ndenumerate(grid):
        text = _number(value)
        # Six characters fill a cell at 10 points and half an inch.
        size = min(11.0, 22.0 * cell, 120.0 * cell / max(len(text), 1))
        axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=size)


def _number(value):
    """Return a number as a cell shows it: integers as they are, others with up to two decimals."""
    text = str(value) if isinstance(value, np.integer) else f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", "\N{MINUS SIGN}")


def image_row(images, *, titles=None, limits=(0.0, 1.0)):
    """Draw images side by side.

    Parameters
    ----------
    images : sequence of array_like, each of shape (H, W), (H, W, 1) or (H, W, 3)
        Grey or colour images.
    titles : sequence of str, optional
        One title for each image.
    limits : pair of float or None
        The values drawn as black and white; None takes each grey image's own lowest and highest value.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Examples
    --------
    >>> len(image_row([[[0.0, 1.0]], [[0.5, 0.5]]]).axes)
    2
    """
    images = _checks.items("images", images, "a list of images")
    return image_grid([images], column_titles=titles, limits=limits)


def image_grid(rows, *, row_titles=None, column_titles=None, limits=(0.0, 1.0)):
    """Draw several rows of images, such as digits, their noisy copies and what a model made of them.

    Parameters
    ----------
    rows : sequence of sequences of array_like
        The rows, each a sequence of images as in `image_row`.
    row_titles, column_titles : sequence of str, optional
        What stands left of each row and above each column.
    limits : pair of float or None
        See `image_row`.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    ValueError
        If there is no image, rows differ in length, or titles are not as many as what they name.

    Examples
    --------
    >>> digit = [[0.0, 1.0], [1.0, 0.0]]
    >>> len(image_grid([[digit, digit], [digit, digit]], row_titles=["in", "out"]).axes)
    4
    """
    rows = _checks.items("rows", rows, "a list of rows of images")
    rows = [_checks.items("each row", row, "a list of images") for row in rows]
    grid = [[_image(image) for image in row] for row in rows]
    _same_number("rows", grid, row_titles=row_titles)
    _same_number("images", grid[0], column_titles=column_titles)
    if any(len(row) != len(grid[0]) for row in grid):
        raise ValueError(f"every row must hold as many images, got rows of {[len(row) for row in grid]}")
    if limits is not None:
        low, high = (
            _checks.number("limits", limit)
            for limit in _checks.two("limits", limits, "None or a pair (black, white)")
        )
    count = len(grid[0])
    # Small images are not blown up to the page's width: at most 1.7 inches each.
    width = min(WIDTH, 3.3 * count if count < 3 else 1.7 * count)
    tallest = max(image.shape[0] / image.shape[1] for row in grid for image in row)
    height = len(grid) * (width / count) * tallest + (0.05 if column_titles is None else 0.3)
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0.02, hspace=0.02)
    all_axes = figure.subplots(len(grid), count, squeeze=False)
    for index, row in enumerate(grid):
        for position, image in enumerate(row):
            axes = all_axes[index, position]
            if limits is None:
                low, high = image.min(), image.max()
            axes.imshow(image, cmap="gray", vmin=low, vmax=high, interpolation="nearest")
            axes.set(xticks=[], yticks=[])
            if column_titles is not None and index == 0:
                axes.set_title(column_titles[position], fontsize=10, pad=3)
        if row_titles is not None:
            all_axes[index, 0].set_ylabel(row_titles[index], fontsize=10)
    return figure


def boxes_on_image(image, boxes, *, labels=None):
    """Draw bounding boxes on an image.

    Parameters
    ----------
    image : array_like, shape (H, W), (H, W, 1) or (H, W, 3), float in [0, 1]
        The image.
    boxes : array_like, shape (N, 4)
        Boxes (x_min, y_min, x_max, y_max) in continuous pixels: (0, 0) is the image's top left corner.
    labels : sequence of str, optional
        One label for each box.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Examples
    --------
    >>> figure = boxes_on_image([[0.0, 1.0], [1.0, 0.0]], [[0, 0, 1, 2]], labels=["left half"])
    >>> float(figure.axes[0].patches[0].get_width())
    1.0
    """
    picture = _image(image)
    corners = _checks.array("boxes", boxes, ndim=2, finite=True, largest=_checks.FARTHEST)
    if corners.shape[1] != 4:
        raise ValueError(f"boxes must have shape (N, 4), got {corners.shape}")
    _check_labels(labels, len(corners), "boxes")
    figure, axes = _picture(picture)
    for index, (x_min, y_min, x_max, y_max) in enumerate(corners):
        color = COLORS[index % len(COLORS)]
        frame = Rectangle(
            (x_min, y_min), x_max - x_min, y_max - y_min, fill=False, edgecolor=color, linewidth=2.5
        )
        axes.add_patch(frame)
        if labels is not None:
            _label(axes, labels[index], (x_min, y_min), color, offset=(3, -3), va="top")
    return figure


def points_on_image(image, points, *, labels=None):
    """Draw keypoints on an image.

    Parameters
    ----------
    image : array_like, shape (H, W), (H, W, 1) or (H, W, 3), float in [0, 1]
        The image.
    points : array_like, shape (N, 2)
        Points (x, y) in continuous pixels: (0, 0) is the image's top left corner.
    labels : sequence of str, optional
        One label for each point.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Examples
    --------
    >>> figure = points_on_image([[0.0, 1.0], [1.0, 0.0]], [[0.5, 1.5]], labels=["bottom left"])
    >>> figure.axes[0].lines[0].get_xydata()
    array([[0.5, 1.5]])
    """
    picture = _image(image)
    places = _checks.array("points", points, ndim=2, finite=True, largest=_checks.FARTHEST)
    if places.shape[1] != 2:
        raise ValueError(f"points must have shape (N, 2), got {places.shape}")
    _check_labels(labels, len(places), "points")
    figure, axes = _picture(picture)
    axes.plot(*places.T, "o", color=COLORS[0], markersize=7, markeredgecolor="white", markeredgewidth=1.5)
    for index, place in enumerate(places if labels is not None else []):
        _label(axes, labels[index], place, COLORS[0], offset=(7, 5), va="baseline")
    return figure


def _check_labels(labels, count, noun):
    """Raise an error unless there is one label for each thing that is drawn, or none at all."""
    if labels is not None and len(_checks.items("labels", labels, "a list of texts")) != count:
        raise ValueError(f"labels must be as many as the {count} {noun}, got {len(labels)}")


def _label(axes, text, place, color, *, offset, va):
    """Write white on a colour beside a place of an image."""
    axes.annotate(
        text,
        place,
        xytext=offset,
        textcoords="offset points",
        va=va,
        color="white",
        fontsize=10,
        bbox={"facecolor": color, "edgecolor": "none", "pad": 1.5},
    )


def _picture(picture):
    """Return a figure that an image fills, and its axes in continuous pixels."""
    height, width = picture.shape[:2]
    figure = Figure(figsize=(4.6, 4.6 * height / width), layout="none")
    axes = figure.add_axes((0, 0, 1, 1))
    # Pixel (row 0, column 0) covers [0, 1] x [0, 1], as boxes count; imshow alone would centre it on (0, 0).
    axes.imshow(picture, cmap="gray", vmin=0, vmax=1, extent=(0, width, height, 0), interpolation="nearest")
    axes.set_autoscale_on(False)  # what lies outside of the image is not drawn
    axes.axis("off")
    return figure, axes


def curves(series, *, x_label, y_label, x=None):
    """Draw one or several curves over the same axis.

    Parameters
    ----------
    series : dict of str to array_like, shape (N,)
        Each curve's name and its values.
    x_label, y_label : str
        What the axes show, with units.
    x : array_like, shape (N,), optional
        Where the values stand; 1, 2, 3, ... (epochs) if not given.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    ValueError
        If there is no curve, or a curve is not as long as `x`.

    Examples
    --------
    >>> curves({"loss": [3, 2, 1]}, x_label="epoch", y_label="loss").axes[0].lines[0].get_xdata()
    array([1, 2, 3])
    """
    if not isinstance(series, dict):
        raise TypeError(f"series must be a dict of names and values, got {type(series).__name__}")
    lines = {name: _checks.array(f"curve {name!r}", values, ndim=1) for name, values in series.items()}
    if not lines:
        raise ValueError("series must hold at least one curve, got none")
    figure = Figure(figsize=(5.6, 3.2), layout="constrained")
    axes = figure.add_subplot()
    for index, (name, values) in enumerate(lines.items()):
        positions = np.arange(1, len(values) + 1) if x is None else _checks.array("x", x, ndim=1)
        if len(positions) != len(values):
            raise ValueError(f"curve {name!r} must have {len(positions)} values, got {len(values)}")
        axes.plot(positions, values, color=COLORS[index % len(COLORS)], marker="o", markersize=4, label=name)
    if x is None or np.asarray(x).dtype.kind in "iu":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel=x_label, ylabel=y_label)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#DDDDDD", linewidth=0.6)
    if len(lines) > 1:
        # Above the axes, where it covers no curve.
        axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0)
    return figure


def _image(value):
    """Check one image and drop a last axis of length 1, which matplotlib would not draw."""
    image = _checks.array("each image", value, ndim=(2, 3))
    _checks.not_empty("each image", image)
    if image.ndim == 3 and image.shape[2] not in (1, 3):
        raise ValueError(f"each image must have 1 or 3 channels, got shape {image.shape}")
    return image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image


def _same_number(what, items, **optional):
    """Raise ValueError if there are no items, or if something given for each is not as many."""
    if not items:
        raise ValueError(f"{what} must not be empty, got none")
    for name, values in optional.items():
        if values is None:
            continue
        if not isinstance(values, str):  # the letters of a text are texts
            _checks.items(name, values, f"one for each of {what}")
        if len(values) != len(items):
            raise ValueError(f"{name} must be as many as the {len(items)} {what}, got {len(values)}")
