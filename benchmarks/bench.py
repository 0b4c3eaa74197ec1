"""Time the library beside its peers, in one run, and print a table.

Every job runs nine times or more, ours and the peers' in turn, so that a slow moment of the machine hits all
of them; the medians are compared. Two threads for everyone (README.md says how for NumPy), float32. Ratio =
the best peer's time / ours: above 1 we are faster.
"""

import argparse
import json
import math
import time
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import scipy.ndimage
import scipy.signal
import skimage.transform
import torch
import torch.nn.functional as F  # noqa: N812

from imagebook import augmentation, boxes, convolution, lenet, models, pooling, resampling, softmax
from imagebook.autoencoder import Autoencoder
from imagebook.layers import Conv2D
from imagebook.losses import cross_entropy, mean_squared_error
from imagebook.optim import Adam

torch.set_num_threads(2)
cv2.setNumThreads(2)
RESULTS = Path(__file__).parent / "results" / "bench.json"
rng = np.random.default_rng(0)


def random(*shape):
    """Return random float32 numbers in [0, 1)."""
    return rng.random(shape, dtype=np.float32)


def channels_first(images):
    """Return a batch as PyTorch wants it, (N, C, H, W), laid out afresh in memory."""
    return torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))


def conv2d_forward(shape, channels_out):
    """Return the contenders for a 3x3 convolution."""
    images, kernels = random(*shape), random(3, 3, shape[3], channels_out)
    x = channels_first(images)
    last = x.contiguous(memory_format=torch.channels_last)
    w = torch.from_numpy(np.ascontiguousarray(kernels.transpose(3, 2, 0, 1)))
    contenders = {
        "ours": lambda: convolution.conv2d(images, kernels),
        "PyTorch": lambda: F.conv2d(x, w),
        "PyTorch, channels last": lambda: F.conv2d(last, w),
    }
    if shape[0] == 1:
        # OpenCV filters one channel with one kernel; the sum over the channels is ours to write.
        planes = [np.ascontiguousarray(images[0, :, :, c]) for c in range(shape[3])]
        contenders["OpenCV"] = lambda: [
            sum(cv2.filter2D(plane, -1, kernels[:, :, c, k]) for c, plane in enumerate(planes))
            for k in range(channels_out)
        ]
    return contenders


def conv2d_backward(shape, channels_out):
    """Return the contenders for both gradients of a 3x3 convolution, the forward pass not counted."""
    images = random(*shape)
    layer = Conv2D(shape[3], channels_out, 3, rng=rng)
    gradient = np.ones_like(layer.forward(images))
    x = channels_first(images).requires_grad_()
    w = torch.from_numpy(
        np.ascontiguousarray(layer.parameters["weights"].transpose(3, 2, 0, 1))
    ).requires_grad_()
    y, g = F.conv2d(x, w), channels_first(gradient)
    return {
        "ours": lambda: layer.backward(gradient),
        "PyTorch": lambda: torch.autograd.grad(y, (x, w), g, retain_graph=True),
    }


def depthwise(shape):
    """Return the contenders for a depthwise 3x3 convolution."""
    images, kernels = random(*shape), random(3, 3, shape[3])
    x = channels_first(images)
    last = x.contiguous(memory_format=torch.channels_last)
    w = torch.from_numpy(np.ascontiguousarray(kernels.transpose(2, 0, 1)[:, None]))
    return {
        "ours": lambda: convolution.depthwise_conv2d(images, kernels),
        "PyTorch": lambda: F.conv2d(x, w, groups=shape[3]),
        "PyTorch, channels last": lambda: F.conv2d(last, w, groups=shape[3]),
    }


def pool(shape, kind):
    """Return the contenders for pooling with 2x2 windows."""
    images = random(*shape)
    x = channels_first(images)
    last = x.contiguous(memory_format=torch.channels_last)
    ours, theirs = {
        "max": (pooling.max_pool2d, F.max_pool2d),
        "average": (pooling.average_pool2d, F.avg_pool2d),
    }[kind]
    return {
        "ours": lambda: ours(images, 2),
        "PyTorch": lambda: theirs(x, 2),
        "PyTorch, channels last": lambda: theirs(last, 2),
    }


def random_boxes(count):
    """Return boxes in a 1000 x 1000 image."""
    corner, size = random(count, 2) * 900, random(count, 2) * 90 + 1
    return np.concatenate([corner, corner + size], axis=1)


def torch_iou(a, b):
    """Return the pairwise IoU in PyTorch, as torchvision computes it."""
    low, high = torch.maximum(a[:, None, :2], b[:, :2]), torch.minimum(a[:, None, 2:], b[:, 2:])
    size = (high - low).clamp(min=0)
    shared = size[..., 0] * size[..., 1]
    areas = [(c[:, 2] - c[:, 0]) * (c[:, 3] - c[:, 1]) for c in (a, b)]
    return shared / (areas[0][:, None] + areas[1] - shared)


def pairwise_iou(count):
    """Return the contenders for the IoU of all pairs."""
    a, b = random_boxes(count), random_boxes(count)
    x, y = torch.from_numpy(a), torch.from_numpy(b)
    return {"ours": lambda: boxes.pairwise_iou(a, b), "PyTorch": lambda: torch_iou(x, y)}


def nms(count):
    """Return the contenders for non-maximum suppression."""
    a, scores = random_boxes(count), random(count)
    as_xywh = boxes.convert(a, "xyxy", "xywh").tolist()
    score_list = scores.tolist()
    return {
        "ours": lambda: boxes.nms(a, scores, iou_threshold=0.5),
        "OpenCV": lambda: cv2.dnn.NMSBoxes(as_xywh, score_list, 0.0, 0.5),
    }


def rotation(count):
    """Return the contenders for the rotation of many digits, bilinear."""
    images = random(count, 28, 28, 1)
    stack = np.ascontiguousarray(images[..., 0])
    matrix = cv2.getRotationMatrix2D((13.5, 13.5), 20, 1)
    x = channels_first(images)
    angle = math.radians(20)
    theta = torch.tensor([[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0]])
    theta = theta.repeat(count, 1, 1)

    def with_torch():
        grid = F.affine_grid(theta, x.shape, align_corners=False)
        return F.grid_sample(x, grid, align_corners=False)

    return {
        "ours": lambda: augmentation.rotate(images, 20),
        "OpenCV": lambda: [cv2.warpAffine(image, matrix, (28, 28)) for image in stack],
        "SciPy": lambda: scipy.ndimage.rotate(stack, 20, axes=(2, 1), reshape=False, order=1),
        "PyTorch": with_torch,
    }


def resize(shape, target):
    """Return the contenders for shrinking an image with anti-aliasing."""
    image = random(*shape)
    x = channels_first(image[None])
    return {
        "ours": lambda: resampling.resize(image, target),
        "PyTorch": lambda: F.interpolate(x, target, mode="bilinear", antialias=True, align_corners=False),
        "OpenCV (area)": lambda: cv2.resize(image, target[::-1], interpolation=cv2.INTER_AREA),
        "scikit-image": lambda: skimage.transform.resize(image, target, order=1, anti_aliasing=True),
    }


def sampling(count):
    """Return the contenders for draws from a softmax over ten classes."""
    logits = random(count, 10)
    x = torch.from_numpy(logits)
    generator = np.random.default_rng(0)
    return {
        "ours": lambda: softmax.sample(logits, rng=generator),
        "PyTorch": lambda: torch.multinomial(torch.softmax(x, -1), 1),
    }


def torch_cnn():
    """Return `models.small_cnn` in PyTorch."""
    from torch import nn

    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(400, 10)),
    )


def torch_steps(model, loss, inputs, targets, batch_size):
    """Run one epoch of Adam in PyTorch."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    order = torch.randperm(len(inputs))
    for start in range(0, len(inputs), batch_size):
        chosen = order[start : start + batch_size]
        optimizer.zero_grad()
        loss(model(inputs[chosen]), targets[chosen]).backward()
        optimizer.step()


def cnn_step(batch):
    """Return the contenders for one training step of the small CNN."""
    images, labels = random(batch, 28, 28, 1), rng.integers(0, 10, batch)
    ours, optimizer = models.small_cnn(rng=rng), Adam()
    theirs, x, y = torch_cnn(), channels_first(images), torch.from_numpy(labels)
    options = {
        "loss": cross_entropy,
        "optimizer": optimizer,
        "epochs": 1,
        "batch_size": batch,
        "progress": False,
    }
    return {
        "ours": lambda: ours.fit(images, labels, rng=rng, **options),
        "PyTorch": lambda: torch_steps(theirs, F.cross_entropy, x, y, batch),
    }


def autoencoder_epoch(images):
    """Return the contenders for one epoch of the autoencoder 784-128-32-128-784."""
    from torch import nn

    sizes = (784, 128, 32, 128, 784)
    dense = [nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:], strict=True)]
    theirs = nn.Sequential(dense[0], nn.ReLU(), dense[1], dense[2], nn.ReLU(), dense[3], nn.Sigmoid())
    x = torch.from_numpy(images.reshape(len(images), 784))
    ours, optimizer = Autoencoder(rng=rng), Adam()
    options = {"loss": mean_squared_error, "optimizer": optimizer, "epochs": 1, "batch_size": 128}
    return {
        "ours": lambda: ours.fit(images, rng=rng, progress=False, **options),
        "PyTorch": lambda: torch_steps(theirs, F.mse_loss, x, x, 128),
    }


def lenet_epoch(images):
    """Return the contenders for one epoch of LeNet-5 (PyTorch's: dense C3, pooling without weights)."""
    from torch import nn

    labels = rng.integers(0, 10, len(images))
    theirs = nn.Sequential(
        *(
            nn.Conv2d(1, 6, 5, padding=2),
            nn.Tanh(),
            nn.AvgPool2d(2),
            nn.Conv2d(6, 16, 5),
            nn.Tanh(),
            nn.AvgPool2d(2),
        ),
        *(nn.Conv2d(16, 120, 5), nn.Tanh(), nn.Flatten(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10)),
    )
    x, y = channels_first(images), torch.from_numpy(labels)
    ours, optimizer = lenet.lenet5(rng=rng), Adam()
    options = {
        "loss": cross_entropy,
        "optimizer": optimizer,
        "epochs": 1,
        "batch_size": 128,
        "progress": False,
    }
    return {
        "ours": lambda: ours.fit(images, labels, rng=rng, **options),
        "PyTorch": lambda: torch_steps(theirs, F.cross_entropy, x, y, 128),
    }


def jobs():
    """Yield the name of each job and its contenders, made when they are needed."""
    yield "conv2d 64x28x28x1 -> 16", lambda: conv2d_forward((64, 28, 28, 1), 16)
    yield "conv2d 64x28x28x16 -> 32", lambda: conv2d_forward((64, 28, 28, 16), 32)
    yield "conv2d 32x56x56x32 -> 64", lambda: conv2d_forward((32, 56, 56, 32), 64)
    yield "conv2d 1x512x512x3 -> 8", lambda: conv2d_forward((1, 512, 512, 3), 8)
    yield "conv2d backward 64x28x28x16 -> 32", lambda: conv2d_backward((64, 28, 28, 16), 32)
    yield "depthwise 3x3 32x56x56x64", lambda: depthwise((32, 56, 56, 64))
    yield "max_pool2d 2x2 64x28x28x16", lambda: pool((64, 28, 28, 16), "max")
    yield "average_pool2d 2x2 64x28x28x16", lambda: pool((64, 28, 28, 16), "average")
    yield "pairwise_iou 1000x1000", lambda: pairwise_iou(1000)
    yield "nms 5000 boxes", lambda: nms(5000)
    yield "rotation of 1000 digits", lambda: rotation(1000)
    yield "resize 2 megapixels to a quarter", lambda: resize((1200, 1680, 3), (600, 840))
    yield "softmax sampling, 1e6 draws", lambda: sampling(1_000_000)
    yield "CNN training step, batch 64", lambda: cnn_step(64)
    yield "autoencoder epoch, 60,000 images", lambda: autoencoder_epoch(random(60_000, 28, 28))
    yield "LeNet-5 epoch, 60,000 images", lambda: lenet_epoch(random(60_000, 28, 28, 1))


def measure(contenders, runs):
    """Return the median time of each contender in milliseconds.

    The threads of a library wait for more work for some 30 ms, wide awake, and slow down whoever comes
    next. So every contender first runs for that long without being timed, unless one run takes far longer.
    """
    times = {name: [] for name in contenders}
    for _ in range(runs + 1):
        for name, call in contenders.items():
            if not times[name] or times[name][-1] < 1000:
                ready = time.perf_counter() + 0.03
                while time.perf_counter() < ready:
                    call()
            started = time.perf_counter()
            call()
            times[name].append(1000 * (time.perf_counter() - started))
    return {name: median(values[1:]) for name, values in times.items()}


def main():
    """Run the jobs, print the table and keep it as data."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=9, help="runs of each contender; the median counts")
    parser.add_argument("--only", default="", help="run the jobs whose name holds this text")
    options = parser.parse_args()
    rows = []
    print(f"{'job':36}{'ours, ms':>10}{'best, ms':>10}{'ratio':>7}  best peer")
    for name, make in jobs():
        if options.only not in name:
            continue
        times = measure(make(), options.runs)
        ours = times.pop("ours")
        peer = min(times, key=times.get)
        rows.append(
            {"job": name, "ours_ms": ours, "peer": peer, "peer_ms": times[peer], "ratio": times[peer] / ours}
        )
        print(f"{name:36}{ours:10.2f}{times[peer]:10.2f}{rows[-1]['ratio']:7.2f}  {peer}", flush=True)
    mean = math.exp(sum(math.log(row["ratio"]) for row in rows) / len(rows))
    print(f"geometric mean of the ratios: {mean:.2f}")
    if not options.only:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps({"geometric_mean": mean, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
