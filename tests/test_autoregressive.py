import itertools

import numpy as np
import pytest
from gradients import central_differences

from imagebook.autoregressive import AutoregressiveModel, MaskedConv2D, PositionEmbedding, binarize
from imagebook.optim import Adam

SHAPE = (2, 3)
ALL_IMAGES = np.array(list(itertools.product([0.0, 1.0], repeat=6))).reshape(64, 2, 3)


def make(seed=0, **options):
    """Return an untrained model of 2 x 3 images in which every pixel sees all pixels before it."""
    options = {"shape": SHAPE, "reach": (1, 2), "hidden": (8, 6), "dtype": np.float64} | options
    return AutoregressiveModel(**options, rng=np.random.default_rng(seed))


def pairs(n=400):
    """Return images whose second row repeats the first; each of three pixels is 1 with probability 0.7."""
    rows = np.random.default_rng(1).random((n, 1, 3)) < 0.7
    return np.repeat(rows, 2, axis=1).astype(np.float64)


def fit(model, images, **options):
    """Fit quietly with Adam."""
    options = {"optimizer": Adam(learning_rate=0.01), "epochs": 1, "rng": np.random.default_rng(2)} | options
    return model.fit(images, progress=False, **options)


@pytest.fixture(scope="module")
def trained():
    """Return a model that was fitted to `pairs`."""
    model = make()
    fit(model, pairs(), epochs=15)
    return model


def last(images):
    """Return the last of the generated images."""
    *_, result = images
    return result


def randomize(model):
    """Make the biases and the position embedding of a model, which start at 0, random; return the model."""
    for layer in model.model.layers:
        for name in {"bias", "rows", "columns"} & set(layer.parameters):
            layer.parameters[name][:] = np.random.default_rng(16).normal(size=layer.parameters[name].shape)
    return model


# binarize


def test_binarize_by_hand():
    """Only what is above the threshold becomes 1."""
    image = np.array([[0.0, 0.2], [0.5, 1.0]])
    np.testing.assert_array_equal(binarize(image), [[0, 0], [0, 1]])
    np.testing.assert_array_equal(binarize(image, threshold=0.1), [[0, 1], [1, 1]])
    np.testing.assert_array_equal(binarize(image, threshold=0), [[0, 1], [1, 1]])


def test_binarize_at_random_keeps_the_mean():
    """With a generator, black and white stay and a gray of 0.3 becomes 1 in 30 % of the cases."""
    images = np.stack([np.zeros((100, 100)), np.ones((100, 100)), np.full((100, 100), 0.3)])
    result = binarize(images, rng=np.random.default_rng(0))
    assert set(np.unique(result)) == {0, 1}
    means = result.mean(axis=(1, 2))
    assert means[0] == 0 and means[1] == 1
    assert abs(means[2] - 0.3) < 5 * np.sqrt(0.3 * 0.7 / 10_000)  # five standard deviations


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_binarize_keeps_type_and_shape(dtype):
    """Floats keep their type, a batch may be empty, and the argument does not change."""
    images = np.full((0, 2, 3, 1), 0.5, dtype)
    assert binarize(images).dtype == dtype
    assert binarize(images, rng=np.random.default_rng(0)).shape == (0, 2, 3, 1)
    gray = np.full((2, 3), 0.7, dtype)
    gray.flags.writeable = False
    assert binarize(gray, rng=np.random.default_rng(0)).dtype == dtype


def test_binarize_refuses():
    """Unscaled images, impossible thresholds and seeds in place of a generator are named."""
    with pytest.raises(ValueError, match="images must be between 0 and 1, got 0.0 to 255.0"):
        binarize([[0, 255]])
    with pytest.raises(ValueError, match="images must be between 0 and 1, got nan"):
        binarize([[np.nan]])
    with pytest.raises(ValueError, match="images must be an array with 2, 3 or 4 dimensions"):
        binarize([0.5])
    with pytest.raises(ValueError, match="threshold must be between 0 and 1, got 128"):
        binarize([[0.5]], threshold=128)
    with pytest.raises(TypeError, match="rng must be a numpy.random.Generator"):
        binarize([[0.5]], rng=0)


# MaskedConv2D


def test_masked_convolution_by_hand():
    """With weights 1 it sums the row above and the pixel to the left; weights under the mask become 0."""
    layer = MaskedConv2D(1, 1, (2, 3), rng=np.random.default_rng(0))
    layer.parameters["weights"][:] = 1  # under the mask, too, as a file might have it
    image = np.array([[1, 2, 4, 8], [16, 32, 64, 128]]).reshape(1, 2, 4, 1)
    np.testing.assert_array_equal(layer.forward(image).ravel(), [1 + 2 + 4 + 16, 2 + 4 + 8 + 32])
    np.testing.assert_array_equal(layer.parameters["weights"][:, :, 0, 0], [[1, 1, 1], [1, 0, 0]])


@pytest.mark.parametrize("kind", ["masked convolution", "position embedding"])
def test_layer_gradients(kind):
    """Backward agrees with central differences of L = sum(weighting * forward(inputs))."""
    rng = np.random.default_rng(3)
    masked = MaskedConv2D(2, 3, (2, 3), rng=rng, dtype=np.float64)
    layer = masked if kind == "masked convolution" else PositionEmbedding((4, 5), 2, dtype=np.float64)
    inputs = rng.normal(size=(2, 4, 5, 2))
    weighting = rng.normal(size=layer.forward(inputs).shape)

    def loss():
        return np.sum(weighting * layer.forward(inputs))

    expected = central_differences(loss, inputs)
    np.testing.assert_allclose(layer.backward(weighting), expected, rtol=1e-7, atol=1e-8)
    assert set(layer.gradients) == set(layer.parameters)
    for name, gradient in layer.gradients.items():
        expected = central_differences(loss, layer.parameters[name])
        np.testing.assert_allclose(gradient, expected, rtol=1e-7, atol=1e-8)


def test_weights_under_the_mask_have_no_gradient():
    """Training leaves masked weights at 0."""
    layer = MaskedConv2D(1, 2, (2, 3), rng=np.random.default_rng(0))
    outputs = layer.forward(np.ones((1, 4, 5, 1)))
    layer.backward(np.ones_like(outputs))
    assert np.all(layer.gradients["weights"][1, 1:] == 0)
    assert np.all(layer.gradients["weights"][layer.mask[:, :, 0, 0] == 1] != 0)


def test_masked_convolution_refuses_an_even_width():
    """A filter of even width has no middle."""
    with pytest.raises(ValueError, match="kernel_size must have an odd width, got 4"):
        MaskedConv2D(1, 1, (3, 4), rng=np.random.default_rng(0))


def test_position_embedding_refuses():
    """Images of another size than the embedding's are named; backward needs forward."""
    layer = PositionEmbedding((2, 3), 4)
    with pytest.raises(RuntimeError, match="PositionEmbedding.backward must come after forward"):
        layer.backward(np.zeros((1, 2, 3, 4)))
    with pytest.raises(ValueError, match=r"inputs must have shape \(N, 2, 3, 4\), got \(1, 3, 2, 4\)"):
        layer.forward(np.zeros((1, 3, 2, 4)))
    with pytest.raises(ValueError, match="channels must be at least 1, got 0"):
        PositionEmbedding((2, 3), 0)
    with pytest.raises(TypeError, match="dtype must be one of float32, float64, got float16"):
        PositionEmbedding((2, 3), 1, dtype=np.float16)


# AutoregressiveModel


def test_log_likelihood_by_hand():
    """With all weights 0 and an output bias of log 3, each pixel is 1 with probability 3/4."""
    model = make()
    for layer in model.model.layers:
        for parameter in layer.parameters.values():
            parameter[:] = 0
    model.model.layers[-1].parameters["bias"][:] = np.log(3)
    image = np.array([[[1, 1, 1], [1, 0, 0]]])
    np.testing.assert_allclose(model.logits(image), np.full((1, 2, 3), np.log(3)))
    np.testing.assert_allclose(model.log_likelihood(image), [4 * np.log(3 / 4) + 2 * np.log(1 / 4)])


@pytest.mark.parametrize("reach", [0, 1, (1, 2), (5, 7)])
def test_probabilities_of_all_images_sum_to_one(reach):
    """The model is a distribution: the 64 binary images of 2 x 3 pixels share a probability of exactly 1."""
    probabilities = np.exp(make(reach=reach, seed=4).log_likelihood(ALL_IMAGES))
    np.testing.assert_allclose(probabilities.sum(), 1, rtol=1e-12)
    if reach != 0:
        assert np.ptp(probabilities) > 0.001  # it is not simply the uniform one


def test_training_keeps_the_probabilities_normalised(trained):
    """After training, too, the probabilities of all images sum to 1."""
    np.testing.assert_allclose(np.exp(trained.log_likelihood(ALL_IMAGES)).sum(), 1, rtol=1e-12)


@pytest.mark.parametrize("reach", [(4, 5), (2, 1), (0, 3), (2, 0)])
def test_a_pixel_depends_on_the_pixels_before_it_within_reach_only(reach):
    """Changing pixel j changes the logits of the later pixels in reach, and no others, its own included."""
    model = make(seed=5, shape=(5, 6), reach=reach, hidden=(32, 16))
    image = binarize(np.random.default_rng(6).random((1, 5, 6)))
    before = model.logits(image)
    for i, j in np.ndindex(5, 6):
        changed = image.copy()
        changed[0, i, j] = 1 - changed[0, i, j]
        rows, columns = np.indices((5, 6))
        later = (rows > i) | ((rows == i) & (columns > j))
        near = (rows - i <= reach[0]) & (np.abs(columns - j) <= reach[1])
        np.testing.assert_array_equal(model.logits(changed)[0] != before[0], later & near)


def test_gradients_of_the_likelihood():
    """What `fit` computes is the gradient of the mean negative log-likelihood: central differences agree."""
    model = randomize(make(seed=7))  # at bias 0, the ReLU of an all-black context would have no derivative
    images = pairs(5)
    gradients = {}

    class Recorder:
        def step(self, layers):
            for position, layer in enumerate(layers):
                gradients.update({(position, name): value for name, value in layer.gradients.items()})

    history = fit(model, images, optimizer=Recorder())

    def loss():
        return -model.log_likelihood(images).mean()

    assert history["loss"] == pytest.approx([loss()])
    assert len(gradients) == 2 + 2 + 2 + 2  # masked convolution, position embedding, two convolutions
    for (position, name), gradient in gradients.items():
        expected = central_differences(loss, model.model.layers[position].parameters[name])
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-8)


def test_training_comes_close_to_the_entropy_of_the_data(trained):
    """Images that follow from three pixels cost little more than these: 3 H(0.7) = 1.83 nats, not 6 log 2."""
    entropy = -3 * (0.7 * np.log(0.7) + 0.3 * np.log(0.3))
    assert -trained.log_likelihood(pairs()).mean() < entropy + 0.15


def test_samples_follow_the_models_probabilities(trained):
    """In 20,000 samples each of the 64 images is as frequent as the log-likelihood says (five sigma)."""
    n = 20_000
    images = last(trained.sample(rng=np.random.default_rng(8), given=np.full((n, *SHAPE), np.nan)))
    numbers = images.reshape(n, 6).astype(np.int64) @ (2 ** np.arange(5, -1, -1))  # the order of ALL_IMAGES
    frequencies = np.bincount(numbers, minlength=64) / n
    probabilities = np.exp(trained.log_likelihood(ALL_IMAGES))
    tolerance = 5 * np.sqrt(probabilities * (1 - probabilities) / n) + 1 / n
    assert np.all(np.abs(frequencies - probabilities) < tolerance)


def test_completions_follow_the_conditional_probabilities(trained):
    """With the first row given, samples are distributed as p(second row | first row)."""
    n = 10_000
    given = np.full((n, *SHAPE), np.nan)
    given[:, 0] = [1, 0, 1]
    images = last(trained.sample(rng=np.random.default_rng(9), given=given))
    np.testing.assert_array_equal(images[:, 0], given[:, 0])
    possible = ALL_IMAGES[(ALL_IMAGES[:, 0] == [1, 0, 1]).all(axis=1)]
    probabilities = np.exp(trained.log_likelihood(possible))
    probabilities /= probabilities.sum()
    frequencies = np.array([(images == image).all(axis=(1, 2)).mean() for image in possible])
    tolerance = 5 * np.sqrt(probabilities * (1 - probabilities) / n) + 1 / n
    assert np.all(np.abs(frequencies - probabilities) < tolerance)


def test_images_grow_by_one_pixel_at_a_time():
    """From all NaN to complete in reading order, each step a new array that keeps what was there."""
    steps = list(make().sample(rng=np.random.default_rng(10)))
    assert [int(np.isnan(step).sum()) for step in steps] == [6, 5, 4, 3, 2, 1, 0]
    for number, step in enumerate(steps):
        np.testing.assert_array_equal(step.ravel()[:number], steps[-1].ravel()[:number])
    assert set(np.unique(steps[-1])) <= {0, 1}


def test_given_pixels_are_kept():
    """Only NaN pixels are drawn, each image its own; with none, the given image is the only step."""
    given = np.full((2, *SHAPE), np.nan)
    given[0, 1] = [0, 1, 1]
    given[1, :, 1] = [1, 0]
    before = given.copy()
    given.flags.writeable = False
    steps = list(make().sample(rng=np.random.default_rng(11), given=given))
    assert len(steps) == 1 + 5  # one step per pixel that either image lacks: all but (1, 1)
    np.testing.assert_array_equal(steps[0], before)
    np.testing.assert_array_equal(steps[-1][~np.isnan(before)], before[~np.isnan(before)])
    assert not np.isnan(steps[-1]).any()
    complete = list(make().sample(rng=np.random.default_rng(11), given=ALL_IMAGES[5]))
    assert len(complete) == 1
    np.testing.assert_array_equal(complete[0], ALL_IMAGES[5])


def test_temperature_zero_is_deterministic(trained):
    """At temperature 0 every pixel is the likelier one given the pixels before, whatever the generator."""
    images = [last(trained.sample(rng=np.random.default_rng(seed), temperature=0)) for seed in range(3)]
    np.testing.assert_array_equal(images[0], images[1])
    np.testing.assert_array_equal(images[0], images[2])
    np.testing.assert_array_equal(images[0], trained.logits(images[:1])[0] > 0)


def test_sampling_sees_what_the_whole_network_sees():
    """At temperature 0 a pixel is 1 where `logits` of the finished image is positive, at any reach."""
    model = randomize(make(seed=18, shape=(7, 6), reach=(3, 1), hidden=(16, 8)))
    image = last(model.sample(rng=np.random.default_rng(0), temperature=0))
    np.testing.assert_array_equal(image, model.logits(image[np.newaxis])[0] > 0)
    assert 0 < image.mean() < 1


def test_temperature_sharpens_and_flattens(trained):
    """The first pixel is 1 with probability σ(z / T), from certain near 0 to a coin toss at high T."""
    n = 4000
    logit = trained.logits(np.zeros((1, *SHAPE)))[0, 0, 0]
    assert 0.5 < logit < 1.2  # log(0.7 / 0.3) = 0.85 in the data
    for temperature in (1e-300, 0.5, 2.0, 1e6):
        samples = trained.sample(
            rng=np.random.default_rng(12), temperature=temperature, given=np.full((n, *SHAPE), np.nan)
        )
        next(samples)
        expected = 1 / (1 + np.exp(-min(logit / temperature, 700)))
        tolerance = 5 * np.sqrt(expected * (1 - expected) / n)
        assert abs(next(samples)[:, 0, 0].mean() - expected) <= tolerance


def test_equal_seeds_give_equal_samples_and_weights(tmp_path):
    """Training and sampling are reproducible from read-only images, and weights survive saving."""
    images = pairs(40)
    images.flags.writeable = False
    models = [make(seed=13), make(seed=13)]
    histories = [fit(model, images, epochs=2) for model in models]
    assert histories[0] == histories[1] and len(histories[0]["loss"]) == 2
    models[0].model.save(tmp_path / "model.npz")
    third = make(seed=14)
    third.model.load(tmp_path / "model.npz")
    results = [last(model.sample(rng=np.random.default_rng(15))) for model in (*models, third)]
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])
    np.testing.assert_array_equal(models[0].logits(images), third.logits(images))


def test_the_smallest_temperature_is_like_zero():
    """Also in float32, where it would round to 0, a tiny temperature takes the likelier value."""
    model = randomize(make(seed=18, dtype=np.float32))
    images = [
        last(model.sample(rng=np.random.default_rng(19), temperature=temperature))
        for temperature in (0, 1e-300)
    ]
    np.testing.assert_array_equal(*images)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shapes_and_types(dtype):
    """Logits and samples have the model's type; images may have a channel axis; no images are fine."""
    model = make(dtype=dtype)
    assert model.logits(ALL_IMAGES).dtype == dtype
    assert last(model.sample(rng=np.random.default_rng(0))).dtype == dtype
    assert model.logits(ALL_IMAGES[..., np.newaxis]).shape == (64, 2, 3, 1)
    np.testing.assert_array_equal(
        model.log_likelihood(ALL_IMAGES[..., np.newaxis]), model.log_likelihood(ALL_IMAGES)
    )
    assert model.logits(ALL_IMAGES[:0]).shape == (0, 2, 3)
    assert model.log_likelihood(ALL_IMAGES[:0]).shape == (0,)
    assert last(model.sample(rng=np.random.default_rng(0), given=ALL_IMAGES[:0])).shape == (0, 2, 3)


def test_impossible_arguments_are_refused():
    """Images of another size or not binary, and impossible options, are named when they are passed."""
    model = make()
    rng = np.random.default_rng(0)
    for method in (model.logits, model.log_likelihood, lambda images: fit(model, images)):
        with pytest.raises(ValueError, match=r"images must have shape \(N, 2, 3\), got \(1, 3, 2\)"):
            method(np.zeros((1, 3, 2)))
        with pytest.raises(ValueError, match=r"images must hold 0 and 1 only \(see binarize\), got 0.5"):
            method(np.full((1, 2, 3), 0.5))
        with pytest.raises(ValueError, match=r"images must hold 0 and 1 only \(see binarize\), got nan"):
            method(np.full((1, 2, 3), np.nan))
    with pytest.raises(ValueError, match="inputs must hold at least one example, got none"):
        fit(model, ALL_IMAGES[:0])
    with pytest.raises(ValueError, match=r"given must have shape \(2, 3\) or \(N, 2, 3\), got \(3, 2\)"):
        model.sample(rng=rng, given=np.zeros((3, 2)))
    with pytest.raises(ValueError, match="given must hold 0, 1 or NaN, got 0.5"):
        model.sample(rng=rng, given=np.full((2, 3), 0.5))
    with pytest.raises(ValueError, match="temperature must be at least 0, got -1"):
        model.sample(rng=rng, temperature=-1)
    with pytest.raises(TypeError, match="rng must be a numpy.random.Generator"):
        model.sample(rng=3)
    with pytest.raises(ValueError, match="shape must be at least 1, got 0"):
        make(shape=(0, 3))
    with pytest.raises(ValueError, match="reach must be at least 0, got -1"):
        make(reach=-1)
    for hidden in (64, ()):
        with pytest.raises(ValueError, match=r"hidden must be a tuple of sizes such as \(64, 32\)"):
            make(hidden=hidden)
    with pytest.raises(ValueError, match="hidden must be at least 1, got 0"):
        make(hidden=(0,))
