"""Affine and projective transforms: 3x3 matrices, and the one place where images are warped by them.

A point (x, y), in continuous pixels from the top left corner, is written as the column vector (x, y, 1). The
centre of the pixel in row r and column c is (c + 0.5, r + 0.5). Matrices map input to output coordinates and
are chained by `@`, the rightmost first. Because y points down, the signs of the angles differ from a
mathematics book's; what they mean on the screen does not: counter-clockwise is positive.
"""

import numpy as np

from imagebook import _checks

# Output pixels that `warp` computes at a time: the temporary arrays stay small, however large the batch.
_PIXELS_AT_A_TIME = 2**16
# How near to a line, in parts of their extent, three points are still points on a line: above the rounding of
# float32, in which the points may have come.
_DEGENERATE = 1e-6


def rotation(angle):
    r"""Return the matrix of a rotation about the origin, counter-clockwise as seen on the screen.

    .. math:: x' = x \cos a + y \sin a, \qquad y' = -x \sin a + y \cos a

    The origin is the image's top left corner; for a turn about another point see `about`.

    Parameters
    ----------
    angle : float, degrees
        Counter-clockwise as seen.

    Returns
    -------
    ndarray, shape (3, 3), float64

    Raises
    ------
    TypeError, ValueError
        If `angle` is not a finite number.

    Examples
    --------
    A quarter turn takes a point on the right, (1, 0), to the top, (0, -1):

    >>> transform_points([[1.0, 0.0]], rotation(90))
    array([[ 0., -1.]])
    """
    radians = np.radians(_checks.number("angle", angle) % 360)
    # cos(pi / 2) is 6e-17 in floating point; rounded, a quarter turn maps pixel centres onto pixel centres.
    cosine, sine = np.round([np.cos(radians), np.sin(radians)], 15)
    return np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]])


def scaling(factor):
    r"""Return the matrix of a scaling about the origin.

    .. math:: x' = f_\text{horizontal} \, x, \qquad y' = f_\text{vertical} \, y

    A negative factor also reflects: ``scaling((1, -1))`` swaps left and right.

    Parameters
    ----------
    factor : float or pair of float (vertical, horizontal)
        More than 1 enlarges, less than 1 shrinks; not 0.

    Returns
    -------
    ndarray, shape (3, 3), float64

    Raises
    ------
    TypeError, ValueError
        If `factor` is not one finite number other than 0, or a pair of them.

    Examples
    --------
    >>> transform_points([[1.0, 1.0]], scaling((2, 3)))
    array([[3., 2.]])
    """
    is_pair = isinstance(factor, list | tuple | np.ndarray)
    vertical, horizontal = _number_pair("factor", factor if is_pair else (factor, factor))
    if vertical == 0 or horizontal == 0:
        raise ValueError(f"factor must not be 0, got {factor!r}")
    return np.diag([horizontal, vertical, 1.0])


def shearing(angle):
    r"""Return the matrix of a horizontal shear, which slides every row along by an amount that grows with y.

    .. math:: x' = x + y \tan a, \qquad y' = y

    The sign is that of a rotation: a positive angle leans vertical lines counter-clockwise, like a backslash.

    Parameters
    ----------
    angle : float, degrees, between -89 and 89
        Between the vertical and what was vertical (at 90 degrees the tangent is infinite).

    Returns
    -------
    ndarray, shape (3, 3), float64

    Raises
    ------
    TypeError, ValueError
        If `angle` is not a number between -89 and 89.

    Examples
    --------
    The tangent of 45 degrees is 1, so a row slides as far as it lies below the origin:

    >>> transform_points([[0.0, 2.0], [0.0, -2.0]], shearing(45)).round(9)
    array([[ 2.,  2.],
           [-2., -2.]])
    """
    tangent = np.tan(np.radians(_checks.number("angle", angle, low=-89, high=89)))
    return np.array([[1.0, tangent, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])


def translation(shift):
    r"""Return the matrix of a translation.

    .. math:: x' = x + s_\text{horizontal}, \qquad y' = y + s_\text{vertical}

    Parameters
    ----------
    shift : pair of float (vertical, horizontal), pixels
        Positive numbers move down and to the right.

    Returns
    -------
    ndarray, shape (3, 3), float64

    Raises
    ------
    TypeError, ValueError
        If `shift` is not a pair of finite numbers.

    Examples
    --------
    >>> transform_points([[0.0, 0.0]], translation((1, 4)))
    array([[4., 1.]])
    """
    vertical, horizontal = _number_pair("shift", shift)
    return np.array([[1.0, 0.0, horizontal], [0.0, 1.0, vertical], [0.0, 0.0, 1.0]])


def about(matrix, point):
    r"""Return the same transform carried out about `point` in place of the origin.

    .. math:: T(p) \, M \, T(-p)

    It moves `point` to the origin, transforms and moves back, so `point` stays where it is if `matrix` keeps
    the origin where it is (as rotations, scalings and shears do).

    Parameters
    ----------
    matrix : array_like, shape (3, 3)
    point : pair of float (x, y), pixels

    Returns
    -------
    ndarray, shape (3, 3), float64

    Raises
    ------
    TypeError, ValueError
        If `matrix` is not a finite 3x3 matrix or `point` not a pair of finite numbers.

    Examples
    --------
    >>> transform_points([[5.0, 5.0], [6.0, 5.0]], about(scaling(2), (5, 5)))
    array([[5., 5.],
           [7., 5.]])
    """
    matrix = _matrix(matrix, ndim=2)
    x, y = _number_pair("point", point, order="(x, y)")
    return translation((y, x)) @ matrix @ translation((-y, -x))


def transform_points(points, matrix):
    r"""Return `points` mapped by a matrix in homogeneous coordinates.

    .. math:: (u, v, w)^T = M \, (x, y, 1)^T, \qquad (x', y') = (u / w, v / w)

    In an affine matrix, whose last row is 0, 0, 1, w is 1 and the division changes nothing. In a projective
    one, w = 0 is the horizon, and w has one sign in front of the camera and the other behind it. Nobody sees
    both, so points on both sides are refused; which sign is in front is not in the matrix, as M and -M are
    the same transform.

    Parameters
    ----------
    points : array_like, shape (M, 2)
        (x, y), pixels.
    matrix : array_like, shape (3, 3)
        Affine or projective.

    Returns
    -------
    ndarray, shape (M, 2), float
        (x, y), pixels; of the type of `points`.

    Raises
    ------
    TypeError, ValueError
        If `points` is not a finite array of that shape or `matrix` not a finite 3x3 matrix.
    ValueError
        If a point is sent to infinity (w = 0), or some points lie beyond the horizon and some before it.

    References
    ----------
    Hartley and Zisserman, Multiple View Geometry in Computer Vision, 2nd edition, 2004, section 2.3.

    Examples
    --------
    Here w = x, so that (2, 6) becomes (2, 6) / 2:

    >>> transform_points([[2.0, 6.0]], [[1, 0, 0], [0, 1, 0], [1, 0, 0]])
    array([[1., 3.]])
    """
    points = _points("points", points)
    matrix = _matrix(matrix, ndim=2)
    u, v, w = matrix @ _homogeneous(points)
    if (w == 0).any():
        raise ValueError(f"matrix must not send a point to infinity, got w = 0 for {points[w == 0][0]}")
    if (w > 0).any() and (w < 0).any():
        raise ValueError(
            f"points must lie on one side of the horizon (w = 0), got w from {w.min():.6g} to {w.max():.6g}"
        )
    return np.stack([u / w, v / w], axis=1).astype(points.dtype)


def homography(source, target):
    r"""Return the homography that takes the points `source` to `target`: how a camera sees a plane move.

    The direct linear transformation: the vector :math:`M (x, y, 1)^T` must be parallel to
    :math:`(x', y', 1)^T`, which gives two linear equations in the nine entries of M for every pair of points,

    .. math:: (m_1 - x' m_3) (x, y, 1)^T = 0, \qquad (m_2 - y' m_3) (x, y, 1)^T = 0

    with :math:`m_i` the rows of M. Four pairs determine M up to its scale; of more, the right singular vector
    to the smallest singular value makes the sum of the squared left sides smallest. Both sets of points are
    normalised first (mean 0, mean distance from it :math:`\sqrt 2`), without which pixels squared would be
    added to ones and the rounding would decide.

    Parameters
    ----------
    source, target : array_like, shape (M, 2), M at least 4
        (x, y), pixels; row by row the same points.

    Returns
    -------
    ndarray, shape (3, 3), float64
        With ``transform_points(source, matrix)`` equal to `target`, or near it if more than four pairs
        contradict each other; w is positive at every point of `source` and 1 on average.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a finite array of that shape, or the two do not have as many points.
    ValueError
        If too many points lie on a line: of four, no three may.
    ValueError
        If no camera sees the plane so: some points would lie beyond the horizon and some before it.

    References
    ----------
    Hartley and Zisserman, Multiple View Geometry in Computer Vision, 2nd edition, 2004, algorithm 4.2.

    Examples
    --------
    A square seen in perspective: its far side looks half as long as its near side, and the middle of the
    square (1, 1) lies nearer to the far side.

    >>> square = [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]]
    >>> matrix = homography(square, [[1.0, 0.0], [3.0, 0.0], [4.0, 3.0], [0.0, 3.0]])
    >>> transform_points([[1.0, 1.0]], matrix).round(9)
    array([[2., 1.]])
    """
    source, target = _points("source", source), _points("target", target)
    if len(source) != len(target) or len(source) < 4:
        raise ValueError(
            "source and target must have as many points, at least four, "
            f"got shapes {source.shape} and {target.shape}"
        )
    from_source, from_target = _normalisation(source), _normalisation(target)
    x, y, one = from_source @ _homogeneous(source)
    u, v, _ = from_target @ _homogeneous(target)
    zero = np.zeros_like(x)
    equations = np.concatenate(
        [
            np.stack([x, y, one, zero, zero, zero, -u * x, -u * y, -u], axis=1),
            np.stack([zero, zero, zero, x, y, one, -v * x, -v * y, -v], axis=1),
            np.zeros((1, 9)),  # four pairs give eight equations; the ninth singular vector needs a ninth
        ]
    )
    _, strengths, vectors = np.linalg.svd(equations, full_matrices=False)
    normalised = vectors[8].reshape(3, 3)
    # A second solution, or one that squeezes the plane onto a line: the points were too few or on a line.
    stretches = np.linalg.svd(normalised, compute_uv=False)
    if strengths[7] <= _DEGENERATE * strengths[0] or stretches[2] <= _DEGENERATE * stretches[0]:
        raise ValueError(
            "source and target must have four points of which no three lie on a line, "
            f"got {source.tolist()} and {target.tolist()}"
        )
    matrix = np.linalg.inv(from_target) @ normalised @ from_source
    w = matrix[2] @ _homogeneous(source)
    if w.min() <= 0 <= w.max():
        raise ValueError(
            "target must show the points of source as a camera sees a plane, "
            "got some of them before its horizon and some beyond it"
        )
    return matrix / w.mean()


def warp(images, matrix, *, shape=None, fill=0.0):
    r"""Return images warped by a matrix: inverse mapping with bilinear interpolation.

    Every output pixel looks up where its centre comes from, :math:`M^{-1} (x', y', 1)^T`, and blends the four
    input pixels whose centres surround that place. So there are no holes, which pushing each input pixel
    forward would leave. The input counts as surrounded by endless pixels of the value `fill`: within one
    pixel of the border the blend runs over into them.

    A projective matrix has a horizon, where :math:`w = 0` in `transform_points`. The centre of the image
    counts as in front of the camera; what lies beyond the horizon from there is behind the camera and is not
    shown. Without this rule it would appear a second time, upside down, on the other side of the horizon.

    A shrinking warp skips input pixels (aliasing); `imagebook.resampling.resize` averages them.

    Parameters
    ----------
    images : array_like, shape (H, W), (H, W, C) or (N, H, W, C)
        Three dimensions are always one image: give a stack of grey images its channel axis.
    matrix : array_like, shape (3, 3), or (N, 3, 3) for a batch
        Maps input to output coordinates, affine or projective; one for all images or one for each.
    shape : pair of int (vertical, horizontal), pixels, optional
        Of the output; that of the input if not given.
    fill : float
        The value of every pixel outside the input.

    Returns
    -------
    ndarray, shape (H', W'), (H', W', C) or (N, H', W', C), float
        In the range of `images` and `fill`.

    Raises
    ------
    TypeError, ValueError
        If an argument has another shape or type than listed or is not finite.
    ValueError
        If a matrix is singular (it squeezes the image onto a line or a point) or sends the centre of the
        image to infinity.

    References
    ----------
    Wolberg, Digital Image Warping, 1990, section 3.1 (inverse mapping).

    Examples
    --------
    >>> warp([[1.0, 2.0, 3.0]], translation((0, 1)))
    array([[0., 1., 2.]])
    >>> warp([[1.0, 2.0, 3.0]], translation((0, 0.5)))
    array([[0.5, 1.5, 2.5]])
    """
    images = _checks.floats("images", images, ndim=(2, 3, 4), finite=True)
    batch = np.ascontiguousarray(_checks.batch("images", images))
    count, height, width, channels = batch.shape
    matrix = _matrix(matrix, ndim=(2, 3))
    if matrix.ndim == 3 and (images.ndim != 4 or len(matrix) != count):
        raise ValueError(
            f"matrix must have shape (3, 3), or (N, 3, 3) for a batch of N images, "
            f"got shape {matrix.shape} for images of shape {images.shape}"
        )
    # M and -M are the same transform: take the one for which w is positive in front of the camera.
    inverses = _inverse(matrix)
    side = np.sign(matrix[..., 2, :] @ (width / 2, height / 2, 1.0))
    if (side == 0).any():
        raise ValueError("matrix must not send the centre of the image to infinity, got w = 0 there")
    inverses = inverses * side[..., np.newaxis, np.newaxis]
    if shape is not None:
        height, width = _checks.pair("shape", shape, low=1)
        _checks.affordable("shape", (height, width))
    fill = _checks.number("fill", fill)

    y, x = np.indices((height, width)).reshape(2, -1) + 0.5
    centres = np.stack([x, y, np.ones(height * width)])
    result = np.empty((count, height * width, channels), batch.dtype)
    step = max(1, _PIXELS_AT_A_TIME // (height * width))
    for start in range(0, count, step):
        block = slice(start, start + step)
        if start == 0 or matrix.ndim == 3:  # one matrix for all images looks up the same places in each
            places = _places(inverses[block] if matrix.ndim == 3 else inverses[np.newaxis], centres, batch)
        result[block] = _bilinear(batch[block], *places, fill)
    return _checks.unbatch(result.reshape(count, height, width, channels), images.ndim)


def _places(inverses, centres, batch):
    """Return where the centres (3, M) of output pixels come from by each of N inverses.

    Three arrays (N, M): the index of the upper left one of four pixels in a framed image (see `_bilinear`),
    and the shares of the way from it to the right and downward.
    """
    _, height, width, _ = batch.shape
    u, v, w = np.moveaxis(inverses @ centres, 1, 0)
    # A centre that comes from the horizon (w = 0) or from beyond it comes from outside the image.
    x = np.divide(u, w, out=np.full_like(u, -np.inf), where=w > 0)
    y = np.divide(v, w, out=np.full_like(v, -np.inf), where=w > 0)
    # From coordinates, where the first pixel's centre is 0.5, to indices, where it is 0.
    column = np.clip(x - 0.5, -1, width)
    row = np.clip(y - 0.5, -1, height)
    left, top = np.floor(column), np.floor(row)
    corner = (top.astype(np.intp) + 1) * (width + 3) + left.astype(np.intp) + 1
    return corner, (column - left).astype(batch.dtype), (row - top).astype(batch.dtype)


def _bilinear(batch, corner, rightward, downward, fill):
    """Return the values of each image at its places (N, M), or (1, M) if all share them, as (N, M, C)."""
    count, height, width, channels = batch.shape
    # A frame of fill stands for the endless surroundings: one pixel to the left and above, and two to the
    # right and below, since the farthest point that is kept (width, height) asks for the pixel after it too.
    padded = np.full((count, height + 3, width + 3, channels), fill, batch.dtype)
    padded[:, 1:-2, 1:-2] = batch
    row_length = width + 3
    pixels = padded.reshape(-1, channels)

    corner = corner + np.arange(count)[:, np.newaxis] * (height + 3) * row_length
    rightward, downward = rightward[..., np.newaxis], downward[..., np.newaxis]

    def pixels_from(offset):
        """Return the pixels that lie so many pixels after the corners."""
        # No index is too large, so there is nothing to wrap around; checking it would take longer.
        return pixels[offset:].take(corner, axis=0, mode="wrap")

    upper = _between(pixels_from(0), pixels_from(1), rightward)
    lower = _between(pixels_from(row_length), pixels_from(row_length + 1), rightward)
    return _between(upper, lower, downward)


def _between(start, end, share):
    """Return linear interpolation, in the form that is exact for share = 0 and for start = end."""
    result = end - start
    result *= share
    result += start
    return result


def _inverse(matrix):
    """Return the inverse of one or several 3x3 matrices, none of them singular."""
    # |det| is the volume of the box that the columns span, at most the product of their lengths.
    lengths = np.sqrt((matrix**2).sum(axis=-2)).prod(axis=-1)
    if (np.abs(np.linalg.det(matrix)) <= 1e-12 * lengths).any():
        raise ValueError("matrix must be invertible, got a singular one")
    return np.linalg.inv(matrix)


def _normalisation(points):
    """Return the matrix that moves the mean of points to the origin, at the mean distance sqrt(2)."""
    mean = points.mean(axis=0, dtype=np.float64)
    distance = np.hypot(*(points - mean).T).mean()
    if distance <= 1e-12:
        raise ValueError(f"source and target must not be one point again and again, got only {points[0]}")
    return scaling(np.sqrt(2) / distance) @ translation(-mean[::-1])


def _homogeneous(points):
    """Return points (M, 2) as the columns (x, y, 1) of an array (3, M) of float64."""
    return np.stack([points[:, 0], points[:, 1], np.ones(len(points))])


def _points(name, value):
    """Return `value` as finite points (M, 2)."""
    points = _checks.floats(name, value, ndim=2, finite=True, largest=_checks.FARTHEST)
    if points.shape[1] != 2:
        raise ValueError(f"{name} must have shape (M, 2), got {points.shape}")
    return points


def _matrix(value, *, ndim):
    """Return `value` as one or several finite 3x3 matrices of float64."""
    matrix = _checks.array("matrix", value, ndim=ndim, finite=True, largest=_checks.FARTHEST)
    if matrix.shape[-2:] != (3, 3):
        raise ValueError(f"matrix must be 3x3, got shape {matrix.shape}")
    return matrix.astype(np.float64)


def _coordinate(name, value):
    """Return `value` as a float that can be squared and multiplied without overflow."""
    return _checks.number(name, value, low=-_checks.FARTHEST, high=_checks.FARTHEST)


def _number_pair(name, value, *, order="(vertical, horizontal)"):
    """Return `value` as a pair of finite floats."""
    first, second = _checks.two(name, value, f"a pair of numbers {order}")
    return _coordinate(name, first), _coordinate(name, second)
