"""The figures' layers compute what the library's layers compute."""

import copy
import json

import numpy as np
import pytest

from imagebook import layers, mnist, pretrained
from imagebook.softmax import softmax
from imagebook.widgets import _variants


def image(array):
    """Return an array (H, W, C) as the kit's modules take it."""
    height, width, channels = array.shape
    return {"height": height, "width": width, "channels": channels, "data": array.ravel().tolist()}


def sparse(rng, shape):
    """Return normal numbers, a third of them 0, as most pixels of a digit are."""
    return rng.normal(size=shape) * (rng.random(shape) > 1 / 3)


def test_dense(modules):
    """600 layers of many sizes, and inputs with zeros in them."""
    rng = np.random.default_rng(0)
    cases, wanted, sizes = [], [], set()
    for _ in range(600):
        n, m = (int(size) for size in rng.integers(1, 30, 2))
        layer = layers.Dense(n, m, rng=rng, dtype=np.float64)
        layer.parameters["bias"][...] = rng.normal(size=m)
        inputs = sparse(rng, n)
        cases.append(
            [inputs.tolist(), *(layer.parameters[name].ravel().tolist() for name in ("weights", "bias"))]
        )
        wanted.append(layer.forward(inputs[np.newaxis])[0])
        sizes.add((n, m))
    for found, expected in zip(modules("kit/network", "dense", cases), wanted, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-12)
    assert len(sizes) > 300


def test_conv2d(modules):
    """600 layers: kernels of 1 to 4, high or wide, one to four channels, strides of 1 to 3."""
    rng = np.random.default_rng(1)
    cases, wanted, kinds = [], [], set()
    for _ in range(600):
        kernel = kh, kw = tuple(int(side) for side in rng.integers(1, 5, 2))
        channels, depth, stride = (int(value) for value in rng.integers(1, [5, 5, 4]))
        layer = layers.Conv2D(channels, depth, kernel, stride=stride, rng=rng, dtype=np.float64)
        layer.parameters["bias"][...] = rng.normal(size=depth)
        weights = layer.parameters["weights"]
        inputs = sparse(rng, (kh + rng.integers(0, 7), kw + rng.integers(0, 7), channels))
        tensor = {"shape": list(weights.shape), "data": weights.ravel().tolist()}
        cases.append([image(inputs), tensor, layer.parameters["bias"].tolist(), stride])
        wanted.append(layer.forward(inputs[np.newaxis])[0])
        kinds.add((kh, kw, stride))
    for found, expected in zip(modules("kit/network", "conv2d", cases), wanted, strict=True):
        assert (found["height"], found["width"], found["channels"]) == expected.shape
        np.testing.assert_allclose(found["data"], expected.ravel(), rtol=1e-5, atol=1e-12)
    assert len(kinds) == 48


def test_max_pool2d(modules):
    """600 images, some with a rest that fills no window, all of them with negative numbers."""
    rng = np.random.default_rng(2)
    cases, wanted, rests = [], [], set()
    for _ in range(600):
        size = int(rng.integers(1, 4))
        inputs = rng.normal(size=rng.integers([size, size, 1], [12, 12, 5]))
        cases.append([image(inputs), size])
        wanted.append(layers.MaxPool2D(size).forward(inputs[np.newaxis])[0])
        rests.add(inputs.shape[0] % size)
    for found, expected in zip(modules("kit/network", "maxPool2d", cases), wanted, strict=True):
        assert (found["height"], found["width"], found["channels"]) == expected.shape
        assert found["data"] == expected.ravel().tolist()
    assert rests == {0, 1, 2}


@pytest.mark.parametrize(
    ("function", "wanted"), [("relu", layers.ReLU().forward), ("sigmoid", layers.sigmoid)]
)
def test_functions_of_every_number(modules, function, wanted):
    """600 rows of numbers from tiny to large, 0 among them."""
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(600, 20)) * 10.0 ** rng.integers(-6, 3, (600, 20))
    rows[:, 0] = 0
    found = modules("kit/network", function, [[row] for row in rows.tolist()])
    np.testing.assert_allclose(found, wanted(rows), rtol=1e-5, atol=1e-12)
    assert np.abs(rows).max() > 300


def in_float64(model):
    """Return a network that computes in float64, as JavaScript does."""
    for layer in model.layers:
        layer.parameters = {key: value.astype(np.float64) for key, value in layer.parameters.items()}
    return model


def weights_of(model):
    """Return a network's weights as the page has them."""
    return {
        f"{position}.{key}": {"shape": value.shape, "data": value.ravel().tolist()}
        for position, layer in enumerate(model.layers)
        for key, value in layer.parameters.items()
    }


def some_digits(count):
    """Return test digits, every second one replaced by noise, one by nothing."""
    rng = np.random.default_rng(4)
    digits = mnist.scale(mnist.load("test")[0][:count]).astype(np.float64)
    digits[1::2] = rng.random(digits[1::2].shape) * (rng.random(digits[1::2].shape) > 0.5)
    digits[0] = 0
    return digits


def pages_network(modules, function, weights, digits):
    """Return what a network of kit/cnn makes of digits; the weights go to the page once."""
    prepare = f"((weights) => (pixels) => [weights, pixels])({json.dumps(weights)})"
    return modules("kit/cnn", function, [[digit.ravel().tolist()] for digit in digits], convert=prepare)


def test_the_classifiers_probabilities(modules):
    """500 digits: the ten probabilities."""
    digits, model = some_digits(500), in_float64(pretrained.load("cnn"))
    wanted = softmax(model.predict(digits))
    found = pages_network(modules, "pooledCnn", weights_of(model), digits)
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-12)
    assert len(set(wanted.argmax(axis=1))) > 5


def test_every_layer_of_the_classifier(modules):
    """12 digits: all maps and scores."""
    digits, model = some_digits(12), in_float64(pretrained.load("cnn"))
    found = pages_network(modules, "smallCnn", weights_of(model), digits)
    np.testing.assert_allclose([case["scores"] for case in found], model.predict(digits), rtol=1e-5)
    outputs = digits
    names = ["convolution_1", "relu_1", "pool_1", "convolution_2", "relu_2", "pool_2"]
    for name, layer in zip(names, model.layers, strict=False):
        outputs = layer.forward(outputs)
        data = np.reshape([case[name]["data"] for case in found], outputs.shape)
        np.testing.assert_allclose(data, outputs, rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize("name", _variants.NAMES.values())
def test_the_networks_with_and_without_pooling(modules, name):
    """125 digits for each of the four networks of the invariance meter."""
    digits, model = some_digits(125), in_float64(copy.deepcopy(_variants.load(name)))
    function = "pooledCnn" if name.startswith("pooled") else "stridedCnn"
    found = pages_network(modules, function, weights_of(model), digits)
    np.testing.assert_allclose(found, softmax(model.predict(digits)), rtol=1e-5, atol=1e-12)
