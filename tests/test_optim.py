import numpy as np
import pytest

from imagebook.layers import Layer
from imagebook.optim import SGD, Adam


def make_layer(value, gradient, dtype=np.float64):
    """Return a layer with one parameter and its gradient."""
    layer = Layer()
    layer.parameters["weights"] = np.array(value, dtype)
    layer.gradients["weights"] = np.array(gradient, dtype)
    return layer


def test_sgd_by_hand():
    """Without momentum each step is minus the learning rate times the gradient."""
    layer = make_layer([1.0, 2.0], [1.0, -3.0])
    optimizer = SGD(learning_rate=0.5)
    optimizer.step([layer])
    np.testing.assert_array_equal(layer.parameters["weights"], [0.5, 3.5])
    layer.gradients["weights"] = np.array([2.0, 0.0])
    optimizer.step([layer])
    np.testing.assert_array_equal(layer.parameters["weights"], [-0.5, 3.5])


def test_momentum_by_hand():
    """The velocity is 1, then 0.5 · 1 + 2 = 2.5, then 0.5 · 2.5 + 0 = 1.25; each step is -0.1 v."""
    layer = make_layer([0.0], [1.0])
    optimizer = SGD(learning_rate=0.1, momentum=0.5)
    for gradient, expected in ((1.0, -0.1), (2.0, -0.35), (0.0, -0.475)):
        layer.gradients["weights"] = np.array([gradient])
        optimizer.step([layer])
        np.testing.assert_allclose(layer.parameters["weights"], [expected], rtol=1e-15)


def test_weight_decay_by_hand():
    """The velocity is 1 + 0.5 · 2 = 2, then 0 + 0.5 · 1.8 = 0.9 (no momentum); each step is -0.1 v."""
    layer = make_layer([2.0], [1.0])
    optimizer = SGD(learning_rate=0.1, weight_decay=0.5)
    for gradient, expected in ((1.0, 1.8), (0.0, 1.71)):
        layer.gradients["weights"] = np.array([gradient])
        optimizer.step([layer])
        np.testing.assert_allclose(layer.parameters["weights"], [expected], rtol=1e-15)


def test_adam_by_hand():
    """With β₁ = 1/2, β₂ = 3/4 and gradients 2, then 4, the first two steps come out by hand.

    t = 1: m = 1, v = 1, m̂ = 1 / (1/2) = 2, v̂ = 1 / (1/4) = 4, step 2/√4 = 1.
    t = 2: m = 1/2 + 2 = 5/2, v = 3/4 + 4 = 19/4, m̂ = (5/2) / (3/4) = 10/3, v̂ = (19/4) / (7/16) = 76/7.
    """
    layer = make_layer([0.0], [2.0])
    optimizer = Adam(learning_rate=0.1, beta1=0.5, beta2=0.75, epsilon=1e-12)
    optimizer.step([layer])
    np.testing.assert_allclose(layer.parameters["weights"], [-0.1], rtol=1e-11)
    layer.gradients["weights"] = np.array([4.0])
    optimizer.step([layer])
    expected = -0.1 - 0.1 * (10 / 3) / np.sqrt(76 / 7)
    np.testing.assert_allclose(layer.parameters["weights"], [expected], rtol=1e-11)


def test_adam_epsilon_stands_outside_the_root():
    """The first step is η g / (|g| + ε): with g = ε = 1, half the learning rate."""
    layer = make_layer([0.0], [1.0])
    Adam(learning_rate=0.1, epsilon=1.0).step([layer])
    np.testing.assert_allclose(layer.parameters["weights"], [-0.05], rtol=1e-14)


def test_adam_first_step_ignores_the_scale_of_the_gradient():
    """Gradients of 1e-3, 1 and -1e3 all move their parameter by the learning rate."""
    layer = make_layer([0.0, 0.0, 0.0], [1e-3, 1.0, -1e3])
    Adam(learning_rate=0.01).step([layer])
    np.testing.assert_allclose(layer.parameters["weights"], [-0.01, -0.01, 0.01], rtol=1e-4)


@pytest.mark.parametrize(
    "optimizer", [SGD(learning_rate=0.1, momentum=0.9), Adam(learning_rate=0.1)], ids=["SGD", "Adam"]
)
def test_a_bowl_is_descended(optimizer):
    """On L = x² + 10 y² both end up at the minimum."""
    layer = make_layer([1.0, -1.0], [0.0, 0.0])
    for _ in range(500):
        layer.gradients["weights"] = np.array([2.0, 20.0]) * layer.parameters["weights"]
        optimizer.step([layer])
    np.testing.assert_allclose(layer.parameters["weights"], [0, 0], atol=1e-3)


@pytest.mark.parametrize("make", [lambda: SGD(learning_rate=0.1, momentum=0.9), Adam], ids=["SGD", "Adam"])
def test_parameters_change_in_place_and_keep_their_type(make):
    """float32 stays float32, even with float64 gradients, and whoever holds the array sees it change."""
    layer = make_layer([1.0], [1.0], np.float32)
    layer.gradients["weights"] = np.array([1.0])
    held = layer.parameters["weights"]
    optimizer = make()
    optimizer.step([layer])
    optimizer.step([layer])
    assert layer.parameters["weights"] is held
    assert held.dtype == np.float32
    assert held[0] < 1


@pytest.mark.parametrize("make", [lambda: SGD(learning_rate=0.1, momentum=0.9), Adam], ids=["SGD", "Adam"])
def test_every_parameter_has_a_state_of_its_own(make):
    """Two layers in one list move as each would alone, and gradients stay as they are."""
    together = [make_layer([1.0], [1.0]), Layer(), make_layer([1.0], [-5.0])]
    apart = [make_layer([1.0], [1.0]), make_layer([1.0], [-5.0])]
    optimizer, optimizers = make(), [make(), make()]
    for _ in range(3):
        optimizer.step(together)
        for one, layer in zip(optimizers, apart, strict=True):
            one.step([layer])
    for layer, alone in zip(together[::2], apart, strict=True):
        np.testing.assert_array_equal(layer.parameters["weights"], alone.parameters["weights"])
        np.testing.assert_array_equal(layer.gradients["weights"], alone.gradients["weights"])


@pytest.mark.parametrize("make", [lambda: SGD(learning_rate=0.1), Adam], ids=["SGD", "Adam"])
def test_a_missing_gradient_stops_the_whole_step(make):
    """A layer without gradients is named, and no other layer has moved."""
    ready, unready = make_layer([1.0], [1.0]), make_layer([1.0], [1.0])
    unready.gradients.clear()
    with pytest.raises(RuntimeError, match="layer 1 has no gradient for 'weights': backward comes first"):
        make().step([ready, unready])
    assert ready.parameters["weights"] == [1.0]


@pytest.mark.parametrize("make", [lambda: SGD(learning_rate=0.1), Adam], ids=["SGD", "Adam"])
def test_an_optimizer_belongs_to_one_model(make):
    """Used on a model of other shapes it says so."""
    optimizer = make()
    optimizer.step([make_layer([1.0], [1.0])])
    with pytest.raises(ValueError, match=r"of shape \(1,\), got \(2,\); use one optimizer per model"):
        optimizer.step([make_layer([1.0, 2.0], [1.0, 2.0])])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(learning_rate=0), "learning_rate must be more than 0, got 0"),
        (lambda: SGD(learning_rate=-1), "learning_rate must be more than 0, got -1"),
        (lambda: SGD(learning_rate=0.1, momentum=1), "momentum must be below 1, got 1"),
        (lambda: Adam(beta1=1.0), "beta1 must be below 1, got 1.0"),
        (lambda: Adam(beta2=-0.1), "beta2 must be between 0 and 1, got -0.1"),
        (lambda: Adam(epsilon=0.0), "epsilon must be more than 0, got 0.0"),
    ],
)
def test_impossible_settings_are_refused(make, message):
    """The message names the setting, its range and what came."""
    with pytest.raises(ValueError, match=message):
        make()
