"""Write the MNIST sample of the package: the first 10,000 training and the first 2,000 test digits.

Usage: python tools/mnist_sample.py [OUTPUT]

The originals come from the folder that MNIST_DIR names, or from the mirrors. Each run writes the same bytes
with the same zlib; prints their SHA-256, which lib/imagebook/data/README.md and a test repeat.
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np

from imagebook import mnist

SAMPLE = Path(__file__).resolve().parent.parent / "lib" / "imagebook" / "data" / "mnist-sample.npz"
SIZES = {"train": 10_000, "test": 2_000}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("output", nargs="?", type=Path, default=SAMPLE)
    output = parser.parse_args().output
    arrays = {}
    for split, size in SIZES.items():
        images, labels = mnist.load(split, full=True)
        arrays[f"{split}_images"] = images[:size]
        arrays[f"{split}_labels"] = labels[:size]
    np.savez_compressed(output, **arrays)  # NumPy dates every member 1980-01-01: no clock in the bytes
    print(f"{hashlib.sha256(output.read_bytes()).hexdigest()}  {output} ({output.stat().st_size:,} bytes)")


if __name__ == "__main__":
    main()
