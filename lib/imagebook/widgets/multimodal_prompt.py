"""A digit, a question in words, and a small Transformer that reads both as one sequence and answers."""

import textwrap
from functools import cache

import numpy as np
import traitlets
from matplotlib.figure import Figure as Drawing

from imagebook import instruction, mnist, pretrained
from imagebook.plotting import COLORS
from imagebook.softmax import softmax
from imagebook.widgets._figure import Figure
from imagebook.widgets._traits import Choice, Integer, Pixels, Text

MODELS = {"tuned": "multimodal", "captions only": "multimodal_captions"}
_TEXTS = {"tuned": "tuned on instructions", "captions only": "captions only"}
# The model's sequence: 16 patches of the digit, at most 9 words, and the blank that it fills in.
N_PATCHES, N_WORDS = 16, 9
BLANK = N_PATCHES + N_WORDS
_load = cache(pretrained.load)


def _first(digit):
    """Return the first test image of a digit."""
    images, labels = mnist.load("test")
    return images[np.flatnonzero(labels == digit)[0]]


def _drawable(text, *, width):
    """Return any text in lines, with question marks for what matplotlib's font may lack."""
    return textwrap.fill(text.encode("latin-1", "replace").decode("latin-1"), width)


class MultimodalPrompt(Figure):
    """A question about a digit, what the model looks at, and what it answers.

    Parameters
    ----------
    digit : array_like, shape (28, 28)
        The image.
    question : str
        At most nine of the words in `imagebook.instruction.VOCABULARY`.
    model : str
        "tuned" on instructions, or "captions only": the same model before that.
    token : int
        Whose attention is shown: 0 to 15 are the digit's patches, 16 to 24 the words, 25 the blank at the
        end, which becomes the answer. It stands in for a word that the question does not have.
    block, head : str
        Where: block "1" or "2", head "1" to "4" or their "mean".

    Attributes
    ----------
    output : str or None
        The model's answer, None if it cannot read the question.
    probabilities : ndarray, shape (54,), or None
        Of every word of the vocabulary.
    attention : ndarray, shape (26,), or None
        How much the token takes from each place of the sequence.

    Examples
    --------
    >>> figure = MultimodalPrompt(question="Is it even?")  # the digit is an eight
    >>> figure.output
    'yes'
    >>> figure.model = "captions only"
    >>> figure.output
    'eight'
    """

    title = "A question about a digit"
    help = (
        "Ask about the digit, in words that the model knows. Pick a token (arrow keys go on to the next) "
        "to see what it looks at."
    )
    assets = ("digits", *MODELS.values())
    strip = {
        "after instruction tuning": {"model": "tuned"},
        "another question": {"question": "Is it even?", "model": "tuned"},
        "the same question before the tuning": {"question": "Is it even?", "model": "captions only"},
    }

    digit = Pixels(_first(8))
    question = Text("How many holes does it have?", length=(0, 80))
    model = Choice("tuned", MODELS)
    token = Integer(BLANK, low=0, high=BLANK)
    block = Choice("2", ("1", "2"))
    head = Choice("mean", ("mean", "1", "2", "3", "4"))

    # What the page needs to read and to suggest questions.
    _language = traitlets.Dict(
        {
            "vocabulary": list(instruction.VOCABULARY),
            "phrasings": {
                kind: {wording: list(texts) for wording, texts in wordings.items()}
                for kind, wordings in instruction.PHRASINGS.items()
            },
            "captions": list(instruction.CAPTIONS),
            "assets": MODELS,
            "words": N_WORDS,
        }
    ).tag(sync=True)

    @property
    def output(self):
        """The model's answer, or None."""
        return None if self._refusal else instruction.VOCABULARY[self.probabilities.argmax()]

    @property
    def probabilities(self):
        """The probability of every word, or None."""
        if self._refusal:
            return None
        return softmax(
            _load(MODELS[self.model]).predict(mnist.scale(self.digit[np.newaxis]), self.question)[0]
        )

    @property
    def attention(self):
        """What the token takes from each place, or None."""
        if self.probabilities is None:  # computing them leaves the attention in the model
            return None
        words = self._model.tokenizer.encode(self.question)
        token = self.token if self.token < N_PATCHES + len(words) else BLANK
        weights = self._model.transformer.blocks[int(self.block) - 1].parts["attention"].weights[0, :, token]
        return weights.mean(axis=0) if self.head == "mean" else weights[int(self.head) - 1]

    @property
    def _model(self):
        """The model that is chosen."""
        return _load(MODELS[self.model])

    @property
    def _refusal(self):
        """Why the model cannot read the question, or an empty text."""
        try:
            count = len(self._model.tokenizer.encode(self.question))
        except ValueError as error:
            return str(error).replace("text", "the question", 1)
        return "" if count <= N_WORDS else f"the question must have at most {N_WORDS} words, got {count}"

    def picture(self):
        """Return a drawing of the digit, of the attention over its patches, and of the likeliest answers."""
        drawing = Drawing(figsize=(6.8, 2.9), layout="constrained")
        seen, bars = drawing.subplots(1, 2, width_ratios=(1, 1.5))
        seen.imshow(self.digit, cmap="gray", vmin=0, vmax=255)
        seen.set(xticks=[], yticks=[])
        drawing.suptitle(_drawable(self.question, width=70), parse_math=False)
        if self._refusal:
            bars.text(0, 0.5, _drawable(self._refusal, width=44), parse_math=False)
            bars.set_axis_off()
            return drawing
        heat = self.attention[:N_PATCHES].reshape(4, 4)
        seen.imshow(heat, cmap="viridis", alpha=0.5, vmin=0, extent=(-0.5, 27.5, 27.5, -0.5))
        best = self.probabilities.argsort()[:-6:-1]
        bars.barh([instruction.VOCABULARY[word] for word in best], self.probabilities[best], color=COLORS[0])
        bars.set(xlim=(0, 1), xlabel="probability")
        bars.invert_yaxis()
        return drawing

    def words(self):
        """Return what the drawing says."""
        if self._refusal:
            return f"A digit and the question “{self.question}”. No answer: {self._refusal}."
        looks = 100 * self.attention[:N_PATCHES].sum()
        return (
            f"A digit and the question “{self.question}”. The model ({_TEXTS[self.model]}) answers "
            f"{self.output}, with probability {self.probabilities.max():.3f}. In block {self.block}, "
            f"head {self.head}, {looks:.0f} % of the attention is on the digit."
        )
