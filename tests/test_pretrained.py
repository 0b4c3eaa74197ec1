import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scripts

from imagebook import mnist, pretrained
from imagebook.autoregressive import binarize
from imagebook.models import Sequential


@pytest.fixture(scope="module")
def tool():
    """Return tools/weights.py as a module: it knows how each model is measured."""
    return scripts.load("tools/weights.py")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return an empty folder that takes the place of the stored weights."""
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def digits():
    """Return the sample's test digits, scaled, and their labels."""
    images, labels = mnist.load("test")
    return mnist.scale(images), labels


def assert_measured_as_recorded(tool, name, part, images, labels):
    """Measure a stored model again and compare with its record."""
    wanted = dict(pretrained.record(name)[part])
    count = wanted.pop("images")
    got = tool.measured(tool.RECIPES[name], pretrained.load(name), images[:count], labels[:count])
    assert got.pop("images") == count
    assert set(got) == set(wanted) == set(pretrained.record(name)["measures"])
    for measure, value in wanted.items():
        # Another processor may round one image across a border; errors and logarithms have no borders.
        one_image = 0 if measure in ("mean_squared_error", "elbo", "log_likelihood") else 1.01 / count
        assert got[measure] == pytest.approx(value, rel=1e-4, abs=one_image), measure


@pytest.mark.parametrize("name", pretrained.NAMES)
def test_the_sample_is_measured_as_recorded(tool, digits, name):
    """The stored weights do on the sample's test digits what their record says."""
    assert_measured_as_recorded(tool, name, "sample", *digits)


@pytest.mark.parametrize("name", pretrained.NAMES)
def test_the_full_test_set_is_measured_as_recorded(tool, originals, name):
    """The stored weights do on all 10,000 test digits what their record says."""
    images, labels = mnist.load("test", full=True)
    assert pretrained.record(name)["full"]["images"] == 10_000
    assert_measured_as_recorded(tool, name, "full", mnist.scale(images), labels)


@pytest.mark.parametrize("name", pretrained.NAMES)
def test_a_record_describes_its_file_and_its_model(tool, name):
    """Size, SHA-256, parameters and training are those of the file, the model and the recipe."""
    record = pretrained.record(name)
    content = pretrained.weights_file(name).read_bytes()
    assert record["bytes"] == len(content) < 300_000
    assert record["sha256"] == hashlib.sha256(content).hexdigest()
    with np.load(pretrained.weights_file(name), allow_pickle=False) as arrays:
        assert {arrays[key].dtype for key in arrays} == {np.dtype(np.float16)}
        assert record["parameters"] == sum(arrays[key].size for key in arrays)
    recipe = tool.RECIPES[name]
    assert record["recipe"] == recipe.sentence()
    assert record["epochs"] == recipe.epochs
    assert record["training_images"] == recipe.n_train


def test_nothing_else_is_stored():
    """The folder holds the files of the names and their records, and nothing else."""
    files = {path.name for path in pretrained.FOLDER.iterdir()}
    assert files == {*(f"{name}.npz" for name in pretrained.NAMES), "records.json"}
    records = json.loads((pretrained.FOLDER / "records.json").read_text(encoding="utf-8"))
    assert tuple(records) == pretrained.NAMES


@pytest.mark.parametrize("name", pretrained.NAMES)
def test_a_model_comes_in_float32_with_the_stored_numbers(name):
    """Every parameter is float32 and finite, none is left as it was drawn, and each call gives new arrays."""
    network = pretrained.network(pretrained.load(name))
    drawn = pretrained.network(pretrained.build(name, rng=np.random.default_rng(0)))
    again = pretrained.network(pretrained.load(name))
    with np.load(pretrained.weights_file(name), allow_pickle=False) as arrays:
        for position, layer in enumerate(network.layers):
            for key, parameter in layer.parameters.items():
                assert parameter.dtype == np.float32
                assert np.isfinite(parameter).all()
                np.testing.assert_array_equal(parameter, arrays[f"{position}.{key}"])
                assert (parameter != drawn.layers[position].parameters[key]).any()
                assert not np.shares_memory(parameter, again.layers[position].parameters[key])


def test_the_models_are_good():
    """What the book says of them in words holds on the full test set, as recorded."""
    full = {name: pretrained.record(name)["full"] for name in pretrained.NAMES}
    assert full["cnn"]["accuracy"] >= 0.985
    assert full["sepcnn"]["accuracy"] >= 0.98
    assert full["mixture_of_experts"]["accuracy"] >= 0.96
    assert full["mixture_of_experts"]["load_balancing_loss"] < 1.5  # 4 if all went to the same two of eight
    # The exact likelihood beats the bound of the longer code, that the one of two numbers.
    assert (
        full["autoregressive"]["log_likelihood"]
        > full["variational_autoencoder"]["elbo"]
        > full["variational_autoencoder_2d"]["elbo"]
    )


def test_instruction_tuning_teaches_to_answer():
    """Before it the model only names digits; after it, it answers new phrasings of all four types."""
    before = pretrained.record("multimodal_captions")["full"]
    after = pretrained.record("multimodal")["full"]
    assert before["captions"] > 0.9
    for kind in ("even", "larger"):  # "yes" and "no" end no caption
        assert before[f"{kind}_seen"] == before[f"{kind}_held_out"] == 0
    for kind in ("digit", "even", "larger", "loops"):
        assert after[f"{kind}_seen"] > 0.9
        assert after[f"{kind}_held_out"] > 0.85


def test_the_mean_image_is_a_worse_reconstruction_and_a_worse_model(digits):
    """The autoencoder's error, and the bounds and likelihoods, beat those that need no network."""
    images, _ = digits
    train = mnist.scale(mnist.load("train")[0])
    error = np.mean((train.mean(axis=0) - images) ** 2)
    assert pretrained.record("autoencoder")["sample"]["mean_squared_error"] < error / 4
    white = np.clip(binarize(train).mean(axis=0), 1e-4, 1 - 1e-4)  # each pixel for itself
    binary = binarize(images)
    likelihood = (binary * np.log(white) + (1 - binary) * np.log(1 - white)).sum(axis=(1, 2, 3)).mean()
    assert pretrained.record("variational_autoencoder_2d")["sample"]["elbo"] > likelihood + 30


def test_an_unknown_name_is_refused():
    """The message lists the names."""
    for function in (pretrained.load, pretrained.record, pretrained.weights_file):
        with pytest.raises(ValueError, match="name must be one of 'cnn', 'sepcnn', .*, got 'resnet'"):
            function("resnet")
    with pytest.raises(ValueError, match="got 'resnet'"):
        pretrained.build("resnet", rng=np.random.default_rng(0))


def test_a_file_that_is_damaged_or_another_models_is_named(folder):
    """A cut file and another model's weights are ValueErrors that name the file; so is a missing one."""
    whole = (Path(pretrained.__file__).parent / "data" / "weights" / "cnn.npz").read_bytes()
    (folder / "cnn.npz").write_bytes(whole[:-100])
    with pytest.raises(ValueError, match="path must be an .npz file of plain arrays, got .*cnn.npz"):
        pretrained.load("cnn")
    (folder / "sepcnn.npz").write_bytes(whole)
    with pytest.raises(ValueError, match="must be a file that fits this model, got .*sepcnn.npz: .*shape"):
        pretrained.load("sepcnn")
    with pytest.raises(FileNotFoundError, match="autoencoder.npz"):
        pretrained.load("autoencoder")


def test_the_tool_writes_the_same_bytes_again(tool, folder, capsys):
    """Two short trainings give the same file and record; both model and record can be loaded."""
    train = tuple(array[:200] for array in mnist.load("train"))
    test = tuple(array[:50] for array in mnist.load("test"))
    contents = []
    for _ in range(2):
        made = tool.make("cnn", tool.RECIPES["cnn"]._replace(n_sample=20), train, test)
        tool.write_record("cnn", made)
        contents.append([(folder / name).read_bytes() for name in ("cnn.npz", "records.json")])
    assert contents[0] == contents[1]
    record = pretrained.record("cnn")
    assert (record["training_images"], record["sample"]["images"], record["full"]["images"]) == (200, 20, 50)
    images = mnist.scale(test[0])
    accuracy = float((pretrained.load("cnn").predict(images).argmax(axis=1) == test[1]).mean())
    assert record["full"]["accuracy"] == pytest.approx(accuracy)
    assert "cnn: epoch 1 of" in capsys.readouterr().out


def test_the_tool_keeps_the_other_records_in_order(tool, folder):
    """A record that is made again takes its old place."""
    for name in ("multimodal", "cnn", "sepcnn", "cnn"):
        tool.write_record(name, {"seed": 0})
    records = json.loads((folder / "records.json").read_text(encoding="utf-8"))
    assert list(records) == ["cnn", "sepcnn", "multimodal"]


def test_the_tool_says_what_it_lacks(tmp_path):
    """Without the full MNIST it ends with one plain sentence, and no traceback."""
    run = subprocess.run(
        [sys.executable, scripts.ROOT / "tools/weights.py", "--only", "cnn"],
        capture_output=True,
        text=True,
        env={"MNIST_DIR": str(tmp_path), "PYTHONPATH": str(Path(pretrained.__file__).parents[1])},
    )
    assert run.returncode == 1
    assert run.stderr.startswith("MNIST_DIR must name a folder with train-images-idx3-ubyte.gz")
    assert "Traceback" not in run.stderr


def test_what_load_returns_is_ready_for_use(digits):
    """Each kind of model takes digits as the book hands them over."""
    images = digits[0][:2]
    assert isinstance(pretrained.load("cnn"), Sequential)
    assert pretrained.load("autoencoder").encode(images).shape == (2, 16)
    assert pretrained.load("variational_autoencoder_2d").decode([[0, 0]]).shape == (1, 28, 28)
    *_, image = pretrained.load("autoregressive").sample(
        np.random.default_rng(0), given=binarize(images[0, ..., 0])
    )
    np.testing.assert_array_equal(image, binarize(images[0, ..., 0]))
    assert pretrained.load("multimodal").answer(images, "which digit is this") == ["seven", "two"]
