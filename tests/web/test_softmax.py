"""kit/softmax.js and kit/random.js count as imagebook.softmax and as Python's twin of the generator do."""

import numpy as np
import pytest

from imagebook.softmax import entropy, softmax
from imagebook.widgets._random import Uniforms, uniforms

STATES = 600


def random_logits(rng):
    """Return lists of 1 to 10 logits: ties, huge ones and masked classes among them."""
    found = []
    for index in range(STATES):
        logits = np.round(rng.normal(size=rng.integers(1, 11)) * rng.choice([0.1, 1, 10, 1000]), 1)
        if index % 5 == 0:
            logits = rng.integers(0, 3, logits.size).astype(float)
        if index % 7 == 0:
            logits[1:] = np.where(rng.random(logits.size - 1) < 0.3, -np.inf, logits[1:])
        found.append(logits)
    return found


def random_temperatures(rng):
    """Return temperatures of which some are 0 and some almost."""
    return rng.choice([0, 1e-300, 1e-3, 0.05, 0.5, 1, 2, 5, 1e6], STATES)


@pytest.fixture(scope="module")
def states():
    """Return logits, temperatures and the library's probabilities."""
    rng = np.random.default_rng(0)
    logits, temperatures = random_logits(rng), random_temperatures(rng)
    wanted = [softmax(z, temperature=t) for z, t in zip(logits, temperatures, strict=True)]
    return logits, temperatures, wanted


def test_softmax(modules, states):
    """At every temperature, 0 with ties among them."""
    logits, temperatures, wanted = states
    cases = [
        [[None if np.isinf(x) else x for x in z], float(t)] for z, t in zip(logits, temperatures, strict=True)
    ]
    found = modules(
        "kit/softmax", "softmax", cases, convert="(z, t) => [z.map((x) => x === null ? -Infinity : x), t]"
    )
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-300)
    at_zero = [p for p, t in zip(wanted, temperatures, strict=True) if t == 0]
    assert sum((p == 1).any() for p in at_zero) > 20, "clear winners"
    assert sum(np.count_nonzero(p) > 1 for p in at_zero) > 5, "ties"
    assert sum(np.isinf(z).any() for z in logits) > 20


def test_entropy_is_in_bits(modules, states):
    """As the library counts: a fair coin has one."""
    probabilities = states[2]
    found = modules("kit/softmax", "entropy", [[p.tolist()] for p in probabilities])
    wanted = [entropy(p) for p in probabilities]
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-15)
    assert 0 in wanted and max(wanted) > 2


def test_a_draw_falls_where_the_cumulative_sums_say(modules, states):
    """At the ends of the classes' stretches too, and in a gap that rounding leaves at the end."""
    rng = np.random.default_rng(1)
    cases = []
    for p in states[2]:
        ends = np.cumsum(p)
        cases += [[p.tolist(), rng.random()], [p.tolist(), 1 - 2**-53]]
        if ends[0] < 1:
            cases.append([p.tolist(), float(ends[0])])  # belongs to what comes behind
    found = modules("kit/softmax", "draw", cases)
    for (p, uniform), index in zip(cases, found, strict=True):
        last = np.flatnonzero(p)[-1]
        assert index == min(np.searchsorted(np.cumsum(p), uniform, side="right"), last)
        assert p[index] > 0
    assert modules("kit/softmax", "draw", [[[0.5, 0.4999, 0], 0.99999]]) == [1]
    assert set(found) == set(range(10))


def test_argmax(modules):
    """The first of several that are equally large."""
    rng = np.random.default_rng(2)
    cases = [rng.integers(-2, 3, rng.integers(1, 9)).tolist() for _ in range(STATES)]
    assert modules("kit/softmax", "argmax", [[case] for case in cases]) == [int(np.argmax(c)) for c in cases]
    assert sum(case.count(max(case)) > 1 for case in cases) > 100


@pytest.fixture
def draws(figure_page):
    """Return a function: the first `count` numbers of a maker of kit/random.js for each seed."""
    page = figure_page("temperature")
    script = """([name, seeds, count]) => {
        const { [name]: maker } = imagebook.use("kit/random");
        return seeds.map((seed) => Array.from({ length: count }, maker(seed)));
    }"""
    return lambda name, seeds, count: page.evaluate(script, [name, seeds, count])


def test_pythons_uniform_numbers_are_the_pages(draws):
    """Bit for bit, for 500 seeds, the largest among them."""
    rng = np.random.default_rng(3)
    seeds = [0, 1, 9999, 2**31, 2**32 - 1, *rng.integers(0, 2**32, 495).tolist()]
    found = np.array(draws("uniforms", seeds, 20))
    np.testing.assert_array_equal(found, [uniforms(seed, 20) for seed in seeds])
    np.testing.assert_array_equal(found[:, 5:], [uniforms(seed, 15, start=5) for seed in seeds])
    assert 0 <= found.min() and found.max() < 1 and np.unique(found).size > 9900
    generator = Uniforms(7)
    np.testing.assert_array_equal(
        np.concatenate([generator.random((2, 3)).ravel(), [generator.random()]]), uniforms(7, 7)
    )


def test_uniform_numbers_are_uniform():
    """Deciles of many numbers, of one seed and of the first numbers of many seeds."""
    one = uniforms(0, 100_000)
    first = np.array([uniforms(seed, 1)[0] for seed in range(10_000)])
    for numbers in (one, first):
        shares = np.bincount((10 * numbers).astype(int), minlength=10) / len(numbers)
        np.testing.assert_allclose(shares, 0.1, atol=0.012)


def test_normal_numbers(draws):
    """Box and Muller's formula on the uniform numbers; mean 0 and standard deviation 1."""
    seeds = list(range(500))
    found = np.array(draws("normals", seeds, 10))
    pairs = np.array([uniforms(seed, 20).reshape(10, 2) for seed in seeds])
    wanted = np.sqrt(-2 * np.log1p(-pairs[..., 0])) * np.cos(2 * np.pi * pairs[..., 1])
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12)
    many = np.array(draws("normals", [0], 50_000))
    assert abs(many.mean()) < 0.02 and abs(many.std() - 1) < 0.02
