"""Values as text, one line each: what passes through the wall. Runs on both sides of it.

Only plain values pass: nothing, truth values, numbers, texts, lists, tuples, dictionaries with texts as
keys, and arrays of numbers. An object that a student made stays where it was made, whatever it claims to be
equal to.
"""

import base64
import json
import math

import numpy as np

DEEPEST = 20


def encode(value, depth=0):
    """Return a value in a form that JSON has, or raise TypeError."""
    kind = type(value)
    if depth > DEEPEST:
        raise TypeError(f"a value nested deeper than {DEEPEST}")
    if value is None or kind is bool or kind is str:
        return value
    if kind is int:
        return {"int": str(value)} if abs(value) >= 2**53 else value
    if kind is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if kind in (list, tuple):
        return {kind.__name__: [encode(part, depth + 1) for part in value]}
    if kind is dict and all(type(key) is str for key in value):
        return {"dict": [[key, encode(part, depth + 1)] for key, part in value.items()]}
    if isinstance(value, np.ndarray | np.generic):
        array = np.ascontiguousarray(value) if np.ndim(value) else np.array(value)
        if array.dtype.kind in "biufc":
            text = base64.b64encode(array.tobytes()).decode()
            return {"array": [array.dtype.str, list(array.shape), text, isinstance(value, np.generic)]}
        raise TypeError(f"an array of {array.dtype}")
    raise TypeError(f"a value of type {kind.__name__}")


def decode(value, depth=0):
    """Return the value that a form stands for, or raise ValueError."""
    if value is None or isinstance(value, bool | str | int | float):
        return value
    if depth > DEEPEST or not isinstance(value, dict) or len(value) != 1:
        raise ValueError("not a value")
    ((kind, content),) = value.items()
    if kind == "int" and isinstance(content, str) and len(content) < 4000:
        return int(content)
    if kind == "float" and content in ("nan", "inf", "-inf"):
        return float(content)
    if kind in ("list", "tuple") and isinstance(content, list):
        return (list if kind == "list" else tuple)(decode(part, depth + 1) for part in content)
    if kind == "dict" and isinstance(content, list):
        return {str(key): decode(part, depth + 1) for key, part in content}
    if kind == "array" and isinstance(content, list):
        name, shape, text, is_scalar = content
        dtype = np.dtype(str(name))
        if dtype.kind not in "biufc":
            raise ValueError("not an array of numbers")
        array = np.frombuffer(base64.b64decode(text), dtype).reshape(shape).copy()
        return array[()] if is_scalar else array
    raise ValueError("not a value")


def line(message):
    """Return a message as one line."""
    return json.dumps(message, allow_nan=False).encode() + b"\n"
