"""Softmax temperature: scores to probabilities, sharp or flat, and a thousand choices drawn from them."""

import numpy as np
from matplotlib.figure import Figure as Drawing

from imagebook._language import say
from imagebook.plotting import COLORS
from imagebook.softmax import entropy, softmax
from imagebook.widgets._figure import Figure
from imagebook.widgets._random import uniforms
from imagebook.widgets._traits import Integer, Number, Vector

CLASSES = ("cat", "dog", "fox", "rabbit", "car")
DRAWS = 1000


class Temperature(Figure):
    """Logits of five classes, a temperature, the probabilities that follow, and draws from them.

    Parameters
    ----------
    logits : array_like of float, shape (5,)
        The scores of cat, dog, fox, rabbit and car, each from -5 to 5.
    temperature : float
        From 0 to 5; 0 puts all probability on the largest logit.
    seed : int
        From 0 to 9999: each gives another thousand draws.

    Attributes
    ----------
    output : ndarray, shape (5,)
        The probabilities that the reader sees.
    counts : ndarray, shape (5,), int
        How often each class is among the thousand draws.
    entropy : float
        The probabilities' entropy in bits; two to its power is the effective number of choices.

    Examples
    --------
    >>> figure = Temperature(logits=(2, 2, 1, 0, 0), temperature=0)
    >>> figure.output
    array([0.5, 0.5, 0. , 0. , 0. ])
    >>> round(float(2**figure.entropy), 6)
    2.0
    """

    title = "Temperature"
    help = "Move the temperature and watch the scores (logits) become probabilities; then move the scores."
    strip = {
        "temperature 1": {"temperature": 1},
        "temperature 0.3": {"temperature": 0.3},
        "temperature 3": {"temperature": 3},
    }

    logits = Vector((3, 2.2, 1.2, 0.4, -2), length=(len(CLASSES), len(CLASSES)), low=-5, high=5)
    temperature = Number(1, low=0, high=5)
    seed = Integer(1, low=0, high=9999)

    @property
    def output(self):
        """The probabilities."""
        return softmax(self.logits.astype(float), temperature=self.temperature)

    @property
    def counts(self):
        """How often each class was drawn."""
        ends = np.cumsum(self.output)
        last = np.flatnonzero(self.output)[-1]  # where rounding leaves a gap at the end
        drawn = np.searchsorted(ends, uniforms(self.seed, DRAWS), side="right")
        return np.bincount(np.minimum(drawn, last), minlength=len(CLASSES))

    @property
    def entropy(self):
        """The entropy in bits."""
        return float(entropy(self.output))

    def picture(self):
        """Return bars of the probabilities, and beside them how often each class was drawn."""
        drawing = Drawing(figsize=(6, 3), layout="constrained")
        axes = drawing.subplots()
        places = np.arange(len(CLASSES))
        axes.bar(places - 0.2, self.output, 0.4, color=COLORS[0], label="probability")
        axes.bar(places + 0.2, self.counts / DRAWS, 0.4, color=COLORS[1], label=f"share of {DRAWS:,} draws")
        names = [f"{name}\nlogit {logit:g}" for name, logit in zip(CLASSES, self.logits, strict=True)]
        axes.set(xticks=places, xticklabels=names, ylim=(0, 1), title=f"T = {self.temperature:g}")
        axes.legend()
        return drawing

    def words(self):
        """Return the probabilities in a sentence."""
        parts = ", ".join(f"{say(name)} {p:.3f}" for name, p in zip(CLASSES, self.output, strict=True))
        return f"Probabilities at temperature {self.temperature:g}: {parts}; entropy {self.entropy:.2f} bits."
