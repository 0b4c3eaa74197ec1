"""`mnist.load(full=True)` against mirrors, folders and processes that misbehave: all on this machine."""

import contextlib
import errno
import gzip
import hashlib
import http.server
import json
import os
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from imagebook import mnist

NAME = "train-images-idx3-ubyte"
LABELS = "train-labels-idx1-ubyte"


def idx_bytes(array):
    """Return an array of bytes as an IDX file."""
    return struct.pack(f">I{array.ndim}I", 0x0800 + array.ndim, *array.shape) + array.tobytes()


class Mirror(http.server.ThreadingHTTPServer):
    """Serves small files in the place of MNIST's under /first/ and /second/, as `replies` of each say."""

    daemon_threads = False  # so that no reply outlives its test
    block_on_close = True

    def __init__(self, cache):
        super().__init__(("127.0.0.1", 0), Handler)
        rng = np.random.default_rng(7)
        self.files = {
            NAME: rng.integers(0, 256, (5, 28, 28), dtype=np.uint8),
            LABELS: rng.integers(0, 10, (5,), dtype=np.uint8),
            "t10k-images-idx3-ubyte": rng.integers(0, 256, (2, 28, 28), dtype=np.uint8),
            "t10k-labels-idx1-ubyte": rng.integers(0, 10, (2,), dtype=np.uint8),
        }
        self.contents = {name: idx_bytes(array) for name, array in self.files.items()}
        self.table = {
            name: (hashlib.sha256(content).hexdigest(), self.files[name].shape)
            for name, content in self.contents.items()
        }
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.urls = (f"{self.address}/first/", f"{self.address}/second/")
        self.replies = {"first": whole, "second": whole}
        self.requested = []
        self.cache = cache
        self.stalling = threading.Event()  # set by a reply that has begun and will not go on
        self.over = threading.Event()  # set when the test is over, so that such replies end
        self.errors = []

    def handle_error(self, request, client_address):
        """Keep what went wrong in a reply, for the fixture to raise."""
        self.errors.append(sys.exception())


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers a request as the server's `replies` say."""

    def do_GET(self):
        self.server.requested.append(self.path)
        folder, name = self.path.removesuffix(".gz").removeprefix("/").split("/")
        # A client that has seen enough hangs up; that is no error of the mirror.
        with contextlib.suppress(ConnectionError):
            self.server.replies[folder](self, self.server.contents[name])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """Start the server, and let `mnist` know only its two mirrors and its files."""
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    before = set(threading.enumerate())
    with Mirror(tmp_path / "cache") as server:
        monkeypatch.setattr(mnist, "MIRRORS", server.urls)
        monkeypatch.setattr(mnist, "FILES", server.table)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join()
    assert server.errors == []
    for left_behind in set(threading.enumerate()) - before:
        if type(left_behind) is threading.Thread:  # tqdm's own monitor stays, of a class of its own
            left_behind.join(5)
            assert not left_behind.is_alive()


def load_train(mirror):
    """Return what `mnist.load` returns for the training split."""
    return mnist.load("train", full=True, cache_dir=mirror.cache)


def assert_served(mirror, images, labels):
    """Check that the images and labels are the ones that the mirror holds."""
    np.testing.assert_array_equal(images, mirror.files[NAME])
    np.testing.assert_array_equal(labels, mirror.files[LABELS])


def cached(mirror):
    """Return the names in the cache folder after checking that those of originals hold the originals."""
    names = sorted(path.name for path in mirror.cache.iterdir()) if mirror.cache.exists() else []
    for name in set(names) & set(mirror.contents):
        assert (mirror.cache / name).read_bytes() == mirror.contents[name]
    return names


def assert_helpful(message):
    """Check that an error says what to do next, and can be read."""
    assert "full=False" in message
    assert "MNIST_DIR" in message
    assert len(message) < 1200


# What a mirror may reply: each takes the handler of the request and the unpacked original.


def send(handler, body, *, status=200, **headers):
    """Answer as a well-behaved server would."""
    handler.send_response(status)
    for name, value in {"Content_Length": len(body), **headers}.items():
        handler.send_header(name.replace("_", "-"), str(value))
    handler.end_headers()
    handler.wfile.write(body)


def whole(handler, content):
    """Send the file."""
    send(handler, gzip.compress(content, mtime=0))


def sending(damage):
    """Return a reply that sends, correctly, what `damage` makes of the unpacked original."""
    return lambda handler, content: send(handler, damage(content))


def answering(status):
    """Return a reply with that status and a page."""
    return lambda handler, content: send(handler, b"<html>Sorry</html>", status=status)


def claiming(length):
    """Return a reply that sends the file with that Content-Length."""
    return lambda handler, content: send(handler, gzip.compress(content), Content_Length=length)


def saying(raw):
    """Return a reply that sends these bytes and no header."""
    return lambda handler, content: handler.wfile.write(raw)


def redirecting(address):
    """Return a reply that names another address, by default its own."""
    return lambda handler, content: send(handler, b"", status=302, Location=address or handler.path)


def flip_a_bit(content):
    """Return the bytes with one bit in their middle changed."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def recount(content, count):
    """Return an IDX file whose header announces `count` images."""
    return content[:4] + struct.pack(">I", count) + content[8:]


def endless(handler, content):
    """Claim 10 GB and send zeros for as long as somebody takes them."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(10**10))
    handler.end_headers()
    while not handler.server.over.is_set():
        handler.wfile.write(bytes(2**16))


def endless_header(handler, content):
    """Send one header after the other."""
    handler.wfile.write(b"HTTP/1.0 200 OK\r\n")
    while not handler.server.over.is_set():
        handler.wfile.write(b"A: b\r\n" * 1000)


def hang_up(handler, content):
    """Close the connection after half the file."""
    packed = gzip.compress(content)
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(packed[: len(packed) // 2])


def reset(handler, content):
    """Send half the file, then break the connection with a reset."""
    hang_up(handler, content)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def silent(handler, content):
    """Accept the request and never answer."""
    handler.server.stalling.set()
    handler.server.over.wait()


def stall(handler, content):
    """Send 1 kB, then nothing more, and keep the connection."""
    handler.send_response(200)
    handler.send_header("Content-Length", "3000")
    handler.end_headers()
    handler.wfile.write(gzip.compress(content)[:1000])
    silent(handler, content)


def drip(handler, content):
    """Send a byte now and then, for ever."""
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.over.wait(0.05):
        handler.wfile.write(b"\0")


def drip_header(handler, content):
    """Send a byte of one header now and then, for ever."""
    handler.wfile.write(b"HTTP/1.0 200 OK\r\nName: ")
    while not handler.server.over.wait(0.05):
        handler.wfile.write(b"a")


BOMB = gzip.compress(bytes(5 * 10**7))
NO_GZIP = "is not a complete gzip file"

# How a mirror misbehaves: the reply, and the cause that the error names.
FAULTS = {
    # It sends something else.
    "flipped bit": (sending(lambda content: gzip.compress(flip_a_bit(content))), "bytes with SHA-256"),
    "flipped bit, packed": (sending(lambda content: flip_a_bit(gzip.compress(content))), NO_GZIP),
    "truncated": (sending(lambda content: gzip.compress(content)[:-5]), NO_GZIP),
    "more behind it": (sending(lambda content: gzip.compress(content) + b"more"), NO_GZIP),
    "shorter": (sending(lambda content: gzip.compress(content[:-1])), r"must unpack to \d+ bytes, got \d+,"),
    "longer": (
        sending(lambda content: gzip.compress(content + b"\0")),
        r"must unpack to \d+ bytes, got more",
    ),
    "unpacks to 50 MB": (sending(lambda content: BOMB), r"must unpack to \d+ bytes, got more"),
    "page": (sending(lambda content: b"<html>Sold</html>"), r"bytes, got \d+, beginning b'<html>"),
    "empty": (sending(lambda content: b""), r"must unpack to \d+ bytes, got 0"),
    "header counts one more": (sending(lambda content: gzip.compress(recount(content, 6))), "with SHA-256"),
    "header claims 10 GB": (
        sending(lambda content: gzip.compress(recount(content, 12_755_103))),
        "with SHA-256",
    ),
    "encoded bomb": (
        lambda handler, content: send(handler, gzip.compress(BOMB), Content_Encoding="gzip, gzip"),
        r"sends more than \d+ bytes",
    ),
    "false encoding": (
        lambda handler, content: send(handler, content, Content_Encoding="gzip"),
        "Error -3 while decompressing data",
    ),
    # It refuses.
    "403": (answering(403), "403 Client Error: Forbidden"),
    "404": (answering(404), "404 Client Error: Not Found$"),
    "503": (answering(503), "503 Server Error: Service Unavailable"),
    "long reason": (
        saying(b"HTTP/1.0 404 " + b"no " * 10_000 + b"\r\n\r\n"),
        r"404 Client Error: .* no \[\.\.\.\]",
    ),
    "circle": (redirecting(""), "30 redirects"),
    "redirect to a file": (redirecting("file:///etc/hostname"), "No connection adapters"),
    # It breaks off, or does not keep to the protocol.
    "Content-Length too large": (claiming(10**10), r"IncompleteRead\(\d+ bytes read"),
    "Content-Length too small": (claiming(20), NO_GZIP),
    "Content-Length no number": (claiming("much"), "invalid literal for int"),
    "endless": (endless, r"sends more than \d+ bytes"),
    "endless header": (endless_header, "more than 100 headers"),
    "hangs up": (hang_up, NO_GZIP),
    "resets": (reset, "Connection reset by peer"),
    "says nothing": (saying(b""), "Remote end closed connection without response"),
    "speaks something else": (saying(b"SSH-2.0-OpenSSH_9.6\r\n"), "SSH-2.0-OpenSSH_9.6"),
}

# Mirrors that take their time, the limit that ends it, and the cause that the error names.
SLOWNESS = {
    "silent": (silent, {"TIMEOUT": (5, 0.1)}, "timed out"),
    "stalls after 1 kB": (stall, {"TIMEOUT": (5, 0.1)}, "timed out"),
    "drips": (drip, {"TIME_LIMIT": 0.2}, r"not complete after 0\.2 seconds"),
    "drips its header": (drip_header, {"TIME_LIMIT": 0.2}, r"not complete after 0\.2 seconds"),
}


def test_a_download_returns_the_arrays_and_keeps_the_unpacked_files(mirror):
    """Both splits arrive as they were served, and the cache folder holds four files and nothing else."""
    for split, prefix in (("train", "train"), ("test", "t10k")):
        images, labels = mnist.load(split, full=True, cache_dir=mirror.cache)
        np.testing.assert_array_equal(images, mirror.files[f"{prefix}-images-idx3-ubyte"])
        np.testing.assert_array_equal(labels, mirror.files[f"{prefix}-labels-idx1-ubyte"])
        images[0, 0, 0] = 1  # writable
    assert cached(mirror) == sorted(mirror.contents)
    assert [path.split("/")[1] for path in mirror.requested] == ["first"] * 4


def test_the_second_call_needs_no_server(mirror):
    """What the cache holds is not asked for again."""
    load_train(mirror)
    mirror.requested.clear()
    assert_served(mirror, *load_train(mirror))
    assert mirror.requested == []


def test_a_file_compressed_again_is_accepted(mirror, tmp_path):
    """The hash is that of the unpacked bytes: other gzip bytes, or none at all, make no difference."""
    packings = (lambda content: gzip.compress(content, compresslevel=1, mtime=1), bytes)
    for index, packing in enumerate(packings):
        mirror.replies["first"] = sending(packing)
        images, labels = mnist.load("train", full=True, cache_dir=tmp_path / str(index))
        assert_served(mirror, images, labels)
    assert not [path for path in mirror.requested if path.startswith("/second/")]


def test_the_progress_bar_shows_only_where_tqdm_is_installed(mirror, monkeypatch, capsys):
    """With tqdm a bar reaches 100 %; without it nothing is printed."""
    mnist.load("test", full=True, cache_dir=mirror.cache / "with")
    assert "100%" in capsys.readouterr().err
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    mnist.load("test", full=True, cache_dir=mirror.cache / "without")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_every_mirror_is_named_and_nothing_is_kept(mirror, fault):
    """The error has one cause per mirror and the way out, and the cache stays empty."""
    reply, cause = FAULTS[fault]
    assert_refused(mirror, reply, cause)


@pytest.mark.parametrize("slowness", SLOWNESS)
def test_a_slow_mirror_is_given_up(mirror, monkeypatch, slowness):
    """A mirror that waits too long, or never ends, costs a limited time, and the cache stays empty."""
    reply, limits, cause = SLOWNESS[slowness]
    for name, value in limits.items():
        monkeypatch.setattr(mnist, name, value)
    assert_refused(mirror, reply, cause)


def assert_refused(mirror, reply, cause):
    """Check that two mirrors that answer so make one error, which names the cause twice."""
    mirror.replies = {"first": reply, "second": reply}
    with pytest.raises(ConnectionError, match=f"no mirror delivered MNIST's {NAME}:") as caught:
        load_train(mirror)
    _, first, second, advice = str(caught.value).splitlines()
    for line, url in ((first, mirror.urls[0]), (second, mirror.urls[1])):
        assert re.match(rf"  {url}{NAME}\.gz: .*{cause}", line)
    assert advice.startswith("Try again later")
    assert_helpful(str(caught.value))
    assert cached(mirror) == []


def test_the_thread_that_is_left_behind_hangs_up(mirror, monkeypatch):
    """A mirror that goes on after it was given up soon finds nobody there."""
    given_up, hung_up = threading.Event(), threading.Event()

    def go_on(handler, content):
        handler.send_response(200)
        handler.end_headers()
        given_up.wait()
        try:
            for _ in range(40):  # less than would be refused as too much
                handler.wfile.write(bytes(1100))
                mirror.over.wait(0.05)
        except ConnectionError:
            hung_up.set()

    monkeypatch.setattr(mnist, "MIRRORS", mirror.urls[:1])
    monkeypatch.setattr(mnist, "TIME_LIMIT", 0.2)
    mirror.replies["first"] = go_on
    with pytest.raises(ConnectionError, match="not complete after"):
        load_train(mirror)
    given_up.set()
    assert hung_up.wait(10)


@pytest.mark.parametrize("fault", ["unpacks to 50 MB", "encoded bomb", "endless"])
def test_a_file_without_end_fills_neither_memory_nor_disk(mirror, fault):
    """What is too long is given up early: at most 2 MB of memory, and nothing is ever written."""
    mirror.replies["first"], _ = FAULTS[fault]
    load_train(mirror)  # imports what it needs
    (mirror.cache / NAME).unlink()
    mirror.replies["second"] = mirror.replies["first"]
    tracemalloc.start()
    try:
        with pytest.raises(ConnectionError):
            load_train(mirror)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * 10**6
    assert cached(mirror) == [LABELS]


def test_a_port_where_nobody_listens_is_named(mirror, monkeypatch):
    """A refused connection is a cause of few words, not the long text of the library beneath."""
    monkeypatch.setattr(mnist, "MIRRORS", ("http://127.0.0.1:1/",))
    with pytest.raises(ConnectionError, match=rf"http://127\.0\.0\.1:1/{NAME}\.gz: .*refused\n") as caught:
        load_train(mirror)
    assert_helpful(str(caught.value))


def test_a_name_that_nobody_knows_is_named(mirror, monkeypatch):
    """What the look-up of a name says is the cause."""
    error = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **options: (_ for _ in ()).throw(error))
    with pytest.raises(ConnectionError, match="Name or service not known") as caught:
        load_train(mirror)
    assert_helpful(str(caught.value))


@pytest.mark.parametrize("fault", FAULTS)
def test_the_second_mirror_makes_up_for_any_fault_of_the_first(mirror, fault):
    """Each file is asked for once more, arrives, and is kept."""
    mirror.replies["first"], _ = FAULTS[fault]
    assert_served(mirror, *load_train(mirror))
    asked = [(folder, name) for name in (NAME, LABELS) for folder in ("first", "second")]
    assert list(dict.fromkeys(mirror.requested)) == [f"/{folder}/{name}.gz" for folder, name in asked]
    assert cached(mirror) == [NAME, LABELS]


def test_the_second_mirror_makes_up_for_a_stall_of_the_first(mirror, monkeypatch):
    """A first mirror that goes silent in the middle of a file costs its TIMEOUT, no error."""

    def stall_once(handler, content):
        # The client waits for this reply with the short limit already; the next one may take its time.
        monkeypatch.setattr(mnist, "TIMEOUT", (10, 30))
        mirror.replies["first"] = whole
        stall(handler, content)

    monkeypatch.setattr(mnist, "TIMEOUT", (10, 0.1))
    mirror.replies["first"] = stall_once
    assert_served(mirror, *load_train(mirror))
    assert mirror.requested == [f"/first/{NAME}.gz", f"/second/{NAME}.gz", f"/first/{LABELS}.gz"]


def test_whatever_bytes_a_mirror_sends_the_result_is_the_original_or_the_error(mirror, tmp_path):
    """Three hundred replies with changed, missing and added bytes, header included, give no third outcome."""
    rng = random.Random(3)

    def damaged(handler, content):
        packed = gzip.compress(content, mtime=0)
        header = f"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
        reply = bytearray(header + packed)
        for _ in range(rng.randint(1, 3)):
            # Every other time in the header, which is much shorter than the file.
            start = rng.randrange(rng.choice((len(header), len(reply))))
            reply[start : start + rng.randint(0, 3)] = rng.randbytes(rng.randint(0, 3))
        handler.wfile.write(reply)

    mirror.replies = {"first": damaged, "second": damaged}
    outcomes = {"original": 0, "error": 0}
    for index in range(300):
        mirror.cache = tmp_path / str(index)
        try:
            images, labels = load_train(mirror)
        except ConnectionError as error:
            assert_helpful(str(error))
            outcomes["error"] += 1
        else:
            assert_served(mirror, images, labels)
            outcomes["original"] += 1
        assert set(cached(mirror)) <= set(mirror.contents)
    assert min(outcomes.values()) > 0, outcomes


def test_every_cut_and_every_flipped_bit_of_a_packed_file_is_noticed(mirror, tmp_path, monkeypatch):
    """What comes out is the original, where gzip keeps no content in that bit, or an error."""
    monkeypatch.setenv("MNIST_DIR", str(tmp_path))
    images = mirror.contents["t10k-images-idx3-ubyte"]
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(images)
    packed = gzip.compress(mirror.contents["t10k-labels-idx1-ubyte"], mtime=0)
    cuts = [packed[:length] for length in range(len(packed))]
    flips = [
        packed[:place] + bytes([packed[place] ^ 1 << bit]) + packed[place + 1 :]
        for place in range(len(packed))
        for bit in range(8)
    ]
    accepted = 0
    for damaged in cuts + flips:
        (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(damaged)
        with contextlib.suppress(ValueError):
            _, labels = mnist.load("test", full=True)
            np.testing.assert_array_equal(labels, mirror.files["t10k-labels-idx1-ubyte"])
            accepted += 1
    # Bytes 4 to 9 of a gzip file hold a date and the system that wrote it; few bits beside them are free.
    assert 48 <= accepted < 60


@pytest.mark.parametrize("damage", [flip_a_bit, lambda content: content[:-1], lambda content: b""])
def test_a_damaged_cached_file_is_downloaded_again(mirror, damage):
    """A cached file with a flipped bit, a cut one and an empty one are noticed and mended."""
    load_train(mirror)
    (mirror.cache / NAME).write_bytes(damage(mirror.contents[NAME]))
    mirror.requested.clear()
    assert_served(mirror, *load_train(mirror))
    assert mirror.requested == [f"/first/{NAME}.gz"]
    assert cached(mirror) == [NAME, LABELS]


# Folders that cannot keep a file.


def assert_not_kept(mirror, cause):
    """Check that a download that cannot be kept is an error that says why, and what to do."""
    with pytest.raises(OSError, match=f"cannot keep MNIST's {NAME} in '.*': {cause}") as caught:
        load_train(mirror)
    assert "cache_dir" in str(caught.value)
    assert_helpful(str(caught.value))


@contextlib.contextmanager
def file_system(folder):
    """Mount 64 kB of memory as a file system of its own at `folder`, or skip where that is not allowed."""
    folder.mkdir()
    try:
        command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs the right to mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_file_in_the_place_of_the_cache_folder_is_named(mirror):
    """The folder itself, or the one that it lies in, is a file."""
    mirror.cache.write_bytes(b"mine")
    assert_not_kept(mirror, "File exists")
    mirror.cache = mirror.cache / "below"
    assert_not_kept(mirror, "Not a directory")
    assert mirror.cache.parent.read_bytes() == b"mine"


def test_a_folder_in_the_place_of_the_cached_file_is_named(mirror):
    """It is neither read nor removed."""
    (mirror.cache / NAME / "mine").mkdir(parents=True)
    assert_not_kept(mirror, "Is a directory")
    assert [path.name for path in mirror.cache.rglob("*")] == [NAME, "mine"]


def test_a_cache_folder_without_the_right_to_write_is_read_only(mirror):
    """What it holds is used, and what it lacks is an error: checked without root's rights."""
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to others
        mirror.cache = Path(folder)
        load_train(mirror)
        (mirror.cache / LABELS).rename(mirror.cache / "elsewhere")
        mirror.requested.clear()
        mirror.cache.chmod(0o555)
        is_root = os.geteuid() == 0  # whom no permission stops
        if is_root:
            os.seteuid(65534)
        try:
            with pytest.raises(OSError, match=f"cannot keep MNIST's {LABELS} in .*: Permission denied"):
                load_train(mirror)
        finally:
            if is_root:
                os.seteuid(0)
        mirror.cache.chmod(0o755)
        assert cached(mirror) == ["elsewhere", NAME]
        assert mirror.requested == [f"/first/{LABELS}.gz"]


def test_a_read_only_file_system_serves_what_it_has(mirror):
    """The same on a file system that is mounted read-only, which stops root too."""
    with file_system(mirror.cache):
        load_train(mirror)
        (mirror.cache / NAME).rename(mirror.cache / "elsewhere")
        subprocess.run(["mount", "-o", "remount,ro", str(mirror.cache)], check=True)
        assert_not_kept(mirror, "Read-only file system")
        assert cached(mirror) == ["elsewhere", LABELS]


def test_a_full_disk_is_named_and_keeps_no_part(mirror):
    """Where a file system is really full nothing stays behind; with room again the download succeeds."""
    with file_system(mirror.cache):
        with pytest.raises(OSError, match="No space left"), open(mirror.cache / "full", "wb", 0) as file:
            while True:
                file.write(bytes(4096))
        assert_not_kept(mirror, "No space left on device")
        assert cached(mirror) == ["full"]
        (mirror.cache / "full").unlink()
        assert_served(mirror, *load_train(mirror))
        assert cached(mirror) == [NAME, LABELS]


def test_a_disk_that_fills_half_way_keeps_no_part(mirror, monkeypatch):
    """The same where nothing can be mounted: a write that gives up in the middle."""

    def write_half(path, content, write=Path.write_bytes):
        write(path, content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write_half)
    assert_not_kept(mirror, "No space left on device")
    assert cached(mirror) == []


# Several processes, and such as are killed.

CHILD = """
import json, os, sys, time
from pathlib import Path
from imagebook import mnist

mnist.MIRRORS, mnist.FILES, cache, before = json.loads(sys.argv[1])

def wait(*arguments):
    print("waiting", flush=True)
    time.sleep(60)

exec(before)
images, labels = mnist.load("train", full=True, cache_dir=cache)
print(images.tolist() + labels.tolist())
"""


@contextlib.contextmanager
def child(mirror, before=""):
    """Run `load_train` in another process, after the statement `before`, and kill it in the end."""
    setting = json.dumps([mirror.urls, mirror.table, str(mirror.cache), before])
    command = [sys.executable, "-c", CHILD, setting]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_two_processes_at_once_end_with_the_same_verified_files(mirror):
    """Both are downloading before either gets a byte; both succeed, and the cache holds the files once."""
    together = threading.Barrier(2, timeout=60)

    def whole_for_both(handler, content):
        together.wait()
        whole(handler, content)

    mirror.replies["first"] = whole_for_both
    with child(mirror) as one, child(mirror) as other:
        for process in (one, other):
            output, errors = process.communicate(timeout=60)
            assert process.returncode == 0, errors
            assert json.loads(output) == mirror.files[NAME].tolist() + mirror.files[LABELS].tolist()
    assert sorted(mirror.requested) == [f"/first/{name}.gz" for name in (NAME, NAME, LABELS, LABELS)]
    assert cached(mirror) == [NAME, LABELS]


def test_a_process_that_gave_up_a_mirror_can_end(mirror):
    """Python does not wait for the thread that was left behind with a mirror that drips on."""
    mirror.replies = {"first": drip_header, "second": drip_header}
    with child(mirror, "mnist.TIME_LIMIT = 0.2") as process:
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "not complete after 0.2 seconds" in errors


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_a_process_that_is_stopped_during_the_download_leaves_nothing(mirror, stop):
    """Whoever ends a process while the mirror stalls finds the cache as it was, and can try again."""
    mirror.replies["first"] = stall
    with child(mirror, "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)") as process:
        assert mirror.stalling.wait(60)
        assert process.poll() is None
        assert cached(mirror) == []  # not even now
        process.send_signal(stop)
        assert process.wait(30) == -stop
    assert cached(mirror) == []
    mirror.replies["first"] = whole
    assert_served(mirror, *load_train(mirror))


@pytest.mark.parametrize(
    "before",
    [
        "Path.write_bytes = lambda path, content: (path.open('wb', 0).write(content[:9]), wait())",
        "os.replace = wait",
    ],
    ids=["half written", "written"],
)
def test_what_a_killed_process_leaves_is_no_cached_file_and_is_swept_later(mirror, before):
    """Kill -9 while the file is written: nothing has its name, and an hour later the rest is removed."""
    with child(mirror, before) as process:
        assert process.stdout.readline() == "waiting\n"
        process.kill()
        process.wait()
    (left_over,) = cached(mirror)
    assert left_over.startswith("mnist-")
    (mirror.cache / "mnist-mine").mkdir()
    (mirror.cache / "mnist-file.part").write_text("mine")
    others = ["mnist-mine", "mnist-file.part"]
    assert_served(mirror, *load_train(mirror))
    assert cached(mirror) == sorted([left_over, *others, NAME, LABELS])  # it might be another's at work
    for name in (left_over, *others):
        os.utime(mirror.cache / name, (0, 0))
    assert_served(mirror, *load_train(mirror))
    assert cached(mirror) == sorted([*others, NAME, LABELS])


# Other folders: the user's cache, and the one that MNIST_DIR names.


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
    for name, content in mirror.contents.items():
        path = folder / (f"{name}.gz" if packed else name)
        path.write_bytes(gzip.compress(content) if packed else content)
    monkeypatch.setenv("MNIST_DIR", str(folder))
    assert_served(mirror, *load_train(mirror))
    assert mirror.requested == []
    assert not mirror.cache.exists()


def test_mnist_dir_is_checked_too(mirror, tmp_path, monkeypatch):
    """A missing and a changed file in the named folder are errors, not reasons to download."""
    monkeypatch.setenv("MNIST_DIR", str(tmp_path))
    with pytest.raises(
        FileNotFoundError, match=f"must name a folder with {NAME}.gz or {NAME}, got"
    ) as caught:
        load_train(mirror)
    assert_helpful(str(caught.value))
    for name, damaged in ((f"{NAME}.gz", b"\x1f\x8bno"), (NAME, flip_a_bit(mirror.contents[NAME]))):
        (tmp_path / name).write_bytes(damaged)
        with pytest.raises(ValueError, match=f"{tmp_path / name} is not the original: {NAME}") as caught:
            load_train(mirror)
        assert_helpful(str(caught.value))
    assert mirror.requested == []
