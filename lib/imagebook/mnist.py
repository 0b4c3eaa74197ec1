"""MNIST, the 70,000 handwritten digits: a sample inside the package, the whole set from its mirrors."""

import contextlib
import gzip
import hashlib
import importlib.resources
import importlib.util
import io
import math
import os
import shutil
import tempfile
import textwrap
import time
import zlib
from pathlib import Path

import numpy as np

from imagebook import _checks

# The original site no longer hands the files out; these two do, tried in this order.
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)

# What each file holds once unpacked: its SHA-256 (a mirror may compress again) and the shape of its array.
FILES = {
    "train-images-idx3-ubyte": (
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        (60_000, 28, 28),
    ),
    "train-labels-idx1-ubyte": (
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        (60_000,),
    ),
    "t10k-images-idx3-ubyte": (
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        (10_000, 28, 28),
    ),
    "t10k-labels-idx1-ubyte": (
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        (10_000,),
    ),
}

SPLITS = {"train": "train", "test": "t10k"}  # our name of a split: how its file names begin
TIMEOUT = (10, 30)  # seconds until a mirror must answer, and between two pieces of a file
TIME_LIMIT = 300  # seconds for a whole file, because a mirror that sends a byte now and then never times out

WAY_OUT = "use the sample (full=False), or set MNIST_DIR to a folder with the four files"


def load(split, *, full=False, cache_dir=None):
    """Return the images and labels of MNIST, a dataset of handwritten digits.

    Without `full`, these are the first 10,000 training or the first 2,000 test digits, which come with the
    package and need no network. With `full`, they are all 60,000 or 10,000: from the folder that the
    environment variable ``MNIST_DIR`` names if it is set, else downloaded once and kept. Every file's
    SHA-256 is checked on every call. An error rate on the sample's test digits is not comparable with
    published ones, which are on all 10,000.

    Parameters
    ----------
    split : {"train", "test"}
        The digits to learn from or those to judge by.
    full : bool
        Whether to return the whole set.
    cache_dir : path-like, optional
        Folder that keeps the downloaded files, 55 MB; by default the user's cache folder.

    Returns
    -------
    images : ndarray, shape (N, 28, 28), uint8 from 0 (paper) to 255 (ink)
        The digits in their original order.
    labels : ndarray, shape (N,), uint8 from 0 to 9
        Which digit each image shows.

    Raises
    ------
    ValueError
        If `split` is neither of the two, or a file in ``MNIST_DIR`` is not the original.
    FileNotFoundError
        If ``MNIST_DIR`` names a folder that lacks a file.
    ConnectionError
        If no mirror delivers the file; the message says what each one did and what to do next.
    OSError
        If the folder cannot keep a downloaded file.
    ImportError
        If pooch, which knows the user's cache folder, is not installed.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
    recognition", Proceedings of the IEEE 86(11), 1998, section III.A.

    Examples
    --------
    >>> images, labels = load("train")
    >>> images.shape, labels.shape
    ((10000, 28, 28), (10000,))
    >>> labels[:5].tolist()
    [5, 0, 4, 1, 9]
    """
    _checks.choice("split", split, tuple(SPLITS))
    if not full:
        sample = importlib.resources.files("imagebook") / "data" / "mnist-sample.npz"
        with sample.open("rb") as file, np.load(file) as arrays:
            return arrays[f"{split}_images"], arrays[f"{split}_labels"]
    prefix = SPLITS[split]
    images = parse_idx(_original(f"{prefix}-images-idx3-ubyte", cache_dir))
    labels = parse_idx(_original(f"{prefix}-labels-idx1-ubyte", cache_dir))
    return images, labels


def scale(images):
    """Return images with values 0 to 255 as the floats in [0, 1], with a channel axis, that the layers take.

    Each value is divided by 255.

    Parameters
    ----------
    images : array_like, shape (N, H, W), integers from 0 to 255
        Images as `load` returns them.

    Returns
    -------
    ndarray, shape (N, H, W, 1), float32 in [0, 1]
        The same images, one channel each.

    Raises
    ------
    TypeError
        If the values are no integers (such as those of images that are scaled already).
    ValueError
        If `images` has another number of dimensions, no rows or columns, or values outside 0 to 255.

    Examples
    --------
    >>> scale([[[0, 51, 255]]]).ravel().tolist() == [0.0, np.float32(0.2), 1.0]
    True
    >>> scale(np.zeros((3, 28, 28), dtype=np.uint8)).shape
    (3, 28, 28, 1)
    """
    images = _checks.array("images", images, ndim=3)
    if images.dtype.kind not in "iu":
        raise TypeError(f"images must hold integers from 0 to 255, got dtype {images.dtype}")
    if 0 in images.shape[1:]:
        raise ValueError(f"images must have rows and columns, got shape {images.shape}")
    if images.size and (images.min() < 0 or images.max() > 255):
        raise ValueError(f"images must hold values from 0 to 255, got {images.min()} to {images.max()}")
    return images[..., np.newaxis].astype(np.float32) / 255


def parse_idx(content):
    """Return the array that the bytes of an IDX file describe, the format in which MNIST is published.

    Two zero bytes; one byte for the type of the values (8: unsigned bytes); one byte for the number of axes;
    each axis's length as a 32-bit integer, most significant byte first; then the values, last axis fastest.

    Parameters
    ----------
    content : bytes
        The whole unpacked file.

    Returns
    -------
    ndarray, uint8
        The values, in the shape that the header states.

    Raises
    ------
    ValueError
        If the header is not that of unsigned bytes, or announces more or fewer values than follow.

    References
    ----------
    Y. LeCun, C. Cortes and C. J. C. Burges, "The MNIST database of handwritten digits", 1998, "File formats".

    Examples
    --------
    >>> parse_idx(bytes([0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 3, 7, 8, 9]))
    array([[7, 8, 9]], dtype=uint8)
    """
    if not isinstance(content, bytes | bytearray):
        raise TypeError(f"content must be the bytes of an IDX file, got {type(content).__name__}")
    if len(content) < 4 or content[:3] != b"\0\0\x08":
        raise ValueError(f"an IDX file of bytes must begin with 00 00 08, got {content[:4].hex(' ')}")
    if content[3] > 4:  # NumPy has no room for 255 axes
        raise ValueError(f"an IDX file of images or labels must have at most 4 axes, got {content[3]}")
    header_size = 4 + 4 * content[3]
    if len(content) < header_size:
        raise ValueError(f"the IDX header must have {header_size} bytes, got {len(content)}")
    shape = tuple(int(length) for length in np.frombuffer(content[4:header_size], dtype=">u4"))
    values = np.frombuffer(content, dtype=np.uint8, offset=header_size)
    if values.size != math.prod(shape):
        raise ValueError(f"the IDX file must hold {math.prod(shape)} values {shape}, got {values.size}")
    return values.reshape(shape).copy()  # the buffer of `content` is read-only


def _original(name, cache_dir):
    """Return the verified bytes of one unpacked original: from MNIST_DIR, the cache or a mirror."""
    folder = os.environ.get("MNIST_DIR")
    if folder:
        return _from_folder(name, Path(folder).expanduser())
    cached = (_users_cache() if cache_dir is None else Path(cache_dir).expanduser()) / name
    _sweep(cached.parent)
    try:
        with open(cached, "rb") as file:
            return _verified(file, name)
    except (OSError, ValueError):
        pass  # absent or damaged: what comes next puts it there
    content = _download(name)
    _keep(content, cached)
    return content


def _from_folder(name, folder):
    """Return the verified bytes of one original from the folder that MNIST_DIR names."""
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            try:
                with open(path, "rb") as file:
                    return _verified(file, name)
            except (OSError, ValueError) as error:
                raise ValueError(f"{path} is not the original: {error}. Replace it, {WAY_OUT}.") from error
    raise FileNotFoundError(
        f"MNIST_DIR must name a folder with {name}.gz or {name}, got {str(folder)!r}. Without MNIST_DIR the "
        "files are downloaded; the sample (full=False) needs none."
    )


def _users_cache():
    """Return the folder where the user's system keeps what can be downloaded again."""
    try:
        import pooch  # here, because the browser's Python reads the sample and need not have it
    except ImportError as error:
        raise ImportError(f"the whole MNIST needs pooch ({error}). Install it, {WAY_OUT}.") from error
    return Path(pooch.os_cache("imagebook"))


def _verified(file, name):
    """Return the unpacked bytes of an open file after checking that they are the original `name`."""
    wanted_hash, _ = FILES[name]
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    size = _unpacked_size(name)
    try:
        # One byte too many is enough to know; never fill the memory.
        content = (gzip.GzipFile(fileobj=file) if packed else file).read(size + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{name}.gz is not a complete gzip file ({error})") from error
    if len(content) != size:
        got = f"{len(content)}" if len(content) < size else "more"
        raise ValueError(f"{name} must unpack to {size} bytes, got {got}, beginning {content[:16]}")
    got_hash = hashlib.sha256(content).hexdigest()
    if got_hash != wanted_hash:
        raise ValueError(f"{name} must unpack to bytes with SHA-256 {wanted_hash}, got {got_hash}")
    return content


def _unpacked_size(name):
    """Return how many bytes the header and the values of an original take."""
    _, shape = FILES[name]
    return 4 + 4 * len(shape) + math.prod(shape)


def _download(name):
    """Return the verified bytes of one unpacked original from the first mirror that delivers it."""
    most = _unpacked_size(name) + 2**16  # a file that gzip could not shrink, and its headers
    causes = []
    for mirror in MIRRORS:
        url = f"{mirror}{name}.gz"
        try:
            return _verified(io.BytesIO(_fetch(url, most)), name)
        except Exception as error:  # whatever goes wrong with this mirror, the next one may be well
            causes.append(f"\n  {url}: {error}")
    raise ConnectionError(
        f"no mirror delivered MNIST's {name}:{''.join(causes)}\nTry again later, {WAY_OUT}."
    )


def _fetch(url, most):
    """Return what a mirror sends: at most `most` bytes, within TIME_LIMIT, and never on the disk."""
    import threading  # here, because the browser, which has none, imports this module too

    import pooch

    download = pooch.HTTPDownloader(progressbar=importlib.util.find_spec("tqdm") is not None, timeout=TIMEOUT)
    causes = []

    def work():
        try:
            download(url=url, output_file=arrived, pooch=None)
        except Exception as error:
            causes.append(_cause(error))

    # Name look-ups and headers have no deadline of their own. So a thread waits for them, and is left behind
    # if it takes too long: it ends with Python, or before that when it meets the closed file.
    with _LimitedFile(most) as arrived:
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        deadline = time.monotonic() + TIME_LIMIT
        while thread.is_alive() and time.monotonic() < deadline:
            thread.join(0.1)  # bit by bit, because a Ctrl-C may have to wait until a join returns
        if thread.is_alive():
            raise TimeoutError(f"not complete after {TIME_LIMIT} seconds")
        if causes:
            raise ConnectionError(causes[0])
        return arrived.getvalue()


class _LimitedFile(io.BytesIO):
    """A file in memory that refuses to grow beyond `most` bytes."""

    def __init__(self, most):
        super().__init__()
        self.most = most

    def write(self, piece):
        """Append `piece`, or raise ValueError if that is too much."""
        if self.tell() + len(piece) > self.most:
            raise ValueError(f"sends more than {self.most} bytes")
        return super().write(piece)


def _cause(error):
    """Return in one short line the innermost error that an error quotes: requests wraps it in long texts."""
    inner = error.__cause__ or error.__context__
    if inner and str(inner) in str(error):
        return _cause(inner)
    text, _, _ = str(error).partition(" for url")  # the caller names it
    return textwrap.shorten(text or type(error).__name__, 160)


def _keep(content, destination):
    """Write a verified file such that its final name always holds the whole of it or nothing."""
    folder = destination.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix="mnist-", suffix=".part") as room:
            unpacked = Path(room) / destination.name
            unpacked.write_bytes(content)
            os.replace(unpacked, destination)
    except OSError as error:
        raise OSError(
            f"cannot keep MNIST's {destination.name} in {str(folder)!r}: {error.strerror or error}. "
            f"Make room for it there, name another folder (cache_dir), {WAY_OUT}."
        ) from error


def _sweep(folder):
    """Remove what killed processes left of `_keep`, which takes seconds: after an hour nobody is at work."""
    for room in folder.glob("mnist-*.part"):
        with contextlib.suppress(OSError):  # another process may sweep too
            if time.time() - room.stat().st_mtime > 3600:
                shutil.rmtree(room)
