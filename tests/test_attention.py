import numpy as np
import pytest
from gradients import central_differences

from imagebook.attention import (
    Composite,
    Embedding,
    LayerNorm,
    PositionEmbedding,
    SelfAttention,
    TransformerBlock,
    patches,
    unpatch,
)
from imagebook.layers import Flatten
from imagebook.losses import cross_entropy
from imagebook.models import Sequential
from imagebook.optim import Adam


def make_layers(dtype=np.float32):
    """Return one layer of each kind that takes sequences of tokens of length 4."""
    rng = np.random.default_rng(0)
    return [
        PositionEmbedding(6, 4, rng=rng, dtype=dtype),
        LayerNorm(4, dtype=dtype),
        SelfAttention(4, 2, rng=rng, dtype=dtype),
        SelfAttention(4, 1, causal=True, rng=rng, dtype=dtype),
        TransformerBlock(4, 2, 5, rng=rng, dtype=dtype),
    ]


NAMES = ["position", "norm", "attention", "causal", "block"]
EVERY_LAYER = pytest.mark.parametrize("index", range(len(NAMES)), ids=NAMES)


def unsettle(layer):
    """Move every parameter away from the zeros and ones where biases and norms start."""
    rng = np.random.default_rng(1)
    for parameter in layer.parameters.values():
        parameter += 0.3 * rng.normal(size=parameter.shape).astype(parameter.dtype)
    return layer


def assert_gradients_match(layer, inputs, **options):
    """Assert that backward agrees with central differences of L = sum(weighting * forward(inputs))."""
    weighting = np.random.default_rng(2).normal(size=layer.forward(inputs, **options).shape)
    inputs_gradient = layer.backward(weighting)
    assert layer.gradients.keys() == layer.parameters.keys()
    pairs = [(layer.parameters[name], layer.gradients[name]) for name in layer.parameters]
    if inputs.dtype.kind == "f":
        pairs.append((inputs, inputs_gradient))
    for values, gradient in pairs:
        expected = central_differences(lambda: np.sum(weighting * layer.forward(inputs, **options)), values)
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-8)


# Patches


def test_patches_by_hand():
    """A 4 x 4 image of 0 to 15 has four 2 x 2 patches, read row by row, inside and outside."""
    tokens = patches(np.arange(16).reshape(1, 4, 4, 1), 2)
    np.testing.assert_array_equal(tokens[0], [[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]])


def test_channels_stay_together():
    """The channels of a pixel follow each other."""
    images = np.array([[[[1, 10], [2, 20]], [[3, 30], [4, 40]]]])
    np.testing.assert_array_equal(patches(images, (1, 2))[0], [[1, 10, 2, 20], [3, 30, 4, 40]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1, 2, (2, 3), (4, 6)])
def test_unpatch_inverts_patches(size, dtype):
    """Cutting and putting together gives the images back, in their type, from any memory layout."""
    images = np.random.default_rng(3).random((5, 4, 6, 3)).astype(dtype)
    images = np.asfortranarray(images[::-1])
    images.flags.writeable = False
    for batch in (images, images[:0]):
        back = unpatch(patches(batch, size), size, shape=(4, 6))
        assert back.dtype == dtype
        np.testing.assert_array_equal(back, batch)


def test_patches_that_do_not_fit_are_refused():
    """The message says which shape was wanted and which came."""
    with pytest.raises(ValueError, match=r"size must divide the height and width.*\(4, 6\), got \(4, 4\)"):
        patches(np.zeros((1, 4, 6, 1)), 4)
    with pytest.raises(ValueError, match="images must be an array with 4 dimensions"):
        patches(np.zeros((4, 6, 1)), 2)
    with pytest.raises(ValueError, match="images must have at least one row, column and channel"):
        patches(np.zeros((1, 0, 6, 1)), 2)
    with pytest.raises(ValueError, match="size must be at least 1, got 0"):
        patches(np.zeros((1, 4, 6, 1)), 0)
    with pytest.raises(ValueError, match=r"size must divide.*\(4, 5\), got \(2, 2\)"):
        unpatch(np.zeros((1, 4, 4)), 2, shape=(4, 5))
    for shape in ((1, 3, 4), (1, 4, 5), (1, 4, 0)):
        with pytest.raises(ValueError, match=r"tokens must have shape \(N, 4, 4 C\), got"):
            unpatch(np.zeros(shape), 2, shape=(4, 4))


# Values by hand


def test_attention_by_hand():
    """Queries 0 and log 3 against keys 0 and 1 give weights 1/2, 1/2 and 1/4, 3/4; values are mixed so."""
    layer = SelfAttention(1, 1, rng=np.random.default_rng(0), dtype=np.float64)
    layer.parameters["weights"][:] = [[np.log(3), 1, 8]]  # q = x log 3, k = x, v = 8 x
    layer.parameters["output_weights"][:] = 10
    layer.parameters["output_bias"][:] = 5
    outputs = layer.forward([[[0], [1]]])
    np.testing.assert_allclose(layer.weights, [[[[0.5, 0.5], [0.25, 0.75]]]], rtol=1e-15)
    np.testing.assert_allclose(outputs.ravel(), [10 * 4 + 5, 10 * 6 + 5], rtol=1e-15)


def test_scores_are_divided_by_the_root_of_the_head_size():
    """With four numbers per head a score of 2 log 3 counts as log 3 (Vaswani et al. 2017, eq. 1)."""
    layer = SelfAttention(4, 1, rng=np.random.default_rng(0), dtype=np.float64)
    layer.parameters["weights"][:] = 0
    layer.parameters["weights"][0, [0, 4]] = 2 * np.log(3), 1  # q[0] = x[0] 2 log 3, k[0] = x[0]
    layer.forward([[[0, 0, 0, 0], [1, 0, 0, 0]]])
    np.testing.assert_allclose(layer.weights[0, 0, 1], [0.25, 0.75], rtol=1e-15)


def test_layer_norm_by_hand():
    """The token (1, 3) has mean 2 and variance 1; gain 10 and shift 5 make it (-5, 15)."""
    layer = LayerNorm(2, epsilon=1e-12, dtype=np.float64)
    layer.parameters["weights"][:] = 10
    layer.parameters["bias"][:] = 5
    np.testing.assert_allclose(layer.forward([[[1, 3]]]), [[[-5, 15]]], rtol=1e-9)
    np.testing.assert_array_equal(layer.forward([[[7, 7]]]), [[[5, 5]]])


def test_embedding_by_hand():
    """A token that comes twice gets both gradients; tokens may be floats, as `Sequential` passes them."""
    layer = Embedding(3, 2, rng=np.random.default_rng(0))
    layer.parameters["weights"][:] = [[0, 0], [1, 10], [2, 20]]
    np.testing.assert_array_equal(layer.forward([[1.0, 2.0, 1.0]])[0], [[1, 10], [2, 20], [1, 10]])
    np.testing.assert_array_equal(layer.backward([[[1, 2], [3, 4], [5, 6]]]), [[0, 0, 0]])
    np.testing.assert_array_equal(layer.gradients["weights"], [[0, 0], [6, 8], [3, 4]])


def test_positions_beyond_the_sequence_get_no_gradient():
    """A sequence of two tokens uses the first two of three vectors, in every example."""
    layer = PositionEmbedding(3, 1, rng=np.random.default_rng(0))
    layer.parameters["weights"][:] = [[10], [20], [30]]
    np.testing.assert_array_equal(layer.forward([[[1], [1]], [[2], [2]]])[..., 0], [[11, 21], [12, 22]])
    np.testing.assert_array_equal(layer.backward([[[1], [2]], [[3], [4]]])[..., 0], [[1, 2], [3, 4]])
    np.testing.assert_array_equal(layer.gradients["weights"], [[4], [6], [0]])


# What attention sees


def test_attention_weights_are_distributions():
    """Every token's weights over the keys are at least 0 and sum to 1, in each head."""
    layer = SelfAttention(4, 2, rng=np.random.default_rng(4))
    assert layer.weights is None
    layer.forward(np.random.default_rng(5).normal(size=(3, 5, 4)))
    assert layer.weights.shape == (3, 2, 5, 5) and layer.weights.dtype == np.float32
    assert layer.weights.min() >= 0
    np.testing.assert_allclose(layer.weights.sum(axis=-1), 1, rtol=1e-6)


def test_attention_alone_does_not_see_the_order():
    """Shuffled tokens give the shuffled outputs; with positions they do not."""
    rng = np.random.default_rng(6)
    tokens, order = rng.normal(size=(2, 5, 4)), [3, 0, 4, 1, 2]
    attention = SelfAttention(4, 2, rng=rng, dtype=np.float64)
    outputs = attention.forward(tokens)
    np.testing.assert_allclose(attention.forward(tokens[:, order]), outputs[:, order], rtol=1e-12)
    positions = unsettle(PositionEmbedding(5, 4, rng=rng, dtype=np.float64))
    outputs, shuffled = (
        attention.forward(positions.forward(sequence)) for sequence in (tokens, tokens[:, order])
    )
    assert np.abs(shuffled - outputs[:, order]).max() > 0.01


@pytest.mark.parametrize("kind", ["attention", "block"])
def test_causal_tokens_do_not_see_the_future(kind):
    """Changing the last token changes the last output only, and every token but the first sees the past."""
    rng = np.random.default_rng(7)
    options = {"causal": True, "rng": rng, "dtype": np.float64}
    layer = SelfAttention(4, 2, **options) if kind == "attention" else TransformerBlock(4, 2, 8, **options)
    tokens = rng.normal(size=(1, 3, 4))
    before = layer.forward(tokens)
    tokens[:, 2] += rng.normal(size=4)
    after = layer.forward(tokens)
    np.testing.assert_array_equal(after[:, :2], before[:, :2])
    assert (after[:, 2] != before[:, 2]).all()
    tokens[:, 0] += rng.normal(size=4)
    assert (layer.forward(tokens) != after).all()


@pytest.mark.parametrize("kind", [SelfAttention, TransformerBlock])
def test_masked_tokens_might_as_well_not_be_there(kind):
    """Outputs and input gradients of the others are those of the sequence without the masked token."""
    rng = np.random.default_rng(8)
    sizes = (4, 2) if kind is SelfAttention else (4, 2, 8)
    layer = unsettle(kind(*sizes, rng=rng, dtype=np.float64))
    tokens = rng.normal(size=(2, 4, 4))
    gradient = rng.normal(size=(2, 3, 4))
    expected = layer.forward(tokens[:, [0, 1, 3]])
    expected_gradient = layer.backward(gradient)
    outputs = layer.forward(tokens, mask=[[True, True, False, True]] * 2)
    np.testing.assert_allclose(outputs[:, [0, 1, 3]], expected, rtol=1e-12)
    inputs_gradient = layer.backward(np.insert(gradient, 2, 0, axis=1))
    np.testing.assert_allclose(inputs_gradient[:, [0, 1, 3]], expected_gradient, rtol=1e-12)
    np.testing.assert_array_equal(inputs_gradient[:, 2], 0)


def test_a_block_without_influence_passes_its_inputs_on():
    """With zeros in the last layer of both halves nothing is added."""
    block = unsettle(TransformerBlock(4, 2, 8, rng=np.random.default_rng(9)))
    for name in ("attention.output_weights", "attention.output_bias", "mlp_out.weights", "mlp_out.bias"):
        block.parameters[name][:] = 0
    tokens = np.random.default_rng(10).normal(size=(2, 3, 4)).astype(np.float32)
    np.testing.assert_array_equal(block.forward(tokens), tokens)


def test_a_block_learns_what_needs_attention():
    """Whether the first and the last token are equal: a token by itself cannot know, a trained block does."""
    rng = np.random.default_rng(11)
    tokens = rng.integers(2, size=(200, 3))
    labels = (tokens[:, 0] == tokens[:, 2]).astype(np.int64)
    model = Sequential(
        [
            Embedding(2, 8, rng=rng),
            PositionEmbedding(3, 8, rng=rng),
            TransformerBlock(8, 2, 16, rng=rng),
            LayerNorm(8),
            Flatten(),
        ]
    )

    def loss(outputs, labels):  # the first two numbers of the last token are the logits
        value, gradient = cross_entropy(outputs[:, 16:18], labels)
        return value, np.pad(gradient, ((0, 0), (16, 6)))

    optimizer = Adam(learning_rate=0.01)
    model.fit(
        tokens, labels, loss=loss, optimizer=optimizer, epochs=30, batch_size=20, rng=rng, progress=False
    )
    assert (model.predict(tokens)[:, 16:18].argmax(axis=1) == labels).all()


# Gradients against central differences


@EVERY_LAYER
def test_gradients(index):
    """The gradients of inputs and of all parameters are the slopes of the loss."""
    inputs = np.random.default_rng(12).normal(size=(2, 3, 4))
    assert_gradients_match(unsettle(make_layers(np.float64)[index]), inputs)


@pytest.mark.parametrize("index", [2, 3, 4])
def test_gradients_with_a_mask(index):
    """A mask that differs between the examples leaves the gradients the slopes of the loss."""
    inputs = np.random.default_rng(13).normal(size=(2, 3, 4))
    layer = unsettle(make_layers(np.float64)[index])
    assert_gradients_match(layer, inputs, mask=np.array([[True, True, False], [True, False, True]]))


def test_embedding_gradients():
    """The gradient of the table is the slope of the loss, for tokens that repeat and one that is absent."""
    layer = Embedding(4, 3, rng=np.random.default_rng(14), dtype=np.float64)
    assert_gradients_match(layer, np.array([[0, 1, 1], [3, 0, 1]]))


# Every layer keeps the contract


@EVERY_LAYER
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_results_have_the_type_of_the_parameters(index, dtype):
    """Outputs and gradients are float32 or float64 as chosen at construction, whatever comes in."""
    layer = make_layers(dtype)[index]
    for given in (np.float16, np.float32, np.float64, np.int32):
        outputs = layer.forward(np.ones((2, 3, 4), given), training=True)
        assert outputs.dtype == layer.backward(outputs.astype(given)).dtype == dtype
        assert {gradient.dtype for gradient in layer.gradients.values()} == {np.dtype(dtype)}


@EVERY_LAYER
def test_an_empty_batch_passes(index):
    """No examples give no outputs, no input gradients and parameter gradients of 0."""
    layer = make_layers()[index]
    outputs = layer.forward(np.zeros((0, 3, 4)))
    assert outputs.shape == layer.backward(outputs).shape == (0, 3, 4)
    for name, gradient in layer.gradients.items():
        assert gradient.shape == layer.parameters[name].shape
        assert not gradient.any()


@EVERY_LAYER
def test_arguments_are_read_only_and_may_lie_anyhow_in_memory(index):
    """Reversed, column-major, read-only arrays give what contiguous ones give, and are not changed."""
    layer = make_layers(np.float64)[index]
    inputs, gradient = np.random.default_rng(15).normal(size=(2, 3, 3, 4))
    outputs = layer.forward(inputs)
    inputs_gradient = layer.backward(gradient)
    odd_inputs = np.asfortranarray(inputs[::-1])[::-1]
    odd_gradient = np.asfortranarray(gradient[::-1])[::-1]
    odd_inputs.flags.writeable = odd_gradient.flags.writeable = False
    np.testing.assert_allclose(layer.forward(odd_inputs), outputs, rtol=1e-12)
    np.testing.assert_allclose(layer.backward(odd_gradient), inputs_gradient, rtol=1e-11)


@EVERY_LAYER
def test_the_contract_is_enforced(index):
    """Backward before forward, gradients and inputs of another shape are refused by name."""
    layer = make_layers()[index]
    with pytest.raises(RuntimeError, match="backward must come after forward"):
        layer.backward(np.ones((2, 3, 4)))
    layer.forward(np.ones((2, 3, 4)))
    with pytest.raises(ValueError, match=r"gradient must have the shape of the outputs, \(2, 3, 4\)"):
        layer.backward(np.ones((1, 3, 4)))
    with pytest.raises(ValueError, match=r"inputs must have shape \(N, T, 4\), got \(2, 3, 5\)"):
        layer.forward(np.ones((2, 3, 5)))
    with pytest.raises(ValueError, match="inputs must be an array with 3 dimensions"):
        layer.forward(np.ones((2, 4)))


def test_weights_of_parts_are_saved_and_loaded(tmp_path):
    """A block's parameters are those of its parts, so that a file fills it and the outputs are the same."""
    first, second = (
        Sequential([unsettle(TransformerBlock(4, 2, 8, rng=np.random.default_rng(seed)))]) for seed in (1, 2)
    )
    first.save(tmp_path / "block.npz")
    second.load(tmp_path / "block.npz")
    tokens = np.ones((1, 2, 4)) * np.arange(4)
    np.testing.assert_array_equal(first.predict(tokens), second.predict(tokens))
    # 4 numbers per norm and bias; attention 4 x 12 and 4 x 4 with biases; mlp 4 x 8 and 8 x 4 with biases
    assert first.parameter_count == 16 + (48 + 12 + 16 + 4) + (32 + 8 + 32 + 4)


# Errors


def test_impossible_layers_are_refused():
    """Sizes below 1, heads that do not divide the width and wrong types are named."""
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="n_heads must divide width, 4, got 3"):
        SelfAttention(4, 3, rng=rng)
    with pytest.raises(ValueError, match="n_heads must be at least 1, got 0"):
        SelfAttention(4, 0, rng=rng)
    with pytest.raises(ValueError, match="width must be at least 1, got 0"):
        TransformerBlock(0, 1, 4, rng=rng)
    with pytest.raises(ValueError, match="hidden must be at least 1, got 0"):
        TransformerBlock(4, 1, 0, rng=rng)
    with pytest.raises(ValueError, match="n_tokens must be at least 1, got 0"):
        Embedding(0, 4, rng=rng)
    with pytest.raises(ValueError, match="n_positions must be at least 1, got 0"):
        PositionEmbedding(0, 4, rng=rng)
    with pytest.raises(ValueError, match="epsilon must be more than 0, got 0"):
        LayerNorm(4, epsilon=0)
    with pytest.raises(TypeError, match="dtype must be one of float32, float64, got int64"):
        LayerNorm(4, dtype=np.int64)
    with pytest.raises(TypeError, match="rng must be a numpy.random.Generator"):
        SelfAttention(4, 2, rng=0)
    with pytest.raises(TypeError, match="parts must hold layers only, got 1 for 'norm'"):
        Composite({"norm": 1})


def test_impossible_sequences_are_refused():
    """Tokens that are not in the table, sequences too long or empty, and masks that hide all are named."""
    rng = np.random.default_rng(0)
    for wrong in (3, -1, 0.5, np.nan):
        with pytest.raises(ValueError, match=f"inputs must be tokens from 0 to 2, got {wrong}"):
            Embedding(3, 4, rng=rng).forward([[0, wrong]])
    with pytest.raises(ValueError, match="inputs must be sequences of at most 2 tokens, got 3"):
        PositionEmbedding(2, 4, rng=rng).forward(np.ones((1, 3, 4)))
    attention = SelfAttention(4, 2, causal=True, rng=rng)
    with pytest.raises(ValueError, match="inputs must be sequences of at least one token"):
        attention.forward(np.ones((1, 0, 4)))
    with pytest.raises(ValueError, match=r"mask must have shape \(1, 2\), got \(1, 3\)"):
        attention.forward(np.ones((1, 2, 4)), mask=np.ones((1, 3)))
    with pytest.raises(ValueError, match="mask must leave at least one key to every token"):
        attention.forward(np.ones((1, 2, 4)), mask=[[False, True]])
