"""Checks for exercises: what a reader's function gives, beside what it should give, in a sentence."""

from dataclasses import dataclass

import numpy as np

from imagebook import _checks
from imagebook._language import say


@dataclass(frozen=True)
class Verdict:
    """What `check` found: true if every case is right, and a sentence to read.

    Attributes
    ----------
    right : int
        How many cases are right.
    total : int
        How many there are.
    sentence : str
        What a reader sees.
    """

    right: int
    total: int
    sentence: str

    def __bool__(self):
        """Return whether every case is right."""
        return self.right == self.total

    def __repr__(self):
        """Return the sentence."""
        return self.sentence


def check(function, cases, *, tolerance=1e-6):
    """Call a reader's function and say where it is wrong.

    Whatever the function does is told in words, errors included: a cell with an unsolved exercise runs.

    Parameters
    ----------
    function : callable
        The reader's answer.
    cases : list of tuple
        Pairs of a tuple of arguments and the wanted result: a number, a string, or something array-like.
    tolerance : float
        By how much numbers may differ, at least 0.

    Returns
    -------
    Verdict
        True if all cases are right. It names the first that is not.

    Raises
    ------
    TypeError
        If `function` cannot be called, or a case is not a pair with a tuple of arguments.
    ValueError
        If there are no cases, or `tolerance` is negative.

    Examples
    --------
    >>> check(lambda x: 2 * x, [((3,), 6), ((0,), 0)])
    Right in all 2 cases.
    >>> check(lambda x: x + 2, [((2,), 4), ((3,), 6)])
    Not yet: for 3 it gives 5, wanted is 6. (1 of 2 cases are right.)
    >>> bool(check(lambda x: None, [((1,), 2)]))
    False
    """
    _checks.function("function", function)
    tolerance = _checks.number("tolerance", tolerance, low=0)
    cases = _checks.items("cases", cases, "a list of pairs: a tuple of arguments, and the wanted result")
    if not cases:
        raise ValueError("cases must hold at least one case, got none")
    for case in cases:
        if not (isinstance(case, tuple) and len(case) == 2 and isinstance(case[0], tuple)):
            raise TypeError(f"cases must be pairs of a tuple of arguments and a result, got {case!r}")
    wrong = []
    for arguments, wanted in cases:
        try:
            result = function(*arguments)
        except Exception as error:
            wrong.append(say(f"for {_words(arguments)} it stops with {type(error).__name__}: {error}"))
            continue
        if not _agree(result, wanted, tolerance):
            wrong.append(say(f"for {_words(arguments)} it gives {_word(result)}, wanted is {_word(wanted)}"))
    right, total = len(cases) - len(wrong), len(cases)
    if not wrong:
        return Verdict(right, total, say(f"Right in all {total} cases." if total > 1 else "Right."))
    return Verdict(right, total, say(f"Not yet: {wrong[0]}. ({right} of {total} cases are right.)"))


def _agree(result, wanted, tolerance):
    """Return whether a result is the wanted one: of the same shape, and its numbers close enough."""
    try:
        result, wanted = np.asarray(result), np.asarray(wanted)
    except ValueError:  # rows of unequal length
        return False
    if result.shape != wanted.shape:
        return False
    if wanted.dtype.kind in "biufc" and result.dtype.kind in "biufc":
        return bool(np.allclose(result, wanted, rtol=0, atol=tolerance))
    return bool((result == wanted).all())


def _words(arguments):
    """Return arguments as a reader would write them."""
    return ", ".join(map(_word, arguments))


def _word(value):
    """Return a value in one short line."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist() if value.size <= 30 else say(f"an array of shape {value.shape}")
    if callable(value):
        value = getattr(value, "__name__", type(value).__name__)  # its repr holds an address
    text = f"{value:.6g}" if isinstance(value, float) else value if isinstance(value, str) else repr(value)
    return text if len(text) <= 200 else text[:197] + "..."
