"""Pretrained models: their trained weights come with the package, so that a chapter need not train them."""

import json
from functools import partial
from pathlib import Path

from numpy.random import default_rng

from imagebook import _checks
from imagebook.autoencoder import Autoencoder
from imagebook.autoregressive import AutoregressiveModel
from imagebook.instruction import MultimodalModel
from imagebook.layers import Flatten
from imagebook.mixture import MixtureOfExperts
from imagebook.models import Sequential, small_cnn, small_sepcnn
from imagebook.variational import VariationalAutoencoder

FOLDER = Path(__file__).parent / "data" / "weights"


def _mixture(*, rng):
    """Return a classifier of digits that is one mixture of experts."""
    experts = MixtureOfExperts(784, 10, n_experts=8, hidden=16, top_k=2, balance=0.1, rng=rng)
    return Sequential([Flatten(), experts])


# How each model is built; tools/weights.py trains what is built here.
_BUILDERS = {
    "cnn": small_cnn,
    "sepcnn": small_sepcnn,
    "autoencoder": partial(Autoencoder, hidden=(64,), code=16),
    "variational_autoencoder": partial(VariationalAutoencoder, hidden=(80,), code=16),
    "variational_autoencoder_2d": partial(VariationalAutoencoder, hidden=(80, 32), code=2),
    "autoregressive": AutoregressiveModel,
    "mixture_of_experts": _mixture,
    "multimodal_captions": MultimodalModel,
    "multimodal": MultimodalModel,
}

NAMES = tuple(_BUILDERS)


def load(name):
    """Return a pretrained model.

    All were trained on MNIST's training digits; `record` says how, and how good they are. The model is the
    caller's own, to train further or to change: the next call returns the stored weights again.

    Parameters
    ----------
    name : str
        One of `NAMES`. The two variational autoencoders differ in their codes: one of 16 numbers, for
        sharper images, and one of 2, which can be drawn as a map. "multimodal_captions" is the multimodal
        model before instruction tuning, "multimodal" the same one after it.

    Returns
    -------
    Sequential, Autoencoder, VariationalAutoencoder, AutoregressiveModel or MultimodalModel
        With float32 parameters. The three classifiers "cnn", "sepcnn" and "mixture_of_experts" are
        Sequential: they take images of shape (N, 28, 28, 1), float in [0, 1], and return ten logits.

    Raises
    ------
    FileNotFoundError
        If the file is missing from the package.
    ValueError
        If there is no model of that name, or its file is damaged or another model's: the message names it.

    Examples
    --------
    >>> from imagebook import mnist
    >>> images, labels = mnist.load("test")
    >>> load("cnn").predict(mnist.scale(images[:5])).argmax(axis=1), labels[:5]
    (array([7, 2, 1, 0, 4]), array([7, 2, 1, 0, 4], dtype=uint8))
    >>> load("multimodal").answer(mnist.scale(images[:2]), "Is it even?")  # a seven and a two
    ['no', 'yes']
    """
    model = build(name, rng=default_rng(0))  # every number that is drawn here is overwritten
    network(model).load(weights_file(name))
    return model


def record(name):
    """Return what is recorded about a pretrained model: how it was trained, and what was measured.

    Parameters
    ----------
    name : str
        One of `NAMES`.

    Returns
    -------
    dict
        "measures" : dict of str to str
            What each measured number means.
        "sample", "full" : dict of str to float
            The measured numbers, and "images": on how many. "full" is the whole test set of 10,000, "sample"
            what `mnist.load("test")` returns, or the first of it.
        "recipe" : str, and "training_images", "epochs", "seed" : int
            How it was trained.
        "parameters", "bytes" : int, and "sha256" : str
            How many numbers there are, and the file.

    Raises
    ------
    ValueError
        If there is no model of that name.

    Examples
    --------
    >>> record("cnn")["parameters"]
    5258
    >>> record("cnn")["full"]["accuracy"] > 0.985
    True
    """
    name = _checks.choice("name", name, NAMES)
    return json.loads((FOLDER / "records.json").read_text(encoding="utf-8"))[name]


def build(name, *, rng):
    """Return a model of the sizes of a pretrained one, untrained.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    rng : numpy.random.Generator
        Draws the initial weights.

    Returns
    -------
    Sequential, Autoencoder, VariationalAutoencoder, AutoregressiveModel or MultimodalModel
        As from `load`.

    Raises
    ------
    ValueError
        If there is no model of that name.

    Examples
    --------
    >>> build("variational_autoencoder_2d", rng=default_rng(0)).code
    2
    """
    return _BUILDERS[_checks.choice("name", name, NAMES)](rng=rng)


def network(model):
    """Return the Sequential that holds all parameters of a model from `build` or `load`."""
    result = getattr(model, "model", model)
    if not isinstance(result, Sequential):
        raise TypeError(f"model must be one from build or load, got {model!r}")
    return result


def weights_file(name):
    """Return the path of a pretrained model's .npz file: plain arrays, float16 to be small."""
    return FOLDER / f"{_checks.choice('name', name, NAMES)}.npz"
