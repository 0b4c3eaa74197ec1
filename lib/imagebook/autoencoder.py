"""Autoencoder: a network that must pass its input through a narrow place and rebuild it behind."""

import math

import numpy as np

from imagebook import _checks
from imagebook.layers import Flatten, Sigmoid
from imagebook.losses import mean_squared_error
from imagebook.models import Sequential, dense_layers


class Autoencoder:
    """Autoencoder: an encoder maps images to short codes, a decoder maps codes back to images.

    z = encoder(x),    x̂ = decoder(z) ≈ x

    Both are dense networks with ReLU between the layers; the decoder mirrors the encoder's sizes. The code is
    linear, the pixels end in a sigmoid. x̂ is close to x, not equal to it: the code is lossy.

    Parameters
    ----------
    shape : pair of int
        (H, W), the size of the images.
    hidden : tuple of int
        Lengths of the encoder's hidden layers, from the image to the code; may be empty.
    code : int
        Length of the code, at least 1; below H W it forces the network to select.
    rng : numpy.random.Generator
        Draws the initial weights.
    dtype : float32 or float64
        Type of the parameters and of all computation.

    Attributes
    ----------
    encoder, decoder, model : Sequential
        The two halves, and the whole made of the same layers: `model.save`, `model.load` keep the weights.

    References
    ----------
    Hinton, Salakhutdinov (2006), Reducing the dimensionality of data with neural networks, figure 1.
    Vincent, Larochelle, Bengio, Manzagol (2008), Extracting and composing robust features with denoising
    autoencoders, section 2.3.

    Examples
    --------
    >>> autoencoder = Autoencoder(rng=np.random.default_rng(0))
    >>> codes = autoencoder.encode(np.zeros((5, 28, 28)))
    >>> codes.shape, autoencoder.decode(codes).shape
    ((5, 32), (5, 28, 28))
    """

    def __init__(self, *, shape=(28, 28), hidden=(128,), code=32, rng, dtype=np.float32):
        self.shape = _checks.pair("shape", shape, low=1)
        self.code = _checks.integer("code", code, low=1)
        hidden = _checks.items("hidden", hidden, "a tuple of sizes such as (128,)")
        hidden = [_checks.integer("hidden", size, low=1) for size in hidden]
        sizes = [math.prod(self.shape), *hidden, self.code]
        self.encoder = Sequential([Flatten(), *dense_layers(sizes, rng=rng, dtype=dtype)])
        self.decoder = Sequential([*dense_layers(sizes[::-1], rng=rng, dtype=dtype), Sigmoid()])
        self.model = Sequential(self.encoder.layers + self.decoder.layers)

    def encode(self, images):
        """Return the codes of images.

        Parameters
        ----------
        images : array_like, shape (N, H, W) or (N, H, W, 1), float in [0, 1]
            What to encode.

        Returns
        -------
        ndarray, shape (N, code)
            Any real numbers.
        """
        return self.encoder.predict(self._images(images))

    def decode(self, codes):
        """Return the images that codes stand for.

        Parameters
        ----------
        codes : array_like, shape (N, code)
            From `encode`, or made up: between two codes lie images between the two.

        Returns
        -------
        ndarray, shape (N, H, W), float in [0, 1]
            The decoded images.
        """
        codes = _checks.floats("codes", codes, ndim=2)
        return self.decoder.predict(codes).reshape(len(codes), *self.shape)

    def reconstruct(self, images):
        """Return images as they come back from their codes: decode(encode(images)).

        Parameters
        ----------
        images : array_like, shape (N, H, W) or (N, H, W, 1), float in [0, 1]
            What to reconstruct.

        Returns
        -------
        ndarray, shape of `images`, float in [0, 1]
            The reconstructed images.
        """
        return self.model.predict(self._images(images)).reshape(np.shape(images))

    def fit(
        self,
        images,
        *,
        corrupt=None,
        loss=mean_squared_error,
        optimizer,
        epochs,
        batch_size=128,
        rng,
        progress=True,
    ):
        """Train both halves, end to end, to reconstruct images and return how the loss went.

        With `corrupt` it is a denoising autoencoder: the input is corrupted, the target is the clean image,
        and the network learns to remove the corruption.

        Parameters
        ----------
        images : array_like, shape (N, H, W) or (N, H, W, 1), float in [0, 1]
            What to learn from, N at least 1.
        corrupt : callable, optional
            `corrupt(images, rng)` returns a corrupted copy of a batch of images of shape (N, H, W, 1).
        loss : callable
            `loss(reconstructions, targets)`, both of shape (N, H W) and in [0, 1]. Not
            `binary_cross_entropy`, which would apply the sigmoid a second time.
        optimizer, epochs, batch_size, rng, progress
            As in `Sequential.fit`.

        Returns
        -------
        dict of str to list of float
            "loss": the mean over each epoch's batches while it ran.

        Raises
        ------
        ValueError
            If the images have another size or values outside [0, 1], or there are none.
        """
        images = self._images(images)
        if images.size and (images.min() < 0 or images.max() > 1):
            raise ValueError(f"images must be between 0 and 1, got {images.min()} to {images.max()}")
        return self.model.fit(
            images,
            images.reshape(len(images), math.prod(self.shape)),
            loss=loss,
            optimizer=optimizer,
            epochs=epochs,
            batch_size=batch_size,
            rng=rng,
            augment=corrupt,
            progress=progress,
        )

    def _images(self, images):
        """Return the images as floats of shape (N, H, W, 1), checked to be of the model's size."""
        images = _checks.floats("images", images, ndim=(3, 4))
        height, width = self.shape
        if images.shape[1:] not in ((height, width), (height, width, 1)):
            raise ValueError(f"images must have shape (N, {height}, {width}), got {images.shape}")
        return images.reshape(len(images), height, width, 1)
