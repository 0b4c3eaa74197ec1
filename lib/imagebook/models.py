"""Models: layers in a row, trained by gradient descent, saved as plain arrays."""

import os
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from imagebook import _checks
from imagebook.layers import Conv2D, Dense, DepthwiseConv2D, Flatten, MaxPool2D, ReLU, _layer_list
from imagebook.losses import class_labels
from imagebook.progress import postfix
from imagebook.progress import progress as progress_bar

# What reading a file that is damaged, or none of the kind, may raise; a damaged size may ask for all memory.
_DAMAGED = (ValueError, EOFError, OSError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error)


def accuracy(logits, labels):
    """Return the accuracy: the part of the examples whose largest score is that of the true class.

    1/N Σₙ [argmax zₙ = yₙ]; of equal scores the first counts.

    Parameters
    ----------
    logits : array_like, shape (N, K)
        One score per class; probabilities do as well.
    labels : array_like of int, shape (N,)
        The true classes, 0 to K-1.

    Returns
    -------
    float
        From 0 (all wrong) to 1 (all right).

    Raises
    ------
    TypeError
        If the labels are not integers.
    ValueError
        If there is not one label in 0 to K-1 per row, or N is 0.

    Examples
    --------
    >>> accuracy([[0.1, 0.9], [0.8, 0.2]], [1, 1])
    0.5
    """
    logits = _checks.floats("logits", logits, ndim=2)
    _checks.not_empty("logits", logits)
    labels = class_labels(labels, n_examples=logits.shape[0], n_classes=logits.shape[1])
    return float(np.mean(np.argmax(logits, axis=1) == labels))


def small_cnn(*, rng, dtype=np.float32):
    """Return an untrained convolutional neural network for 28 x 28 digits, small enough to train in seconds.

    conv 3 x 3, 1 → 8; ReLU; max pool 2; conv 3 x 3, 8 → 16; ReLU; max pool 2; flatten; dense 400 → 10

    It has 5,258 parameters and takes images of shape (N, 28, 28, 1), float in [0, 1]; its ten outputs are
    logits, made for `losses.cross_entropy`.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the initial weights.
    dtype : float32 or float64
        Type of the parameters and of all computation.

    Returns
    -------
    Sequential
        The network.

    References
    ----------
    LeCun, Bottou, Bengio, Haffner (1998), Gradient-based learning applied to document recognition, figure 2.

    Examples
    --------
    >>> model = small_cnn(rng=np.random.default_rng(0))
    >>> model.parameter_count
    5258
    >>> model.predict(np.zeros((3, 28, 28, 1))).shape
    (3, 10)
    """
    return Sequential(
        [
            Conv2D(1, 8, 3, rng=rng, dtype=dtype),  # (N, 26, 26, 8)
            ReLU(),
            MaxPool2D(2),  # (N, 13, 13, 8)
            Conv2D(8, 16, 3, rng=rng, dtype=dtype),  # (N, 11, 11, 16)
            ReLU(),
            MaxPool2D(2),  # (N, 5, 5, 16)
            Flatten(),  # (N, 400)
            Dense(400, 10, rng=rng, dtype=dtype),  # (N, 10)
        ]
    )


def small_sepcnn(*, rng, dtype=np.float32):
    """Return `small_cnn` with its second convolution made depthwise separable: a small untrained sepCNN.

    conv 3 x 3, 1 → 8; ReLU; max pool 2; depthwise 3 x 3, 8; pointwise 1 x 1, 8 → 16; ReLU; max pool 2;
    flatten; dense 400 → 10

    The two layers have 80 + 144 parameters where the convolution has 1,168, and 1/16 + 1/9 of its
    multiply-adds: 1/channels_out + 1/kernel area (Howard et al. 2017, section 3.1). No ReLU stands between
    them, as in Chollet (2017); MobileNet has one there. The network has 4,314 parameters.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the initial weights.
    dtype : float32 or float64
        Type of the parameters and of all computation.

    Returns
    -------
    Sequential
        The network; it takes images of shape (N, 28, 28, 1), float in [0, 1], and returns ten logits.

    Raises
    ------
    TypeError
        If `rng` is not a generator or `dtype` neither float32 nor float64.

    References
    ----------
    Chollet (2017), Xception: deep learning with depthwise separable convolutions.
    Howard et al. (2017), MobileNets: efficient convolutional neural networks for mobile vision applications.

    Examples
    --------
    >>> model = small_sepcnn(rng=np.random.default_rng(0))
    >>> model.parameter_count  # 5258 - 1168 + 80 + 144
    4314
    >>> model.predict(np.zeros((3, 28, 28, 1))).shape
    (3, 10)
    """
    return Sequential(
        [
            Conv2D(1, 8, 3, rng=rng, dtype=dtype),  # (N, 26, 26, 8)
            ReLU(),
            MaxPool2D(2),  # (N, 13, 13, 8)
            DepthwiseConv2D(8, 3, rng=rng, dtype=dtype),  # (N, 11, 11, 8)
            Conv2D(8, 16, 1, rng=rng, dtype=dtype),  # (N, 11, 11, 16)
            ReLU(),
            MaxPool2D(2),  # (N, 5, 5, 16)
            Flatten(),  # (N, 400)
            Dense(400, 10, rng=rng, dtype=dtype),  # (N, 10)
        ]
    )


def dense_layers(sizes, *, rng, dtype=np.float32):
    """Return dense layers from each size to the next with ReLU between them: a multilayer perceptron.

    The last layer is linear; add what its outputs need.

    Parameters
    ----------
    sizes : list of int
        Lengths of the inputs, of every hidden layer and of the outputs: at least two, each at least 1.
    rng : numpy.random.Generator
        Draws the initial weights.
    dtype : float32 or float64
        Type of the parameters and of all computation.

    Returns
    -------
    list of Layer
        For `Sequential`.

    Raises
    ------
    TypeError, ValueError
        If there are fewer than two sizes, or an argument has another type or range than listed.

    Examples
    --------
    >>> [type(layer).__name__ for layer in dense_layers([784, 64, 10], rng=np.random.default_rng(0))]
    ['Dense', 'ReLU', 'Dense']
    """
    sizes = _checks.items("sizes", sizes, "a list of integers")
    if len(sizes) < 2:
        raise ValueError(f"sizes must hold at least two numbers, got {sizes}")
    layers = []
    for n_inputs, n_outputs in zip(sizes[:-1], sizes[1:], strict=True):
        layers += [Dense(n_inputs, n_outputs, rng=rng, dtype=dtype), ReLU()]
    return layers[:-1]


def layer_counts(model, input_shape):
    """Return what every layer of a network gives and costs: output shape, parameters, multiply-adds.

    multiply-adds = weights · positions of the output, H W for images and 1 for vectors

    Each weight of a dense or convolutional layer is multiplied once per position, for one example going
    forward. Self-attention on T tokens of length w takes 4 T w² for its weights and 2 T² w for the tokens
    among each other; an adapter also takes those of the dense layer that it adapts; a mixture of experts
    those of its gate and of the experts it chooses. Biases, activations, pooling and looking up count as
    none; other authors count them, or two per multiply-add. One example of zeros goes through the network:
    like `Sequential.predict`, this replaces what the layers kept for `backward`.

    Parameters
    ----------
    model : Sequential
        Of layers of this library, or of others whose parameters are "weights" and "bias" or none.
    input_shape : tuple of int
        Shape of one example, without the batch axis: (H, W, C), (T, w) or (D,).

    Returns
    -------
    rows : list of LayerCount
        One for each layer, first to last.
    total : LayerCount
        The sums, under the name "total", with the last layer's output shape.

    Raises
    ------
    TypeError
        If `model` is not a Sequential, or a layer of another library has parameters of other names.
    ValueError
        If `input_shape` is not what the first layer takes.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rows, total = layer_counts(Sequential([Conv2D(1, 2, 3, rng=rng), ReLU()]), (5, 5, 1))
    >>> rows[0]  # 18 weights, each at 3 x 3 positions
    LayerCount(name='Conv2D', output_shape=(3, 3, 2), parameters=20, multiply_adds=162)
    >>> total.parameters, total.multiply_adds
    (20, 162)
    """
    if not isinstance(model, Sequential):
        raise TypeError(f"model must be a Sequential, got {type(model).__name__}")
    if not isinstance(input_shape, tuple | list) or not 1 <= len(input_shape) <= 3:
        raise ValueError(f"input_shape must be a tuple such as (28, 28, 1), got {input_shape!r}")
    input_shape = [_checks.integer("input_shape", length, low=1) for length in input_shape]
    _checks.affordable("input_shape", input_shape)
    rows = []
    outputs = np.zeros((1, *input_shape), np.float32)
    for layer in model.layers:
        outputs = layer.forward(outputs)
        n_parameters = sum(parameter.size for parameter in layer.parameters.values())
        rows.append(LayerCount(type(layer).__name__, outputs.shape[1:], n_parameters, layer._multiply_adds()))
    sums = (sum(row.parameters for row in rows), sum(row.multiply_adds for row in rows))
    return rows, LayerCount("total", rows[-1].output_shape, *sums)


class LayerCount(NamedTuple):
    """One row of `layer_counts`: a layer's name, shape of one output, parameters and multiply-adds."""

    name: str
    output_shape: tuple
    parameters: int
    multiply_adds: int


class Sequential:
    """A feedforward network: every layer's outputs are the next one's inputs.

    y = f_L(… f₂(f₁(x)))

    Models may share layers: `Sequential(model.layers[:-1])` is the same network without its last layer.

    Parameters
    ----------
    layers : list of Layer
        At least one, the first one first.

    Examples
    --------
    >>> from imagebook.losses import mean_squared_error
    >>> from imagebook.optim import SGD
    >>> rng = np.random.default_rng(0)
    >>> model = Sequential([Dense(1, 1, rng=rng)])
    >>> x = np.array([[0.0], [1.0], [2.0]])
    >>> history = model.fit(
    ...     x, 3 * x + 1, loss=mean_squared_error, optimizer=SGD(learning_rate=0.3), epochs=100, rng=rng,
    ...     progress=False,
    ... )
    >>> model.predict([[10.0]]).round(2)  # 3 * 10 + 1
    array([[31.]], dtype=float32)
    """

    def __init__(self, layers):
        self.layers = _layer_list("layers", layers)
        if not self.layers:
            raise ValueError("layers must hold at least one layer, got none")
        for position, layer in enumerate(self.layers):
            if any(layer is other for other in self.layers[:position]):  # it can keep one forward pass only
                raise ValueError(
                    f"layers must all be different objects, got one again at position {position}"
                )

    @property
    def parameter_count(self):
        """How many numbers training may change."""
        return sum(parameter.size for parameter in self._named_parameters().values())

    def forward(self, inputs, *, training=False):
        """Return the last layer's outputs; every layer keeps what `backward` needs."""
        for layer in self.layers:
            inputs = layer.forward(inputs, training=training)
        return inputs

    def backward(self, gradient):
        """Return dL/dx, given dL/dy; every layer stores the gradients of its parameters (backpropagation)."""
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient)
        return gradient

    def _store_gradients(self, gradient):
        """Store the gradients of what is trained, as `backward` does; go back no farther than that needs."""
        trained = [i for i, layer in enumerate(self.layers) if layer.trained_parameters]
        if not trained:
            return
        first, *later = self.layers[trained[0] :]
        for layer in reversed(later):
            gradient = layer.backward(gradient)
        first.store_gradients(gradient)

    def predict(self, inputs, *, batch_size=256):
        """Return the outputs for any number of inputs, computed batch by batch to save memory.

        Parameters
        ----------
        inputs : array_like, shape (N, ...)
            What the first layer takes.
        batch_size : int
            How many examples at a time, at least 1; it does not change the result.

        Returns
        -------
        ndarray, shape (N, ...)
            The last layer's raw outputs: logits stay logits. Dropout is off.
        """
        inputs = _checks.floats("inputs", inputs, ndim=(2, 3, 4))
        batch_size = _checks.integer("batch_size", batch_size, low=1)
        starts = range(0, max(len(inputs), 1), batch_size)  # no examples still make one batch, an empty one
        return np.concatenate([self.forward(inputs[start : start + batch_size]) for start in starts])

    def fit(
        self,
        inputs,
        targets,
        *,
        loss,
        optimizer,
        epochs,
        batch_size=64,
        rng,
        validation=None,
        augment=None,
        progress=True,
    ):
        """Train the network by mini-batch gradient descent and return how the loss went.

        Each epoch shuffles the examples and takes one step of the optimizer per batch.

        Parameters
        ----------
        inputs : array_like, shape (N, ...)
            What the first layer takes, N at least 1.
        targets : array_like, shape (N, ...)
            What the loss takes beside the outputs: labels or arrays.
        loss : callable
            `loss(outputs, targets)` returns the loss and its gradient; see `imagebook.losses`.
        optimizer : SGD or Adam
            Updates the parameters; an optimizer of its own for every model.
        epochs : int
            How often every example is seen, at least 0.
        batch_size : int
            Examples per step, at least 1; the last batch of an epoch may be smaller.
        rng : numpy.random.Generator
            Shuffles the examples, and is passed to `augment`.
        validation : pair (inputs, targets), optional
            Examples that are only measured, after every epoch.
        augment : callable, optional
            `augment(inputs, rng)` returns a changed copy of a batch's inputs: data augmentation.
        progress : bool
            Whether to show a progress bar, if tqdm is installed.

        Returns
        -------
        dict of str to list of float
            "loss", the mean over each epoch's batches while it ran, and "validation_loss", after each epoch,
            if `validation` is given.

        Raises
        ------
        ValueError
            If inputs and targets differ in number, or (from the loss) if training diverged.
        """
        inputs, targets = _examples(inputs, targets)
        epochs = _checks.integer("epochs", epochs, low=0)
        batch_size = _checks.integer("batch_size", batch_size, low=1)
        rng = _checks.generator(rng)
        progress = _checks.flag("progress", progress)
        _checks.function("loss", loss)
        if augment is not None:
            _checks.function("augment", augment)
        if not callable(getattr(optimizer, "step", None)):
            raise TypeError(f"optimizer must be one such as Adam(), got {optimizer!r}")
        history = {"loss": []}
        if validation is not None:
            if not isinstance(validation, (tuple, list)) or len(validation) != 2:
                raise TypeError(
                    f"validation must be a pair (inputs, targets), got {type(validation).__name__}"
                )
            validation = _examples(*validation)
            history["validation_loss"] = []

        bar = progress_bar(range(epochs), label="epochs", show=progress)
        for _ in bar:
            history["loss"].append(self._epoch(inputs, targets, loss, optimizer, batch_size, rng, augment))
            text = f"loss {history['loss'][-1]:.4f}"
            if validation is not None:
                value, _gradient = _measured(loss, self.predict(validation[0]), validation[1])
                history["validation_loss"].append(value)
                text += f", validation loss {value:.4f}"
            postfix(bar, text)
        return history

    def _epoch(self, inputs, targets, loss, optimizer, batch_size, rng, augment):
        """Take one step per batch and return the mean loss."""
        order = rng.permutation(len(inputs))
        total = 0.0
        for start in range(0, len(order), batch_size):
            chosen = order[start : start + batch_size]
            batch = inputs[chosen]
            if augment is not None:
                batch = _checks.floats("augment's result", augment(batch, rng), ndim=(2, 3, 4))
                if len(batch) != len(chosen):
                    raise ValueError(f"augment must return all {len(chosen)} inputs, got {len(batch)}")
            value, gradient = _measured(loss, self.forward(batch, training=True), targets[chosen])
            self._store_gradients(gradient)
            optimizer.step(self.layers)
            total += value * len(chosen)
        return total / len(order)

    def save(self, path, *, dtype=None):
        """Write all parameters to an .npz file, under keys such as "0.weights": position of the layer, name.

        The file is complete or not there at all: it is written beside its place and then moved into it.

        Parameters
        ----------
        path : str or path-like
            Where to; used as it is, so it should end in ".npz".
        dtype : float16, float32 or float64, optional
            The type in the file, by default that of the parameters. float16 halves it, and keeps 11 bits of
            each number; `load` fills the model's own type again.

        Raises
        ------
        TypeError
            If `dtype` is none of the three.
        ValueError
            If a parameter is too large for it.
        """
        path = _file("path", path)
        arrays = self._named_parameters()
        if dtype is not None:
            dtype = _checks.float_type("dtype", dtype, among=(np.float16, np.float32, np.float64))
            arrays = {name: _as_type(name, array, dtype) for name, array in arrays.items()}
        unfinished = path.with_name(f"{path.name}.{os.getpid()}.unfinished")
        try:
            with open(unfinished, "wb") as stream:
                np.savez(stream, **arrays)
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)

    def load(self, path):
        """Fill this model's parameters from a file that `save` wrote; change nothing if it does not fit.

        Parameters
        ----------
        path : str or path-like
            The .npz file. Only plain arrays are read, never pickles, so that a file cannot run code.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If it is not an .npz file of plain arrays, or does not fit: the message lists what is missing,
            what is too many, and which shapes and types differ.
        """
        parameters = self._named_parameters()
        arrays = _read_npz(_file("path", path))
        problems = [f"{name} is missing" for name in parameters if name not in arrays]
        for name, array in arrays.items():
            if name not in parameters:
                problems.append(f"{name} is not a parameter of the model")
            elif array.dtype.kind != "f":
                problems.append(f"{name} must hold floats, got dtype {array.dtype}")
            elif array.shape != parameters[name].shape:
                problems.append(f"{name} must have shape {parameters[name].shape}, got {array.shape}")
        if problems:
            raise ValueError(f"path must be a file that fits this model, got {path}: {'; '.join(problems)}")
        for name, parameter in parameters.items():
            parameter[...] = arrays[name]

    def _named_parameters(self):
        """Return all parameters, named by position of the layer and name: "0.weights"."""
        return {
            f"{position}.{name}": parameter
            for position, layer in enumerate(self.layers)
            for name, parameter in layer.parameters.items()
        }


def _examples(inputs, targets):
    """Return inputs and targets as arrays of the same length, at least 1."""
    inputs = _checks.floats("inputs", inputs, ndim=(2, 3, 4))
    targets = _checks.array("targets", targets, ndim=(1, 2, 3, 4))
    if len(inputs) == 0:
        raise ValueError("inputs must hold at least one example, got none")
    if len(targets) != len(inputs):
        raise ValueError(f"targets must hold one entry per example, {len(inputs)}, got {len(targets)}")
    return inputs, targets


def _as_type(name, parameter, dtype):
    """Return a parameter in the type of a file."""
    with np.errstate(over="ignore"):  # the next line says it better
        array = parameter.astype(dtype)
    if not np.isfinite(array).all() and np.isfinite(parameter).all():
        raise ValueError(f"{name} must hold numbers that fit into {dtype}, got {np.abs(parameter).max()}")
    return array


def _measured(loss, outputs, targets):
    """Return what a loss function returns, after checking that it is a number and a gradient."""
    result = loss(outputs, targets)
    if not isinstance(result, tuple) or len(result) != 2:
        raise TypeError(f"loss must return a number and its gradient, got {result!r}")
    return _checks.number("loss", result[0]), result[1]


def _file(name, value):
    """Return `value` as the path of what is, or may become, a file."""
    if not isinstance(value, str | os.PathLike):
        raise TypeError(f"{name} must be a path, got {value!r}")
    path = Path(value)
    if not path.name or "\0" in str(path) or path.is_dir():
        raise ValueError(f"{name} must be that of a file, got {str(value)!r}")
    return path


def _read_npz(path):
    """Return the arrays of an .npz file by name."""
    with open(path, "rb") as stream:
        try:
            file = np.lib.npyio.NpzFile(stream, allow_pickle=False)
            return {name: np.asarray(file[name]) for name in file.files}
        except _DAMAGED as error:
            raise ValueError(f"path must be an .npz file of plain arrays, got {path}: {error}") from error
