"""Print what bounds the slower lines of bench.py: how long their parts take by themselves, in milliseconds.

Usage, with two threads as for bench.py: OPENBLAS_NUM_THREADS=2 .venv-bench/bin/python benchmarks/bounds.py
"""

import threading
import time
from statistics import median

import numpy as np

from imagebook.convolution import unfold

rng = np.random.default_rng(0)


def random(*shape):
    """Return random float32 numbers in [0, 1)."""
    return rng.random(shape, dtype=np.float32)


def milliseconds(call, *, runs=15, pause=0):
    """Return the median time of a call, each after a pause in seconds."""
    times = []
    for _ in range(runs + 1):
        time.sleep(pause)
        started = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - started))
    return median(times[1:])


def show(line, part, value):
    """Print one row."""
    print(f"{line:36}{part:52}{value:9.2f}", flush=True)


def convolution(line, shape, channels_out):
    """Print the two parts of a 3x3 convolution: copying the slices and multiplying them with the kernels."""
    slices = unfold(random(*shape), 3)
    rows = np.empty(slices.shape, np.float32)
    show(line, "copy all slices, one core", milliseconds(lambda: np.copyto(rows, slices)))
    matrix, kernels = rows.reshape(-1, 9 * shape[3]), random(9 * shape[3], channels_out)
    result = np.empty((len(matrix), channels_out), np.float32)
    show(
        line,
        "the matrix product alone, two cores",
        milliseconds(lambda: np.matmul(matrix, kernels, out=result)),
    )


def main():
    """Print the table."""
    print(f"{'line of the bench':36}{'part':52}{'ms':>9}")
    convolution("conv2d 64x28x28x1 -> 16", (64, 28, 28, 1), 16)
    convolution("conv2d 64x28x28x16 -> 32", (64, 28, 28, 16), 32)
    convolution("conv2d 32x56x56x32 -> 64", (32, 56, 56, 32), 64)
    convolution("conv2d 1x512x512x3 -> 8", (1, 512, 512, 3), 8)
    convolution("conv2d backward 64x28x28x16 -> 32", (64, 30, 30, 32), 16)

    def start_and_end():
        thread = threading.Thread(target=lambda: None)
        thread.start()
        thread.join()

    product = random(2000, 64), random(64, 64)

    def two_threads():
        threads = [threading.Thread(target=lambda: np.matmul(*product)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    show("all convolutions", "start a thread and wait for its end", milliseconds(start_and_end, pause=0.02))
    show("all convolutions", "a small product", milliseconds(lambda: np.matmul(*product), pause=0.02))
    show("all convolutions", "the same in each of two threads", milliseconds(two_threads, pause=0.02))

    pixels, weights = random(3, 3, 54 * 64), random(3, 3, 54 * 64)
    one_row = milliseconds(lambda: [np.einsum("ijw,ijw->w", pixels, weights) for _ in range(100)]) / 100
    show("depthwise 3x3 32x56x56x64", "the sums of all rows in cache, one core", one_row * 32 * 54)
    images = random(64, 28, 28, 16)
    half = np.empty((64, 14, 14, 16), np.float32)
    show(
        "max_pool2d, average_pool2d",
        "one of four passes",
        milliseconds(lambda: np.maximum(half, images[:, ::2, ::2], out=half)),
    )
    picture = random(1200, 1680, 3)
    copy = np.empty_like(picture)
    show("resize 2 megapixels to a quarter", "copy the image", milliseconds(lambda: np.copyto(copy, picture)))
    show(
        "resize 2 megapixels to a quarter",
        "read it: smallest and largest number",
        milliseconds(lambda: (picture.min(), picture.max())),
    )
    show(
        "resize 2 megapixels to a quarter",
        "its numbers as float64",
        milliseconds(lambda: picture.astype(np.float64)),
    )

    batch = 128
    sizes = [(784, 128), (128, 32), (32, 128), (128, 784)]
    layers = [(random(batch, a), random(a, b), random(batch, b)) for a, b in sizes]

    def products():
        for number, (x, w, g) in enumerate(layers):
            x @ w
            x.T @ g
            if number:
                g @ w.T

    show(
        "autoencoder epoch, 60,000 images",
        "its matrix products alone",
        milliseconds(products) * 60_000 / batch,
    )


if __name__ == "__main__":
    main()
