"""Gemini's API: a question, with an image or without, goes to one of Google's models, and its answer returns.

Only the standard library is used, so that one sees what is sent. Without a key nothing is.
"""

import base64
import http.client
import json
import re
import struct
import textwrap
import urllib.error
import urllib.request
import zlib

import numpy as np

from imagebook import _checks

ADDRESS = "https://generativelanguage.googleapis.com/v1beta/models/{model}:generateContent"
NO_KEY = "No key was given, so nothing was sent."
# The longest reply that is read, in bytes: a hundred times a long answer.
LONGEST = 10 * 2**20


def message(prompt, image=None):
    """Return what a question looks like on its way to Gemini: a list of parts, ready for `json.dumps`.

    The image is one part, a PNG file in Base64 letters, and the text is another.

    Parameters
    ----------
    prompt : str
        The question, not empty.
    image : array_like, shape (H, W) or (H, W, C), float in [0, 1], optional
        Grey (C = 1) or red, green and blue (C = 3).

    Returns
    -------
    dict
        The body of a `generateContent` request.

    Raises
    ------
    TypeError, ValueError
        If an argument has another type, shape or range than listed.

    Examples
    --------
    >>> message("Hello")
    {'contents': [{'parts': [{'text': 'Hello'}]}]}
    >>> message("What is this?", [[0.0, 1.0]])["contents"][0]["parts"][0]["inline_data"]["mime_type"]
    'image/png'
    """
    if not isinstance(prompt, str):
        raise TypeError(f"prompt must be a string, got {type(prompt).__name__}")
    if not prompt.strip():
        raise ValueError(f"prompt must be a question, got {prompt!r}")
    parts = [{"text": prompt}]
    if image is not None:
        data = base64.b64encode(_png(_picture(image))).decode("ascii")
        parts.insert(0, {"inline_data": {"mime_type": "image/png", "data": data}})
    return {"contents": [{"parts": parts}]}


def ask(prompt, image=None, *, key, model, timeout=60.0):
    """Send a question to a Gemini model and return its answer.

    This leaves your machine: the question, the image and the key go to Google, under its terms, and may cost
    money. The key is neither kept nor shown, nor handed on to another address.

    Parameters
    ----------
    prompt : str
        The question, not empty.
    image : array_like, shape (H, W) or (H, W, C), float in [0, 1], optional
        What the question is about; see `message`.
    key : str or None
        Your API key. With None or an empty text nothing is sent.
    model : str
        The model's name in the API, such as "gemini-3.5-flash-lite". Models are withdrawn after a year or so.
    timeout : float, seconds
        How long to wait for a sign of the server, above 0.

    Returns
    -------
    str
        The answer, or one sentence, `NO_KEY`, if there is no key.

    Raises
    ------
    ConnectionError
        If no answer comes, with the reason in one sentence: no network, too slow, refused, withheld.
    TypeError, ValueError
        If an argument has another type, shape or range than listed.

    References
    ----------
    Google, Gemini API reference: generateContent, https://ai.google.dev/api.

    Examples
    --------
    >>> ask("Which digit is this?", np.zeros((28, 28)), key="", model="gemini-3.5-flash-lite")
    'No key was given, so nothing was sent.'
    """
    body = json.dumps(message(prompt, image)).encode()
    address = ADDRESS.format(model=_model(model))
    timeout, key = _checks.positive("timeout", timeout), _key(key)
    if not key:
        return NO_KEY
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    request.add_unredirected_header("x-goog-api-key", key)
    return _answer(_reply(request, timeout=timeout, secret=key))


def _reply(request, *, timeout, secret):
    """Return the bytes of the server's reply; whatever goes wrong is one sentence without the secret."""
    try:
        with urllib.request.urlopen(request, timeout=timeout) as reply:
            return reply.read(LONGEST)
    except urllib.error.HTTPError as error:
        with error:
            cause = f"Gemini refused the question ({error.code}): {_complaint(error)}"
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or str(error) or type(error).__name__
        cause = f"Gemini could not be reached: {reason}"
    # Out here, so that no other error, with the request in it, hangs on to this one.
    raise ConnectionError(textwrap.shorten(cause.replace(secret, "(key)"), 300))


def _picture(image):
    """Return an image as (H, W, C) with C = 1 or 3, checked."""
    image = _checks.floats("image", image, ndim=(2, 3), finite=True)
    image = image[:, :, np.newaxis] if image.ndim == 2 else image
    _checks.not_empty("image", image)
    if image.shape[2] not in (1, 3):
        raise ValueError(f"image must have one channel or three, got shape {image.shape}")
    if image.min() < 0 or image.max() > 1:
        raise ValueError(f"image must be between 0 and 1, got {image.min()} to {image.max()}")
    return image


def _png(image):
    """Return an image, as from `_picture`, as the bytes of a PNG file: a signature and three chunks."""
    height, width, channels = image.shape
    color_type = 0 if channels == 1 else 2
    lines = np.round(255 * image).astype(np.uint8).reshape(height, width * channels)
    lines = np.pad(lines, ((0, 0), (1, 0)))  # each line begins with 0: its bytes are not filtered
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, color_type, 0, 0, 0)),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    ]
    pieces = [b"\x89PNG\r\n\x1a\n"]
    for name, data in chunks:
        pieces += [struct.pack(">I", len(data)), name, data, struct.pack(">I", zlib.crc32(name + data))]
    return b"".join(pieces)


def _model(model):
    """Return a model's name, which becomes a part of the address."""
    if not isinstance(model, str):
        raise TypeError(f"model must be a string, got {type(model).__name__}")
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", model):
        raise ValueError(f"model must be a name such as 'gemini-3.5-flash-lite', got {model!r}")
    return model


def _key(key):
    """Return a key without the spaces and line ends around it, "" if there is none; errors do not show it."""
    if key is None:
        return ""
    if not isinstance(key, str):
        raise TypeError(f"key must be a string, got {type(key).__name__}")
    key = key.strip()
    if not re.fullmatch(r"[!-~]*", key):
        raise ValueError("key must be made of letters, digits and marks, got other characters in it")
    return key


def _complaint(reply):
    """Return what the server says in an error's body, or its short reason."""
    try:
        return str(json.loads(reply.read(LONGEST))["error"]["message"])
    except (ValueError, KeyError, TypeError, OSError, http.client.HTTPException):
        return str(reply.reason)


def _answer(content):
    """Return the text in a reply's body; a thinking model's notes to itself are left out."""
    try:
        reply = json.loads(content)
    except ValueError:
        raise ConnectionError("Gemini's reply could not be read.") from None
    reply = reply if isinstance(reply, dict) else {}
    try:
        candidate = reply["candidates"][0]
        parts = candidate["content"]["parts"]
        text = "".join(part.get("text", "") for part in parts if not part.get("thought"))
    except (KeyError, IndexError, TypeError, AttributeError):
        text = ""
    if text:
        return text
    found = re.search(r'"(?:blockReason|finishReason)": "(\w+)"', json.dumps(reply))
    raise ConnectionError(f"Gemini gave no answer: {found[1] if found else 'the reply is empty'}.")
