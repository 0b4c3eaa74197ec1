import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from imagebook.softmax import entropy, log_softmax, sample, softmax

LOGITS = arrays(np.float64, (3, 4), elements=st.floats(-1e4, 1e4))


def test_softmax_by_hand():
    """Logits log 1, log 2, log 5 have the probabilities 1/8, 2/8, 5/8."""
    logits = np.log([1.0, 2.0, 5.0])
    np.testing.assert_allclose(softmax(logits), [1 / 8, 2 / 8, 5 / 8], rtol=1e-14)
    np.testing.assert_allclose(log_softmax(logits), np.log([1 / 8, 2 / 8, 5 / 8]), rtol=1e-14)


def test_temperature_by_hand():
    """At T = 1/2 the odds 1 : 2 : 5 are squared, 1 : 4 : 25; at T = 2 odds 1 : 4 become 1 : 2."""
    np.testing.assert_allclose(
        softmax(np.log([1.0, 2.0, 5.0]), temperature=0.5), [1 / 30, 4 / 30, 25 / 30], rtol=1e-14
    )
    np.testing.assert_allclose(softmax(np.log([1.0, 4.0]), temperature=2), [1 / 3, 2 / 3], rtol=1e-14)


def test_zero_temperature_is_the_limit():
    """At T = 0 the largest logits share all probability; T = 1e-300 and 5e-324 give the same, unwarned."""
    logits = [[1.0, 3.0, 3.0], [-np.inf, -5.0, -6.0]]
    expected = [[0, 0.5, 0.5], [0, 1, 0]]
    for dtype in (np.float32, np.float64):
        for temperature in (0, 5e-324, 1e-300):
            cold = np.array(logits, dtype)
            np.testing.assert_array_equal(softmax(cold, temperature=temperature), expected)
            logarithms = log_softmax(cold, temperature=temperature)
            np.testing.assert_allclose(np.exp(logarithms), expected, rtol=1e-6)
            assert (logarithms[np.array(expected) == 0] < -1e38).all()


def test_high_temperature_flattens():
    """As T grows, the probabilities of what is not masked out become equal."""
    np.testing.assert_allclose(
        softmax([1.0, -2.0, 5.0, -np.inf], temperature=1e9), [1 / 3, 1 / 3, 1 / 3, 0], rtol=1e-8
    )


def test_large_logits_do_not_overflow():
    """Around 1e4 and up to the largest floats only the differences count."""
    np.testing.assert_allclose(softmax(np.array([1e4, 1e4 + np.log(3)])), [0.25, 0.75], rtol=1e-11)
    np.testing.assert_array_equal(softmax([1e308, -1e308]), [1, 0])
    np.testing.assert_array_equal(log_softmax([1e4, -1e4]), [0, -2e4])
    np.testing.assert_array_equal(log_softmax([1e308, -1e308]), [0, -np.inf])


@settings(deadline=None, derandomize=True)
@given(logits=LOGITS, temperature=st.floats(1e-3, 1e3), shift=st.floats(-1e4, 1e4))
def test_softmax_is_a_distribution_and_ignores_shifts(logits, temperature, shift):
    """Probabilities sum to 1, keep the order of the logits and do not change if all logits are shifted."""
    probabilities = softmax(logits, temperature=temperature)
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1, rtol=1e-12)
    order = np.argsort(logits, axis=-1)
    assert (np.diff(np.take_along_axis(probabilities, order, axis=-1), axis=-1) >= 0).all()
    # Shifted logits of 1e4 are rounded by 1e-12, which the temperature divides.
    tolerance = 1e-11 / temperature + 1e-12
    np.testing.assert_allclose(
        softmax(logits + shift, temperature=temperature), probabilities, atol=tolerance
    )


@settings(deadline=None, derandomize=True)
@given(logits=LOGITS, temperature=st.floats(0.1, 1e3))
def test_log_softmax_is_the_logarithm(logits, temperature):
    """Its exponential is the softmax, and its differences are those of the logits over T, however small."""
    logarithms = log_softmax(logits, temperature=temperature)
    np.testing.assert_allclose(
        np.exp(logarithms), softmax(logits, temperature=temperature), rtol=1e-9, atol=1e-300
    )
    np.testing.assert_allclose(np.diff(logarithms), np.diff(logits) / temperature, rtol=1e-9, atol=1e-9)


def test_temperature_divides_the_logits():
    """A temperature is the same as logits divided by it, in each function."""
    logits = np.random.default_rng(0).normal(0, 3, (5, 6))
    np.testing.assert_allclose(softmax(logits, temperature=3), softmax(logits / 3), rtol=1e-12)
    np.testing.assert_allclose(log_softmax(logits, temperature=3), log_softmax(logits / 3), rtol=1e-12)
    np.testing.assert_array_equal(
        sample(logits, rng=np.random.default_rng(0), temperature=3),
        sample(logits / 3, rng=np.random.default_rng(0)),
    )


def test_entropy_by_hand():
    """One certain outcome has 0 bits, a fair coin 1, eight equal ones 3, and (1/2, 1/4, 1/4) has 1.5."""
    certain = entropy([0.0, 1.0, 0.0])
    assert (certain, np.signbit(certain)) == (0, False)
    assert entropy([0.5, 0.5]) == 1
    assert entropy(np.full(8, 1 / 8)) == 3
    assert entropy([0.5, 0.25, 0.25, 0.0]) == 1.5


def test_entropy_grows_with_temperature():
    """The hotter, the more uncertain: from 0 bits at T = 0 towards log2 5."""
    logits = np.random.default_rng(0).normal(0, 2, 5)
    entropies = [entropy(softmax(logits, temperature=t)) for t in (0, 0.25, 0.5, 1, 2, 4, 1e6)]
    assert entropies[0] == 0
    assert (np.diff(entropies) > 0).all()
    assert abs(entropies[-1] - np.log2(5)) < 1e-6


def test_entropy_takes_what_softmax_gives_in_single_precision():
    """The rounding of float32 over 100,000 classes is within the tolerance, a missing thousandth is not."""
    logits = np.random.default_rng(0).normal(0, 1, 100_000).astype(np.float32)
    bits = entropy(softmax(logits))
    assert bits.dtype == np.float32
    np.testing.assert_allclose(bits, entropy(softmax(logits.astype(np.float64))), rtol=1e-5)
    with pytest.raises(ValueError, match="probabilities must sum to 1, got sums from 0.999 to 0.999"):
        entropy([0.5, 0.499])


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_sample_follows_the_softmax(temperature):
    """Of 50,000 draws each class gets its probability within five standard errors."""
    logits = np.array([0.0, 1.0, -np.inf, 2.0, -1.0])
    classes = sample(np.tile(logits, (50_000, 1)), rng=np.random.default_rng(0), temperature=temperature)
    expected = softmax(logits, temperature=temperature)
    errors = np.sqrt(expected * (1 - expected) / 50_000)
    frequencies = np.bincount(classes, minlength=5) / 50_000
    assert (np.abs(frequencies - expected) <= 5 * errors).all()
    assert frequencies[2] == 0


def test_sample_at_zero_temperature_takes_the_largest():
    """At T = 0 only the largest logits are drawn, tied ones equally often."""
    logits = np.tile([3.0, 1.0, 3.0], (10_000, 1))
    counts = np.bincount(sample(logits, rng=np.random.default_rng(0), temperature=0), minlength=3)
    assert counts[1] == 0
    # The standard deviation of a count is sqrt(10,000 / 4) = 50.
    assert abs(counts[0] - 5000) < 250


def test_samples_are_independent_and_repeatable():
    """Rows with the same logits draw independently of each other; the same seed draws the same."""
    logits = np.zeros((20_000, 2))
    first = sample(logits, rng=np.random.default_rng(1))
    np.testing.assert_array_equal(sample(logits, rng=np.random.default_rng(1)), first)
    # Neighbours agree half the time, with the standard error 0.5 / sqrt(20,000) = 0.0035.
    assert abs((first[1:] == first[:-1]).mean() - 0.5) < 0.018


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_axis(axis):
    """Along any axis the results are those of the last axis, moved; sampling and entropy drop that axis."""
    logits = np.random.default_rng(0).normal(size=(3, 4, 5))
    moved = np.moveaxis(logits, axis, -1)
    for function in (softmax, log_softmax):
        np.testing.assert_allclose(
            np.moveaxis(function(logits, axis=axis), axis, -1), function(moved), rtol=1e-12
        )
    np.testing.assert_allclose(
        entropy(softmax(logits, axis=axis), axis=axis), entropy(softmax(moved)), rtol=1e-12
    )
    coldest = sample(logits, rng=np.random.default_rng(0), temperature=0, axis=axis)
    np.testing.assert_array_equal(coldest, logits.argmax(axis=axis))


def test_types_and_empty_batches():
    """Types are kept, integers and float16 become float32, draws are int64; no rows give no rows."""
    for given_type, kept in ((np.float64, np.float64), (np.float32, np.float32), (np.float16, np.float32)):
        logits = np.zeros((0, 3), given_type)
        for function in (softmax, log_softmax):
            assert function(logits).shape == (0, 3)
            assert function(logits).dtype == kept
        assert entropy(logits).shape == (0,)
        assert entropy(logits).dtype == kept
    assert softmax([1, 2]).dtype == np.float32
    draws = sample(np.zeros((0, 3)), rng=np.random.default_rng(0))
    assert (draws.shape, draws.dtype) == ((0,), np.int64)
    assert sample([0.0, 1.0], rng=np.random.default_rng(0)).dtype == np.int64


def test_memory_layout_does_not_matter():
    """Read-only logits in Fortran order give bit for bit the same, and are not changed."""
    logits = np.random.default_rng(0).normal(size=(7, 100))
    strange = np.asfortranarray(logits)
    strange.flags.writeable = False
    for function in (softmax, log_softmax):
        np.testing.assert_array_equal(function(strange), function(logits))
    probabilities = softmax(logits)
    np.testing.assert_array_equal(entropy(np.asfortranarray(probabilities)), entropy(probabilities))


@pytest.mark.parametrize(
    "function", [softmax, log_softmax, lambda x, **k: sample(x, rng=np.random.default_rng(0), **k)]
)
def test_errors_of_logits(function):
    """Each wrong argument is named, with what was wanted and what came, by all three functions."""
    cases = [
        (lambda: function([1.0, np.nan]), ValueError, "logits must be finite or minus infinity, got NaN"),
        (
            lambda: function([1.0, np.inf]),
            ValueError,
            "logits must be finite or minus infinity, got NaN or plus",
        ),
        (
            lambda: function([[1.0, 2.0], [-np.inf, -np.inf]]),
            ValueError,
            "logits must be finite for at least one class, got minus infinity for all",
        ),
        (lambda: function([1.0], temperature=-1), ValueError, "temperature must be at least 0, got -1"),
        (lambda: function([1.0], temperature=np.inf), ValueError, "temperature must be finite"),
        (lambda: function([1.0], temperature="hot"), TypeError, "temperature must be a number, got 'hot'"),
        (
            lambda: function([1.0], axis=1),
            ValueError,
            "axis must be less than 1, the dimensions of logits, got 1",
        ),
        (lambda: function([1.0], axis=-2), ValueError, "axis must be at least -1, got -2"),
        (
            lambda: function(np.zeros((3, 0))),
            ValueError,
            "at least one class along axis -1, got shape (3, 0)",
        ),
        (lambda: function(1.0), ValueError, "logits must be an array with 1, 2, 3 or 4 dimensions"),
    ]
    for call, error, message in cases:
        with pytest.raises(error, match=re.escape(message)):
            call()


def test_errors_of_entropy_and_sample():
    """Negative, unfinished and infinite probabilities are named, and so is a missing generator."""
    cases = [
        (lambda: entropy([1.5, -0.5]), ValueError, "probabilities must be at least 0, got -0.5"),
        (lambda: entropy([[0.5, 0.5], [0.5, 0.25]]), ValueError, "must sum to 1, got sums from 0.75 to 1.0"),
        (lambda: entropy([np.nan, 1.0]), ValueError, "probabilities must be finite"),
        (
            lambda: entropy([1.0], axis=2),
            ValueError,
            "axis must be less than 1, the dimensions of probabilities",
        ),
        (lambda: sample([1.0], rng=None), TypeError, "rng must be a numpy.random.Generator"),
    ]
    for call, error, message in cases:
        with pytest.raises(error, match=re.escape(message)):
            call()
