import numpy as np
import pytest
from gradients import central_differences

from imagebook import mnist
from imagebook.attention import TransformerBlock
from imagebook.layers import Conv2D, Dense, Flatten, ReLU
from imagebook.losses import mean_squared_error
from imagebook.mixture import MixtureOfExperts
from imagebook.models import Sequential
from imagebook.optim import SGD, Adam
from imagebook.transfer import (
    LowRankAdapter,
    additive_fine_tuning,
    digit_canvas,
    freeze,
    full_fine_tuning,
    low_rank_fine_tuning,
    partial_fine_tuning,
    replace_head,
    trained_parameters,
    unfreeze,
)

INPUTS = np.random.default_rng(1).normal(size=(20, 4))
TARGETS = np.random.default_rng(2).normal(size=(20, 2))


def make_model():
    """Return a network of four numbers into two: 4 · 5 + 5 and 5 · 2 + 2 parameters."""
    rng = np.random.default_rng(0)
    return Sequential(
        [Dense(4, 5, rng=rng, dtype=np.float64), ReLU(), Dense(5, 2, rng=rng, dtype=np.float64)]
    )


def parameters_of(layers):
    """Return copies of all parameters of layers, in order."""
    return [array.copy() for layer in layers for array in layer.parameters.values()]


def changed(before, layers):
    """Return for each parameter whether it is another than before."""
    return [bool((one != other).any()) for one, other in zip(before, parameters_of(layers), strict=True)]


def train(model, targets=TARGETS, optimizer=None):
    """Train a model for an epoch, with momentum: a velocity from before would go on moving."""
    optimizer = optimizer or SGD(learning_rate=0.01, momentum=0.9)
    options = {
        "loss": mean_squared_error,
        "optimizer": optimizer,
        "epochs": 1,
        "rng": np.random.default_rng(3),
    }
    model.fit(INPUTS, targets, batch_size=5, progress=False, **options)


# Freezing


def make_composite():
    """Return a model of a transformer block and of a mixture of experts, and inputs for its two halves."""
    rng = np.random.default_rng(0)
    block = TransformerBlock(4, 2, 3, rng=rng, dtype=np.float64)
    experts = MixtureOfExperts(4, 2, n_experts=2, hidden=3, top_k=2, rng=rng, dtype=np.float64)
    return (Sequential([block]), rng.normal(size=(5, 3, 4))), (Sequential([experts]), rng.normal(size=(5, 4)))


@pytest.mark.parametrize("make", [lambda: SGD(learning_rate=0.01, momentum=0.9), Adam], ids=["SGD", "Adam"])
@pytest.mark.parametrize("which", [0, 1], ids=["block", "experts"])
def test_frozen_parts_of_layers_do_not_move(make, which):
    """A frozen part keeps its parameters while the others change; unfreezing the whole frees it too."""
    model, inputs = make_composite()[which]
    (layer,) = model.layers
    frozen = ["attention", "mlp_in"] if which == 0 else ["gate", "expert1.0"]
    freeze([layer.parts[name] for name in frozen])
    rest = [parameter for name, parameter in layer.parameters.items() if name.rsplit(".", 1)[0] not in frozen]
    assert trained_parameters(model) == sum(parameter.size for parameter in rest)
    before = {name: parameter.copy() for name, parameter in layer.parameters.items()}
    model.forward(inputs)
    model.backward(np.random.default_rng(1).normal(size=model.forward(inputs).shape))
    make().step(model.layers)
    moved = {name for name, parameter in layer.parameters.items() if (parameter != before[name]).any()}
    assert moved == {name for name in before if name.rsplit(".", 1)[0] not in frozen}
    unfreeze([layer])
    assert trained_parameters(model) == model.parameter_count


def test_layers_freeze_with_all_their_parts():
    """Freezing a block freezes each part of it; a part that is freed again moves only if the block does."""
    (model, _inputs), _ = make_composite()
    freeze(model.layers)
    assert all(part.frozen for part in model.layers[0].parts.values())
    assert trained_parameters(model) == 0
    unfreeze([model.layers[0].parts["attention"]])
    assert trained_parameters(model) == 0
    model.layers[0].frozen = False
    assert trained_parameters(model) == 4 * 12 + 12 + 4 * 4 + 4
    assert trained_parameters(full_fine_tuning(model)) == model.parameter_count


@pytest.mark.parametrize("make", [lambda: SGD(learning_rate=0.01, momentum=0.9), Adam], ids=["SGD", "Adam"])
def test_frozen_layers_do_not_move(make):
    """Frozen from the start or half way, a layer stays; the others go on; unfrozen, it moves again."""
    model, optimizer = make_model(), make()
    train(model, optimizer=optimizer)
    freeze(model.layers[:1])
    before = parameters_of(model.layers)
    train(model, optimizer=optimizer)
    assert changed(before, model.layers) == [False, False, True, True]
    unfreeze(model.layers)
    train(model, optimizer=optimizer)
    assert changed(before, model.layers) == [True, True, True, True]


def test_a_frozen_layer_passes_its_gradient_on():
    """The layer before a frozen one gets the gradient that it would get otherwise, and trains."""
    model, frozen = make_model(), make_model()
    freeze(frozen.layers[2:])
    for one in (model, frozen):
        one.forward(INPUTS)
    np.testing.assert_array_equal(model.backward(TARGETS), frozen.backward(TARGETS))
    before = parameters_of(frozen.layers)
    train(frozen)
    assert changed(before, frozen.layers) == [True, True, False, False]


def test_a_frozen_layer_needs_no_gradient():
    """An optimizer passes over a frozen layer that never saw backward."""
    layer = make_model().layers[0]
    freeze([layer])
    SGD(learning_rate=0.1).step([layer])
    unfreeze([layer])
    with pytest.raises(RuntimeError, match="layer 0 has no gradient for 'weights'"):
        SGD(learning_rate=0.1).step([layer])


def test_trained_parameters_by_hand():
    """25 + 12 numbers; freezing the first layer leaves 12, freezing all leaves none."""
    model = make_model()
    assert trained_parameters(model) == model.parameter_count == 37
    freeze(model.layers[:2])
    assert (trained_parameters(model), model.parameter_count) == (12, 37)
    freeze(model.layers)
    assert trained_parameters(model) == 0


# New heads and the strategies


def test_a_new_head_shares_the_body():
    """The new network has the old layers, not copies, and the old network is as it was."""
    model, head = make_model(), [Dense(5, 1, rng=np.random.default_rng(0))]
    expected = model.predict(INPUTS)
    other = replace_head(model, head)
    assert [a is b for a, b in zip(other.layers, model.layers[:2] + head, strict=True)] == [True] * 3
    assert other.predict(INPUTS).shape == (20, 1)
    np.testing.assert_array_equal(model.predict(INPUTS), expected)
    assert len(replace_head(model, head, n_layers=2).layers) == 2
    assert len(replace_head(model, [Dense(2, 1, rng=np.random.default_rng(0))], n_layers=0).layers) == 4


STRATEGIES = {
    "full": (full_fine_tuning, 37, [True] * 4),
    "last layer": (lambda model: partial_fine_tuning(model, n_layers=1), 12, [False, False, True, True]),
    "ReLU counts": (lambda model: partial_fine_tuning(model, n_layers=2), 12, [False, False, True, True]),
    "all layers": (lambda model: partial_fine_tuning(model, n_layers=3), 37, [True] * 4),
    "new layer": (
        lambda model: additive_fine_tuning(model, [Dense(2, 2, rng=np.random.default_rng(0))]),
        6,
        [False] * 4 + [True, True],
    ),
    "adapters": (
        lambda model: low_rank_fine_tuning(model, 1, rng=np.random.default_rng(0)),
        (4 + 5) + (5 + 2),
        [True] * 4,  # A and B of two adapters
    ),
}


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("frozen", [False, True])
def test_a_strategy_trains_what_it_says_and_leaves_the_model_alone(name, frozen):
    """Exactly the announced parameters move, whatever was frozen; the pre-trained model keeps its own."""
    strategy, n_trained, moved = STRATEGIES[name]
    model = make_model()
    if frozen:
        freeze(model.layers)
    before = parameters_of(model.layers)
    tuned = strategy(model)
    assert trained_parameters(tuned) == n_trained
    start = parameters_of(tuned.layers)
    for _ in range(2):  # B starts at 0, so that A has no gradient on the first step
        train(tuned)
    assert changed(start, tuned.layers) == moved
    assert not any(changed(before, model.layers))
    assert [layer.frozen for layer in model.layers] == [frozen] * 3


def test_added_layers_are_copied():
    """The result trains its new layers, even frozen ones, and leaves the given ones as they were."""
    layer = Dense(2, 2, rng=np.random.default_rng(0))
    freeze([layer])
    before = parameters_of([layer])
    tuned = additive_fine_tuning(make_model(), [layer])
    train(tuned)
    assert changed(before, tuned.layers[-1:]) == [True, True]
    assert changed(before, [layer]) == [False, False] and layer.frozen


# Low-rank adaptation


def make_adapter(rank=2, scale=0.5, dtype=np.float64):
    """Return an adapter whose B is no longer 0."""
    rng = np.random.default_rng(0)
    adapter = LowRankAdapter(Dense(4, 3, rng=rng, dtype=dtype), rank, rng=rng, scale=scale)
    adapter.parameters["B"][:] = rng.normal(size=(rank, 3))
    return adapter


def test_adapter_by_hand():
    """With x = (1, 2), W = I, b = (10, 20), A = (1, 1)ᵀ, B = (3, 5), s = 2: y = (11, 22) + 2 · 3 (3, 5)."""
    dense = Dense(2, 2, rng=np.random.default_rng(0))
    dense.parameters["weights"][:] = np.eye(2)
    dense.parameters["bias"][:] = [10, 20]
    adapter = LowRankAdapter(dense, 1, rng=np.random.default_rng(0), scale=2)
    adapter.parameters["A"][:], adapter.parameters["B"][:] = 1, [3, 5]
    np.testing.assert_array_equal(adapter.forward([[1, 2]]), [[29, 52]])
    np.testing.assert_array_equal(
        adapter.backward([[1, 0]]), [[1 + 2 * 3, 2 * 3]]
    )  # the first row of (W + s A B)ᵀ
    np.testing.assert_array_equal(adapter.gradients["A"], [[6], [12]])  # s xᵀ (dL/dy · B)
    np.testing.assert_array_equal(adapter.gradients["B"], [[6, 0]])  # s x A dL/dy
    np.testing.assert_array_equal(adapter.merge().parameters["weights"], [[7, 10], [6, 11]])


def test_adapter_gradients_agree_with_central_differences():
    """The gradients are the slopes with respect to x, A and B."""
    adapter = make_adapter()
    inputs, weighting = INPUTS[:5].copy(), np.random.default_rng(4).normal(size=(5, 3))
    adapter.forward(inputs)
    pairs = [(inputs, adapter.backward(weighting))]
    pairs += [(adapter.parameters[name], adapter.gradients[name]) for name in ("A", "B")]
    for values, gradient in pairs:
        expected = central_differences(lambda: np.sum(weighting * adapter.forward(inputs)), values)
        np.testing.assert_allclose(gradient, expected, rtol=1e-7, atol=1e-8)


def test_a_merged_adapter_computes_the_same():
    """Merging gives a plain, trainable dense layer with the same outputs; adapter and original stay."""
    adapter = make_adapter()
    freeze([adapter.dense])
    before = parameters_of([adapter, adapter.dense])
    merged = adapter.merge()
    assert type(merged) is Dense and not merged.frozen
    np.testing.assert_allclose(merged.forward(INPUTS), adapter.forward(INPUTS), rtol=1e-12)
    assert (merged.parameters["weights"] != adapter.dense.parameters["weights"]).all()
    assert not any(changed(before, [adapter, adapter.dense]))


def test_low_rank_fine_tuning_starts_at_the_model():
    """Before the first step the adapted copy computes bit by bit what the model does."""
    model = make_model()
    adapted = low_rank_fine_tuning(model, 2, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(adapted.predict(INPUTS), model.predict(INPUTS))


def test_low_rank_fine_tuning_freezes_what_is_not_dense():
    """Of a convolution with 10 and a dense layer with 8 + 2 parameters, 4 + 2 of the adapter are trained."""
    rng = np.random.default_rng(0)
    model = Sequential([Conv2D(1, 1, 3, rng=rng), Flatten(), Dense(4, 2, rng=rng)])
    adapted = low_rank_fine_tuning(model, 1, rng=rng)
    assert trained_parameters(adapted) == 6
    assert not model.layers[0].frozen


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_adapter_types_and_empty_batches(dtype):
    """The adapter has the type of its dense layer, also for no examples."""
    adapter = make_adapter(dtype=dtype)
    for n in (0, 2):
        assert adapter.forward(np.ones((n, 4))).dtype == dtype
        assert adapter.backward(np.ones((n, 3))).shape == (n, 4)
        assert {gradient.dtype for gradient in adapter.gradients.values()} == {np.dtype(dtype)}


# Counting


def pieces(canvas):
    """Return how many groups of pixels with ink, connected along edges or corners, a canvas has."""
    waiting = {tuple(place) for place in np.argwhere(canvas > 0)}
    count = 0
    while waiting:
        count += 1
        border = [waiting.pop()]
        while border:
            row, column = border.pop()
            near = {(row + i, column + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & waiting
            waiting -= near
            border += near
    return count


@pytest.mark.parametrize("shape", [(56, 56), (40, 80)])
def test_canvases_show_as_many_digits_as_their_target(shape):
    """Blocks as large as a digit may be, 20 x 20, stay whole and apart: as many pieces as the target says."""
    blocks = np.zeros((3, 28, 28), np.float32)
    for block, (height, width) in zip(blocks, [(20, 20), (20, 4), (13, 16)], strict=True):
        block[4 : 4 + height, 4 : 4 + width] = 0.5
    counts = np.repeat(np.arange(5, dtype=np.uint8), 10)
    canvases, targets = digit_canvas(blocks, counts, np.random.default_rng(0), shape=shape)
    assert (canvases.shape, targets.shape) == ((50, *shape, 1), (50, 1))
    assert canvases.dtype == targets.dtype == np.float32
    np.testing.assert_array_equal(targets[:, 0], counts)
    assert [pieces(canvas[:, :, 0]) for canvas in canvases] == counts.tolist()
    areas = set((canvases[:, :, :, 0] > 0).sum(axis=(1, 2))[10:20].tolist())
    assert areas <= {400, 80, 208} and len(areas) > 1


def test_canvases_hold_the_digits_of_mnist_whole():
    """The ink of a canvas with one digit is the ink of a digit; (N, 28, 28, 1) is taken as well."""
    digits = mnist.scale(mnist.load("test")[0][:20])
    canvases, _ = digit_canvas(digits, [1] * 30, np.random.default_rng(0), shape=(40, 80))
    sums = digits.sum(axis=(1, 2, 3), dtype=np.float64)
    for canvas in canvases:
        assert np.abs(sums - canvas.sum(dtype=np.float64)).min() < 1e-3


def test_a_layout_without_room_is_drawn_again():
    """Two 2 x 2 blocks on 2 x 6 pixels fit unless the first lies in the middle; no canvas fails for that."""
    canvases, _ = digit_canvas(np.ones((1, 2, 2)), [2] * 50, np.random.default_rng(0), shape=(2, 6))
    np.testing.assert_array_equal(canvases.sum(axis=(1, 2, 3)), 8)


def test_every_place_is_possible():
    """One pixel on a 2 x 3 canvas is found at each of the six places about equally often."""
    canvases, _ = digit_canvas(np.ones((1, 1, 1)), [1] * 600, np.random.default_rng(0), shape=(2, 3))
    np.testing.assert_allclose(canvases.sum(axis=0)[:, :, 0], 100, atol=30)


def test_canvases_depend_on_the_generator_only():
    """The same seed gives the same canvases, another seed others; no counts give no canvases."""

    def make(seed):
        return digit_canvas(np.ones((1, 2, 2)), [2], np.random.default_rng(seed), shape=(9, 9))[0]

    np.testing.assert_array_equal(make(0), make(0))
    assert (make(0) != make(1)).any()
    canvases, targets = digit_canvas(np.ones((1, 2, 2)), [], np.random.default_rng(0), shape=(9, 9))
    assert (canvases.shape, targets.shape) == ((0, 9, 9, 1), (0, 1))


def test_a_classifier_becomes_a_counter():
    """With a new head of one output a classifier trains as a regression, and halves the error of the mean."""
    rng = np.random.default_rng(0)
    classifier = Sequential(
        [Conv2D(1, 4, 3, rng=rng, stride=2), ReLU(), Flatten(), Dense(4 * 5 * 5, 10, rng=rng)]
    )
    images, targets = digit_canvas(np.ones((1, 2, 2)), rng.integers(5, size=200), rng, shape=(12, 12))
    counter = full_fine_tuning(replace_head(classifier, [Dense(4 * 5 * 5, 1, rng=rng)]))
    options = {"loss": mean_squared_error, "optimizer": Adam(learning_rate=0.01), "epochs": 15, "rng": rng}
    counter.fit(images, targets, progress=False, **options)
    error = mean_squared_error(counter.predict(images), targets)[0]
    assert error < targets.var() / 2


# Errors


def test_layers_and_models_are_checked():
    """The message names the argument and what came; a list with one stranger changes nothing."""
    model = make_model()
    with pytest.raises(TypeError, match="layers must hold layers only, got None at position 1"):
        freeze([model.layers[0], None])
    assert not model.layers[0].frozen
    with pytest.raises(TypeError, match="layers must be a list of layers, got <imagebook"):
        unfreeze(model.layers[0])
    with pytest.raises(TypeError, match="head must be a list of layers"):
        replace_head(model, model.layers[0])
    with pytest.raises(ValueError, match="head must hold at least one layer, got none"):
        replace_head(model, [])
    for call in (
        trained_parameters,
        full_fine_tuning,
        lambda model: partial_fine_tuning(model, n_layers=1),
        lambda model: additive_fine_tuning(model, [ReLU()]),
        lambda model: low_rank_fine_tuning(model, 1, rng=np.random.default_rng(0)),
        lambda model: replace_head(model, [ReLU()]),
    ):
        with pytest.raises(TypeError, match="model must be a Sequential, got None"):
            call(None)


def test_numbers_of_layers_are_checked():
    """A body keeps at least one layer; a model has only so many to train."""
    model = make_model()
    with pytest.raises(ValueError, match="n_layers must be below 3, the model's layers, got 3"):
        replace_head(model, [ReLU()], n_layers=3)
    with pytest.raises(ValueError, match="n_layers must be at most 3, the model's layers, got 4"):
        partial_fine_tuning(model, n_layers=4)
    with pytest.raises(ValueError, match="n_layers must be at least 1, got 0"):
        partial_fine_tuning(model, n_layers=0)


def test_adapters_are_checked():
    """An adapter needs a dense layer, a rank that fits, a positive scale, and inputs of the right length."""
    rng = np.random.default_rng(0)
    dense = Dense(4, 3, rng=rng)
    with pytest.raises(TypeError, match="dense must be a Dense layer, got None"):
        LowRankAdapter(None, 1, rng=rng)
    with pytest.raises(ValueError, match="rank must be at most 3, the rank of the weights, got 4"):
        LowRankAdapter(dense, 4, rng=rng)
    with pytest.raises(ValueError, match="scale must be more than 0, got 0"):
        LowRankAdapter(dense, 1, rng=rng, scale=0)
    with pytest.raises(TypeError, match="rng must be a numpy.random.Generator"):
        LowRankAdapter(dense, 1, rng=0)
    adapter = LowRankAdapter(dense, 1, rng=rng)
    with pytest.raises(RuntimeError, match="LowRankAdapter.backward must come after forward"):
        adapter.backward(np.ones((1, 3)))
    with pytest.raises(ValueError, match=r"inputs must have shape \(N, 4\), got \(1, 3\)"):
        adapter.forward(np.ones((1, 3)))
    with pytest.raises(ValueError, match="model must have at least one Dense layer, got none"):
        low_rank_fine_tuning(Sequential([ReLU()]), 1, rng=rng)


@pytest.mark.parametrize(
    ("images", "counts", "shape", "error", "message"),
    [
        (np.ones((2, 3)), [1], (9, 9), ValueError, "images must be an array with 3 or 4 dimensions"),
        (np.ones((1, 3, 3, 2)), [1], (9, 9), ValueError, "images must have one channel"),
        (np.ones((0, 3, 3)), [1], (9, 9), ValueError, "images must not be empty"),
        (2 * np.ones((1, 3, 3)), [1], (9, 9), ValueError, "images must be between 0 and 1, got 2.0 to 2.0"),
        (np.zeros((1, 3, 3)), [1], (9, 9), ValueError, "got a blank one at position 0"),
        (np.ones((1, 3, 3)), [1.0], (9, 9), TypeError, "counts must be integers, got dtype float64"),
        (np.ones((1, 3, 3)), [-1], (9, 9), ValueError, "counts must be at least 0, got -1"),
        (np.ones((1, 3, 3)), [1], (0, 9), ValueError, "shape must be at least 1, got 0"),
        (np.ones((1, 3, 3)), [1], (2, 9), ValueError, r"shape must have room for 1 digits, got \(2, 9\)"),
        (np.ones((1, 3, 3)), [5], (7, 7), ValueError, r"shape must have room for 5 digits, got \(7, 7\)"),
    ],
)
def test_impossible_canvases_are_refused(images, counts, shape, error, message):
    """The message names the argument, its range and what came."""
    with pytest.raises(error, match=message):
        digit_canvas(images, counts, np.random.default_rng(0), shape=shape)
