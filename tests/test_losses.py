import numpy as np
import pytest

from imagebook.layers import sigmoid
from imagebook.losses import binary_cross_entropy, class_labels, cross_entropy, mean_squared_error
from imagebook.softmax import softmax

RNG = np.random.default_rng(0)
CASES = [
    (mean_squared_error, RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3))),
    (cross_entropy, RNG.normal(size=(4, 3)), np.array([0, 2, 1, 1])),
    (binary_cross_entropy, RNG.normal(size=(4, 3)), RNG.random((4, 3))),
]
EVERY_LOSS = pytest.mark.parametrize(
    ("function", "predictions", "targets"), CASES, ids=[function.__name__ for function, _, _ in CASES]
)


def test_mean_squared_error_by_hand():
    """Errors of 1, 2, 0 and -3 have the mean square 14/4 and the gradients 2/4 times themselves."""
    loss, gradient = mean_squared_error([[1, 2], [3, 0]], [[0, 0], [3, 3]])
    assert loss == 3.5
    np.testing.assert_array_equal(gradient, [[0.5, 1], [0, -1.5]])


def test_cross_entropy_by_hand():
    """Odds 1 : 3 and 1 : 1, with the true class at 3/4 and 1/2, cost -(log 3/4 + log 1/2) / 2."""
    loss, gradient = cross_entropy(np.log([[1.0, 3.0], [2.0, 2.0]]), [1, 0])
    assert loss == pytest.approx(-(np.log(3 / 4) + np.log(1 / 2)) / 2, rel=1e-14)
    np.testing.assert_allclose(gradient, [[1 / 8, -1 / 8], [-1 / 4, 1 / 4]], rtol=1e-14)


def test_binary_cross_entropy_by_hand():
    """Odds of 3 : 1 for a target of 1 and even odds for a target of 0 cost -(log 3/4 + log 1/2) / 2."""
    loss, gradient = binary_cross_entropy(np.log([[3.0, 1.0]]), [[1, 0]])
    assert loss == pytest.approx(-(np.log(3 / 4) + np.log(1 / 2)) / 2, rel=1e-14)
    np.testing.assert_allclose(gradient, [[-1 / 8, 1 / 4]], rtol=1e-14)


@EVERY_LOSS
def test_gradients_match_central_differences(function, predictions, targets):
    """The gradient is the slope of the loss in every prediction."""
    expected = np.empty_like(predictions)
    for index in np.ndindex(predictions.shape):
        step = np.zeros_like(predictions)
        step[index] = 1e-5
        above, below = function(predictions + step, targets)[0], function(predictions - step, targets)[0]
        expected[index] = (above - below) / 2e-5
    np.testing.assert_allclose(function(predictions, targets)[1], expected, rtol=1e-6, atol=1e-9)


@EVERY_LOSS
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_gradient_has_the_type_of_the_predictions(function, predictions, targets, dtype):
    """Predictions of float32 get a float32 gradient, whatever the targets; the loss is a Python float."""
    loss, gradient = function(predictions.astype(dtype), targets)
    assert type(loss) is float
    assert gradient.dtype == dtype
    assert loss == pytest.approx(function(predictions, targets)[0], rel=1e-5)


@EVERY_LOSS
def test_losses_change_no_argument(function, predictions, targets):
    """Read-only, column-major arrays give the same loss and gradient."""
    odd = np.asfortranarray(predictions)
    odd.flags.writeable = False
    expected, gradient = function(predictions, targets)
    assert function(odd, targets)[0] == pytest.approx(expected, rel=1e-15)
    np.testing.assert_allclose(function(odd, targets)[1], gradient, rtol=1e-15)


def test_cross_entropy_is_stable():
    """A probability that underflows to 0 costs its distance in logits, a certain hit costs 0 (and not -0)."""
    loss, gradient = cross_entropy(np.float32([[1000, 0]]), [1])
    assert loss == 1000
    np.testing.assert_array_equal(gradient, [[1, -1]])
    assert str(cross_entropy([[1000.0, 0.0]], [0])[0]) == "0.0"


def test_binary_cross_entropy_is_stable():
    """A certain miss costs its logit on either side; the tiny cost of a near-certain hit is not lost."""
    assert binary_cross_entropy(np.float32([[1000]]), [[0]])[0] == 1000
    assert binary_cross_entropy(np.float32([[-1000]]), [[1]])[0] == 1000
    assert binary_cross_entropy(np.float32([[-30]]), [[0]])[0] == pytest.approx(np.exp(-30), rel=1e-6, abs=0)


def test_losses_agree_with_their_definitions():
    """From logits or from probabilities, where both can be computed, the losses are the same."""
    (_, logits, labels), (_, _, targets) = CASES[1], CASES[2]
    expected = -np.mean(np.log(softmax(logits, axis=1))[np.arange(4), labels])
    assert cross_entropy(logits, labels)[0] == pytest.approx(expected, rel=1e-12)
    p = sigmoid(logits)
    expected = -np.mean(targets * np.log(p) + (1 - targets) * np.log(1 - p))
    assert binary_cross_entropy(logits, targets)[0] == pytest.approx(expected, rel=1e-12)


def test_images_are_averaged_over_all_pixels():
    """The mean runs over every element: four times as many pixels with the same error cost the same."""
    for shape in ((2, 3, 3, 1), (2, 6, 6, 1)):
        loss, gradient = mean_squared_error(np.full(shape, 0.5), np.zeros(shape))
        assert loss == 0.25
        np.testing.assert_allclose(gradient, 1 / np.prod(shape), rtol=1e-15)


@pytest.mark.parametrize("function", [mean_squared_error, binary_cross_entropy])
def test_other_shapes_are_refused(function):
    """Targets must have the very shape of the predictions, even where broadcasting would accept another."""
    with pytest.raises(ValueError, match=r"targets must have the shape of \w+, \(2, 3\), got \(2, 1\)"):
        function(np.ones((2, 3)), np.ones((2, 1)))


@EVERY_LOSS
def test_a_mean_over_nothing_is_refused(function, predictions, targets):
    """No examples have no mean loss."""
    with pytest.raises(ValueError, match=r"must not be empty, got shape \(0, 3\)"):
        function(predictions[:0], targets[:0])


@EVERY_LOSS
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_diverged_predictions_are_refused(function, predictions, targets, value):
    """NaN or infinity, as from too high a learning rate, stops here."""
    with pytest.raises(ValueError, match="must be finite, got NaN or infinity"):
        function(np.full_like(predictions, value), targets)


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        ([0, 3], ValueError, "labels must be classes from 0 to 2, got 3"),
        ([-1, 0], ValueError, "labels must be classes from 0 to 2, got -1"),
        ([0], ValueError, "labels must hold one class per example, 2, got 1"),
        ([0.0, 1.0], TypeError, "labels must be integers, got dtype float64"),
        ([[1, 0, 0], [0, 1, 0]], ValueError, "labels must be an array with 1 dimension, got"),
    ],
)
def test_wrong_labels_are_refused(labels, error, message):
    """Classes outside the range, of the wrong number, of the wrong type or one-hot are named."""
    with pytest.raises(error, match=message):
        cross_entropy(np.zeros((2, 3)), labels)


def test_labels_become_indices():
    """Labels of any integer type, even none at all, come back as an array that can index."""
    for labels, n in ((np.array([2, 0], np.uint8), 2), ([], 0)):
        checked = class_labels(labels, n_examples=n, n_classes=3)
        assert checked.dtype == np.intp
        np.testing.assert_array_equal(checked, labels)


def test_targets_that_are_no_probabilities_are_refused():
    """Binary targets lie between 0 and 1: pixels from 0 to 255 were not scaled."""
    with pytest.raises(ValueError, match="targets must be between 0 and 1, got 0.0 to 255.0"):
        binary_cross_entropy(np.zeros((1, 2)), [[0, 255]])
