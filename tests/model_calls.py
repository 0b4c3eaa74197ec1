"""One valid call of every function, class and method of models and their parts: as in valid_calls.py.

The function of a class returns the parameters of what it makes; that of a method makes something small first.
"""

import importlib
import inspect
import runpy
from pathlib import Path

import numpy as np

from imagebook import (
    attention,
    autoencoder,
    autoregressive,
    instruction,
    invariance,
    layers,
    lenet,
    losses,
    mixture,
    models,
    optim,
    posttraining,
    pretrained,
    progress,
    transfer,
    variational,
)

_valid_calls = runpy.run_path(str(Path(__file__).with_name("valid_calls.py")))
Call, UNIT, ANY, POSITIVE = (_valid_calls[name] for name in ("Call", "UNIT", "ANY", "POSITIVE"))

TRAINING = {"epochs": 1, "batch_size": 2, "progress": False}
VOCABULARY = ["a", "digit", "is", "it", "no", "yes"]
WORDS = {"shape": (4, 4), "size": (2, 4), "width": 4, "n_heads": 2, "hidden": 3, "n_blocks": 1}


def _seeded():
    """Return a generator in the same state each time."""
    return np.random.default_rng(5)


def _options(thing, arguments, **replaced):
    """Return the arguments with a generator and a type of floats, where they are taken."""
    wanted = inspect.signature(thing).parameters
    others = {"rng": _seeded(), "dtype": np.float32} | replaced
    return arguments | {name: value for name, value in others.items() if name in wanted}


def _parameters(thing):
    """Return all parameters of a layer or a model as one vector."""
    if isinstance(thing, layers.Layer):
        parameters = thing.parameters.values()
    else:
        network = thing if isinstance(thing, models.Sequential) else thing.model
        parameters = [parameter for layer in network.layers for parameter in layer.parameters.values()]
    return np.concatenate([np.zeros(0, np.float32), *(parameter.ravel() for parameter in parameters)])


def _made(thing, arguments, **promises):
    """Return the Call that makes a layer or a model."""
    return Call(
        lambda rng, n: _options(thing, arguments, rng=rng),
        ANY,
        np.float32,
        function=lambda **given: _parameters(thing(**given)),
        examples=30,
        **promises,
    )


def _layer(path, arguments, inputs, *, floats=np.float32, more=None, **promises):
    """Return the Calls that make a layer, and go forward and backward through it."""
    module, name = path.split(".")
    layer = getattr(importlib.import_module(f"imagebook.{module}"), name)
    more = more or {}
    promises = {
        "floats": floats,
        "exact": False,
        "empty": "result",
        "overflows": True,
        "examples": 30,
    } | promises

    def make():
        return layer(**_options(layer, arguments))

    def backward(inputs, gradient, **options):
        made = make()
        made.forward(inputs, training=True, **options)
        return made.backward(gradient), *made.gradients.values()

    def store_gradients(inputs, gradient, **options):
        made = make()
        made.forward(inputs, **options)
        made.store_gradients(gradient)
        return tuple(made.gradients.values())

    def forward_call(rng, n):
        return {"inputs": inputs(rng, n), "training": True} | {key: value(n) for key, value in more.items()}

    def backward_call(rng, n):
        options = {key: value(n) for key, value in more.items()}
        gradient = rng.normal(size=make().forward(inputs(rng, n), **options).shape)
        return {"inputs": inputs(rng, n), "gradient": gradient} | options

    methods = {
        "forward": Call(forward_call, function=lambda **given: make().forward(**given), **promises),
        "backward": Call(backward_call, function=backward, **promises),
        "store_gradients": Call(backward_call, function=store_gradients, **promises),
    }
    own = {f"{path}.{method}": call for method, call in methods.items() if method in vars(layer)}
    return {path: _made(layer, arguments)} | own


def _method(make, method, **promises):
    """Return what calls a method of something that is made anew."""
    return lambda **given: getattr(make(), method)(**given)


def _losses(make):
    """Return what trains something that is made anew and gives the sum of all losses."""
    return lambda **given: float(np.sum(list(make().fit(**given).values())))


def _batch(*shape):
    """Return what makes a batch of numbers between 0 and 1."""
    return lambda rng, n: rng.random((n, *shape))


def _binary(rng, n):
    """Return images of 0 and 1."""
    return rng.integers(0, 2, (n, 3, 4)).astype(float)


def _network(seed=5):
    """Return a network with two dense layers."""
    rng = np.random.default_rng(seed)
    return models.Sequential([layers.Dense(3, 4, rng=rng), layers.ReLU(), layers.Dense(4, 3, rng=rng)])


def _trained_layers():
    """Return layers that know their gradients."""
    network = _network()
    network.forward(np.ones((1, 3)))
    network.backward(np.ones((1, 3)))
    return network.layers


def _built(function):
    """Return what calls a function that returns a model, and gives the model's parameters."""
    return lambda **given: _parameters(function(**given))


def _autoencoder():
    return autoencoder.Autoencoder(shape=(3, 4), hidden=(5,), code=3, rng=_seeded())


def _variational():
    return variational.VariationalAutoencoder(shape=(3, 4), hidden=(5,), code=3, rng=_seeded())


def _autoregressive():
    return autoregressive.AutoregressiveModel(shape=(3, 4), reach=1, hidden=(3,), rng=_seeded())


def _multimodal():
    return instruction.MultimodalModel(VOCABULARY, length=3, rng=_seeded(), **WORDS)


def _answers():
    """Return a model that knows all words of the questions."""
    return instruction.MultimodalModel(rng=_seeded(), **WORDS)


def _adapter():
    return transfer.LowRankAdapter(layers.Dense(3, 4, rng=_seeded()), 1, rng=_seeded())


def _experts():
    return mixture.MixtureOfExperts(3, 4, n_experts=3, hidden=3, top_k=2, rng=_seeded())


def _classified(images):
    """Return logits of three classes; of what is no batch of images, none."""
    if not isinstance(images, np.ndarray) or images.ndim != 4:
        return np.zeros((0, 3))
    return images.reshape(len(images), -1)[:, :3]


def _same(images, *others):
    """Return the images."""
    return images


def _under(rng, n):
    """Return the first arguments of the functions of `invariance`."""
    return {"model_predict": _classified, "images": rng.random((n, 3, 4, 1)), "labels": np.arange(n)}


def _loaded(path):
    """Return the parameters of a network that loads what another one saved."""
    _network(seed=6).save("model.npz")
    network = _network()
    network.load(path)
    return _parameters(network)


def _backward(inputs, gradient):
    """Return what comes out of a network going backward."""
    network = _network()
    network.forward(inputs)
    return network.backward(gradient), *(
        item for layer in network.layers for item in layer.gradients.values()
    )


_CALLS = {
    # layers
    "layers.sigmoid": Call(lambda rng, n: {"values": rng.normal(size=(n, 3))}, empty="result"),
    "layers.he_normal": Call(
        lambda rng, n: {"shape": (3, 4), "fan_in": 3, "rng": rng, "dtype": np.float32}, ANY, np.float32
    ),
    "layers.Layer": Call(lambda rng, n: {}),
    **_layer("layers.Dense", {"n_inputs": 3, "n_outputs": 4}, _batch(3)),
    **_layer(
        "layers.Conv2D",
        {"channels_in": 1, "channels_out": 3, "kernel_size": (3, 1), **_valid_calls["WINDOW"]},
        _batch(5, 4, 1),
    ),
    **_layer(
        "layers.DepthwiseConv2D",
        {"channels": 3, "kernel_size": (3, 1), **_valid_calls["WINDOW"]},
        _batch(5, 4, 3),
    ),
    **_layer(
        "layers.MaxPool2D", {"size": (3, 2), "stride": 2, "padding": 1}, _batch(5, 4, 3), floats="follow"
    ),
    **_layer(
        "layers.AveragePool2D", {"size": (3, 2), "stride": 2, "padding": 1}, _batch(5, 4, 3), floats="follow"
    ),
    **_layer("layers.Flatten", {}, _batch(5, 4, 3), floats="follow"),
    **_layer("layers.ReLU", {}, _batch(3), floats="follow"),
    **_layer("layers.Sigmoid", {}, _batch(3), floats="follow"),
    **_layer("layers.Tanh", {}, _batch(3), floats="follow"),
    **_layer("layers.Dropout", {"rate": 0.5}, _batch(3), floats="follow"),
    **_layer("lenet.InputPlane", {}, _batch(3, 4, 1), floats="follow"),
    **_layer("lenet.ScaledTanh", {}, _batch(3), floats="follow"),
    **_layer("lenet.Subsampling", {"channels": 3}, _batch(4, 6, 3)),
    **_layer(
        "lenet.ConnectionTableConv2D",
        {"table": np.array([[1, 0, 1], [0, 1, 1]]), "kernel_size": (3, 1)},
        _batch(5, 4, 2),
    ),
    **_layer(
        "autoregressive.MaskedConv2D",
        {"channels_in": 1, "channels_out": 3, "kernel_size": (3, 1)},
        _batch(5, 4, 1),
    ),
    **_layer("autoregressive.PositionEmbedding", {"shape": (3, 4), "channels": 1}, _batch(3, 4, 1)),
    **_layer("variational.GaussianCode", {}, _batch(6), floats="follow"),
    **_layer(
        "attention.Embedding",
        {"n_tokens": 3, "width": 4},
        lambda rng, n: rng.integers(0, 3, (n, 3)).astype(float),
    ),
    **_layer("attention.PositionEmbedding", {"n_positions": 3, "width": 4}, _batch(3, 4)),
    **_layer("attention.LayerNorm", {"width": 4, "epsilon": 0.1}, _batch(3, 4)),
    **_layer(
        "attention.SelfAttention",
        {"width": 4, "n_heads": 2, "causal": True},
        _batch(3, 4),
        more={"mask": lambda n: np.ones((n, 3), bool)},
    ),
    **_layer(
        "attention.TransformerBlock",
        {"width": 4, "n_heads": 2, "hidden": 3, "causal": False},
        _batch(3, 4),
        more={"mask": lambda n: np.ones((n, 3), bool)},
    ),
    "attention.Composite": Call(
        lambda rng, n: {"parts": {"norm": attention.LayerNorm(3), "relu": layers.ReLU()}},
        function=lambda parts: _parameters(attention.Composite(parts)),
    ),
    **_layer(
        "instruction.ImageTextTransformer",
        {"n_words": 3, "length": 3, **WORDS},
        lambda rng, n: np.concatenate([rng.random((n, 16)), rng.integers(0, 4, (n, 3))], axis=1),
        integers=None,
    ),
    **_layer(
        "mixture.MixtureOfExperts",
        {"n_inputs": 3, "n_outputs": 4, "n_experts": 3, "hidden": 3, "top_k": 2, "balance": 0.1},
        _batch(3),
    ),
    "mixture.MixtureOfExperts.routing": Call(
        lambda rng, n: {"inputs": rng.random((n, 3))},
        floats=np.float32,
        exact=False,
        empty="result",
        function=_method(_experts, "routing"),
        overflows=True,
    ),
    **_layer(
        "transfer.LowRankAdapter",
        {"dense": layers.Dense(3, 4, rng=_seeded()), "rank": 1, "scale": 0.5},
        _batch(3),
    ),
    "transfer.LowRankAdapter.merge": Call(
        lambda rng, n: {}, ANY, function=lambda: _parameters(_adapter().merge())
    ),
    # optimizers
    "optim.SGD": Call(lambda rng, n: {"learning_rate": 0.1, "momentum": 0.9, "weight_decay": 0.01}),
    "optim.Adam": Call(
        lambda rng, n: {"learning_rate": 0.1, "beta1": 0.9, "beta2": 0.99, "epsilon": 1e-8},
    ),
    "optim.SGD.step": Call(
        lambda rng, n: {"layers": _trained_layers()},
        function=lambda layers: optim.SGD(learning_rate=0.1).step(layers),
        changes=("layers",),
    ),
    "optim.Adam.step": Call(
        lambda rng, n: {"layers": _trained_layers()},
        function=lambda layers: optim.Adam().step(layers),
        changes=("layers",),
    ),
    # models
    "models.accuracy": Call(
        lambda rng, n: {"logits": rng.normal(size=(n, 3)), "labels": np.arange(n)}, UNIT, empty="error"
    ),
    "models.small_cnn": Call(
        lambda rng, n: {"rng": rng, "dtype": np.float32}, function=_built(models.small_cnn), examples=10
    ),
    "models.small_sepcnn": Call(
        lambda rng, n: {"rng": rng, "dtype": np.float32}, function=_built(models.small_sepcnn), examples=10
    ),
    "lenet.lenet5": Call(
        lambda rng, n: {"rng": rng, "dtype": np.float32}, function=_built(lenet.lenet5), examples=10
    ),
    "models.layer_counts": Call(lambda rng, n: {"model": _network(), "input_shape": (3,)}),
    "models.Sequential": Call(
        lambda rng, n: {"layers": _network().layers}, function=_built(models.Sequential)
    ),
    "models.Sequential.forward": Call(
        lambda rng, n: {"inputs": rng.random((n, 3)), "training": False},
        floats=np.float32,
        exact=False,
        empty="result",
        function=_method(_network, "forward"),
        overflows=True,
    ),
    "models.Sequential.backward": Call(
        lambda rng, n: {"inputs": rng.random((n, 3)), "gradient": rng.normal(size=(n, 3))},
        floats=np.float32,
        exact=False,
        empty="result",
        function=_backward,
        overflows=True,
    ),
    "models.Sequential.predict": Call(
        lambda rng, n: {"inputs": rng.random((n, 3)), "batch_size": 3},
        floats=np.float32,
        exact=False,
        empty="result",
        function=_method(_network, "predict"),
        overflows=True,
    ),
    "models.Sequential.fit": Call(
        lambda rng, n: {
            **{"inputs": rng.random((n, 3)), "targets": rng.random((n, 3)), **TRAINING},
            **{"loss": losses.mean_squared_error, "optimizer": optim.SGD(learning_rate=0.1), "rng": rng},
            **{"validation": (rng.random((3, 3)), rng.random((3, 3))), "augment": _same},
        },
        exact=False,
        empty="error",
        floats=np.float32,
        function=_losses(_network),
        overflows=True,
        examples=30,
    ),
    "models.Sequential.save": Call(
        lambda rng, n: {"path": "saved.npz", "dtype": np.float16},
        function=_method(_network, "save"),
        raises=(OSError,),
    ),
    "models.Sequential.load": Call(
        lambda rng, n: {"path": "model.npz"}, function=_loaded, raises=(FileNotFoundError,)
    ),
    "models.dense_layers": Call(lambda rng, n: {"sizes": [3, 4], "rng": rng, "dtype": np.float32}),
    "pretrained.load": Call(
        lambda rng, n: {"name": "cnn"}, function=lambda name: _parameters(pretrained.load(name)), examples=5
    ),
    "pretrained.record": Call(lambda rng, n: {"name": "cnn"}),
    "pretrained.build": Call(
        lambda rng, n: {"name": "cnn", "rng": rng},
        function=lambda name, rng: _parameters(pretrained.build(name, rng=rng)),
        examples=5,
    ),
    "pretrained.network": Call(lambda rng, n: {"model": _autoencoder()}),
    "pretrained.weights_file": Call(lambda rng, n: {"name": "cnn"}),
    # what changes do to classifiers
    "invariance.accuracy_under": Call(
        lambda rng, n: {**_under(rng, n), "change": _same, "values": [0, 1]},
        UNIT,
        np.float64,
        np.float64,
        empty="error",
        examples=30,
    ),
    "invariance.accuracy_by_angle": Call(
        lambda rng, n: {**_under(rng, n), "angles": [0.0, 30.0]},
        UNIT,
        np.float64,
        np.float64,
        empty="error",
        examples=30,
    ),
    "invariance.accuracy_by_shift": Call(
        lambda rng, n: {**_under(rng, n), "shifts": [(0, 0), (1.5, -1.0)]},
        UNIT,
        np.float64,
        np.float64,
        empty="error",
        examples=30,
    ),
    "invariance.accuracy_by_size": Call(
        lambda rng, n: {**_under(rng, n), "factors": [1, 0.5]},
        UNIT,
        np.float64,
        np.float64,
        empty="error",
        examples=30,
    ),
    "invariance.confusion_under": Call(
        lambda rng, n: {**_under(rng, n), "change": _same, "classes": (0, 1)},
        UNIT,
        np.float64,
        np.float64,
        empty="error",
        examples=30,
    ),
    "invariance.equivariance_error": Call(
        lambda rng, n: {
            **{"images": rng.random((n, 3, 4, 1)), "margin": 1},
            **{"layer_forward": _same, "change": _same, "output_change": _same},
        },
        POSITIVE,
        empty="error",
        examples=30,
    ),
    "invariance.build_network": Call(
        lambda rng, n: {"pooling": False, "rng": rng},
        function=lambda pooling, rng: _parameters(invariance.build_network(pooling=pooling, rng=rng)),
        examples=5,
    ),
    "invariance.load_network": Call(
        lambda rng, n: {"pooling": True, "augmented": False},
        function=lambda pooling, augmented: _parameters(
            invariance.load_network(pooling=pooling, augmented=augmented)
        ),
        examples=5,
    ),
    # generative models
    "autoregressive.binarize": Call(
        lambda rng, n: {"images": rng.random((n, 3, 4)), "threshold": 0.5, "rng": rng}, UNIT, empty="result"
    ),
    "autoregressive.AutoregressiveModel": _made(
        autoregressive.AutoregressiveModel, {"shape": (3, 4), "reach": (1, 2), "hidden": (3,)}
    ),
    "autoregressive.AutoregressiveModel.logits": Call(
        lambda rng, n: {"images": _binary(rng, n)},
        ANY,
        np.float32,
        exact=False,
        empty="result",
        function=_method(_autoregressive, "logits"),
    ),
    "autoregressive.AutoregressiveModel.log_likelihood": Call(
        lambda rng, n: {"images": _binary(rng, n)},
        (-np.inf, 0),
        np.float64,
        np.float64,
        exact=False,
        empty="result",
        function=_method(_autoregressive, "log_likelihood"),
    ),
    "autoregressive.AutoregressiveModel.sample": Call(
        lambda rng, n: {"rng": rng, "temperature": 0.5, "given": np.where(_binary(rng, n), np.nan, 1)},
        UNIT,
        empty="result",
        integers=None,
        function=lambda **given: list(_autoregressive().sample(**given))[-1],
        examples=30,
    ),
    "autoregressive.AutoregressiveModel.fit": Call(
        lambda rng, n: {"images": _binary(rng, n), "optimizer": optim.Adam(), "rng": rng, **TRAINING},
        POSITIVE,
        empty="error",
        exact=False,
        floats=np.float32,
        function=_losses(_autoregressive),
        examples=30,
    ),
    "variational.kl_divergence": Call(
        lambda rng, n: {"mean": rng.normal(size=(n, 3)), "log_variance": rng.normal(size=(n, 3))},
        exact=False,
        empty="result",
        overflows=True,
    ),
    "variational.reparameterize": Call(
        lambda rng, n: {name: rng.normal(size=(n, 3)) for name in ("mean", "log_variance", "epsilon")},
        exact=False,
        empty="result",
        overflows=True,
    ),
    "variational.VariationalAutoencoder": _made(
        variational.VariationalAutoencoder, {"shape": (3, 4), "hidden": (5,), "code": 3}
    ),
    "variational.VariationalAutoencoder.encode": Call(
        lambda rng, n: {"images": rng.random((n, 3, 4))},
        ANY,
        np.float32,
        exact=False,
        empty="result",
        function=_method(_variational, "encode"),
    ),
    "variational.VariationalAutoencoder.decode": Call(
        lambda rng, n: {"codes": rng.normal(size=(n, 3))},
        floats=np.float32,
        exact=False,
        empty="result",
        function=_method(_variational, "decode"),
        overflows=True,
    ),
    "variational.VariationalAutoencoder.reconstruct": Call(
        lambda rng, n: {"images": rng.random((n, 3, 4))},
        UNIT,
        np.float32,
        exact=False,
        empty="result",
        function=_method(_variational, "reconstruct"),
    ),
    "variational.VariationalAutoencoder.sample": Call(
        lambda rng, n: {"n": n, "rng": rng}, UNIT, np.float32, function=_method(_variational, "sample")
    ),
    "variational.VariationalAutoencoder.elbo": Call(
        lambda rng, n: {"images": rng.random((n, 3, 4)), "rng": rng},
        ANY,
        np.float64,
        np.float64,
        exact=False,
        empty="result",
        function=_method(_variational, "elbo"),
    ),
    "variational.VariationalAutoencoder.fit": Call(
        lambda rng, n: {"images": rng.random((n, 3, 4)), "optimizer": optim.Adam(), "rng": rng, **TRAINING},
        ANY,
        empty="error",
        exact=False,
        floats=np.float32,
        function=_losses(_variational),
        examples=30,
    ),
    "autoencoder.Autoencoder": _made(autoencoder.Autoencoder, {"shape": (3, 4), "hidden": (5,), "code": 3}),
    "autoencoder.Autoencoder.encode": Call(
        lambda rng, n: {"images": rng.random((n, 3, 4))},
        floats=np.float32,
        exact=False,
        empty="result",
        function=_method(_autoencoder, "encode"),
        overflows=True,
    ),
    "autoencoder.Autoencoder.decode": Call(
        lambda rng, n: {"codes": rng.normal(size=(n, 3))},
        floats=np.float32,
        exact=False,
        empty="result",
        function=_method(_autoencoder, "decode"),
        overflows=True,
    ),
    "autoencoder.Autoencoder.reconstruct": Call(
        lambda rng, n: {"images": rng.random((n, 3, 4))},
        floats=np.float32,
        exact=False,
        empty="result",
        function=_method(_autoencoder, "reconstruct"),
        overflows=True,
    ),
    "autoencoder.Autoencoder.fit": Call(
        lambda rng, n: {
            **{"images": rng.random((n, 3, 4)), "optimizer": optim.Adam(), "rng": rng, **TRAINING},
            **{"corrupt": _same, "loss": losses.mean_squared_error},
        },
        empty="error",
        exact=False,
        floats=np.float32,
        function=_losses(_autoencoder),
        overflows=True,
        examples=30,
    ),
    # attention, and images with words
    "attention.patches": Call(
        lambda rng, n: {"images": rng.random((n, 4, 6, 2)), "size": (2, 3)}, empty="result"
    ),
    "attention.unpatch": Call(
        lambda rng, n: {"tokens": rng.random((n, 4, 12)), "size": (2, 3), "shape": (4, 6)}, empty="result"
    ),
    "instruction.captions": Call(lambda rng, n: {"labels": np.arange(n), "rng": rng}),
    "instruction.instructions": Call(lambda rng, n: {"labels": np.arange(n), "rng": rng, "held_out": True}),
    "instruction.score": Call(
        lambda rng, n: {"model": _answers(), "images": rng.random((n, 4, 4)), "labels": np.arange(n)},
        empty="error",
        function=lambda **given: tuple(
            part for parts in instruction.score(**given).values() for part in parts.values()
        ),
        examples=30,
    ),
    "instruction.baseline": Call(lambda rng, n: {"labels": np.arange(n)}, empty="error"),
    "instruction.Tokenizer": Call(lambda rng, n: {"vocabulary": VOCABULARY}),
    "instruction.Tokenizer.encode": Call(
        lambda rng, n: {"text": "Is it a digit?"}, function=instruction.Tokenizer(VOCABULARY).encode
    ),
    "instruction.Tokenizer.decode": Call(
        lambda rng, n: {"tokens": [2, 3, 0, 1]}, function=instruction.Tokenizer(VOCABULARY).decode
    ),
    "instruction.MultimodalModel": _made(
        instruction.MultimodalModel, {"vocabulary": VOCABULARY, "length": 3, **WORDS}
    ),
    "instruction.MultimodalModel.fit": Call(
        lambda rng, n: {
            **{"images": rng.random((n, 4, 4)), "texts": ["is it"] * n, "words": ["yes", "no"][:n]},
            **{"optimizer": optim.Adam(), "rng": rng, **TRAINING},
        },
        POSITIVE,
        empty="error",
        exact=False,
        floats=np.float32,
        function=_losses(_multimodal),
        examples=20,
    ),
    "instruction.MultimodalModel.predict": Call(
        lambda rng, n: {"images": rng.random((n, 4, 4)), "texts": ["is it", "is"][:n]},
        ANY,
        np.float32,
        exact=False,
        empty="result",
        function=_method(_multimodal, "predict"),
    ),
    "instruction.MultimodalModel.answer": Call(
        lambda rng, n: {"images": rng.random((n, 4, 4)), "questions": ["is it", "is"][:n]},
        empty="result",
        function=_method(_multimodal, "answer"),
    ),
    # many small networks, and second uses of one
    "mixture.load_balancing_loss": Call(
        lambda rng, n: {"probabilities": rng.random((n, 3)), "chosen": rng.integers(0, 3, (n, 2))},
        ANY,
        empty="error",
        exact=False,
    ),
    "mixture.expert_by_class": Call(
        lambda rng, n: {"labels": np.arange(n), "chosen": rng.integers(0, 3, (n, 2)), "n_experts": 3},
        empty="result",
    ),
    "transfer.freeze": Call(lambda rng, n: {"layers": _network().layers}, changes=("layers",)),
    "transfer.unfreeze": Call(lambda rng, n: {"layers": _network().layers}, changes=("layers",)),
    "transfer.trained_parameters": Call(lambda rng, n: {"model": _network()}),
    "transfer.replace_head": Call(
        lambda rng, n: {"model": _network(), "head": [layers.ReLU()], "n_layers": 1},
        function=_built(transfer.replace_head),
    ),
    "transfer.full_fine_tuning": Call(
        lambda rng, n: {"model": _network()}, function=_built(transfer.full_fine_tuning)
    ),
    "transfer.partial_fine_tuning": Call(
        lambda rng, n: {"model": _network(), "n_layers": 1}, function=_built(transfer.partial_fine_tuning)
    ),
    "transfer.additive_fine_tuning": Call(
        lambda rng, n: {"model": _network(), "layers": [layers.ReLU()]},
        function=_built(transfer.additive_fine_tuning),
    ),
    "transfer.low_rank_fine_tuning": Call(
        lambda rng, n: {"model": _network(), "rank": 1, "rng": rng},
        function=_built(transfer.low_rank_fine_tuning),
    ),
    "transfer.digit_canvas": Call(
        lambda rng, n: {
            **{"images": rng.random((3, 2, 3)), "counts": np.arange(n), "rng": rng, "shape": (5, 6)},
        },
        ANY,
        empty="result",
        examples=50,
    ),
    "posttraining.distillation_loss": Call(
        lambda rng, n: {
            **{"logits": rng.normal(size=(n, 3)), "teacher_logits": rng.normal(size=(n, 3))},
            "temperature": 2.0,
        },
        ANY,
        empty="error",
        exact=False,
    ),
    "posttraining.distill": Call(
        lambda rng, n: {
            **{"student": _network(), "teacher": _network(6), "inputs": rng.random((n, 3)), "rng": rng},
            **{"temperature": 2.0, "optimizer": optim.SGD(learning_rate=0.1), **TRAINING},
        },
        empty="error",
        exact=False,
        changes=("student",),
        floats=np.float32,
        function=lambda **given: float(np.sum(posttraining.distill(**given)["loss"])),
        overflows=True,
        examples=30,
    ),
    "posttraining.quantize": Call(lambda rng, n: {"array": rng.normal(size=(3, 4))}, ANY),
    "posttraining.dequantize": Call(
        lambda rng, n: {
            "values": rng.integers(-127, 128, (3, 4)).astype(np.int8),
            "scale": 1 + rng.random(4),
        },
        ANY,
    ),
    "posttraining.quantize_model": Call(
        lambda rng, n: {"model": _network()},
        function=lambda model: (lambda result, *sizes: (_parameters(result), *sizes))(
            *posttraining.quantize_model(model)
        ),
    ),
    "posttraining.preference_loss": Call(
        lambda rng, n: {
            **{name: -rng.random(n) for name in ("chosen", "rejected")},
            **{name: -rng.random(n) for name in ("reference_chosen", "reference_rejected")},
            "beta": 0.5,
        },
        ANY,
        empty="error",
        exact=False,
    ),
    # what shows something
    "progress.progress": Call(
        lambda rng, n: {"iterable": [1, 2], "total": 2, "label": "steps", "show": False},
        function=lambda **given: [*progress.progress(**given)].clear(),
    ),
    "progress.postfix": Call(lambda rng, n: {"bar": [1, 2], "text": "loss 0.5"}),
    "source.source_of": Call(lambda rng, n: {"function": progress.postfix}),
    "source.show_source": Call(lambda rng, n: {"function": progress.postfix}),
}
CALLS = {name: call._replace(single=call.floats != "follow") for name, call in _CALLS.items()}
