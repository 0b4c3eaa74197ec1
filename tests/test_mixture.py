import numpy as np
import pytest
from gradients import central_differences

from imagebook.layers import Dense
from imagebook.losses import cross_entropy
from imagebook.mixture import MixtureOfExperts, expert_by_class, load_balancing_loss
from imagebook.models import Sequential, accuracy
from imagebook.optim import Adam


def make_layer(*, top_k=2, balance=0.1, dtype=np.float64, n_experts=3):
    """Return a small mixture that takes four numbers and returns two."""
    rng = np.random.default_rng(0)
    return MixtureOfExperts(
        4, 2, n_experts=n_experts, hidden=5, top_k=top_k, rng=rng, balance=balance, dtype=dtype
    )


def make_constant_experts(top_k):
    """Return a mixture whose experts always answer 1, 10, 100 and whose gate scores x log 1, 2, 6."""
    rng = np.random.default_rng(0)
    options = {"n_experts": 3, "hidden": 1, "top_k": top_k, "rng": rng, "balance": 0, "dtype": np.float64}
    layer = MixtureOfExperts(1, 1, **options)
    layer.gate.parameters["weights"][:] = np.log([[1, 2, 6]])
    for expert, answer in zip(layer.experts, (1, 10, 100), strict=True):
        expert.layers[-1].parameters["weights"][:] = 0
        expert.layers[-1].parameters["bias"][:] = answer
    return layer


# Values by hand


@pytest.mark.parametrize(
    ("top_k", "expected"),
    [
        (3, (1 + 20 + 600) / 9),
        (2, (20 + 600) / 8),  # the weights 2/9 and 6/9 become 2/8 and 6/8
        (1, 600 / 9),  # alone it keeps its probability
    ],
)
def test_outputs_by_hand(top_k, expected):
    """With gate probabilities 1/9, 2/9, 6/9 and answers 1, 10, 100, y is the chosen ones' weighted sum."""
    layer = make_constant_experts(top_k)
    np.testing.assert_allclose(layer.forward([[1.0]]), [[expected]], rtol=1e-14)
    probabilities, chosen = layer.routing([[1.0]])
    np.testing.assert_allclose(probabilities, [[1 / 9, 2 / 9, 6 / 9]], rtol=1e-14)
    np.testing.assert_array_equal(chosen, [[2, 1, 0][:top_k]])


def test_gate_gradient_by_hand():
    """With weights 1/4 and 3/4 on answers 10 and 100, dy/dz is ± 1/4 · 3/4 · 90, and 0 for the third."""
    layer = make_constant_experts(2)
    layer.forward([[1.0]])
    layer.backward([[1.0]])
    np.testing.assert_allclose(layer.gradients["gate.bias"], [0, -135 / 8, 135 / 8], rtol=1e-13, atol=1e-13)


def test_load_balancing_loss_by_hand():
    """Choices 0, 0, 0, 1 give f = (3/4, 1/4), mean probabilities P = (5/8, 3/8), so L = 2 (15 + 3) / 32."""
    probabilities = [[0.75, 0.25], [0.75, 0.25], [0.75, 0.25], [0.25, 0.75]]
    loss, gradient = load_balancing_loss(probabilities, [[0], [0], [0], [1]])
    assert loss == 36 / 32
    np.testing.assert_array_equal(gradient, [[2 * 0.75 / 4, 2 * 0.25 / 4]] * 4)
    loss, _ = load_balancing_loss([[0.5, 0.5, 0, 0]], [[0, 1]])
    assert loss == 2  # E / k: the same two of four get everything


def test_expert_by_class_by_hand():
    """Each of an example's experts is counted in the row of its class; a class without examples stays 0."""
    table = expert_by_class(np.array([0, 2, 2], np.uint8), [[0, 1], [2, 1], [0, 1]], 4)
    np.testing.assert_array_equal(table, [[1, 1, 0, 0], [0, 0, 0, 0], [1, 2, 1, 0]])
    assert table.dtype == np.int64


# Properties


@pytest.mark.parametrize("top_k", [1, 2, 3])
@pytest.mark.parametrize("balance", [0.0, 0.5])
def test_gradients_agree_with_central_differences(top_k, balance):
    """The gradient is the slope of the weighted outputs plus `balance` times the load-balancing loss."""
    layer = make_layer(top_k=top_k, balance=balance)
    rng = np.random.default_rng(1)
    inputs, weighting = rng.normal(size=(6, 4)), rng.normal(size=(6, 2))
    near = np.sort(layer.routing(inputs)[0], axis=1)
    assert np.diff(near, axis=1).min() > 1e-4  # no step changes who is chosen

    def loss():
        return (
            np.sum(weighting * layer.forward(inputs))
            + balance * load_balancing_loss(*layer.routing(inputs))[0]
        )

    layer.forward(inputs)
    inputs_gradient = layer.backward(weighting)
    pairs = [(inputs, inputs_gradient)]
    pairs += [(layer.parameters[name], layer.gradients[name]) for name in layer.parameters]
    assert len(pairs) == 1 + 2 + 3 * 4
    for values, gradient in pairs:
        expected = central_differences(loss, values, step=1e-6)
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("top_k", [1, 2])
def test_an_expert_sees_only_the_examples_sent_to_it(top_k):
    """Spoiling one expert's answers changes exactly the outputs of the examples routed to it."""
    layer = make_layer(top_k=top_k)
    inputs = np.random.default_rng(1).normal(size=(50, 4))
    before, chosen = layer.forward(inputs), layer.routing(inputs)[1]
    layer.experts[1].layers[-1].parameters["bias"] += 1000
    changed = (layer.forward(inputs) != before).any(axis=1)
    np.testing.assert_array_equal(changed, (chosen == 1).any(axis=1))
    assert 0 < changed.sum() < 50


def test_a_single_expert_is_a_plain_network():
    """With one expert the gate says 1, and the mixture computes what that expert computes."""
    layer = make_layer(n_experts=1, top_k=1)
    inputs = np.random.default_rng(1).normal(size=(5, 4))
    np.testing.assert_array_equal(layer.forward(inputs), layer.experts[0].forward(inputs))


def test_equal_probabilities_go_to_the_experts_with_the_lower_numbers():
    """On an input of zeros all experts are alike to the gate; the first k are chosen."""
    np.testing.assert_array_equal(make_layer().routing(np.zeros((2, 4)))[1], [[0, 1], [0, 1]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_types_and_empty_batches(dtype):
    """Outputs and gradients have the layer's type, also for no examples at all."""
    layer = make_layer(dtype=dtype)
    for n in (0, 3):
        outputs = layer.forward(np.ones((n, 4)))
        inputs_gradient = layer.backward(np.ones((n, 2)))
        assert (outputs.shape, inputs_gradient.shape) == ((n, 2), (n, 4))
        assert outputs.dtype == inputs_gradient.dtype == dtype
        for name, parameter in layer.parameters.items():
            assert layer.gradients[name].shape == parameter.shape
            assert layer.gradients[name].dtype == dtype
        probabilities, chosen = layer.routing(np.ones((n, 4)))
        assert (probabilities.shape, chosen.shape) == ((n, 3), (n, 2))
    assert expert_by_class([], np.zeros((0, 2), int), 3).shape == (0, 3)


@pytest.mark.parametrize("top_k", [1, 2])
def test_a_mixture_learns_a_task_that_needs_its_gate(top_k):
    """Two groups of points with opposite labelling rules are told apart, in a model like any other."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(600, 2))
    group = rng.integers(2, size=600)
    labels = (inputs[:, 0] > 0) ^ (group == 1)
    inputs = np.column_stack([inputs, 3.0 * group - 1.5]).astype(np.float32)
    layer = MixtureOfExperts(3, 2, n_experts=4, hidden=4, top_k=top_k, rng=rng)
    model = Sequential([layer])
    options = {"loss": cross_entropy, "optimizer": Adam(learning_rate=0.02), "epochs": 15, "rng": rng}
    model.fit(inputs, labels.astype(np.int64), progress=False, **options)
    assert accuracy(model.predict(inputs), labels.astype(np.int64)) > 0.95


def test_balance_spreads_the_work():
    """A gate that sends everything to expert 0 is brought to use all experts by the balancing loss alone."""
    layer = make_layer(top_k=1, balance=1.0)
    layer.gate.parameters["bias"][0] = 5
    inputs = np.random.default_rng(1).normal(size=(200, 4))
    assert (layer.routing(inputs)[1] == 0).mean() > 0.95
    optimizer = Adam(learning_rate=0.05)
    for _ in range(200):
        layer.forward(inputs)
        layer.backward(np.zeros((200, 2)))
        optimizer.step([layer])
    counts = expert_by_class(np.zeros(200, int), layer.routing(inputs)[1], 3)[0]
    assert counts.min() > 40 and counts.max() < 100


def test_parameters_are_those_of_the_parts(tmp_path):
    """Saved and loaded as any layer, a mixture computes the same again: no part is left behind."""
    model = Sequential([make_layer()])
    other = Sequential([make_layer()])
    inputs = np.random.default_rng(1).normal(size=(5, 4))
    for parameter in model.layers[0].parameters.values():
        parameter += 0.1
    assert (model.predict(inputs) != other.predict(inputs)).all()
    model.save(tmp_path / "mixture.npz")
    other.load(tmp_path / "mixture.npz")
    np.testing.assert_array_equal(model.predict(inputs), other.predict(inputs))
    assert model.parameter_count == (4 * 3 + 3) + 3 * ((4 * 5 + 5) + (5 * 2 + 2))
    assert all(
        isinstance(part, Dense) for part in (model.layers[0].gate, model.layers[0].experts[0].layers[0])
    )


# Errors


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_experts": 0}, "n_experts must be at least 1, got 0"),
        ({"top_k": 0}, "top_k must be at least 1, got 0"),
        ({"top_k": 4}, "top_k must be at most n_experts, 3, got 4"),
        ({"balance": -1}, "balance must be at least 0, got -1"),
    ],
)
def test_impossible_mixtures_are_refused(options, message):
    """The message names the option, its range and what came."""
    with pytest.raises(ValueError, match=message):
        make_layer(**options)


def test_inputs_and_gradients_are_checked():
    """Wrong shapes are named; backward before forward is refused; rng must be a generator."""
    layer = make_layer()
    with pytest.raises(RuntimeError, match="MixtureOfExperts.backward must come after forward"):
        layer.backward(np.ones((1, 2)))
    with pytest.raises(ValueError, match=r"inputs must have shape \(N, 4\), got \(2, 5\)"):
        layer.forward(np.ones((2, 5)))
    with pytest.raises(ValueError, match=r"inputs must have shape \(N, 4\), got \(2, 5\)"):
        layer.routing(np.ones((2, 5)))
    layer.forward(np.ones((2, 4)))
    with pytest.raises(
        ValueError, match=r"gradient must have the shape of the outputs, \(2, 2\), got \(2, 3\)"
    ):
        layer.backward(np.ones((2, 3)))
    with pytest.raises(TypeError, match="rng must be a numpy.random.Generator"):
        MixtureOfExperts(4, 2, n_experts=3, hidden=5, top_k=1, rng=0)


@pytest.mark.parametrize(
    ("labels", "chosen", "error", "message"),
    [
        ([0, 1], [[0]], ValueError, "labels must hold one class per example, 1, got 2"),
        ([0.0], [[0]], TypeError, "labels must be integers"),
        ([-1, 0], [[0], [0]], ValueError, "labels must be classes from 0 to 0, got -1"),
        ([0], [[2]], ValueError, "chosen must be experts from 0 to 1, got 2"),
        ([0], [[0.0]], TypeError, "chosen must be integers, got dtype float64"),
        ([0], np.zeros((1, 0), int), ValueError, "chosen must name at least one expert per example"),
        ([0], [0], ValueError, "chosen must be an array with 2 dimensions"),
    ],
)
def test_wrong_tables_are_refused(labels, chosen, error, message):
    """Labels and choices must be integers in range, and as many."""
    with pytest.raises(error, match=message):
        expert_by_class(labels, chosen, 2)


def test_balancing_loss_checks_its_arguments():
    """There must be examples, and one row of choices for each."""
    with pytest.raises(ValueError, match=r"probabilities must not be empty, got shape \(0, 2\)"):
        load_balancing_loss(np.zeros((0, 2)), np.zeros((0, 1), int))
    with pytest.raises(ValueError, match="chosen must have one row per example, 1, got 2"):
        load_balancing_loss([[0.5, 0.5]], [[0], [1]])
