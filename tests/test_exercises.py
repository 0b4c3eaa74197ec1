"""What a reader is told about an answer."""

import numpy as np
import pytest

from imagebook.exercises import check


def test_every_case_counts():
    """One wrong case is enough for "not yet", and the first that is wrong is named."""
    cases = [((1,), 1), ((2,), 4), ((3,), 9)]
    assert check(lambda x: x**2, cases)
    verdict = check(lambda x: 2 * x - 1, cases)
    assert not verdict
    assert (verdict.right, verdict.total) == (1, 3)
    assert "for 2 it gives 3, wanted is 4" in repr(verdict)


@pytest.mark.parametrize("result", [None, "4", [4], [4, 4], [[4], [4, 4]], ..., 4.1, float("nan")])
def test_a_wrong_result_of_any_kind_is_not_right(result):
    """What is not a number, has another shape or is ragged is told, not raised."""
    assert not check(lambda x: result, [((2,), 4)])


def test_arrays_agree_within_the_tolerance():
    """Shape and every number."""
    wanted = np.array([[1.0, 2.0]])
    assert check(lambda: wanted + 0.01, [((), wanted)], tolerance=0.02)
    assert not check(lambda: wanted + 0.01, [((), wanted)])
    assert not check(lambda: wanted.T, [((), wanted)])


def test_an_error_is_told_in_words():
    """An unsolved exercise does not stop the notebook."""
    verdict = check(lambda x: x / 0, [((1,), 1)])
    assert (
        repr(verdict)
        == "Not yet: for 1 it stops with ZeroDivisionError: division by zero. (0 of 1 cases are right.)"
    )


def test_texts_agree_if_they_are_the_same():
    """A word is an answer, too."""
    assert check(str.upper, [(("iou",), "IOU")])
    assert not check(str.lower, [(("iou",), "IOU")])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((3, [((1,), 1)]), TypeError, "function must be callable, got int"),
        ((abs, []), ValueError, "cases must hold at least one case, got none"),
        ((abs, [(1, 1)]), TypeError, "cases must be pairs of a tuple of arguments and a result"),
        ((abs, 3), ValueError, "cases must be a list of pairs"),
    ],
)
def test_a_mistake_of_the_author_is_an_error(arguments, error, message):
    with pytest.raises(error, match=message):
        check(*arguments)


def test_functions_among_the_arguments_are_called_by_their_names():
    """Their usual form holds an address, and a page would change each time it is built."""

    def double(x):
        return 2 * x

    verdict = check(lambda function, x: 0, [((double, 2), 4)])
    assert str(verdict) == "Not yet: for double, 2 it gives 0, wanted is 4. (0 of 1 cases are right.)"
