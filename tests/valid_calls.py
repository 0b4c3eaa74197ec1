"""One valid call of every function outside models: the table from which bad_input.py makes invalid ones."""

import inspect
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from imagebook import augmentation


class Call(NamedTuple):
    """A valid call of one function, and what is promised about its result."""

    make: object  # from a generator and a batch size to the arguments by name
    within: tuple | None = None  # the range of all floats in the result
    floats: object = "follow"  # their type: that of the floats that went in, or one type always
    integers: object = np.float32  # the type if integers went in; "keep" for their own; None if none can
    exact: bool = True  # bit for bit the same for every memory layout; else the sums may be in another order
    empty: str | None = None  # with a batch of none: "result" or "error"; None where there is no batch
    function: object = None  # if it is not the one of that name
    changes: tuple = ()  # the arguments that it is documented to change
    raises: tuple = ()  # documented errors beside ValueError and TypeError
    overflows: bool = False  # whether numbers too large for the type become infinite, with NumPy's warning
    single: bool = False  # whether it computes in float32 whatever comes in
    examples: int = 100  # how many calls hypothesis makes


def _image_batch(rng, n):
    """Return a batch of images in [0, 1]."""
    return rng.random((n, 5, 6, 2))


def _boxes(rng, n):
    """Return boxes, none inverted."""
    corner = rng.uniform(-2, 6, (n, 2))
    return np.concatenate([corner, corner + rng.uniform(0, 9, (n, 2))], axis=1)


def _points(rng, n):
    """Return points no three of which lie on a line, as good as surely."""
    return rng.uniform(0, 20, (n, 2))


WINDOW = {"stride": (1, 2), "padding": 1, "dilation": (2, 1)}
_SHARES = np.tile([0.5, 0.25, 0.125, 0.125], (2, 1))
ANY, UNIT, POSITIVE = (-np.inf, np.inf), (0, 1), (0, np.inf)


def _change(name, *arguments, **options):
    """Return the Call of a function of `augmentation` that takes images and `arguments`."""
    names = list(inspect.signature(getattr(augmentation, name)).parameters)[1:]
    named = dict(zip(names, arguments, strict=False)) | options
    if "rng" in names:
        return Call(
            lambda rng, n: {"images": _image_batch(rng, n), "rng": rng} | named,
            UNIT,
            exact=False,
            empty="result",
        )
    return Call(lambda rng, n: {"images": _image_batch(rng, n)} | named, UNIT, exact=False, empty="result")


def _augment(images, rng, **options):
    """Make a pipeline and call it."""
    return augmentation.pipeline(**options)(images, rng)


def _figure():
    """Return a small figure."""
    return Figure(figsize=(0.2, 0.2))


_CALLS = {
    "convolution.output_size": Call(
        lambda rng, n: {"size": 5, "kernel_size": 3, "stride": 2, "padding": 1, "dilation": 1}
    ),
    "convolution.cross_correlate2d": Call(
        lambda rng, n: {"image": rng.random((5, 6, 2)), "kernel": rng.normal(size=(2, 3)), **WINDOW},
        integers=np.int64,
    ),
    "convolution.convolve2d": Call(
        lambda rng, n: {"image": rng.random((5, 6, 2)), "kernel": rng.normal(size=(2, 3)), **WINDOW},
        integers=np.int64,
    ),
    "convolution.cross_correlate2d_loops": Call(
        lambda rng, n: {"image": rng.random((5, 6, 2)), "kernel": rng.normal(size=(2, 3)), **WINDOW},
        integers=np.int64,
    ),
    "convolution.conv2d": Call(
        lambda rng, n: {"images": _image_batch(rng, n), "kernels": rng.normal(size=(2, 3, 2, 4)), **WINDOW},
        exact=False,
        empty="result",
    ),
    "convolution.depthwise_conv2d": Call(
        lambda rng, n: {"images": _image_batch(rng, n), "kernels": rng.normal(size=(2, 3, 2)), **WINDOW},
        exact=False,
        empty="result",
    ),
    "convolution.pointwise_conv2d": Call(
        lambda rng, n: {"images": _image_batch(rng, n), "weights": rng.normal(size=(2, 4))},
        exact=False,
        empty="result",
    ),
    "convolution.unfold": Call(
        lambda rng, n: {"images": _image_batch(rng, n), "size": (2, 3), **WINDOW},
        integers="keep",
        empty="result",
    ),
    "convolution.fold": Call(
        lambda rng, n: {"slices": rng.normal(size=(n, 5, 3, 2, 3, 2)), "shape": (n, 5, 6, 2), **WINDOW},
        integers=np.int64,
        empty="result",
    ),
    "pooling.max_pool2d": Call(
        lambda rng, n: {"images": _image_batch(rng, n), "size": (2, 3), "stride": 1, "padding": 1},
        integers="keep",
        empty="result",
    ),
    "pooling.average_pool2d": Call(
        lambda rng, n: {"images": _image_batch(rng, n), "size": (2, 3), "stride": 1, "padding": 1},
        empty="result",
    ),
    "boxes.area": Call(
        lambda rng, n: {"boxes": _boxes(rng, n)}, POSITIVE, integers=np.float64, empty="result"
    ),
    "boxes.iou": Call(
        lambda rng, n: {"box_a": _boxes(rng, 1)[0], "box_b": _boxes(rng, 1)[0]}, UNIT, integers=np.float64
    ),
    "boxes.pairwise_iou": Call(
        lambda rng, n: {"boxes_a": _boxes(rng, n), "boxes_b": _boxes(rng, 3)},
        UNIT,
        integers=np.float64,
        empty="result",
    ),
    "boxes.nms": Call(
        lambda rng, n: {"boxes": _boxes(rng, n), "scores": rng.random(n), "iou_threshold": 0.5},
        integers=np.int64,
        empty="result",
    ),
    "boxes.convert": Call(
        lambda rng, n: {"boxes": _boxes(rng, n), "source": "xyxy", "target": "cxcywh"},
        ANY,
        integers=np.float64,
        empty="result",
    ),
    "boxes.clip": Call(
        lambda rng, n: {"boxes": _boxes(rng, n), "shape": (5, 6)},
        (0, 1e12),
        integers=np.float64,
        empty="result",
    ),
    "boxes.from_mask": Call(lambda rng, n: {"mask": rng.random((5, 6)) < 0.5}, POSITIVE),
    "geometry.rotation": Call(lambda rng, n: {"angle": 30.0}, (-1, 1)),
    "geometry.scaling": Call(lambda rng, n: {"factor": (2.0, 0.5)}, ANY),
    "geometry.shearing": Call(lambda rng, n: {"angle": 30.0}, (-60, 60)),
    "geometry.translation": Call(lambda rng, n: {"shift": (2.0, 0.5)}, ANY),
    "geometry.about": Call(
        lambda rng, n: {"matrix": rng.normal(size=(3, 3)), "point": (2.0, 0.5)},
        ANY,
        np.float64,
        integers=np.float64,
        exact=False,
    ),
    "geometry.transform_points": Call(
        lambda rng, n: {"points": _points(rng, n), "matrix": np.diag([1.0, 2, 1]) + rng.random((3, 3)) / 9},
        ANY,
        exact=False,
        empty="result",
    ),
    "geometry.homography": Call(
        lambda rng, n: {
            "source": np.array([[0.0, 0], [9, 0], [9, 9], [0, 9]]) + rng.random((4, 2)),
            "target": np.array([[0.0, 0], [9, 0], [9, 9], [0, 9]]) + rng.random((4, 2)),
        },
        ANY,
        np.float64,
        integers=np.float64,
        exact=False,
    ),
    "geometry.warp": Call(
        lambda rng, n: {
            "images": _image_batch(rng, n),
            "matrix": np.eye(3) + rng.random((3, 3)) / 9,
            "shape": (4, 7),
            "fill": 0.5,
        },
        ANY,
        exact=False,
        empty="result",
    ),
    "augmentation.rotate": _change("rotate", 30.0, fill=0.5),
    "augmentation.scale": _change("scale", 1.5, fill=0.5),
    "augmentation.stretch": _change("stretch", (1.5, 0.8), fill=0.5),
    "augmentation.shear": _change("shear", 30.0, fill=0.5),
    "augmentation.translate": _change("translate", (1.5, -0.8), fill=0.5),
    "augmentation.flip_horizontal": _change("flip_horizontal"),
    "augmentation.flip_vertical": _change("flip_vertical"),
    "augmentation.crop": _change("crop", (1, 0), (2, 3)),
    "augmentation.adjust_contrast": _change("adjust_contrast", 1.5),
    "augmentation.adjust_brightness": _change("adjust_brightness", 0.5),
    "augmentation.add_noise": _change("add_noise", 0.5),
    "augmentation.erase": _change("erase", (2, 3), fill=0.5),
    "augmentation.pipeline": Call(
        lambda rng, n: {
            **{"images": _image_batch(rng, n), "rng": rng, "rotate": (-9, 9), "scale": (0.5, 2)},
            **{"stretch": (0.5, 2), "shear": (-9, 9), "translate": (-2, 2), "flip_horizontal": 0.5},
            **{"flip_vertical": 0.5, "contrast": (0.5, 2), "brightness": (-0.5, 0.5), "noise": (0, 0.2)},
            "erase": (1, 3),
        },
        UNIT,
        exact=False,
        empty="result",
        function=_augment,
    ),
    "augmented_reality.overlay": Call(
        lambda rng, n: {
            "image": rng.random((5, 6, 3)),
            "picture": rng.random((7, 4, 3)),
            "corners": np.array([[0.0, 0], [5, 0], [5, 5], [0, 5]]) + rng.random((4, 2)),
            "mask": rng.random((5, 6)),
            "alpha": 0.5,
        },
        (-1e-5, 1 + 1e-5),
        exact=False,
    ),
    "resampling.downsample": Call(
        lambda rng, n: {"image": _image_batch(rng, n), "factor": (2, 3), "antialias": True},
        ANY,
        exact=False,
        empty="result",
    ),
    "resampling.resize": Call(
        lambda rng, n: {"image": _image_batch(rng, n), "shape": (3, 8), "antialias": True},
        ANY,
        exact=False,
        empty="result",
    ),
    "sampling.downsample_majority": Call(
        lambda rng, n: {"labels": rng.integers(0, 3, 4 * n), "ratio": 1.5, "rng": rng}, empty="result"
    ),
    "softmax.softmax": Call(
        lambda rng, n: {"logits": rng.normal(size=(n, 4)), "temperature": 0.5, "axis": 1},
        UNIT,
        empty="result",
    ),
    "softmax.log_softmax": Call(
        lambda rng, n: {"logits": rng.normal(size=(n, 4)), "temperature": 0.5, "axis": 1}, empty="result"
    ),
    "softmax.entropy": Call(
        lambda rng, n: {"probabilities": rng.permuted(_SHARES[:n], axis=1), "axis": 1},
        (0, 2),
        integers=None,
        empty="result",
    ),
    "softmax.sample": Call(
        lambda rng, n: {"logits": rng.normal(size=(n, 4)), "rng": rng, "temperature": 0.5, "axis": 1},
        integers=np.int64,
        empty="result",
    ),
    "losses.mean_squared_error": Call(
        lambda rng, n: {"predictions": rng.normal(size=(n, 3)), "targets": rng.normal(size=(n, 3))},
        ANY,
        exact=False,
        empty="error",
    ),
    "losses.cross_entropy": Call(
        lambda rng, n: {"logits": rng.normal(size=(n, 3)), "labels": rng.integers(0, 3, n)}, empty="error"
    ),
    "losses.binary_cross_entropy": Call(
        lambda rng, n: {"logits": rng.normal(size=(n, 3)), "targets": rng.random((n, 3))},
        ANY,
        exact=False,
        empty="error",
    ),
    "losses.class_labels": Call(
        lambda rng, n: {"labels": rng.integers(0, 3, 4), "n_examples": 4, "n_classes": 3}
    ),
    "gemini.message": Call(lambda rng, n: {"prompt": "Which digit?", "image": rng.random((4, 5, 3))}),
    "mnist.scale": Call(lambda rng, n: {"images": rng.integers(0, 256, (n, 5, 6))}, UNIT, empty="result"),
    "mnist.parse_idx": Call(lambda rng, n: {"content": bytes([0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 3, 7, 8, 9])}),
    "images.photograph": Call(lambda rng, n: {"name": "cat"}, UNIT),
    "images.scene": Call(lambda rng, n: {"rng": rng, "shape": (24, 30), "n_objects": n}),
    "plotting.show": Call(lambda rng, n: {"figure": _figure(), "alt": "nothing"}),
    "plotting.matrix_grid": Call(
        lambda rng, n: {
            "matrices": [rng.normal(size=(2, 3)), rng.integers(0, 9, (1, 2))],
            "titles": ["one", "two"],
            "highlights": [(0, 1, 2, 2), None],
        }
    ),
    "plotting.image_row": Call(
        lambda rng, n: {
            "images": [rng.random((2, 3)), rng.random((2, 2, 3))],
            "titles": ["one", "two"],
            "limits": (0.0, 1.0),
        }
    ),
    "plotting.image_grid": Call(
        lambda rng, n: {
            "rows": [[rng.random((2, 3)), rng.random((2, 2, 3))]],
            "row_titles": ["row"],
            "column_titles": ["one", "two"],
            "limits": None,
        }
    ),
    "plotting.boxes_on_image": Call(
        lambda rng, n: {"image": rng.random((5, 6)), "boxes": _boxes(rng, 2), "labels": ["one", "two"]}
    ),
    "plotting.points_on_image": Call(
        lambda rng, n: {"image": rng.random((5, 6)), "points": _points(rng, 2), "labels": ["one", "two"]}
    ),
    "plotting.curves": Call(
        lambda rng, n: {
            "series": {"a": rng.normal(size=3)},
            "x_label": "x",
            "y_label": "y",
            "x": np.arange(3),
        }
    ),
    "detection.match": Call(
        lambda rng, n: {
            "predicted_boxes": _boxes(rng, n),
            "scores": rng.random(n),
            "true_boxes": _boxes(rng, 3),
            "iou_threshold": 0.5,
        },
        integers=np.int64,
        empty="result",
    ),
    "detection.precision_recall": Call(
        lambda rng, n: {
            "predicted_boxes": [_boxes(rng, n), _boxes(rng, n)],
            "scores": [rng.random(n), rng.random(n)],
            "true_boxes": [_boxes(rng, 2), _boxes(rng, 1)],
            "iou_threshold": 0.1,
        },
        UNIT,
        np.float64,
        integers=np.float64,
        empty="result",
    ),
    "detection.average_precision": Call(
        lambda rng, n: {"precision": rng.random(n), "recall": np.sort(rng.random(n)), "points": 11},
        UNIT,
        exact=False,
        empty="result",
    ),
    "detection.mean_average_precision": Call(
        lambda rng, n: {
            "predicted_boxes": [_boxes(rng, n), _boxes(rng, n)],
            "scores": [rng.random(n), rng.random(n)],
            "predicted_classes": [rng.integers(0, 2, n), rng.integers(0, 2, n)],
            "true_boxes": [_boxes(rng, 2), _boxes(rng, 1)],
            "true_classes": [np.array([0, 1]), np.array([1])],
            "iou_thresholds": (0.1, 0.5),
        },
        UNIT,
        empty="result",
    ),
    "keypoints.harris": Call(lambda rng, n: {"image": rng.random((5, 6)), "sigma": 1.0, "k": 0.05}, ANY),
    "keypoints.corners": Call(
        lambda rng, n: {
            "image": rng.random((8, 9)),
            "count": 3,
            "threshold": 0.01,
            "distance": 2.0,
            "sigma": 1.0,
        },
        POSITIVE,
    ),
    "keypoints.heatmaps": Call(
        lambda rng, n: {"points": _points(rng, n), "shape": (4, 5), "sigma": 2.0}, UNIT, empty="result"
    ),
    "keypoints.from_heatmaps": Call(lambda rng, n: {"heatmaps": rng.random((n, 4, 5))}, ANY, empty="result"),
    "keypoints.percentage_of_correct_keypoints": Call(
        lambda rng, n: {
            **{"predicted": rng.random((n, 3, 2)), "truth": rng.random((n, 3, 2)), "threshold": 0.5},
            **{"reference": 1 + rng.random(n), "visible": np.ones((n, 3), bool)},
        },
        UNIT,
        empty="error",
    ),
    "exercises.check": Call(lambda rng, n: {"function": abs, "cases": [((-2,), 2)], "tolerance": 0.1}),
    "keypoints.object_keypoint_similarity": Call(
        lambda rng, n: {
            **{"predicted": rng.random((n, 3, 2)), "truth": rng.random((n, 3, 2)), "area": 1 + rng.random(n)},
            **{"sigmas": rng.uniform(0.1, 0.2, 3), "visible": np.ones((n, 3), bool)},
        },
        UNIT,
        integers=None,
        exact=False,
        empty="result",
    ),
    "landmarks.align": Call(
        lambda rng, n: {"source": _points(rng, 5), "target": _points(rng, 5), "reflection": False},
        ANY,
        np.float64,
        integers=np.float64,
        exact=False,
    ),
    "landmarks.mean_shape": Call(
        lambda rng, n: {"shapes": rng.normal(size=(n, 5, 2)), "tolerance": 1e-6, "iterations": 9},
        (-1, 1),
        exact=False,
        empty="error",
    ),
}

# A figure takes as long as a hundred small arrays.
CALLS = {
    name: call._replace(examples=30) if name.startswith("plotting.") else call
    for name, call in _CALLS.items()
}
