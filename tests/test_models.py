import pickle
import re
import zipfile

import numpy as np
import pytest

from imagebook.attention import Embedding, PositionEmbedding, TransformerBlock
from imagebook.instruction import ImageTextTransformer
from imagebook.layers import Conv2D, Dense, DepthwiseConv2D, Dropout, Flatten, Layer, MaxPool2D, ReLU, Tanh
from imagebook.losses import cross_entropy, mean_squared_error
from imagebook.mixture import MixtureOfExperts
from imagebook.models import (
    LayerCount,
    Sequential,
    accuracy,
    dense_layers,
    layer_counts,
    small_cnn,
    small_sepcnn,
)
from imagebook.optim import SGD, Adam
from imagebook.transfer import LowRankAdapter


def tiny_cnn(seed=0, dtype=np.float32):
    """Return a network with every kind of layer of `small_cnn`, for 6 x 6 images and 3 classes."""
    rng = np.random.default_rng(seed)
    return Sequential(
        [
            Conv2D(1, 4, 3, rng=rng, dtype=dtype),
            ReLU(),
            MaxPool2D(2),
            Flatten(),
            Dense(16, 3, rng=rng, dtype=dtype),
        ]
    )


def tiny_images(n=20):
    """Return random images with random labels: all that a network can do is remember."""
    rng = np.random.default_rng(1)
    return rng.random((n, 6, 6, 1), dtype=np.float32), rng.integers(0, 3, n)


def weights_of(model):
    """Return copies of all parameters, in order."""
    return [parameter.copy() for layer in model.layers for parameter in layer.parameters.values()]


def assert_same_weights(model, weights):
    """Assert that the model's parameters are exactly these."""
    for parameter, expected in zip(weights_of(model), weights, strict=True):
        np.testing.assert_array_equal(parameter, expected)


# Forward and backward


def test_forward_and_backward_by_hand():
    """Dense 3x + 1, ReLU, dense 2x: 2 becomes 14 and -2 becomes 0; the slope is 6 where ReLU is open."""
    rng = np.random.default_rng(0)
    model = Sequential([Dense(1, 1, rng=rng), ReLU(), Dense(1, 1, rng=rng)])
    model.layers[0].parameters["weights"][:] = 3
    model.layers[0].parameters["bias"][:] = 1
    model.layers[2].parameters["weights"][:] = 2
    np.testing.assert_array_equal(model.forward([[2], [-2]]), [[14], [0]])
    np.testing.assert_array_equal(model.backward([[1], [1]]), [[6], [0]])
    assert model.parameter_count == 4


def test_backpropagation_matches_central_differences():
    """Along a random direction through all parameters at once, the loss changes as the gradients say."""
    model = tiny_cnn(dtype=np.float64)
    images, labels = tiny_images(4)
    rng = np.random.default_rng(2)
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
    assert slope == pytest.approx((losses[0] - losses[1]) / 2e-6, rel=1e-6)


def test_models_may_share_layers():
    """A network without its last layer gives what goes into the last layer."""
    model = tiny_cnn()
    images, _ = tiny_images()
    features = Sequential(model.layers[:-1]).predict(images)
    np.testing.assert_array_equal(model.layers[-1].forward(features), model.predict(images))


# Prediction


@pytest.mark.parametrize("batch_size", [1, 7, 20, 1000])
def test_prediction_does_not_depend_on_the_batch_size(batch_size):
    """Up to rounding, batches of any size give the outputs of one forward pass, in order."""
    model = tiny_cnn()
    images, _ = tiny_images()
    outputs = model.predict(images, batch_size=batch_size)
    np.testing.assert_allclose(outputs, model.forward(images), rtol=1e-5, atol=1e-6)


def test_prediction_of_nothing():
    """No images give no rows of logits, in the type of the model."""
    logits = tiny_cnn().predict(np.zeros((0, 6, 6, 1)))
    assert logits.shape == (0, 3)
    assert logits.dtype == np.float32


def test_dropout_is_on_in_fit_and_off_in_predict():
    """A rate of 0.9 leaves predictions alone, but shows in the loss while training."""
    model = Sequential([Dropout(0.9, rng=np.random.default_rng(3))])
    ones = np.ones((50, 4))
    np.testing.assert_array_equal(model.predict(ones), ones)
    history = fit(model, ones, ones, epochs=1, validation=(ones, ones))
    assert history["validation_loss"] == [0.0]
    assert history["loss"][0] > 1  # nine in ten are off by 1, one in ten by 9: the mean square is 9


# Training


def fit(model, inputs, targets, *, loss=mean_squared_error, epochs=5, seed=4, **options):
    """Fit quietly with Adam."""
    optimizer = Adam(learning_rate=0.01)
    rng = np.random.default_rng(seed)
    return model.fit(
        inputs, targets, loss=loss, optimizer=optimizer, epochs=epochs, rng=rng, progress=False, **options
    )


def test_xor_is_learned():
    """Two dense layers learn exclusive or, which no single one can."""
    inputs = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    labels = np.array([0, 1, 1, 0])
    rng = np.random.default_rng(5)
    model = Sequential([Dense(2, 8, rng=rng), Tanh(), Dense(8, 2, rng=rng)])
    fit(model, inputs, labels, loss=cross_entropy, epochs=300)
    assert accuracy(model.predict(inputs), labels) == 1


def test_a_tiny_cnn_remembers_twenty_images():
    """A convolutional network can fit random labels of random images: gradients reach every layer."""
    images, labels = tiny_images()
    model = tiny_cnn()
    history = fit(model, images, labels, loss=cross_entropy, epochs=300, batch_size=10)
    assert accuracy(model.predict(images), labels) == 1
    assert history["loss"][-1] < 0.1 * history["loss"][0]


def test_fit_is_reproducible():
    """Equal seeds give equal weights and histories; another seed shuffles otherwise."""
    images, labels = tiny_images()
    models = [tiny_cnn() for _ in range(3)]
    histories = [
        fit(model, images, labels, loss=cross_entropy, batch_size=4, seed=seed)
        for model, seed in zip(models, (6, 6, 7), strict=True)
    ]
    assert histories[0] == histories[1] != histories[2]
    assert_same_weights(models[1], weights_of(models[0]))


@pytest.mark.parametrize("n_frozen", [0, 1, 4, 8])
@pytest.mark.parametrize("make", [small_cnn, small_sepcnn])
def test_training_steps_as_the_whole_backward_pass_says(make, n_frozen):
    """Training goes back only as far as it must; what is trained ends up the same bit for bit."""
    rng = np.random.default_rng(0)
    images, labels = rng.random((6, 28, 28, 1), dtype=np.float32), rng.integers(0, 10, 6)
    fitted, stepped = (make(rng=np.random.default_rng(1)) for _ in range(2))
    for model in (fitted, stepped):
        for layer in model.layers[:n_frozen]:
            layer.frozen = True
    options = {"optimizer": SGD(learning_rate=0.1), "epochs": 1, "batch_size": 6, "progress": False}
    fitted.fit(images, labels, loss=cross_entropy, rng=np.random.default_rng(2), **options)
    order = np.random.default_rng(2).permutation(6)
    _loss, gradient = cross_entropy(stepped.forward(images[order], training=True), labels[order])
    stepped.backward(gradient)
    SGD(learning_rate=0.1).step(stepped.layers)
    for one, other in zip(fitted.layers, stepped.layers, strict=True):
        for name, parameter in one.parameters.items():
            np.testing.assert_array_equal(parameter, other.parameters[name])


def test_history_is_the_mean_over_the_examples():
    """In a model that cannot change, smaller batches count by their size: the mean of 0, 1, 4 is 5/3."""
    model = Sequential([Flatten()])
    history = fit(model, [[0.0], [1.0], [2.0]], [[0.0], [0.0], [0.0]], epochs=2, batch_size=2)
    assert history == {"loss": [pytest.approx(5 / 3)] * 2}


def test_validation_is_measured_but_not_learned():
    """The validation loss is that of the model after the epoch, and the weights are as without it."""
    images, labels = tiny_images()
    with_validation, without = tiny_cnn(), tiny_cnn()
    validation = (images[:5], (labels[:5] + 1) % 3)
    history = fit(with_validation, images, labels, loss=cross_entropy, epochs=3, validation=validation)
    fit(without, images, labels, loss=cross_entropy, epochs=3)
    assert_same_weights(with_validation, weights_of(without))
    assert len(history["loss"]) == len(history["validation_loss"]) == 3
    expected = cross_entropy(with_validation.predict(validation[0]), validation[1])[0]
    assert history["validation_loss"][-1] == expected


def test_every_epoch_sees_every_example_once_in_another_order():
    """The batches of an epoch are a permutation of the examples, and targets stay with their inputs."""
    seen = []

    def loss(outputs, targets):
        seen.extend(targets[:, 0])
        np.testing.assert_array_equal(outputs, targets)
        return 0.0, np.zeros_like(outputs)

    numbers = np.arange(10.0).reshape(10, 1)
    fit(Sequential([Flatten()]), numbers, numbers, loss=loss, epochs=2, batch_size=3)
    first, second = seen[:10], seen[10:]
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second


def test_augmentation_changes_training_batches_only():
    """Every batch passes through `augment` with fit's own generator, the validation images do not."""
    sizes, generators = [], []

    def augment(images, rng):
        sizes.append(len(images))
        generators.append(rng)
        return images + 1

    zeros, ones = np.zeros((10, 2)), np.ones((10, 2))
    rng = np.random.default_rng(8)
    history = Sequential([Flatten()]).fit(
        zeros,
        ones,
        loss=mean_squared_error,
        optimizer=SGD(learning_rate=0.1),
        epochs=1,
        batch_size=4,
        rng=rng,
        validation=(zeros, ones),
        augment=augment,
        progress=False,
    )
    assert sizes == [4, 4, 2]
    assert all(generator is rng for generator in generators)
    assert history == {"loss": [0.0], "validation_loss": [1.0]}
    assert not zeros.any()


def test_fit_changes_no_argument():
    """Read-only inputs and targets can be fitted."""
    images, labels = tiny_images()
    images.flags.writeable = labels.flags.writeable = False
    fit(tiny_cnn(), images, labels, loss=cross_entropy, epochs=1)


def test_no_epochs_change_nothing():
    """With epochs=0 the history is empty and the weights are the initial ones."""
    model = tiny_cnn()
    weights = weights_of(model)
    assert fit(model, *tiny_images(), loss=cross_entropy, epochs=0) == {"loss": []}
    assert_same_weights(model, weights)


def test_progress_bar_shows_the_loss(capfd):
    """With progress=True and tqdm the loss appears on standard error, and nothing on standard output."""
    pytest.importorskip("tqdm")
    numbers = np.ones((4, 1))
    Sequential([Flatten()]).fit(
        numbers,
        numbers + 0.5,
        loss=mean_squared_error,
        optimizer=SGD(learning_rate=0.1),
        epochs=2,
        rng=np.random.default_rng(9),
        validation=(numbers, numbers + 1),
    )
    out, err = capfd.readouterr()
    assert out == ""
    assert "loss 0.2500, validation loss 1.0000" in err


def test_impossible_training_is_refused():
    """Unequal numbers, no examples, no batches and a seed in place of a generator are named."""
    images, labels = tiny_images()
    model = tiny_cnn()
    with pytest.raises(ValueError, match="targets must hold one entry per example, 20, got 19"):
        fit(model, images, labels[:19], loss=cross_entropy)
    with pytest.raises(ValueError, match="inputs must hold at least one example, got none"):
        fit(model, images[:0], labels[:0], loss=cross_entropy)
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        fit(model, images, labels, loss=cross_entropy, batch_size=0)
    with pytest.raises(ValueError, match="epochs must be at least 0, got -1"):
        fit(model, images, labels, loss=cross_entropy, epochs=-1)
    with pytest.raises(TypeError, match=r"validation must be a pair \(inputs, targets\), got ndarray"):
        fit(model, images, labels, loss=cross_entropy, validation=images)
    with pytest.raises(TypeError, match="rng must be a numpy.random.Generator"):
        model.fit(images, labels, loss=cross_entropy, optimizer=Adam(), epochs=1, rng=0)


def test_impossible_models_are_refused():
    """A model needs layers, nothing but layers, and none twice: each keeps one forward pass."""
    with pytest.raises(ValueError, match="layers must hold at least one layer, got none"):
        Sequential([])
    with pytest.raises(TypeError, match="layers must hold layers only, got .*ReLU.* at position 1"):
        Sequential([Flatten(), ReLU])
    relu = ReLU()
    with pytest.raises(ValueError, match="layers must all be different objects, got one again at position 2"):
        Sequential([relu, Flatten(), relu])


# Saving and loading


def test_saved_weights_come_back(tmp_path):
    """A model of other weights predicts the same after loading, and its arrays are filled in place."""
    images, _ = tiny_images()
    first, second = tiny_cnn(seed=10), tiny_cnn(seed=11)
    held = second.layers[0].parameters["weights"]
    assert (first.predict(images) != second.predict(images)).any()
    first.save(tmp_path / "weights.npz")
    second.load(str(tmp_path / "weights.npz"))
    np.testing.assert_array_equal(first.predict(images), second.predict(images))
    assert second.layers[0].parameters["weights"] is held


def test_the_file_is_plain_and_reproducible(tmp_path):
    """Its keys are position and name; equal weights give equal bytes; nothing else is left in the folder."""
    for name in ("a.npz", "b.npz"):
        tiny_cnn().save(tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "b.npz"]
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        assert file.files == ["0.weights", "0.bias", "4.weights", "4.bias"]
        np.testing.assert_array_equal(file["4.weights"], tiny_cnn().layers[4].parameters["weights"])


def test_float64_weights_fit_a_float32_model(tmp_path):
    """The model keeps its own type."""
    tiny_cnn(dtype=np.float64).save(tmp_path / "weights.npz")
    model = tiny_cnn(seed=12)
    model.load(tmp_path / "weights.npz")
    assert_same_weights(model, [array.astype(np.float32) for array in weights_of(tiny_cnn(dtype=np.float64))])


def test_a_file_may_be_float16(tmp_path):
    """It is half as long and rounds each number to 11 bits; what does not fit is refused, the file stays."""
    model = small_cnn(rng=np.random.default_rng(0))
    weights = model.layers[-1].parameters["weights"]
    sizes = {}
    for dtype in (np.float16, np.float32):
        model.save(tmp_path / "cnn.npz", dtype=dtype)
        sizes[dtype] = (tmp_path / "cnn.npz").stat().st_size
    assert sizes[np.float32] - sizes[np.float16] == 2 * model.parameter_count

    model.save(tmp_path / "cnn.npz", dtype=np.float16)
    other = small_cnn(rng=np.random.default_rng(1))
    other.load(tmp_path / "cnn.npz")
    loaded = other.layers[-1].parameters["weights"]
    assert loaded.dtype == np.float32
    np.testing.assert_array_equal(loaded, weights.astype(np.float16).astype(np.float32))

    before = (tmp_path / "cnn.npz").read_bytes()
    weights[0, 0] = 1e5
    with pytest.raises(ValueError, match=r"7.weights must hold numbers that fit into float16, got 100000"):
        model.save(tmp_path / "cnn.npz", dtype=np.float16)
    with pytest.raises(TypeError, match="dtype must be one of float16, float32, float64, got int8"):
        model.save(tmp_path / "cnn.npz", dtype=np.int8)
    assert (tmp_path / "cnn.npz").read_bytes() == before


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    """If writing breaks off half-way, the file is what it was and no half is left behind."""
    path = tmp_path / "weights.npz"
    model = tiny_cnn()
    model.save(path)
    before = path.read_bytes()

    def breaks_off(stream, **arrays):
        stream.write(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "savez", breaks_off)
    with pytest.raises(OSError, match="No space left"):
        model.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def good_arrays():
    """Return what `save` writes for a tiny network of another seed."""
    layers = tiny_cnn(seed=13).layers
    return {
        f"{position}.{name}": layers[position].parameters[name]
        for position in (0, 4)
        for name in ("weights", "bias")
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"4.bias": None}, r"path must be a file that fits this model, got .*weights.npz: 4.bias is missing"),
        ({"7.bias": np.zeros(3)}, "7.bias is not a parameter of the model"),
        ({"4.bias": np.zeros(1)}, r"4.bias must have shape \(3,\), got \(1,\)"),
        ({"4.bias": np.zeros(3, np.int64)}, "4.bias must hold floats, got dtype int64"),
        ({"4.bias": np.zeros(3, complex)}, "4.bias must hold floats, got dtype complex128"),
        ({"4.bias": None, "0.bias": np.zeros(1)}, "4.bias is missing; 0.bias must have shape"),
        (
            {"4.bias": np.array([{}, {}, {}])},
            "path must be an .npz file of plain arrays, got .*weights.npz: Object arrays",
        ),
    ],
)
def test_files_that_do_not_fit_change_nothing(tmp_path, changes, message):
    """The message lists all that is missing, too many or different; every parameter stays."""
    arrays = {name: array for name, array in (good_arrays() | changes).items() if array is not None}
    np.savez(tmp_path / "weights.npz", **arrays)
    model = tiny_cnn()
    weights = weights_of(model)
    with pytest.raises(ValueError, match=message):
        model.load(tmp_path / "weights.npz")
    assert_same_weights(model, weights)


def test_files_that_are_no_npz_are_refused(tmp_path):
    """Text, nothing, a single array, a pickle and any cut-off or damaged file are named as such."""
    path = tmp_path / "weights.npz"
    tiny_cnn(seed=14).save(path)
    whole = path.read_bytes()
    needed = whole.index(b"PK\x01\x02") + 6  # which version of zip it takes to unpack the first array
    np.save(tmp_path / "single.npy", np.zeros(3))
    contents = [
        b"not weights",
        b"",
        (tmp_path / "single.npy").read_bytes(),
        b"\x80\x04N.",  # None, pickled
        whole[:100],
        whole[:-30],
        whole[:400] + bytes([whole[400] ^ 1]) + whole[401:],  # one bit: the checksum finds it
        whole[:needed] + b"\xff" + whole[needed + 1 :],
    ]
    model = tiny_cnn()
    weights = weights_of(model)
    for content in contents:
        path.write_bytes(content)
        with pytest.raises(ValueError, match="path must be an .npz file of plain arrays, got .*weights.npz"):
            model.load(path)
        assert_same_weights(model, weights)


def test_damaged_files_are_refused_or_read_unchanged(tmp_path):
    """Any byte of a file may be another: then it loads as it was, or the message says what is wrong."""
    path = tmp_path / "weights.npz"
    Sequential([Dense(2, 1, rng=np.random.default_rng(26))]).save(path)
    whole = path.read_bytes()
    model = Sequential([Dense(2, 1, rng=np.random.default_rng(26))])
    weights = weights_of(model)
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :])
        try:
            model.load(path)
        except ValueError as error:
            assert re.match("path must be .* got ", str(error), re.DOTALL)
        assert_same_weights(model, weights)


def test_no_pickle_is_ever_opened(tmp_path):
    """A pickle that would run code when it is opened, as the file or inside of it, runs nothing."""
    harmful = pickle.dumps(Harmful())
    header = (tmp_path / "objects.npy").open("wb+")
    np.lib.format.write_array_header_1_0(header, {"descr": "|O", "fortran_order": False, "shape": (3,)})
    header.seek(0)
    contents = {"0.bias.npy": header.read() + harmful, "0.weights.npy": harmful}
    header.close()
    model = Sequential([Dense(2, 1, rng=np.random.default_rng(26))])
    for names in (["0.bias.npy"], ["0.weights.npy"], list(contents)):
        with zipfile.ZipFile(tmp_path / "weights.npz", "w") as file:
            for name in names:
                file.writestr(name, contents[name])
        with pytest.raises(ValueError, match="path must be .* got .*weights.npz"):
            model.load(tmp_path / "weights.npz")
    (tmp_path / "weights.npz").write_bytes(harmful)
    with pytest.raises(ValueError, match="path must be an .npz file of plain arrays, got .*weights.npz"):
        model.load(tmp_path / "weights.npz")


class Harmful:
    """Fails the test as soon as it is unpickled."""

    def __reduce__(self):
        """Return what a pickle calls."""
        return pytest.fail, ("a pickle was opened",)


def test_an_array_that_claims_to_be_larger_than_all_memory_is_refused(tmp_path):
    """The header of an array may promise what no machine can hold."""
    header = (tmp_path / "header.npy").open("wb+")
    shape = (2**20, 2**20, 2**10)
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": shape})
    header.seek(0)
    with zipfile.ZipFile(tmp_path / "weights.npz", "w") as file:
        file.writestr("0.bias.npy", header.read())
    header.close()
    with pytest.raises(ValueError, match="path must be .* got .*weights.npz"):
        tiny_cnn().load(tmp_path / "weights.npz")


def test_only_files_have_weights(tmp_path):
    """A folder, an empty name and what is no path at all are named; nothing is written."""
    (tmp_path / "folder").mkdir()
    for use in (tiny_cnn().load, tiny_cnn().save):
        for path in (tmp_path / "folder", "", "nul\0"):
            with pytest.raises(ValueError, match="path must be that of a file, got"):
                use(path)
        for path in (2, None, b"weights.npz"):
            with pytest.raises(TypeError, match="path must be a path, got"):
                use(path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder"]


def test_a_missing_file_is_named(tmp_path):
    """Loading what is not there names the path."""
    with pytest.raises(FileNotFoundError, match="nowhere.npz"):
        tiny_cnn().load(tmp_path / "nowhere.npz")


# Accuracy and the small network for digits


def test_accuracy_by_hand():
    """Three of four right; of equal scores the first counts."""
    assert accuracy([[2, 1, 0], [0, 2, 1], [1, 1, 0], [0, 0, 5]], [0, 1, 0, 1]) == 0.75


def test_accuracy_of_nothing_is_refused():
    """No examples have no accuracy, and labels must be classes."""
    with pytest.raises(ValueError, match="logits must not be empty"):
        accuracy(np.zeros((0, 3)), [])
    with pytest.raises(ValueError, match="labels must be classes from 0 to 2, got 3"):
        accuracy(np.zeros((1, 3)), [3])


def test_small_cnn_has_the_sizes_it_states():
    """It has (3·3·1 + 1)·8 + (3·3·8 + 1)·16 + (5·5·16 + 1)·10 parameters, and the stated shapes between."""
    model = small_cnn(rng=np.random.default_rng(15))
    assert model.parameter_count == 80 + 1168 + 4010 == 5258
    values = np.zeros((2, 28, 28, 1), np.float32)
    shapes = []
    for layer in model.layers:
        values = layer.forward(values)
        shapes.append(values.shape[1:])
    assert [shapes[i] for i in (0, 2, 3, 5, 6, 7)] == [
        (26, 26, 8),
        (13, 13, 8),
        (11, 11, 16),
        (5, 5, 16),
        (400,),
        (10,),
    ]
    assert values.dtype == np.float32


def test_small_cnn_depends_on_its_generator_only():
    """Equal seeds give equal networks."""
    first, second = (small_cnn(rng=np.random.default_rng(16)) for _ in range(2))
    assert_same_weights(first, weights_of(second))
    assert all(isinstance(layer, Layer) for layer in first.layers)


# The separable network and the counts


def test_small_sepcnn_differs_from_small_cnn_in_one_convolution():
    """Its depthwise and pointwise layers stand where the second convolution was; all shapes stay."""
    separable, plain = (make(rng=np.random.default_rng(17)) for make in (small_sepcnn, small_cnn))
    rows, _ = layer_counts(separable, (28, 28, 1))
    plain_rows, _ = layer_counts(plain, (28, 28, 1))
    assert [row.name for row in rows[3:5]] == ["DepthwiseConv2D", "Conv2D"]
    assert rows[:3] + rows[5:] == plain_rows[:3] + plain_rows[4:]
    assert rows[3].output_shape == (11, 11, 8)
    assert rows[4].output_shape == plain_rows[3].output_shape == (11, 11, 16)
    assert separable.parameter_count == 80 + (3 * 3 * 8 + 8) + (8 * 16 + 16) + 4010 == 4314


def test_separable_convolution_costs_what_howard_states():
    """Its multiply-adds are 1/16 + 1/9 of the convolution's: 1/channels + 1/kernel area.

    Howard et al. (2017), MobileNets, section 3.1.
    """
    separable, _ = layer_counts(small_sepcnn(rng=np.random.default_rng(18)), (28, 28, 1))
    plain, _ = layer_counts(small_cnn(rng=np.random.default_rng(18)), (28, 28, 1))
    cost = separable[3].multiply_adds + separable[4].multiply_adds
    assert cost / plain[3].multiply_adds == pytest.approx(1 / 16 + 1 / 9, rel=1e-12)


def test_small_sepcnn_depends_on_its_generator_and_type_only():
    """Equal seeds give equal networks, float64 computes in float64, and no images give no logits."""
    first, second = (small_sepcnn(rng=np.random.default_rng(19), dtype=np.float64) for _ in range(2))
    assert_same_weights(first, weights_of(second))
    logits = first.predict(np.zeros((0, 28, 28, 1)))
    assert logits.shape == (0, 10)
    assert logits.dtype == np.float64
    with pytest.raises(TypeError, match="rng must be a numpy.random.Generator"):
        small_sepcnn(rng=19)
    with pytest.raises(TypeError, match="dtype must be one of float32, float64, got int64"):
        small_sepcnn(rng=np.random.default_rng(19), dtype=np.int64)


def test_layer_counts_by_hand():
    """Weights times positions: 3·3·2·4 at 2 x 3 places, 2·2·4 at 1 x 2, a matrix of 8 x 5 once."""
    rng = np.random.default_rng(20)
    model = Sequential(
        [
            Conv2D(2, 4, 3, rng=rng),
            ReLU(),
            DepthwiseConv2D(4, 2, rng=rng),
            Flatten(),
            Dense(8, 5, rng=rng),
        ]
    )
    rows, total = layer_counts(model, (4, 5, 2))
    assert rows == [
        LayerCount("Conv2D", (2, 3, 4), 72 + 4, 72 * 6),
        LayerCount("ReLU", (2, 3, 4), 0, 0),
        LayerCount("DepthwiseConv2D", (1, 2, 4), 16 + 4, 16 * 2),
        LayerCount("Flatten", (8,), 0, 0),
        LayerCount("Dense", (5,), 40 + 5, 40),
    ]
    assert total == ("total", (5,), 141, 432 + 32 + 40)
    assert total.parameters == model.parameter_count


def test_multiply_adds_are_those_of_the_loops():
    """A convolution with stride and padding, written as loops, multiplies as often as the count says."""
    rng = np.random.default_rng(21)
    rows, _ = layer_counts(Sequential([Conv2D(2, 3, 3, stride=2, padding=1, rng=rng)]), (7, 6, 2))
    starts = [range(-1, size + 1 - 2, 2) for size in (7, 6)]  # where the 3 x 3 filter begins
    assert rows[0].multiply_adds == len(starts[0]) * len(starts[1]) * 3 * 3 * 2 * 3


def test_layers_made_of_layers_are_counted_by_hand():
    """Attention on 5 tokens of 4: 4·5·4·4 for its weights, 2·5·5·4 among tokens; mlp 2·5·4·3; norms 2·5·4."""
    rng = np.random.default_rng(23)
    model = Sequential([Embedding(7, 4, rng=rng), PositionEmbedding(6, 4, rng=rng)])
    model.layers.append(TransformerBlock(4, 2, 3, rng=rng))
    rows, total = layer_counts(model, (5,))
    attention, mlp, norms = 4 * 5 * 4 * 4 + 2 * 5 * 5 * 4, 2 * 5 * 4 * 3, 2 * 5 * 4
    assert rows == [
        LayerCount("Embedding", (5, 4), 28, 0),  # looked up
        LayerCount("PositionEmbedding", (5, 4), 24, 0),  # added
        LayerCount("TransformerBlock", (5, 4), 80 + 31 + 16, attention + mlp + norms),
    ]
    assert total.parameters == model.parameter_count


def test_the_shares_of_experts_and_adapters_are_counted_by_hand():
    """Two of three experts compute, 3·5 + 5·4 each, beside the gate, 3·3; an adapter with what it adapts."""
    rng = np.random.default_rng(24)
    experts = MixtureOfExperts(3, 4, n_experts=3, hidden=5, top_k=2, rng=rng)
    adapter = LowRankAdapter(Dense(4, 6, rng=rng), 2, rng=rng)
    rows, _ = layer_counts(Sequential([experts, adapter]), (3,))
    assert rows == [
        LayerCount(
            "MixtureOfExperts", (4,), 3 * 3 + 3 + 3 * (3 * 5 + 5 + 5 * 4 + 4), 3 * 3 + 2 * (3 * 5 + 5 * 4)
        ),
        LayerCount("LowRankAdapter", (6,), 2 * (4 + 6), 4 * 6 + 2 * (4 + 6)),
    ]


def test_the_multimodal_model_is_counted():
    """An image of 2 patches of 8 pixels and 3 words: each dense layer once per token that passes it."""
    rng = np.random.default_rng(25)
    options = {"shape": (4, 4), "size": (2, 4), "width": 4, "n_heads": 2, "hidden": 3, "n_blocks": 2}
    model = Sequential([ImageTextTransformer(5, 3, **options, rng=rng)])
    _, total = layer_counts(model, (16 + 3,))
    tokens = 2 + 3 + 1
    block = 4 * tokens * 16 + 2 * tokens**2 * 4 + 2 * tokens * 12 + 2 * tokens * 4
    assert total.multiply_adds == 2 * 8 * 4 + 2 * block + 4 + 4 * 5
    assert total.parameters == model.parameter_count


def test_impossible_counts_are_refused():
    """The model must be a Sequential, the shape one example's, and weights must be called weights."""
    rng = np.random.default_rng(22)
    model = Sequential([Dense(3, 2, rng=rng)])
    with pytest.raises(TypeError, match="model must be a Sequential, got Dense"):
        layer_counts(model.layers[0], (3,))
    with pytest.raises(ValueError, match=r"input_shape must be a tuple such as \(28, 28, 1\), got 3"):
        layer_counts(model, 3)
    with pytest.raises(ValueError, match="input_shape must be a tuple"):
        layer_counts(model, (1, 28, 28, 1))
    with pytest.raises(ValueError, match="input_shape must be at least 1, got 0"):
        layer_counts(model, (0,))
    with pytest.raises(ValueError, match=r"inputs must have shape \(N, 3\), got \(1, 4\)"):
        layer_counts(model, (4,))
    model.layers[0].parameters["scale"] = np.ones(2)
    with pytest.raises(TypeError, match=r"got \['scale'\] in Dense"):
        layer_counts(model, (3,))


def test_dense_layers_need_an_input_and_an_output():
    """Two sizes make one linear layer, three have a ReLU in the middle; fewer make nothing."""
    rng = np.random.default_rng(0)
    (layer,) = dense_layers([3, 2], rng=rng)
    assert layer.parameters["weights"].shape == (3, 2)
    first, middle, last = dense_layers((3, 4, 2), rng=rng, dtype=np.float64)
    assert isinstance(middle, ReLU)
    assert first.parameters["weights"].shape == (3, 4)
    assert (last.parameters["weights"].shape, last.parameters["bias"].dtype) == ((4, 2), np.float64)
    for sizes in ([], [3]):
        with pytest.raises(ValueError, match=r"sizes must hold at least two numbers, got \["):
            dense_layers(sizes, rng=rng)
