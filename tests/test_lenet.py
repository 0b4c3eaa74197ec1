import numpy as np
import pytest
from gradients import central_differences

from imagebook.layers import Conv2D, Dense
from imagebook.lenet import TABLE_1, ConnectionTableConv2D, InputPlane, ScaledTanh, Subsampling, lenet5
from imagebook.losses import cross_entropy
from imagebook.mnist import load, scale
from imagebook.models import Sequential, accuracy, layer_counts
from imagebook.optim import Adam

TABLE = [[1, 0, 1], [1, 1, 0]]  # two input maps, three output maps, four connections


def make_layers(dtype=np.float32):
    """Return one layer of each kind with the shape of one example that it takes."""
    rng = np.random.default_rng(0)
    return [
        (InputPlane(), (3, 4, 2)),
        (ScaledTanh(), (3, 4, 2)),
        (Subsampling(2, rng=rng, dtype=dtype), (4, 6, 2)),
        (ConnectionTableConv2D(TABLE, (3, 2), rng=rng, dtype=dtype), (5, 4, 2)),
    ]


EVERY_LAYER = pytest.mark.parametrize("index", range(4), ids=lambda i: type(make_layers()[i][0]).__name__)


# Values by hand


def test_input_plane_by_hand():
    """Paper becomes -0.1 and ink 1.175, with two pixels of paper all around; the frame has no gradient."""
    layer = InputPlane()
    outputs = layer.forward(np.reshape([0.0, 1.0], (1, 1, 2, 1)))
    expected = np.full((5, 6), -0.1)
    expected[2, 3] = 1.175
    np.testing.assert_allclose(outputs[0, :, :, 0], expected, rtol=1e-12)
    np.testing.assert_array_equal(layer.backward(np.ones((1, 5, 6, 1))).ravel(), [1.275, 1.275])


def test_scaled_tanh_by_hand():
    """It is odd, passes (almost) through (1, 1), ends at 1.7159, and has the slope A S = 1.1439 at 0.

    The paper, appendix A: A and S are chosen such that f(1) = 1 and f(-1) = -1.
    """
    layer = ScaledTanh()
    outputs = layer.forward(np.array([[0.0, 1.0, -1.0, 50.0]]))
    np.testing.assert_allclose(outputs, [[0, 1, -1, 1.7159]], atol=1e-5)
    slopes = layer.backward(np.ones((1, 4)))
    np.testing.assert_allclose(slopes[0, [0, 3]], [1.7159 * 2 / 3, 0], atol=1e-12)


def test_subsampling_by_hand():
    """The sum of 2 x 2 pixels is 10 in the first map, 100 in the second; 0.5 * 10 + 1, 2 * 100 - 3."""
    layer = Subsampling(2, rng=np.random.default_rng(0))
    layer.parameters["weights"][:] = [0.5, 2]
    layer.parameters["bias"][:] = [1, -3]
    images = np.reshape([[1, 10], [2, 20], [3, 30], [4, 40]], (1, 2, 2, 2))
    np.testing.assert_array_equal(layer.forward(images).ravel(), [6, 197])
    gradient = layer.backward(np.reshape([1, 10], (1, 1, 1, 2)))
    np.testing.assert_array_equal(gradient, np.broadcast_to([0.5, 20], (1, 2, 2, 2)))
    np.testing.assert_array_equal(layer.gradients["weights"], [10, 1000])
    np.testing.assert_array_equal(layer.gradients["bias"], [1, 10])


def test_connection_table_by_hand():
    """With maps 1 and 10 and weights 2, 3, 4, 5: 2·1 + 4·10, 5·10, 3·1; unconnected maps get no gradient."""
    layer = ConnectionTableConv2D(TABLE, 1, rng=np.random.default_rng(0))
    layer.parameters["weights"][:] = [[[2, 3, 4, 5]]]  # 0 to 0, 0 to 2, 1 to 0, 1 to 1
    layer.parameters["bias"][:] = [0, 0, 7]
    np.testing.assert_array_equal(layer.forward([[[[1, 10]]]]).ravel(), [42, 50, 10])
    np.testing.assert_array_equal(layer.backward([[[[0, 0, 1]]]]).ravel(), [3, 0])
    np.testing.assert_array_equal(layer.gradients["weights"].ravel(), [0, 1, 0, 0])
    np.testing.assert_array_equal(layer.gradients["bias"], [0, 0, 1])


def test_a_full_table_is_a_convolution():
    """If every map is connected with every map, the layer computes what `Conv2D` does."""
    rng = np.random.default_rng(1)
    sparse = ConnectionTableConv2D(np.ones((2, 3), bool), 3, rng=rng, dtype=np.float64)
    full = Conv2D(2, 3, 3, rng=rng, dtype=np.float64)
    full.parameters["weights"][:] = sparse.parameters["weights"].reshape(3, 3, 2, 3)
    images = rng.normal(size=(2, 5, 6, 2))
    np.testing.assert_array_equal(sparse.forward(images), full.forward(images))


# The contract of every layer


@EVERY_LAYER
def test_gradients_match_central_differences(index):
    """The gradients of inputs and parameters are the slopes of L = sum(weighting * forward(inputs))."""
    layer, shape = make_layers(np.float64)[index]
    rng = np.random.default_rng(2)
    inputs = rng.normal(size=(2, *shape))
    weighting = rng.normal(size=layer.forward(inputs).shape)
    pairs = [(inputs, layer.backward(weighting))]
    pairs += [(layer.parameters[name], layer.gradients[name]) for name in layer.parameters]
    for values, gradient in pairs:
        expected = central_differences(lambda: np.sum(weighting * layer.forward(inputs)), values)
        np.testing.assert_allclose(gradient, expected, rtol=1e-7, atol=1e-8)


@EVERY_LAYER
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_keep_their_type(index, dtype):
    """A layer and inputs of one type give outputs and gradients of that type, for no images too."""
    layer, shape = make_layers(dtype)[index]
    for n_images in (0, 2):
        outputs = layer.forward(np.ones((n_images, *shape), dtype), training=True)
        assert len(outputs) == n_images
        inputs_gradient = layer.backward(np.ones(outputs.shape))
        assert inputs_gradient.shape == (n_images, *shape)
        arrays = [outputs, inputs_gradient, *layer.gradients.values(), *layer.parameters.values()]
        assert {array.dtype for array in arrays} == {np.dtype(dtype)}


@EVERY_LAYER
def test_arguments_are_read_only_and_may_lie_anyhow_in_memory(index):
    """Reversed, column-major, read-only arrays give what contiguous ones give, and are not changed."""
    layer, shape = make_layers(np.float64)[index]
    inputs = np.random.default_rng(3).normal(size=(3, *shape))
    outputs = layer.forward(inputs)
    inputs_gradient = layer.backward(outputs)
    odd_inputs, odd_gradient = (np.asfortranarray(array[::-1])[::-1] for array in (inputs, outputs))
    odd_inputs.flags.writeable = odd_gradient.flags.writeable = False
    np.testing.assert_allclose(layer.forward(odd_inputs), outputs, rtol=1e-12)
    np.testing.assert_allclose(layer.backward(odd_gradient), inputs_gradient, rtol=1e-12)


@EVERY_LAYER
def test_backward_needs_forward_and_the_right_shape(index):
    """Calling backward first, or with an array of another shape, is refused."""
    layer, shape = make_layers()[index]
    with pytest.raises(RuntimeError, match=f"^{type(layer).__name__}.backward must come after forward$"):
        layer.backward(np.ones((2, *shape)))
    outputs = layer.forward(np.ones((2, *shape)))
    with pytest.raises(ValueError, match="gradient must have the shape of the outputs"):
        layer.backward(outputs[:1])


# LeNet-5


def test_table_1_has_the_structure_that_the_paper_describes():
    """C3's maps see three neighbours (6 maps), four neighbours (6), four others (3), everything (1).

    Section II.B; neighbours go round in a circle, as table I shows.
    """
    seen = [{row for row in range(6) if TABLE_1[row][column] == "X"} for column in range(16)]
    assert seen[:6] == [{start % 6, (start + 1) % 6, (start + 2) % 6} for start in range(6)]
    assert seen[6:12] == [{(start + i) % 6 for i in range(4)} for start in range(6)]
    assert seen[12:15] == [{0, 1, 3, 4}, {1, 2, 4, 5}, {0, 2, 3, 5}]
    assert seen[15] == set(range(6))


def test_lenet5_has_the_sizes_that_the_paper_prints():
    """Maps and parameters of C1 to F6 are those of section II.B; with the output's 850 they are 60,850."""
    rows, total = layer_counts(lenet5(rng=np.random.default_rng(4)), (28, 28, 1))
    counted = [(row.output_shape, row.parameters) for row in rows if row.parameters]
    assert counted == [
        ((28, 28, 6), 156),
        ((14, 14, 6), 12),
        ((10, 10, 16), 1_516),
        ((5, 5, 16), 32),
        ((1, 1, 120), 48_120),
        ((84,), 10_164),
        ((10,), 850),
    ]
    assert total.parameters - 850 == 60_000  # section III.B: "only 60,000 trainable free parameters"
    assert sum(row.name == "ScaledTanh" for row in rows) == 6


def test_lenet5_has_the_connections_that_the_paper_prints():
    """A unit is connected with its inputs and its bias: together 340,908, as section III.B says.

    The paper's output has 84 connections for each of ten units, without a bias; ours has 85.
    """
    rows, _ = layer_counts(lenet5(rng=np.random.default_rng(4)), (28, 28, 1))
    connections = {}
    for label, row in zip(
        ("C1", "S2", "C3", "S4", "C5", "F6", "output"), filter(is_counted, rows), strict=True
    ):
        units = np.prod(row.output_shape)
        positions = np.prod(row.output_shape[:-1])
        connections[label] = 5 * units if label[0] == "S" else row.parameters * positions
    assert connections == {
        "C1": 122_304,
        "S2": 5_880,
        "C3": 151_600,
        "S4": 2_000,
        "C5": 48_120,
        "F6": 10_164,
        "output": 850,
    }
    assert sum(connections.values()) == 340_918
    assert sum(connections.values()) - 850 + 840 == 340_908


def is_counted(row):
    """Return whether a row belongs to a layer with parameters."""
    return row.parameters > 0


def test_lenet5_starts_from_the_papers_distribution():
    """Weights fill ±2.4 / fan-in, where C3's maps have fan-ins of 75, 100 and 150; biases are 0."""
    model = lenet5(rng=np.random.default_rng(5), dtype=np.float64)
    layers = [layer for layer in model.layers if layer.parameters]
    for layer, fan_in in zip(layers, (25, 4, None, 4, 400, 120, 84), strict=True):
        assert not layer.parameters["bias"].any()
        if fan_in not in (None, 4):  # six or sixteen numbers need not come near the ends
            assert 0.9 < np.abs(layer.parameters["weights"]).max() * fan_in / 2.4 <= 1
    output_maps = [column for row in TABLE_1 for column in range(16) if row[column] == "X"]
    for maps, fan_in in ((range(6), 75), (range(6, 15), 100), ([15], 150)):
        weights = layers[2].parameters["weights"][:, :, np.isin(output_maps, maps)]
        assert 0.9 < np.abs(weights).max() * fan_in / 2.4 <= 1


def test_lenet5_backpropagates_through_every_layer():
    """Along a random direction through all parameters at once, the loss changes as the gradients say."""
    rng = np.random.default_rng(6)
    model = lenet5(rng=rng, dtype=np.float64)
    images, labels = rng.random((2, 28, 28, 1)), np.array([3, 8])
    _, gradient = cross_entropy(model.forward(images), labels)
    model.backward(gradient)
    slope, directions = 0.0, []
    for layer in model.layers:
        for name, parameter in layer.parameters.items():
            directions.append((parameter, rng.normal(size=parameter.shape)))
            slope += np.sum(layer.gradients[name] * directions[-1][1])
    losses = []
    for step in (1e-6, -2e-6):  # one step ahead, then one behind the start
        for parameter, direction in directions:
            parameter += step * direction
        losses.append(cross_entropy(model.forward(images), labels)[0])
    assert slope == pytest.approx((losses[0] - losses[1]) / 2e-6, rel=1e-5)


def test_lenet5_learns_digits_and_comes_back_from_a_file(tmp_path):
    """It remembers 60 digits of MNIST; saved and loaded, the 60,850 numbers predict the same."""
    images, labels = load("train")
    images, labels = scale(images[:60]), labels[:60]
    rng = np.random.default_rng(7)
    model = lenet5(rng=rng)
    options = dict(loss=cross_entropy, optimizer=Adam(learning_rate=0.005), rng=rng, progress=False)
    model.fit(images, labels, epochs=40, batch_size=20, **options)
    assert accuracy(model.predict(images), labels) > 0.95
    model.save(tmp_path / "lenet5.npz")
    again = lenet5(rng=np.random.default_rng(8))
    again.load(tmp_path / "lenet5.npz")
    np.testing.assert_array_equal(again.predict(images), model.predict(images))


def test_lenet5_depends_on_its_generator_only():
    """Equal seeds give equal networks, other seeds others; float64 computes in float64."""
    images = np.random.default_rng(9).random((2, 28, 28, 1))
    first, second, other = (lenet5(rng=np.random.default_rng(seed)).predict(images) for seed in (10, 10, 11))
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()
    assert first.dtype == np.float32
    assert lenet5(rng=np.random.default_rng(10), dtype=np.float64).predict(images).dtype == np.float64


# Errors


def test_impossible_networks_and_layers_are_refused():
    """Seeds, integer types, no channels and tables that connect nothing or hold other numbers are named."""
    rng = np.random.default_rng(12)
    with pytest.raises(TypeError, match="rng must be a numpy.random.Generator"):
        lenet5(rng=0)
    with pytest.raises(TypeError, match="dtype must be one of float32, float64, got int64"):
        lenet5(rng=rng, dtype=np.int64)
    with pytest.raises(ValueError, match="channels must be at least 1, got 0"):
        Subsampling(0, rng=rng)
    with pytest.raises(TypeError, match="rng must be a numpy.random.Generator"):
        Subsampling(1, rng=0)
    with pytest.raises(TypeError, match="dtype must be one of float32, float64, got float16"):
        Subsampling(1, rng=rng, dtype=np.float16)
    with pytest.raises(
        ValueError, match="table must connect every output map to an input map, got none for 1"
    ):
        ConnectionTableConv2D([[1, 0], [1, 0]], 3, rng=rng)
    with pytest.raises(ValueError, match=r"table must hold True \(1\) and False \(0\) only, got 2"):
        ConnectionTableConv2D([[1, 2]], 3, rng=rng)
    with pytest.raises(ValueError, match="table must be an array with 2 dimensions"):
        ConnectionTableConv2D([1, 1], 3, rng=rng)
    with pytest.raises(ValueError, match="table must not be empty"):
        ConnectionTableConv2D(np.ones((0, 2)), 3, rng=rng)
    with pytest.raises(ValueError, match="kernel_size must be at least 1, got 0"):
        ConnectionTableConv2D(TABLE, 0, rng=rng)


def test_inputs_of_another_shape_are_refused():
    """The message says which shape is wanted and which came."""
    rng = np.random.default_rng(13)
    with pytest.raises(ValueError, match=r"inputs must have even height and width, got \(1, 5, 4, 2\)"):
        Subsampling(2, rng=rng).forward(np.ones((1, 5, 4, 2)))
    with pytest.raises(ValueError, match=r"inputs must have shape \(N, H, W, 2\), got \(1, 4, 4, 3\)"):
        Subsampling(2, rng=rng).forward(np.ones((1, 4, 4, 3)))
    with pytest.raises(ValueError, match=r"inputs must have shape \(N, H, W, 2\), got \(1, 4, 4, 3\)"):
        ConnectionTableConv2D(TABLE, 3, rng=rng).forward(np.ones((1, 4, 4, 3)))
    for layer in (InputPlane(), Subsampling(2, rng=rng)):
        with pytest.raises(ValueError, match="inputs must have at least one row, column and channel"):
            layer.forward(np.ones((1, 0, 4, 2)))
    with pytest.raises(ValueError, match="inputs must be an array with 4 dimensions"):
        InputPlane().forward(np.ones((28, 28)))
    with pytest.raises(ValueError, match="inputs must be an array with 2, 3 or 4 dimensions"):
        ScaledTanh().forward(np.ones(3))
    with pytest.raises(ValueError, match=r"inputs must have shape \(N, 120\), got"):
        lenet5(rng=rng).predict(np.ones((1, 32, 32, 1)))
    with pytest.raises(ValueError, match=r"\(N, H, W, 1\), got"):
        Sequential([InputPlane(), Conv2D(1, 6, 5, rng=rng), Dense(1, 1, rng=rng)]).predict(
            np.ones((1, 4, 4, 3))
        )
