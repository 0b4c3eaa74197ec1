import numpy as np
import pytest

from imagebook.autoencoder import Autoencoder
from imagebook.layers import Dense, ReLU, Sigmoid
from imagebook.losses import mean_squared_error
from imagebook.optim import Adam


def make(seed=0, **options):
    """Return a small autoencoder for 4 x 6 images."""
    return Autoencoder(
        **{"shape": (4, 6), "hidden": (16,), "code": 3, "rng": np.random.default_rng(seed)} | options
    )


def bars(n=60):
    """Return images of one bright row each, brightest in one of three columns: twelve different pictures."""
    rng = np.random.default_rng(1)
    images = np.zeros((n, 4, 6))
    for image in images:
        image[rng.integers(4)] = rng.permutation([0.5, 0.5, 1.0]).repeat(2)
    return images


def fit(autoencoder, images, **options):
    """Fit quietly with Adam."""
    options = {"optimizer": Adam(learning_rate=0.01), "epochs": 1, "rng": np.random.default_rng(2)} | options
    return autoencoder.fit(images, progress=False, **options)


def test_decoder_mirrors_the_encoder():
    """Sizes 24, 16, 8, 3 go back as 3, 8, 16, 24; the code is linear and the pixels end in a sigmoid."""
    autoencoder = make(hidden=(16, 8))
    sizes = [
        layer.parameters["weights"].shape for layer in autoencoder.model.layers if isinstance(layer, Dense)
    ]
    assert sizes == [(24, 16), (16, 8), (8, 3), (3, 8), (8, 16), (16, 24)]
    assert isinstance(autoencoder.encoder.layers[-1], Dense)
    assert isinstance(autoencoder.decoder.layers[-1], Sigmoid)
    assert sum(isinstance(layer, ReLU) for layer in autoencoder.model.layers) == 4


def test_without_hidden_layers_only_the_code_is_left():
    """With hidden=() the encoder and the decoder are one dense layer each."""
    assert make(hidden=()).model.parameter_count == (24 * 3 + 3) + (3 * 24 + 24)


def test_shapes_and_ranges():
    """Images become codes and come back with their shape, in [0, 1], with or without a channel axis."""
    autoencoder = make()
    images = bars()
    codes = autoencoder.encode(images)
    assert codes.shape == (60, 3)
    assert autoencoder.decode(codes).shape == (60, 4, 6)
    assert autoencoder.reconstruct(images).shape == (60, 4, 6)
    assert autoencoder.reconstruct(images[..., np.newaxis]).shape == (60, 4, 6, 1)
    decoded = autoencoder.decode(100 * codes)
    assert decoded.min() >= 0 and decoded.max() <= 1
    np.testing.assert_array_equal(autoencoder.encode(images[..., np.newaxis]), codes)


def test_reconstruction_is_decoding_the_code():
    """The two halves share their layers with the whole, before training and after."""
    autoencoder = make()
    images = bars()
    for _ in range(2):
        decoded = autoencoder.decode(autoencoder.encode(images))
        np.testing.assert_allclose(autoencoder.reconstruct(images), decoded, rtol=1e-6)
        fit(autoencoder, images)


def test_an_empty_batch_passes():
    """No images give no codes and no reconstructions."""
    autoencoder = make()
    assert autoencoder.encode(np.zeros((0, 4, 6))).shape == (0, 3)
    assert autoencoder.decode(np.zeros((0, 3))).shape == (0, 4, 6)
    assert autoencoder.reconstruct(np.zeros((0, 4, 6, 1))).shape == (0, 4, 6, 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_results_have_the_type_of_the_parameters(dtype):
    """Codes and images are float32 or float64 as chosen at construction."""
    autoencoder = make(dtype=dtype)
    codes = autoencoder.encode(bars())
    assert codes.dtype == autoencoder.decode(codes).dtype == autoencoder.reconstruct(bars()).dtype == dtype


def test_training_finds_what_matters():
    """Twelve pictures pass a code of three numbers with a hundredth of the error of the mean picture."""
    images = bars()
    autoencoder = make()
    history = fit(autoencoder, images, epochs=400, batch_size=20)
    error = np.mean((autoencoder.reconstruct(images) - images) ** 2)
    assert error < np.mean((images.mean(axis=0) - images) ** 2) / 100
    assert history["loss"][-1] < history["loss"][0]


def test_denoising_maps_corrupted_images_to_clean_ones():
    """`corrupt` gets (N, H, W, 1) batches, the network what it returns, and the target stays clean."""
    images = bars(10)
    corrupted, targets = [], []

    def corrupt(batch, rng):
        corrupted.append(batch.copy())
        assert isinstance(rng, np.random.Generator)
        return np.zeros_like(batch)

    def loss(reconstructions, clean):
        targets.append(clean)
        assert np.ptp(reconstructions, axis=0).max() == 0  # all inputs were the same black image
        return mean_squared_error(reconstructions, clean)

    fit(make(), images, corrupt=corrupt, loss=loss, batch_size=4)
    assert [batch.shape for batch in corrupted] == [(4, 4, 6, 1), (4, 4, 6, 1), (2, 4, 6, 1)]
    for batch, clean in zip(corrupted, targets, strict=True):
        np.testing.assert_array_equal(clean, batch.reshape(len(batch), 24))
    found = np.concatenate(targets)
    np.testing.assert_array_equal(np.sort(found, axis=0), np.sort(images.reshape(10, 24), axis=0))


def test_denoising_removes_noise():
    """Trained on corrupted bars, the reconstruction of new corrupted bars is closer to the clean ones."""

    def corrupt(images, rng):
        return images * (rng.random(images.shape) > 0.1)

    autoencoder = make(code=6)
    fit(autoencoder, bars(200), corrupt=corrupt, epochs=100, batch_size=20)
    images = bars(40)
    noisy = corrupt(images, np.random.default_rng(3))
    assert np.mean((autoencoder.reconstruct(noisy) - images) ** 2) < np.mean((noisy - images) ** 2) / 2


def test_training_is_reproducible_and_changes_no_argument():
    """Equal seeds give equal histories and codes, from read-only images."""
    images = bars()
    images.flags.writeable = False
    autoencoders = [make(seed=4), make(seed=4)]
    histories = [fit(autoencoder, images, epochs=3) for autoencoder in autoencoders]
    assert histories[0] == histories[1]
    np.testing.assert_array_equal(*(autoencoder.encode(images) for autoencoder in autoencoders))


def test_weights_are_saved_through_the_model(tmp_path):
    """Loading into the whole fills both halves."""
    first, second = make(seed=5), make(seed=6)
    first.model.save(tmp_path / "autoencoder.npz")
    second.model.load(tmp_path / "autoencoder.npz")
    np.testing.assert_array_equal(first.encode(bars()), second.encode(bars()))
    np.testing.assert_array_equal(first.reconstruct(bars()), second.reconstruct(bars()))


def test_impossible_arguments_are_refused():
    """Images of another size, unscaled or none at all, codes of another length and empty layers are named."""
    autoencoder = make()
    for method in (autoencoder.encode, autoencoder.reconstruct, lambda images: fit(autoencoder, images)):
        with pytest.raises(ValueError, match=r"images must have shape \(N, 4, 6\), got \(2, 6, 4\)"):
            method(np.zeros((2, 6, 4)))
    with pytest.raises(ValueError, match=r"images must have shape \(N, 4, 6\), got \(2, 4, 6, 3\)"):
        autoencoder.encode(np.zeros((2, 4, 6, 3)))
    with pytest.raises(ValueError, match="images must be an array with 3 or 4 dimensions"):
        autoencoder.encode(np.zeros((4, 6)))
    with pytest.raises(ValueError, match="images must be between 0 and 1, got 0.0 to 255.0"):
        fit(autoencoder, 255 * bars())
    with pytest.raises(ValueError, match="inputs must hold at least one example, got none"):
        fit(autoencoder, bars()[:0])
    with pytest.raises(ValueError, match=r"inputs must have shape \(N, 3\), got \(2, 4\)"):
        autoencoder.decode(np.zeros((2, 4)))
    with pytest.raises(ValueError, match="code must be at least 1, got 0"):
        make(code=0)
    with pytest.raises(ValueError, match=r"hidden must be a tuple of sizes such as \(128,\), got 128"):
        make(hidden=128)
    with pytest.raises(ValueError, match="hidden must be at least 1, got 0"):
        make(hidden=(0,))
