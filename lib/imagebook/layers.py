"""Layers of a neural network: each computes its outputs and, going back, its gradients.

Every layer follows one contract. `forward` returns y = f(x) and keeps what `backward` needs; `backward` takes
dL/dy, stores dL/dθ of every parameter θ in `gradients` and returns dL/dx. Images are (N, H, W, C).
"""

import math

import numpy as np

from imagebook import _blocks, _checks, _parallel
from imagebook.convolution import conv2d, depthwise_conv2d, fold, unfold
from imagebook.pooling import average_pool2d, max_pool2d


def sigmoid(values):
    """Return the logistic sigmoid, which squeezes any number into (0, 1).

    σ(x) = 1 / (1 + exp(-x)) = exp(x) / (exp(x) + 1)

    The first form is computed for x ≥ 0, the second for x < 0: neither overflows.

    Parameters
    ----------
    values : array_like of float, shape (...)
        Any numbers.

    Returns
    -------
    ndarray, shape of `values`
        Between 0 and 1, rounded to 1 above about 17 (float32) or 37 (float64).

    Examples
    --------
    >>> sigmoid([-1000.0, 0.0, 1000.0])
    array([0. , 0.5, 1. ])
    """
    values = _checks.floats("values", values, ndim=range(0, 5))
    small = np.exp(-np.abs(values))  # in (0, 1]
    return np.where(values >= 0, 1, small) / (1 + small)


def he_normal(shape, *, fan_in, rng, dtype=np.float32):
    """Return random weights drawn from He's normal distribution.

    w ~ N(0, 2 / fan_in)

    With this variance a ReLU layer passes on signals as large as those it gets, however many inputs it has.

    Parameters
    ----------
    shape : tuple of int
        Shape of the weights.
    fan_in : int
        How many inputs one output sums, at least 1.
    rng : numpy.random.Generator
        Where the random numbers come from.
    dtype : float32 or float64
        Type of the weights.

    Returns
    -------
    ndarray of `dtype`, shape `shape`
        The weights.

    Raises
    ------
    TypeError
        If `dtype` is neither float32 nor float64.
    ValueError
        If `shape` asks for more than 2²⁸ numbers.

    References
    ----------
    He, Zhang, Ren, Sun (2015), Delving deep into rectifiers, eq. 10.

    Examples
    --------
    >>> weights = he_normal((200, 50), fan_in=200, rng=np.random.default_rng(0))
    >>> bool(abs(weights.std() - 0.1) < 0.002)  # sqrt(2 / 200)
    True
    """
    shape = [_checks.integer("shape", n, low=1) for n in _checks.items("shape", shape, "a tuple of sizes")]
    _checks.affordable("shape", shape)
    fan_in = _checks.integer("fan_in", fan_in, low=1)
    rng = _checks.generator(rng)
    dtype = _checks.float_type("dtype", dtype)
    return rng.normal(0, math.sqrt(2 / fan_in), shape).astype(dtype)


class Layer:
    """A differentiable function with parameters; every layer below is one.

    Attributes
    ----------
    parameters : dict of str to ndarray
        The numbers that training changes, such as "weights" and "bias"; empty where there are none.
    gradients : dict of str to ndarray
        The loss's derivative with respect to each parameter, from the last call of `backward`.
    frozen : bool
        Whether the optimizers leave the parameters as they are; False at first.

    Notes
    -----
    Outputs have the type of the parameters, float32 or float64, whatever the inputs are; layers without
    parameters keep the type of their inputs. `backward` before `forward` is a RuntimeError, an array of the
    wrong shape a ValueError. What is too large for the type becomes infinite, with NumPy's RuntimeWarning.
    """

    def __init__(self):
        self.parameters = {}
        self.gradients = {}
        self.frozen = False
        self._kept = None

    def forward(self, inputs, *, training=False):
        """Return y = f(x); `training` matters to layers that behave differently while training."""
        raise NotImplementedError

    def backward(self, gradient):
        """Return dL/dx, given dL/dy."""
        raise NotImplementedError

    def store_gradients(self, gradient):
        """Store the gradients as `backward` does, but without dL/dx, which no layer asks of the first one."""
        self.backward(gradient)

    @property
    def trained_parameters(self):
        """The parameters that optimizers change: all, or none if the layer is frozen."""
        return {} if self.frozen else self.parameters

    def _multiply_adds(self):
        """Return how many the last forward pass took: each weight is multiplied once per position."""
        others = set(self.parameters) - {"weights", "bias"}
        if others:
            raise TypeError(
                f"layers must have parameters named weights and bias only to be counted, "
                f"got {sorted(others)} in {type(self).__name__}"
            )
        shape, _dtype, _values = self._kept
        return self.parameters["weights"].size * math.prod(shape[:-1]) if self.parameters else 0

    def _inputs(self, inputs, *axes):
        """Return the inputs as floats of the layer's type; `axes`: lengths, or letters of free ones."""
        inputs = _checks.floats("inputs", inputs, ndim=len(axes))
        for length, axis in zip(inputs.shape, axes, strict=True):
            if isinstance(axis, int) and length != axis:
                wanted = ", ".join(str(axis) for axis in axes)
                raise ValueError(f"inputs must have shape ({wanted}), got {inputs.shape}")
        if self.parameters:
            inputs = inputs.astype(self.parameters["weights"].dtype, copy=False)
        return inputs

    def _keep(self, outputs, *values):
        """Return the outputs, after keeping what backward needs."""
        self._kept = (outputs.shape, outputs.dtype, values)
        return outputs

    def _recall(self, gradient):
        """Return the gradient as floats of the outputs' shape and type, followed by the kept values."""
        if self._kept is None:
            raise RuntimeError(f"{type(self).__name__}.backward must come after forward")
        shape, dtype, values = self._kept
        gradient = _checks.floats("gradient", gradient, ndim=len(shape))
        if gradient.shape != shape:
            raise ValueError(f"gradient must have the shape of the outputs, {shape}, got {gradient.shape}")
        return gradient.astype(dtype, copy=False), *values


class Dense(Layer):
    """Dense (fully connected) layer: every output is a weighted sum of every input.

    y = x W + b

    Parameters
    ----------
    n_inputs, n_outputs : int
        Lengths of x and y, at least 1.
    rng : numpy.random.Generator
        Draws the initial weights (`he_normal`); the bias starts at 0.
    dtype : float32 or float64
        Type of the parameters and of all computation.

    Examples
    --------
    >>> layer = Dense(2, 1, rng=np.random.default_rng(0))
    >>> layer.parameters["weights"][:] = [[1], [10]]
    >>> layer.forward([[2, 3]])
    array([[32.]], dtype=float32)
    >>> layer.backward([[1]])
    array([[ 1., 10.]], dtype=float32)
    """

    def __init__(self, n_inputs, n_outputs, *, rng, dtype=np.float32):
        super().__init__()
        n_inputs = _checks.integer("n_inputs", n_inputs, low=1)
        n_outputs = _checks.integer("n_outputs", n_outputs, low=1)
        weights = he_normal((n_inputs, n_outputs), fan_in=n_inputs, rng=rng, dtype=dtype)
        self.parameters = {"weights": weights, "bias": np.zeros(n_outputs, dtype)}

    def forward(self, inputs, *, training=False):
        """Return y = x W + b."""
        weights, bias = self.parameters["weights"], self.parameters["bias"]
        inputs = self._inputs(inputs, "N", len(weights))
        outputs = inputs @ weights
        outputs += bias
        return self._keep(outputs, inputs)

    def backward(self, gradient):
        """Return dL/dx = dL/dy Wᵀ; store dL/dW = xᵀ dL/dy and dL/db = Σ dL/dy."""
        self.store_gradients(gradient)
        gradient, _inputs = self._recall(gradient)
        return gradient @ self.parameters["weights"].T

    def store_gradients(self, gradient):
        """Store dL/dW = xᵀ dL/dy and dL/db = Σ dL/dy."""
        gradient, inputs = self._recall(gradient)
        self.gradients = {"weights": inputs.T @ gradient, "bias": gradient.sum(axis=0)}


class Conv2D(Layer):
    """Convolutional layer: cross-correlation of images with learned filters, plus one bias per filter.

    y[i, j, d] = b[d] + Σ x[i·s + u·r, j·s + v·r, c] w[u, v, c, d]    over u, v, c; stride s, dilation r

    Every slice of the image under the filter becomes one row of a matrix, so that the whole layer is one
    matrix product (Chellapilla et al. 2006).

    Parameters
    ----------
    channels_in, channels_out : int
        Numbers of channels of x and y, at least 1; there are `channels_out` filters.
    kernel_size, stride, padding, dilation : int or pair of int
        (vertical, horizontal) height and width of the filters, steps between slices, zeros around the image,
        steps between the pixels of a slice.
    rng : numpy.random.Generator
        Draws the initial weights (`he_normal`); the bias starts at 0.
    dtype : float32 or float64
        Type of the parameters and of all computation.

    References
    ----------
    Chellapilla, Puri, Simard (2006), High performance convolutional neural networks for document processing.

    Examples
    --------
    >>> layer = Conv2D(1, 4, 3, rng=np.random.default_rng(0))
    >>> layer.parameters["weights"].shape, layer.parameters["bias"].shape
    ((3, 3, 1, 4), (4,))
    >>> layer.forward(np.zeros((2, 5, 5, 1))).shape  # a 3 x 3 filter has nine places on 5 x 5 pixels
    (2, 3, 3, 4)
    """

    def __init__(
        self,
        channels_in,
        channels_out,
        kernel_size,
        *,
        stride=1,
        padding=0,
        dilation=1,
        rng,
        dtype=np.float32,
    ):
        super().__init__()
        channels_in = _checks.integer("channels_in", channels_in, low=1)
        channels_out = _checks.integer("channels_out", channels_out, low=1)
        height, width = _checks.pair("kernel_size", kernel_size, low=1)
        self._geometry = _geometry(stride, padding, dilation)
        shape = (height, width, channels_in, channels_out)
        weights = he_normal(shape, fan_in=height * width * channels_in, rng=rng, dtype=dtype)
        self.parameters = {"weights": weights, "bias": np.zeros(channels_out, dtype)}

    def forward(self, inputs, *, training=False):
        """Return y, the slices of x times the filters, plus b."""
        weights, bias = self.parameters["weights"], self.parameters["bias"]
        inputs = self._inputs(inputs, "N", "H", "W", weights.shape[2])
        outputs = conv2d(inputs, weights, **self._geometry)
        _add_bias(outputs, bias)
        return self._keep(outputs, inputs)

    def backward(self, gradient):
        """Return dL/dx, the sum over the slices that each pixel is in; store dL/dw and dL/db."""
        self.store_gradients(gradient)
        gradient, inputs = self._recall(gradient)
        weights = self.parameters["weights"]
        turned = _turned(self._geometry, weights.shape)
        if turned and 2 * gradient.shape[1] > inputs.shape[1]:  # else most of it would be padding
            return conv2d(gradient, weights[::-1, ::-1].swapaxes(2, 3), **turned)
        # (kh, kw, N H' W', C_in): what each place in the filter sends back to the pixel that it met
        parts = gradient.reshape(math.prod(gradient.shape[:3]), weights.shape[3]) @ weights.swapaxes(2, 3)
        parts = parts.reshape(*weights.shape[:2], *gradient.shape[:3], weights.shape[2])
        return fold(np.moveaxis(parts, (0, 1), (3, 4)), inputs.shape, **self._geometry)

    def store_gradients(self, gradient):
        """Store dL/dw, the slices of x times dL/dy, and dL/db."""
        gradient, inputs = self._recall(gradient)
        weights = self.parameters["weights"]
        channels_out = weights.shape[3]
        slices = unfold(inputs, weights.shape[:2], **self._geometry)

        def multiply(blocks):
            result = np.zeros((weights.size // channels_out, channels_out), weights.dtype)
            for block, matrix in _blocks.matrices(slices, blocks):
                result += matrix.T @ gradient[block].reshape(-1, channels_out)
            return result

        blocks = _blocks.cuts(slices, channels_out)
        shares = _parallel.share(multiply, blocks, work=slices.size * channels_out)
        self.gradients = {
            "weights": sum(shares).reshape(weights.shape),
            "bias": np.einsum("nhwd->d", gradient),  # four times faster than .sum(axis=(0, 1, 2)) here
        }


class DepthwiseConv2D(Layer):
    """Depthwise convolutional layer: every channel has a filter of its own and stays apart from the others.

    y[i, j, c] = b[c] + Σ x[i·s + u·r, j·s + v·r, c] w[u, v, c]    over u, v; stride s, dilation r

    Followed by a 1 x 1 `Conv2D`, which mixes the channels, it is a depthwise separable convolution.

    Parameters
    ----------
    channels : int
        Number of channels of x and of y, at least 1.
    kernel_size, stride, padding, dilation, rng, dtype
        As in `Conv2D`.

    References
    ----------
    Chollet (2017), Xception: deep learning with depthwise separable convolutions.

    Examples
    --------
    >>> layer = DepthwiseConv2D(8, 3, rng=np.random.default_rng(0))
    >>> layer.parameters["weights"].shape  # Conv2D(8, 8, 3) has (3, 3, 8, 8)
    (3, 3, 8)
    """

    def __init__(self, channels, kernel_size, *, stride=1, padding=0, dilation=1, rng, dtype=np.float32):
        super().__init__()
        channels = _checks.integer("channels", channels, low=1)
        height, width = _checks.pair("kernel_size", kernel_size, low=1)
        self._geometry = _geometry(stride, padding, dilation)
        weights = he_normal((height, width, channels), fan_in=height * width, rng=rng, dtype=dtype)
        self.parameters = {"weights": weights, "bias": np.zeros(channels, dtype)}

    def forward(self, inputs, *, training=False):
        """Return y, the slices of x times the filter of their channel, plus b."""
        weights, bias = self.parameters["weights"], self.parameters["bias"]
        inputs = self._inputs(inputs, "N", "H", "W", weights.shape[2])
        outputs = depthwise_conv2d(inputs, weights, **self._geometry)
        _add_bias(outputs, bias)
        return self._keep(outputs, inputs)

    def backward(self, gradient):
        """Return dL/dx, the sum over the slices that each pixel is in; store dL/dw and dL/db."""
        self.store_gradients(gradient)
        gradient, inputs = self._recall(gradient)
        weights = self.parameters["weights"]
        turned = _turned(self._geometry, weights.shape)
        if turned:
            return depthwise_conv2d(gradient, weights[::-1, ::-1], **turned)
        slices_gradient = gradient[:, :, :, np.newaxis, np.newaxis, :] * weights
        return fold(slices_gradient, inputs.shape, **self._geometry)

    def store_gradients(self, gradient):
        """Store dL/dw, the slices of x times dL/dy of their channel, and dL/db."""
        gradient, inputs = self._recall(gradient)
        size = self.parameters["weights"].shape[:2]
        slices = unfold(inputs, size, **self._geometry)  # (N, H', W', kh, kw, C)
        self.gradients = {
            "weights": np.einsum("nhwijc,nhwc->ijc", slices, gradient),
            "bias": np.einsum("nhwc->c", gradient),
        }


class MaxPool2D(Layer):
    """Max pooling: the largest pixel of every window, in each channel by itself.

    y[i, j] = max x[i·s + u, j·s + v]    over u, v; stride s

    Parameters
    ----------
    size : int or pair of int
        (vertical, horizontal) height and width of the window.
    stride : int, pair of int or None
        (vertical, horizontal) steps between windows; None means `size`, windows side by side.
    padding : int or pair of int
        (vertical, horizontal) pixels added around the image, less than `size`; they never win.

    Examples
    --------
    >>> layer = MaxPool2D(2)
    >>> layer.forward([[[[1], [5]], [[5], [2]]]]).ravel()
    array([5.], dtype=float32)
    >>> layer.backward([[[[1]]]]).ravel()  # the first of the two fives gets it all
    array([0., 1., 0., 0.], dtype=float32)
    """

    def __init__(self, size, *, stride=None, padding=0):
        super().__init__()
        self._size, self._stride, self._padding = _window(size, stride, padding)

    def forward(self, inputs, *, training=False):
        """Return y, the maximum of every window."""
        inputs = self._inputs(inputs, "N", "H", "W", "C")
        outputs = max_pool2d(inputs, self._size, stride=self._stride, padding=self._padding)
        return self._keep(outputs, inputs, outputs)

    def backward(self, gradient):
        """Return dL/dx: the gradient of a window goes to its first maximum, row by row; all others get 0."""
        gradient, inputs, outputs = self._recall(gradient)
        (height, width), (down, right), (above, left) = self._size, self._stride, self._padding
        if above or left:
            margins = ((0, 0), (above, above), (left, left), (0, 0))
            padded = np.pad(inputs, margins, constant_values=-np.inf)
        else:
            padded = inputs
        result = np.zeros_like(padded)
        waiting = np.ones(outputs.shape, bool)  # the windows whose maximum was not met yet
        for i, j in np.ndindex(height, width):
            # The pixels that cell (i, j) of the windows meets, one for each window.
            rows = slice(i, i + (outputs.shape[1] - 1) * down + 1, down)
            columns = slice(j, j + (outputs.shape[2] - 1) * right + 1, right)
            first = waiting & (padded[:, rows, columns] == outputs)
            waiting ^= first
            result[:, rows, columns] += gradient * first
        return result[:, above : above + inputs.shape[1], left : left + inputs.shape[2]]


class AveragePool2D(Layer):
    """Average pooling: the mean of every window, in each channel by itself.

    y[i, j] = mean x[i·s + u, j·s + v]    over u, v; stride s

    Parameters
    ----------
    size : int or pair of int
        (vertical, horizontal) height and width of the window.
    stride : int, pair of int or None
        (vertical, horizontal) steps between windows; None means `size`, windows side by side.
    padding : int or pair of int
        (vertical, horizontal) pixels added around the image, less than `size`; they are not counted.

    Examples
    --------
    >>> layer = AveragePool2D(2)
    >>> layer.forward([[[[1], [5]], [[4], [2]]]]).ravel()
    array([3.], dtype=float32)
    >>> layer.backward([[[[1]]]]).ravel()
    array([0.25, 0.25, 0.25, 0.25], dtype=float32)
    """

    def __init__(self, size, *, stride=None, padding=0):
        super().__init__()
        self._size, self._stride, self._padding = _window(size, stride, padding)

    def forward(self, inputs, *, training=False):
        """Return y, the mean of every window."""
        inputs = self._inputs(inputs, "N", "H", "W", "C")
        outputs = average_pool2d(inputs, self._size, stride=self._stride, padding=self._padding)
        return self._keep(outputs, inputs.shape)

    def backward(self, gradient):
        """Return dL/dx: the gradient of a window is shared equally among its pixels."""
        gradient, (batch, height, width, channels) = self._recall(gradient)
        geometry = {"stride": self._stride, "padding": self._padding}
        inside = unfold(np.ones((1, height, width, 1), gradient.dtype), self._size, **geometry)
        share = gradient / inside.sum(axis=(3, 4))  # padding, which is not inside, gets no share
        slices_gradient = np.broadcast_to(
            share[:, :, :, np.newaxis, np.newaxis, :], (*share.shape[:3], *self._size, channels)
        )
        return fold(slices_gradient, (batch, height, width, channels), **geometry)


class Flatten(Layer):
    """Flatten: each image becomes one vector, so that a `Dense` layer can take it.

    y[n, (i W + j) C + c] = x[n, i, j, c]

    Examples
    --------
    >>> Flatten().forward(np.zeros((5, 28, 28, 1))).shape
    (5, 784)
    """

    def forward(self, inputs, *, training=False):
        """Return x with all axes but the first joined into one."""
        inputs = _any_shape(inputs)
        return self._keep(inputs.reshape(len(inputs), math.prod(inputs.shape[1:])), inputs.shape)

    def backward(self, gradient):
        """Return dL/dx, which is dL/dy in the shape of x."""
        gradient, shape = self._recall(gradient)
        return gradient.reshape(shape)


class ReLU(Layer):
    """Rectified linear unit: negative numbers become 0.

    y = max(x, 0)

    Examples
    --------
    >>> ReLU().forward([[-1, 2]])
    array([[0., 2.]], dtype=float32)
    """

    def forward(self, inputs, *, training=False):
        """Return y = max(x, 0)."""
        inputs = _any_shape(inputs)
        return self._keep(np.maximum(inputs, 0), inputs > 0)

    def backward(self, gradient):
        """Return dL/dx = dL/dy where x > 0, elsewhere 0."""
        gradient, positive = self._recall(gradient)
        return gradient * positive


class Sigmoid(Layer):
    """Logistic sigmoid, which squeezes any number into (0, 1); see `sigmoid`.

    y = 1 / (1 + exp(-x))

    Examples
    --------
    >>> Sigmoid().forward([[0.0]])
    array([[0.5]])
    """

    def forward(self, inputs, *, training=False):
        """Return y = σ(x)."""
        outputs = sigmoid(_any_shape(inputs))
        return self._keep(outputs, outputs)

    def backward(self, gradient):
        """Return dL/dx = dL/dy y (1 - y)."""
        gradient, outputs = self._recall(gradient)
        return gradient * outputs * (1 - outputs)


class Tanh(Layer):
    """Hyperbolic tangent, which squeezes any number into (-1, 1).

    y = tanh x

    Examples
    --------
    >>> Tanh().forward([[0.0]])
    array([[0.]])
    """

    def forward(self, inputs, *, training=False):
        """Return y = tanh x."""
        outputs = np.tanh(_any_shape(inputs))
        return self._keep(outputs, outputs)

    def backward(self, gradient):
        """Return dL/dx = dL/dy (1 - y²)."""
        gradient, outputs = self._recall(gradient)
        return gradient * (1 - outputs**2)


class Dropout(Layer):
    """Dropout: while training, a random part of the inputs becomes 0; otherwise nothing happens.

    y = x m / (1 - p),    m = 0 with probability p, else 1

    Dividing by 1 - p ("inverted dropout") keeps the expected output at x: prediction needs no rescaling.

    Parameters
    ----------
    rate : float
        p, the part that is dropped, from 0 to below 1.
    rng : numpy.random.Generator
        Draws a new mask m on every forward pass with `training=True`.

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov (2014), Dropout: a simple way to prevent neural
    networks from overfitting, section 10 (the inverted form).

    Examples
    --------
    >>> layer = Dropout(0.5, rng=np.random.default_rng(0))
    >>> layer.forward([[1.0, 1.0, 1.0]], training=True)
    array([[2., 0., 0.]])
    >>> layer.forward([[1.0, 1.0, 1.0]])
    array([[1., 1., 1.]])
    """

    def __init__(self, rate, *, rng):
        super().__init__()
        self.rate = _checks.number("rate", rate, low=0, high=1)
        if self.rate == 1:
            raise ValueError("rate must be below 1, got 1: nothing would be left")
        self._rng = _checks.generator(rng)

    def forward(self, inputs, *, training=False):
        """Return y = x m / (1 - p) while training, x otherwise."""
        inputs = _any_shape(inputs)
        scale = np.ones((), inputs.dtype)
        if _checks.flag("training", training):
            kept = self._rng.random(inputs.shape) >= self.rate
            scale = (kept / (1 - self.rate)).astype(inputs.dtype)
        return self._keep(inputs * scale, scale)

    def backward(self, gradient):
        """Return dL/dx = dL/dy m / (1 - p), with the mask of the last forward pass."""
        gradient, scale = self._recall(gradient)
        return gradient * scale


def _layer_list(name, layers):
    """Return layers as a list, after checking that they are layers."""
    if not isinstance(layers, tuple | list):
        raise TypeError(f"{name} must be a list of layers, got {layers!r}")
    for position, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            raise TypeError(f"{name} must hold layers only, got {layer!r} at position {position}")
    return list(layers)


def _any_shape(inputs):
    """Return the inputs of a layer that works on batches of vectors as well as of images."""
    return _checks.floats("inputs", inputs, ndim=(2, 3, 4))


def _geometry(stride, padding, dilation):
    """Return the options of `unfold` and `fold`, each as a checked pair."""
    return {
        "stride": _checks.pair("stride", stride, low=1),
        "padding": _checks.pair("padding", padding, low=0),
        "dilation": _checks.pair("dilation", dilation, low=1),
    }


def _add_bias(outputs, bias):
    """Add one number per channel to images, in place."""
    count, height, width, channels = outputs.shape
    # Whole rows of pixels at a time are faster than one pixel after the other.
    rows = outputs.reshape(count, height, width * channels)
    rows += np.tile(bias, width)


def _turned(geometry, shape):
    """Return the options of the convolution with turned filters that is the backward pass of another.

    Only without strides is there one: every pixel sums over the slices that it is in.
    """
    stride, padding, dilation = geometry.values()
    margins = tuple(d * (k - 1) - p for d, k, p in zip(dilation, shape[:2], padding, strict=True))
    return {"padding": margins, "dilation": dilation} if stride == (1, 1) and min(margins) >= 0 else None


def _window(size, stride, padding):
    """Return size, stride and padding of a pooling window, each as a checked pair."""
    size = _checks.pair("size", size, low=1)
    stride = size if stride is None else _checks.pair("stride", stride, low=1)
    return size, stride, _checks.pair("padding", padding, low=0)
