"""Transfer learning: a model trained for one task becomes the start of a model for another."""

import copy

import numpy as np

from imagebook import _checks
from imagebook.attention import Composite
from imagebook.layers import Dense, Layer, _layer_list, he_normal
from imagebook.models import Sequential


def freeze(layers):
    """Freeze layers: from now on, optimizers leave their parameters as they are.

    Gradients still pass through a frozen layer to the layers before it.

    Parameters
    ----------
    layers : list of Layer
        Such as `model.layers[:-1]`; their `frozen` becomes True, and that of their parts if they have any.

    Raises
    ------
    TypeError
        If one of them is not a layer; then none is changed.

    Examples
    --------
    >>> layer = Dense(2, 1, rng=np.random.default_rng(0))
    >>> freeze([layer])
    >>> layer.frozen
    True
    """
    _set_frozen(_layer_list("layers", layers), True)


def unfreeze(layers):
    """Unfreeze layers: from now on, optimizers change their parameters again.

    Parameters
    ----------
    layers : list of Layer
        Their `frozen` becomes False, and that of their parts.

    Raises
    ------
    TypeError
        If one of them is not a layer; then none is changed.

    Examples
    --------
    >>> layer = Dense(2, 1, rng=np.random.default_rng(0))
    >>> freeze([layer])
    >>> unfreeze([layer])
    >>> layer.frozen
    False
    """
    _set_frozen(_layer_list("layers", layers), False)


def trained_parameters(model):
    """Return how many numbers training changes: the parameters of all layers and parts that are not frozen.

    Parameters
    ----------
    model : Sequential
        `model.parameter_count` counts the frozen ones too.

    Returns
    -------
    int
        At least 0.

    Raises
    ------
    TypeError
        If `model` is not a `Sequential`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> model = Sequential([Dense(5, 3, rng=rng), Dense(3, 1, rng=rng)])
    >>> trained_parameters(model)  # 5 * 3 + 3, and 3 * 1 + 1
    22
    >>> freeze(model.layers[:1])
    >>> trained_parameters(model)
    4
    """
    _check_model(model)
    return sum(parameter.size for layer in model.layers for parameter in layer.trained_parameters.values())


def replace_head(model, head, *, n_layers=1):
    """Return a network with the body of a model and a new head: other outputs, so another task and loss.

    The body is shared, not copied: training one network changes the other. The three functions of
    fine-tuning below copy what they are given.

    Parameters
    ----------
    model : Sequential
        A pre-trained model; its list of layers stays as it is.
    head : list of Layer
        The new last layers, such as `[Dense(400, 1, rng=rng)]` for a regression.
    n_layers : int
        How many of the model's last layers are the old head, from 0 to all but one; layers without
        parameters count too.

    Returns
    -------
    Sequential
        `model.layers[:-n_layers]` followed by `head`.

    Raises
    ------
    TypeError
        If `model` is not a `Sequential` or `head` does not hold layers only.
    ValueError
        If `head` is empty, or no layer of the model would be left.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> classifier = Sequential([Dense(5, 3, rng=rng), Dense(3, 10, rng=rng)])
    >>> counter = replace_head(classifier, [Dense(3, 1, rng=rng)])
    >>> counter.layers[0] is classifier.layers[0], counter.predict(np.zeros((2, 5))).shape
    (True, (2, 1))
    """
    _check_model(model)
    head = _layer_list("head", head)
    n_layers = _checks.integer("n_layers", n_layers, low=0)
    if not head:
        raise ValueError("head must hold at least one layer, got none")
    if n_layers >= len(model.layers):
        raise ValueError(f"n_layers must be below {len(model.layers)}, the model's layers, got {n_layers}")
    return Sequential(model.layers[: len(model.layers) - n_layers] + head)


def full_fine_tuning(model):
    """Return a copy of a pre-trained model for full fine-tuning: all parameters will be trained.

    The most freedom, and the most to forget: with few examples or a high learning rate, what pre-training
    found is lost.

    Parameters
    ----------
    model : Sequential
        A pre-trained model; it stays as it is.

    Returns
    -------
    Sequential
        The copy, nothing frozen.

    Raises
    ------
    TypeError
        If `model` is not a `Sequential`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> model = Sequential([Dense(5, 3, rng=rng), Dense(3, 10, rng=rng)])
    >>> trained_parameters(full_fine_tuning(model)) == model.parameter_count
    True
    """
    _check_model(model)
    result = copy.deepcopy(model)
    unfreeze(result.layers)
    return result


def partial_fine_tuning(model, *, n_layers):
    """Return a copy of a pre-trained model for partial fine-tuning: only its last layers will be trained.

    The layers nearest the output are the most specific to the task; the first ones, which find edges and
    strokes, serve many tasks.

    Parameters
    ----------
    model : Sequential
        A pre-trained model; it stays as it is.
    n_layers : int
        How many of the last layers to train, from 1 to all; layers without parameters count too.

    Returns
    -------
    Sequential
        The copy, frozen up to its last `n_layers` layers.

    Raises
    ------
    TypeError
        If `model` is not a `Sequential`.
    ValueError
        If it has fewer than `n_layers` layers.

    References
    ----------
    Yosinski, Clune, Bengio, Lipson (2014), How transferable are features in deep neural networks?

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> model = Sequential([Dense(5, 3, rng=rng), Dense(3, 10, rng=rng)])
    >>> trained_parameters(partial_fine_tuning(model, n_layers=1))  # 3 * 10 + 10
    40
    """
    _check_model(model)
    n_layers = _checks.integer("n_layers", n_layers, low=1)
    if n_layers > len(model.layers):
        raise ValueError(f"n_layers must be at most {len(model.layers)}, the model's layers, got {n_layers}")
    result = full_fine_tuning(model)
    freeze(result.layers[:-n_layers])
    return result


def additive_fine_tuning(model, layers):
    """Return a copy of a pre-trained model with new layers on top: only the new ones will be trained.

    The model becomes a fixed extractor of features. Cut its head off first, where the features before it say
    more than its outputs do.

    Parameters
    ----------
    model : Sequential
        A pre-trained model, or its body `Sequential(model.layers[:-1])`; it stays as it is.
    layers : list of Layer
        The new layers, at least one; they are copied too.

    Returns
    -------
    Sequential
        The copy, frozen, followed by the new layers.

    Raises
    ------
    TypeError
        If `model` is not a `Sequential` or `layers` does not hold layers only.
    ValueError
        If `layers` is empty.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> model = Sequential([Dense(5, 3, rng=rng), Dense(3, 10, rng=rng)])
    >>> trained_parameters(additive_fine_tuning(model, [Dense(10, 1, rng=rng)]))  # 10 * 1 + 1
    11
    """
    _check_model(model)
    layers = _layer_list("layers", layers)
    if not layers:
        raise ValueError("layers must hold at least one layer, got none")
    result = copy.deepcopy(Sequential(model.layers + layers))
    n_old = len(model.layers)
    freeze(result.layers[:n_old])
    unfreeze(result.layers[n_old:])
    return result


def low_rank_fine_tuning(model, rank, *, rng):
    """Return a copy of a pre-trained model for LoRA: every dense layer gets an adapter, all else is frozen.

    At first the copy computes exactly what the model does.

    Parameters
    ----------
    model : Sequential
        A pre-trained model with at least one `Dense` layer; it stays as it is.
    rank : int
        Rank of every adapter, see `LowRankAdapter`.
    rng : numpy.random.Generator
        Draws the initial weights of the adapters.

    Returns
    -------
    Sequential
        The copy, with a `LowRankAdapter` in the place of every `Dense` layer.

    Raises
    ------
    TypeError
        If `model` is not a `Sequential`.
    ValueError
        If it has no dense layer, or one that is too small for `rank`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> model = Sequential([Dense(50, 30, rng=rng), Dense(30, 10, rng=rng)])
    >>> trained_parameters(low_rank_fine_tuning(model, 2, rng=rng))  # 2 (50 + 30) + 2 (30 + 10)
    240
    """
    _check_model(model)
    if not any(isinstance(layer, Dense) for layer in model.layers):
        raise ValueError("model must have at least one Dense layer, got none")
    layers = copy.deepcopy(model).layers
    freeze(layers)
    return Sequential(
        [LowRankAdapter(layer, rank, rng=rng) if isinstance(layer, Dense) else layer for layer in layers]
    )


def digit_canvas(images, counts, rng, *, shape):
    """Return canvases with a known number of digits on each, and that number as the target of a regression.

    Digits are drawn from `images` with replacement, cut to the box of their ink and put where that box, with
    one pixel around it, is free: they never touch, so that the target is true. (A layout that leaves no room
    for its last digit is drawn again.)

    Parameters
    ----------
    images : array_like, shape (N, h, w) or (N, h, w, 1), float in [0, 1]
        The digits to choose from, none of them blank.
    counts : array_like of int, shape (M,)
        How many digits each canvas shows, at least 0.
    rng : numpy.random.Generator
        Chooses digits and places.
    shape : pair of int
        (H, W), the size of the canvases, such as (56, 56), which holds four digits.

    Returns
    -------
    canvases : ndarray, shape (M, H, W, 1), dtype of `images`, float in [0, 1]
        The canvases.
    targets : ndarray, shape (M, 1), dtype of `images`
        `counts`, in the shape of the outputs of `Dense(n, 1)`.

    Raises
    ------
    TypeError
        If the counts are not integers.
    ValueError
        If an image is blank, a count is negative, or 100 layouts in a row had no room for so many digits.

    References
    ----------
    Lempitsky, Zisserman (2010), Learning to count objects in images (which learns densities, not counts).

    Examples
    --------
    >>> digits = np.ones((1, 2, 3))
    >>> canvases, targets = digit_canvas(digits, [0, 2], np.random.default_rng(0), shape=(4, 8))
    >>> canvases.sum(axis=(1, 2, 3)), targets[:, 0]  # each digit has six pixels of ink
    (array([ 0., 12.]), array([0., 2.]))
    """
    images = _checks.floats("images", images, ndim=(3, 4), finite=True)
    if images.ndim == 4 and images.shape[3] != 1:
        raise ValueError(f"images must have one channel, got shape {images.shape}")
    images = images.reshape(images.shape[:3])
    _checks.not_empty("images", images)
    if images.min() < 0 or images.max() > 1:
        raise ValueError(f"images must be between 0 and 1, got {images.min()} to {images.max()}")
    blank = np.flatnonzero(images.max(axis=(1, 2)) == 0)
    if blank.size:
        raise ValueError(f"images must all show something, got a blank one at position {blank[0]}")
    counts = _checks.array("counts", counts, ndim=1)
    if counts.dtype.kind not in "iu" and counts.size:
        raise TypeError(f"counts must be integers, got dtype {counts.dtype}")
    if counts.size and counts.min() < 0:
        raise ValueError(f"counts must be at least 0, got {counts.min()}")
    rng = _checks.generator(rng)
    shape = _checks.pair("shape", shape, low=1)
    _checks.affordable("shape", shape)
    if counts.size and counts.max() > shape[0] * shape[1]:  # before so many digits are drawn
        raise ValueError(f"shape must have room for {counts.max()} digits, got {shape}")
    canvases = np.zeros((len(counts), *shape, 1), images.dtype)
    for canvas, count in zip(canvases, counts, strict=True):
        digits = [_ink(images[index]) for index in rng.integers(len(images), size=count)]
        canvas[:, :, 0] = _arranged(digits, shape, rng)
    return canvases, counts.astype(images.dtype)[:, np.newaxis]


class LowRankAdapter(Layer):
    """Low-rank adaptation (LoRA) of a dense layer: W stays as it is, a correction of low rank is trained.

    y = x W + b + s x A B

    A is (n_inputs, r), B is (r, n_outputs): r (n_inputs + n_outputs) trained parameters instead of
    n_inputs n_outputs. B starts at 0, so that at first nothing changes. W and b are not among the layer's
    parameters: `Sequential.save` writes A and B alone, which fit only the dense layer they were trained on.

    Parameters
    ----------
    dense : Dense
        The pre-trained layer; shared, not copied, and never changed by the adapter.
    rank : int
        r, from 1 to the smaller one of n_inputs and n_outputs.
    rng : numpy.random.Generator
        Draws A (`he_normal`).
    scale : float
        s, above 0; the paper's α / r.

    References
    ----------
    Hu et al. (2022), LoRA: low-rank adaptation of large language models, eq. 3.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> dense = Dense(400, 10, rng=rng)
    >>> adapter = LowRankAdapter(dense, 2, rng=rng)
    >>> sum(parameter.size for parameter in adapter.parameters.values())  # 2 (400 + 10), not 4010
    820
    >>> inputs = np.ones((1, 400))
    >>> bool((adapter.forward(inputs) == dense.forward(inputs)).all())
    True
    """

    def __init__(self, dense, rank, *, rng, scale=1.0):
        super().__init__()
        if not isinstance(dense, Dense):
            raise TypeError(f"dense must be a Dense layer, got {dense!r}")
        rank = _checks.integer("rank", rank, low=1)
        weights = dense.parameters["weights"]
        if rank > min(weights.shape):
            raise ValueError(
                f"rank must be at most {min(weights.shape)}, the rank of the weights, got {rank}"
            )
        n_inputs, n_outputs = weights.shape
        self.dense = dense
        self.scale = _checks.positive("scale", scale)
        self.parameters = {
            "A": he_normal((n_inputs, rank), fan_in=n_inputs, rng=rng, dtype=weights.dtype),
            "B": np.zeros((rank, n_outputs), weights.dtype),
        }

    def forward(self, inputs, *, training=False):
        """Return y = x W + b + s x A B."""
        weights, bias = self.dense.parameters["weights"], self.dense.parameters["bias"]
        inputs = self.dense._inputs(inputs, "N", len(weights))
        low = inputs @ self.parameters["A"]  # (N, r)
        outputs = inputs @ weights + bias + self.scale * (low @ self.parameters["B"])
        return self._keep(outputs, inputs, low)

    def backward(self, gradient):
        """Return dL/dx = dL/dy (W + s A B)ᵀ; store dL/dA = s xᵀ dL/dy Bᵀ and dL/dB = s (x A)ᵀ dL/dy."""
        gradient, inputs, low = self._recall(gradient)
        low_gradient = self.scale * (gradient @ self.parameters["B"].T)  # (N, r)
        self.gradients = {"A": inputs.T @ low_gradient, "B": self.scale * (low.T @ gradient)}
        return gradient @ self.dense.parameters["weights"].T + low_gradient @ self.parameters["A"].T

    def _multiply_adds(self):
        """Return those of the last forward pass: each number of W, A and B once per example."""
        (count, _outputs), _dtype, _values = self._kept
        matrices = (self.dense.parameters["weights"], self.parameters["A"], self.parameters["B"])
        return count * sum(matrix.size for matrix in matrices)

    def merge(self):
        """Return a dense layer with the weights W + s A B: the same function, as fast as before."""
        merged = copy.deepcopy(self.dense)
        merged.parameters["weights"] += self.scale * (self.parameters["A"] @ self.parameters["B"])
        unfreeze([merged])
        return merged


def _ink(image):
    """Return the smallest part of an image that holds all its ink."""
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _arranged(digits, shape, rng):
    """Return a canvas with all digits at random places, apart from each other."""
    for _ in range(100):
        canvas = np.zeros(shape)
        taken = np.zeros(shape, np.int64)  # 1 where a digit is, and next to it
        for digit in digits:
            height, width = digit.shape
            places = _free_places(taken, height, width)
            if len(places) == 0:
                break
            top, left = places[rng.integers(len(places))]
            canvas[top : top + height, left : left + width] = digit
            taken[max(top - 1, 0) : top + height + 1, max(left - 1, 0) : left + width + 1] = 1
        else:
            return canvas
    raise ValueError(f"shape must have room for {len(digits)} digits, got {shape}")


def _free_places(taken, height, width):
    """Return the top left corners (K, 2) of all boxes of a size in which nothing is taken."""
    if height > taken.shape[0] or width > taken.shape[1]:
        return np.zeros((0, 2), np.int64)
    # sums[i, j] counts what is taken above row i and left of column j; four of them make the sum of a box.
    sums = np.pad(taken, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    inside = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    return np.argwhere(inside == 0)


def _check_model(model):
    """Raise TypeError if `model` is not a Sequential."""
    if not isinstance(model, Sequential):
        raise TypeError(f"model must be a Sequential, got {model!r}")


def _set_frozen(layers, frozen):
    """Freeze or unfreeze layers and the parts that they are made of."""
    for layer in layers:
        layer.frozen = frozen
        if isinstance(layer, Composite):
            _set_frozen(layer.parts.values(), frozen)
