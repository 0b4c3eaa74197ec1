import re

import numpy as np
import pytest

from imagebook import augmentation, geometry
from imagebook.augmentation import pipeline

ARROW_UP = np.array([[0.5, 1.0, 0.5], [0.0, 1.0, 0.0], [0.0, 0.9, 0.0]])

# Every function with one typical choice of its other arguments; the random ones get a fresh generator.
CHANGES = {
    "rotate": lambda images: augmentation.rotate(images, 20, fill=0.5),
    "scale": lambda images: augmentation.scale(images, 1.3),
    "stretch": lambda images: augmentation.stretch(images, (1.2, 0.7)),
    "shear": lambda images: augmentation.shear(images, 15),
    "translate": lambda images: augmentation.translate(images, (1.5, -2)),
    "flip_horizontal": augmentation.flip_horizontal,
    "flip_vertical": augmentation.flip_vertical,
    "adjust_contrast": lambda images: augmentation.adjust_contrast(images, 1.8),
    "adjust_brightness": lambda images: augmentation.adjust_brightness(images, -0.3),
    "add_noise": lambda images: augmentation.add_noise(images, 0.2, rng=np.random.default_rng(1)),
    "erase": lambda images: augmentation.erase(images, (2, 3), rng=np.random.default_rng(1)),
    "pipeline": lambda images: pipeline(**EVERYTHING)(images, np.random.default_rng(1)),
}
EVERYTHING = {
    "rotate": (-20, 20),
    "scale": (0.8, 1.2),
    "stretch": (0.9, 1.1),
    "shear": (-10, 10),
    "translate": (-2, 2),
    "flip_horizontal": 0.5,
    "flip_vertical": 0.5,
    "contrast": (0.5, 1.5),
    "brightness": (-0.2, 0.2),
    "noise": (0.0, 0.1),
    "erase": (1, 4),
}


def random_images(*shape, dtype=np.float32):
    """Return the same random values in [0, 1) each time."""
    return np.random.default_rng(0).random(shape).astype(dtype)


def test_rotation_is_counter_clockwise():
    """An arrow that points up points left after 90 and right after -90 degrees."""
    np.testing.assert_array_equal(
        augmentation.rotate(ARROW_UP, 90), [[0.5, 0.0, 0.0], [1.0, 1.0, 0.9], [0.5, 0.0, 0.0]]
    )
    np.testing.assert_array_equal(
        augmentation.rotate(ARROW_UP, -90), [[0.0, 0.0, 0.5], [0.9, 1.0, 1.0], [0.0, 0.0, 0.5]]
    )


def test_rotation_by_45_degrees_fills_the_corners():
    """The corner of a 3x3 image, sqrt 2 from the centre, comes from (1.5, 1.5 +- sqrt 2): mostly fill."""
    turned = augmentation.rotate(np.ones((3, 3)), 45, fill=0.0)
    # Its row index is 1 - sqrt 2 = -0.414: a share of 1 - 0.414 lies on the image, the rest on fill.
    np.testing.assert_allclose(turned[[0, 0, 2, 2], [0, 2, 0, 2]], 2 - np.sqrt(2))
    np.testing.assert_allclose(turned[1], 1)


def test_scale_by_two_by_hand():
    """Enlarged twice about the centre, outputs at 0.5, 1.5, 2.5, 3.5 come from 1.25, 1.75, 2.25, 2.75."""
    row = np.array([[0.0, 0.2, 0.6, 1.0]])
    # Those are the indices 0.75, 1.25, 1.75 and 2.25: 0.75 * 0.2, then 0.2 + 0.25 * 0.4, and so on.
    np.testing.assert_allclose(augmentation.scale(row, 2), [[0.15, 0.3, 0.5, 0.7]])


def test_stretch_is_vertical_first():
    """Squeezed to half the height about the centre, two rows are the means of two and two are fill."""
    image = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6], [0.7, 0.8]])
    expected = [[0, 0], [0.2, 0.3], [0.6, 0.7], [0, 0]]
    np.testing.assert_allclose(augmentation.stretch(image, (0.5, 1)), expected, atol=1e-15)


def test_scale_is_stretch_by_equal_factors():
    """One factor is a pair of the same factor."""
    image = random_images(6, 5)
    np.testing.assert_array_equal(augmentation.scale(image, 0.7), augmentation.stretch(image, (0.7, 0.7)))


def test_shear_makes_a_backslash():
    """A positive angle leans a vertical line like a backslash, a negative one like a slash."""
    line = np.array([[0.0, 1.0, 0.0]] * 3)
    np.testing.assert_allclose(augmentation.shear(line, 45), np.eye(3), atol=1e-15)
    np.testing.assert_allclose(augmentation.shear(line, -45), np.eye(3)[::-1], atol=1e-15)


def test_translate_is_vertical_first():
    """A shift by (1, 2) moves everything one down and two to the right."""
    image = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    np.testing.assert_array_equal(augmentation.translate(image, (1, 2), fill=1), [[1, 1, 1], [1, 1, 0.1]])


def test_flips_by_hand():
    """A horizontal flip swaps left and right, a vertical one top and bottom."""
    image = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    np.testing.assert_array_equal(augmentation.flip_horizontal(image), [[0.3, 0.2, 0.1], [0.6, 0.5, 0.4]])
    np.testing.assert_array_equal(augmentation.flip_vertical(image), [[0.4, 0.5, 0.6], [0.1, 0.2, 0.3]])


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (2, 5, 7, 3)])
def test_crop_is_a_slice(shape):
    """Rows 1 to 3 and columns 2 to 6 of every image, as a copy."""
    images = random_images(*shape)
    cut = augmentation.crop(images, (1, 2), (3, 5))
    np.testing.assert_array_equal(cut, images[:, 1:4, 2:7] if len(shape) == 4 else images[1:4, 2:7])
    assert not np.shares_memory(cut, images)


def test_contrast_by_hand():
    """Values 0.2 and 0.6 with mean 0.4 move twice as far from it; 0.1 and 0.9 are clipped."""
    np.testing.assert_allclose(augmentation.adjust_contrast([[0.2, 0.6]], 2), [[0.0, 0.8]], atol=1e-15)
    np.testing.assert_allclose(augmentation.adjust_contrast([[0.1, 0.9]], 2), [[0, 1]])
    np.testing.assert_allclose(augmentation.adjust_contrast([[0.1, 0.9]], 0), [[0.5, 0.5]])


def test_contrast_uses_the_mean_of_each_image():
    """In a batch of a dark and a bright image each keeps its own mean, one for all channels."""
    images = random_images(2, 4, 4, 3) * 0.3 + np.array([0.1, 0.6], np.float32)[:, None, None, None]
    flat = augmentation.adjust_contrast(images, 0)
    for image, result in zip(images, flat, strict=True):
        np.testing.assert_allclose(result, image.mean(), rtol=1e-6)


def test_brightness_by_hand():
    """The delta is added and the result clipped at 0 and at 1."""
    np.testing.assert_allclose(augmentation.adjust_brightness([[0.1, 0.5, 0.9]], 0.25), [[0.35, 0.75, 1]])
    np.testing.assert_allclose(augmentation.adjust_brightness([[0.1, 0.5, 0.9]], -0.25), [[0, 0.25, 0.65]])


def test_noise_has_the_asked_spread():
    """Far from 0 and 1 the added noise has mean 0 and the standard deviation; near them it is clipped."""
    grey = np.full((200, 200), 0.5)
    noise = augmentation.add_noise(grey, 0.05, rng=np.random.default_rng(0)) - grey
    # 40,000 draws: the standard errors are 0.05 / 200 = 0.00025 and about 0.0002.
    assert abs(noise.mean()) < 0.001
    assert abs(noise.std() - 0.05) < 0.001
    black = augmentation.add_noise(0 * grey, 0.05, rng=np.random.default_rng(0))
    assert black.min() == 0
    assert 0.4 < (black > 0).mean() < 0.6
    np.testing.assert_array_equal(augmentation.add_noise(grey, 0, rng=np.random.default_rng(0)), grey)


def test_erase_leaves_one_rectangle_inside():
    """Exactly one full 2x3 rectangle of each image is filled, in all its channels; the rest is untouched."""
    images = random_images(50, 6, 7, 2) * 0.5
    erased = augmentation.erase(images, (2, 3), rng=np.random.default_rng(0), fill=1.0)
    for image, result in zip(images, erased, strict=True):
        hole = (result == 1).all(axis=2)
        rows, columns = np.nonzero(hole)
        assert hole.sum() == 6
        assert (np.ptp(rows), np.ptp(columns)) == (1, 2)
        np.testing.assert_array_equal(result[~hole], image[~hole])


def test_erase_reaches_every_place_equally():
    """A 2x2 hole in a 3x3 image has four places, each with probability 1/4; the middle is always erased."""
    erased = augmentation.erase(np.ones((4000, 3, 3, 1)), 2, rng=np.random.default_rng(0))[..., 0]
    assert (erased[:, 1, 1] == 0).all()
    corners = (erased[:, [0, 0, 2, 2], [0, 2, 0, 2]] == 0).mean(axis=0)
    # The standard error is sqrt(0.25 * 0.75 / 4000) = 0.007.
    np.testing.assert_allclose(corners, 0.25, atol=0.03)


def test_erase_can_take_the_whole_image():
    """A hole as large as the image fits in one place."""
    assert (augmentation.erase(np.ones((3, 4)), (3, 4), rng=np.random.default_rng(0)) == 0).all()


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 3), (4, 6, 5, 2), (0, 6, 5, 2)])
def test_shape_type_range_and_purity(name, shape, dtype):
    """Every change keeps shape and type, stays in [0, 1], changes something and leaves its argument alone."""
    images = random_images(*shape, dtype=dtype)
    before = images.copy()
    images.flags.writeable = False
    result = CHANGES[name](images)
    assert (result.shape, result.dtype) == (shape, dtype)
    np.testing.assert_array_equal(images, before)
    assert not np.shares_memory(result, images)
    if images.size:
        assert 0 <= result.min() <= result.max() <= 1
        assert (result != images).any()


@pytest.mark.parametrize("name", CHANGES)
def test_memory_layout_does_not_matter(name):
    """A Fortran-ordered batch gives bit for bit what its copy in C order gives."""
    images = random_images(3, 6, 5, 2)
    np.testing.assert_array_equal(CHANGES[name](np.asfortranarray(images)), CHANGES[name](images))


@pytest.mark.parametrize("name", [name for name in CHANGES if name not in ("add_noise", "erase", "pipeline")])
def test_batch_equals_images_one_by_one(name):
    """A change without randomness does to a batch what it does to each image."""
    images = random_images(3, 6, 5, 2)
    one_by_one = np.stack([CHANGES[name](image) for image in images])
    np.testing.assert_array_equal(CHANGES[name](images), one_by_one)


def test_pipeline_of_nothing_copies():
    """With no options the images come back bit for bit, in new memory."""
    images = random_images(3, 4, 5, 2)
    result = pipeline()(images, np.random.default_rng(0))
    np.testing.assert_array_equal(result, images)
    assert not np.shares_memory(result, images)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"rotate": (30, 30)}, lambda image: augmentation.rotate(image, 30)),
        ({"scale": (0.8, 0.8)}, lambda image: augmentation.scale(image, 0.8)),
        ({"stretch": (1.2, 1.2)}, lambda image: augmentation.stretch(image, (1.2, 1.2))),
        ({"shear": (-20, -20)}, lambda image: augmentation.shear(image, -20)),
        ({"translate": (1.5, 1.5)}, lambda image: augmentation.translate(image, (1.5, 1.5))),
        ({"flip_horizontal": 1}, augmentation.flip_horizontal),
        ({"flip_vertical": 1.0}, augmentation.flip_vertical),
        ({"flip_horizontal": 0}, lambda image: image),
        ({"contrast": (1.4, 1.4)}, lambda image: augmentation.adjust_contrast(image, 1.4)),
        ({"brightness": (0.3, 0.3)}, lambda image: augmentation.adjust_brightness(image, 0.3)),
    ],
)
def test_pipeline_with_one_value_is_the_function(options, expected):
    """A range of one value does to every image what the function of that name does."""
    images = random_images(3, 6, 5, 2)
    augmented = pipeline(**options)(images, np.random.default_rng(0))
    np.testing.assert_allclose(augmented, expected(images), atol=1e-6)


def test_pipeline_interpolates_once_in_the_documented_order():
    """Flip, scale, shear, rotation about the centre and a translation are one warp by their product."""
    image = random_images(8, 6)
    augment = pipeline(
        translate=(2, 2),
        rotate=(40, 40),
        shear=(10, 10),
        scale=(1.1, 1.1),
        stretch=(0.9, 0.9),
        flip_vertical=1,
    )
    about_centre = geometry.rotation(40) @ geometry.shearing(10) @ geometry.scaling((-0.99, 0.99))
    matrix = geometry.translation((2, 2)) @ geometry.about(about_centre, (3, 4))
    expected = geometry.warp(image, matrix)
    np.testing.assert_allclose(augment(image, np.random.default_rng(0)), expected, atol=1e-6)


def test_pipeline_turns_and_turns_back_without_loss():
    """Two reflections and half a turn cancel exactly."""
    image = random_images(7, 7)
    augment = pipeline(rotate=(180, 180), flip_horizontal=1, flip_vertical=1)
    np.testing.assert_array_equal(augment(image, np.random.default_rng(0)), image)


def test_pipeline_draws_afresh_for_each_image():
    """Twenty copies of one image become twenty different images, and so does one image twenty times."""
    image = random_images(8, 8, 1)
    augment = pipeline(rotate=(-30, 30))
    together = augment(np.stack([image] * 20), np.random.default_rng(0))
    assert len({result.tobytes() for result in together}) == 20
    rng = np.random.default_rng(0)
    assert len({augment(image, rng).tobytes() for _ in range(20)}) == 20


@pytest.mark.parametrize("option", EVERYTHING)
def test_pipeline_repeats_itself_for_the_same_seed(option):
    """Each option alone: the same seed gives the same images, another seed others."""
    images = random_images(8, 6, 5, 2)
    augment = pipeline(**{option: EVERYTHING[option]})
    first = augment(images, np.random.default_rng(7))
    np.testing.assert_array_equal(augment(images, np.random.default_rng(7)), first)
    assert (augment(images, np.random.default_rng(8)) != first).any()


def test_pipeline_draws_uniformly_from_the_range():
    """Of 4000 brightness deltas from (0.2, 0.6), each tenth of the range gets a tenth, and all lie inside."""
    deltas = pipeline(brightness=(0.2, 0.6))(np.zeros((4000, 1, 1, 1)), np.random.default_rng(0)).ravel()
    assert 0.2 <= deltas.min() < 0.21
    assert 0.59 < deltas.max() <= 0.6
    # Counts have the standard deviation sqrt(4000 * 0.1 * 0.9) = 19.
    np.testing.assert_allclose(np.histogram(deltas, bins=10, range=(0.2, 0.6))[0], 400, atol=76)


def test_pipeline_flips_with_the_probability():
    """A flip of probability 0.3 flips 30 percent of 4000 images."""
    images = np.tile([0.0, 1.0], (4000, 1))[:, None, :, None]
    flipped = pipeline(flip_horizontal=0.3)(images, np.random.default_rng(0))[:, 0, 0, 0]
    # The standard error is sqrt(0.3 * 0.7 / 4000) = 0.007.
    assert abs(flipped.mean() - 0.3) < 0.03


def test_pipeline_noise_and_holes_span_their_ranges():
    """Standard deviations and hole sizes, both ends included, vary from image to image."""
    grey = np.full((200, 20, 20, 1), 0.5)
    deviations = pipeline(noise=(0.01, 0.1))(grey, np.random.default_rng(0)).std(axis=(1, 2, 3))
    # 400 values each: the relative standard error of a deviation is 1 / sqrt(800) = 0.035.
    assert 0.008 < deviations.min() < 0.02
    assert 0.09 < deviations.max() < 0.115
    holes = pipeline(erase=(1, 3))(grey, np.random.default_rng(0))[..., 0] == 0
    heights, widths = holes.any(axis=2).sum(axis=1), holes.any(axis=1).sum(axis=1)
    np.testing.assert_array_equal(holes.sum(axis=(1, 2)), heights * widths)
    assert {(h, w) for h, w in zip(heights.tolist(), widths.tolist(), strict=True)} == {
        (h, w) for h in (1, 2, 3) for w in (1, 2, 3)
    }


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"rotate": 10}, ValueError, "rotate must be a pair (low, high), got 10"),
        ({"rotate": (1, 2, 3)}, ValueError, "rotate must be a pair (low, high), got (1, 2, 3)"),
        (
            {"rotate": (20, -20)},
            ValueError,
            "rotate must be a pair (low, high) with low <= high, got (20, -20)",
        ),
        ({"rotate": (None, 3)}, TypeError, "rotate must be a number, got None"),
        ({"scale": (0, 1)}, ValueError, "scale must be more than 0, got 0"),
        ({"stretch": (-1, 1)}, ValueError, "stretch must be more than 0, got -1"),
        ({"shear": (-90, 0)}, ValueError, "shear must be between -89 and 89, got -90"),
        ({"translate": (0, np.inf)}, ValueError, "translate must be finite"),
        ({"flip_horizontal": 1.5}, ValueError, "flip_horizontal must be between 0 and 1, got 1.5"),
        ({"flip_vertical": True}, TypeError, "flip_vertical must be a number, got True"),
        ({"contrast": (-1, 1)}, ValueError, "contrast must be at least 0, got -1"),
        ({"brightness": (0, 2)}, ValueError, "brightness must be between -1 and 1, got 2"),
        ({"noise": (-0.1, 0)}, ValueError, "noise must be at least 0, got -0.1"),
        ({"erase": (0, 3)}, ValueError, "erase must be at least 1, got 0"),
        ({"erase": (1, 2.5)}, TypeError, "erase must be an integer, got 2.5"),
    ],
)
def test_pipeline_checks_ranges_when_it_is_built(options, error, message):
    """A wrong range is an error before any image is seen."""
    with pytest.raises(error, match=re.escape(message)):
        pipeline(**options)


def test_errors_name_the_argument():
    """Each wrong argument is named, with what was wanted and what came."""
    image, rng = np.ones((4, 4)), np.random.default_rng(0)
    a = augmentation
    cases = [
        (
            lambda: a.rotate(image * 255, 5),
            ValueError,
            "images must lie in [0, 1], got values from 255.0 to 255.0",
        ),
        (
            lambda: a.flip_vertical(image - 2),
            ValueError,
            "images must lie in [0, 1], got values from -1.0 to -1.0",
        ),
        (
            lambda: a.flip_horizontal(np.ones(4)),
            ValueError,
            "images must be an array with 2, 3 or 4 dimensions",
        ),
        (lambda: a.rotate(image, "5"), TypeError, "angle must be a number, got '5'"),
        (lambda: a.rotate(image, 5, fill=2), ValueError, "fill must be between 0 and 1, got 2"),
        (lambda: a.scale(image, 0), ValueError, "factor must be more than 0, got 0"),
        (lambda: a.stretch(image, 2), ValueError, "factors must be a pair (vertical, horizontal), got 2"),
        (lambda: a.stretch(image, (1, -2)), ValueError, "factors must be more than 0, got -2"),
        (lambda: a.shear(image, 90), ValueError, "angle must be between -89 and 89, got 90"),
        (lambda: a.translate(image, 1), ValueError, "shift must be a pair of numbers (vertical, horizontal)"),
        (
            lambda: a.crop(image, (1, 2), (3, 3)),
            ValueError,
            "of (4, 4) pixels, got one that ends at row 4 and column 5",
        ),
        (lambda: a.crop(image, (-1, 0), (3, 3)), ValueError, "top_left must be at least 0, got -1"),
        (lambda: a.crop(image, (0, 0), (0, 3)), ValueError, "shape must be at least 1, got 0"),
        (lambda: a.adjust_contrast(image, -1), ValueError, "factor must be at least 0, got -1"),
        (lambda: a.adjust_brightness(image, 1.1), ValueError, "delta must be between -1 and 1, got 1.1"),
        (
            lambda: a.add_noise(image, -0.1, rng=rng),
            ValueError,
            "standard_deviation must be at least 0, got -0.1",
        ),
        (lambda: a.add_noise(image, 0.1, rng=0), TypeError, "rng must be a numpy.random.Generator"),
        (
            lambda: a.erase(image, (5, 1), rng=rng),
            ValueError,
            "size must be at most the image's (4, 4), got (5, 1)",
        ),
        (lambda: a.erase(image, 0, rng=rng), ValueError, "size must be at least 1, got 0"),
        (
            lambda: pipeline(erase=(1, 5))(image, rng),
            ValueError,
            "erase must be at most the image's (4, 4), got (1, 5)",
        ),
        (lambda: pipeline()(image, 0), TypeError, "rng must be a numpy.random.Generator"),
    ]
    for call, error, message in cases:
        with pytest.raises(error, match=re.escape(message)):
            call()
