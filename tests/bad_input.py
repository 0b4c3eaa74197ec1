"""Bad input: every public function gives its documented result or says what was wanted and what came.

`valid_calls.py` and `model_calls.py` hold one valid call of each; here its arguments are replaced by others.
A new function needs a line there. test_bad_input.py and test_bad_input_models.py run the tests of this file,
each for one table; `pytest -s tests/test_bad_input.py` prints how many calls were made.
"""

import collections
import contextlib
import functools
import importlib
import inspect
import os
import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from imagebook import _language
from imagebook.layers import Layer
from imagebook.models import Sequential

TABLES = [
    runpy.run_path(str(Path(__file__).with_name(f"{table}_calls.py")))["CALLS"]
    for table in ("valid", "model")
]
CALLS = {name: call for table in TABLES for name, call in table.items()}

EXCLUDED = {
    "images.Scene",  # a result, which checks nothing
    "exercises.Verdict",  # another one
    "models.LayerCount",  # another one
    "mnist.load",  # reads files: test_mnist.py and test_mnist_download.py
    "gemini.ask",  # sends what it is given: test_gemini.py
    "layers.Layer.forward",  # for layers to define; it raises NotImplementedError
    "layers.Layer.backward",  # the same
    "layers.Layer.store_gradients",  # calls backward
}

PROFILE = settings(derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
MADE = collections.Counter()
TOLD = set()

SCALARS = [
    *(None, True, False, "2", "", b"2", -1, 0, 1, 2, 3, 1.5, -0.5, 0.0, np.nan, np.inf, -np.inf),
    *(1e30, -1e30, 1e300, -1e300, 1e-30, 1e-300, 5e-324, 2**31, -(2**31), 2**63, 2**64, 10**30, 10**400, 2j),
    *(
        (),
        (1,),
        (1, 2),
        (2, 1),
        (0.5, 1.5),
        (1, 2, 3),
        [1, 2],
        [[1], [1, 2]],
        (1, None),
        (2, "x"),
        (1, np.nan),
    ),
    *((1e300, 1e-300), ((1, 2), (3, 4)), {}, {1, 2}, range(2), object(), len, np.ndarray),
    *(
        np.int8(2),
        np.uint64(2**64 - 1),
        np.float16(1),
        np.float32(2),
        np.longdouble("1e4000"),
        np.bool_(True),
    ),
    *(
        np.array(2),
        np.array([1, 2]),
        np.array([1.5, 2], np.float32),
        np.array(["a", "b"]),
        np.array([None, 1]),
    ),
    *(np.ones((2, 2)), np.zeros(0), np.random.RandomState(0), np.datetime64("2000")),
]
JUNK = [
    *SCALARS,
    [],
    [[]],
    [[], [1]],
    [[1, 2], [3]],
    [["a"]],
    [[None]],
    "text",
    {"a": 1},
    [[10**30]],
    [[2**63]],
]
TYPES = ["?", "u1", "i1", "i4", "i8", "u8", "f2", "f4", "f8", ">f4", ">i8", "c8", "U2", "S2", "M8[s]"]
SPECIAL = [
    np.nan,
    np.inf,
    -np.inf,
    -1,
    2,
    0,
    1.7e308,
    3e38,
    1e9,
    -1e9,
    1e30,
    -1e30,
    1e300,
    -1e300,
    1e-30,
    1e-300,
    5e-324,
]


def pytest_generate_tests(metafunc):
    """Give each test the calls of the table of its file that it is about."""
    if "name" in metafunc.fixturenames:
        chosen = ABOUT.get(metafunc.function.__name__, lambda name: True)
        metafunc.parametrize("name", [name for name in TABLES[metafunc.module.TABLE] if chosen(name)])


@pytest.fixture(scope="module", autouse=True)
def count(tmp_path_factory):
    """Print how many calls were made; what they save goes to a folder of its own."""
    here = os.getcwd()
    os.chdir(tmp_path_factory.mktemp("calls"))
    yield
    os.chdir(here)
    print(f"\n{sum(MADE.values())} calls of {len(MADE)} functions")


def function_of(name):
    """Return the function of a line of the table."""
    return CALLS[name].function or public(name)


def public(name):
    """Return the function, class or method of that name."""
    module, *path = name.split(".")
    return functools.reduce(getattr, path, importlib.import_module(f"imagebook.{module}"))


def called(name, arguments):
    """Return the result of a call with named arguments, none of which it may change."""
    MADE[name] += 1
    before = {key: frozen(value) for key, value in arguments.items() if key not in CALLS[name].changes}
    try:
        with np.errstate(all="ignore") if CALLS[name].overflows else contextlib.nullcontext():
            return function_of(name)(**arguments)
    finally:
        for key, state in before.items():
            assert frozen(arguments[key]) == state, f"{key} was changed"


def frozen(value):
    """Return what an argument holds, such that two of them can be compared later."""
    if isinstance(value, np.ndarray):
        return value.dtype, value.shape, value.strides, value.flags.writeable, value.tobytes()
    if isinstance(value, list | tuple):
        return type(value), [frozen(item) for item in value]
    if isinstance(value, dict):
        return [(key, frozen(item)) for key, item in value.items()]
    if isinstance(value, Sequential):
        return frozen(value.layers)
    if isinstance(value, Layer):
        return type(value), value.frozen, frozen(value.parameters)
    return None if isinstance(value, np.random.Generator) else repr(value)


def leaves(result):
    """Return the numbers, arrays and other things of a result, out of the tuples around them."""
    return [leaf for item in result for leaf in leaves(item)] if isinstance(result, tuple) else [result]


def kind(leaf):
    """Return the type of a part of a result; numbers and arrays count as one."""
    return "number" if isinstance(leaf, np.ndarray | np.generic | float | int) else type(leaf)


def valid(name, *, seed=0, n=2):
    """Return the arguments of a valid call."""
    return CALLS[name].make(np.random.default_rng(seed), n)


@functools.cache
def form(name):
    """Return the parts of the result of a valid call."""
    return [kind(leaf) for leaf in leaves(called(name, valid(name)))]


def check(name, arguments):
    """Call; the result must be as documented, or the error say what was wanted and what came."""
    try:
        result = called(name, arguments)
    except CALLS[name].raises:
        return
    except (ValueError, TypeError) as error:
        assert re.search(r"^\w.*\bmust\b.+\bgot\b", str(error), re.DOTALL), repr(error)
        is_told_in_other_languages(str(error))
        return
    assert [kind(leaf) for leaf in leaves(result)] == form(name)
    for leaf in leaves(result):
        if kind(leaf) == "number":
            numbers = np.asarray(leaf)
            assert numbers.dtype.kind in "biuf" and numbers.dtype.isnative
            if numbers.dtype.kind == "f":
                assert numbers.dtype in (np.float32, np.float64)
                low, high = CALLS[name].within or (-np.inf, np.inf)
                assert CALLS[name].within is None or np.isfinite(numbers).all(), numbers
                assert not (numbers < low).any() and not (numbers > high).any(), numbers


def is_told_in_other_languages(sentence):
    """Check that the catalogues have a sentence, each kind of it once, and all parts of what was wanted."""
    wanted = re.sub(r"^\S+|\d+", "", sentence.partition(", got")[0])
    if wanted not in TOLD:
        TOLD.add(wanted)
        for code in _language.LANGUAGES[1:]:
            told = _language.say(sentence, code, "errors")
            assert told != sentence and not re.search(r"\b(must|the|least|such as)\b", told), told


def test_every_argument_replaced_by_everything(name):
    """Numbers out of range, other types, text, None, lists that are no arrays: a result or plain error."""
    for argument, value in valid(name).items():
        for other in others(value):
            check(name, valid(name) | {argument: other})


def test_sizes_beyond_all_memory(name):
    """The largest integer in place of one, of a pair or of all: a result or a plain error."""
    whole = {
        argument: large for argument, value in valid(name).items() if (large := largest(value)) is not None
    }
    for changed in (*({argument: value} for argument, value in whole.items()), whole):
        if not {"epochs", "iterations"} & set(changed):  # they take time, not memory
            check(name, valid(name) | changed)


def largest(value):
    """Return the largest integer in place of an integer or of several; None for other values."""
    if isinstance(value, list | tuple) and value and all(type(item) is int for item in value):
        return type(value)([2**31 - 1] * len(value))
    return 2**31 - 1 if type(value) is int else None


def others(value):
    """Return what may come in place of an argument; in place of a function also one that answers anything."""
    if not inspect.isfunction(value):
        return JUNK
    # Functions that come instead raise errors of their own.
    no_functions = [other for other in JUNK if not callable(other)]
    return [*no_functions, *(functools.partial(answer, other) for other in no_functions)]


def answer(result, *arguments, **options):
    """Return the result, whatever the arguments."""
    return result


def test_arguments_replaced_by_similar_ones(name):
    """Other shapes, types and values, NaN, infinity, huge and tiny numbers: a result or a plain error."""

    @settings(PROFILE, max_examples=CALLS[name].examples)
    @given(st.data())
    def replace_some(data):
        arguments = valid(name, seed=data.draw(st.integers(0, 9)))
        arguments = each_array(as_type(data.draw(st.sampled_from([np.float32, np.float64]))), arguments)
        chosen = data.draw(st.lists(st.sampled_from(list(arguments)), min_size=1, max_size=2, unique=True))
        check(name, arguments | {argument: data.draw(similar(arguments[argument])) for argument in chosen})

    replace_some()


@st.composite
def similar(draw, value):
    """Draw something else in place of a valid argument, often of the same kind."""
    if isinstance(value, list) and value and draw(st.integers(0, 3)):
        place = draw(st.integers(0, len(value) - 1))
        middle = draw(st.sampled_from([[], [value[place]] * 2, [draw(similar(value[place]))]]))
        return value[:place] + middle + value[place + 1 :]
    if isinstance(value, dict) and draw(st.integers(0, 3)):
        return {key: draw(similar(item)) for key, item in value.items()}
    if isinstance(value, bytes):  # a file, cut, longer, with another header, or with no header at all
        place = draw(st.integers(0, len(value)))
        return value[:place] + draw(st.binary(max_size=300)) + draw(st.sampled_from([b"", value[place:]]))
    if not isinstance(value, np.ndarray):
        return draw(st.sampled_from(others(value)))
    change = draw(st.sampled_from(["any", "junk", "values", "scale", "type", "shape", "shape"]))
    if change == "any":
        return draw(
            hnp.arrays(
                st.sampled_from(TYPES), hnp.array_shapes(min_dims=0, max_dims=6, min_side=0, max_side=3)
            )
        )
    if change == "junk":
        return draw(st.sampled_from(JUNK))
    with np.errstate(all="ignore"):
        if change == "type":
            return value.astype(draw(st.sampled_from([*TYPES, "O", "U"])))
        if change == "scale":
            return value * draw(st.sampled_from(SPECIAL))
        if change == "values":
            value = value.astype(draw(st.sampled_from(["f4", "f8", "i8", "u8"])))
            for place in draw(st.lists(st.integers(0, value.size - 1), min_size=1, max_size=4)):
                value.flat[place] = np.array(draw(st.sampled_from(SPECIAL))).astype(value.dtype)
            return value
    axis = draw(st.integers(0, value.ndim - 1))
    return draw(
        st.sampled_from(
            [
                *(value.take([], axis), value.take(0, axis), value.take([0], axis), value.take([0, 0], axis)),
                *(np.repeat(value, 2, axis), np.flip(value, axis), value[np.newaxis], value[..., np.newaxis]),
                *(value.T, np.stack([value] * 2), value.tolist(), value.ravel(), value * 0 + 1),
            ]
        )
    )


def each_array(change, value):
    """Return arguments in which every array is changed, also those in lists."""
    if isinstance(value, dict):
        return {key: each_array(change, item) for key, item in value.items()}
    if isinstance(value, list):
        return [each_array(change, item) for item in value]
    return change(value) if isinstance(value, np.ndarray) else value


def as_type(dtype):
    """Return the change of floats to another type; integers are rounded floats."""

    def change(value):
        if value.dtype.kind != "f":
            return value
        return np.rint(value).astype(dtype) if np.dtype(dtype).kind in "iu" else value.astype(dtype)

    return change


def strided(value):
    """Return the array as every other element of a larger one, in each direction."""
    larger = np.zeros([2 * length + 1 for length in value.shape], value.dtype)
    view = larger[tuple(slice(0, 2 * length, 2) for length in value.shape)]
    view[...] = value
    return view


def backwards(value):
    """Return the array with negative strides."""
    turned = tuple(slice(None, None, -1) for _ in value.shape)
    return value[turned].copy()[turned]


def read_only(value):
    """Return a copy that refuses to be written."""
    copy = value.copy()
    copy.flags.writeable = False
    return copy


def unaligned(value):
    """Return the array in memory that begins one byte beside where its type would lie."""
    room = np.zeros(value.nbytes + 1, np.uint8)
    view = room[1:].view(value.dtype).reshape(value.shape)
    view[...] = value
    return view


def swapped(value):
    """Return the array with the other byte order, as it comes out of files."""
    return value.astype(value.dtype.newbyteorder())


LAYOUTS = [strided, backwards, read_only, unaligned, swapped, np.asfortranarray]


def test_the_layout_in_memory_does_not_matter(name):
    """Views with gaps, backwards, read-only, unaligned or in Fortran's order give the same result."""

    @settings(PROFILE, max_examples=12)
    @given(st.integers(0, 2**32 - 1), st.lists(st.sampled_from(LAYOUTS), min_size=1, max_size=2))
    def compare(seed, layouts):
        for dtype in (np.float32, np.float64):
            plain = each_array(as_type(dtype), valid(name, seed=seed))
            odd = each_array(as_type(dtype), valid(name, seed=seed))
            for layout in layouts:
                odd = each_array(layout, odd)
            for wanted, got in zip(leaves(called(name, plain)), leaves(called(name, odd)), strict=True):
                assert kind(got) == kind(wanted)
                if kind(got) == "number":
                    same(name, wanted, got, dtype)

    compare()


def same(name, wanted, got, dtype):
    """Compare bit for bit, or where the order of a sum may differ, up to its rounding."""
    assert np.asarray(got).dtype == np.asarray(wanted).dtype
    if CALLS[name].exact:
        np.testing.assert_array_equal(got, wanted)
    else:
        tolerance = 1000 * np.finfo(np.float32 if CALLS[name].single else dtype).eps
        np.testing.assert_allclose(
            got, wanted, rtol=tolerance, atol=tolerance * np.abs(wanted).max(initial=1)
        )


def arrays(value):
    """Return all arrays in arguments."""
    if isinstance(value, dict | list):
        return [
            one for item in (value.values() if isinstance(value, dict) else value) for one in arrays(item)
        ]
    return [value] if isinstance(value, np.ndarray) else []


def takes_floats(name):
    """Return whether a function takes an array of floats."""
    return any(array.dtype.kind == "f" for array in arrays(valid(name)))


ABOUT = {
    "test_arguments_replaced_by_similar_ones": valid,
    "test_the_layout_in_memory_does_not_matter": lambda name: arrays(valid(name)),
    "test_floats_keep_their_precision": takes_floats,
    "test_integers_become_what_is_documented": lambda name: takes_floats(name) and CALLS[name].integers,
    "test_batches_of_none": lambda name: CALLS[name].empty,
}


def dtypes(name, dtype, kinds):
    """Return the types of the arrays of some kinds in the result of a call with arrays of one type."""
    result = leaves(called(name, each_array(as_type(dtype), valid(name, seed=1))))
    return {leaf.dtype for leaf in result if isinstance(leaf, np.ndarray) and leaf.dtype.kind in kinds}


def test_floats_keep_their_precision(name):
    """float32 stays float32 and float64 float64; float16 becomes float32."""
    for dtype, becomes in {np.float16: np.float32, np.float32: np.float32, np.float64: np.float64}.items():
        wanted = becomes if CALLS[name].floats == "follow" else CALLS[name].floats
        assert dtypes(name, dtype, "f") <= {np.dtype(wanted)}


def test_integers_become_what_is_documented(name):
    """Whole numbers in place of floats: float32 for most, float64 for coordinates, int64 for sums."""
    for dtype in (np.int16, np.int32, np.int64):
        wanted = np.dtype(dtype if CALLS[name].integers == "keep" else CALLS[name].integers)
        found = dtypes(name, dtype, "f" if wanted.kind == "f" else "biuf")
        assert found <= {wanted}


def test_batches_of_none(name):
    """A batch of length 0 gives a result of length 0 and of the usual type, or the documented error."""
    if CALLS[name].empty == "error":
        with pytest.raises(ValueError, match=r"must\b.+\bgot"):
            called(name, valid(name, n=0))
        return
    check(name, valid(name, n=0))
    for dtype in (np.float32, np.float64):
        full, empty = (called(name, each_array(as_type(dtype), valid(name, n=n))) for n in (2, 0))
        for wanted, got in zip(leaves(full), leaves(empty), strict=True):
            if isinstance(wanted, np.ndarray):
                assert got.dtype == wanted.dtype
                shapes = [(0, *wanted.shape[1:])]
                if name.endswith(("backward", "store_gradients")):  # those of parameters are no batch
                    shapes.append(wanted.shape)
                assert got.shape in shapes
