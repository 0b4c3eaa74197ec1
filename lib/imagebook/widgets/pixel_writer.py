"""The autoregressive writer: a digit grows pixel by pixel, each one drawn given those before it."""

from functools import cache, lru_cache
from itertools import islice

import numpy as np

from imagebook import pretrained
from imagebook.autoregressive import AutoregressiveModel, binarize
from imagebook.layers import sigmoid
from imagebook.plotting import image_row
from imagebook.widgets import _assets
from imagebook.widgets._figure import Figure
from imagebook.widgets._random import Uniforms
from imagebook.widgets._traits import Integer, Number, Pixels

SIDE = 28


@cache
def model():
    """Return the pretrained model, in the double precision in which a page computes."""
    found = AutoregressiveModel(rng=np.random.default_rng(0), dtype=np.float64)
    found.model.load(pretrained.weights_file("autoregressive"))
    return found


def first_digit(label):
    """Return the first test digit of a class."""
    digits = _assets.asset("digits")
    return digits["images"][np.flatnonzero(digits["labels"] == label)[0]]


class PixelWriter(Figure):
    """A digit that an autoregressive model writes, from nothing or from the rows of another digit on.

    Parameters
    ----------
    digit : array_like, shape (28, 28)
        Whose upper rows are given; pixels above the middle grey count as white.
    given : int
        How many of its rows are given, from 0 to 28.
    temperature : float
        From 0 to 3; 0 always takes the likelier value of a pixel.
    seed : int
        From 0 to 9999: each writes another digit.
    step : int
        How many pixels are there, in reading order, from 0 to 784; given ones are there from the beginning.

    Attributes
    ----------
    output : ndarray, shape (28, 28)
        The digit so far: 0, 1, or NaN where it is not yet written.
    probabilities : ndarray, shape (28, 28)
        Of white, at the temperature, for each pixel that is there; NaN for the others.
    log_likelihood : float
        The model's log-likelihood (at temperature 1) of the pixels that are there, in nats.

    Examples
    --------
    >>> figure = PixelWriter(given=14, step=0)
    >>> int(np.isnan(figure.output).sum())  # the lower half
    392
    >>> figure.step = 784
    >>> sorted(set(figure.output.ravel().tolist()))
    [0.0, 1.0]
    """

    title = "Pixel by pixel"
    help = "Press play, or draw the upper rows yourself and let the model write the rest."
    assets = ("autoregressive", "digits")
    strip = {
        "460 pixels, temperature 0.7": {"step": 460, "temperature": 0.7},
        "all pixels, temperature 0.7": {"step": 784, "temperature": 0.7},
        "all pixels, temperature 2": {"step": 784, "temperature": 2},
    }

    digit = Pixels(first_digit(2))
    given = Integer(10, low=0, high=SIDE)
    temperature = Number(0.7, low=0, high=3)
    seed = Integer(1, low=0, high=9999)
    step = Integer(460, low=0, high=SIDE * SIDE)

    @property
    def count(self):
        """How many pixels are there."""
        return max(self.step, SIDE * self.given)

    @property
    def output(self):
        """The digit so far."""
        given = np.full((SIDE, SIDE), np.nan)
        given[: self.given] = binarize(self.digit / 255)[: self.given]
        return written(given.tobytes(), self.temperature, self.seed, self.count - SIDE * self.given).copy()

    @property
    def probabilities(self):
        """The probability of white of each pixel that is there."""
        logits = self._logits()
        if self.temperature == 0:
            found = (logits > 0).astype(float)
        else:
            with np.errstate(over="ignore"):
                found = sigmoid(logits / self.temperature)
        return np.where(self._is_there(), found, np.nan)

    @property
    def log_likelihood(self):
        """The log-likelihood of the pixels that are there."""
        against = (1 - 2 * np.nan_to_num(self.output)) * self._logits()
        return float(-np.logaddexp(0, against)[self._is_there()].sum())

    def _logits(self):
        return model().logits(np.nan_to_num(self.output)[np.newaxis])[0]

    def _is_there(self):
        return np.arange(SIDE * SIDE).reshape(SIDE, SIDE) < self.count

    def picture(self):
        """Return the digit so far, and the probabilities; what is not yet there is grey."""
        digit, probabilities = (np.nan_to_num(image, nan=0.5) for image in (self.output, self.probabilities))
        titles = [f"{self.count} of {SIDE * SIDE} pixels", "probability of white"]
        drawing = image_row([digit, probabilities], titles=titles)
        if 0 < self.given < SIDE:
            drawing.axes[0].axhline(self.given - 0.5, color="tab:orange", linestyle="--")
        return drawing

    def words(self):
        """Return how far the digit is and how likely."""
        return (
            f"A digit of which {self.count} of {SIDE * SIDE} pixels are there: {self.given} rows given, the "
            f"others drawn at temperature {self.temperature:g}. Their log-likelihood is "
            f"{self.log_likelihood:.2f} nats."
        )


@lru_cache(maxsize=8)
def written(given, temperature, seed, count):
    """Return an image (the bytes of one with NaN where nothing is given) after `count` drawn pixels."""
    given = np.frombuffer(given).reshape(SIDE, SIDE)
    images = model().sample(Uniforms(seed), temperature=temperature, given=given)
    return next(islice(images, count, None))
