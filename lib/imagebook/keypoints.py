"""Keypoints: corners found in an image, heat maps that stand for points, and the scores of predicted points.

A keypoint is (x, y) in continuous pixels, origin top left: the centre of the pixel in row r and column c is
(c + 0.5, r + 0.5). Keypoints are also called landmarks.
"""

import numpy as np

from imagebook import _checks
from imagebook.convolution import cross_correlate2d
from imagebook.pooling import max_pool2d

# What is smaller counts as 0 where a distance is divided by it.
_SMALLEST = 1e-12


def harris(image, *, sigma=1.5, k=0.05):
    r"""Return the Harris response of an image: positive at corners, negative at edges, 0 where it is flat.

    .. math:: R = \det A - k \, (\operatorname{tr} A)^2, \qquad A = G_\sigma * \begin{pmatrix}
              I_x^2 & I_x I_y \\ I_x I_y & I_y^2 \end{pmatrix}

    A, the structure tensor, holds products of the gradient averaged with Gaussian weights. Its eigenvalues
    say how much the image changes in the direction of most change and across it: both large at a corner (the
    determinant wins), one large at an edge (the trace wins). Beyond the border the image goes on with its
    outermost pixels. The response grows with the fourth power of the contrast.

    Parameters
    ----------
    image : array_like, shape (H, W), float in [0, 1]
    sigma : float, pixels, from 0.001 to 1000
        Standard deviation of the Gaussian weights.
    k : float in [0, 0.25]
        How strongly edges are refused; at 0.25 no response is positive.

    Returns
    -------
    ndarray, shape (H, W), float

    Raises
    ------
    TypeError, ValueError
        If an argument has another shape, type or range than listed, or the image is empty or not finite.

    References
    ----------
    Harris and Stephens, A combined corner and edge detector, 1988 (corner/edge response function).

    Examples
    --------
    A bright quarter has its corner in the middle, and edges at the middle of the bottom and right sides:

    >>> image = np.zeros((9, 9))
    >>> image[4:, 4:] = 1
    >>> response = harris(image, sigma=1)
    >>> bool(response[4, 4] > 0), bool(response[8, 4] < 0), float(response[0, 0])
    (True, True, 0.0)
    """
    image = _checks.floats("image", image, ndim=2, finite=True, largest=1e8)
    _checks.not_empty("image", image)
    sigma = _sigma(sigma)
    k = _checks.number("k", k, low=0, high=0.25)
    difference = np.array([[-0.5, 0.0, 0.5]], image.dtype)
    across = cross_correlate2d(np.pad(image, ((0, 0), (1, 1)), mode="edge"), difference)
    down = cross_correlate2d(np.pad(image, ((1, 1), (0, 0)), mode="edge"), difference.T)
    xx, xy, yy = (_smooth(product, sigma) for product in (across * across, across * down, down * down))
    return xx * yy - xy * xy - k * (xx + yy) ** 2


def corners(image, *, count=None, threshold=0.01, distance=5.0, sigma=1.5):
    """Return the corners of an image: the highest local maxima of its Harris response.

    A pixel is a candidate if none of its eight neighbours has a higher response; the parabola through it and
    its neighbours, in each direction, has its vertex at a fraction of a pixel. As in non-maximum suppression,
    the highest candidate is kept, those near it are dropped, and so on. The maximum lies a little inside an
    L-shaped corner, the more the larger `sigma`; where squares of a chessboard meet it is on the spot.

    Parameters
    ----------
    image : array_like, shape (H, W), float in [0, 1]
    count : int, at least 1, optional
        The most corners to return; all of them if not given.
    threshold : float in [0, 1]
        The smallest response of a corner, in parts of the highest one.
    distance : float, pixels, at least 0
        No two corners are nearer to each other.
    sigma : float, pixels, from 0.001 to 1000
        As in `harris`.

    Returns
    -------
    ndarray, shape (N, 2), float
        (x, y), pixels, by falling response; (0, 2) if the image has no corner.

    Raises
    ------
    TypeError, ValueError
        If an argument has another shape, type or range than listed, or the image is empty or not finite.

    References
    ----------
    Harris and Stephens, A combined corner and edge detector, 1988.

    Examples
    --------
    Four squares of a chessboard meet at (4, 4):

    >>> dark, bright = np.zeros((4, 4)), np.ones((4, 4))
    >>> corners(np.block([[dark, bright], [bright, dark]]), count=1)
    array([[4., 4.]])
    """
    response = harris(image, sigma=sigma)
    count = response.size if count is None else _checks.integer("count", count, low=1)
    threshold = _checks.number("threshold", threshold, low=0, high=1)
    distance = _checks.number("distance", distance, low=0)
    highest_around = max_pool2d(response[np.newaxis, :, :, np.newaxis], 3, stride=1, padding=1)[0, :, :, 0]
    is_corner = (response == highest_around) & (response > 0) & (response >= threshold * response.max())
    rows, columns = np.nonzero(is_corner)
    order = np.argsort(-response[rows, columns], kind="stable")
    waiting = _refined(response[np.newaxis], np.zeros(len(order), np.intp), rows[order], columns[order])
    kept = []
    while len(waiting) and len(kept) < count:
        best, waiting = waiting[0], waiting[1:]
        kept.append(best)
        waiting = waiting[np.hypot(*(waiting - best).T) >= distance]
    return np.array(kept, response.dtype).reshape(-1, 2)


def heatmaps(points, shape, *, sigma):
    r"""Return one Gaussian heat map for each point: what a network learns to draw in place of coordinates.

    .. math:: h_n(r, c) = \exp\left(-\frac{(c + 1/2 - x_n)^2 + (r + 1/2 - y_n)^2}{2 \sigma^2}\right)

    The centre is the point itself, not the pixel in which it lies, so no accuracy is lost; the height is 1
    there, and the sum is not 1.

    Parameters
    ----------
    points : array_like, shape (N, 2)
        (x, y), pixels; they may lie outside the image.
    shape : pair of int (vertical, horizontal), pixels
        Of each heat map.
    sigma : float, pixels, from 0.001 to 1000
        Standard deviation of the Gaussian.

    Returns
    -------
    ndarray, shape (N, H, W), float in [0, 1]

    Raises
    ------
    TypeError, ValueError
        If an argument has another shape, type or range than listed or is not finite.

    References
    ----------
    Zhang et al., Distribution-aware coordinate representation for human pose estimation, 2020, section 3.2
    (the centre is not rounded to a pixel).

    Examples
    --------
    >>> heatmaps([[1.5, 0.5]], (1, 3), sigma=1).round(2)
    array([[[0.61, 1.  , 0.61]]])
    """
    points = _points("points", points, ndim=2)
    height, width = _checks.pair("shape", shape, low=1)
    _checks.affordable("shape", (height, width))
    sigma = _sigma(sigma)
    across = (np.arange(width) + 0.5 - points[:, :1]) / sigma  # (N, W)
    down = (np.arange(height) + 0.5 - points[:, 1:]) / sigma  # (N, H)
    # The exponential of a sum is a product: H + W exponentials in place of H W.
    result = np.exp(-0.5 * down[:, :, np.newaxis] ** 2) * np.exp(-0.5 * across[:, np.newaxis, :] ** 2)
    return result.astype(points.dtype)


def from_heatmaps(heatmaps):
    r"""Return the point for which each heat map stands, to a fraction of a pixel, and its score.

    The logarithm of a Gaussian is a parabola in each direction, so the parabola through the logarithms of
    three pixels in a row, around the highest, has its vertex exactly at the point:

    .. math:: x = x_0 + \frac{\log h_{-1} - \log h_1}{2 (\log h_{-1} - 2 \log h_0 + \log h_1)}

    At the border the three outermost pixels serve. Exact for heat maps of `heatmaps` whose point lies in the
    image (at least 3 x 3 pixels, and neighbours not so small that they are rounded to 0). Of others the
    result is the place of the vertex, but never leaves the highest pixel; smooth noisy heat maps first.

    Parameters
    ----------
    heatmaps : array_like, shape (N, H, W)

    Returns
    -------
    points : ndarray, shape (N, 2), float
        (x, y), pixels.
    scores : ndarray, shape (N,), float
        The value of the highest pixel.

    Raises
    ------
    TypeError, ValueError
        If `heatmaps` is not a finite array of that shape with at least one pixel.

    References
    ----------
    Zhang et al., Distribution-aware coordinate representation for human pose estimation, 2020, section 3.1;
    since the Gaussian is round, the logarithm's mixed second derivative is 0 and each direction stands alone.

    Examples
    --------
    >>> points, scores = from_heatmaps(heatmaps([[1.7, 2.2]], (5, 4), sigma=1))
    >>> points.round(9)
    array([[1.7, 2.2]])
    """
    maps = _checks.floats("heatmaps", heatmaps, ndim=3, finite=True)
    count, height, width = maps.shape
    if height == 0 or width == 0:
        raise ValueError(f"heatmaps must have at least one row and column, got shape {maps.shape}")
    index = np.arange(count)
    rows, columns = np.divmod(maps.reshape(count, height * width).argmax(axis=1), width)
    logarithms = np.log(np.maximum(maps, np.finfo(maps.dtype).tiny))
    return _refined(logarithms, index, rows, columns), maps[index, rows, columns]


def percentage_of_correct_keypoints(predicted, truth, *, reference, threshold, visible=None):
    r"""Return the percentage of correct keypoints (PCK), as a share of 1.

    A keypoint is correct if it lies within a share of a reference length of the truth:

    .. math:: \lVert \hat{p} - p \rVert \le \alpha \, \ell

    The same name is used with other lengths: the longer side of the object's bounding box here (Yang and
    Ramanan), the head's length (PCKh), the torso's. Percentages for different lengths cannot be compared.

    Parameters
    ----------
    predicted, truth : array_like, shape (K, 2) for one object or (N, K, 2)
        (x, y), pixels.
    reference : float or array_like, shape (N,), pixels, more than 0
        The length for all objects or for each.
    threshold : float, at least 0
        The share of the reference length, alpha.
    visible : array_like of bool or int, shape (K,) or (N, K), optional
        Nonzero where the keypoint counts; all count if not given.

    Returns
    -------
    float
        In [0, 1], over all the keypoints that count.

    Raises
    ------
    TypeError, ValueError
        If an argument has another shape, type or range than listed or is not finite.
    ValueError
        If no keypoint counts.

    References
    ----------
    Yang and Ramanan, Articulated human detection with flexible mixtures of parts, 2013 (there called the
    probability of a correct keypoint).

    Examples
    --------
    Within a tenth of 20 pixels, 2 pixels, of the truth: the first and the second of three.

    >>> truth = [[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]]
    >>> predicted = [[0.0, 1.0], [7.0, 0.0], [2.0, 7.0]]
    >>> share = percentage_of_correct_keypoints(predicted, truth, reference=20, threshold=0.1)
    >>> round(share, 2)
    0.67
    """
    distances, visible = _distances(predicted, truth, visible)
    reference = _for_each_object("reference", reference, len(distances))
    threshold = _checks.number("threshold", threshold, low=0)
    if not visible.any():
        raise ValueError(f"at least one keypoint must count, got none of {visible.size}")
    return float((distances <= threshold * reference)[visible].mean())


def object_keypoint_similarity(predicted, truth, *, area, sigmas, visible=None):
    r"""Return the object keypoint similarity (OKS): what intersection over union is for boxes.

    .. math:: \operatorname{OKS} = \operatorname{mean}_{i \text{ visible}}
              \exp\left(-\frac{d_i^2}{2 s^2 k_i^2}\right), \qquad s^2 = \text{area}, \quad k_i = 2 \sigma_i

    d is the distance between prediction and truth. sigma is how far people's annotations of that keypoint
    scatter, in parts of the object's size s: in COCO 0.025 for an eye, 0.107 for a hip. Mind the 2 in k.

    Parameters
    ----------
    predicted, truth : array_like, shape (K, 2) for one object or (N, K, 2)
        (x, y), pixels.
    area : float or array_like, shape (N,), square pixels, more than 0
        Of all objects or of each; in COCO that of the segmentation mask, not of the box.
    sigmas : array_like, shape (K,), more than 0
        One for each kind of keypoint.
    visible : array_like of bool or int, shape (K,) or (N, K), optional
        Nonzero where the keypoint is labelled, as COCO's v; all are if not given.

    Returns
    -------
    float or ndarray, shape (N,), float
        In [0, 1]; 1 where every visible keypoint is on the spot.

    Raises
    ------
    TypeError, ValueError
        If an argument has another shape, type or range than listed or is not finite.
    ValueError
        If an object has no visible keypoint. (COCO then measures how far the prediction lies from the box.)

    References
    ----------
    COCO, Keypoint evaluation, https://cocodataset.org/#keypoints-eval, and `computeOks` of pycocotools.

    Examples
    --------
    Of area 100, s is 10; with sigma 0.05, k is 0.1 and s k is one pixel. So one pixel off is exp(-1/2):

    >>> round(object_keypoint_similarity([[0.0, 1.0]], [[0.0, 0.0]], area=100, sigmas=[0.05]), 4)
    0.6065
    """
    distances, visible = _distances(predicted, truth, visible)
    area = _for_each_object("area", area, len(distances))
    sigmas = _checks.floats("sigmas", sigmas, ndim=1, finite=True)
    if sigmas.shape != distances.shape[1:] or (sigmas < _SMALLEST).any():
        raise ValueError(
            f"sigmas must be one number of more than 0 per keypoint, {distances.shape[1]}, got {sigmas}"
        )
    counts = visible.sum(axis=1)
    if (counts == 0).any():
        raise ValueError(f"every object must have a visible keypoint, got none for object {counts.argmin()}")
    scale = np.sqrt(area, dtype=np.float64) * (2 * sigmas)
    similarities = np.exp(-0.5 * (distances / scale) ** 2)
    result = ((similarities * visible).sum(axis=1) / counts).astype(distances.dtype)
    return result if np.ndim(predicted) == 3 else float(result[0])


def _smooth(values, sigma):
    """Return values (H, W) averaged with Gaussian weights, cut off at three standard deviations."""
    reach = int(np.ceil(3 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights = (weights / weights.sum()).astype(values.dtype)[np.newaxis]
    # The Gaussian is a product, so a row and a column of weights do what a square of them would.
    across = cross_correlate2d(np.pad(values, ((0, 0), (reach, reach)), mode="edge"), weights)
    return cross_correlate2d(np.pad(across, ((reach, reach), (0, 0)), mode="edge"), weights.T)


def _refined(maps, index, rows, columns):
    """Return the highest pixels, maps[index, rows, columns], as points (x, y) to a fraction of a pixel."""
    x = _vertex(maps, index, rows, columns)
    y = _vertex(maps.swapaxes(1, 2), index, columns, rows)
    return np.stack([x, y], axis=1).astype(maps.dtype)


def _vertex(maps, index, rows, columns):
    """Return the x of the vertex of the parabola through each peak and its neighbours left and right."""
    width = maps.shape[2]
    if width < 3:
        return columns + 0.5
    middle = np.clip(columns, 1, width - 2)  # a peak at the border is an outer one of the three pixels
    left, centre, right = (maps[index, rows, middle + step].astype(np.float64) for step in (-1, 0, 1))
    bend = left - 2 * centre + right
    vertex = middle + np.divide(left - right, 2 * bend, out=np.zeros_like(bend), where=bend < 0)
    # Three pixels in a line have no vertex; that of three that are no Gaussian may be far away.
    return np.clip(np.where(bend < 0, vertex, columns), columns - 0.5, columns + 0.5) + 0.5


def _distances(predicted, truth, visible):
    """Return the distances between checked keypoints, (N, K), and which of them are visible."""
    predicted, truth = (
        _points(name, value, ndim=(2, 3)) for name, value in [("predicted", predicted), ("truth", truth)]
    )
    if predicted.shape != truth.shape:
        raise ValueError(
            f"predicted and truth must have the same shape, got {predicted.shape} and {truth.shape}"
        )
    if predicted.shape[-2] == 0:
        raise ValueError(f"predicted must have at least one keypoint, got shape {predicted.shape}")
    difference = predicted - truth
    distances = np.hypot(difference[..., 0], difference[..., 1])
    if visible is None:
        visible = np.ones(distances.shape, bool)
    visible = _checks.array("visible", visible, ndim=distances.ndim)
    if visible.dtype.kind == "f":
        raise TypeError(f"visible must hold booleans or integers, got dtype {visible.dtype}")
    if visible.shape != distances.shape:
        raise ValueError(f"visible must have shape {distances.shape}, got {visible.shape}")
    return np.atleast_2d(distances), np.atleast_2d(visible != 0)


def _sigma(value):
    """Return `value` as a standard deviation for which neither the weights nor their number is absurd."""
    return _checks.number("sigma", _checks.positive("sigma", value), low=0.001, high=1000)


def _for_each_object(name, value, count):
    """Return one positive number, or one for each of `count` objects, as an array (1, 1) or (count, 1)."""
    value = _checks.floats(name, value, ndim=(0, 1), finite=True)
    if value.ndim == 1 and len(value) != count:
        raise ValueError(f"{name} must be one number or one per object, {count}, got shape {value.shape}")
    if (value < _SMALLEST).any():
        raise ValueError(
            f"{name} must be more than 0, got {value.min()} (less than {_SMALLEST:g} counts as 0)"
        )
    return value.reshape(-1, 1)


def _points(name, value, *, ndim):
    """Return `value` as finite points (..., 2)."""
    points = _checks.floats(name, value, ndim=ndim, finite=True, largest=_checks.FARTHEST)
    if points.shape[-1] != 2:
        raise ValueError(f"{name} must have two numbers (x, y) per point, got shape {points.shape}")
    return points
