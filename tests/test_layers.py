import numpy as np
import pytest
from gradients import central_differences

from imagebook.convolution import conv2d, depthwise_conv2d
from imagebook.layers import (
    AveragePool2D,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    Layer,
    MaxPool2D,
    ReLU,
    Sigmoid,
    Tanh,
    he_normal,
    sigmoid,
)


def make_layers(dtype=np.float32):
    """Return one layer of each kind with the shape of one example that it takes."""
    rng = np.random.default_rng(0)
    return [
        (Dense(6, 4, rng=rng, dtype=dtype), (6,)),
        (Conv2D(2, 3, 3, padding=1, rng=rng, dtype=dtype), (5, 4, 2)),
        (DepthwiseConv2D(2, 3, stride=2, rng=rng, dtype=dtype), (5, 4, 2)),
        (MaxPool2D(2), (5, 4, 2)),
        (AveragePool2D(2, padding=1), (5, 4, 2)),
        (Flatten(), (5, 4, 2)),
        (ReLU(), (5, 4, 2)),
        (Sigmoid(), (6,)),
        (Tanh(), (5, 4)),
        (Dropout(0.5, rng=rng), (6,)),
    ]


NAMES = [type(layer).__name__ for layer, _ in make_layers()]
EVERY_LAYER = pytest.mark.parametrize("index", range(len(NAMES)), ids=NAMES)


def assert_gradients_match(layer, inputs):
    """Assert that backward agrees with central differences of L = sum(weighting * forward(inputs))."""
    weighting = np.random.default_rng(1).normal(size=layer.forward(inputs).shape)
    inputs_gradient = layer.backward(weighting)
    pairs = [(inputs, inputs_gradient)]
    pairs += [(layer.parameters[name], layer.gradients[name]) for name in layer.parameters]
    for values, gradient in pairs:
        expected = central_differences(lambda: np.sum(weighting * layer.forward(inputs)), values)
        np.testing.assert_allclose(gradient, expected, rtol=1e-7, atol=1e-8)


def distinct(shape):
    """Return shuffled numbers at least 0.1 apart: a small step does not change which one is the largest."""
    rng = np.random.default_rng(2)
    return (rng.permutation(np.prod(shape)).reshape(shape) - 7.5) / 10


# Values by hand


def test_dense_by_hand():
    """The outputs are x W + b, and backward gives dL/dx, dL/dW and dL/db."""
    layer = Dense(2, 2, rng=np.random.default_rng(0))
    layer.parameters["weights"][:] = [[1, 2], [3, 4]]
    layer.parameters["bias"][:] = [10, 20]
    np.testing.assert_array_equal(layer.forward([[1, 1], [0, 2]]), [[14, 26], [16, 28]])
    np.testing.assert_array_equal(layer.backward([[1, 0], [0, 1]]), [[1, 3], [2, 4]])
    np.testing.assert_array_equal(layer.gradients["weights"], [[1, 0], [1, 2]])
    np.testing.assert_array_equal(layer.gradients["bias"], [1, 1])


def test_conv2d_by_hand():
    """A 1 x 2 filter [1, 10] on [1, 2, 3] gives 21 and 32, plus a bias of 0.5; backward spreads them back."""
    layer = Conv2D(1, 1, (1, 2), rng=np.random.default_rng(0))
    layer.parameters["weights"][0, :, 0, 0] = [1, 10]
    layer.parameters["bias"][:] = 0.5
    images = np.reshape([1, 2, 3], (1, 1, 3, 1))
    np.testing.assert_array_equal(layer.forward(images).ravel(), [21.5, 32.5])
    np.testing.assert_array_equal(layer.backward(np.reshape([1, 2], (1, 1, 2, 1))).ravel(), [1, 12, 20])
    np.testing.assert_array_equal(layer.gradients["weights"].ravel(), [1 * 1 + 2 * 2, 1 * 2 + 2 * 3])
    np.testing.assert_array_equal(layer.gradients["bias"], [3])


def test_depthwise_conv2d_by_hand():
    """Each channel meets its own filter: 2 times the first, 3 times the second, nothing mixed."""
    layer = DepthwiseConv2D(2, 1, rng=np.random.default_rng(0))
    layer.parameters["weights"][0, 0] = [2, 3]
    layer.parameters["bias"][:] = [0, 1]
    images = np.reshape([1, 10, 5, 50], (1, 1, 2, 2))
    np.testing.assert_array_equal(layer.forward(images).ravel(), [2, 31, 10, 151])
    np.testing.assert_array_equal(layer.backward(np.ones((1, 1, 2, 2))).ravel(), [2, 3, 2, 3])
    np.testing.assert_array_equal(layer.gradients["weights"].ravel(), [6, 60])
    np.testing.assert_array_equal(layer.gradients["bias"], [2, 2])


def test_max_pool_gives_ties_to_the_first_maximum():
    """Of equal maxima the first, row by row, gets the whole gradient; padding gets none."""
    layer = MaxPool2D(2)
    images = np.reshape([[1, 7, 3, 3], [7, 0, 3, 3]], (1, 2, 4, 1))
    np.testing.assert_array_equal(layer.forward(images).ravel(), [7, 3])
    expected = [[0, 10, 20, 0], [0, 0, 0, 0]]
    np.testing.assert_array_equal(layer.backward(np.reshape([10, 20], (1, 1, 2, 1)))[0, :, :, 0], expected)

    padded = MaxPool2D(3, stride=3, padding=1)
    for value in (-5.0, 0.0):
        np.testing.assert_array_equal(padded.forward(np.full((1, 1, 1, 1), value)).ravel(), [value])
        np.testing.assert_array_equal(padded.backward(np.ones((1, 1, 1, 1))).ravel(), [1])


def test_average_pool_does_not_count_padding():
    """A 2 x 2 window over the corner of a padded image sees one pixel, which gets the whole gradient."""
    layer = AveragePool2D(2, padding=1)
    np.testing.assert_array_equal(layer.forward(np.full((1, 1, 1, 1), 8.0)).ravel(), [8])
    np.testing.assert_array_equal(layer.backward(np.ones((1, 1, 1, 1))).ravel(), [1])


def test_activations_by_hand():
    """ReLU cuts at 0, the sigmoid of ±log 3 is 3/4 and 1/4, tanh of log 2 is 3/5."""
    np.testing.assert_array_equal(ReLU().forward([[-2, 0, 3]]), [[0, 0, 3]])
    np.testing.assert_allclose(Sigmoid().forward(np.log([[3, 1 / 3]])), [[0.75, 0.25]], rtol=1e-15)
    np.testing.assert_allclose(Tanh().forward(np.log([[2.0]])), [[0.6]], rtol=1e-15)


def test_relu_has_no_slope_at_zero():
    """At exactly 0, where ReLU has no derivative, the gradient is 0."""
    layer = ReLU()
    layer.forward([[-1, 0, 1]])
    np.testing.assert_array_equal(layer.backward([[5, 5, 5]]), [[0, 0, 5]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_neither_overflows_nor_loses_small_values(dtype):
    """Far out it is 0 or 1 without a warning; at -30 it is exp(-30), not 0."""
    values = sigmoid(np.array([-1e4, -30, 0, 1e4], dtype))
    assert values.dtype == dtype
    np.testing.assert_allclose(values, [0, np.exp(-30), 0.5, 1], rtol=1e-6)


def test_flatten_keeps_row_major_order():
    """The pixels of an image follow each other row by row, channels last, and come back to their places."""
    layer = Flatten()
    images = np.arange(24.0).reshape(2, 3, 2, 2)
    np.testing.assert_array_equal(layer.forward(images), np.arange(24).reshape(2, 12))
    np.testing.assert_array_equal(layer.backward(np.arange(24).reshape(2, 12)), images)


# Dropout


def test_dropout_while_training():
    """A quarter of the inputs becomes 0, the rest grows by 1 / (1 - 1/4), and the mean stays."""
    layer = Dropout(0.25, rng=np.random.default_rng(3))
    outputs = layer.forward(np.full((100, 100), 3.0), training=True)
    assert set(np.unique(outputs)) == {0.0, 4.0}
    assert abs(np.mean(outputs == 0) - 0.25) < 0.02  # standard deviation 0.0043
    assert abs(outputs.mean() - 3) < 0.08


def test_dropout_backward_uses_the_mask_of_forward():
    """The gradient passes where the inputs passed, by the same factor."""
    layer = Dropout(0.5, rng=np.random.default_rng(4))
    outputs = layer.forward(np.ones((10, 10)), training=True)
    assert 0 < np.count_nonzero(outputs) < 100
    np.testing.assert_array_equal(layer.backward(np.ones((10, 10))), outputs)


def test_dropout_draws_a_new_mask_each_time_from_its_generator():
    """Two passes differ, and two layers with equal seeds do the same."""
    first, second = (Dropout(0.5, rng=np.random.default_rng(5)) for _ in range(2))
    ones = np.ones((10, 10))
    masks = [first.forward(ones, training=True) for _ in range(2)]
    assert (masks[0] != masks[1]).any()
    for mask in masks:
        np.testing.assert_array_equal(second.forward(ones, training=True), mask)


def test_dropout_is_off_outside_training():
    """Without training=True the inputs and the gradient pass unchanged, and no random number is drawn."""
    rng = np.random.default_rng(6)
    before = rng.bit_generator.state
    layer = Dropout(0.9, rng=rng)
    np.testing.assert_array_equal(layer.forward([[1, 2]]), [[1, 2]])
    np.testing.assert_array_equal(layer.backward([[3, 4]]), [[3, 4]])
    assert rng.bit_generator.state == before


# Initial weights


def test_he_normal_has_variance_two_over_fan_in():
    """10,000 weights with a fan-in of 50 have mean 0 and variance 0.04."""
    weights = he_normal((50, 200), fan_in=50, rng=np.random.default_rng(7), dtype=np.float64)
    assert abs(weights.mean()) < 0.01  # standard deviation 0.002
    assert abs(weights.var() - 0.04) < 0.002  # standard deviation 0.0006


@pytest.mark.parametrize(
    ("make", "fan_in"),
    [
        (lambda rng: Dense(200, 100, rng=rng), 200),
        (lambda rng: Conv2D(20, 60, (3, 5), rng=rng), 3 * 5 * 20),
        (lambda rng: DepthwiseConv2D(1000, (3, 5), rng=rng), 3 * 5),
    ],
)
def test_weights_start_he_normal_and_biases_at_zero(make, fan_in):
    """The fan-in is the number of inputs that one output sums; equal seeds give equal weights."""
    layer = make(np.random.default_rng(8))
    assert abs(layer.parameters["weights"].var() * fan_in / 2 - 1) < 0.05
    assert not layer.parameters["bias"].any()
    again = make(np.random.default_rng(8))
    np.testing.assert_array_equal(layer.parameters["weights"], again.parameters["weights"])


# Gradients against central differences


def test_dense_gradients():
    """The gradients of a dense layer are the slopes of the loss."""
    rng = np.random.default_rng(9)
    assert_gradients_match(Dense(4, 3, rng=rng, dtype=np.float64), rng.normal(size=(5, 4)))


GEOMETRIES = [
    dict(kernel_size=3),
    dict(kernel_size=1),
    dict(kernel_size=(3, 2), stride=2),
    dict(kernel_size=(2, 3), stride=(1, 3), padding=(2, 0)),
    dict(kernel_size=3, padding=1, dilation=2),
    dict(kernel_size=2, stride=3, padding=1, dilation=(1, 2)),
]


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_conv2d_gradients(geometry):
    """The gradients are the slopes of the loss for every stride, padding and dilation."""
    rng = np.random.default_rng(10)
    assert_gradients_match(Conv2D(2, 3, rng=rng, dtype=np.float64, **geometry), rng.normal(size=(2, 6, 5, 2)))


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_depthwise_conv2d_gradients(geometry):
    """The gradients are the slopes of the loss for every stride, padding and dilation."""
    rng = np.random.default_rng(11)
    layer = DepthwiseConv2D(2, rng=rng, dtype=np.float64, **geometry)
    assert_gradients_match(layer, rng.normal(size=(2, 6, 5, 2)))


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_forward_is_the_convolution_function_plus_bias(geometry):
    """The layers compute `conv2d` and `depthwise_conv2d` with their own filters."""
    rng = np.random.default_rng(12)
    images = rng.normal(size=(2, 6, 5, 2))
    options = {name: value for name, value in geometry.items() if name != "kernel_size"}
    for layer, function in (
        (Conv2D(2, 3, rng=rng, dtype=np.float64, **geometry), conv2d),
        (DepthwiseConv2D(2, rng=rng, dtype=np.float64, **geometry), depthwise_conv2d),
    ):
        layer.parameters["bias"] += 0.5
        expected = function(images, layer.parameters["weights"], **options) + 0.5
        np.testing.assert_allclose(layer.forward(images), expected, rtol=1e-12)


WINDOWS = [
    dict(size=2),
    dict(size=(3, 2)),
    dict(size=3, stride=2),
    dict(size=3, stride=1, padding=1),
    dict(size=(2, 3), stride=(1, 2), padding=(0, 2)),
    dict(size=2, stride=3),
]


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("kind", [MaxPool2D, AveragePool2D])
def test_pooling_gradients(kind, window):
    """The gradients are the slopes of the loss for windows side by side, overlapping, padded and apart."""
    assert_gradients_match(kind(**window), distinct((2, 6, 5, 2)))


@pytest.mark.parametrize("kind", [ReLU, Sigmoid, Tanh, Flatten])
def test_activation_gradients(kind):
    """The gradients are the slopes of the loss, away from the corner of ReLU."""
    assert_gradients_match(kind(), distinct((2, 3, 4)) / 3)


# Every layer keeps the contract


@EVERY_LAYER
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_keep_their_type(index, dtype):
    """A layer and inputs of one type give outputs and gradients of that type."""
    layer, shape = make_layers(dtype)[index]
    outputs = layer.forward(np.ones((2, *shape), dtype), training=True)
    assert outputs.dtype == dtype
    assert layer.backward(np.ones(outputs.shape)).dtype == dtype
    assert [gradient.dtype for gradient in layer.gradients.values()] == [dtype] * len(layer.parameters)


def test_outputs_have_the_type_of_the_parameters():
    """A float32 layer computes in float32, a float64 layer in float64, whatever comes in."""
    for dtype, other in ((np.float32, np.float64), (np.float64, np.float32)):
        for layer, shape in make_layers(dtype)[:3]:
            outputs = layer.forward(np.ones((2, *shape), other))
            assert outputs.dtype == layer.backward(outputs.astype(other)).dtype == dtype


@EVERY_LAYER
def test_an_empty_batch_passes(index):
    """No examples give no outputs, no input gradients and parameter gradients of 0."""
    layer, shape = make_layers()[index]
    outputs = layer.forward(np.zeros((0, *shape), np.float32), training=True)
    assert outputs.shape[0] == 0
    assert outputs.shape[1:] == layer.forward(np.zeros((1, *shape))).shape[1:]
    layer.forward(np.zeros((0, *shape), np.float32))
    assert layer.backward(outputs).shape == (0, *shape)
    for name, gradient in layer.gradients.items():
        assert gradient.shape == layer.parameters[name].shape
        assert not gradient.any()


@EVERY_LAYER
def test_arguments_are_read_only_and_may_lie_anyhow_in_memory(index):
    """Reversed, column-major, read-only arrays give what contiguous ones give, and are not changed."""
    layer, shape = make_layers(np.float64)[index]
    rng = np.random.default_rng(13)
    inputs = rng.normal(size=(3, *shape))
    outputs = layer.forward(inputs)
    gradient = rng.normal(size=outputs.shape)
    inputs_gradient = layer.backward(gradient)

    odd_inputs = np.asfortranarray(inputs[::-1])[::-1]
    odd_gradient = np.asfortranarray(gradient[::-1])[::-1]
    odd_inputs.flags.writeable = odd_gradient.flags.writeable = False
    np.testing.assert_allclose(layer.forward(odd_inputs), outputs, rtol=1e-12)
    np.testing.assert_allclose(layer.backward(odd_gradient), inputs_gradient, rtol=1e-12)


@EVERY_LAYER
def test_backward_needs_a_forward_pass(index):
    """Calling backward first is refused in one sentence that names the layer."""
    layer, shape = make_layers()[index]
    with pytest.raises(RuntimeError, match=f"^{type(layer).__name__}.backward must come after forward$"):
        layer.backward(np.ones((2, *shape)))


@EVERY_LAYER
def test_gradients_of_another_shape_are_refused(index):
    """The gradient must have the shape of the outputs, even where broadcasting would accept another."""
    layer, shape = make_layers()[index]
    outputs = layer.forward(np.ones((2, *shape)))
    with pytest.raises(ValueError, match="gradient must have the shape of the outputs"):
        layer.backward(np.ones_like(outputs[:1]))


def test_a_bare_layer_computes_nothing():
    """The base class declares the contract and has no parameters."""
    layer = Layer()
    assert layer.parameters == layer.gradients == {}
    with pytest.raises(NotImplementedError):
        layer.forward([[1.0]])
    with pytest.raises(NotImplementedError):
        layer.backward([[1.0]])


# Errors


@pytest.mark.parametrize(
    ("make", "shape", "message"),
    [
        (lambda rng: Dense(3, 2, rng=rng), (5, 4), r"inputs must have shape \(N, 3\), got \(5, 4\)"),
        (lambda rng: Dense(3, 2, rng=rng), (3,), "inputs must be an array with 2 dimensions"),
        (lambda rng: Conv2D(1, 2, 3, rng=rng), (5, 8, 8), "inputs must be an array with 4 dimensions"),
        (lambda rng: Conv2D(1, 2, 3, rng=rng), (5, 8, 8, 3), r"\(N, H, W, 1\), got \(5, 8, 8, 3\)"),
        (lambda rng: Conv2D(1, 2, 3, rng=rng), (5, 2, 8, 1), "the kernel must fit into the padded input"),
        (lambda rng: DepthwiseConv2D(2, 3, rng=rng), (5, 8, 8, 3), r"\(N, H, W, 2\), got \(5, 8, 8, 3\)"),
        (lambda rng: MaxPool2D(2), (5, 0, 8, 1), "images must have at least one row"),
        (lambda rng: MaxPool2D(2, padding=2), (5, 8, 8, 1), "padding must be less than the window's size"),
        (lambda rng: Flatten(), (5,), "inputs must be an array with 2, 3 or 4 dimensions"),
    ],
)
def test_inputs_of_another_shape_are_refused(make, shape, message):
    """The message says which shape is wanted and which came."""
    with pytest.raises(ValueError, match=message):
        make(np.random.default_rng(0)).forward(np.ones(shape))


def test_impossible_layers_are_refused():
    """Sizes below 1, a rate of 1, integer parameters and seeds in place of generators are named."""
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="n_inputs must be at least 1, got 0"):
        Dense(0, 1, rng=rng)
    with pytest.raises(ValueError, match="stride must be at least 1, got 0"):
        Conv2D(1, 1, 3, stride=0, rng=rng)
    with pytest.raises(ValueError, match="channels must be at least 1, got 0"):
        DepthwiseConv2D(0, 3, rng=rng)
    with pytest.raises(ValueError, match="size must be one integer or a pair"):
        MaxPool2D((2, 2, 2))
    with pytest.raises(ValueError, match="rate must be below 1, got 1"):
        Dropout(1, rng=rng)
    with pytest.raises(ValueError, match="rate must be between 0 and 1, got -0.5"):
        Dropout(-0.5, rng=rng)
    with pytest.raises(TypeError, match="rng must be a numpy.random.Generator"):
        Dense(1, 1, rng=0)
    with pytest.raises(TypeError, match="dtype must be one of float32, float64, got int64"):
        Dense(1, 1, rng=rng, dtype=np.int64)
