"""Draw the book's icon and the picture that messengers show beside a link to it, into _static/.

Usage: python tools/icons.py. The icon shows intersection over union: two boxes and what they share.
"""

import io
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image, ImageDraw

from imagebook.widgets import ConvolutionStepper, IntersectionOverUnion

FOLDER = Path(__file__).resolve().parent.parent / "_static"
TITLE = "Image Models\nfrom A to T"
LINES = "Every word explained,\nrunnable, and alive"
SIZES = 180, 192, 512  # what iPhones, Android and its start screens ask for
INK, FIRST, SECOND, SHARED = "#14202e", "#5b9bff", "#ffb454", "#ffffff"
SIDE = 64  # of the icon's grid
BOXES = (14, 14, 39, 39), (25, 25, 50, 50)  # inside the circle that some phones cut out


def colored():
    """Return both boxes and what they share, each with its colour."""
    first, second = BOXES
    return (first, FIRST), (second, SECOND), ((*second[:2], *first[2:]), SHARED)


def icon_svg():
    """Return the icon as SVG."""
    ground = f'<rect width="{SIDE}" height="{SIDE}" rx="14" fill="{INK}"/>'
    squares = ground + "".join(
        f'<path fill="{color}" d="M{x0} {y0}H{x1}V{y1}H{x0}z"/>' for (x0, y0, x1, y1), color in colored()
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}">{squares}</svg>\n'


def icon_png(size):
    """Return the icon as a picture that fills its square: a phone rounds the corners itself."""
    scale = 8 * size / SIDE
    image = Image.new("RGB", (8 * size, 8 * size), INK)
    draw = ImageDraw.Draw(image)
    for box, color in colored():
        draw.rectangle([round(scale * value) - (place > 1) for place, value in enumerate(box)], fill=color)
    return image.resize((size, size), Image.Resampling.LANCZOS)


def figure(widget, width):
    """Return a figure's picture, so many pixels wide."""
    file = io.BytesIO()
    widget.picture().savefig(file, format="png", dpi=200)
    image = Image.open(file).convert("RGB")
    return image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)


def open_graph():
    """Return the picture of 1200 by 630 pixels: the title beside two figures of the book."""
    drawing = Figure(figsize=(12, 6.3), dpi=100, facecolor=INK)
    canvas = FigureCanvasAgg(drawing)
    drawing.text(0.04, 0.68, TITLE, color="white", fontsize=44, weight="bold", va="center", linespacing=1.2)
    drawing.text(0.04, 0.36, LINES, color="#c9d5e3", fontsize=24, va="center", linespacing=1.4)
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    picture.paste("white", (600, 0, 1200, 630))
    picture.paste(figure(IntersectionOverUnion(), 520), (640, 10))
    picture.paste(figure(ConvolutionStepper(), 560), (620, 365))
    return picture


def main():
    """Write the files."""
    (FOLDER / "icon.svg").write_text(icon_svg(), encoding="utf-8")
    for size in SIZES:
        icon_png(size).save(FOLDER / f"icon-{size}.png", optimize=True)
    open_graph().quantize(128).save(FOLDER / "open-graph.png", optimize=True)
    for path in sorted(FOLDER.glob("*.png")):
        print(f"{path.name}: {path.stat().st_size / 1000:.1f} kB")


if __name__ == "__main__":
    main()
