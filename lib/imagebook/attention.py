"""Attention: sequences of tokens in which every token looks at the others, and the Transformer block.

Sequences are (N, T, width): N examples of T tokens, each a vector. The layers keep the contract of
`imagebook.layers`; images become tokens by `patches`, words by `Embedding`.
"""

import math

import numpy as np

from imagebook import _checks
from imagebook.layers import Dense, Layer, ReLU, he_normal
from imagebook.softmax import softmax


def patches(images, size):
    """Return images cut into patches, one token per patch: row by row, as one reads.

    An image of H x W pixels becomes T = (H / h) (W / w) tokens of h w C numbers each.

    Parameters
    ----------
    images : array_like, shape (N, H, W, C)
        A batch of images.
    size : int or pair of int (vertical, horizontal), pixels
        Height h and width w of a patch; they must divide H and W.

    Returns
    -------
    ndarray, shape (N, T, h w C), dtype and range of `images`
        The pixels of each patch row by row, channels last; `unpatch` puts them back.

    Raises
    ------
    TypeError, ValueError
        If an argument has another shape or type than listed, or the patches do not fit side by side.

    References
    ----------
    Dosovitskiy et al. (2021), An image is worth 16x16 words, section 3.1.

    Examples
    --------
    >>> patches(np.arange(8.0).reshape(1, 2, 4, 1), 2)
    array([[[0., 1., 4., 5.],
            [2., 3., 6., 7.]]])
    >>> patches(np.zeros((5, 28, 28, 1)), 7).shape
    (5, 16, 49)
    """
    images = _checks.batch("images", _checks.floats("images", images, ndim=4))
    count, height, width, channels = images.shape
    h, w = _checks.pair("size", size, low=1)
    rows, columns = _grid((height, width), (h, w))
    cut = images.reshape(count, rows, h, columns, w, channels).swapaxes(2, 3)
    return cut.reshape(count, rows * columns, h * w * channels)


def unpatch(tokens, size, *, shape):
    """Return the images that tokens were cut from: the inverse of `patches`.

    Parameters
    ----------
    tokens : array_like, shape (N, T, h w C)
        As from `patches`.
    size : int or pair of int (vertical, horizontal), pixels
        Height h and width w of a patch.
    shape : pair of int (vertical, horizontal), pixels
        H and W of the images, with T = (H / h) (W / w).

    Returns
    -------
    ndarray, shape (N, H, W, C), dtype and range of `tokens`
        The images.

    Raises
    ------
    TypeError, ValueError
        If an argument has another shape or type than listed.

    Examples
    --------
    >>> images = np.arange(8.0).reshape(1, 2, 4, 1)
    >>> bool((unpatch(patches(images, 2), 2, shape=(2, 4)) == images).all())
    True
    """
    tokens = _checks.floats("tokens", tokens, ndim=3)
    h, w = _checks.pair("size", size, low=1)
    height, width = _checks.pair("shape", shape, low=1)
    rows, columns = _grid((height, width), (h, w))
    channels, rest = divmod(tokens.shape[2], h * w)
    if tokens.shape[1] != rows * columns or channels == 0 or rest:
        raise ValueError(f"tokens must have shape (N, {rows * columns}, {h * w} C), got {tokens.shape}")
    cut = tokens.reshape(len(tokens), rows, columns, h, w, channels).swapaxes(2, 3)
    return cut.reshape(len(tokens), height, width, channels)


class Embedding(Layer):
    """Embedding: a table with one learned vector per token, looked up by the token's number.

    y[n, t] = E[x[n, t]]

    Parameters
    ----------
    n_tokens, width : int
        How many tokens there are, and the length of their vectors, at least 1.
    rng : numpy.random.Generator
        Draws the initial table E, "weights", of shape (n_tokens, width).
    dtype : float32 or float64
        Type of the parameters and of all computation.

    Notes
    -----
    Inputs have shape (N, T) and are whole numbers from 0 to n_tokens - 1, as integers or floats. A number
    that names a token cannot change a little: `backward` returns zeros.

    Examples
    --------
    >>> layer = Embedding(3, 2, rng=np.random.default_rng(0))
    >>> layer.parameters["weights"][:] = [[0, 0], [1, 10], [2, 20]]
    >>> layer.forward([[2, 1, 2]])
    array([[[ 2., 20.],
            [ 1., 10.],
            [ 2., 20.]]], dtype=float32)
    """

    def __init__(self, n_tokens, width, *, rng, dtype=np.float32):
        super().__init__()
        n_tokens = _checks.integer("n_tokens", n_tokens, low=1)
        width = _checks.integer("width", width, low=1)
        self.parameters = {"weights": he_normal((n_tokens, width), fan_in=width, rng=rng, dtype=dtype)}

    def forward(self, inputs, *, training=False):
        """Return y, a row of the table for every token."""
        table = self.parameters["weights"]
        tokens = _checks.array("inputs", inputs, ndim=2)
        wrong = tokens[~((tokens >= 0) & (tokens < len(table)) & (tokens == np.floor(tokens)))]
        if wrong.size:
            raise ValueError(f"inputs must be tokens from 0 to {len(table) - 1}, got {wrong[0]}")
        tokens = tokens.astype(np.intp)
        return self._keep(table[tokens], tokens)

    def backward(self, gradient):
        """Return zeros; store dL/dE, the sum over the places of each token."""
        gradient, tokens = self._recall(gradient)
        table_gradient = np.zeros_like(self.parameters["weights"])
        np.add.at(table_gradient, tokens, gradient)
        self.gradients = {"weights": table_gradient}
        return np.zeros(tokens.shape, gradient.dtype)

    def _multiply_adds(self):
        """Return 0: rows are looked up, not multiplied."""
        return 0


class PositionEmbedding(Layer):
    """Position embedding: a learned vector per place, added to the token there.

    y[n, t] = x[n, t] + P[t]

    Attention alone does not see the order of the tokens: shuffled ones give the same outputs, shuffled.

    Parameters
    ----------
    n_positions, width : int
        Length of the longest sequence and of the tokens, at least 1.
    rng : numpy.random.Generator
        Draws the initial vectors P, "weights", of shape (n_positions, width).
    dtype : float32 or float64
        Type of the parameters and of all computation.

    References
    ----------
    Gehring, Auli, Grangier, Yarats, Dauphin (2017), Convolutional sequence to sequence learning, section 3.1.

    Examples
    --------
    >>> layer = PositionEmbedding(3, 1, rng=np.random.default_rng(0))
    >>> layer.parameters["weights"][:] = [[10], [20], [30]]
    >>> layer.forward([[[1], [1]]]).ravel()
    array([11., 21.], dtype=float32)
    """

    def __init__(self, n_positions, width, *, rng, dtype=np.float32):
        super().__init__()
        n_positions = _checks.integer("n_positions", n_positions, low=1)
        width = _checks.integer("width", width, low=1)
        self.parameters = {"weights": he_normal((n_positions, width), fan_in=width, rng=rng, dtype=dtype)}

    def forward(self, inputs, *, training=False):
        """Return y = x + P, the first T rows of P."""
        positions = self.parameters["weights"]
        inputs = self._inputs(inputs, "N", "T", positions.shape[1])
        length = inputs.shape[1]
        if length > len(positions):
            raise ValueError(f"inputs must be sequences of at most {len(positions)} tokens, got {length}")
        return self._keep(inputs + positions[:length])

    def backward(self, gradient):
        """Return dL/dx = dL/dy; store dL/dP, the sum over the examples, 0 for places that were not used."""
        (gradient,) = self._recall(gradient)
        positions_gradient = np.zeros_like(self.parameters["weights"])
        positions_gradient[: gradient.shape[1]] = gradient.sum(axis=0)
        self.gradients = {"weights": positions_gradient}
        return gradient

    def _multiply_adds(self):
        """Return 0: vectors are added, not multiplied."""
        return 0


class LayerNorm(Layer):
    """Layer normalisation: every token is brought to mean 0 and variance 1, then scaled as learned.

    y = g (x - μ) / √(σ² + ε) + b

    μ and σ² are over the numbers of one token; other tokens and examples play no part, unlike in batch
    normalisation.

    Parameters
    ----------
    width : int
        Length of the tokens, at least 1.
    epsilon : float
        ε, keeps the division finite where all numbers of a token are equal, above 0.
    dtype : float32 or float64
        Type of the parameters, g ("weights", ones at first) and b ("bias", zeros), and of all computation.

    References
    ----------
    Ba, Kiros, Hinton (2016), Layer normalization, eq. 4.

    Examples
    --------
    >>> LayerNorm(2).forward([[[1, 3], [0, 10]]]).round(2)
    array([[[-1.,  1.],
            [-1.,  1.]]], dtype=float32)
    """

    def __init__(self, width, *, epsilon=1e-5, dtype=np.float32):
        super().__init__()
        width = _checks.integer("width", width, low=1)
        self.epsilon = _checks.positive("epsilon", epsilon)
        _checks.affordable("width", (width,))
        dtype = _checks.float_type("dtype", dtype)
        self.parameters = {"weights": np.ones(width, dtype), "bias": np.zeros(width, dtype)}

    def forward(self, inputs, *, training=False):
        """Return y, the normalised tokens times g plus b."""
        inputs = self._inputs(inputs, "N", "T", len(self.parameters["weights"]))
        centred = inputs - inputs.mean(axis=-1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + self.epsilon)
        normalised = centred / deviation
        outputs = normalised * self.parameters["weights"] + self.parameters["bias"]
        return self._keep(outputs, normalised, deviation)

    def backward(self, gradient):
        """Return dL/dx, which has no part along the mean and none along x; store dL/dg and dL/db."""
        gradient, normalised, deviation = self._recall(gradient)
        self.gradients = {
            "weights": (gradient * normalised).sum(axis=(0, 1)),
            "bias": gradient.sum(axis=(0, 1)),
        }
        gradient = gradient * self.parameters["weights"]
        along = normalised * (gradient * normalised).mean(axis=-1, keepdims=True)
        return (gradient - gradient.mean(axis=-1, keepdims=True) - along) / deviation


class SelfAttention(Layer):
    """Multi-head self-attention: every token becomes a mixture of what all tokens have to say.

    A = softmax(Q Kᵀ / √d),    y = [A V of every head] W_o + b_o,    [Q K V] = x W + b

    Each token asks a query q and offers a key k and a value v; the better its query fits a key, the more of
    that token's value it takes. The heads do so side by side, each with d = width / n_heads of the numbers.

    Parameters
    ----------
    width, n_heads : int
        Length of the tokens, and the number of heads, which must divide it.
    causal : bool
        Whether a token sees only itself and the tokens before it, as in auto-regressive models.
    rng : numpy.random.Generator
        Draws the initial weights, of variance 1 / width; the biases start at 0.
    dtype : float32 or float64
        Type of the parameters and of all computation.

    Attributes
    ----------
    weights : ndarray, shape (N, n_heads, T, T), in [0, 1]
        A of the last forward pass: how much each token (row) takes from each (column); rows sum to 1. None
        before the first one.

    Notes
    -----
    W is "weights", b "bias", W_o "output_weights" and b_o "output_bias".

    References
    ----------
    Vaswani et al. (2017), Attention is all you need, eq. 1 and section 3.2.2.

    Examples
    --------
    >>> layer = SelfAttention(4, 2, causal=True, rng=np.random.default_rng(0))
    >>> layer.forward(np.ones((1, 3, 4))).shape
    (1, 3, 4)
    >>> layer.weights[0, 0].round(2)  # equal tokens: each takes the same from all that it sees
    array([[1.  , 0.  , 0.  ],
           [0.5 , 0.5 , 0.  ],
           [0.33, 0.33, 0.33]], dtype=float32)
    """

    def __init__(self, width, n_heads, *, causal=False, rng, dtype=np.float32):
        super().__init__()
        width = _checks.integer("width", width, low=1)
        self.n_heads = _checks.integer("n_heads", n_heads, low=1)
        if width % self.n_heads:
            raise ValueError(f"n_heads must divide width, {width}, got {n_heads}")
        self.causal = _checks.flag("causal", causal)
        self.weights = None
        fan_in = 2 * width  # half of He's variance: no ReLU follows that would halve the signal
        self.parameters = {
            "weights": he_normal((width, 3 * width), fan_in=fan_in, rng=rng, dtype=dtype),
            "bias": np.zeros(3 * width, dtype),
            "output_weights": he_normal((width, width), fan_in=fan_in, rng=rng, dtype=dtype),
            "output_bias": np.zeros(width, dtype),
        }

    def forward(self, inputs, *, training=False, mask=None):
        """Return y; only keys whose `mask`, shape (N, T), is True are looked at, all if there is no mask."""
        width = len(self.parameters["weights"])
        inputs = self._inputs(inputs, "N", "T", width)
        count, length, _ = inputs.shape
        if length == 0:
            raise ValueError(f"inputs must be sequences of at least one token, got shape {inputs.shape}")
        projected = inputs @ self.parameters["weights"] + self.parameters["bias"]
        heads = projected.reshape(count, length, 3, self.n_heads, width // self.n_heads)
        queries, keys, values = heads.transpose(2, 0, 3, 1, 4)  # each (N, heads, T, d)
        scores = queries @ keys.swapaxes(2, 3) / math.sqrt(queries.shape[3])
        scores = np.where(self._visible(mask, count, length), scores, -np.inf)
        self.weights = softmax(scores)
        mixed = (self.weights @ values).swapaxes(1, 2).reshape(inputs.shape)
        outputs = mixed @ self.parameters["output_weights"] + self.parameters["output_bias"]
        return self._keep(outputs, inputs, queries, keys, values, self.weights, mixed)

    def backward(self, gradient):
        """Return dL/dx, through queries, keys and values; store the gradients of the four parameters."""
        gradient, inputs, queries, keys, values, weights, mixed = self._recall(gradient)
        count, length, width = inputs.shape
        self.gradients = {
            "output_weights": _rows(mixed).T @ _rows(gradient),
            "output_bias": gradient.sum(axis=(0, 1)),
        }
        mixed_gradient = gradient @ self.parameters["output_weights"].T
        mixed_gradient = mixed_gradient.reshape(count, length, self.n_heads, values.shape[3])
        mixed_gradient = mixed_gradient.swapaxes(1, 2)  # (N, heads, T, d)

        weights_gradient = mixed_gradient @ values.swapaxes(2, 3)
        expected = (weights_gradient * weights).sum(axis=-1, keepdims=True)
        scores_gradient = weights * (weights_gradient - expected) / math.sqrt(queries.shape[3])
        heads_gradient = np.stack(
            [
                scores_gradient @ keys,
                scores_gradient.swapaxes(2, 3) @ queries,
                weights.swapaxes(2, 3) @ mixed_gradient,
            ]
        )
        projected_gradient = heads_gradient.transpose(1, 3, 0, 2, 4).reshape(count, length, 3 * width)
        self.gradients["weights"] = _rows(inputs).T @ _rows(projected_gradient)
        self.gradients["bias"] = projected_gradient.sum(axis=(0, 1))
        return projected_gradient @ self.parameters["weights"].T

    def _multiply_adds(self):
        """Return those of the last forward pass: 4 products w x w per token, 2 w per pair."""
        (count, length, width), _dtype, _values = self._kept
        return count * (4 * length * width**2 + 2 * length**2 * width)

    def _visible(self, mask, count, length):
        """Return which keys (last axis) each query (last but one) may look at, the same in every head."""
        visible = np.tri(length, dtype=bool) if self.causal else np.ones((length, length), bool)
        if mask is None:
            return visible
        mask = _checks.array("mask", mask, ndim=2).astype(bool)
        if mask.shape != (count, length):
            raise ValueError(f"mask must have shape {(count, length)}, got {mask.shape}")
        visible = visible & mask[:, np.newaxis, np.newaxis, :]
        if not visible.any(axis=-1).all():
            raise ValueError("mask must leave at least one key to every token, got one that sees none")
        return visible


class Composite(Layer):
    """A layer made of layers, its parts: their parameters are its own, named such as "norm.bias".

    A part that is frozen stays as it is while the others are trained; freezing the whole freezes all.

    Parameters
    ----------
    parts : dict of str to Layer
        The layers by name; `forward` and `backward` of the whole are up to the class that inherits.

    Examples
    --------
    >>> sorted(Composite({"norm": LayerNorm(2)}).parameters)
    ['norm.bias', 'norm.weights']
    """

    def __init__(self, parts):
        super().__init__()
        if not isinstance(parts, dict) or not parts:
            raise TypeError(f"parts must be a dict of at least one layer, got {parts!r}")
        self.parts = dict(parts)
        for name, part in self.parts.items():
            if not isinstance(part, Layer):
                raise TypeError(f"parts must hold layers only, got {part!r} for {name!r}")
        self.parameters = self._named("parameters")  # the same arrays, which optimizers change in place

    @property
    def trained_parameters(self):
        """The parameters that optimizers change: those of the parts that are not frozen."""
        return {} if self.frozen else self._named("trained_parameters")

    def _multiply_adds(self):
        """Return how many all parts took in the last forward pass."""
        return sum(part._multiply_adds() for part in self.parts.values())

    def _named(self, attribute):
        """Return an attribute of all parts, such as "parameters" or "gradients", in one dict."""
        return {
            f"{name}.{key}": array
            for name, part in self.parts.items()
            for key, array in getattr(part, attribute).items()
        }

    def _inputs(self, inputs, *axes):
        """Return the inputs as floats of the type of the first part."""
        return next(iter(self.parts.values()))._inputs(inputs, *axes)


class TransformerBlock(Composite):
    """Transformer block: tokens first look at each other, then each one is processed by itself.

    z = x + attention(norm(x)),    y = z + mlp(norm(z)),    mlp: dense, ReLU, dense

    Both halves only add to the tokens, and normalise what they read, not what they pass on ("pre-norm"): so
    gradients reach the first block of many.

    Parameters
    ----------
    width, n_heads : int
        Length of the tokens, and the number of heads, which must divide it.
    hidden : int
        Length of the hidden layer of the mlp, at least 1; often 4 width.
    causal : bool
        As in `SelfAttention`.
    rng : numpy.random.Generator
        Draws the initial weights.
    dtype : float32 or float64
        Type of the parameters and of all computation.

    Attributes
    ----------
    parts : dict of str to Layer
        "attention_norm", "attention", "mlp_norm", "mlp_in", "mlp_relu", "mlp_out".

    References
    ----------
    Vaswani et al. (2017), Attention is all you need, figure 1 (norm after each half).
    Xiong et al. (2020), On layer normalization in the Transformer architecture, figure 1b (norm before it).

    Examples
    --------
    >>> block = TransformerBlock(8, 2, 16, rng=np.random.default_rng(0))
    >>> block.forward(np.zeros((5, 3, 8))).shape
    (5, 3, 8)
    >>> block.parts["attention"].weights.shape
    (5, 2, 3, 3)
    """

    def __init__(self, width, n_heads, hidden, *, causal=False, rng, dtype=np.float32):
        super().__init__(
            {
                "attention_norm": LayerNorm(width, dtype=dtype),
                "attention": SelfAttention(width, n_heads, causal=causal, rng=rng, dtype=dtype),
                "mlp_norm": LayerNorm(width, dtype=dtype),
                "mlp_in": Dense(width, _checks.integer("hidden", hidden, low=1), rng=rng, dtype=dtype),
                "mlp_relu": ReLU(),
                "mlp_out": Dense(hidden, width, rng=rng, dtype=dtype),
            }
        )
        self._mlp = [self.parts[name] for name in ("mlp_in", "mlp_relu", "mlp_out")]

    def forward(self, inputs, *, training=False, mask=None):
        """Return y; `mask`, shape (N, T), as in `SelfAttention.forward`."""
        width = len(self.parts["attention_norm"].parameters["weights"])
        inputs = self._inputs(inputs, "N", "T", width)
        read = self.parts["attention_norm"].forward(inputs, training=training)
        between = inputs + self.parts["attention"].forward(read, training=training, mask=mask)
        rows = _rows(self.parts["mlp_norm"].forward(between, training=training))
        for layer in self._mlp:
            rows = layer.forward(rows, training=training)
        return self._keep(between + rows.reshape(between.shape))

    def backward(self, gradient):
        """Return dL/dx: each half adds its part to the gradient that passes by; collect all gradients."""
        (gradient,) = self._recall(gradient)
        rows = _rows(gradient)
        for layer in reversed(self._mlp):
            rows = layer.backward(rows)
        gradient = gradient + self.parts["mlp_norm"].backward(rows.reshape(gradient.shape))
        read_gradient = self.parts["attention"].backward(gradient)
        gradient = gradient + self.parts["attention_norm"].backward(read_gradient)
        self.gradients = self._named("gradients")
        return gradient


def _rows(sequences):
    """Return sequences (N, T, width) as one matrix (N T, width) with a row per token."""
    count, length, width = sequences.shape
    return sequences.reshape(count * length, width)


def _grid(shape, size):
    """Return how many patches of a size fit into an image of a shape: (rows, columns)."""
    if shape[0] % size[0] or shape[1] % size[1]:
        raise ValueError(f"size must divide the height and width of the images, {shape}, got {size}")
    return shape[0] // size[0], shape[1] // size[1]
