"""Autoregressive image model: draws an image pixel by pixel, each one given those that were drawn before."""

import math

import numpy as np

from imagebook import _checks
from imagebook.layers import Conv2D, Layer, ReLU, sigmoid
from imagebook.losses import binary_cross_entropy
from imagebook.models import Sequential


def binarize(images, *, threshold=0.5, rng=None):
    """Return images of black and white only: 1 where a pixel is above the threshold, else 0.

    b = [x > t]

    With `rng`, t is drawn anew for every pixel, uniformly from [0, 1), instead of being `threshold`: then
    P(b = 1) = x, and gray edges come out ragged, differently each time.

    Parameters
    ----------
    images : array_like, shape (H, W), (N, H, W) or (N, H, W, C), float in [0, 1]
        What to binarize.
    threshold : float
        t, from 0 to 1; not used with `rng`.
    rng : numpy.random.Generator, optional
        Draws the thresholds.

    Returns
    -------
    ndarray, shape of `images`, float 0 or 1

    Raises
    ------
    ValueError
        If the images are not between 0 and 1, or `threshold` is not.

    References
    ----------
    Salakhutdinov, Murray (2008), On the quantitative analysis of deep belief networks (at random).

    Examples
    --------
    >>> binarize([[0.2, 0.5, 0.9]])
    array([[0., 0., 1.]])
    """
    images = _checks.floats("images", images, ndim=(2, 3, 4))
    threshold = _checks.number("threshold", threshold, low=0, high=1)
    if not np.all((images >= 0) & (images <= 1)):
        raise ValueError(f"images must be between 0 and 1, got {images.min()} to {images.max()}")
    if rng is not None:
        threshold = _checks.generator(rng).random(images.shape)
    return (images > threshold).astype(images.dtype)


class MaskedConv2D(Conv2D):
    """Masked convolutional layer: a filter that sees only the pixels before its own, in reading order.

    y[i, j, d] = b[d] + Σ x[i + u, j + v, c] w[u, v, c, d] m[u, v]    over u, v, c

    A filter's own pixel is the middle one of its last row. The mask m is 0 there and to the right of it, 1 to
    the left of it and in the rows above: the paper's mask A, without the rows that are masked as a whole.
    There is no padding: y is smaller than x.

    Parameters
    ----------
    channels_in, channels_out : int
        Numbers of channels of x and y, at least 1.
    kernel_size : int or pair of int
        (vertical, horizontal) height and odd width of the filters.
    rng, dtype
        As in `Conv2D`.

    Attributes
    ----------
    mask : ndarray, shape (kh, kw, 1, 1)
        m; `forward` sets weights that it masks to 0, and training leaves them there.

    References
    ----------
    van den Oord, Kalchbrenner, Kavukcuoglu (2016), Pixel recurrent neural networks, section 3.4.

    Examples
    --------
    >>> layer = MaskedConv2D(1, 8, (2, 5), rng=np.random.default_rng(0))
    >>> layer.mask[:, :, 0, 0]
    array([[1., 1., 1., 1., 1.],
           [1., 1., 0., 0., 0.]], dtype=float32)
    """

    def __init__(self, channels_in, channels_out, kernel_size, *, rng, dtype=np.float32):
        height, width = _checks.pair("kernel_size", kernel_size, low=1)
        if width % 2 == 0:
            raise ValueError(f"kernel_size must have an odd width, got {width}")
        super().__init__(channels_in, channels_out, (height, width), rng=rng, dtype=dtype)
        self.mask = np.ones((height, width, 1, 1), dtype)
        self.mask[-1, width // 2 :] = 0

    def forward(self, inputs, *, training=False):
        """Return y, the slices of x times the masked filters, plus b."""
        self.parameters["weights"] *= self.mask
        return super().forward(inputs, training=training)

    def store_gradients(self, gradient):
        """Store dL/dw, which is 0 under the mask, and dL/db."""
        super().store_gradients(gradient)
        self.gradients["weights"] *= self.mask


class PositionEmbedding(Layer):
    """Learned position embedding: tells the layers behind it where in the image they are.

    y[i, j, c] = x[i, j, c] + r[i, c] + s[j, c]

    A convolution does the same everywhere; r and s let the top of an image differ from its middle. A vector
    per row and one per column take H + W vectors, where a vector per pixel, as `attention.PositionEmbedding`
    keeps one per token, would take H W.

    Parameters
    ----------
    shape : pair of int
        (H, W), the size of the images.
    channels : int
        Number of channels of x and y, at least 1.
    dtype : float32 or float64
        Type of the parameters, which start at 0, and of all computation.

    References
    ----------
    Vaswani et al. (2017), Attention is all you need, section 3.5.

    Examples
    --------
    >>> layer = PositionEmbedding((2, 3), 1)
    >>> layer.parameters["rows"][:, 0] = [10, 20]
    >>> layer.parameters["columns"][:, 0] = [1, 2, 3]
    >>> layer.forward(np.zeros((1, 2, 3, 1)))[0, :, :, 0]
    array([[11., 12., 13.],
           [21., 22., 23.]], dtype=float32)
    """

    def __init__(self, shape, channels, *, dtype=np.float32):
        super().__init__()
        height, width = _checks.pair("shape", shape, low=1)
        channels = _checks.integer("channels", channels, low=1)
        _checks.affordable("shape and channels", (height + width, channels))
        dtype = _checks.float_type("dtype", dtype)
        self.parameters = {
            "rows": np.zeros((height, channels), dtype),
            "columns": np.zeros((width, channels), dtype),
        }

    def forward(self, inputs, *, training=False):
        """Return y = x + r + s."""
        rows, columns = self.parameters["rows"], self.parameters["columns"]
        inputs = _checks.floats("inputs", inputs, ndim=4).astype(rows.dtype, copy=False)
        wanted = (len(rows), *columns.shape)
        if inputs.shape[1:] != wanted:
            raise ValueError(f"inputs must have shape (N, {', '.join(map(str, wanted))}), got {inputs.shape}")
        return self._keep(inputs + rows[:, np.newaxis] + columns)

    def backward(self, gradient):
        """Return dL/dx = dL/dy; store dL/dr and dL/ds, the sums over each row and each column."""
        (gradient,) = self._recall(gradient)
        whole = gradient.sum(axis=0)
        self.gradients = {"rows": whole.sum(axis=1), "columns": whole.sum(axis=0)}
        return gradient


class AutoregressiveModel:
    """Autoregressive model of black-and-white images: it predicts each pixel from the pixels before it.

    p(x) = Π p(xᵢ | x₁ … xᵢ₋₁),    p(xᵢ = 1 | x₁ … xᵢ₋₁) = σ(zᵢ)

    Pixels are numbered in reading order, row by row. The logit zᵢ comes from a small PixelCNN: one masked
    convolution with a large filter, a position embedding, then 1 x 1 convolutions, with ReLU before each. Of
    the pixels before xᵢ it sees those in reach only: strokes come out right more often than whole digits.

    Parameters
    ----------
    shape : pair of int
        (H, W), the size of the images.
    reach : int or pair of int
        (vertical, horizontal) how many rows above, and columns to the left and right, a pixel depends on.
        (H - 1, W - 1) is everything.
    hidden : tuple of int
        Channels between the convolutions, at least one number.
    rng : numpy.random.Generator
        Draws the initial weights.
    dtype : float32 or float64
        Type of the parameters and of all computation.

    Attributes
    ----------
    model : Sequential
        The network: `model.save`, `model.load` keep the weights.

    References
    ----------
    van den Oord, Kalchbrenner, Kavukcuoglu (2016), Pixel recurrent neural networks, eq. 1 and section 3.5.
    Larochelle, Murray (2011), The neural autoregressive distribution estimator.

    Examples
    --------
    >>> model = AutoregressiveModel(shape=(4, 4), reach=2, rng=np.random.default_rng(0))
    >>> model.logits(np.zeros((5, 4, 4))).shape
    (5, 4, 4)
    >>> *_, image = model.sample(np.random.default_rng(1))
    >>> image.shape, bool(np.isin(image, [0, 1]).all())
    ((4, 4), True)
    """

    def __init__(self, *, shape=(28, 28), reach=7, hidden=(64, 32), rng, dtype=np.float32):
        self.shape = _checks.pair("shape", shape, low=1)
        self.reach = _checks.pair("reach", reach, low=0)
        hidden = _checks.items("hidden", hidden, "a tuple of sizes such as (64, 32)")
        if not hidden:
            raise ValueError(f"hidden must be a tuple of sizes such as (64, 32), got {hidden!r}")
        sizes = [*(_checks.integer("hidden", size, low=1) for size in hidden), 1]
        rows, columns = self.reach
        layers = [MaskedConv2D(1, sizes[0], (rows + 1, 2 * columns + 1), rng=rng, dtype=dtype)]
        layers.append(PositionEmbedding(self.shape, sizes[0], dtype=dtype))
        for channels_in, channels_out in zip(sizes[:-1], sizes[1:], strict=True):
            layers += [ReLU(), Conv2D(channels_in, channels_out, 1, rng=rng, dtype=dtype)]
        self.model = Sequential(layers)

    def logits(self, images):
        """Return the logit of every pixel, given the pixels before it.

        All pixels are known here, so one pass of the network gives all logits at once.

        Parameters
        ----------
        images : array_like, shape (N, H, W) or (N, H, W, 1), 0 or 1
            Binary images; see `binarize`.

        Returns
        -------
        ndarray, shape of `images`
            z; positive where white is more likely than black.
        """
        inputs = self._images(images)
        return self.model.predict(self._bordered(inputs), batch_size=16).reshape(np.shape(images))

    def log_likelihood(self, images):
        """Return the exact log-likelihood of images, in nats.

        log p(x) = Σ log p(xᵢ | x₁ … xᵢ₋₁),    log p(xᵢ | …) = xᵢ log σ(zᵢ) + (1 - xᵢ) log σ(-zᵢ)

        Parameters
        ----------
        images : array_like, shape (N, H, W) or (N, H, W, 1), 0 or 1
            Binary images.

        Returns
        -------
        ndarray, shape (N,), float64, at most 0
            The sum over each image's pixels; divided by log 2 it is in bits.
        """
        inputs = self._images(images)
        against = (1 - 2 * inputs) * self.logits(inputs).astype(np.float64)  # the logit of the other value
        return -np.logaddexp(0, against).sum(axis=(1, 2, 3))  # log σ(z) = -log(exp(0) + exp(-z))

    def fit(self, images, *, optimizer, epochs, batch_size=16, rng, progress=True):
        """Train the model to make the images likely and return how the loss went.

        Parameters
        ----------
        images : array_like, shape (N, H, W) or (N, H, W, 1), 0 or 1
            Binary images to learn from, N at least 1.
        optimizer, epochs, batch_size, rng, progress
            As in `Sequential.fit`.

        Returns
        -------
        dict of str to list of float
            "loss": the negative log-likelihood in nats per image, the mean over each epoch while it ran.

        Raises
        ------
        ValueError
            If the images have another size or values other than 0 and 1, or there are none.
        """
        inputs = self._images(images)
        n_pixels = math.prod(self.shape)

        def negative_log_likelihood(logits, targets):
            loss, gradient = binary_cross_entropy(logits, targets)  # per pixel
            return loss * n_pixels, gradient * n_pixels

        return self.model.fit(
            self._bordered(inputs),
            inputs,
            loss=negative_log_likelihood,
            optimizer=optimizer,
            epochs=epochs,
            batch_size=batch_size,
            rng=rng,
            progress=progress,
        )

    def sample(self, rng, *, temperature=1.0, given=None):
        """Return a generator of images that grow by one random pixel at a time.

        xᵢ = 1 with probability σ(zᵢ / T)

        Only pixels before a missing one have a say in it: a digit's lower half is drawn to fit a given upper
        half, but an upper half does not know the given lower half. T = 0 takes the likelier value of each
        pixel, which need not make the most likely image.

        Parameters
        ----------
        rng : numpy.random.Generator
            Draws the pixels.
        temperature : float, at least 0
            T, as in `softmax`: below 1 the likelier value wins more often than learned, above 1 less often.
        given : array_like, shape (H, W) or (N, H, W), 0, 1 or NaN, optional
            Pixels to keep; those that are NaN are drawn. None means one image, all NaN.

        Yields
        ------
        ndarray, shape of `given`
            First what is given, then a new array after each pixel that some image lacked; NaN is what remains
            to be drawn. The last one is complete: `*_, images = model.sample(...)`.

        Raises
        ------
        ValueError
            If `given` has another size or values other than 0, 1 and NaN, or `temperature` is negative.
        """
        rng = _checks.generator(rng)
        temperature = _checks.number("temperature", temperature, low=0)
        if given is None:
            given = np.full(self.shape, np.nan, self.model.layers[0].mask.dtype)
        given = _checks.floats("given", given, ndim=(2, 3))
        height, width = size = self.shape
        if given.shape[-2:] != size:
            raise ValueError(f"given must have shape {size} or (N, {height}, {width}), got {given.shape}")
        wrong = given[~(np.isnan(given) | np.isin(given, (0, 1)))]
        if wrong.size:
            raise ValueError(f"given must hold 0, 1 or NaN, got {wrong[0]}")
        return self._grow(given, temperature, rng)

    def _grow(self, given, temperature, rng):
        """Yield images after each drawn pixel; a function of its own, so that `sample` checks when called."""
        images = np.array(given, ndmin=3)
        yield images.reshape(given.shape).copy()
        for i, j in np.ndindex(self.shape):
            missing = np.flatnonzero(np.isnan(images[:, i, j]))
            if missing.size == 0:
                continue
            logits = self._pixel_logits(np.nan_to_num(images[missing]), i, j)
            if temperature == 0:
                probabilities = (logits > 0).astype(float)
            else:
                with np.errstate(over="ignore"):  # at a low temperature infinity is right: the sigmoid is 1
                    probabilities = sigmoid(logits.astype(np.float64) / temperature)
            images[missing, i, j] = rng.random(missing.size) < probabilities
            yield images.reshape(given.shape).copy()

    def _pixel_logits(self, images, i, j):
        """Return `logits` of one pixel of each image (N, H, W), from the slice that its filter sees."""
        rows, columns = self.reach
        convolution, position, *others = self.model.layers
        bordered = self._bordered(images[:, : i + 1, :, np.newaxis])
        outputs = convolution.forward(bordered[:, i : i + rows + 1, j : j + 2 * columns + 1])
        outputs = outputs + position.parameters["rows"][i] + position.parameters["columns"][j]
        return Sequential(others).forward(outputs)[:, 0, 0, 0]

    def _bordered(self, inputs):
        """Return images (N, H, W, 1) with a black border, as wide as the reach, above, left and right."""
        rows, columns = self.reach
        return np.pad(inputs, ((0, 0), (rows, 0), (columns, columns), (0, 0)))

    def _images(self, images):
        """Return the images as floats of shape (N, H, W, 1), checked to be binary and of the model's size."""
        images = _checks.floats("images", images, ndim=(3, 4))
        height, width = self.shape
        if images.shape[1:] not in ((height, width), (height, width, 1)):
            raise ValueError(f"images must have shape (N, {height}, {width}), got {images.shape}")
        wrong = images[~np.isin(images, (0, 1))]
        if wrong.size:
            raise ValueError(f"images must hold 0 and 1 only (see binarize), got {wrong[0]}")
        return images.reshape(len(images), height, width, 1)
