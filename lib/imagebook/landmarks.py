"""Landmarks: sets of points laid onto each other, and their mean shape (Procrustes analysis).

A landmark is (x, y) in continuous pixels, origin top left. Row i of two shapes is the same landmark. Shape is
what is left of a set of points when its place, its size and its rotation do not count.
"""

import numpy as np

from imagebook import _checks


def align(source, target, *, reflection=False):
    r"""Return the similarity transform that lays `source` onto `target` best (Procrustes alignment).

    .. math:: \min_{s, R, t} \sum_i \lVert p'_i - (s R p_i + t) \rVert^2, \qquad
              R = U D V^T, \quad s = \frac{\operatorname{tr}(\Sigma D)}{\sum_i \lVert p_i - \bar{p} \rVert^2},
              \quad t = \bar{p}' - s R \bar{p}

    where :math:`U \Sigma V^T` is the singular value decomposition of :math:`\sum_i (p'_i - \bar{p}') (p_i -
    \bar{p})^T`. D is the identity, or diag(1, -1) where R would otherwise turn the points over. Mind which
    comes first: laying the target onto the source is not the inverse, unless the shapes are the same.

    Parameters
    ----------
    source, target : array_like, shape (M, 2), M at least 2
        (x, y), pixels; row by row the same landmarks.
    reflection : bool
        If True, turning over is allowed where it fits better.

    Returns
    -------
    matrix : ndarray, shape (3, 3), float64
        For `imagebook.geometry.transform_points` and `imagebook.geometry.warp`.
    residual : float, pixels, at least 0
        Root mean square distance of the transformed source from the target.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a finite array of that shape, or the two do not have as many landmarks.
    ValueError
        If all landmarks of one argument are in one place, or no rotation fits better than any other.

    References
    ----------
    Umeyama, Least-squares estimation of transformation parameters between two point patterns, 1991,
    equations 38 to 43. Kabsch, A solution for the best rotation to relate two sets of vectors, 1976.

    Examples
    --------
    Twice the size, a quarter turn clockwise on the screen, and 5 to the right:

    >>> matrix, residual = align([[0, 0], [1, 0], [1, 1]], [[5, 0], [5, 2], [3, 2]])
    >>> matrix.round(9) + 0.0
    array([[ 0., -2.,  5.],
           [ 2.,  0.,  0.],
           [ 0.,  0.,  1.]])
    >>> round(residual, 9)
    0.0
    """
    source, target = _shapes("source", source, ndim=2), _shapes("target", target, ndim=2)
    reflection = _checks.flag("reflection", reflection)
    if source.shape != target.shape:
        raise ValueError(
            f"source and target must have as many landmarks, got shapes {source.shape} and {target.shape}"
        )
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    source, target = source - source_mean, target - target_mean
    turned = _turn_and_scale(source, target, reflection)
    # The share of the target's squared distances from its mean that the turned and scaled source explains.
    if ((source @ turned.T) ** 2).sum() <= 1e-12 * (target**2).sum():
        raise ValueError(
            "source must fit target better in one rotation than in the others, got none that does "
            "(a mirrored shape needs reflection=True)"
        )
    matrix = np.eye(3)
    matrix[:2, :2] = turned
    matrix[:2, 2] = target_mean - turned @ source_mean
    distances = np.hypot(*(target - source @ turned.T).T)
    return matrix, float(np.sqrt((distances**2).mean()))


def mean_shape(shapes, *, tolerance=1e-9, iterations=100):
    """Return the mean shape of sets of landmarks (generalised Procrustes analysis).

    Lay every shape onto the mean, average them, and repeat with the new mean until it stays; the first shape
    is the first mean. Averaged as they come, shapes that are turned would cancel out: two crosses, one turned
    by a half, average to a point. The result has its mean at the origin and unit centroid size (the square
    root of the sum of all squared coordinates), as place and size do not count; it is turned as the first
    shape is.

    Parameters
    ----------
    shapes : array_like, shape (N, M, 2), N at least 1, M at least 2
        (x, y), pixels; of all shapes, row by row the same landmarks.
    tolerance : float, more than 0
        The mean stays when no coordinate moves by more than this; 1 is the centroid size.
    iterations : int, at least 1
        Stop after so many rounds at the latest. Shapes that have little in common need many.

    Returns
    -------
    ndarray, shape (M, 2), float
        x and y of every landmark.

    Raises
    ------
    TypeError, ValueError
        If an argument has another shape, type or range than listed or is not finite.
    ValueError
        If all landmarks of a shape are in one place.

    References
    ----------
    Gower, Generalized Procrustes analysis, 1975.

    Examples
    --------
    A unit square and a larger one that lies elsewhere, turned by a quarter, are one shape:

    >>> square = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
    >>> turned = [[9.0, 5.0], [9.0, 8.0], [6.0, 8.0], [6.0, 5.0]]
    >>> mean_shape([square, turned]).round(4)
    array([[-0.3536, -0.3536],
           [ 0.3536, -0.3536],
           [ 0.3536,  0.3536],
           [-0.3536,  0.3536]])
    """
    kind = _checks.floats("shapes", shapes, ndim=3).dtype
    shapes = _shapes("shapes", shapes, ndim=3)
    tolerance = _checks.positive("tolerance", tolerance)
    iterations = _checks.integer("iterations", iterations, low=1)
    if len(shapes) == 0:
        raise ValueError(f"shapes must hold at least one shape, got shape {shapes.shape}")
    shapes = np.stack([_standardised(shape) for shape in shapes])
    mean = shapes[0]
    for _ in range(iterations):
        laid = [shape @ _turn_and_scale(shape, mean, reflection=False).T for shape in shapes]
        previous, mean = mean, _standardised(np.mean(laid, axis=0))
        if np.abs(mean - previous).max() <= tolerance:
            break
    return mean.astype(kind)


def _turn_and_scale(source, target, reflection):
    """Return s R, (2, 2), that takes centred points `source` nearest to centred points `target`."""
    left, strengths, right = np.linalg.svd(target.T @ source)
    keep_sides = np.ones(2)
    if not reflection and np.linalg.det(left @ right) < 0:
        keep_sides[1] = -1  # turn over the direction that counts least
    return (strengths @ keep_sides) / (source**2).sum() * (left * keep_sides) @ right


def _standardised(shape):
    """Return a shape with its mean at the origin and unit centroid size."""
    centred = shape - shape.mean(axis=0)
    return centred / np.sqrt((centred**2).sum())


def _shapes(name, value, *, ndim):
    """Return `value` as finite shapes (..., M, 2) of float64, each with two different landmarks."""
    shapes = _checks.floats(name, value, ndim=ndim, finite=True, largest=_checks.FARTHEST)
    shapes = shapes.astype(np.float64)
    if shapes.shape[-1] != 2 or shapes.shape[-2] < 2:
        raise ValueError(f"{name} must have at least 2 landmarks (x, y), got shape {shapes.shape}")
    extent = np.ptp(shapes, axis=-2).max(axis=-1)
    if (extent <= 1e-12 * np.maximum(1, np.abs(shapes).max(axis=(-2, -1)))).any():
        raise ValueError(f"{name} must have two different landmarks, got all in one place")
    return shapes
