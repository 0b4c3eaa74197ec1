"""LeNet-5, the convolutional network of 1998, with the kinds of layer that later networks gave up."""

import numpy as np

from imagebook import _checks
from imagebook.layers import Conv2D, Dense, Flatten, Layer
from imagebook.models import Sequential

# Which maps of S2 each map of C3 sees: table I of the paper, a row per map of S2, a column per map of C3.
TABLE_1 = (
    "X...XXX..XXXX.XX",
    "XX...XXX..XXXX.X",
    "XXX...XXX..X.XXX",
    ".XXX..XXXX..X.XX",
    "..XXX..XXXX.XX.X",
    "...XXX..XXXX.XXX",
)


def lenet5(*, rng, dtype=np.float32):
    """Return an untrained LeNet-5, the convolutional network for 28 x 28 digits that was published in 1998.

    ======  =========================  ===========  ==========  ===========
    Layer   What it does               Maps, size   Parameters  Connections
    ======  =========================  ===========  ==========  ===========
    input   frame of 2 pixels; scale   1, 32 x 32            0            0
    C1      convolution 5 x 5          6, 28 x 28          156      122,304
    S2      subsampling 2 x 2          6, 14 x 14           12        5,880
    C3      convolution 5 x 5, sparse  16, 10 x 10       1,516      151,600
    S4      subsampling 2 x 2          16, 5 x 5            32        2,000
    C5      convolution 5 x 5          120, 1 x 1       48,120       48,120
    F6      dense                      84               10,164       10,164
    output  dense, in place of RBF     10                  850          850
    ======  =========================  ===========  ==========  ===========

    Together 60,850 parameters and 340,918 connections. A connection is one input, or the bias, of one unit:
    all positions of a map share their parameters, so there are many more connections. Every layer from C1 to
    F6 ends in the scaled tanh, S2 and S4 too.

    **One layer is not the published one.** The paper's output units are Euclidean radial basis functions,
    yᵢ = Σⱼ (xⱼ - wᵢⱼ)², whose wᵢⱼ = ±1 are drawings of the digits, 7 x 12 pixels, that are not trained: the
    paper counts 60,000 trainable parameters and 340,908 connections. Here ten dense units give logits, made
    for `losses.cross_entropy`. The biases start at 0, which the paper leaves open.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the initial weights, from the paper's uniform distribution (appendix A): ±2.4 / fan-in.
    dtype : float32 or float64
        Type of the parameters and of all computation.

    Returns
    -------
    Sequential
        The network; it takes images of shape (N, 28, 28, 1), float in [0, 1], ink 1.

    Raises
    ------
    TypeError
        If `rng` is not a generator or `dtype` neither float32 nor float64.

    References
    ----------
    LeCun, Bottou, Bengio, Haffner (1998), Gradient-based learning applied to document recognition, section
    II.B, figure 2, table I and appendix A.

    Examples
    --------
    >>> model = lenet5(rng=np.random.default_rng(0))
    >>> model.parameter_count
    60850
    >>> model.predict(np.zeros((3, 28, 28, 1))).shape
    (3, 10)
    """
    connections = [[mark == "X" for mark in row] for row in TABLE_1]
    c1 = Conv2D(1, 6, 5, rng=rng, dtype=dtype)
    s2 = Subsampling(6, rng=rng, dtype=dtype)
    c3 = ConnectionTableConv2D(connections, 5, rng=rng, dtype=dtype)
    s4 = Subsampling(16, rng=rng, dtype=dtype)
    c5 = Conv2D(16, 120, 5, rng=rng, dtype=dtype)
    f6 = Dense(120, 84, rng=rng, dtype=dtype)
    output = Dense(84, 10, rng=rng, dtype=dtype)
    for layer, fan_in in ((c1, 25), (c5, 400), (f6, 120), (output, 84)):
        layer.parameters["weights"][:] = _uniform(layer.parameters["weights"].shape, fan_in, rng, dtype)
    return Sequential(
        [
            InputPlane(),  # (N, 32, 32, 1)
            c1,  # (N, 28, 28, 6)
            ScaledTanh(),
            s2,  # (N, 14, 14, 6)
            ScaledTanh(),
            c3,  # (N, 10, 10, 16)
            ScaledTanh(),
            s4,  # (N, 5, 5, 16)
            ScaledTanh(),
            c5,  # (N, 1, 1, 120)
            ScaledTanh(),
            Flatten(),  # (N, 120)
            f6,  # (N, 84)
            ScaledTanh(),
            output,  # (N, 10)
        ]
    )


class InputPlane(Layer):
    """LeNet-5's input: a frame of two pixels of paper around the image, and values near mean 0, variance 1.

    y = 1.275 x - 0.1, so that paper, 0, becomes -0.1 and ink, 1, becomes 1.175; outside the image x = 0

    The frame lets a 5 x 5 filter be centred on strokes at the border of the 28 x 28 image.

    References
    ----------
    LeCun, Bottou, Bengio, Haffner (1998), section II.B.

    Examples
    --------
    >>> outputs = InputPlane().forward(np.ones((1, 28, 28, 1)))
    >>> outputs.shape
    (1, 32, 32, 1)
    >>> outputs[0, 2, :4, 0].round(3)
    array([-0.1  , -0.1  ,  1.175,  1.175])
    """

    def forward(self, inputs, *, training=False):
        """Return y, two pixels larger than x on every side."""
        inputs = _checks.batch("inputs", self._inputs(inputs, "N", "H", "W", "C"))
        return self._keep(1.275 * np.pad(inputs, ((0, 0), (2, 2), (2, 2), (0, 0))) - 0.1)

    def backward(self, gradient):
        """Return dL/dx = 1.275 dL/dy, without the frame."""
        (gradient,) = self._recall(gradient)
        return 1.275 * gradient[:, 2:-2, 2:-2]


class ScaledTanh(Layer):
    """Scaled hyperbolic tangent, LeNet's squashing function: f(1) = 1 and f(-1) = -1.

    y = A tanh(S x),    A = 1.7159, S = 2/3

    Targets of ±1 lie where the curve bends most, not at its ends ±A, which finite weights never reach.

    References
    ----------
    LeCun, Bottou, Bengio, Haffner (1998), section II.B, eq. 6, and appendix A.

    Examples
    --------
    >>> ScaledTanh().forward(np.array([[-1.0, 0.0, 1.0, 100.0]])).round(4)
    array([[-1.    ,  0.    ,  1.    ,  1.7159]])
    """

    amplitude = 1.7159
    slope = 2 / 3

    def forward(self, inputs, *, training=False):
        """Return y = A tanh(S x)."""
        inputs = _checks.floats("inputs", inputs, ndim=(2, 3, 4))
        outputs = self.slope * inputs
        np.tanh(outputs, out=outputs)
        outputs *= self.amplitude
        return self._keep(outputs, outputs)

    def backward(self, gradient):
        """Return dL/dx = dL/dy S (A - y² / A)."""
        gradient, outputs = self._recall(gradient)
        slopes = outputs * outputs
        slopes *= -self.slope / self.amplitude
        slopes += self.slope * self.amplitude
        slopes *= gradient
        return slopes


class Subsampling(Layer):
    """Subsampling layer, LeNet's pooling: the sum of 2 x 2 pixels, times one weight of the map, plus a bias.

    y[i, j, c] = w[c] Σ x[2i + u, 2j + v, c] + b[c]    over u, v = 0, 1

    With w = 1/4 and b = 0 it is average pooling. LeNet-5 squashes the result, in a layer of its own here.

    Parameters
    ----------
    channels : int
        Number of channels (maps) of x and of y, at least 1.
    rng : numpy.random.Generator
        Draws the initial weights, uniform in ±2.4 / 4; the bias starts at 0.
    dtype : float32 or float64
        Type of the parameters and of all computation.

    References
    ----------
    LeCun, Bottou, Bengio, Haffner (1998), section II.B, layer S2.

    Examples
    --------
    >>> layer = Subsampling(1, rng=np.random.default_rng(0))
    >>> layer.parameters["weights"][:], layer.parameters["bias"][:] = 0.5, 1
    >>> layer.forward([[[[1], [2]], [[3], [4]]]]).ravel()  # 0.5 * 10 + 1
    array([6.], dtype=float32)
    """

    def __init__(self, channels, *, rng, dtype=np.float32):
        super().__init__()
        channels = _checks.integer("channels", channels, low=1)
        weights = _uniform((channels,), 4, rng, dtype)
        self.parameters = {"weights": weights, "bias": np.zeros(channels, dtype)}

    def forward(self, inputs, *, training=False):
        """Return y, half as high and wide as x."""
        weights, bias = self.parameters["weights"], self.parameters["bias"]
        inputs = _checks.batch("inputs", self._inputs(inputs, "N", "H", "W", len(weights)))
        if inputs.shape[1] % 2 or inputs.shape[2] % 2:
            raise ValueError(f"inputs must have even height and width, got {inputs.shape}")
        sums = inputs[:, 0::2] + inputs[:, 1::2]
        sums = sums[:, :, 0::2] + sums[:, :, 1::2]
        outputs = weights * sums
        outputs += bias
        return self._keep(outputs, sums)

    def backward(self, gradient):
        """Return dL/dx = w dL/dy at all four pixels; store dL/dw = Σ dL/dy (sum of 2 x 2) and dL/db."""
        gradient, sums = self._recall(gradient)
        self.gradients = {
            "weights": np.einsum("nhwc,nhwc->c", gradient, sums),
            "bias": np.einsum("nhwc->c", gradient),
        }
        return (self.parameters["weights"] * gradient).repeat(2, axis=2).repeat(2, axis=1)


class ConnectionTableConv2D(Layer):
    """Convolutional layer in which a table says which input maps each output map sees: LeNet's C3.

    y[i, j, d] = b[d] + Σ x[i + u, j + v, c] w[u, v, (c, d)]    over u, v and all c connected with d

    It is a `Conv2D` with zeros for the missing connections, which are no parameters. The paper gives two
    reasons for them: fewer connections, and maps that must learn different features from different inputs.

    Parameters
    ----------
    table : array_like of bool, shape (channels_in, channels_out)
        True where input map c is connected with output map d; at least one c for every d.
    kernel_size : int or pair of int
        (vertical, horizontal) height and width of the filters.
    rng : numpy.random.Generator
        Draws the initial weights, uniform in ±2.4 / fan-in of the output map; the bias starts at 0.
    dtype : float32 or float64
        Type of the parameters and of all computation.

    Notes
    -----
    The weights have shape (kh, kw, connections), in the order of the table, row by row.

    References
    ----------
    LeCun, Bottou, Bengio, Haffner (1998), section II.B, layer C3, and table I.

    Examples
    --------
    >>> layer = ConnectionTableConv2D([[1, 1], [0, 1]], 1, rng=np.random.default_rng(0))
    >>> layer.parameters["weights"][:] = [[[2, 3, 4]]]  # 0 to 0, 0 to 1, 1 to 1
    >>> layer.forward([[[[1, 10]]]]).ravel()  # 2 * 1, 3 * 1 + 4 * 10
    array([ 2., 43.], dtype=float32)
    """

    def __init__(self, table, kernel_size, *, rng, dtype=np.float32):
        super().__init__()
        self._table = _connections(table)
        # The full layer computes; its weights are set from the parameters before every use.
        self._full = Conv2D(*self._table.shape, kernel_size, rng=rng, dtype=dtype)
        full_weights = self._full.parameters["weights"]
        full_weights[:, :, ~self._table] = 0
        height, width = full_weights.shape[:2]
        fan_in = height * width * np.count_nonzero(self._table, axis=0)  # of every output map
        output_maps = np.nonzero(self._table)[1]  # of every connection
        weights = _uniform((height, width, len(output_maps)), fan_in[output_maps], rng, dtype)
        self.parameters = {"weights": weights, "bias": self._full.parameters["bias"]}

    def forward(self, inputs, *, training=False):
        """Return y, the convolution of the connected maps plus b."""
        self._full.parameters["weights"][:, :, self._table] = self.parameters["weights"]
        return self._keep(self._full.forward(inputs))

    def backward(self, gradient):
        """Return dL/dx; store dL/dw of the connections and dL/db."""
        (gradient,) = self._recall(gradient)
        inputs_gradient = self._full.backward(gradient)
        gradients = self._full.gradients
        self.gradients = {"weights": gradients["weights"][:, :, self._table], "bias": gradients["bias"]}
        return inputs_gradient


def _uniform(shape, fan_in, rng, dtype):
    """Return the paper's initial weights, uniform between ±2.4 / fan_in, which may be an array."""
    rng = _checks.generator(rng)
    dtype = _checks.float_type("dtype", dtype)
    _checks.affordable("weights", shape)
    return (rng.uniform(-1, 1, shape) * (2.4 / fan_in)).astype(dtype)


def _connections(table):
    """Return a connection table as booleans, checked to leave no output map without input."""
    table = _checks.array("table", table, ndim=2)
    _checks.not_empty("table", table)
    wrong = table[~np.isin(table, (0, 1))]
    if wrong.size:
        raise ValueError(f"table must hold True (1) and False (0) only, got {wrong[0]}")
    table = table.astype(bool)
    alone = np.flatnonzero(~table.any(axis=0))
    if alone.size:
        raise ValueError(f"table must connect every output map to an input map, got none for {alone[0]}")
    return table
