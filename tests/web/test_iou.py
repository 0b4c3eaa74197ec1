"""The figure of intersection over union counts as the library does, and answers mouse, touch and keys."""

import numpy as np
import pytest

from imagebook import boxes


def random_boxes(rng, count):
    """Return boxes on a sheet of 12 x 8, some of them touching, equal or without area."""
    corners = rng.integers(0, 9, (count, 2))
    sizes = rng.integers(0, 4, (count, 2))
    return np.concatenate([corners, corners + sizes], axis=1) / rng.choice([1.0, 3.0], (count, 1))


def test_the_page_computes_the_librarys_iou(modules):
    """1,000 pairs of boxes, among them pairs that only touch."""
    rng = np.random.default_rng(0)
    first, second = random_boxes(rng, 1000), random_boxes(rng, 1000)
    found = modules(
        "kit/boxes", "iou", [[a.tolist(), b.tolist()] for a, b in zip(first, second, strict=True)]
    )
    wanted = [boxes.iou(a, b) for a, b in zip(first, second, strict=True)]
    np.testing.assert_allclose(found, wanted, rtol=1e-12)
    assert 0 in wanted and len(set(wanted)) > 100


def test_one_seventh(modules):
    """Two squares of side 2, the second half a side off."""
    assert modules("kit/boxes", "iou", [[[0, 0, 2, 2], [1, 1, 3, 3]]]) == [pytest.approx(1 / 7)]
