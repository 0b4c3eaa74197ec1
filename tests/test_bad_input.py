"""Bad input to functions: the tests of bad_input.py for valid_calls.py, and that no line is missing."""

import importlib
import inspect
import pkgutil
import re
import runpy
from pathlib import Path

import numpy as np
import pytest

import imagebook
from imagebook import convolution

TABLE = 0
tests = runpy.run_path(str(Path(__file__).with_name("bad_input.py")))
globals().update(tests)


def test_everything_public_is_in_a_table():
    """Every function, class and method that is meant for others has a valid call; nothing else has."""
    found = set()
    for module in pkgutil.iter_modules(imagebook.__path__):
        if not module.name.startswith("_"):
            for name, value in vars(importlib.import_module(f"imagebook.{module.name}")).items():
                if getattr(value, "__module__", None) == f"imagebook.{module.name}":
                    found |= {f"{module.name}.{path}" for path in public_names(name, value)}
    assert found - tests["EXCLUDED"] == set(tests["CALLS"])
    for name in tests["CALLS"]:
        wanted = set(inspect.signature(tests["public"](name)).parameters) - {"self", "options"}
        unused = wanted - set(tests["valid"](name))
        assert not unused, f"{name} has parameters that its valid call does not use: {unused}"


def public_names(name, value):
    """Return the name of a function, or of a class and each of its methods, unless it begins with _."""
    names = [name] if inspect.isfunction(value) or inspect.isclass(value) else []
    if inspect.isclass(value):
        names += [f"{name}.{method}" for method, member in vars(value).items() if inspect.isfunction(member)]
    return [path for path in names if not re.search(r"(^|\.)_", path)]


@pytest.mark.parametrize("function_name", ["cross_correlate2d", "convolve2d", "cross_correlate2d_loops"])
def test_sums_of_integers_do_not_wrap_around(function_name):
    """A sum that 64 bits with a sign cannot hold is refused, not wrong."""
    function = getattr(convolution, function_name)
    with pytest.raises(ValueError, match=r"image must lie between -1e\+18 and 1e\+18, got"):
        function([[2**62, 2**62]], [[1, 1]])
    with pytest.raises(
        ValueError, match="image must hold integers that fit into int64, got 9223372036854775808"
    ):
        function([[2**63]], [[1]])
    with pytest.raises(
        ValueError, match="image and kernel must have weighted sums that fit into int64, got up"
    ):
        function([[10**12, 10**12]], [[10**7, 10**7]])
    assert function([[10**12, 10**12]], [[10**6, -(10**6)]]).tolist() == [[0]]


def test_folded_sums_of_integers_do_not_wrap_around():
    """Where the copies of a pixel may add up to more than 64 bits with a sign can hold, they are refused."""
    slices = np.full((1, 1, 2, 1, 2, 1), 2**62, np.int64)  # the middle one of three pixels is in both slices
    with pytest.raises(ValueError, match="slices must have sums that fit into int64, got up to 9.2"):
        convolution.fold(slices, (1, 1, 3, 1))
    slices = slices // 2
    assert convolution.fold(slices, (1, 1, 3, 1)).ravel().tolist() == [2**61, 2**62, 2**61]
    assert convolution.fold(-slices, (1, 1, 3, 1)).ravel().tolist() == [-(2**61), -(2**62), -(2**61)]
