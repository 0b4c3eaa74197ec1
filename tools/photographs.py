"""Write the photographs of the package, shrunk from those in scikit-image's wheel.

Usage: python tools/photographs.py [FOLDER]      (needs scikit-image==0.26.0, no dependency of the book)

Each is cropped around its centre until both sides divide by 8, then every 2 x 2 square becomes its mean: the
sides that remain divide by 4, so that the book can halve them twice. Each run writes the same bytes with the
same Pillow; prints their SHA-256, which lib/imagebook/data/README.md and a test repeat.
"""

import argparse
import hashlib
import importlib.resources
from pathlib import Path

from PIL import Image

DATA = Path(__file__).resolve().parent.parent / "lib" / "imagebook" / "data"

# Our name, the file in skimage/data and its SHA-256.
SOURCES = {
    "cat": ("chelsea.png", "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb"),
    "coffee": ("coffee.png", "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7"),
    "rocket": ("rocket.jpg", "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=DATA)
    folder = parser.parse_args().folder
    for name, (file_name, wanted_hash) in SOURCES.items():
        source = importlib.resources.files("skimage") / "data" / file_name
        if hashlib.sha256(source.read_bytes()).hexdigest() != wanted_hash:
            raise SystemExit(f"{file_name} is not the one of scikit-image 0.26.0")
        with source.open("rb") as file, Image.open(file) as photograph:
            small = crop_to_multiple(photograph.convert("RGB"), 8).reduce(2)
        output = folder / f"{name}.png"
        small.save(output, optimize=True)
        got_hash = hashlib.sha256(output.read_bytes()).hexdigest()
        print(f"{got_hash}  {output} ({small.width} x {small.height}, {output.stat().st_size:,} bytes)")


def crop_to_multiple(image, multiple):
    width, height = (side // multiple * multiple for side in image.size)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


if __name__ == "__main__":
    main()
