import numpy as np
import pytest
from gradients import central_differences
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebook.layers import Conv2D, Dense, Flatten, ReLU
from imagebook.losses import cross_entropy
from imagebook.models import Sequential, accuracy
from imagebook.optim import Adam
from imagebook.posttraining import (
    dequantize,
    distill,
    distillation_loss,
    preference_loss,
    quantize,
    quantize_model,
)
from imagebook.softmax import log_softmax, softmax

# Distillation


def test_distillation_loss_by_hand():
    """At T = 2 logits of 2 log 3 and 0 mean 3/4, 1/4: L = 4 (3/4 log 3/2 + 1/4 log 1/2), slope 2 (q - p)."""
    loss, gradient = distillation_loss([[0.0, 0.0]], [[2 * np.log(3), 0.0]], temperature=2)
    assert loss == pytest.approx(4 * (0.75 * np.log(1.5) + 0.25 * np.log(0.5)), rel=1e-14)
    np.testing.assert_allclose(gradient, [[-0.5, 0.5]], rtol=1e-14)


@pytest.mark.parametrize("temperature", [0.5, 1, 4])
def test_distillation_gradient_agrees_with_central_differences(temperature):
    """The gradient is the slope of the loss with respect to the student's logits."""
    rng = np.random.default_rng(0)
    logits, teacher_logits = rng.normal(size=(2, 5, 3))
    _, gradient = distillation_loss(logits, teacher_logits, temperature=temperature)
    expected = central_differences(
        lambda: distillation_loss(logits, teacher_logits, temperature=temperature)[0], logits, step=1e-6
    )
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-9)


def test_distillation_from_a_certain_teacher_is_cross_entropy():
    """At T = 1 a teacher without doubt gives the loss and the gradient of its labels."""
    logits = np.random.default_rng(0).normal(size=(4, 3))
    labels = np.array([0, 2, 1, 2])
    teacher_logits = 1000.0 * np.eye(3)[labels]
    loss, gradient = distillation_loss(logits, teacher_logits, temperature=1)
    expected_loss, expected_gradient = cross_entropy(logits, labels)
    assert loss == pytest.approx(expected_loss, rel=1e-12)
    np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-12)


def test_high_temperatures_match_logits():
    """For large T and logits of mean 0 the gradient tends to (z - v) / (N K) (Hinton et al. 2015, eq. 4)."""
    logits, teacher_logits = np.array([[1.0, -1.0, 0.0]]), np.array([[0.0, 2.0, -2.0]])
    _, gradient = distillation_loss(logits, teacher_logits, temperature=1e4)
    np.testing.assert_allclose(gradient, (logits - teacher_logits) / 3, rtol=1e-3)


def test_a_student_that_agrees_has_nothing_to_learn():
    """Equal logits, or logits shifted by a constant, give loss and gradient 0; float32 stays float32."""
    logits = np.array([[1, 2, 4]], np.float32)
    loss, gradient = distillation_loss(logits, logits + 8, temperature=3)
    assert loss == 0
    assert gradient.dtype == np.float32
    np.testing.assert_array_equal(gradient, [[0, 0, 0]])


def make_task():
    """Return points in the plane and their classes, three sectors around the origin."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(600, 2)).astype(np.float32)
    labels = ((np.arctan2(inputs[:, 1], inputs[:, 0]) + np.pi) // (2 * np.pi / 3)).clip(0, 2).astype(np.int64)
    return inputs, labels


def make_network(hidden, seed):
    """Return an untrained network for `make_task`."""
    rng = np.random.default_rng(seed)
    return Sequential([Dense(2, hidden, rng=rng), ReLU(), Dense(hidden, 3, rng=rng)])


def test_a_student_learns_from_its_teacher_without_labels():
    """The student ends up agreeing with the teacher, whose parameters stay as they were."""
    inputs, labels = make_task()
    rng = np.random.default_rng(1)
    teacher, student = make_network(32, 2), make_network(8, 3)
    options = {"epochs": 20, "rng": rng, "progress": False}
    teacher.fit(inputs, labels, loss=cross_entropy, optimizer=Adam(learning_rate=0.02), **options)
    before = [array.copy() for layer in teacher.layers for array in layer.parameters.values()]
    answers = teacher.predict(inputs).argmax(axis=1)
    assert accuracy(student.predict(inputs), answers) < 0.7
    history = distill(student, teacher, inputs, temperature=2, optimizer=Adam(learning_rate=0.02), **options)
    assert accuracy(student.predict(inputs), answers) > 0.93
    assert history["loss"][-1] < history["loss"][0] / 10
    after = [array for layer in teacher.layers for array in layer.parameters.values()]
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)


def test_distillation_checks_its_arguments():
    """Logits must have one shape and be finite, T positive, the models two models."""
    with pytest.raises(
        ValueError, match=r"teacher_logits must have the shape of logits, \(1, 2\), got \(1, 3\)"
    ):
        distillation_loss([[0, 0]], [[0, 0, 0]], temperature=1)
    with pytest.raises(ValueError, match="temperature must be more than 0, got 0"):
        distillation_loss([[0, 0]], [[0, 0]], temperature=0)
    with pytest.raises(ValueError, match=r"logits must not be empty, got shape \(0, 2\)"):
        distillation_loss(np.zeros((0, 2)), np.zeros((0, 2)), temperature=1)
    with pytest.raises(ValueError, match="teacher_logits must be finite"):
        distillation_loss([[0.0, 0.0]], [[0.0, np.inf]], temperature=1)
    model, inputs = make_network(2, 0), np.zeros((1, 2))
    options = {"optimizer": Adam(), "epochs": 1, "rng": np.random.default_rng(0)}
    with pytest.raises(ValueError, match="student and teacher must be two models, got one"):
        distill(model, model, inputs, temperature=1, **options)
    with pytest.raises(TypeError, match="student must be a Sequential, got None"):
        distill(None, model, inputs, temperature=1, **options)
    with pytest.raises(TypeError, match="teacher must be a Sequential, got None"):
        distill(model, None, inputs, temperature=1, **options)
    with pytest.raises(ValueError, match="temperature must be more than 0, got -1"):
        distill(model, make_network(2, 1), inputs, temperature=-1, **options)


# Quantisation


def test_quantize_by_hand():
    """With a largest weight of 254 the step is 2; halves go to the even neighbour; 0 stays 0."""
    values, scale = quantize([[254.0, 0.0], [3.0, 0.0], [-5.0, 0.0], [0.9, 0.0], [-254.0, 0.0]])
    np.testing.assert_array_equal(scale, [2, 1])
    np.testing.assert_array_equal(values[:, 0], [127, 2, -2, 0, -127])  # 1.5 and -2.5 are halfway
    np.testing.assert_array_equal(values[:, 1], 0)
    np.testing.assert_array_equal(dequantize(values, scale)[:, 0], [254, 4, -4, 0, -254])


@settings(derandomize=True, deadline=None, max_examples=100)
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=4),
    size=st.floats(1e-20, 1e20),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_no_weight_moves_by_more_than_half_a_step(seed, shape, size, dtype):
    """Every weight comes back within s / 2, the largest of a channel as ±127, and types are kept."""
    array = (size * np.random.default_rng(seed).normal(size=shape)).astype(dtype)
    values, scale = quantize(array)
    assert (values.dtype, scale.dtype, scale.shape) == (np.int8, dtype, (shape[-1],))
    assert values.min() >= -127
    np.testing.assert_array_equal(np.abs(values.reshape(-1, shape[-1]).astype(int)).max(axis=0), 127)
    restored = dequantize(values, scale)
    assert (restored.dtype, restored.shape) == (dtype, array.shape)
    assert (np.abs(restored - array) <= scale * 0.50001).all()


def test_one_scale_per_channel_protects_small_weights():
    """A channel of weights about 0.01 survives beside one of 100; with one scale it would not."""
    array = np.column_stack([np.linspace(-100, 100, 21), np.linspace(-0.01, 0.01, 21)])
    values, scale = quantize(array)
    assert np.abs(dequantize(values, scale) - array)[:, 1].max() < 1e-4
    values, scale = quantize(array.reshape(-1, 1))
    np.testing.assert_array_equal(dequantize(values, scale).reshape(-1, 2)[:, 1], 0)


@pytest.mark.parametrize(
    ("steps", "expected_value", "expected_scale"),
    [(-254, -127, 2 * 2.0**-1074), (-190, -127, 2.0**-1074), (5, 0, 1)],
)
def test_tiny_weights_neither_wrap_around_nor_divide_by_zero(steps, expected_value, expected_scale):
    """In units of 2^-1074, the smallest float64, the scale is 2, 1 instead of 190 / 127, or nothing."""
    values, scale = quantize([[steps * 2.0**-1074]])
    assert (values[0, 0], scale[0]) == (expected_value, expected_scale)


def test_quantize_model_changes_a_copy_and_counts_bytes():
    """Weights become multiples of their scale, biases and original stay; bytes are counted by hand."""
    rng = np.random.default_rng(0)
    model = Sequential([Conv2D(1, 4, 3, rng=rng), ReLU(), Flatten(), Dense(16, 3, rng=rng)])
    for layer in (model.layers[0], model.layers[3]):
        layer.parameters["bias"][:] = rng.normal(size=layer.parameters["bias"].shape)
    before = [{name: array.copy() for name, array in layer.parameters.items()} for layer in model.layers]
    quantized, bytes_before, bytes_after = quantize_model(model)
    assert bytes_before == 4 * (36 + 4 + 48 + 3)
    assert bytes_after == (36 + 48) + 4 * (4 + 3) + 4 * (4 + 3)
    for layer, copied, original in zip(model.layers, quantized.layers, before, strict=True):
        assert layer is not copied
        for name, array in original.items():
            np.testing.assert_array_equal(layer.parameters[name], array)
            expected = dequantize(*quantize(array)) if name == "weights" else array
            np.testing.assert_array_equal(copied.parameters[name], expected)
    images = rng.random((5, 4, 4, 1))
    difference = np.abs(quantized.predict(images) - model.predict(images)).max()
    assert 0 < difference < 0.02 * np.abs(model.predict(images)).max()


def test_quantize_checks_its_arguments():
    """Weights must be finite and there; values int8; scales positive, one per channel."""
    with pytest.raises(ValueError, match="array must be finite"):
        quantize([np.nan])
    with pytest.raises(ValueError, match=r"array must not be empty, got shape \(0, 3\)"):
        quantize(np.zeros((0, 3)))
    with pytest.raises(TypeError, match="values must be of dtype int8, got int64"):
        dequantize(np.zeros((1, 1), np.int64), [1.0])
    with pytest.raises(ValueError, match="scale must have one value per channel, 2, got 1"):
        dequantize(np.zeros((1, 2), np.int8), [1.0])
    with pytest.raises(ValueError, match="scale must be more than 0, got 0.0"):
        dequantize(np.zeros((1, 1), np.int8), [0.0])
    with pytest.raises(TypeError, match="model must be a Sequential, got None"):
        quantize_model(None)


# Preferences


def test_preference_loss_by_hand():
    """β = 1/2, differences 2 log 3 + 0: m = log 3, σ(-m) = 1/4, L = log(4/3), slope ∓ 1/8."""
    loss, chosen_gradient, rejected_gradient = preference_loss(
        [2 * np.log(3) - 5], [-5.0], reference_chosen=[-1.0], reference_rejected=[-1.0], beta=0.5
    )
    assert loss == pytest.approx(np.log(4 / 3), rel=1e-14)
    np.testing.assert_allclose(chosen_gradient, [-1 / 8], rtol=1e-14)
    np.testing.assert_allclose(rejected_gradient, [1 / 8], rtol=1e-14)


def test_preference_gradients_agree_with_central_differences():
    """Both gradients are the slopes of the loss."""
    chosen, rejected, reference_chosen, reference_rejected = np.random.default_rng(0).normal(size=(4, 6))
    reference = {"reference_chosen": reference_chosen, "reference_rejected": reference_rejected, "beta": 0.7}
    _, chosen_gradient, rejected_gradient = preference_loss(chosen, rejected, **reference)

    def loss():
        return preference_loss(chosen, rejected, **reference)[0]

    expected = central_differences(loss, chosen, step=1e-6)
    np.testing.assert_allclose(chosen_gradient, expected, rtol=1e-6)
    expected = central_differences(loss, rejected, step=1e-6)
    np.testing.assert_allclose(rejected_gradient, expected, rtol=1e-6)


def test_preference_loss_neither_overflows_nor_vanishes():
    """A pair that is wrong by 10,000 costs 10,000; one that is right by as much costs nothing."""
    reference = {"reference_chosen": [0.0], "reference_rejected": [0.0], "beta": 1}
    loss, gradient, _ = preference_loss([-10_000.0], [0.0], **reference)
    assert (loss, gradient[0]) == (10_000, -1)
    loss, gradient, _ = preference_loss([0.0], [-10_000.0], **reference)
    assert (loss, gradient[0]) == (0, 0)


def test_preference_gradients_keep_their_type():
    """float32 log-likelihoods get float32 gradients."""
    ones = np.ones(2, np.float32)
    _, *gradients = preference_loss(ones, ones, reference_chosen=ones, reference_rejected=ones)
    assert [gradient.dtype for gradient in gradients] == [np.float32, np.float32]


REFERENCE = np.log([0.5, 0.3, 0.2])

# Outcomes of worth 1, 2 and 4, compared as often as Bradley and Terry say: 2 beats 1 in 2 of 3 comparisons,
# 4 beats 1 in 4 of 5, and 4 beats 2 in 2 of 3.
CHOSEN = np.array([0, 1, 1, 0, 2, 2, 2, 2, 1, 2, 2])
REJECTED = np.array([1, 0, 0, 2, 0, 0, 0, 0, 2, 1, 1])


def tuned(*, beta, steps, learning_rate):
    """Return the probabilities of a categorical sampler, begun as the reference, after preference tuning."""
    logits = REFERENCE.copy()
    reference = log_softmax(REFERENCE)
    for _ in range(steps):
        log_likelihood = log_softmax(logits)
        _, chosen_gradient, rejected_gradient = preference_loss(
            log_likelihood[CHOSEN],
            log_likelihood[REJECTED],
            reference_chosen=reference[CHOSEN],
            reference_rejected=reference[REJECTED],
            beta=beta,
        )
        slope = np.zeros(3)  # of the loss with respect to each log-likelihood
        np.add.at(slope, CHOSEN, chosen_gradient)
        np.add.at(slope, REJECTED, rejected_gradient)
        logits -= learning_rate * (slope - softmax(logits) * slope.sum())
    return softmax(logits)


@pytest.mark.parametrize("beta", [1.0, 2.0])
def test_preference_tuning_ends_at_the_reference_times_the_worth(beta):
    """The best policy is π₀ exp(r / β) up to a factor (Rafailov et al. 2023, eq. 4), here π₀ worth^(1/β)."""
    expected = np.exp(REFERENCE) * np.array([1, 2, 4]) ** (1 / beta)
    expected /= expected.sum()
    probabilities = tuned(beta=beta, steps=600, learning_rate=4 / beta**2)
    np.testing.assert_allclose(probabilities, expected, rtol=1e-6)
    assert probabilities[2] > 0.2 and probabilities[0] < 0.5


def test_a_larger_beta_stays_closer_to_the_reference():
    """The Kullback-Leibler divergence from the reference falls as β grows, and is never 0 here."""
    divergences = []
    for beta in (0.5, 1, 2, 4):
        probabilities = tuned(beta=beta, steps=600, learning_rate=4 / beta**2)
        divergences.append(np.sum(probabilities * (np.log(probabilities) - REFERENCE)))
    assert divergences == sorted(divergences, reverse=True)
    assert divergences[-1] > 1e-3


def test_preference_loss_checks_its_arguments():
    """Four finite values per pair, at least one pair, β above 0."""
    with pytest.raises(ValueError, match="rejected must hold one value per pair, 1, got 2"):
        preference_loss([0], [0, 0], reference_chosen=[0], reference_rejected=[0])
    with pytest.raises(ValueError, match="reference_chosen must hold one value per pair, 1, got 0"):
        preference_loss([0], [0], reference_chosen=[], reference_rejected=[0])
    with pytest.raises(ValueError, match="reference_rejected must be finite"):
        preference_loss([0], [0], reference_chosen=[0], reference_rejected=[-np.inf])
    with pytest.raises(ValueError, match=r"chosen must not be empty, got shape \(0,\)"):
        preference_loss([], [], reference_chosen=[], reference_rejected=[])
    with pytest.raises(ValueError, match="beta must be more than 0, got 0"):
        preference_loss([0], [0], reference_chosen=[0], reference_rejected=[0], beta=0)
