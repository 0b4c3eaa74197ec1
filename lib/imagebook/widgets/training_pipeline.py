"""The pipeline from random weights to a post-trained model: what each stage costs and what it brings."""

import base64
import json
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path

import numpy as np
import traitlets
from matplotlib.figure import Figure as Drawing

from imagebook._language import say
from imagebook.plotting import COLORS, image_grid
from imagebook.widgets._figure import Figure
from imagebook.widgets._traits import Integer

_FILE = Path(__file__).parent.parent / "data" / "training-pipeline.json"
_SIDE = 28
# What each stage is called, and what happens in it; the numbers in braces come from its record.
_TEXTS = {
    "random": ("random weights", "Untrained: the network guesses."),
    "pre-trained": (
        "pre-trained",
        "Trained on {labels} labelled light digits on dark ground. A dark digit on light paper is new to it.",
    ),
    "fine-tuned": (
        "fine-tuned",
        "All weights trained once more, on only {labels} dark digits on light paper. The old task suffers a "
        "little.",
    ),
    "distilled": (
        "distilled",
        "A smaller network learnt the fine-tuned one's answers on {digits} dark digits, without a label. "
        "Light digits were not among them.",
    ),
    "quantised": (
        "8-bit quantised",
        "Its weights rounded to 8-bit integers, with one scale for each channel. Nothing was trained.",
    ),
    "sampler": (
        "pre-trained",
        "Another kind of model: it draws digits pixel by pixel, as those that it was trained on.",
    ),
    "preference-tuned": (
        "preference-tuned",
        "Shown {pairs} pairs of its own drawings, of which the one with more ink was called the better one.",
    ),
}


@cache
def _content():
    """Return what tools/training_pipeline.py wrote, with each stage's texts."""
    content = json.loads(_FILE.read_text(encoding="utf-8"))
    for record in content["records"]:
        record["title"], record["text"] = map(say, _TEXTS[record["stage"]])
    return content


def unpacked(text):
    """Return images (N, 28, 28) of 0 and 1 from base64 of their bits.

    Examples
    --------
    >>> unpacked("/" + 130 * "A" + "=")[0, 0, :8]
    array([1, 1, 1, 1, 1, 1, 0, 0], dtype=uint8)
    """
    bits = np.unpackbits(np.frombuffer(base64.b64decode(text), np.uint8))
    return bits[: len(bits) // _SIDE**2 * _SIDE**2].reshape(-1, _SIDE, _SIDE)


class TrainingPipeline(Figure):
    """Five stages of a classifier and two of a sampler, each with its size, its scores and its work.

    Parameters
    ----------
    stage : int
        0 to 4: the classifier with random weights, pre-trained, fine-tuned, distilled, quantised; 5 and 6:
        the sampler pre-trained, and tuned to a preference.

    Attributes
    ----------
    output : dict
        The record of the stage: what was measured by tools/training_pipeline.py.

    Examples
    --------
    >>> figure = TrainingPipeline(stage=1)
    >>> figure.output["stage"], figure.output["parameters"], figure.output["light"]
    ('pre-trained', 5258, 0.9875)
    """

    title = "From random weights to a post-trained model"
    help = "Go through the stages, one by one or by their names, and compare what each brings and costs."
    assets = ("digits",)
    strip = {
        "fine-tuned": {"stage": 2},
        "a sampler, pre-trained": {"stage": 5},
        "the sampler, tuned to prefer ink": {"stage": 6},
    }

    stage = Integer(2, low=0, high=len(_TEXTS) - 1)
    _content = traitlets.Dict().tag(sync=True)

    def __init__(self, **state):
        super().__init__(**state)
        self._content = _content()

    @property
    def output(self):
        """The record of the stage."""
        return {
            key: value
            for key, value in _content()["records"][self.stage].items()
            if key not in ("title", "text")
        }

    def picture(self):
        """Return the classifier's scores at all stages, or the sampler's drawings."""
        record = _content()["records"][self.stage]
        if "samples" in record:
            images = unpacked(record["samples"])
            return image_grid([images[:8], images[8:]])
        rows = [other for other in _content()["records"] if "dark" in other]
        drawing = Drawing(figsize=(6.8, 2.6), layout="constrained")
        names = [other["title"] for other in rows]
        colors = [COLORS[1] if other is record else COLORS[0] for other in rows]
        panels = {"dark": "accuracy, dark digits", "light": "accuracy, light digits", "bytes": "bytes"}
        for axes, (key, label) in zip(drawing.subplots(1, 3, sharey=True), panels.items(), strict=True):
            bars = axes.barh(names, [other[key] for other in rows], color=colors)
            axes.bar_label(bars, fontsize=8, padding=2)
            axes.set(title=label, xticks=[], xlim=(0, 1.35 * max(other[key] for other in rows)))
            axes.spines[["top", "right", "bottom"]].set_visible(False)
        drawing.axes[0].invert_yaxis()
        return drawing

    def words(self):
        """Return the stage's scores as a sentence."""
        record = _content()["records"][self.stage]
        if "samples" in record:
            return (
                f"16 drawings by the {record['title']} sampler; {_percent(record['ink'])} of its pixels are "
                f"ink, and {_percent(record['preferred'])} of its drawings have more of it than one by the "
                "pre-trained sampler."
            )
        return (
            f"The {record['title']} classifier recognises {_percent(record['dark'])} of dark digits and "
            f"{_percent(record['light'])} of light ones; it takes {record['bytes']:,} bytes."
        )


def _percent(part):
    """Return a part as the page rounds it: halves away from 0, where Python's rounding goes to even."""
    return f"{Decimal(100 * part).quantize(Decimal('0.1'), ROUND_HALF_UP).normalize():f} %"
