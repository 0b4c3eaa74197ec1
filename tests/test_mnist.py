import functools
import gzip
import hashlib
import http.server
import os
import re
import struct
import threading
import urllib.parse
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
NAME = "train-images-idx3-ubyte"


def idx_bytes(array):
    """Return an array of bytes as an IDX file."""
    return struct.pack(f">I{array.ndim}I", 0x0800 + array.ndim, *array.shape) + array.tobytes()


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder and keeps the paths it was asked for."""

    def do_GET(self):
        self.server.requested.append(self.path)
        super().do_GET()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """Serve four small files from this machine under /first/ and /second/; `mnist` knows only these."""
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    rng = np.random.default_rng(7)
    files = {}
    for name, count in ((NAME, 5), ("train-labels-idx1-ubyte", 5), ("t10k-images-idx3-ubyte", 2)):
        shape = (count, 28, 28) if "idx3" in name else (count,)
        files[name] = rng.integers(0, 256 if "idx3" in name else 10, shape, dtype=np.uint8)
    files["t10k-labels-idx1-ubyte"] = np.array([3, 8], dtype=np.uint8)
    table = {}
    for name, array in files.items():
        content = idx_bytes(array)
        table[name] = (hashlib.sha256(content).hexdigest(), array.shape)
        for folder in ("first", "second"):
            path = tmp_path / "site" / folder / f"{name}.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(gzip.compress(content))
    handler = functools.partial(Handler, directory=str(tmp_path / "site"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.requested = []
    server.files = files
    server.site = tmp_path / "site"
    server.cache = tmp_path / "cache"
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(mnist, "MIRRORS", (f"{address}/first/", f"{address}/second/"))
    monkeypatch.setattr(mnist, "FILES", table)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def originals(monkeypatch):
    """Point MNIST_DIR at the four originals, or skip where this machine does not have them."""
    folder = Path(os.environ.get("MNIST_DIR") or Path(__file__).parents[2] / "shared" / "mnist")
    if not folder.is_dir():
        pytest.skip(f"needs the four MNIST files in the folder that MNIST_DIR names, or in {folder}")
    monkeypatch.setenv("MNIST_DIR", str(folder))


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


def test_a_download_returns_the_arrays_and_keeps_the_unpacked_files(mirror):
    """Both splits arrive as they were served, and the cache folder holds four files and nothing else."""
    for split, prefix in (("train", "train"), ("test", "t10k")):
        images, labels = mnist.load(split, full=True, cache_dir=mirror.cache)
        np.testing.assert_array_equal(images, mirror.files[f"{prefix}-images-idx3-ubyte"])
        np.testing.assert_array_equal(labels, mirror.files[f"{prefix}-labels-idx1-ubyte"])
        images[0, 0, 0] = 1  # writable
    assert sorted(path.name for path in mirror.cache.iterdir()) == sorted(mnist.FILES)
    assert (mirror.cache / NAME).read_bytes() == idx_bytes(mirror.files[NAME])


def test_the_second_call_needs_no_server(mirror):
    """What the cache holds is not asked for again."""
    first = mnist.load("train", full=True, cache_dir=mirror.cache)
    mirror.requested.clear()
    second = mnist.load("train", full=True, cache_dir=mirror.cache)
    assert mirror.requested == []
    np.testing.assert_array_equal(first[0], second[0])


def test_the_next_mirror_is_asked_when_the_first_lacks_the_file(mirror):
    """A 404 from the first mirror costs one request, no error."""
    (mirror.site / "first" / f"{NAME}.gz").unlink()
    images, _ = mnist.load("train", full=True, cache_dir=mirror.cache)
    np.testing.assert_array_equal(images, mirror.files[NAME])
    assert mirror.requested[:2] == [f"/first/{NAME}.gz", f"/second/{NAME}.gz"]


def test_a_file_compressed_again_is_accepted(mirror):
    """The hash is that of the unpacked bytes: other gzip bytes, or none at all, make no difference."""
    content = idx_bytes(mirror.files[NAME])
    for served in (gzip.compress(content, compresslevel=1, mtime=1), content):
        (mirror.site / "first" / f"{NAME}.gz").write_bytes(served)
        (mirror.cache / NAME).unlink(missing_ok=True)
        images, _ = mnist.load("train", full=True, cache_dir=mirror.cache)
        np.testing.assert_array_equal(images, mirror.files[NAME])
    assert not [path for path in mirror.requested if path.startswith("/second/")]


def flip_a_byte(content):
    return content[:100] + bytes([content[100] ^ 1]) + content[101:]


@pytest.mark.parametrize(
    ("damage", "cause"),
    [
        (lambda content: gzip.compress(flip_a_byte(content)), "must unpack to bytes with SHA-256"),
        (lambda content: flip_a_byte(gzip.compress(content)), "not a complete gzip file|CRC"),
        (lambda content: gzip.compress(content)[:-20], "not a complete gzip file"),
        (lambda content: gzip.compress(content[:-1]), "must unpack to 3936 bytes, got 3935"),
        (lambda content: gzip.compress(content + bytes(10**7)), "must unpack to 3936 bytes, got more"),
        (lambda content: b"<html>sold</html>", "must unpack to 3936 bytes, got 17"),
        (lambda content: b"", "must unpack to 3936 bytes, got 0"),
    ],
    ids=["byte", "gzip byte", "cut", "short", "bomb", "page", "empty"],
)
def test_a_damaged_file_is_an_error_and_is_not_kept(mirror, damage, cause):
    """A file that is not the original is refused from every mirror, and the cache stays empty."""
    for folder in ("first", "second"):
        (mirror.site / folder / f"{NAME}.gz").write_bytes(damage(idx_bytes(mirror.files[NAME])))
    with pytest.raises(ConnectionError, match=cause) as caught:
        mnist.load("train", full=True, cache_dir=mirror.cache)
    assert len(re.findall(cause, str(caught.value))) == 2
    assert list(mirror.cache.iterdir()) == []


def test_when_every_mirror_fails_one_error_names_each_cause_and_the_way_out(mirror, monkeypatch):
    """A missing file and a port where nobody answers are both told, with what to do next."""
    port = urllib.parse.urlsplit(mnist.MIRRORS[0]).port
    (mirror.site / "first" / f"{NAME}.gz").unlink()
    monkeypatch.setattr(mnist, "MIRRORS", (mnist.MIRRORS[0], "http://127.0.0.1:1/"))
    with pytest.raises(ConnectionError) as caught:
        mnist.load("train", full=True, cache_dir=mirror.cache)
    message = str(caught.value)
    assert f"http://127.0.0.1:{port}/first/{NAME}.gz: 404" in message
    assert f"http://127.0.0.1:1/{NAME}.gz: " in message
    assert "refused" in message
    assert "full=False" in message
    assert "MNIST_DIR" in message
    assert list(mirror.cache.iterdir()) == []


def test_a_damaged_cached_file_is_downloaded_again(mirror):
    """One flipped byte in the cache is noticed and mended."""
    mnist.load("train", full=True, cache_dir=mirror.cache)
    good = (mirror.cache / NAME).read_bytes()
    (mirror.cache / NAME).write_bytes(flip_a_byte(good))
    images, _ = mnist.load("train", full=True, cache_dir=mirror.cache)
    np.testing.assert_array_equal(images, mirror.files[NAME])
    assert (mirror.cache / NAME).read_bytes() == good


def test_a_download_shows_its_progress_only_where_tqdm_is_installed(mirror, monkeypatch, capsys):
    """With tqdm a bar reaches 100 %; without it nothing is printed."""
    mnist.load("test", full=True, cache_dir=mirror.cache / "with")
    assert "100%" in capsys.readouterr().err
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    mnist.load("test", full=True, cache_dir=mirror.cache / "without")
    assert capsys.readouterr() == ("", "")


def test_the_default_cache_is_the_users(mirror, monkeypatch):
    """Without `cache_dir`, the files go where pooch keeps those of imagebook."""
    monkeypatch.setattr("pooch.os_cache", lambda project: mirror.cache / project)
    mnist.load("test", full=True)
    assert (mirror.cache / "imagebook" / "t10k-images-idx3-ubyte").is_file()


@pytest.mark.parametrize("packed", [True, False])
def test_mnist_dir_is_read_instead_of_a_mirror(mirror, tmp_path, monkeypatch, packed):
    """The named folder's files are used, packed or not; no server is asked and nothing is cached."""
    folder = tmp_path / "mine"
    folder.mkdir()
    for name, array in mirror.files.items():
        content = idx_bytes(array)
        (folder / (f"{name}.gz" if packed else name)).write_bytes(
            gzip.compress(content) if packed else content
        )
    monkeypatch.setenv("MNIST_DIR", str(folder))
    images, labels = mnist.load("train", full=True, cache_dir=mirror.cache)
    np.testing.assert_array_equal(images, mirror.files[NAME])
    np.testing.assert_array_equal(labels, mirror.files["train-labels-idx1-ubyte"])
    assert mirror.requested == []
    assert not mirror.cache.exists()


def test_mnist_dir_is_checked_too(mirror, tmp_path, monkeypatch):
    """A missing and a changed file in the named folder are errors, not reasons to download."""
    monkeypatch.setenv("MNIST_DIR", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=f"MNIST_DIR must name a folder with {NAME}.gz or {NAME}"):
        mnist.load("train", full=True, cache_dir=mirror.cache)
    (tmp_path / NAME).write_bytes(flip_a_byte(idx_bytes(mirror.files[NAME])))
    with pytest.raises(ValueError, match=f"{NAME} must unpack to bytes with SHA-256"):
        mnist.load("train", full=True, cache_dir=mirror.cache)
    assert mirror.requested == []
