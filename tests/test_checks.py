"""What every public function relies on for its first lines."""

import numpy as np
import pytest

from imagebook import _checks


def test_array_keeps_the_usual_types_and_widens_the_others():
    """Integers, float32 and float64 stay; bool, float16 and extended floats become their neighbours."""
    kept = [np.uint8, np.int32, np.int64, np.float32, np.float64]
    assert [_checks.array("a", np.zeros(1, t), ndim=1).dtype for t in kept] == [np.dtype(t) for t in kept]
    changed = {bool: np.uint8, np.float16: np.float32, np.longdouble: np.float64}
    for before, after in changed.items():
        assert _checks.array("a", np.zeros(1, before), ndim=1).dtype == after


def test_array_does_not_copy_what_it_need_not_change():
    """An array of the right type is handed back as it is."""
    value = np.zeros((2, 3))
    assert _checks.array("a", value, ndim=2) is value


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ([[1, 2], [3]], ValueError, "image must be a rectangular array, got rows of unequal length"),
        ("text", TypeError, "image must hold real numbers, got dtype <U4"),
        ([1j], TypeError, "image must hold real numbers, got dtype complex128"),
        ([None], TypeError, "image must hold real numbers, got dtype object"),
        (3.0, ValueError, r"image must be an array with 1 or 2 dimensions, got shape \(\)"),
        ([np.nan], ValueError, "image must be finite, got NaN or infinity"),
    ],
)
def test_array_says_what_was_wanted_and_what_came(value, error, message):
    """Each kind of wrong value has its own plain sentence."""
    with pytest.raises(error, match=message):
        _checks.array("image", value, ndim=(1, 2), finite=True)


def test_floats_turns_integers_into_float32():
    """Integers become float32; float64 stays."""
    assert _checks.floats("a", [1, 2], ndim=1).dtype == np.float32
    assert _checks.floats("a", [1.0, 2.0], ndim=1).dtype == np.float64


@pytest.mark.parametrize("value", [True, 1.0, "1", None, [1]])
def test_integer_refuses_what_is_not_an_integer(value):
    """Booleans and whole floats are no integers: a stride of True is a mistake."""
    with pytest.raises(TypeError, match="stride must be an integer, got"):
        _checks.integer("stride", value, low=1)


def test_pair_takes_one_integer_or_two():
    """One integer counts for both directions, NumPy's integers included."""
    assert _checks.pair("stride", np.int32(2), low=1) == (2, 2)
    assert _checks.pair("stride", np.array([1, 2]), low=1) == (1, 2)
    with pytest.raises(ValueError, match=r"stride must be one integer or a pair .*, got \(1, 2, 3\)"):
        _checks.pair("stride", (1, 2, 3), low=1)
    with pytest.raises(TypeError, match="stride must be an integer, got '12'"):
        _checks.pair("stride", "12", low=1)


def test_number_names_its_limits():
    """A number outside its range is told the range; NaN and text are told apart."""
    assert _checks.number("rate", np.float32(0.5), low=0, high=1) == 0.5
    with pytest.raises(ValueError, match="rate must be at least 0, got -1"):
        _checks.number("rate", -1, low=0)
    with pytest.raises(ValueError, match="rate must be finite, got nan"):
        _checks.number("rate", float("nan"))
    with pytest.raises(TypeError, match="rate must be a number, got True"):
        _checks.number("rate", True)


def test_not_empty_names_the_shape():
    """An axis of length 0 is refused with the shape that came."""
    with pytest.raises(ValueError, match=r"image must not be empty, got shape \(0, 3\)"):
        _checks.not_empty("image", np.zeros((0, 3)))


def test_array_turns_the_byte_order_and_refuses_what_would_wrap_around():
    """Big-endian numbers, as files hold them, become the machine's own; uint64 must fit into int64."""
    turned = _checks.array("a", np.array([1, 2], ">i4"), ndim=1)
    assert turned.dtype == np.int32 and turned.dtype.isnative and turned.tolist() == [1, 2]
    with pytest.raises(ValueError, match="a must hold integers that fit into int64, got 9223372036854775808"):
        _checks.array("a", np.array([2**63], np.uint64), ndim=1)


def test_finite_numbers_have_a_limit():
    """Arrays, numbers and integers that lead to overflow are refused with the limit."""
    with pytest.raises(ValueError, match=r"a must lie between -1e\+09 and 1e\+09, got -2e\+09 to 5"):
        _checks.array("a", [5, -2e9], ndim=1, finite=True, largest=1e9)
    with pytest.raises(ValueError, match=r"rate must be at most 1e\+30 in size, got -1e\+31"):
        _checks.number("rate", -1e31)
    with pytest.raises(ValueError, match="rate must be finite, got 1000"):
        _checks.number("rate", 10**400)
    with pytest.raises(ValueError, match="stride must be at most 2147483647, got 2147483648"):
        _checks.integer("stride", 2**31, low=1)


def test_flag_takes_booleans_alone():
    """NumPy's booleans count, 1 and "yes" do not."""
    assert _checks.flag("antialias", np.True_) is True
    with pytest.raises(TypeError, match="antialias must be True or False, got 1"):
        _checks.flag("antialias", 1)
