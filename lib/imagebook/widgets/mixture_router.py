"""A mixture of experts: which experts the gate sends a digit to, what each of them says, what comes of it."""

from functools import cache

import numpy as np
import traitlets
from matplotlib.figure import Figure as Drawing

from imagebook import mixture, mnist, pretrained
from imagebook._language import say
from imagebook.plotting import COLORS
from imagebook.softmax import softmax
from imagebook.widgets._figure import Figure
from imagebook.widgets._traits import Integer, Pixels

EXPERTS = 8


def experts(top_k):
    """Return a pretrained classifier and its layer of experts, of which the best `top_k` are asked."""
    classifier = _classifier()
    layer = classifier.layers[1]
    layer.top_k = top_k
    return classifier, layer


@cache
def _classifier():
    return pretrained.load("mixture_of_experts")


@cache
def shares():
    """Return, for each k from 1 to 8, the part of each digit's test images that each expert gets.

    Returns
    -------
    list of list of list of float
        Indices: k - 1, expert, digit. For one k and digit the experts' parts sum to k.
    """
    images, labels = mnist.load("test")
    images = mnist.scale(images).reshape(len(images), -1)
    result = []
    for top_k in range(1, EXPERTS + 1):
        _, chosen = experts(top_k)[1].routing(images)
        table = mixture.expert_by_class(labels, chosen, EXPERTS)
        result.append((table / np.bincount(labels)[:, np.newaxis]).T.round(4).tolist())
    return result


class MixtureRouter(Figure):
    """A digit, the gate's probabilities of the experts, the answers of those that are asked, and their sum.

    Parameters
    ----------
    digit : array_like, shape (28, 28)
        An image, floats in [0, 1] or integers from 0 to 255.
    top_k : int
        How many experts are asked, from 1 to 8; the model was trained with 2.

    Attributes
    ----------
    output : ndarray, shape (10,)
        The probability of each class.
    gate : ndarray, shape (8,)
        The gate's probability of each expert.
    chosen : ndarray of int, shape (top_k,)
        The experts that are asked, from 0, the most probable first.

    Examples
    --------
    >>> figure = MixtureRouter(digit=mnist.load("test")[0][0])  # a seven
    >>> figure.output.argmax(), len(figure.chosen)
    (np.int64(7), 2)
    >>> figure.top_k = 8
    >>> len(figure.chosen), round(float(figure.output.sum()), 5)
    (8, 1.0)
    """

    title = "Who is asked? A mixture of experts"
    help = (
        "Draw a digit or pick one: a gate chooses experts, and only those are asked. "
        "On the drawing pad arrow keys move and Space draws."
    )
    assets = ("digits", "mixture_of_experts")
    strip = {
        "two experts asked": {"top_k": 2},
        "one expert asked": {"top_k": 1},
        "all eight asked": {"top_k": 8},
    }

    digit = Pixels(mnist.load("test")[0][2])
    top_k = Integer(2, low=1, high=EXPERTS)
    _shares = traitlets.List().tag(sync=True)

    @traitlets.default("_shares")
    def _default_shares(self):
        return shares()

    @property
    def output(self):
        """The probability of each class."""
        classifier, _ = experts(self.top_k)
        return softmax(classifier.predict(self.digit[np.newaxis, :, :, np.newaxis] / 255))[0]

    @property
    def gate(self):
        """The gate's probability of each expert."""
        return experts(self.top_k)[1].routing(self.digit.reshape(1, -1) / 255)[0][0]

    @property
    def chosen(self):
        """The experts that are asked, the most probable first."""
        return experts(self.top_k)[1].routing(self.digit.reshape(1, -1) / 255)[1][0]

    def picture(self):
        """Return the digit, bars of the gate's probabilities and bars of the classes' probabilities."""
        drawing = Drawing(figsize=(6.8, 2.6), layout="constrained")
        image, gate, classes = drawing.subplots(1, 3)
        image.imshow(self.digit, cmap="gray", vmin=0, vmax=255)
        image.set(xticks=[], yticks=[])
        colors = [COLORS[1] if expert in self.chosen else COLORS[0] for expert in range(EXPERTS)]
        gate.bar(range(1, EXPERTS + 1), self.gate, color=colors)
        gate.set(title="gate", xlabel="expert", ylim=(0, 1), xticks=range(1, EXPERTS + 1))
        classes.bar(range(10), self.output, color=COLORS[0])
        classes.set(title="probability", xlabel="digit", ylim=(0, 1), xticks=range(10))
        return drawing

    def words(self):
        """Return what the drawing says."""
        gate = self.gate
        asked = ", ".join(say(f"expert {expert + 1} ({gate[expert]:.0%})") for expert in self.chosen)
        best = self.output.argmax()
        return f"The gate asks {asked}; together they say {best} with probability {self.output[best]:.1%}."
