"""The page and Python accept the same states: what one takes, the other takes."""

import base64
import copy
import json

import numpy as np
import pytest

from imagebook.widgets import FIGURES, _traits

COUNT = 600
JUNK = (
    None, True, False, 0, 1, 2, -1, 0.5, 2.0, -0.0, 3.0000001, 5e-324, 1e6, 1e6 + 1, 1e300, 2**31, 2**63,
    2**70, 10**400, "", "0", "1", "left", "LEFT", "left ", "true", "__proto__", "constructor", "length",
    "AAAA", "A===", "\n", "\u0000", "\ud800", "\U0001f642", "\u200b", "\x7f", "\x85", "\u2028",
    "NaN", "[1, 2, 3]", [], [[]], [None], {}, {"length": 3}, {"0": 1, "1": 2, "2": 3, "length": 3},
    {"__proto__": 1}, [[1, 2], [3]], [[1, 2], [3, 4]], [1, 2, 3], [True, False, True],
    [[True]], ["1", "2", "3"], [[[1]]], ["left"],
)  # fmt: skip


def number(rng, low, high):
    """Return a number that may be at a limit, or an integer written as one."""
    choices = (
        low,
        high,
        float(low),
        float(high),
        (low + high) / 2,
        rng.uniform(low, high),
        int(rng.integers(low, high + 1)),
    )
    return choices[rng.integers(len(choices))]


def text(rng):
    """Return a text of up to 6 characters, some of two halves, some that are not allowed."""
    return "".join(
        rng.choice(list("aB ?é你\U0001f642\u202e\ufeff") + ["\t"] * (rng.random() < 0.2), rng.integers(0, 7))
    )


def pixels(rng, size):
    """Return base64 of about as many bytes as wanted."""
    return base64.b64encode(rng.bytes(size + rng.integers(-1, 2) * (rng.random() < 0.3))).decode()


def box(rng):
    """Return four numbers that are mostly a box."""
    corners = (
        np.sort(rng.integers(0, [[5], [4]], (2, 2)), axis=1)
        if rng.random() < 0.8
        else rng.integers(-1, 6, (2, 2))
    )
    return corners.T.ravel().tolist()


def numbers(rng):
    """Return up to four numbers."""
    return [number(rng, -1, 2) for _ in range(rng.integers(1, 5))]


def matrix(rng):
    """Return up to three rows, all of one length."""
    width = rng.integers(1, 4)
    return [[number(rng, -1, 2) for _ in range(width)] for _ in range(rng.integers(1, 4))]


# For each kind what makes values that are good or nearly so, and some traits.
LIMITS = {"low": -1, "high": 2}
KINDS = {
    "number": (
        lambda rng: number(rng, -1, 2),
        [_traits.Number(0, **LIMITS), _traits.Number(1, low=0, high=1e6)],
    ),
    "integer": (
        lambda rng: number(rng, -1, 2),
        [_traits.Integer(0, **LIMITS), _traits.Integer(1, low=1, high=2**31 - 1)],
    ),
    "flag": (lambda rng: bool(rng.integers(2)), [_traits.Flag(True)]),
    "choice": (
        lambda rng: str(rng.choice(["left", "1", "constructor", "up"])),
        [_traits.Choice("left", ("left", "1", "constructor"))],
    ),
    "text": (text, [_traits.Text("", length=(0, 4)), _traits.Text("ab", length=(2, 5))]),
    "vector": (
        numbers,
        [_traits.Vector([0, 1], **LIMITS, length=(1, 3)), _traits.Vector([1, 1, 1], length=(3, 3))],
    ),
    "box": (box, [_traits.Box((0, 0, 1, 1), width=4, height=3)]),
    "matrix": (
        matrix,
        [
            _traits.Matrix([[0]], **LIMITS, rows=(1, 2), columns=(1, 3)),
            _traits.Matrix(np.eye(2), rows=(2, 2), columns=(2, 2)),
        ],
    ),
    "pixels": (
        lambda rng: pixels(rng, 2 * rng.integers(2, 5)),
        [_traits.Pixels(np.zeros((size, 2)), height=size, width=2) for size in (2, 3, 4)],
    ),
}


def nearly(rng, value):
    """Return a value with a small fault: one part replaced, missing, doubled, or wrapped."""
    value = copy.deepcopy(value)
    way = rng.integers(6)
    if way == 0:
        return [value]
    if way == 1:
        return json.dumps(value)
    if isinstance(value, str) and value:
        at = rng.integers(len(value))
        return (
            value[:at] + str(rng.choice(["", "=", " ", "\n", "A", "é", "\u0000"])) + value[at + (way > 3) :]
        )
    if isinstance(value, list) and value:
        at = rng.integers(len(value))
        if way == 2:
            return value[:at] + value[at + 1 :]
        if way == 3:
            return [*value, value[at]]
        value[at] = nearly(rng, value[at]) if way == 4 else JUNK[rng.integers(len(JUNK))]
    return value


def python_takes(trait, value):
    """Return whether Python accepts what comes as JSON; it must refuse with the two usual errors."""
    try:
        trait.checked("value", trait.from_json(value))
    except (TypeError, ValueError):
        return False
    return True


@pytest.mark.parametrize("kind", KINDS)
def test_both_accept_the_same(modules, kind):
    """Good values, near misses and junk, at least 600 for each trait."""
    rng = np.random.default_rng(sorted(KINDS).index(kind))
    make, traits = KINDS[kind]
    for trait in traits:
        assert trait.rule["kind"] == kind
        values = list(JUNK) + [make(rng) for _ in range(COUNT // 2)]
        values += [nearly(rng, make(rng)) for _ in range(COUNT // 2)]
        texts = [json.dumps(value) for value in values]
        schema = json.loads(json.dumps({"value": trait.rule}))
        found = modules(
            "kit/state",
            "accept",
            [[schema, each] for each in texts],
            convert="(schema, text) => [schema, { value: JSON.parse(text) }]",
        )
        page = ["value" in each["values"] for each in found]
        python = [python_takes(trait, json.loads(each)) for each in texts]
        differ = [
            (each, there, here)
            for each, there, here in zip(texts, page, python, strict=True)
            if there != here
        ]
        assert not differ, f"{len(differ)} differ, (text, page, Python): {differ[:5]}"
        assert all(
            each["refused"] == ([] if there else ["value"]) for each, there in zip(found, page, strict=True)
        )
        few = 2 if kind == "flag" else 40  # there are no more flags
        assert sum(page) >= few and page.count(False) >= 40


def test_what_is_kept_comes_back_the_same():
    """Each default goes to JSON and back."""
    for kind, (_make, traits) in KINDS.items():
        for trait in traits:
            kept = trait.default_value
            sent = json.loads(json.dumps(trait.to_json(kept)))
            np.testing.assert_array_equal(trait.checked(kind, trait.from_json(sent)), kept)


def test_names_that_every_object_has(modules):
    """Names of the language's own are no names of the state; good names beside them are taken."""
    names = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "", "value ", "0"]
    given = ["{" + f'{json.dumps(name)}: {{"polluted": true}}, "value": true' + "}" for name in names]
    schema = {"value": {"kind": "flag"}}
    cases = [[schema, each] for each in given]
    found = modules("kit/state", "accept", cases, convert="(schema, text) => [schema, JSON.parse(text)]")
    assert found == [{"values": {"value": True}, "refused": [name]} for name in names]
    assert modules("kit/state", "accept", [[{}, {}]], convert="(a, b) => [{}, { was: ({}).polluted }]")[0][
        "refused"
    ] == ["was"]


def test_a_link_may_say_anything(modules):
    """Whatever a link holds in place of a state, nothing is thrown and nothing is taken."""
    cases = [[{"value": {"kind": "flag"}}, json.dumps(value)] for value in JUNK]
    found = modules("kit/state", "accept", cases, convert="(schema, text) => [schema, JSON.parse(text)]")
    assert all(each["values"] == {} for each in found)
    taken = [value for value, each in zip(JUNK, found, strict=True) if not each["refused"]]
    assert taken == [{}]


def test_every_kind_is_tested():
    """The kinds of all figures are among those above."""
    import imagebook.widgets as widgets

    used = {rule["kind"] for name in FIGURES for rule in getattr(widgets, name)().state_rules().values()}
    assert used <= set(KINDS)
