"""Train the networks of the figure `InvarianceMeter`, and measure them on turned, moved and resized digits.

Usage: python tools/invariance_networks.py

All four see the same training digits equally often: 20,000 of the full MNIST, which comes from the folder that
MNIST_DIR names, or from the mirrors. Writes lib/imagebook/data/invariance.npz: the weights as float16, and the
accuracies that networks of these weights reach on the sample's first test digits. It takes about two minutes. Each run
writes the same bytes on the same machine with the same NumPy and one thread (OPENBLAS_NUM_THREADS=1).
"""

import hashlib

import numpy as np

from imagebook import augmentation, mnist
from imagebook.losses import cross_entropy
from imagebook.optim import Adam
from imagebook.widgets import _variants

N_TRAIN, N_TEST, EPOCHS = 20_000, 1000, 3
SEED = 0


def main():
    images, labels = (array[:N_TRAIN] for array in mnist.load("train", full=True))
    arrays = {}
    models = {name: trained(name, mnist.scale(images), labels) for name in _variants.NAMES.values()}
    for name, model in models.items():
        for position, layer in enumerate(model.layers):
            for key, parameter in layer.parameters.items():
                stored = arrays[f"{name}.{position}.{key}"] = parameter.astype(np.float16)
                parameter[...] = stored
    images, labels = (array[:N_TEST] for array in mnist.load("test"))
    for change, values in _variants.VALUES.items():
        arrays[change] = values.astype(np.float32)
        for name, model in models.items():
            measured = _variants.accuracies(model.predict, mnist.scale(images), labels, change, values)
            arrays[f"{name}.{change}"] = measured.astype(np.float32)
            print(name, change, measured.round(3).tolist(), flush=True)
    np.savez_compressed(_variants.FILE, **arrays)
    content = _variants.FILE.read_bytes()
    print(f"{_variants.FILE.name}: {len(content):,} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}")


def trained(name, images, labels):
    """Return a trained network."""
    rng = np.random.default_rng(SEED)
    model = _variants.build(name, rng=rng)
    augment = augmentation.pipeline(**_variants.AUGMENTATION) if name.endswith("augmented") else None
    optimizer = Adam()
    for epoch in range(EPOCHS):
        optimizer.learning_rate = round(0.006 * (1 - epoch / EPOCHS), 6)
        options = {"loss": cross_entropy, "optimizer": optimizer, "epochs": 1, "batch_size": 64, "rng": rng}
        loss = model.fit(images, labels, **options, augment=augment, progress=False)["loss"][0]
        print(f"{name}: epoch {epoch + 1} of {EPOCHS}, loss {loss:.4f}", flush=True)
    return model


if __name__ == "__main__":
    main()
