"""Invariance and equivariance: what a change of the image does to a classifier and to a layer.

A classifier is invariant to a change if its answer stays: f(T x) = f(x). A layer is equivariant if its output
changes in the same way: f(T x) = T f(x). Here both are measured, for any classifier that is a function from
images (N, H, W, C) to logits (N, K), such as `model.predict`.
"""

from pathlib import Path

import numpy as np

from imagebook import _checks, augmentation
from imagebook.convolution import unfold
from imagebook.layers import Conv2D, Dense, Flatten, ReLU
from imagebook.losses import class_labels
from imagebook.models import Sequential, accuracy, small_cnn

FILE = Path(__file__).parent / "data" / "invariance.npz"
# Names of the stored networks: (pooling, augmented).
NETWORKS = {
    (True, False): "pooled",
    (True, True): "pooled_augmented",
    (False, False): "strided",
    (False, True): "strided_augmented",
}
# What the training digits of the augmented networks went through, drawn afresh for every image.
AUGMENTATION = {"rotate": (-45, 45), "scale": (0.7, 1.3), "translate": (-4, 4)}


def accuracy_under(model_predict, images, labels, change, values):
    """Return a classifier's accuracy on changed images, once for every value of the change.

    aᵥ = 1/N Σₙ [argmax f(T(xₙ, v)) = yₙ]

    The labels stay, whether or not the change leaves them true: a 6 that was turned by 180 degrees counts as
    wrong when it is called a 9.

    Parameters
    ----------
    model_predict : callable
        f, from images to logits of shape (N, K).
    images : array_like, shape (N, H, W, C), N at least 1
        What the classifier and the change take.
    labels : array_like of int, shape (N,)
        The true classes, 0 to K-1.
    change : callable
        T, `change(images, value)` returns changed images, such as `augmentation.rotate`.
    values : iterable
        What to change by: anything that `change` takes.

    Returns
    -------
    ndarray of float64, shape (number of values,), in [0, 1]
        The accuracy for each value.

    Raises
    ------
    TypeError
        If `model_predict` or `change` cannot be called.
    ValueError
        If `images` has another shape than listed, or there is not one label in 0 to K-1 for each.

    References
    ----------
    Engstrom, Tran, Tsipras, Schmidt, Madry (2019), Exploring the landscape of spatial robustness.

    Examples
    --------
    >>> images = np.reshape([[1.0, 0.0], [0.0, 1.0]], (2, 1, 2, 1))
    >>> where = lambda images: images.reshape(-1, 2)  # class 0: bright on the left; 1: on the right
    >>> mirror = lambda images, times: images[:, :, ::-1] if times == 1 else images
    >>> accuracy_under(where, images, [0, 1], mirror, [0, 1])
    array([1., 0.])
    """
    images = _images(images)
    labels = _labels(labels, images)
    _checks.function("model_predict", model_predict)
    _checks.function("change", change)
    _checks.iterable("values", values)
    return np.array([accuracy(model_predict(change(images, value)), labels) for value in values], np.float64)


def accuracy_by_angle(model_predict, images, labels, angles):
    """Return a classifier's accuracy as a function of the angle by which the images are rotated.

    Parameters
    ----------
    model_predict, images, labels
        As in `accuracy_under`; the images must be in [0, 1].
    angles : iterable of float, degrees
        Counter-clockwise as seen.

    Returns
    -------
    ndarray of float64, shape (number of angles,), in [0, 1]

    Raises
    ------
    TypeError, ValueError
        As in `accuracy_under` and `augmentation.rotate`.

    Examples
    --------
    >>> images = np.reshape([[1.0, 0.0], [0.0, 1.0]], (2, 1, 2, 1))
    >>> where = lambda images: images.reshape(-1, 2)  # class 0: bright on the left; 1: on the right
    >>> accuracy_by_angle(where, images, [0, 1], [0, 180, 360])
    array([1., 0., 1.])
    """
    return accuracy_under(model_predict, images, labels, augmentation.rotate, angles)


def accuracy_by_shift(model_predict, images, labels, shifts):
    """Return a classifier's accuracy as a function of the shift by which the images are moved.

    Parameters
    ----------
    model_predict, images, labels
        As in `accuracy_under`; the images must be in [0, 1].
    shifts : iterable of pairs of float (vertical, horizontal), pixels
        Positive numbers move down and to the right.

    Returns
    -------
    ndarray of float64, shape (number of shifts,), in [0, 1]

    Raises
    ------
    TypeError, ValueError
        As in `accuracy_under` and `augmentation.translate`.

    Examples
    --------
    >>> images = np.reshape([[1.0, 0.0], [0.0, 1.0]], (2, 1, 2, 1))
    >>> where = lambda images: images.reshape(-1, 2)  # class 0: bright on the left; 1: on the right
    >>> # A step to the right makes the first image the second one and the second one empty, which is a tie.
    >>> accuracy_by_shift(where, images, [0, 1], [(0, 0), (0, 1)])
    array([1., 0.])
    """
    return accuracy_under(model_predict, images, labels, augmentation.translate, shifts)


def accuracy_by_size(model_predict, images, labels, factors):
    """Return a classifier's accuracy as a function of the factor by which the images are enlarged.

    Parameters
    ----------
    model_predict, images, labels
        As in `accuracy_under`; the images must be in [0, 1].
    factors : iterable of float, more than 0
        More than 1 enlarges, less than 1 shrinks.

    Returns
    -------
    ndarray of float64, shape (number of factors,), in [0, 1]

    Raises
    ------
    TypeError, ValueError
        As in `accuracy_under` and `augmentation.scale`.

    Examples
    --------
    >>> bar = np.reshape([0.0, 1.0, 1.0, 0.0], (1, 1, 4, 1))
    >>> def is_long(images):  # class 1: more than 1.5 pixels of ink
    ...     ink = images.sum(axis=(1, 2, 3))
    ...     return np.stack([1.5 - ink, ink - 1.5], axis=1)
    >>> accuracy_by_size(is_long, bar, [1], [1, 0.5])
    array([1., 0.])
    """
    return accuracy_under(model_predict, images, labels, augmentation.scale, factors)


def confusion_under(model_predict, images, labels, change, *, classes=(6, 9)):
    """Return the confusion matrix of a few classes on changed images, such as 6 and 9 under half turns.

    Cᵢⱼ = part of the images of class i whose changed copy is called j

    Each row is divided by the number of its images. What is missing to 1 was called something else; with all
    classes nothing is missing.

    Parameters
    ----------
    model_predict, images, labels
        As in `accuracy_under`; images of other classes are left out.
    change : callable
        `change(images)` returns changed images, such as `lambda images: augmentation.rotate(images, 180)`.
    classes : sequence of int
        M different classes, each with at least one image.

    Returns
    -------
    ndarray of float64, shape (M, M), in [0, 1]
        Row: the true class. Column: what it was called.

    Raises
    ------
    TypeError
        If `model_predict` or `change` cannot be called, or classes or labels are not integers.
    ValueError
        If `images` has another shape, labels or classes are not in 0 to K-1, or a class has no image.

    Examples
    --------
    >>> images = np.reshape([[1.0, 0.0], [0.0, 1.0], [0.2, 0.9]], (3, 1, 2, 1))
    >>> where = lambda images: images.reshape(-1, 2)  # class 0: bright on the left; 1: on the right
    >>> confusion_under(where, images, [0, 1, 1], lambda images: images, classes=(0, 1))
    array([[1., 0.],
           [0., 1.]])
    >>> half_turn = lambda images: augmentation.rotate(images, 180)
    >>> confusion_under(where, images, [0, 1, 1], half_turn, classes=(0, 1))
    array([[0., 1.],
           [1., 0.]])
    """
    images = _images(images)
    labels = _labels(labels, images)
    _checks.function("model_predict", model_predict)
    _checks.function("change", change)
    classes = _checks.items("classes", classes, "a sequence such as (6, 9)")
    classes = [_checks.integer("classes", number, low=0) for number in classes]
    if not classes or len(set(classes)) < len(classes):
        raise ValueError(f"classes must be different integers, at least one, got {classes}")
    for number in classes:
        if number not in labels:
            raise ValueError(f"labels must hold every one of the classes {classes}, got none of {number}")

    chosen = np.isin(labels, classes)
    logits = _checks.floats("logits", model_predict(change(images[chosen])), ndim=2)
    truth = class_labels(labels[chosen], n_examples=len(logits), n_classes=logits.shape[1])
    called = np.argmax(logits, axis=1)
    return np.array([[np.mean(called[truth == row] == column) for column in classes] for row in classes])


def equivariance_error(layer_forward, images, change, *, output_change=None, margin=0):
    """Return the equivariance error of a layer: how far it is from changing its output as its input changed.

    ‖f(T x) - T' f(x)‖ / ‖T' f(x)‖    over all images, channels and cells of the interior

    0 means equivariant. The interior is where T' f(x) depends on f(x) alone and not on what came in from
    outside; `margin` takes more off its border, for layers with padding and for changes that interpolate.

    Parameters
    ----------
    layer_forward : callable
        f, from images to maps of shape (N, H', W', C'), such as `layer.forward`.
    images : array_like, shape (N, H, W, C), N at least 1, float
        In the range that `change` takes.
    change : callable
        T, a geometric change that moves pixels and may interpolate between them: `change(images)` returns
        images of the same shape, such as `lambda images: augmentation.translate(images, (0, 1))`.
    output_change : callable, optional
        T', what the change is for the maps; `change` itself if not given. A layer of stride 2 should turn
        a shift by 2 pixels into a shift by 1.
    margin : int, at least 0, cells of the maps
        How far from the border of the interior cells must be to count.

    Returns
    -------
    float
        At least 0.

    Raises
    ------
    TypeError
        If `layer_forward`, `change` or `output_change` cannot be called.
    ValueError
        If a shape is wrong, no cell is in the interior, or the changed maps are 0 there.

    References
    ----------
    Lenc, Vedaldi (2015), Understanding image representations by measuring their equivariance and
    equivalence, section 3.

    Examples
    --------
    >>> image = np.reshape([0.0, 0.5, 1.0, 0.5], (1, 1, 4, 1))
    >>> to_the_right = lambda images: augmentation.translate(images, (0, 1))
    >>> slope = lambda images: images[:, :, 1:] - images[:, :, :-1]  # a convolution: equivariant
    >>> equivariance_error(slope, image, to_the_right)
    0.0
    >>> ramp = lambda images: images * [[0], [1], [2], [3]]  # depends on the place: not equivariant
    >>> round(equivariance_error(ramp, image, to_the_right), 9)  # (0, 1, 3) against (0, 0.5, 2)
    0.542326145
    """
    images = _images(images)
    output_change = change if output_change is None else output_change
    functions = {"layer_forward": layer_forward, "change": change, "output_change": output_change}
    for name, function in functions.items():
        _checks.function(name, function)
    margin = _checks.integer("margin", margin, low=0)

    maps = _maps(layer_forward(images))
    after_change = _maps(layer_forward(change(images)))
    changed_maps = _changed(maps, output_change)
    if after_change.shape != changed_maps.shape:
        raise ValueError(
            f"layer_forward(change(images)) and the changed layer_forward(images) must have one shape, "
            f"got {after_change.shape} and {changed_maps.shape}"
        )
    inside = _interior(changed_maps.shape, output_change, margin)
    expected = changed_maps[:, inside]
    size = np.linalg.norm(expected)
    if size == 0:
        raise ValueError("layer_forward(images) must not be 0 everywhere in the interior, got only zeros")
    return float(np.linalg.norm(after_change[:, inside] - expected) / size)


def build_network(*, pooling, rng):
    """Return an untrained network for digits that shrinks its maps by max pooling, or by stride.

    conv 3 x 3, 1 → 8; ReLU; max pool 2; conv 3 x 3, 8 → 16; ReLU; max pool 2; flatten; dense → 10. Without
    pooling the convolutions themselves take every second step, so that the maps shrink about as much.

    Parameters
    ----------
    pooling : bool
        True for `models.small_cnn`; False for the same with strides in place of pooling.
    rng : numpy.random.Generator
        Draws the initial weights.

    Returns
    -------
    Sequential
        It takes images of shape (N, 28, 28, 1), float in [0, 1], and returns ten logits.

    Raises
    ------
    TypeError
        If `pooling` is not a bool or `rng` not a generator.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> [build_network(pooling=pooling, rng=rng).parameter_count for pooling in (True, False)]
    [5258, 7018]
    """
    if _checks.flag("pooling", pooling):
        return small_cnn(rng=rng)
    return Sequential(
        [
            Conv2D(1, 8, 3, stride=2, rng=rng),  # (N, 13, 13, 8)
            ReLU(),
            Conv2D(8, 16, 3, stride=2, rng=rng),  # (N, 6, 6, 16)
            ReLU(),
            Flatten(),  # (N, 576)
            Dense(576, 10, rng=rng),  # (N, 10)
        ]
    )


def load_network(*, pooling=True, augmented=False):
    """Return one of four trained networks for digits, which differ in what may make them invariant.

    All four saw the same 20,000 training digits of MNIST three times. Those of the augmented networks were
    each time turned, resized and moved at random: `AUGMENTATION` has the limits.

    Parameters
    ----------
    pooling : bool
        Whether the network shrinks its maps by max pooling; if not, its convolutions have stride 2.
    augmented : bool
        Whether its training digits were augmented.

    Returns
    -------
    Sequential
        The caller's own, with float32 parameters. It takes images of shape (N, 28, 28, 1), float in [0, 1],
        and returns ten logits.

    Raises
    ------
    TypeError
        If an argument is not a bool.

    Examples
    --------
    >>> from imagebook import mnist
    >>> images, labels = mnist.load("test")
    >>> images, labels = mnist.scale(images[:100]), labels[:100]
    >>> plain = accuracy_by_angle(load_network().predict, images, labels, [0, 60])
    >>> augmented = accuracy_by_angle(load_network(augmented=True).predict, images, labels, [0, 60])
    >>> bool(plain[0] > 0.9 and augmented[0] > 0.8 and augmented[1] > plain[1] + 0.1)
    True
    """
    name = NETWORKS[_checks.flag("pooling", pooling), _checks.flag("augmented", augmented)]
    model = build_network(pooling=pooling, rng=np.random.default_rng(0))  # all that is drawn is overwritten
    with np.load(FILE, allow_pickle=False) as arrays:
        for position, layer in enumerate(model.layers):
            for key, parameter in layer.parameters.items():
                parameter[...] = arrays[f"{name}.{position}.{key}"]
    return model


def _changed(maps, change):
    """Return the changed maps, whose values may be any numbers although `change` may want [0, 1]."""
    # A geometric change takes weighted means of pixels, so that it does not matter whether the values are
    # scaled before it or after it.
    low = maps.min()
    spread = (maps.max() - low) or 1.0
    changed = change((maps - low) / spread)
    return _checks.floats("changed maps", changed, ndim=4, finite=True) * spread + low


def _interior(shape, change, margin):
    """Return where changed maps hold nothing from outside, (H', W'), `margin` cells away from the rest."""
    _, height, width, _ = shape
    inside = _checks.array("changed maps", change(np.ones((1, height, width, 1))), ndim=4) > 1 - 1e-6
    if inside.shape != (1, height, width, 1):
        raise ValueError(f"output_change must keep the shape, {(1, height, width, 1)}, got {inside.shape}")
    if 2 * margin >= min(height, width):
        raise ValueError(f"margin must leave some of {height} x {width} cells, got {margin}")
    padded = np.pad(inside, ((0, 0), (margin, margin), (margin, margin), (0, 0)))
    inside = unfold(padded, 2 * margin + 1).all(axis=(3, 4))[0, :, :, 0]
    if not inside.any():
        raise ValueError(f"the interior must hold at least one cell, got none of {height} x {width}")
    return inside


def _images(images):
    """Return a batch of at least one image."""
    images = _checks.floats("images", images, ndim=4)
    _checks.not_empty("images", images)
    return images


def _labels(labels, images):
    """Return one label per image; which classes there are shows only in the logits."""
    labels = _checks.array("labels", labels, ndim=1)
    if len(labels) != len(images):
        raise ValueError(f"labels must hold one class per image, {len(images)}, got {len(labels)}")
    return labels


def _maps(maps):
    """Return a layer's output as float64, so that the error is the layer's and not that of rounding."""
    maps = _checks.floats("layer_forward's output", maps, ndim=4, finite=True)
    _checks.not_empty("layer_forward's output", maps)
    return maps.astype(np.float64)
