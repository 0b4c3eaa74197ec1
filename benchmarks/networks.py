"""The networks that are trained in the benchmarks: ours, and their twins in PyTorch with the same weights.

Nobody has less to do: PyTorch's LeNet-5 has the frame of two pixels, the scaled tanh, the subsampling with
its weights and the connection table too. Its Adam is the fused one, which is the faster.
"""

import os
from functools import cache
from pathlib import Path

import numpy as np
import pooch
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from imagebook import lenet, mnist, models
from imagebook.autoencoder import Autoencoder
from imagebook.losses import cross_entropy, mean_squared_error
from imagebook.optim import Adam

EXAMPLES = 60_000
BATCH_SIZE = 128


def channels_first(images):
    """Return a batch as PyTorch wants it, (N, C, H, W), laid out afresh in memory."""
    return torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))


def whole_mnist_is_here():
    """Say whether all of MNIST can be loaded without a download."""
    kept = Path(pooch.os_cache("imagebook")) / "train-images-idx3-ubyte"
    return "MNIST_DIR" in os.environ or kept.exists()


@cache
def digits():
    """Return 60,000 training digits and the test digits: the whole of MNIST, else the sample repeated."""
    full = whole_mnist_is_here()
    images, labels = mnist.load("train", full=full)
    repeats = EXAMPLES // len(images)
    images, labels = np.tile(images, (repeats, 1, 1)), np.tile(labels, repeats)
    test_images, test_labels = mnist.load("test", full=full)
    return (
        (mnist.scale(images), labels.astype(np.int64)),
        (mnist.scale(test_images), test_labels.astype(np.int64)),
    )


class InputPlane(nn.Module):
    """LeNet-5's frame and scale, as `lenet.InputPlane`."""

    def forward(self, x):
        """Return y."""
        return F.pad(1.275 * x - 0.1, (2, 2, 2, 2), value=-0.1)


class ScaledTanh(nn.Module):
    """LeNet-5's squashing function, as `lenet.ScaledTanh`."""

    def forward(self, x):
        """Return y."""
        return 1.7159 * torch.tanh(2 / 3 * x)


class Subsampling(nn.Module):
    """LeNet-5's pooling with a weight and a bias for each map, as `lenet.Subsampling`."""

    def __init__(self, channels):
        super().__init__()
        self.weight, self.bias = (nn.Parameter(torch.zeros(channels, 1, 1)) for _ in range(2))

    def forward(self, x):
        """Return y."""
        return F.avg_pool2d(x, 2, divisor_override=1) * self.weight + self.bias


class ConnectionTableConv2d(nn.Conv2d):
    """LeNet-5's C3, as `lenet.ConnectionTableConv2D`: a mask keeps the missing connections at zero."""

    def __init__(self, table, kernel_size):
        super().__init__(*table.shape, kernel_size)
        self.table = table
        self.register_buffer("mask", torch.from_numpy(table.T[:, :, None, None].astype(np.float32)))

    def forward(self, x):
        """Return y."""
        return F.conv2d(x, self.weight * self.mask, self.bias)

    def full(self, weights):
        """Return our weights, one for each connection, with zeros for the missing ones."""
        result = np.zeros((*weights.shape[:2], *self.table.shape), np.float32)
        result[:, :, self.table] = weights
        return result


def lenet5():
    """Return an untrained LeNet-5 and its twin in PyTorch."""
    table = np.array([[mark == "X" for mark in row] for row in lenet.TABLE_1])
    twin = nn.Sequential(
        InputPlane(),
        *(nn.Conv2d(1, 6, 5), ScaledTanh(), Subsampling(6), ScaledTanh()),
        *(ConnectionTableConv2d(table, 5), ScaledTanh(), Subsampling(16), ScaledTanh()),
        *(nn.Conv2d(16, 120, 5), ScaledTanh(), nn.Flatten()),
        *(nn.Linear(120, 84), ScaledTanh(), nn.Linear(84, 10)),
    )
    return with_twin(lenet.lenet5(rng=np.random.default_rng(0)), twin)


def small_cnn():
    """Return an untrained `models.small_cnn` and its twin in PyTorch."""
    twin = nn.Sequential(
        *(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(400, 10)),
    )
    return with_twin(models.small_cnn(rng=np.random.default_rng(0)), twin, flattened=(5, 5, 16))


def autoencoder():
    """Return an untrained autoencoder 784-128-32-128-784 and its twin in PyTorch."""
    sizes = (784, 128, 32, 128, 784)
    dense = [nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:], strict=True)]
    twin = nn.Sequential(
        nn.Flatten(), dense[0], nn.ReLU(), dense[1], dense[2], nn.ReLU(), dense[3], nn.Sigmoid()
    )
    ours = Autoencoder(rng=np.random.default_rng(0))
    with_twin(ours.model, twin)
    return ours, twin


def with_twin(ours, twin, *, flattened=None):
    """Return both networks with our weights in both; `flattened` is the shape that reaches `Flatten`."""
    layers = [layer for layer in ours.layers if layer.parameters]
    modules = [module for module in twin if list(module.parameters())]
    for layer, module in zip(layers, modules, strict=True):
        weights = layer.parameters["weights"]
        if isinstance(module, ConnectionTableConv2d):
            weights = module.full(weights)
        if flattened and isinstance(module, nn.Linear):
            # We flatten (H, W, C), PyTorch (C, H, W).
            weights = weights.reshape(*flattened, -1).transpose(2, 0, 1, 3).reshape(weights.shape)
        axes = {1: (0,), 2: (1, 0), 4: (3, 2, 0, 1)}[weights.ndim]
        with torch.no_grad():
            for target, values in (
                (module.weight, weights.transpose(axes)),
                (module.bias, layer.parameters["bias"]),
            ):
                target.copy_(torch.from_numpy(values.copy()).reshape(target.shape))
    return ours, twin


def torch_epoch(model, loss, inputs, targets, *, batch_size, rng):
    """Train for one epoch with Adam in PyTorch, as `Sequential.fit` does."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001, fused=True)
    order = torch.from_numpy(rng.permutation(len(inputs)))
    for chosen in order.split(batch_size):
        optimizer.zero_grad()
        loss(model(inputs[chosen]), targets[chosen]).backward()
        optimizer.step()


def classifier_epoch(make, images, labels, *, batch_size=BATCH_SIZE):
    """Return two classifiers and the calls that train each for one epoch."""
    ours, twin = make()
    last = {"memory_format": torch.channels_last}  # the faster layout of the two for both networks
    twin, x, y = twin.to(**last), channels_first(images).contiguous(**last), torch.from_numpy(labels)
    optimizer, rng, torch_rng = Adam(), np.random.default_rng(1), np.random.default_rng(1)
    options = {"loss": cross_entropy, "optimizer": optimizer, "epochs": 1, "progress": False}
    return (ours, twin), {
        "ours": lambda: ours.fit(images, labels, batch_size=batch_size, rng=rng, **options),
        "PyTorch": lambda: torch_epoch(twin, F.cross_entropy, x, y, batch_size=batch_size, rng=torch_rng),
    }


def autoencoder_epoch(images):
    """Return two autoencoders and the calls that train each for one epoch."""
    ours, twin = autoencoder()
    x = torch.from_numpy(images.reshape(len(images), 784))
    optimizer, rng, torch_rng = Adam(), np.random.default_rng(1), np.random.default_rng(1)
    options = {"loss": mean_squared_error, "optimizer": optimizer, "epochs": 1, "progress": False}
    return (ours, twin), {
        "ours": lambda: ours.fit(images, batch_size=BATCH_SIZE, rng=rng, **options),
        "PyTorch": lambda: torch_epoch(twin, F.mse_loss, x, x, batch_size=BATCH_SIZE, rng=torch_rng),
    }


def trained_alike():
    """Train each pair for one epoch from the same weights on the same batches; return both test errors."""
    (images, labels), (test_images, test_labels) = digits()
    rows = []

    (ours, twin), calls = autoencoder_epoch(images)
    for call in calls.values():
        call()
    with torch.no_grad():
        theirs = twin(channels_first(test_images)).numpy().reshape(test_images.shape)
    errors = [float(np.mean((made - test_images) ** 2)) for made in (ours.reconstruct(test_images), theirs)]
    rows.append(("autoencoder", "mean squared error", errors))

    (ours, twin), calls = classifier_epoch(lenet5, images, labels)
    for call in calls.values():
        call()
    with torch.no_grad():
        theirs = twin(channels_first(test_images)).numpy()
    errors = [
        100 * (1 - models.accuracy(logits, test_labels)) for logits in (ours.predict(test_images), theirs)
    ]
    rows.append(("LeNet-5", "wrong digits, percent", errors))
    data = "MNIST" if whole_mnist_is_here() else "the sample of MNIST, repeated to 60,000 digits"
    return [
        {"model": model, "measure": measure, "ours": mine, "PyTorch": theirs, "data": data}
        for model, measure, (mine, theirs) in rows
    ]
