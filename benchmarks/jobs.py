"""What is measured: every job with its contenders, ours and the peers', at any size.

The data are made beforehand and in each peer's best layout; where two layouts are common, both compete.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
import scipy.ndimage
import skimage.transform
import torch
import torch.nn.functional as F  # noqa: N812
from networks import autoencoder_epoch, channels_first, classifier_epoch, digits, lenet5, small_cnn

from imagebook import augmentation, boxes, convolution, pooling, resampling, softmax
from imagebook.layers import Conv2D

THREADS = 2
torch.set_num_threads(THREADS)
cv2.setNumThreads(THREADS)
rng = np.random.default_rng(0)


class Job(NamedTuple):
    """One line of the table."""

    name: str
    make: Callable  # make(size) returns the contenders, {name: call}
    size: int  # of the table
    sizes: tuple  # five, from 1 to 16 times as much work
    work: Callable = lambda size: size  # how much work a size is, counted in the unit
    unit: str = "images"
    least: int = 1  # the smallest size, which shows what a call costs by itself
    make_for_memory: Callable | None = None  # where what is timed does not hold all that the job needs


def random(*shape):
    """Return random float32 numbers in [0, 1)."""
    return rng.random(shape, dtype=np.float32)


def both_layouts(images):
    """Return a batch in the two layouts of PyTorch."""
    x = channels_first(images)
    return x, x.contiguous(memory_format=torch.channels_last)


def conv2d_forward(shape, channels_out):
    """Return the contenders for a 3x3 convolution."""
    images, kernels = random(*shape), random(3, 3, shape[3], channels_out)
    x, last = both_layouts(images)
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


def conv2d_backward(shape, channels_out, *, with_forward=False):
    """Return the contenders for both gradients of a 3x3 convolution; the forward pass is not timed."""
    images = random(*shape)
    layer = Conv2D(shape[3], channels_out, 3, rng=rng)
    weights = np.ascontiguousarray(layer.parameters["weights"].transpose(3, 2, 0, 1))
    x, w = channels_first(images).requires_grad_(), torch.from_numpy(weights).requires_grad_()
    gradient = np.ones((shape[0], shape[1] - 2, shape[2] - 2, channels_out), np.float32)
    g = channels_first(gradient)
    if with_forward:
        return {
            "ours": lambda: (layer.forward(images), layer.backward(gradient)),
            "PyTorch": lambda: torch.autograd.grad(F.conv2d(x, w), (x, w), g),
        }
    layer.forward(images)
    y = F.conv2d(x, w)
    return {
        "ours": lambda: layer.backward(gradient),
        "PyTorch": lambda: torch.autograd.grad(y, (x, w), g, retain_graph=True),
    }


def depthwise(shape):
    """Return the contenders for a depthwise 3x3 convolution."""
    images, kernels = random(*shape), random(3, 3, shape[3])
    x, last = both_layouts(images)
    w = torch.from_numpy(np.ascontiguousarray(kernels.transpose(2, 0, 1)[:, None]))
    return {
        "ours": lambda: convolution.depthwise_conv2d(images, kernels),
        "PyTorch": lambda: F.conv2d(x, w, groups=shape[3]),
        "PyTorch, channels last": lambda: F.conv2d(last, w, groups=shape[3]),
    }


def pool(shape, ours, theirs):
    """Return the contenders for pooling with 2x2 windows."""
    images = random(*shape)
    x, last = both_layouts(images)
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


def resize(unit):
    """Return the contenders for halving both sides of a colour image of 5 x 7 units, with anti-aliasing."""
    image, target = random(5 * unit, 7 * unit, 3), (5 * unit // 2, 7 * unit // 2)
    x, last = both_layouts(image[None])
    options = {"mode": "bilinear", "antialias": True, "align_corners": False}
    return {
        "ours": lambda: resampling.resize(image, target),
        "PyTorch": lambda: F.interpolate(x, target, **options),
        "PyTorch, channels last": lambda: F.interpolate(last, target, **options),
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


def cnn_step(count):
    """Return the contenders for one training step of the small CNN on one batch."""
    (images, labels), _ = digits()
    return classifier_epoch(small_cnn, images[:count], labels[:count], batch_size=count)[1]


def autoencoder_training(count):
    """Return the contenders for one epoch of the autoencoder 784-128-32-128-784."""
    (images, _), _ = digits()
    return autoencoder_epoch(images[:count])[1]


def lenet_training(count):
    """Return the contenders for one epoch of LeNet-5."""
    (images, labels), _ = digits()
    return classifier_epoch(lenet5, images[:count], labels[:count])[1]


def doublings(smallest):
    """Return five sizes, each twice the one before."""
    return tuple(smallest * 2**i for i in range(5))


def square(size):
    """Return how much work a size is where it counts the side of a square."""
    return size**2


EPOCH = {"size": 60_000, "sizes": doublings(480)}
JOBS = (
    Job("conv2d 64x28x28x1 -> 16", lambda n: conv2d_forward((n, 28, 28, 1), 16), 64, doublings(64)),
    Job("conv2d 64x28x28x16 -> 32", lambda n: conv2d_forward((n, 28, 28, 16), 32), 64, doublings(16)),
    Job("conv2d 32x56x56x32 -> 64", lambda n: conv2d_forward((n, 56, 56, 32), 64), 32, doublings(4)),
    Job(
        "conv2d 1x512x512x3 -> 8",
        lambda n: conv2d_forward((1, n + 2, n + 2, 3), 8),
        510,
        (256, 362, 512, 724, 1024),
        square,
        "pixels",
    ),
    Job(
        "conv2d backward 64x28x28x16 -> 32",
        lambda n: conv2d_backward((n, 28, 28, 16), 32),
        64,
        doublings(16),
        make_for_memory=lambda n: conv2d_backward((n, 28, 28, 16), 32, with_forward=True),
    ),
    Job("depthwise 3x3 32x56x56x64", lambda n: depthwise((n, 56, 56, 64)), 32, doublings(4)),
    Job(
        "max_pool2d 2x2 64x28x28x16",
        lambda n: pool((n, 28, 28, 16), pooling.max_pool2d, F.max_pool2d),
        64,
        doublings(64),
    ),
    Job(
        "average_pool2d 2x2 64x28x28x16",
        lambda n: pool((n, 28, 28, 16), pooling.average_pool2d, F.avg_pool2d),
        64,
        doublings(64),
    ),
    Job("pairwise_iou 1000x1000", pairwise_iou, 1000, (500, 707, 1000, 1414, 2000), square, "pairs"),
    Job("nms 5000 boxes", nms, 5000, (1250, 1768, 2500, 3536, 5000), square, "pairs"),
    Job("rotation of 1000 digits", rotation, 1000, doublings(250)),
    Job(
        "resize 2 megapixels to a quarter",
        resize,
        240,
        (60, 84, 120, 170, 240),
        lambda unit: 5 * unit * 7 * unit,
        "pixels",
        least=2,
    ),
    Job("softmax sampling, 1e6 draws", sampling, 1_000_000, doublings(62_500), unit="draws"),
    Job("CNN training step, batch 64", cnn_step, 64, doublings(32)),
    Job("autoencoder epoch, 60,000 images", autoencoder_training, **EPOCH),
    Job("LeNet-5 epoch, 60,000 images", lenet_training, **EPOCH),
)
