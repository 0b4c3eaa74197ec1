import numpy as np
import pytest

from imagebook import augmentation, mnist
from imagebook.invariance import (
    accuracy_by_angle,
    accuracy_by_shift,
    accuracy_by_size,
    accuracy_under,
    build_network,
    confusion_under,
    equivariance_error,
    load_network,
)
from imagebook.layers import AveragePool2D, Conv2D, DepthwiseConv2D, MaxPool2D, ReLU

CURVES = pytest.mark.parametrize(
    ("curve", "change", "values"),
    [
        (accuracy_by_angle, augmentation.rotate, [0, 30, 180]),
        (accuracy_by_shift, augmentation.translate, [(0, 0), (1, 2), (-0.5, 0)]),
        (accuracy_by_size, augmentation.scale, [0.5, 1, 2]),
    ],
)


def where(images):
    """Classify images of 1 x 2 pixels: 0 if the left one is brighter, 1 if the right one is."""
    return images.reshape(-1, 2)


def left_and_right():
    """Return two images that `where` gets right, the first bright on the left, with their labels."""
    return np.reshape([[1.0, 0.0], [0.0, 1.0]], (2, 1, 2, 1)), [0, 1]


def random_classifier(seed=0):
    """Return a linear classifier of 6 x 6 images into four classes, with random weights."""
    weights = np.random.default_rng(seed).normal(size=(36, 4))
    return lambda images: images.reshape(len(images), 36) @ weights


def to_the_right(images, pixels=1):
    """Return the images moved to the right."""
    return augmentation.translate(images, (0, pixels))


def quarter_turn(images):
    """Return the images turned by 90 degrees, exactly."""
    return augmentation.rotate(images, 90)


# Accuracy


def test_curves_by_hand():
    """A half turn swaps left and right; a shift by one pixel makes the first image look like the second."""
    images, labels = left_and_right()
    np.testing.assert_array_equal(accuracy_by_angle(where, images, labels, [0, 180, 360, -180]), [1, 0, 1, 0])
    # To the right: the first becomes the second, the second becomes empty, a tie that counts as 0.
    # To the left: the first becomes empty, which counts as 0 and is right; the second becomes the first.
    shifts = [(0, 0), (0, 1), (0, -1), (1, 0)]
    np.testing.assert_array_equal(accuracy_by_shift(where, images, labels, shifts), [1, 0, 0.5, 0.5])


def test_size_by_hand():
    """A bar of two pixels shrinks to one pixel of ink and grows to four: the threshold is at three."""
    bar = np.zeros((1, 1, 8, 1))
    bar[0, 0, 3:5] = 1

    def is_long(images):
        ink = images.sum(axis=(1, 2, 3))
        return np.stack([3 - ink, ink - 3], axis=1)

    wide = augmentation.stretch(bar, (1, 2))  # four pixels of ink, up to interpolation
    assert wide.sum() == pytest.approx(4, abs=0.01)
    np.testing.assert_array_equal(
        accuracy_under(is_long, bar, [1], augmentation.stretch, [(1, 1), (1, 2)]), [0, 1]
    )
    square = np.zeros((1, 8, 8, 1))
    square[0, 2:6, 2:6] = 1  # 16 pixels of ink, 4 after shrinking to a half, 64 when filling the image

    def is_large(images):
        ink = images.sum(axis=(1, 2, 3))
        return np.stack([10 - ink, ink - 10], axis=1)

    np.testing.assert_array_equal(accuracy_by_size(is_large, square, [1], [1, 0.5, 2]), [1, 0, 1])


@CURVES
def test_curves_change_as_augmentation_does(curve, change, values):
    """Each curve is `accuracy_under` with the function of `augmentation` that it is named for."""
    rng = np.random.default_rng(1)
    images, labels = rng.random((40, 6, 6, 1)), rng.integers(0, 4, 40)
    classifier = random_classifier()
    curve_values = curve(classifier, images, labels, values)
    expected = [np.mean(np.argmax(classifier(change(images, value)), axis=1) == labels) for value in values]
    np.testing.assert_array_equal(curve_values, expected)
    np.testing.assert_array_equal(accuracy_under(classifier, images, labels, change, iter(values)), expected)
    assert curve_values.dtype == np.float64


def test_an_invariant_classifier_keeps_its_accuracy():
    """A classifier by the amount of ink does not see quarter turns."""
    rng = np.random.default_rng(2)
    images = rng.random((30, 5, 5, 1))
    labels = rng.integers(0, 2, 30)

    def by_ink(images):
        ink = images.sum(axis=(1, 2, 3))
        return np.stack([12.5 - ink, ink - 12.5], axis=1)

    curve = accuracy_by_angle(by_ink, images, labels, [0, 90, 180, 270])
    assert 0 < curve[0] < 1
    np.testing.assert_array_equal(curve, np.full(4, curve[0]))


def test_no_values_give_an_empty_curve():
    """A curve through no points is an empty float array."""
    curve = accuracy_by_angle(where, *left_and_right(), [])
    assert curve.shape == (0,)
    assert curve.dtype == np.float64


def test_arguments_stay_and_may_be_read_only():
    """Read-only, reversed images and labels give what plain ones give."""
    rng = np.random.default_rng(3)
    images, labels = rng.random((20, 6, 6, 1)), rng.integers(0, 4, 20)
    odd_images, odd_labels = (np.asfortranarray(array[::-1])[::-1] for array in (images, labels))
    odd_images.flags.writeable = odd_labels.flags.writeable = False
    for result in (
        lambda *arguments: accuracy_by_angle(*arguments, [0, 45]),
        lambda *arguments: confusion_under(*arguments, quarter_turn, classes=(0, 3)),
    ):
        np.testing.assert_array_equal(
            result(random_classifier(), odd_images, odd_labels), result(random_classifier(), images, labels)
        )
    convolution = Conv2D(1, 2, 3, rng=rng, dtype=np.float64)
    errors = [equivariance_error(convolution.forward, array, quarter_turn) for array in (odd_images, images)]
    assert errors[0] == pytest.approx(errors[1], rel=1e-12)


# Confusion


def test_confusion_by_hand():
    """Of four sixes three are called 9 and one 0; of two nines one is called 6: a row per true class."""
    images = np.reshape(np.arange(7.0), (7, 1, 1, 1)) / 10
    labels = [6, 6, 6, 6, 9, 9, 3]
    answers = [9, 9, 0, 9, 6, 9, 6]  # the last one is of another class and left out

    def from_table(changed):
        numbers = np.rint(changed.ravel() * 10 - 1).astype(int)
        return np.eye(10)[[answers[number] for number in numbers]]

    confusion = confusion_under(from_table, images, labels, lambda images: images + 0.1)
    np.testing.assert_array_equal(confusion, [[0, 0.75], [0.5, 0.5]])
    swapped = confusion_under(from_table, images, labels, lambda images: images + 0.1, classes=(9, 6))
    np.testing.assert_array_equal(swapped, confusion[::-1, ::-1])


def test_confusion_of_all_classes():
    """Rows sum to 1 when all classes are asked for, and the diagonal averages to the accuracy."""
    rng = np.random.default_rng(4)
    images, labels = rng.random((40, 6, 6, 1)), np.repeat(np.arange(4), 10)
    confusion = confusion_under(random_classifier(), images, labels, quarter_turn, classes=range(4))
    np.testing.assert_allclose(confusion.sum(axis=1), 1, rtol=1e-12)
    accuracy = accuracy_by_angle(random_classifier(), images, labels, [90])[0]
    assert np.diag(confusion).mean() == pytest.approx(accuracy, rel=1e-12)


def test_a_half_turn_swaps_six_and_nine():
    """With a six and a nine that are each other's half turn, a perfect classifier is always wrong."""
    six = np.zeros((1, 5, 3, 1))
    six[0, :, 0] = six[0, 2:, 2] = six[0, [2, 4], 1] = 1  # a stem on the left, a loop below
    nine = six[:, ::-1, ::-1]

    def perfect(images):
        return np.eye(10)[[6 if image[0, 0, 0] and not image[0, 2, 0] else 9 for image in images]]

    images = np.concatenate([six, nine])
    assert perfect(images).argmax(axis=1).tolist() == [6, 9]
    upright = confusion_under(perfect, images, [6, 9], lambda images: images)
    turned = confusion_under(perfect, images, [6, 9], lambda images: augmentation.rotate(images, 180))
    np.testing.assert_array_equal(upright, [[1, 0], [0, 1]])
    np.testing.assert_array_equal(turned, [[0, 1], [1, 0]])


# Equivariance


def test_equivariance_error_by_hand():
    """Multiplying by the column: after a step to the right 1, 2 become 2·1, 3·2 where 1·1, 2·2 were expected.

    The first column comes from outside and does not count: sqrt(0² + 1² + 2²) / sqrt(0² + 1² + 4²).
    """
    images = np.reshape([0.0, 0.1, 0.2, 0.9], (1, 1, 4, 1))
    error = equivariance_error(lambda x: x * np.reshape([0, 1, 2, 3], (4, 1)), images, to_the_right)
    assert error == pytest.approx(np.sqrt(1**2 + 2**2) / np.sqrt(1**2 + 4**2), rel=1e-12)


@pytest.mark.parametrize("shift", [(0, 1), (-2, 3), (1, 0)])
def test_convolution_is_equivariant_to_shifts(shift):
    """Convolutions, pooling with stride 1 and ReLU change with a shift of whole pixels."""
    rng = np.random.default_rng(5)
    images = rng.random((3, 9, 8, 2))

    def change(images):
        return augmentation.translate(images, shift)

    for layer in (
        Conv2D(2, 4, 3, rng=rng, dtype=np.float64),
        DepthwiseConv2D(2, 3, dilation=2, rng=rng, dtype=np.float64),
        MaxPool2D(2, stride=1),
        ReLU(),
    ):
        assert equivariance_error(layer.forward, images, change) < 1e-12


def test_padding_needs_a_margin():
    """A padded convolution sees zeros where the unmoved one saw pixels: only cells at the border differ."""
    rng = np.random.default_rng(6)
    images = rng.random((2, 8, 8, 1))
    layer = Conv2D(1, 3, 3, padding=1, rng=rng, dtype=np.float64)
    assert equivariance_error(layer.forward, images, to_the_right) > 0.01
    assert equivariance_error(layer.forward, images, to_the_right, margin=1) < 1e-12


def test_turns_need_filters_that_look_alike_from_all_sides():
    """A filter that does not change under a quarter turn is equivariant to it, a random one is not."""
    rng = np.random.default_rng(7)
    images = rng.random((2, 7, 7, 1))
    layer = Conv2D(1, 1, 3, rng=rng, dtype=np.float64)
    assert equivariance_error(layer.forward, images, quarter_turn) > 0.1
    weights = layer.parameters["weights"]
    weights[:] = sum(np.rot90(weights, times) for times in range(4)) / 4
    assert equivariance_error(layer.forward, images, quarter_turn) < 1e-12


def test_a_stride_halves_the_shift():
    """Pooling by 2 turns a shift by 2 into one by 1, exactly; a shift by 1 into half a cell, not quite."""
    rng = np.random.default_rng(8)
    images = rng.random((2, 8, 12, 1))
    for layer in (MaxPool2D(2), AveragePool2D(2)):
        by_two = equivariance_error(
            layer.forward, images, lambda x: to_the_right(x, 2), output_change=to_the_right
        )
        by_one = equivariance_error(
            layer.forward, images, to_the_right, output_change=lambda x: to_the_right(x, 0.5)
        )
        assert by_two < 1e-12
        assert by_one > 0.05


def test_the_error_has_no_unit():
    """Maps multiplied by -1000 have the same error."""
    rng = np.random.default_rng(9)
    images = rng.random((2, 6, 6, 1))
    layer = Conv2D(1, 2, 3, rng=rng, dtype=np.float64)
    error = equivariance_error(layer.forward, images, quarter_turn)
    scaled = equivariance_error(lambda x: -1000 * layer.forward(x), images, quarter_turn)
    assert scaled == pytest.approx(error, rel=1e-9)


# Errors


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"images": np.ones((2, 1, 2))}, ValueError, "images must be an array with 4 dimensions"),
        ({"images": np.ones((0, 1, 2, 1))}, ValueError, "images must not be empty"),
        ({"images": [["a"]]}, TypeError, "images must hold real numbers"),
        ({"labels": [0]}, ValueError, "labels must hold one class per image, 2, got 1"),
        ({"labels": [0.0, 1.0]}, TypeError, "labels must be integers, got dtype float64"),
        ({"labels": [0, 5]}, ValueError, "labels must be classes from 0 to 1, got 5"),
        ({"model_predict": "model"}, TypeError, "model_predict must be callable, got str"),
        ({"model_predict": lambda images: images}, ValueError, "logits must be an array with 2 dimensions"),
        ({"model_predict": lambda images: where(images)[:1]}, ValueError, "one class per example, 1, got 2"),
    ],
)
def test_impossible_measurements_are_refused(arguments, error, message):
    """Every function names the argument that is wrong, says what is wanted and what came."""
    images, labels = left_and_right()
    given = {"model_predict": where, "images": images, "labels": labels} | arguments
    with pytest.raises(error, match=message):
        accuracy_under(*given.values(), augmentation.rotate, [0])
    for curve, value in ((accuracy_by_angle, 0), (accuracy_by_shift, (0, 0)), (accuracy_by_size, 1)):
        with pytest.raises(error, match=message):
            curve(*given.values(), [value])
    if 5 not in given["labels"]:
        with pytest.raises(error, match=message):
            confusion_under(*given.values(), lambda images: images, classes=(0, 1))


def test_impossible_changes_are_refused():
    """A change must be a function, its values a list; what it does not take, it refuses itself."""
    images, labels = left_and_right()
    with pytest.raises(TypeError, match="change must be callable, got int"):
        accuracy_under(where, images, labels, 90, [0])
    with pytest.raises(TypeError, match="change must be callable, got int"):
        confusion_under(where, images, labels, 180)
    with pytest.raises(TypeError, match="values must be a list or another iterable, got 90"):
        accuracy_by_angle(where, images, labels, 90)
    with pytest.raises(ValueError, match="factor must be more than 0, got 0"):
        accuracy_by_size(where, images, labels, [0])
    with pytest.raises(ValueError, match="shift must be a pair"):
        accuracy_by_shift(where, images, labels, [1])
    with pytest.raises(ValueError, match="images must lie in"):
        accuracy_by_angle(where, images + 1, labels, [0])


def test_impossible_classes_are_refused():
    """Classes are different integers, each with an image and with a logit."""
    images, labels = left_and_right()
    for classes, error, message in (
        (6, ValueError, r"classes must be a sequence such as \(6, 9\), got 6"),
        ((), ValueError, r"classes must be different integers, at least one, got \[\]"),
        ((1, 1), ValueError, r"classes must be different integers, at least one, got \[1, 1\]"),
        ((0.5, 1), TypeError, "classes must be an integer, got 0.5"),
        ((0, 7), ValueError, r"labels must hold every one of the classes \[0, 7\], got none of 7"),
    ):
        with pytest.raises(error, match=message):
            confusion_under(where, images, labels, lambda images: images, classes=classes)
    with pytest.raises(ValueError, match="labels must be classes from 0 to 1, got 9"):
        confusion_under(where, images, [6, 9], lambda images: images, classes=[9])


def test_impossible_equivariance_is_refused():
    """Functions must be functions, maps (N, H', W', C') of one shape, and something must be left inside."""
    images = np.random.default_rng(10).random((1, 4, 4, 1))
    for options, error, message in (
        ({"layer_forward": ReLU()}, TypeError, "layer_forward must be callable, got ReLU"),
        ({"change": 90}, TypeError, "change must be callable, got int"),
        ({"output_change": 90}, TypeError, "output_change must be callable, got int"),
        ({"images": images[0]}, ValueError, "images must be an array with 4 dimensions"),
        ({"margin": -1}, ValueError, "margin must be at least 0, got -1"),
        ({"margin": 2}, ValueError, "margin must leave some of 4 x 4 cells, got 2"),
        (
            {"layer_forward": np.ravel},
            ValueError,
            "layer_forward's output must be an array with 4 dimensions",
        ),
        ({"layer_forward": np.zeros_like}, ValueError, "must not be 0 everywhere in the interior"),
        ({"layer_forward": lambda x: x / 0.0}, ValueError, "layer_forward's output must be finite"),
        ({"change": lambda x: x[:, :2], "output_change": to_the_right}, ValueError, "must have one shape"),
    ):
        given = {"layer_forward": ReLU().forward, "images": images, "change": to_the_right} | options
        with np.errstate(divide="ignore", invalid="ignore"), pytest.raises(error, match=message):
            equivariance_error(**given)


@pytest.mark.parametrize("pooling", [True, False])
def test_loaded_networks_know_digits_and_augmentation_makes_them_steadier(pooling):
    """Upright, each of the four reads most digits; turned by 45 degrees, the augmented ones read more."""
    images, labels = mnist.load("test")
    images, labels = mnist.scale(images[:300]), labels[:300]
    plain, augmented = (
        accuracy_by_angle(load_network(pooling=pooling, augmented=kind).predict, images, labels, [0, 45])
        for kind in (False, True)
    )
    assert min(plain[0], augmented[0]) > 0.85
    assert augmented[1] > plain[1] + 0.2


def test_a_loaded_network_is_the_callers_own():
    """Changing it does not change the next one; nothing of the untrained network is left in it."""
    drawn = build_network(pooling=False, rng=np.random.default_rng(0))
    network = load_network(pooling=False)
    for layer, untrained in zip(network.layers, drawn.layers, strict=True):
        for name, parameter in layer.parameters.items():
            assert not np.array_equal(parameter, untrained.parameters[name])
            parameter[...] = 0
    assert load_network(pooling=False).layers[0].parameters["weights"].any()


def test_networks_are_chosen_by_true_and_false():
    """A name or a number in place of a bool is refused."""
    with pytest.raises(TypeError, match="pooling must be True or False, got 'pooled'"):
        load_network(pooling="pooled")
    with pytest.raises(TypeError, match="augmented must be True or False, got 2"):
        load_network(augmented=2)
    with pytest.raises(TypeError, match="rng must be"):
        build_network(pooling=True, rng=0)
