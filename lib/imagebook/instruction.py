"""Multimodal instruction tuning: a small Transformer that answers questions, in words, about a shown digit.

Image patches and words enter one sequence. Pre-trained on captions, the model can only name what it sees;
tuned on instructions, it does what the words ask for.
"""

import math
import re

import numpy as np

from imagebook import _checks
from imagebook.attention import (
    Composite,
    Embedding,
    LayerNorm,
    PositionEmbedding,
    TransformerBlock,
    patches,
    unpatch,
)
from imagebook.layers import Dense
from imagebook.losses import class_labels, cross_entropy
from imagebook.models import Sequential

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

# Closed loops by digit, from how most people write them: a four counts as open, a two as without a loop.
CLOSED_LOOPS = (1, 0, 0, 0, 0, 0, 1, 0, 2, 1)

# The answer to each type of question, by digit.
ANSWERS = {
    "digit": DIGITS,
    "even": tuple("no" if digit % 2 else "yes" for digit in range(10)),
    "larger": tuple("yes" if digit > 5 else "no" for digit in range(10)),
    "loops": tuple(DIGITS[loops] for loops in CLOSED_LOOPS),
}

CAPTIONS = (
    "a handwritten",
    "the image shows a handwritten",
    "this is the digit",
    "this is the number",
    "you see a",
)

# Phrasings to learn from, and held-out ones to judge by: new sentences made of known words.
PHRASINGS = {
    "digit": {
        "seen": (
            "which digit is this",
            "what digit is shown",
            "which digit do you see",
            "what number is it",
            "which number is this",
            "what is the digit",
            "what is shown in the image",
            "name the digit",
            "name this number",
            "read the number",
            "read this digit",
            "which number is in the image",
            "tell me the digit",
            "what number do you read",
        ),
        "held_out": (
            "which number do you see",
            "what digit is in the image",
            "read the digit in this image",
        ),
    },
    "even": {
        "seen": (
            "is it even",
            "is this even",
            "is this digit even",
            "is the number even",
            "is the digit shown even",
            "is this an even number",
            "do you see an even digit",
            "can you divide it by two",
            "can two divide it",
            "does two divide the number",
            "does two divide this digit",
            "tell me if it is even",
            "tell me if the number is even",
        ),
        "held_out": (
            "is this number even",
            "is it an even digit",
            "can two divide the digit",
        ),
    },
    "larger": {
        "seen": (
            "is it larger than five",
            "is this larger than five",
            "is this digit larger than five",
            "is the number larger than five",
            "is the number more than five",
            "is it more than five",
            "is it greater than five",
            "is this digit greater than five",
            "is this number above five",
            "is the digit above five",
            "do you see a number above five",
            "tell me if it is larger than five",
            "tell me if the digit is more than five",
        ),
        "held_out": (
            "is the digit greater than five",
            "is this number larger than five",
            "tell me if it is above five",
        ),
    },
    "loops": {
        "seen": (
            "how many closed loops",
            "how many loops",
            "how many loops does it have",
            "how many loops do you see",
            "how many holes are in the digit",
            "how many holes does this number have",
            "how many closed holes does the digit have",
            "count the closed loops",
            "count the loops",
            "count the loops in the image",
            "count the holes in this number",
            "count the holes in the digit",
            "what number of holes do you see",
            "what number of loops does it have",
            "what is the number of closed loops",
            "tell me how many loops are in the image",
        ),
        "held_out": (
            "how many holes does it have",
            "count the loops in this digit",
            "what number of closed loops do you see",
        ),
    },
}

_QUESTIONS = [text for wordings in PHRASINGS.values() for texts in wordings.values() for text in texts]

# Every word that is read or said above.
VOCABULARY = tuple(sorted({*" ".join((*CAPTIONS, *_QUESTIONS)).split(), *DIGITS, "yes", "no"}))


def captions(labels, rng):
    """Return the beginning of a caption for each digit, and its last word, the digit's name.

    Parameters
    ----------
    labels : array_like of int, shape (N,)
        Which digit each image shows, 0 to 9.
    rng : numpy.random.Generator
        Chooses one of `CAPTIONS` for each.

    Returns
    -------
    beginnings, words : list of str, length N
        What the model reads, and what it should say: together a caption such as "a handwritten seven".

    Raises
    ------
    TypeError, ValueError
        If an argument has another type or shape than listed, or a label is not 0 to 9.

    Examples
    --------
    >>> captions([7], np.random.default_rng(0))
    (['you see a'], ['seven'])
    """
    labels = _labels(labels)
    rng = _checks.generator(rng)
    beginnings = [CAPTIONS[choice] for choice in rng.integers(len(CAPTIONS), size=len(labels))]
    return beginnings, [DIGITS[label] for label in labels]


def instructions(labels, rng, *, held_out=False):
    """Return a random question about each digit, and its answer in one word.

    Types of questions, and phrasings within a type, are equally likely.

    Parameters
    ----------
    labels : array_like of int, shape (N,)
        Which digit each image shows, 0 to 9.
    rng : numpy.random.Generator
        Chooses the type and the phrasing for each.
    held_out : bool
        Whether to use the phrasings that are kept back from training.

    Returns
    -------
    questions, answers : list of str, length N
        From `PHRASINGS` and `ANSWERS`.

    Raises
    ------
    TypeError, ValueError
        If an argument has another type or shape than listed, or a label is not 0 to 9.

    Examples
    --------
    >>> instructions([8, 8], np.random.default_rng(0))
    (['count the holes in this number', 'is the number larger than five'], ['two', 'yes'])
    """
    labels = _labels(labels)
    rng = _checks.generator(rng)
    wording = "held_out" if _checks.flag("held_out", held_out) else "seen"
    questions, answers = [], []
    for label in labels:
        kind = list(PHRASINGS)[rng.integers(len(PHRASINGS))]
        phrasings = PHRASINGS[kind][wording]
        questions.append(phrasings[rng.integers(len(phrasings))])
        answers.append(ANSWERS[kind][label])
    return questions, answers


def score(model, images, labels):
    """Return the part of the questions that a model answers correctly, by type and wording.

    Every image is asked one question of each type and wording, the phrasings taking turns.

    Parameters
    ----------
    model : MultimodalModel
        Before or after tuning; an answer that is not the very word counts as wrong.
    images : array_like, shape (N, H, W) or (N, H, W, 1), float in [0, 1]
        Digits, N at least 1.
    labels : array_like of int, shape (N,)
        Which digit each image shows, 0 to 9.

    Returns
    -------
    dict of str to dict of str to float
        Such as ``scores["loops"]["held_out"]``, from 0 (all wrong) to 1 (all right).

    Raises
    ------
    TypeError, ValueError
        If an argument has another type or shape than listed, or there are no images.

    Examples
    --------
    >>> model = MultimodalModel(rng=np.random.default_rng(0))
    >>> list(score(model, np.zeros((1, 28, 28)), [7]))
    ['digit', 'even', 'larger', 'loops']
    """
    if not callable(getattr(model, "answer", None)):
        raise TypeError(f"model must be a MultimodalModel, got {model!r}")
    labels = _labels(labels)
    if len(labels) == 0:
        raise ValueError("labels must hold at least one label, got none")
    scores = {kind: {} for kind in PHRASINGS}
    for kind, wordings in PHRASINGS.items():
        for wording, phrasings in wordings.items():
            questions = [phrasings[position % len(phrasings)] for position in range(len(labels))]
            given = model.answer(images, questions)
            right = [answer == ANSWERS[kind][label] for answer, label in zip(given, labels, strict=True)]
            scores[kind][wording] = float(np.mean(right))
    return scores


def baseline(labels):
    """Return what `score` would be for always giving the most frequent answer to each type of question.

    Parameters
    ----------
    labels : array_like of int, shape (N,)
        Which digit each image shows, 0 to 9; N at least 1.

    Returns
    -------
    dict of str to float
        By type, from 0 to 1: what a model that does not look at the image can reach.

    Raises
    ------
    TypeError, ValueError
        If the labels are not 0 to 9, or there are none.

    Examples
    --------
    >>> baseline([1, 2, 4, 6])
    {'digit': 0.25, 'even': 0.75, 'larger': 0.75, 'loops': 0.75}
    """
    labels = _labels(labels)
    if len(labels) == 0:
        raise ValueError("labels must hold at least one label, got none")
    shares = {}
    for kind, answers in ANSWERS.items():
        _words, counts = np.unique([answers[label] for label in labels], return_counts=True)
        shares[kind] = float(counts.max() / len(labels))
    return shares


class Tokenizer:
    """Tokenizer of whole words: a word's token is its place in the vocabulary.

    Capitals and the marks . , ? ! are ignored. A word outside the vocabulary is an error: a model that has no
    vector for it would answer another question than the one asked.

    Parameters
    ----------
    vocabulary : list of str
        Different words in lower case, at least one.

    Examples
    --------
    >>> tokenizer = Tokenizer(["is", "it", "even"])
    >>> tokenizer.encode("Is it even?")
    [0, 1, 2]
    >>> tokenizer.decode([1, 0])
    'it is'
    >>> tokenizer.encode("Is it odd?")
    Traceback (most recent call last):
    ...
    ValueError: text must be made of the vocabulary's 3 words, got 'odd'
    """

    def __init__(self, vocabulary):
        if not isinstance(vocabulary, list | tuple):
            raise TypeError(f"vocabulary must be a list of words, got {vocabulary!r}")
        self.vocabulary = tuple(vocabulary)
        if not self.vocabulary:
            raise ValueError("vocabulary must hold at least one word, got none")
        for word in self.vocabulary:
            if not isinstance(word, str) or _words(word) != [word]:
                raise ValueError(f"vocabulary must hold single words in lower case, got {word!r}")
        self._tokens = {word: token for token, word in enumerate(self.vocabulary)}
        if len(self._tokens) < len(self.vocabulary):
            raise ValueError("vocabulary must hold every word once, got one again")

    def encode(self, text):
        """Return the tokens of a text, a list of int; a word outside the vocabulary is a ValueError."""
        if not isinstance(text, str):
            raise TypeError(f"text must be a string, got {text!r}")
        words = _words(text)
        for word in words:
            if word not in self._tokens:
                raise ValueError(
                    f"text must be made of the vocabulary's {len(self.vocabulary)} words, got {word!r}"
                )
        return [self._tokens[word] for word in words]

    def decode(self, tokens):
        """Return the words of tokens, with spaces between them."""
        tokens = _checks.items("tokens", tokens, "a list of integers")
        tokens = [_checks.integer("tokens", token, low=0) for token in tokens]
        largest = len(self.vocabulary) - 1
        if tokens and max(tokens) > largest:
            raise ValueError(f"tokens must be from 0 to {largest}, got {max(tokens)}")
        return " ".join(self.vocabulary[token] for token in tokens)


class ImageTextTransformer(Composite):
    """Transformer over one sequence of image patches and words, which fills in the blank at its end.

    patches, words, blank → vectors plus positions → blocks → norm; the blank's vector → a logit per word

    Parameters
    ----------
    n_words : int
        Words of the vocabulary; token `n_words` is the blank.
    length : int
        Words that a text may have; places that it leaves empty hold blanks, which no token looks at.
    shape, size : pair of int
        (vertical, horizontal) pixels of the images, and of their patches.
    width, n_heads, hidden : int
        As in `TransformerBlock`.
    n_blocks : int
        Blocks in a row, at least 1.
    rng, dtype
        As in `TransformerBlock`.

    Notes
    -----
    Inputs are rows of H W + length numbers, one per example: first the pixels, then the tokens. So the layer
    keeps the contract (one array in, one out) and `Sequential` can train, save and load it.

    Examples
    --------
    >>> options = {"shape": (4, 4), "size": (2, 2), "width": 8, "n_heads": 2, "hidden": 8, "n_blocks": 1}
    >>> layer = ImageTextTransformer(3, 2, **options, rng=np.random.default_rng(0))
    >>> layer.forward([[0.0] * 16 + [1, 3]]).shape  # one word, one empty place
    (1, 3)
    """

    def __init__(
        self, n_words, length, *, shape, size, width, n_heads, hidden, n_blocks, rng, dtype=np.float32
    ):
        self.n_words = _checks.integer("n_words", n_words, low=1)
        self.length = _checks.integer("length", length, low=1)
        self.shape = _checks.pair("shape", shape, low=1)
        self.size = _checks.pair("size", size, low=1)
        width = _checks.integer("width", width, low=1)
        n_blocks = _checks.integer("n_blocks", n_blocks, low=1)
        _checks.affordable("shape", self.shape)
        _checks.affordable("n_blocks and width", (n_blocks, width, width))
        _, self.n_patches, n_pixels = patches(np.zeros((0, *self.shape, 1)), self.size).shape
        options = {"rng": rng, "dtype": dtype}
        parts = {
            "patches": Dense(n_pixels, width, **options),
            "words": Embedding(self.n_words + 1, width, **options),
            "positions": PositionEmbedding(self.n_patches + self.length + 1, width, **options),
        }
        self.blocks = [TransformerBlock(width, n_heads, hidden, **options) for _ in range(n_blocks)]
        parts |= {f"block{number}": block for number, block in enumerate(self.blocks)}
        parts |= {"norm": LayerNorm(width, dtype=dtype), "answer": Dense(width, self.n_words, **options)}
        super().__init__(parts)

    def forward(self, inputs, *, training=False):
        """Return the logits of the word in the blank, shape (N, n_words)."""
        n_pixels = math.prod(self.shape)
        inputs = self._inputs(inputs, "N", n_pixels + self.length)
        count = len(inputs)
        cut = patches(inputs[:, :n_pixels].reshape(count, *self.shape, 1), self.size)
        seen = self.parts["patches"].forward(cut.reshape(count * self.n_patches, cut.shape[2]))
        seen = seen.reshape(count, self.n_patches, seen.shape[1])
        tokens = np.pad(inputs[:, n_pixels:], ((0, 0), (0, 1)), constant_values=self.n_words)
        read = self.parts["words"].forward(tokens)
        sequence = self.parts["positions"].forward(np.concatenate([seen, read], axis=1))

        mask = np.ones(sequence.shape[:2], bool)
        mask[:, self.n_patches : -1] = tokens[:, :-1] < self.n_words  # no empty places, but the last blank
        for block in self.blocks:
            sequence = block.forward(sequence, training=training, mask=mask)
        answer = self.parts["norm"].forward(sequence[:, -1:])
        logits = self.parts["answer"].forward(answer[:, 0])
        return self._keep(logits, sequence.shape)

    def backward(self, gradient):
        """Return dL/dx, with zeros for the tokens; collect all gradients."""
        gradient, shape = self._recall(gradient)
        answer_gradient = self.parts["answer"].backward(gradient)
        gradient = np.zeros(shape, gradient.dtype)
        gradient[:, -1:] = self.parts["norm"].backward(answer_gradient[:, np.newaxis])
        for block in reversed(self.blocks):
            gradient = block.backward(gradient)
        gradient = self.parts["positions"].backward(gradient)
        count, _, width = shape
        tokens_gradient = self.parts["words"].backward(gradient[:, self.n_patches :])
        seen_gradient = gradient[:, : self.n_patches].reshape(count * self.n_patches, width)
        cut_gradient = self.parts["patches"].backward(seen_gradient)
        cut_gradient = cut_gradient.reshape(count, self.n_patches, cut_gradient.shape[1])
        images_gradient = unpatch(cut_gradient, self.size, shape=self.shape)
        self.gradients = self._named("gradients")
        pixels_gradient = images_gradient.reshape(count, math.prod(self.shape))
        return np.concatenate([pixels_gradient, tokens_gradient[:, :-1]], axis=1)


class MultimodalModel:
    """Multimodal model: reads an image and a text, and says one word.

    It is trained twice in the same way: on `captions` (pre-training), then on `instructions` (tuning).

    Parameters
    ----------
    vocabulary : list of str
        The words that it can read and say.
    length : int
        Words that a text may have, at least 1.
    shape : pair of int
        (H, W), the size of the images.
    size : int or pair of int
        (vertical, horizontal) pixels of a patch, which must divide the image.
    width, n_heads, hidden, n_blocks : int
        Length of the tokens, heads that divide it, hidden layer of a block, and number of blocks.
    rng : numpy.random.Generator
        Draws the initial weights.
    dtype : float32 or float64
        Type of the parameters and of all computation.

    Attributes
    ----------
    tokenizer : Tokenizer
        Between words and tokens.
    transformer : ImageTextTransformer
        The network; ``transformer.blocks[0].parts["attention"].weights`` shows what looked at what.
    model : Sequential
        The same, to save and load: `model.save`, `model.load`, `model.parameter_count`.

    References
    ----------
    Dosovitskiy et al. (2021), An image is worth 16x16 words (patches as tokens).
    Liu, Li, Wu, Lee (2023), Visual instruction tuning, section 4 (images and words in one sequence; two
    stages).

    Examples
    --------
    >>> model = MultimodalModel(rng=np.random.default_rng(0))
    >>> model.model.parameter_count < 75_000
    True
    >>> [word in VOCABULARY for word in model.answer(np.zeros((2, 28, 28)), "Is it even?")]
    [True, True]
    """

    def __init__(
        self,
        vocabulary=VOCABULARY,
        *,
        length=9,
        shape=(28, 28),
        size=7,
        width=48,
        n_heads=4,
        hidden=96,
        n_blocks=2,
        rng,
        dtype=np.float32,
    ):
        self.tokenizer = Tokenizer(vocabulary)
        self.transformer = ImageTextTransformer(
            len(self.tokenizer.vocabulary),
            length,
            shape=shape,
            size=size,
            width=width,
            n_heads=n_heads,
            hidden=hidden,
            n_blocks=n_blocks,
            rng=rng,
            dtype=dtype,
        )
        self.model = Sequential([self.transformer])

    def fit(self, images, texts, words, *, optimizer, epochs, batch_size=64, rng, progress=True):
        """Train the model to say a word after an image and a text, and return how the loss went.

        Parameters
        ----------
        images : array_like, shape (N, H, W) or (N, H, W, 1), float in [0, 1]
            What is shown, N at least 1.
        texts : list of str, or str
            What is read, one for each image or the same for all.
        words : list of str, length N
            What should be said.
        optimizer, epochs, batch_size, rng, progress
            As in `Sequential.fit`.

        Returns
        -------
        dict of str to list of float
            "loss": the mean cross-entropy over each epoch's batches while it ran.

        Raises
        ------
        TypeError, ValueError
            If an argument has another type or shape than listed, or holds an unknown word.
        """
        rows = self._rows(images, texts)
        targets = [self.tokenizer.encode(word) for word in _texts("words", words, len(rows))]
        for word, tokens in zip(words, targets, strict=True):
            if len(tokens) != 1:
                raise ValueError(f"words must hold one word each, got {word!r}")
        return self.model.fit(
            rows,
            np.array(targets, np.int64).reshape(len(rows)),
            loss=cross_entropy,
            optimizer=optimizer,
            epochs=epochs,
            batch_size=batch_size,
            rng=rng,
            progress=progress,
        )

    def predict(self, images, texts):
        """Return the logits of every word of the vocabulary.

        Parameters
        ----------
        images : array_like, shape (N, H, W) or (N, H, W, 1), float in [0, 1]
            What is shown.
        texts : list of str, or str
            What is read, one for each image or the same for all.

        Returns
        -------
        ndarray, shape (N, words of the vocabulary)
            For `softmax.softmax`, which makes them probabilities.

        Raises
        ------
        TypeError, ValueError
            If an argument has another type or shape than listed, or holds an unknown word.
        """
        return self.model.predict(self._rows(images, texts))

    def answer(self, images, questions):
        """Return the most probable word for each image and question, a list of str; see `predict`."""
        return [self.tokenizer.vocabulary[token] for token in self.predict(images, questions).argmax(axis=1)]

    def _rows(self, images, texts):
        """Return one row of pixels and tokens per example, as the transformer takes them."""
        images = _checks.floats("images", images, ndim=(3, 4))
        height, width = self.transformer.shape
        if images.shape[1:] not in ((height, width), (height, width, 1)):
            raise ValueError(f"images must have shape (N, {height}, {width}), got {images.shape}")
        if images.size and not (images.min() >= 0 and images.max() <= 1):
            raise ValueError(f"images must be between 0 and 1, got {images.min()} to {images.max()}")
        length = self.transformer.length
        blank = len(self.tokenizer.vocabulary)
        rows = np.full((len(images), height * width + length), blank, images.dtype)
        rows[:, : height * width] = images.reshape(len(images), height * width)
        texts = [texts] * len(images) if isinstance(texts, str) else _texts("texts", texts, len(images))
        for row, text in zip(rows, texts, strict=True):
            tokens = self.tokenizer.encode(text)
            if len(tokens) > length:
                raise ValueError(f"texts must have at most {length} words, got {len(tokens)}: {text!r}")
            row[height * width : height * width + len(tokens)] = tokens
        return rows


def _words(text):
    """Return the words of a text, in lower case and without marks."""
    return re.findall(r"[^\s.,?!]+", text.lower())


def _texts(name, texts, count):
    """Return a list of as many texts as there are examples."""
    if not isinstance(texts, list | tuple) and not (isinstance(texts, np.ndarray) and texts.ndim):
        raise TypeError(f"{name} must be a list of strings, got {texts!r}")
    if len(texts) != count:
        raise ValueError(f"{name} must hold one text per image, {count}, got {len(texts)}")
    return texts


def _labels(labels):
    """Return labels as digits, an integer array."""
    labels = _checks.array("labels", labels, ndim=1)
    return class_labels(labels, n_examples=len(labels), n_classes=10)
