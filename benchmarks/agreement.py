"""Compare imagebook with PyTorch on random configurations; exit with status 1 where they disagree.

Usage: python benchmarks/agreement.py

Every configuration has its own seed, so that a disagreement can be repeated. conv2d, max_pool2d and softmax
are compared with PyTorch's own. torchvision, which has IoU and NMS, is not used: these two are compared with
a few lines below, written independently of the library with PyTorch tensors.
"""

import sys

import numpy as np
import torch

from imagebook.boxes import nms, pairwise_iou
from imagebook.convolution import conv2d
from imagebook.pooling import max_pool2d
from imagebook.softmax import softmax

CONFIGURATIONS = 200
TOLERANCES = {np.float32: 1e-5, np.float64: 1e-13}  # of the largest number in the result


def compare_conv2d(rng, dtype):
    kernel_size = rng.integers(1, 5, size=2)
    stride, padding, dilation = (rng.integers(low, 4, size=2) for low in (1, 0, 1))
    n, c_in, c_out = rng.integers((0, 1, 1), 5)
    images = random_images(rng, dtype, n, c_in, smallest=dilation * (kernel_size - 1) + 1 - 2 * padding)
    kernels = rng.normal(size=(*kernel_size, c_in, c_out)).astype(dtype)
    options = {"stride": ints(stride), "padding": ints(padding), "dilation": ints(dilation)}
    expected = torch.nn.functional.conv2d(
        channels_first(images), torch.from_numpy(kernels).permute(3, 2, 0, 1), **options
    )
    return conv2d(images, kernels, **options), channels_last(expected)


def compare_max_pool2d(rng, dtype):
    size = rng.integers(1, 5, size=2)
    stride = rng.integers(1, 4, size=2)
    padding = rng.integers(0, size // 2, endpoint=True)  # PyTorch allows no more than half the window
    n, channels = rng.integers((0, 1), 5)
    images = random_images(rng, dtype, n, channels, smallest=size - 2 * padding)
    options = {"stride": ints(stride), "padding": ints(padding)}
    expected = torch.nn.functional.max_pool2d(channels_first(images), ints(size), **options)
    return max_pool2d(images, ints(size), **options), channels_last(expected)


def compare_pairwise_iou(rng, dtype):
    boxes_a, boxes_b = (random_boxes(rng, dtype, rng.integers(0, 12)) for _ in range(2))
    expected = torch_iou(torch.from_numpy(boxes_a), torch.from_numpy(boxes_b))
    return pairwise_iou(boxes_a, boxes_b), expected.numpy()


def compare_nms(rng, dtype):
    boxes = random_boxes(rng, dtype, rng.integers(0, 30))
    scores = rng.integers(0, 20, size=len(boxes)).astype(dtype) / 20  # with ties
    threshold = float(rng.choice([0, 0.25, 0.5, 1, rng.uniform()]))
    expected = torch_nms(torch.from_numpy(boxes), torch.from_numpy(scores), threshold)
    return nms(boxes, scores, iou_threshold=threshold), np.array(expected, dtype=np.int64)


def compare_softmax(rng, dtype):
    shape = rng.integers(1, 6, size=rng.integers(1, 5))
    axis = int(rng.integers(-len(shape), len(shape)))
    temperature = float(10 ** rng.uniform(-2, 2))
    logits = (rng.normal(size=shape) * 10 ** rng.uniform(-1, 4)).astype(dtype)
    # In float64: logits / temperature reaches 1e6, where float32 has no digits left behind the point.
    expected = torch.softmax(torch.from_numpy(logits).double() / temperature, dim=axis)
    return softmax(logits, temperature=temperature, axis=axis), expected.numpy()


def torch_iou(boxes_a, boxes_b):
    a, b = boxes_a[:, None], boxes_b[None]
    overlap_x = (torch.minimum(a[..., 2], b[..., 2]) - torch.maximum(a[..., 0], b[..., 0])).clamp(min=0)
    overlap_y = (torch.minimum(a[..., 3], b[..., 3]) - torch.maximum(a[..., 1], b[..., 1])).clamp(min=0)
    area_a, area_b = ((c[..., 2] - c[..., 0]) * (c[..., 3] - c[..., 1]) for c in (a, b))
    both = overlap_x * overlap_y
    return torch.nan_to_num(both / (area_a + area_b - both), nan=0.0)  # 0 / 0: two boxes without area


def torch_nms(boxes, scores, threshold):
    too_close = torch_iou(boxes, boxes) > threshold
    dropped = torch.zeros(len(boxes), dtype=torch.bool)
    kept = []
    for i in torch.sort(scores, descending=True, stable=True).indices.tolist():
        if not dropped[i]:
            kept.append(i)
            dropped |= too_close[i]
    return kept


def random_images(rng, dtype, n, channels, *, smallest):
    height, width = np.maximum(smallest, 1) + rng.integers(0, 9, size=2)
    return rng.normal(size=(n, height, width, channels)).astype(dtype)


def random_boxes(rng, dtype, n):
    corners = rng.uniform(0, 20, size=(n, 2, 2))
    if rng.random() < 0.5:
        corners = corners.round() / 2  # equal boxes, boxes without area, IoUs that equal the threshold
    return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1).astype(dtype)


def channels_first(images):
    return torch.from_numpy(images).permute(0, 3, 1, 2)


def channels_last(result):
    return result.permute(0, 2, 3, 1).numpy()


def ints(pair):
    return tuple(int(value) for value in pair)


def relative_difference(result, expected):
    """Return the largest difference over the largest expected number; infinity for unequal shapes or NaN."""
    if result.shape != expected.shape:
        return np.inf
    if expected.size == 0:
        return 0.0
    difference = np.abs(result.astype(np.float64) - expected).max()
    if np.isnan(difference):
        return np.inf
    return float(difference / max(np.abs(expected).max(), np.finfo(np.float64).tiny))


def main():
    torch.set_num_threads(1)
    comparisons = (compare_conv2d, compare_max_pool2d, compare_pairwise_iou, compare_nms, compare_softmax)
    print(f"imagebook against PyTorch {torch.__version__}, largest relative difference")
    print(f"{'function':14}{'configurations':>16}{'float32':>12}{'float64':>12}  agree")
    all_agree = True
    for number, compare in enumerate(comparisons):
        largest, agree = dict.fromkeys(TOLERANCES, 0.0), True
        for configuration in range(CONFIGURATIONS):
            dtype = tuple(TOLERANCES)[configuration % 2]
            result, expected = compare(np.random.default_rng([number, configuration]), dtype)
            difference = relative_difference(result, expected)
            # Indices agree or they do not.
            tolerance = 0 if result.dtype.kind == "i" else TOLERANCES[dtype]
            if difference > tolerance:
                agree = all_agree = False
                print(f"{compare.__name__}: seed {[number, configuration]} differs by {difference:.1e}")
            largest[dtype] = max(largest[dtype], difference)
        name = compare.__name__.removeprefix("compare_")
        numbers = "".join(f"{value:12.1e}" for value in largest.values())
        print(f"{name:14}{CONFIGURATIONS:16}{numbers}  {'yes' if agree else 'no'}")
    return 0 if all_agree else 1


if __name__ == "__main__":
    sys.exit(main())
