"""`gemini.ask` against a server on this machine that stands in for Google's, and misbehaves."""

import base64
import contextlib
import http.server
import io
import json
import socket
import threading

import numpy as np
import pytest
from PIL import Image

from imagebook import gemini

KEY = "not-a-real-key-1234"
MODEL = "gemini-0.0-test"
GOOD = {"candidates": [{"content": {"parts": [{"text": "A "}, {"text": "seven."}]}, "finishReason": "STOP"}]}


class Server(http.server.ThreadingHTTPServer):
    """Replies to every request with `status`, `headers` and `content`, and remembers what came."""

    daemon_threads = False
    block_on_close = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.headers, self.content = 200, {}, json.dumps(GOOD).encode()
        self.requests = []
        self.over = threading.Event()
        self.stall = False


class Handler(http.server.BaseHTTPRequestHandler):
    """Does what the server says."""

    def do_POST(self):
        server = self.server
        length = int(self.headers.get("Content-Length") or 0)
        server.requests.append((self.command, self.path, dict(self.headers), self.rfile.read(length)))
        if server.stall:
            server.over.wait(10)
            return
        with contextlib.suppress(ConnectionError):
            self.send_response(server.status)
            for name, value in server.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(server.content)

    do_GET = do_POST

    def log_message(self, *arguments):
        """Print nothing."""


@pytest.fixture
def server(monkeypatch):
    """Return a running server in the place of Google's."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(gemini, "ADDRESS", f"http://127.0.0.1:{server.server_port}/models/{{model}}:ask")
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()
    thread.join()


def failure(prompt="Which digit?", **options):
    """Return the sentence with which a question fails; it is one line and does not hold the key."""
    with pytest.raises(ConnectionError) as caught:
        gemini.ask(prompt, **{"key": KEY, "model": MODEL} | options)
    sentence = str(caught.value)
    assert KEY not in sentence and "\n" not in sentence and len(sentence) <= 300
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return sentence


def test_the_question_the_image_and_the_key_arrive(server):
    """The key in its header, not in the address; the image as a PNG that another program reads."""
    image = np.arange(12.0).reshape(3, 4) / 11
    assert gemini.ask("Which digit?", image, key=f" {KEY}\n", model=MODEL) == "A seven."
    [(command, path, headers, body)] = server.requests
    assert (command, path) == ("POST", f"/models/{MODEL}:ask")
    headers = {name.lower(): value for name, value in headers.items()}
    assert headers["x-goog-api-key"] == KEY and headers["content-type"] == "application/json"
    picture, text = json.loads(body)["contents"][0]["parts"]
    assert text == {"text": "Which digit?"}
    assert picture["inline_data"]["mime_type"] == "image/png"
    arrived = Image.open(io.BytesIO(base64.b64decode(picture["inline_data"]["data"])))
    assert np.array_equal(np.asarray(arrived), np.round(255 * image))


@pytest.mark.parametrize("shape", [(3, 4, 1), (3, 4, 3), (1, 1, 3)])
def test_png_files_hold_the_pixels(shape):
    """Grey and coloured, as Pillow reads them: its decoder is not ours."""
    image = np.random.default_rng(0).random(shape)
    read = np.asarray(Image.open(io.BytesIO(gemini._png(image))))
    assert np.array_equal(read.reshape(shape), np.round(255 * image))


@pytest.mark.parametrize("key", [None, "", "  \n"])
def test_without_a_key_nothing_is_sent(server, key):
    """One sentence, and no request."""
    assert gemini.ask("Which digit?", key=key, model=MODEL) == gemini.NO_KEY
    assert server.requests == []


def test_a_refusal_is_one_sentence(server):
    """It holds what the server says, but not the key, even if the server says it."""
    server.status = 400
    server.content = json.dumps({"error": {"message": f"API key {KEY}\nnot valid."}}).encode()
    assert failure() == "Gemini refused the question (400): API key (key) not valid."
    server.content = b"<html>"
    assert failure() == "Gemini refused the question (400): Bad Request"
    server.content = json.dumps({"error": {"message": "long " * 100}}).encode()
    assert failure().endswith("[...]")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Gemini's reply could not be read."),
        (b"\xff\xfe{", "Gemini's reply could not be read."),
        (b"[]", "Gemini gave no answer: the reply is empty."),
        (b'{"candidates": []}', "Gemini gave no answer: the reply is empty."),
        (b'{"candidates": [{"content": {"parts": 1}}]}', "Gemini gave no answer: the reply is empty."),
        (b'{"promptFeedback": {"blockReason": "SAFETY"}}', "Gemini gave no answer: SAFETY."),
        (b'{"candidates": [{"finishReason": "MAX_TOKENS"}]}', "Gemini gave no answer: MAX_TOKENS."),
    ],
)
def test_a_reply_without_an_answer_is_one_sentence(server, content, sentence):
    """Cut off, of another form, or withheld, and then with the reason."""
    server.content = content
    assert failure() == sentence


def test_notes_of_a_thinking_model_are_left_out(server):
    """Parts marked as thoughts are not the answer."""
    parts = [{"text": "Hmm.", "thought": True}, {"text": "Seven."}, {"inlineData": {}}]
    server.content = json.dumps({"candidates": [{"content": {"parts": parts}}]}).encode()
    assert gemini.ask("Which digit?", key=KEY, model=MODEL) == "Seven."


def test_a_key_is_not_handed_on(server):
    """A redirect is followed without the key and without the question."""
    server.status, server.headers, server.content = 302, {"Location": "/elsewhere"}, b""
    failure()
    first, *others = server.requests
    assert "key" in str(first) and others
    for command, path, headers, body in others:
        assert (command, path, body) == ("GET", "/elsewhere", b"")
        assert KEY not in str(headers)


def test_a_server_that_is_silent_or_away(server, monkeypatch):
    """Too slow, or not there."""
    server.stall = True
    assert failure(timeout=0.2) == "Gemini could not be reached: timed out"
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
    monkeypatch.setattr(gemini, "ADDRESS", f"http://127.0.0.1:{port}/{{model}}")
    assert failure().startswith("Gemini could not be reached: ")


@pytest.mark.parametrize(
    ("error", "options", "sentence"),
    [
        (TypeError, {"prompt": 1}, "prompt must be a string, got int"),
        (ValueError, {"prompt": " "}, "prompt must be a question, got ' '"),
        (ValueError, {"image": np.zeros((2, 2, 2))}, "image must have one channel or three"),
        (ValueError, {"image": [[2.0]]}, "image must be between 0 and 1, got 2.0 to 2.0"),
        (TypeError, {"key": 12}, "key must be a string, got int"),
        (ValueError, {"key": "a\r\nb: c"}, "key must be made of letters, digits and marks"),
        (TypeError, {"model": None}, "model must be a string, got NoneType"),
        (ValueError, {"model": "../x"}, "model must be a name such as"),
        (ValueError, {"timeout": 0}, "timeout must be"),
    ],
)
def test_bad_arguments_are_told_before_anything_is_sent(server, error, options, sentence):
    """Not even a wrong key is repeated."""
    with pytest.raises(error, match=sentence) as caught:
        gemini.ask(**{"prompt": "Which digit?", "key": KEY, "model": MODEL} | options)
    assert server.requests == []
    assert KEY not in str(caught.value) and "b: c" not in str(caught.value)


def test_the_address_is_googles_and_encrypted():
    """A slip here would send keys elsewhere."""
    assert gemini.ADDRESS.startswith("https://generativelanguage.googleapis.com/v1beta/models/{model}:")
