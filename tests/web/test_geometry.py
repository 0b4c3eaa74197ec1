"""The figures' transforms of points and images are the library's."""

import numpy as np
import pytest

from imagebook import geometry


def close(found, wanted):
    """Check numbers as closely as all figures are checked."""
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-9)


def any_matrix(rng):
    """Return an affine or, one time in two, projective matrix that is far from singular."""
    while True:
        matrix = np.eye(3) + rng.normal(scale=0.4, size=(3, 3)) * [[1, 1, 8], [1, 1, 8], [0, 0, 0]]
        if rng.random() < 0.5:
            matrix[2, :2] = rng.normal(scale=0.04, size=2)
        if abs(np.linalg.det(matrix)) > 0.1:
            return matrix * rng.choice([-1.0, 1.0, 2.5])


@pytest.mark.parametrize(
    ("function", "low", "high", "whole"),
    [("rotation", -720, 720, True), ("shearing", -85, 85, True), ("rotation", -400, 400, False)],
)
def test_matrices_of_an_angle(modules, function, low, high, whole):
    """500 angles, whole quarter turns among them."""
    rng = np.random.default_rng(0)
    angles = rng.integers(low, high, 500).astype(float) if whole else rng.uniform(low, high, 500)
    angles[:3] = 0, 90 if function == "rotation" else 45, -45
    found = modules("kit/geometry", function, [[angle] for angle in angles.tolist()])
    close(found, [getattr(geometry, function)(angle) for angle in angles])


@pytest.mark.parametrize("function", ["scaling", "translation"])
def test_matrices_of_a_pair(modules, function):
    """500 pairs (vertical, horizontal), negative factors among them."""
    pairs = np.random.default_rng(1).uniform(-5, 5, (500, 2))
    found = modules("kit/geometry", function, pairs.tolist())
    close(found, [getattr(geometry, function)(pair) for pair in pairs])
    assert (pairs < 0).any() and (pairs > 0).any()


def test_products_inverses_and_other_centres(modules):
    """500 matrices each; the point of `about` is (vertical, horizontal) on the page, (x, y) in the library."""
    rng = np.random.default_rng(2)
    matrices = [[any_matrix(rng) for _ in range(3)] for _ in range(500)]
    points = rng.uniform(-10, 10, (500, 2))
    lists = [[matrix.tolist() for matrix in three] for three in matrices]
    close(modules("kit/geometry", "product", lists), [a @ b @ c for a, b, c in matrices])
    close(
        modules("kit/geometry", "inverse", [[three[0]] for three in lists]),
        [np.linalg.inv(a) for a, *_ in matrices],
    )
    found = modules(
        "kit/geometry", "about", [[m[0], p[::-1]] for m, p in zip(lists, points.tolist(), strict=True)]
    )
    close(found, [geometry.about(a, point) for (a, *_), point in zip(matrices, points, strict=True)])
    moved = modules(
        "kit/geometry", "transformPoint", [[p, m[0]] for m, p in zip(lists, points.tolist(), strict=True)]
    )
    wanted = [
        geometry.transform_points(p[np.newaxis], a)[0] for (a, *_), p in zip(matrices, points, strict=True)
    ]
    close(moved, wanted)


def test_a_singular_matrix_has_no_inverse(modules):
    """The page gets null, and an image warped so is empty."""
    flat = [[1, 2, 0], [2, 4, 0], [0, 0, 1]]
    assert modules("kit/geometry", "inverse", [[flat]]) == [None]
    image = {"height": 1, "width": 2, "data": [1, 2]}
    assert modules("kit/geometry", "warp", [[image, flat, {"fill": 3}]]) == [[3, 3]]


def test_warp(modules):
    """600 images of one to three channels under affine and projective matrices, to other shapes, with other fills."""
    rng = np.random.default_rng(3)
    cases, wanted, kinds = [], [], set()
    while len(cases) < 600:
        height, width, channels = (int(side) for side in rng.integers(1, [12, 12, 4]))
        image = rng.random((height, width, channels))
        matrix = rng.choice([any_matrix, quarter_turns])(rng)
        shape = [int(side) for side in rng.integers(1, 14, 2)]
        fill = float(rng.choice([0.0, 0.5, 1.0]))
        try:
            warped = geometry.warp(image, matrix, shape=shape, fill=fill)
        except ValueError:  # the centre of the image on the horizon
            continue
        options = {"fill": fill, "channels": channels, "shape": shape}
        source = {"height": height, "width": width, "data": image.ravel().tolist()}
        cases.append([source, matrix.tolist(), options])
        wanted.append(warped.ravel())
        kinds.add((channels, fill, bool(matrix[2, :2].any()), bool((warped != fill).any())))
    for found, expected in zip(modules("kit/geometry", "warp", cases), wanted, strict=True):
        close(found, expected)
    assert len(kinds) >= 3 * 3 * 2 + 5


def quarter_turns(rng):
    """Return a turn by 0, 90, 180 or 270 degrees: pixel centres onto pixel centres."""
    return geometry.about(geometry.rotation(90 * int(rng.integers(4))), rng.integers(0, 12, 2) / 2)
