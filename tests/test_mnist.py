import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from imagebook import mnist

DATA = Path(mnist.__file__).parent / "data"

# How often each digit occurs in the originals, counted in files with the published SHA-256.
LABEL_COUNTS = {
    "train": [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
    "test": [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
}


def test_parse_idx_reads_a_file_written_by_hand():
    """Two rows of three bytes come out in the header's shape, and can be written to."""
    content = bytes([0, 0, 8, 2]) + bytes([0, 0, 0, 2]) + bytes([0, 0, 0, 3]) + bytes([1, 2, 3, 4, 5, 255])
    array = mnist.parse_idx(content)
    assert array.dtype == np.uint8
    assert array.tolist() == [[1, 2, 3], [4, 5, 255]]
    array[0, 0] = 9


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "must begin with 00 00 08, got $"),
        (b"\x1f\x8b\x08\x00", "must begin with 00 00 08, got 1f 8b 08 00"),
        (bytes([0, 0, 13, 1, 0, 0, 0, 0]), "must begin with 00 00 08, got 00 00 0d 01"),
        (bytes([0, 0, 8, 3, 0, 0, 0, 1]), "header must have 16 bytes, got 8"),
        (bytes([0, 0, 8, 2]) + bytes([255] * 8), r"must hold 18446744065119617025 values .*, got 0"),
        (bytes([0, 0, 8, 1, 0, 0, 0, 3, 1, 2]), r"must hold 3 values \(3,\), got 2"),
        (bytes([0, 0, 8, 1, 0, 0, 0, 1, 1, 2]), r"must hold 1 values \(1,\), got 2"),
    ],
)
def test_parse_idx_refuses_what_is_no_idx_file_of_bytes(content, message):
    """A wrong magic number, a cut header and a wrong number of values are each named."""
    with pytest.raises(ValueError, match=message):
        mnist.parse_idx(content)


def test_scale_divides_by_255_and_adds_the_channel_axis():
    """0, 51 and 255 become 0, 1/5 and 1 in float32, and the input stays as it was."""
    images = np.array([[[0, 51, 255]]], dtype=np.uint8)
    images.setflags(write=False)
    scaled = mnist.scale(images)
    assert scaled.dtype == np.float32
    assert scaled.shape == (1, 1, 3, 1)
    np.testing.assert_array_equal(scaled.ravel(), np.array([0, 0.2, 1], dtype=np.float32))


def test_scale_keeps_an_empty_batch():
    """No images in, no images out, in the right shape and type."""
    scaled = mnist.scale(np.zeros((0, 28, 28), dtype=np.uint8))
    assert (scaled.shape, scaled.dtype) == ((0, 28, 28, 1), np.float32)


def test_scale_refuses_what_would_leave_0_to_1():
    """Images that are scaled already, values beyond a byte and wrong shapes are refused."""
    with pytest.raises(TypeError, match="integers from 0 to 255, got dtype float32"):
        mnist.scale(np.zeros((1, 28, 28), dtype=np.float32))
    with pytest.raises(ValueError, match="values from 0 to 255, got -1 to 256"):
        mnist.scale([[[-1, 256]]])
    with pytest.raises(ValueError, match=r"3 dimensions, got shape \(28, 28\)"):
        mnist.scale(np.zeros((28, 28), dtype=np.uint8))
    with pytest.raises(ValueError, match=r"rows and columns, got shape \(2, 0, 28\)"):
        mnist.scale(np.zeros((2, 0, 28), dtype=np.uint8))


def test_the_sample_has_the_first_digits_of_each_split():
    """10,000 and 2,000 digits; the first five labels are those of the published files."""
    for split, count, first in (("train", 10_000, [5, 0, 4, 1, 9]), ("test", 2_000, [7, 2, 1, 0, 4])):
        images, labels = mnist.load(split)
        assert (images.shape, images.dtype) == ((count, 28, 28), np.uint8)
        assert (labels.shape, labels.dtype) == ((count,), np.uint8)
        assert labels[:5].tolist() == first
        assert (images.min(), images.max()) == (0, 255)
        assert set(labels.tolist()) == set(range(10))


def test_every_call_returns_fresh_arrays():
    """What a caller writes into the images does not reach the next caller."""
    images, labels = mnist.load("test")
    images[:] = 1
    labels[:] = 1
    again = mnist.load("test")
    assert again[0].max() == 255
    assert again[1][0] == 7


def test_the_sample_is_the_file_whose_provenance_is_written_beside_it():
    """The SHA-256 of the sample stands in data/README.md."""
    digest = hashlib.sha256((DATA / "mnist-sample.npz").read_bytes()).hexdigest()
    assert digest in (DATA / "README.md").read_text(encoding="utf-8")


def test_an_unknown_split_is_refused():
    """The message names the two splits."""
    with pytest.raises(ValueError, match="split must be one of 'train', 'test', got 'validation'"):
        mnist.load("validation")


def test_the_originals_are_what_they_should_be(originals):
    """The whole set has its published size and labels, and the sample is its head."""
    for split, count in (("train", 60_000), ("test", 10_000)):
        images, labels = mnist.load(split, full=True)
        assert (images.shape, images.dtype) == ((count, 28, 28), np.uint8)
        assert (labels.shape, labels.dtype) == ((count,), np.uint8)
        assert np.bincount(labels).tolist() == LABEL_COUNTS[split]
        sample_images, sample_labels = mnist.load(split)
        np.testing.assert_array_equal(sample_images, images[: len(sample_images)])
        np.testing.assert_array_equal(sample_labels, labels[: len(sample_labels)])
        if split == "train":
            assert labels[:5].tolist() == [5, 0, 4, 1, 9]


# What the browser's Python (Pyodide 314) lacks, as found there: packages, threads and a place to write.
BROWSER = """
import _thread, os, sys

def no_thread(*arguments, **options):
    raise RuntimeError("can't start new thread")

def no_writing(event, arguments):
    if event == "os.mkdir" or event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR):
        raise PermissionError(event)

_thread.start_new_thread = _thread.start_joinable_thread = no_thread
sys.modules.update(dict.fromkeys(["requests", "urllib3", "tqdm", "_hashlib", "_multiprocessing"]))
sys.modules.update(dict.fromkeys(sys.argv[1:]))
sys.addaudithook(no_writing)

from imagebook import mnist
for split in ("train", "test"):
    images, labels = mnist.load(split)
    print(images.shape, labels[:5].tolist())
for cache_dir in (None, "/nowhere"):
    try:
        mnist.load("train", full=True, cache_dir=cache_dir)
    except (ImportError, ConnectionError) as error:
        print(type(error).__name__, error)
"""


@pytest.mark.parametrize("missing", ["pooch", "nothing more"])
def test_the_sample_needs_no_network_threads_packages_or_home(missing):
    """The browser's Python imports the module and gets the sample, and for the whole set a readable error."""
    environment = {**os.environ, "HOME": "/nowhere", "XDG_CACHE_HOME": "/nowhere"}
    environment.pop("MNIST_DIR", None)
    command = [sys.executable, "-B", "-c", BROWSER, missing]
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.stderr == ""
    train, test, *errors = result.stdout.splitlines()
    assert train == "(10000, 28, 28) [5, 0, 4, 1, 9]"
    assert test == "(2000, 28, 28) [7, 2, 1, 0, 4]"
    output = "\n".join(errors)
    if missing == "pooch":
        assert "ImportError the whole MNIST needs pooch" in output
        assert output.count("No module named 'pooch'") + output.count("import of pooch halted") == 3
    else:
        assert output.count("can't start new thread") == 4
    assert output.count("full=False") == 2
    assert output.count("MNIST_DIR") == 2
