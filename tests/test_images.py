import hashlib
from pathlib import Path

import numpy as np
import pytest

from imagebook import boxes, images

DATA = Path(images.__file__).parent / "data"


@pytest.mark.parametrize("name", images.NAMES)
def test_a_photograph_is_a_colour_image_in_0_to_1(name):
    """Every photograph is float32 with three channels, uses most of that range and can be halved twice."""
    picture = images.photograph(name)
    assert picture.dtype == np.float32
    assert picture.ndim == 3
    assert picture.shape[2] == 3
    assert picture.shape[0] % 4 == picture.shape[1] % 4 == 0
    assert 0 <= picture.min() < 0.1
    assert 0.8 < picture.max() <= 1
    picture[:] = 0  # the caller's own
    assert images.photograph(name).max() > 0.8


def test_photographs_have_the_colours_that_the_eye_sees():
    """The sky behind the rocket is blue and the saucer is red: the channels are in the order of the book."""
    red, green, blue = images.photograph("rocket")[20:40, 100:140].mean(axis=(0, 1))
    assert blue > green > red
    red, green, blue = images.photograph("coffee")[150:160, 70:80].mean(axis=(0, 1))
    assert red > 2 * green
    assert red > 2 * blue


@pytest.mark.parametrize("name", images.NAMES)
def test_a_photograph_is_the_file_whose_provenance_is_written_beside_it(name):
    """The row of each photograph in data/README.md carries its SHA-256; each file stays small."""
    content = (DATA / f"{name}.png").read_bytes()
    rows = (DATA / "README.md").read_text(encoding="utf-8").splitlines()
    (row,) = [row for row in rows if row.startswith(f"| `{name}.png`")]
    assert hashlib.sha256(content).hexdigest() in row
    assert len(content) <= 120_000


def test_an_unknown_photograph_is_refused():
    """The message names those there are."""
    with pytest.raises(ValueError, match="name must be one of 'cat', 'coffee', 'rocket', got 'dog'"):
        images.photograph("dog")


@pytest.mark.parametrize("seed", range(20))
def test_a_scene_agrees_with_itself(seed):
    """Shapes, types and ranges are as promised, and each box is exactly that of its mask."""
    drawn = images.scene(np.random.default_rng(seed), shape=(60, 81), n_objects=seed % 5)
    n = seed % 5
    assert (drawn.image.shape, drawn.image.dtype) == ((60, 81, 3), np.float32)
    assert (drawn.boxes.shape, drawn.boxes.dtype) == ((n, 4), np.float64)
    assert (drawn.masks.shape, drawn.masks.dtype) == ((n, 60, 81), np.bool_)
    assert len(drawn.names) == n
    assert 0 <= drawn.image.min() <= drawn.image.max() <= 1
    for box, mask in zip(drawn.boxes, drawn.masks, strict=True):
        np.testing.assert_array_equal(box, boxes.from_mask(mask))


def objects():
    """Yield name, mask and box of many drawn objects."""
    rng = np.random.default_rng(11)
    for _ in range(40):
        drawn = images.scene(rng)
        yield from zip(drawn.names, drawn.masks, drawn.boxes, strict=True)


def test_each_kind_fills_its_box_as_geometry_says():
    """A rectangle covers all of its box, a disc about pi/4, a triangle about half; all three kinds occur."""
    share = {"rectangle": (1, 1), "disc": (0.72, 0.85), "triangle": (0.44, 0.58)}
    seen = set()
    for name, mask, box in objects():
        kind = name.split()[-1]
        low, high = share[kind]
        assert low <= mask.sum() / boxes.area(box) <= high, name
        if kind == "disc":
            assert box[2] - box[0] == box[3] - box[1]
        seen.add(kind)
    assert seen == set(share)


def test_every_object_has_the_size_that_was_drawn():
    """In an image 96 pixels high, each object's sides lie between a quarter and a half of that."""
    for name, _, box in objects():
        sides = box[2:] - box[:2]
        assert (sides >= 22).all(), name  # a triangle's tip may be narrower than a pixel
        assert (sides <= 48).all(), name


def test_the_visible_part_has_the_objects_colour():
    """What no later object covers shows the colour that the name says, up to the noise."""
    drawn = images.scene(np.random.default_rng(3), n_objects=7)
    assert len({name.rsplit(maxsplit=1)[0] for name in drawn.names}) == 7
    for i, name in enumerate(drawn.names):
        visible = drawn.masks[i] & ~drawn.masks[i + 1 :].any(axis=0)
        colour = images.COLOURS[name.rsplit(maxsplit=1)[0]]
        assert visible.any()
        np.testing.assert_allclose(drawn.image[visible].mean(axis=0), colour, atol=0.02)


def test_the_ground_is_grey():
    """Where no object lies, the three channels have one mean."""
    drawn = images.scene(np.random.default_rng(5))
    ground = drawn.image[~drawn.masks.any(axis=0)].mean(axis=0)
    assert np.ptp(ground) < 0.01
    assert ground.min() > 0.75


def test_equal_generators_draw_equal_scenes_and_others_do_not():
    """The generator is the only source of chance."""
    first, second, other = (images.scene(np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.image, second.image)
    np.testing.assert_array_equal(first.masks, second.masks)
    assert first.names == second.names
    assert not np.array_equal(first.image, other.image)


def test_a_scene_refuses_what_it_cannot_draw():
    """A seed in place of a generator, a tiny image and a negative count are each named."""
    rng = np.random.default_rng(0)
    with pytest.raises(TypeError, match="rng must be a numpy.random.Generator"):
        images.scene(0)
    with pytest.raises(ValueError, match="shape must be at least 24, got 23"):
        images.scene(rng, shape=(23, 100))
    with pytest.raises(ValueError, match="n_objects must be at least 0, got -1"):
        images.scene(rng, n_objects=-1)
