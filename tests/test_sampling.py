import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebook.sampling import downsample_majority


def test_majority_is_cut_and_minority_kept():
    """Of six 7s, two 1s and five 3s, the ratio 2 keeps four 7s, both 1s and four 3s, in their old order."""
    labels = np.array([7, 1, 7, 3, 3, 7, 7, 3, 7, 3, 1, 7, 3])
    keep = downsample_majority(labels, ratio=2, rng=np.random.default_rng(0))
    assert keep.dtype == np.int64
    assert {c: int((labels[keep] == c).sum()) for c in (1, 3, 7)} == {1: 2, 3: 4, 7: 4}
    assert {1, 10} <= set(keep.tolist())
    assert (np.diff(keep) > 0).all()


@settings(deadline=None, derandomize=True)
@given(
    labels=st.lists(st.integers(-3, 3), max_size=60),
    ratio=st.floats(1, 5),
    seed=st.integers(0, 100),
)
def test_sizes_are_as_promised(labels, ratio, seed):
    """Every class keeps the smaller of its size and the limit; indices ascend, none twice."""
    labels = np.array(labels, dtype=np.int64)
    keep = downsample_majority(labels, ratio=ratio, rng=np.random.default_rng(seed))
    assert (np.diff(keep) > 0).all()
    before = dict(zip(*np.unique(labels, return_counts=True), strict=True))
    after = dict(zip(*np.unique(labels[keep], return_counts=True), strict=True))
    limit = int(ratio * min(before.values(), default=0))
    assert after == {label: min(size, limit) for label, size in before.items()}


def test_every_example_of_the_majority_is_equally_likely():
    """Two of six kept, 3000 times: each is kept in a third of them."""
    labels, rng = np.array([0, 0, 0, 0, 0, 0, 1, 1]), np.random.default_rng(0)
    kept = sum(np.bincount(downsample_majority(labels, ratio=1, rng=rng), minlength=8) for _ in range(3000))
    np.testing.assert_array_equal(kept[6:], 3000)
    # The standard deviation of a count is sqrt(3000 / 3 * 2 / 3) = 26.
    np.testing.assert_allclose(kept[:6], 1000, atol=110)


def test_a_balanced_set_is_kept_whole_and_no_randomness_used():
    """Where nothing is over the limit, all indices come back and the generator is not touched."""
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(downsample_majority([5, 5, 9, 5], ratio=3, rng=rng), [0, 1, 2, 3])
    assert rng.random() == np.random.default_rng(0).random()


def test_no_labels_and_one_class():
    """An empty set keeps nothing; a single class is its own smallest class and stays whole."""
    rng = np.random.default_rng(0)
    empty = downsample_majority(np.zeros(0, np.int32), ratio=1, rng=rng)
    assert (empty.shape, empty.dtype) == ((0,), np.int64)
    np.testing.assert_array_equal(
        downsample_majority(np.array([4, 4, 4], np.uint8), ratio=1, rng=rng), [0, 1, 2]
    )


def test_seed_decides():
    """The same seed keeps the same examples, another seed others."""
    labels = np.repeat([0, 1], [1000, 10])
    first, again, other = (
        downsample_majority(labels, ratio=1.5, rng=np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert len(first) == 10 + 15
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_errors_name_the_argument():
    """Each wrong argument is named, with what was wanted and what came."""
    rng = np.random.default_rng(0)
    cases = [
        (
            lambda: downsample_majority([0.5, 1], ratio=1, rng=rng),
            TypeError,
            "labels must be integers, got dtype",
        ),
        (
            lambda: downsample_majority([[0, 1]], ratio=1, rng=rng),
            ValueError,
            "labels must be an array with 1",
        ),
        (
            lambda: downsample_majority([0, 1], ratio=0.9, rng=rng),
            ValueError,
            "ratio must be at least 1, got 0.9",
        ),
        (lambda: downsample_majority([0, 1], ratio=np.nan, rng=rng), ValueError, "ratio must be finite"),
        (
            lambda: downsample_majority([0, 1], ratio=1, rng=3),
            TypeError,
            "rng must be a numpy.random.Generator",
        ),
    ]
    for call, error, message in cases:
        with pytest.raises(error, match=re.escape(message)):
            call()
