"""Train the networks of the figure `InvarianceMeter`, and measure them on turned, moved and resized digits.

Usage: python tools/invariance_networks.py

All four see the same training digits equally often: 20,000 of the full MNIST, which comes from the folder
that MNIST_DIR names, or from the mirrors. Writes lib/imagebook/data/invariance.npz: the weights as float16,
and the accuracies that networks of these weights reach on the sample's first test digits. It takes a minute.
Each run writes the same bytes on the same machine with the same NumPy and one thread
(OPENBLAS_NUM_THREADS=1).
"""

import hashlib

import numpy as np

from imagebook import augmentation, invariance, mnist
from imagebook.losses import cross_entropy
from imagebook.optim import Adam
from imagebook.widgets import _variants

N_TRAIN, EPOCHS = 20_000, 3
SEED = 0


def main():
    images, labels = (array[:N_TRAIN] for array in mnist.load("train", full=True))
    arrays = {}
    kinds = invariance.NETWORKS.items()
    models = {name: trained(*kind, mnist.scale(images), labels) for kind, name in kinds}
    for name, model in models.items():
        for position, layer in enumerate(model.layers):
            for key, parameter in layer.parameters.items():
                stored = arrays[f"{name}.{position}.{key}"] = parameter.astype(np.float16)
                parameter[...] = stored
    images, labels = (array[: _variants.N_TEST] for array in mnist.load("test"))
    for change, values in _variants.VALUES.items():
        arrays[change] = values.astype(np.float32)
        for name, model in models.items():
            measured = _variants.accuracies(model.predict, mnist.scale(images), labels, change, values)
            arrays[f"{name}.{change}"] = measured.astype(np.float32)
            print(name, change, measured.round(3).tolist(), flush=True)
    np.savez_compressed(invariance.FILE, **arrays)
    content = invariance.FILE.read_bytes()
    print(f"{invariance.FILE.name}: {len(content):,} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}")


def trained(pooling, augmented, images, labels):
    """Return a trained network."""
    rng = np.random.default_rng(SEED)
    name = invariance.NETWORKS[pooling, augmented]
    model = invariance.build_network(pooling=pooling, rng=rng)
    augment = augmentation.pipeline(**invariance.AUGMENTATION) if augmented else None
    optimizer = Adam()
    for epoch in range(EPOCHS):
        optimizer.learning_rate = round(0.006 * (1 - epoch / EPOCHS), 6)
        options = {"loss": cross_entropy, "optimizer": optimizer, "epochs": 1, "batch_size": 64, "rng": rng}
        loss = model.fit(images, labels, **options, augment=augment, progress=False)["loss"][0]
        print(f"{name}: epoch {epoch + 1} of {EPOCHS}, loss {loss:.4f}", flush=True)
    return model


if __name__ == "__main__":
    main()
