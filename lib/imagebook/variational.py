"""Variational autoencoder: an autoencoder that makes up images, because random codes decode to some."""

import math

import numpy as np

from imagebook import _checks
from imagebook.layers import Flatten, Layer, sigmoid
from imagebook.losses import binary_cross_entropy
from imagebook.models import Sequential, dense_layers


def kl_divergence(mean, log_variance):
    """Return the Kullback-Leibler divergence of normal distributions from the standard normal one, in nats.

    KL(N(μ, σ²) ‖ N(0, 1)) = ½ Σ (μ² + σ² - 1 - log σ²)

    Parameters
    ----------
    mean, log_variance : array_like, shape (N, code)
        μ and log σ² of each dimension of the code; the dimensions are independent.

    Returns
    -------
    ndarray, shape (N,), at least 0
        The sum over the dimensions; 0 for the standard normal distribution itself.

    Raises
    ------
    ValueError
        If the shapes differ or a number is not finite.

    References
    ----------
    Kingma, Welling (2014), Auto-encoding variational Bayes, appendix B.

    Examples
    --------
    >>> kl_divergence([[0.0, 0.0], [1.0, 2.0]], [[0.0, 0.0], [0.0, 0.0]])
    array([0. , 2.5])
    """
    mean, log_variance = _moments(mean, log_variance)
    # expm1 keeps the digits of σ² - 1 where σ² is close to 1
    return 0.5 * (mean**2 + np.expm1(log_variance) - log_variance).sum(axis=1)


def reparameterize(mean, log_variance, epsilon):
    """Return a sample of N(μ, σ²), made from one of N(0, 1): the reparameterization trick.

    z = μ + σ ε,    σ = exp(½ log σ²)

    The randomness comes from outside, so z has derivatives with respect to μ and log σ².

    Parameters
    ----------
    mean, log_variance : array_like, shape (N, code)
        μ and log σ².
    epsilon : array_like, shape (N, code)
        Samples of the standard normal distribution.

    Returns
    -------
    ndarray, shape (N, code), dtype of `mean`

    Raises
    ------
    ValueError
        If the shapes differ or a number is not finite.

    References
    ----------
    Kingma, Welling (2014), Auto-encoding variational Bayes, section 2.4.

    Examples
    --------
    >>> reparameterize([[10.0]], [[np.log(4.0)]], [[-1.0]])  # 10 - 2
    array([[8.]])
    """
    mean, log_variance = _moments(mean, log_variance)
    epsilon = _checks.floats("epsilon", epsilon, ndim=2, finite=True)
    if epsilon.shape != mean.shape:
        raise ValueError(f"epsilon must have the shape of mean, {mean.shape}, got {epsilon.shape}")
    return mean + np.exp(log_variance / 2) * epsilon.astype(mean.dtype, copy=False)


class GaussianCode(Layer):
    """The layer between encoder and decoder: draws a code from the normal distribution that it is given.

    x = (μ, log σ²),    z = μ + σ ε while training, z = μ otherwise,    ε ~ N(0, 1)

    While training it adds a term of its own to the loss, the mean KL divergence from the standard normal
    distribution: `forward` leaves it in `divergence`, `backward` adds its gradient to that of z.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws a new ε on every forward pass with `training=True`.

    Attributes
    ----------
    divergence : float
        1/N Σₙ KL(N(μₙ, σₙ²) ‖ N(0, 1)) of the last forward pass, in nats; see `kl_divergence`.

    References
    ----------
    Kingma, Welling (2014), Auto-encoding variational Bayes, eq. 10.

    Examples
    --------
    >>> layer = GaussianCode(rng=np.random.default_rng(0))
    >>> layer.forward([[10.0, 20.0, 0.0, 0.0]])  # a code of two numbers: their means, their log variances
    array([[10., 20.]])
    >>> layer.divergence
    250.0
    """

    def __init__(self, *, rng):
        super().__init__()
        self._rng = _checks.generator(rng)
        self.divergence = 0.0

    def forward(self, inputs, *, training=False):
        """Return z, drawn while training, the mean otherwise."""
        inputs = self._inputs(inputs, "N", "2 code")
        if inputs.shape[1] % 2:
            raise ValueError(f"inputs must have an even length, means and log variances, got {inputs.shape}")
        mean, log_variance = np.split(inputs, 2, axis=1)
        epsilon = np.zeros_like(mean)
        if _checks.flag("training", training):
            epsilon = self._rng.standard_normal(mean.shape).astype(mean.dtype)
        self.divergence = float(kl_divergence(mean, log_variance).sum() / max(len(mean), 1))
        return self._keep(reparameterize(mean, log_variance, epsilon), mean, log_variance, epsilon)

    def backward(self, gradient):
        """Return dL/dμ = dL/dz + μ / N and dL/d(log σ²) = dL/dz ½ σ ε + ½ (σ² - 1) / N, side by side."""
        gradient, mean, log_variance, epsilon = self._recall(gradient)
        mean_gradient = gradient + mean / len(mean)
        log_variance_gradient = gradient * 0.5 * np.exp(log_variance / 2) * epsilon
        log_variance_gradient += 0.5 * np.expm1(log_variance) / len(mean)
        return np.concatenate([mean_gradient, log_variance_gradient], axis=1)


class VariationalAutoencoder:
    """Variational autoencoder (VAE): an autoencoder that can make up images, because its codes are normal.

    q(z|x) = N(μ, σ²),    (μ, log σ²) = encoder(x)
    p(x|z) = Bernoulli(sigmoid(decoder(z))),    p(z) = N(0, 1)

    Both halves are dense networks with ReLU between the layers; the decoder mirrors the encoder's sizes.
    Training maximizes the evidence lower bound (`elbo`): codes are noisy, and pulled towards N(0, 1), so that
    all codes near 0 mean something. Unlike `Autoencoder`, it can `sample`; its reconstructions are blurrier.

    Parameters
    ----------
    shape : pair of int
        (H, W), the size of the images.
    hidden : tuple of int
        Lengths of the encoder's hidden layers, from the image to the code; may be empty.
    code : int
        Length of the code, at least 1; the encoder's last layer has twice as many outputs.
    rng : numpy.random.Generator
        Draws the initial weights, and the codes while training.
    dtype : float32 or float64
        Type of the parameters and of all computation.

    Attributes
    ----------
    encoder, decoder, model : Sequential
        The two halves, and the whole with a `GaussianCode` between them; the last outputs are logits.
        `model.save`, `model.load` keep the weights.

    References
    ----------
    Kingma, Welling (2014), Auto-encoding variational Bayes, sections 2.3 and 3.

    Examples
    --------
    >>> autoencoder = VariationalAutoencoder(code=2, rng=np.random.default_rng(0))
    >>> mean, log_variance = autoencoder.encode(np.zeros((5, 28, 28)))
    >>> mean.shape, log_variance.shape, autoencoder.decode(mean).shape
    ((5, 2), (5, 2), (5, 28, 28))
    >>> autoencoder.sample(3, rng=np.random.default_rng(1)).shape
    (3, 28, 28)
    """

    def __init__(self, *, shape=(28, 28), hidden=(128,), code=16, rng, dtype=np.float32):
        self.shape = _checks.pair("shape", shape, low=1)
        self.code = _checks.integer("code", code, low=1)
        hidden = _checks.items("hidden", hidden, "a tuple of sizes such as (128,)")
        hidden = [_checks.integer("hidden", size, low=1) for size in hidden]
        n_pixels = math.prod(self.shape)
        self.encoder = Sequential(
            [Flatten(), *dense_layers([n_pixels, *hidden, 2 * self.code], rng=rng, dtype=dtype)]
        )
        self.decoder = Sequential(dense_layers([self.code, *hidden[::-1], n_pixels], rng=rng, dtype=dtype))
        self._gaussian = GaussianCode(rng=rng)
        self.model = Sequential([*self.encoder.layers, self._gaussian, *self.decoder.layers])

    def encode(self, images):
        """Return the means and log variances of the codes that images may have.

        Parameters
        ----------
        images : array_like, shape (N, H, W) or (N, H, W, 1), float in [0, 1]
            What to encode.

        Returns
        -------
        mean, log_variance : ndarray, shape (N, code)
            μ and log σ² of q(z|x).
        """
        return tuple(np.split(self.encoder.predict(self._images(images)), 2, axis=1))

    def decode(self, codes):
        """Return the images that codes stand for.

        Parameters
        ----------
        codes : array_like, shape (N, code)
            From `encode`, or drawn from a standard normal distribution.

        Returns
        -------
        ndarray, shape (N, H, W), float in [0, 1]
            The probability of each pixel to be white.
        """
        codes = _checks.floats("codes", codes, ndim=2)
        return sigmoid(self.decoder.predict(codes)).reshape(len(codes), *self.shape)

    def reconstruct(self, images):
        """Return images as they come back from the means of their codes: decode(μ).

        Parameters
        ----------
        images : array_like, shape (N, H, W) or (N, H, W, 1), float in [0, 1]
            What to reconstruct.

        Returns
        -------
        ndarray, shape of `images`, float in [0, 1]
            The reconstructed images.
        """
        return sigmoid(self.model.predict(self._images(images))).reshape(np.shape(images))

    def sample(self, n, *, rng):
        """Return new images, decoded from codes that are drawn from the standard normal distribution.

        Parameters
        ----------
        n : int
            How many, at least 0.
        rng : numpy.random.Generator
            Draws the codes.

        Returns
        -------
        ndarray, shape (n, H, W), float in [0, 1]
            The probability of each pixel to be white.
        """
        n = _checks.integer("n", n, low=0)
        _checks.affordable("n", (n, *self.shape))
        rng = _checks.generator(rng)
        return self.decode(rng.standard_normal((n, self.code)))

    def elbo(self, images, *, rng):
        """Return the evidence lower bound of images in nats: log p(x) is at least that, on average over z.

        ELBO = log p(x|z) - KL(q(z|x) ‖ p(z)),    z ~ q(z|x)
        log p(x|z) = Σ xᵢ log sigmoid(yᵢ) + (1 - xᵢ) log sigmoid(-yᵢ),    y = decoder(z)

        One z per image is drawn, so that the result is random. For grays between 0 and 1 it is no bound.

        Parameters
        ----------
        images : array_like, shape (N, H, W) or (N, H, W, 1), float in [0, 1]
            Best 0 or 1; see `autoregressive.binarize`.
        rng : numpy.random.Generator
            Draws the codes.

        Returns
        -------
        ndarray, shape (N,), float64
            The sum over each image's pixels, minus its divergence.

        References
        ----------
        Kingma, Welling (2014), Auto-encoding variational Bayes, eq. 3 and 10, appendix C.1.
        """
        images = self._images(images)
        rng = _checks.generator(rng)
        mean, log_variance = self.encode(images)
        codes = reparameterize(mean, log_variance, rng.standard_normal(mean.shape))
        logits = self.decoder.predict(codes).astype(np.float64)
        pixels = images.reshape(logits.shape)
        log_probability = (pixels * logits - np.logaddexp(0, logits)).sum(axis=1)
        return log_probability - kl_divergence(mean, log_variance)

    def fit(self, images, *, optimizer, epochs, batch_size=128, rng, progress=True):
        """Train both halves, end to end, to raise the evidence lower bound and return how the loss went.

        Parameters
        ----------
        images : array_like, shape (N, H, W) or (N, H, W, 1), float in [0, 1]
            What to learn from, N at least 1.
        optimizer, epochs, batch_size, rng, progress
            As in `Sequential.fit`.

        Returns
        -------
        dict of str to list of float
            "loss": minus the ELBO in nats per image, the mean over each epoch's batches while it ran.

        Raises
        ------
        ValueError
            If the images have another size or values outside [0, 1], or there are none.
        """
        images = self._images(images)
        return self.model.fit(
            images,
            images.reshape(len(images), math.prod(self.shape)),
            loss=self._negative_elbo,
            optimizer=optimizer,
            epochs=epochs,
            batch_size=batch_size,
            rng=rng,
            progress=progress,
        )

    def _negative_elbo(self, logits, targets):
        """Return minus the mean ELBO and the gradient of its first term; `GaussianCode` adds the other."""
        loss, gradient = binary_cross_entropy(logits, targets)  # per pixel
        n_pixels = targets.shape[1]
        return loss * n_pixels + self._gaussian.divergence, gradient * n_pixels

    def _images(self, images):
        """Return the images as floats of shape (N, H, W, 1), checked to be of the model's size and range."""
        images = _checks.floats("images", images, ndim=(3, 4))
        height, width = self.shape
        if images.shape[1:] not in ((height, width), (height, width, 1)):
            raise ValueError(f"images must have shape (N, {height}, {width}), got {images.shape}")
        if not np.all((images >= 0) & (images <= 1)):
            raise ValueError(f"images must be between 0 and 1, got {images.min()} to {images.max()}")
        return images.reshape(len(images), height, width, 1)


def _moments(mean, log_variance):
    """Return mean and log variance as float arrays of one shape and dtype."""
    mean = _checks.floats("mean", mean, ndim=2, finite=True)
    log_variance = _checks.floats("log_variance", log_variance, ndim=2, finite=True)
    if log_variance.shape != mean.shape:
        raise ValueError(f"log_variance must have the shape of mean, {mean.shape}, got {log_variance.shape}")
    return mean, log_variance.astype(mean.dtype, copy=False)
