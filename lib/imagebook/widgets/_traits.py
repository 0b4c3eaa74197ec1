"""Traits of figures: values that are checked the same in Python and, from their rules, in JavaScript."""

import base64
import binascii
import unicodedata

import numpy as np
import traitlets

from imagebook import _checks


class Rule(traitlets.TraitType):
    """A value of a figure's state; `rule` is what JavaScript checks it by (kit/state.js)."""

    def __init__(self, default, **rule):
        super().__init__(default_value=default)
        self.rule = rule
        self.tag(sync=True, to_json=lambda value, widget: self.to_json(value), from_json=self._from_json)

    def validate(self, obj, value):
        """Return the checked value, or raise ValueError or TypeError with a plain sentence."""
        return self.checked(self.name, value)

    def checked(self, name, value):
        """Return the value as it is kept."""
        raise NotImplementedError

    def to_json(self, value):
        """Return what JavaScript gets."""
        return value

    def from_json(self, value):
        """Return a value from what JavaScript sends, which `checked` will check."""
        return value

    def _from_json(self, value, widget):
        return self.from_json(value)


class Number(Rule):
    """A number from `low` to `high`."""

    def __init__(self, default, *, low, high):
        super().__init__(default, kind="number", low=low, high=high)

    def checked(self, name, value):
        """Return the number as a float."""
        return float(_checks.number(name, value, low=self.rule["low"], high=self.rule["high"]))


class Integer(Rule):
    """An integer from `low` to `high`."""

    def __init__(self, default, *, low, high):
        super().__init__(default, kind="integer", low=low, high=high)

    def checked(self, name, value):
        """Return the integer."""
        if isinstance(value, float) and value.is_integer():  # JavaScript has one kind of number
            value = int(value)
        value = _checks.integer(name, value, low=self.rule["low"])
        if value > self.rule["high"]:
            raise ValueError(f"{name} must be at most {self.rule['high']}, got {value}")
        return value


class Flag(Rule):
    """True or False."""

    def __init__(self, default):
        super().__init__(default, kind="flag")

    def checked(self, name, value):
        """Return the flag."""
        return _checks.flag(name, value)


class Choice(Rule):
    """One of a few texts."""

    def __init__(self, default, values):
        super().__init__(default, kind="choice", values=list(values))

    def checked(self, name, value):
        """Return the text."""
        return _checks.choice(name, value, self.rule["values"])


class Text(Rule):
    """A text on one line; `length` is the (fewest, most) characters."""

    def __init__(self, default, *, length):
        super().__init__(default, kind="text", length=list(length))

    def checked(self, name, value):
        """Return the text."""
        if not isinstance(value, str):
            raise TypeError(f"{name} must be a text, got {value!r:.40}")
        fewest, most = self.rule["length"]
        if not fewest <= len(value) <= most:
            raise ValueError(f"{name} must have {fewest} to {most} characters, got {len(value)}")
        # Cc are control characters, line breaks among them, Cs halves of characters.
        if any(unicodedata.category(character) in ("Cc", "Cs") for character in value):
            raise ValueError(f"{name} must be one line without control characters, got {value!r}")
        return str(value)


class _Numbers(Rule):
    """An array of numbers with limits: for each of its `axes` the rule has the (fewest, most)."""

    axes = ()

    def __init__(self, default, *, low=-1e6, high=1e6, **sizes):
        kind = type(self).__name__.lower()
        super().__init__(
            None, kind=kind, low=low, high=high, **{axis: list(sizes[axis]) for axis in self.axes}
        )
        self.default_value = self.checked("default", default)

    def checked(self, name, value):
        """Return the numbers as a read-only array."""
        value = _checks.array(name, value, ndim=len(self.axes), finite=True)
        for axis, size in zip(self.axes, value.shape, strict=True):
            fewest, most = self.rule[axis]
            if not fewest <= size <= most:
                wanted = f"{fewest}" if fewest == most else f"from {fewest} to {most}"
                raise ValueError(f"{name} must have {axis} {wanted}, got shape {value.shape}")
        low, high = self.rule["low"], self.rule["high"]
        if value.size and not (low <= value.min() and value.max() <= high):
            raise ValueError(
                f"{name} must hold numbers from {low:g} to {high:g}, got {value.min():g} to {value.max():g}"
            )
        return _read_only(value)

    def to_json(self, value):
        """Return a list of numbers, or of rows of numbers."""
        return value.tolist()

    def from_json(self, value):
        """Return the list, which may hold no flags."""
        return _without_flags(value)


class Vector(_Numbers):
    """A row of numbers from `low` to `high`; `length` is the (fewest, most)."""

    axes = ("length",)


class Box(Rule):
    """A box (x_min, y_min, x_max, y_max) on a surface of `width` x `height`."""

    def __init__(self, default, *, width, height):
        super().__init__(None, kind="box", width=width, height=height)
        self.default_value = self.checked("default", default)

    def checked(self, name, value):
        """Return the box as a read-only array."""
        value = _checks.array(name, value, ndim=1, finite=True)
        width, height = self.rule["width"], self.rule["height"]
        if value.shape != (4,):
            raise ValueError(f"{name} must be a box of four numbers, got shape {value.shape}")
        left, top, right, bottom = value
        if not (0 <= left <= right <= width and 0 <= top <= bottom <= height):
            raise ValueError(
                f"{name} must be (x_min, y_min, x_max, y_max) inside of {width} x {height}, "
                f"got {value.tolist()}"
            )
        return _read_only(value)

    def to_json(self, value):
        """Return a list of four numbers."""
        return value.tolist()

    def from_json(self, value):
        """Return the list, which may hold no flags."""
        return _without_flags(value)


class Matrix(_Numbers):
    """A matrix of numbers from `low` to `high`; `rows` and `columns` are each a (fewest, most)."""

    axes = ("rows", "columns")


class Pixels(Rule):
    """An image of `height` x `width` grey pixels, kept as uint8; floats in [0, 1] are taken too."""

    def __init__(self, default, *, height=28, width=28):
        super().__init__(None, kind="pixels", height=height, width=width)
        self.default_value = self.checked("default", default)

    def checked(self, name, value):
        """Return the image as a read-only array of uint8."""
        shape = self.rule["height"], self.rule["width"]
        value = _checks.array(name, value, ndim=2, finite=True)
        if value.shape != shape:
            raise ValueError(f"{name} must have shape {shape}, got {value.shape}")
        most = 1 if value.dtype.kind == "f" else 255
        if value.min() < 0 or value.max() > most:
            limits = f"{value.min():g} to {value.max():g}"
            raise ValueError(f"{name} must hold floats in [0, 1] or integers from 0 to 255, got {limits}")
        return _read_only(np.round(255 / most * value).astype(np.uint8))

    def to_json(self, value):
        """Return base64 of the pixels, row by row."""
        return base64.b64encode(value.tobytes()).decode("ascii")

    def from_json(self, value):
        """Return the image that base64 holds."""
        shape = self.rule["height"], self.rule["width"]
        try:
            data = base64.b64decode(value, validate=True)
        except (binascii.Error, TypeError, ValueError) as error:
            raise ValueError(f"pixels must be a text of base64, got {value!r:.40}") from error
        if len(data) != shape[0] * shape[1]:
            raise ValueError(f"pixels must be {shape[0]} x {shape[1]} bytes, got {len(data)}")
        if len(value) != 4 * -(-len(data) // 3):  # Python lets some signs pass that browsers do not
            raise ValueError(f"pixels must be base64 without superfluous signs, got {len(value)}")
        return np.frombuffer(data, np.uint8).reshape(shape)


def _without_flags(value):
    """Return what JSON holds; NumPy would take true and false among numbers for 1 and 0."""
    if isinstance(value, bool):
        raise TypeError("values must be numbers, got True or False")
    if isinstance(value, list):
        for part in value:
            _without_flags(part)
    return value


def _read_only(array):
    """Return a copy that cannot be changed unnoticed: assign a new array to the trait instead."""
    array = array.copy()
    array.flags.writeable = False
    return array
