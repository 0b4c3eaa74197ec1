import numpy as np
import pytest
from gradients import central_differences

from imagebook.autoencoder import Autoencoder
from imagebook.optim import Adam
from imagebook.variational import GaussianCode, VariationalAutoencoder, kl_divergence, reparameterize


def make(seed=0, **options):
    """Return a small variational autoencoder for 4 x 6 images."""
    options = {"shape": (4, 6), "hidden": (16,), "code": 3, "dtype": np.float64} | options
    return VariationalAutoencoder(**options, rng=np.random.default_rng(seed))


def bars(n=60):
    """Return images of one white row each: four different pictures."""
    images = np.zeros((n, 4, 6))
    images[np.arange(n), np.random.default_rng(1).integers(4, size=n)] = 1
    return images


def fit(autoencoder, images, **options):
    """Fit quietly with Adam."""
    options = {"optimizer": Adam(learning_rate=0.01), "epochs": 1, "rng": np.random.default_rng(2)} | options
    return autoencoder.fit(images, progress=False, **options)


class FixedNoise(np.random.Generator):
    """A generator whose normal numbers are always the same, so that the loss is a function of the weights."""

    def __init__(self):
        super().__init__(np.random.PCG64())

    def standard_normal(self, size):
        return np.random.default_rng(3).standard_normal(size)


# kl_divergence and reparameterize


def test_kl_divergence_by_hand():
    """N(0, 1) costs nothing, N(3, 1) costs 9/2, N(0, 4) costs (4 - 1 - log 4) / 2; dimensions add up."""
    mean = [[0, 0], [3, 0], [0, 0], [3, 0]]
    log_variance = np.log([[1, 1], [1, 1], [1, 4], [1, 4]])
    spread = (4 - 1 - np.log(4)) / 2
    np.testing.assert_allclose(kl_divergence(mean, log_variance), [0, 4.5, spread, 4.5 + spread], rtol=1e-6)


def test_kl_divergence_is_the_mean_of_the_log_ratio():
    """The closed form is the mean of log q(z) - log p(z) over z ~ q, within five standard errors."""
    mean, log_variance = np.array([[0.5, -1.0]]), np.array([[-0.7, 0.4]])
    epsilon = np.random.default_rng(0).normal(size=(100_000, 2))
    z = mean + np.exp(log_variance / 2) * epsilon
    log_ratio = (-(epsilon**2) / 2 - log_variance / 2 + z**2 / 2).sum(axis=1)
    error = log_ratio.std() / np.sqrt(len(z))
    assert abs(kl_divergence(mean, log_variance)[0] - log_ratio.mean()) < 5 * error


def test_reparameterized_samples_have_the_wanted_moments():
    """Samples are μ + σ ε: by hand, and with mean μ and variance σ² for standard normal ε."""
    np.testing.assert_allclose(reparameterize([[1.0, 2.0]], np.log([[4.0, 9.0]]), [[1.0, -2.0]]), [[3, -4]])
    n = 100_000
    z = reparameterize(
        np.full((n, 1), 5.0), np.full((n, 1), np.log(4.0)), np.random.default_rng(1).normal(size=(n, 1))
    )
    assert abs(z.mean() - 5) < 5 * 2 / np.sqrt(n)
    assert abs(z.var() - 4) < 5 * 4 * np.sqrt(2 / n)


def test_moments_keep_their_type_and_may_be_empty():
    """float32 stays float32, and no codes give nothing."""
    empty = np.zeros((0, 2), np.float32)
    assert kl_divergence(empty, empty).shape == (0,) and kl_divergence(empty, empty).dtype == np.float32
    assert reparameterize(empty, empty, np.zeros((0, 2))).dtype == np.float32


def test_impossible_moments_are_refused():
    """Mean, log variance and noise must have one shape, two dimensions and finite numbers."""
    with pytest.raises(ValueError, match=r"log_variance must have the shape of mean, \(1, 2\), got \(1, 3\)"):
        kl_divergence(np.zeros((1, 2)), np.zeros((1, 3)))
    with pytest.raises(ValueError, match=r"epsilon must have the shape of mean, \(1, 2\), got \(2, 2\)"):
        reparameterize(np.zeros((1, 2)), np.zeros((1, 2)), np.zeros((2, 2)))
    with pytest.raises(ValueError, match="mean must be an array with 2 dimensions"):
        kl_divergence([0.0], [0.0])
    with pytest.raises(ValueError, match="log_variance must be finite"):
        kl_divergence([[0.0]], [[np.inf]])


# GaussianCode


def test_gaussian_code_draws_only_while_training():
    """Prediction gives the means; training adds noise of the wanted standard deviation, new every time."""
    layer = GaussianCode(rng=np.random.default_rng(0))
    inputs = np.tile([7.0, np.log(0.25)], (10_000, 1))
    np.testing.assert_array_equal(layer.forward(inputs), np.full((10_000, 1), 7))
    first, second = layer.forward(inputs, training=True), layer.forward(inputs, training=True)
    assert np.any(first != second)
    assert abs(first.std() - 0.5) < 5 * 0.5 / np.sqrt(2 * 10_000)
    assert layer.divergence == pytest.approx((49 + 0.25 - 1 - np.log(0.25)) / 2)
    assert layer.forward(inputs.astype(np.float32), training=True).dtype == np.float32


def test_gaussian_code_gradients():
    """Backward agrees with central differences of L = sum(weighting * z) + mean KL, at fixed ε."""
    layer = GaussianCode(rng=FixedNoise())
    rng = np.random.default_rng(4)
    inputs, weighting = rng.normal(size=(5, 6)), rng.normal(size=(5, 3))

    def loss():
        return np.sum(weighting * layer.forward(inputs, training=True)) + layer.divergence

    loss()
    gradient = layer.backward(weighting)
    np.testing.assert_allclose(gradient, central_differences(loss, inputs), rtol=1e-7, atol=1e-8)


def test_gaussian_code_refuses():
    """An odd number of inputs has no halves; a seed is no generator; backward needs forward."""
    layer = GaussianCode(rng=np.random.default_rng(0))
    with pytest.raises(RuntimeError, match="GaussianCode.backward must come after forward"):
        layer.backward(np.zeros((1, 1)))
    with pytest.raises(ValueError, match=r"inputs must have an even length.*got \(1, 3\)"):
        layer.forward(np.zeros((1, 3)))
    with pytest.raises(TypeError, match="rng must be a numpy.random.Generator"):
        GaussianCode(rng=0)


# VariationalAutoencoder


def test_elbo_by_hand():
    """With all weights 0 every pixel costs log 2, the code nothing; biases move both as the formula says."""
    autoencoder = make()
    for layer in autoencoder.model.layers:
        for parameter in layer.parameters.values():
            parameter[:] = 0
    rng = np.random.default_rng(0)
    np.testing.assert_allclose(autoencoder.elbo(bars(2), rng=rng), [-24 * np.log(2)] * 2)
    autoencoder.encoder.layers[-1].parameters["bias"][:] = [1, 2, 3, 0, 0, np.log(4)]
    autoencoder.decoder.layers[-1].parameters["bias"][:] = -np.log(3)  # white with probability 1/4
    reconstruction = 6 * np.log(1 / 4) + 18 * np.log(3 / 4)
    divergence = (1 + 4 + 9 + 4 - 1 - np.log(4)) / 2
    np.testing.assert_allclose(autoencoder.elbo(bars(2), rng=rng), [reconstruction - divergence] * 2)


def test_elbo_is_below_the_log_likelihood():
    """Its mean is at most log p(x), here integrated over a code of one number on a fine grid."""
    autoencoder = make(code=1)
    images = bars(40)
    fit(autoencoder, images, epochs=20)
    image = images[:1]
    z = np.linspace(-8, 8, 2001)
    probabilities = autoencoder.decode(z[:, np.newaxis])
    likelihoods = np.prod(np.where(image == 1, probabilities, 1 - probabilities), axis=(1, 2))
    log_likelihood = np.log(np.sum(likelihoods * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)) * (z[1] - z[0]))
    bounds = autoencoder.elbo(np.repeat(image, 2000, axis=0), rng=np.random.default_rng(5))
    error = bounds.std() / np.sqrt(len(bounds))
    assert bounds.mean() < log_likelihood + 5 * error
    assert bounds.mean() > log_likelihood - 5  # and not far below: the bound is worth something


def test_gradients_of_the_elbo():
    """What `fit` computes is the gradient of minus the mean ELBO: central differences agree, at fixed ε."""
    autoencoder = VariationalAutoencoder(
        shape=(2, 3), hidden=(5,), code=2, rng=np.random.default_rng(6), dtype=np.float64
    )
    autoencoder.model.layers[4] = GaussianCode(rng=FixedNoise())
    autoencoder._gaussian = autoencoder.model.layers[4]
    images = np.random.default_rng(7).random((4, 2, 3))
    layers, gradients = autoencoder.model.layers, {}

    class Recorder:
        def step(self, layers):
            for position, layer in enumerate(layers):
                gradients.update({(position, name): value for name, value in layer.gradients.items()})

    class InOrder(np.random.Generator):
        def permutation(self, n):
            return np.arange(n)

    history = fit(autoencoder, images, optimizer=Recorder(), rng=InOrder(np.random.PCG64()))

    def negative_elbo():
        return -autoencoder.elbo(images, rng=FixedNoise()).mean()

    assert history["loss"] == pytest.approx([negative_elbo()])
    assert len(gradients) == 8  # weights and bias of four dense layers
    for (position, name), gradient in gradients.items():
        expected = central_differences(negative_elbo, layers[position].parameters[name])
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-8)


def test_training_learns_to_sample():
    """Trained on four pictures, it reaches an ELBO near -log 4 and most of its samples are one of them."""
    images = bars(200)
    autoencoder = make(hidden=(32,), code=2)
    rng = np.random.default_rng(8)
    before = autoencoder.elbo(images, rng=rng).mean()
    history = fit(autoencoder, images, epochs=100, batch_size=20)
    after = autoencoder.elbo(images, rng=rng).mean()
    assert before < -20  # near 24 log 2 and worse
    assert -3 < after < -np.log(4) + 0.2
    assert history["loss"][-1] < history["loss"][0]
    samples = autoencoder.sample(1000, rng=rng) > 0.5
    pictures = np.repeat(np.eye(4, dtype=bool)[:, :, np.newaxis], 6, axis=2)
    known = (samples[:, np.newaxis] == pictures).all(axis=(2, 3))
    assert known.any(axis=1).mean() > 0.8
    assert known.any(axis=0).all()  # each of the four appears


def test_reconstruction_is_decoding_the_mean():
    """The halves share their layers with the whole, before training and after."""
    autoencoder = make()
    for _ in range(2):
        mean, _log_variance = autoencoder.encode(bars())
        np.testing.assert_allclose(autoencoder.reconstruct(bars()), autoencoder.decode(mean), rtol=1e-12)
        fit(autoencoder, bars())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shapes_types_and_ranges(dtype):
    """Codes and images have the model's type; images may have a channel axis; no images are fine."""
    autoencoder = make(dtype=dtype)
    images = bars()
    mean, log_variance = autoencoder.encode(images)
    assert mean.shape == log_variance.shape == (60, 3)
    decoded = autoencoder.decode(100 * mean)
    assert decoded.shape == (60, 4, 6) and decoded.min() >= 0 and decoded.max() <= 1
    assert mean.dtype == log_variance.dtype == decoded.dtype == autoencoder.reconstruct(images).dtype == dtype
    assert autoencoder.reconstruct(images[..., np.newaxis]).shape == (60, 4, 6, 1)
    rng = np.random.default_rng(0)
    assert autoencoder.sample(5, rng=rng).shape == (5, 4, 6)
    assert autoencoder.sample(0, rng=rng).shape == (0, 4, 6)
    assert autoencoder.elbo(images[..., np.newaxis], rng=rng).dtype == np.float64
    assert autoencoder.elbo(images[:0], rng=rng).shape == (0,)
    assert autoencoder.reconstruct(images[:0]).shape == (0, 4, 6)
    assert [moment.shape for moment in autoencoder.encode(images[:0])] == [(0, 3), (0, 3)]


def test_methods_are_those_of_the_autoencoder():
    """Whatever the plain autoencoder can do, this one can do under the same name."""
    names = [name for name in vars(Autoencoder) if not name.startswith("_")]
    assert {"encode", "decode", "reconstruct", "fit"} <= set(names)
    assert all(hasattr(VariationalAutoencoder, name) for name in names)


def test_training_is_reproducible_and_weights_are_saved(tmp_path):
    """Equal seeds give equal histories and samples, from read-only images; loading restores them."""
    images = bars()
    images.flags.writeable = False
    autoencoders = [make(seed=9), make(seed=9)]
    histories = [fit(autoencoder, images, epochs=3) for autoencoder in autoencoders]
    assert histories[0] == histories[1]
    autoencoders[0].model.save(tmp_path / "variational.npz")
    autoencoders.append(make(seed=10))
    autoencoders[2].model.load(tmp_path / "variational.npz")
    samples = [autoencoder.sample(3, rng=np.random.default_rng(11)) for autoencoder in autoencoders]
    np.testing.assert_array_equal(samples[0], samples[1])
    np.testing.assert_array_equal(samples[0], samples[2])


def test_impossible_arguments_are_refused():
    """Images of another size or unscaled, codes of another length and impossible options are named."""
    autoencoder = make()
    rng = np.random.default_rng(0)
    methods = (
        autoencoder.encode,
        autoencoder.reconstruct,
        lambda images: fit(autoencoder, images),
        lambda images: autoencoder.elbo(images, rng=rng),
    )
    for method in methods:
        with pytest.raises(ValueError, match=r"images must have shape \(N, 4, 6\), got \(2, 6, 4\)"):
            method(np.zeros((2, 6, 4)))
        with pytest.raises(ValueError, match="images must be between 0 and 1, got 0.0 to 255.0"):
            method(255 * bars())
    with pytest.raises(ValueError, match="inputs must hold at least one example, got none"):
        fit(autoencoder, bars()[:0])
    with pytest.raises(ValueError, match=r"inputs must have shape \(N, 3\), got \(2, 4\)"):
        autoencoder.decode(np.zeros((2, 4)))
    with pytest.raises(ValueError, match="n must be at least 0, got -1"):
        autoencoder.sample(-1, rng=rng)
    with pytest.raises(TypeError, match="rng must be a numpy.random.Generator"):
        autoencoder.sample(1, rng=0)
    with pytest.raises(TypeError, match="rng must be a numpy.random.Generator"):
        autoencoder.elbo(bars(), rng=0)
    with pytest.raises(ValueError, match="code must be at least 1, got 0"):
        make(code=0)
    with pytest.raises(ValueError, match=r"hidden must be a tuple of sizes such as \(128,\), got 128"):
        make(hidden=128)
    with pytest.raises(ValueError, match="hidden must be at least 1, got 0"):
        make(hidden=(0,))
