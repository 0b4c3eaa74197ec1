"""Fine-tuning: which layers of a pre-trained network are trained once more, and what comes of it."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import traitlets

from imagebook import transfer
from imagebook.layers import Dense
from imagebook.models import small_cnn
from imagebook.plotting import curves
from imagebook.widgets._figure import Figure
from imagebook.widgets._traits import Choice, Flag

_FILE = Path(__file__).parent.parent / "data" / "fine-tuning.json"
_CLASSES = {"holes": 3, "strangers": 5}
_RANK = 2


@cache
def _content():
    """Return what tools/fine_tuning.py wrote."""
    return json.loads(_FILE.read_text(encoding="utf-8"))


@cache
def _sizes():
    """Return how many parameters each part of the network has; the head's by task."""
    rng = np.random.default_rng(0)
    layers = small_cnn(rng=rng).layers
    dense = Dense(400, 32, rng=rng)
    heads = {f"head_{task}": Dense(32, n_classes, rng=rng) for task, n_classes in _CLASSES.items()}
    parts = {
        "conv_1": layers[0],
        "conv_2": layers[3],
        "dense": dense,
        "adapter": transfer.LowRankAdapter(dense, _RANK, rng=rng),
        **heads,
    }
    return {
        name: sum(parameter.size for parameter in part.parameters.values()) for name, part in parts.items()
    }


class FineTuningBoard(Figure):
    """A network for a new task: what to train, from how many examples, and how accurate it becomes.

    Parameters
    ----------
    task : {"holes", "strangers"}
        What the network shall learn: to count the holes of the ten digits, which it knows, or to tell the
        digits 5 to 9 apart, of which it has seen none.
    start : {"pre-trained", "random"}
        What it begins with; from random weights, all parameters are trained.
    conv_1, conv_2 : bool
        If the two convolutional layers are trained.
    dense : {"frozen", "adapter", "trained"}
        If the dense layer is trained, or an adapter of rank 2 beside it. The head, which is new, always is.
    examples : {"5", "20", "100"}
        How many examples of each class there are.

    Attributes
    ----------
    output : dict
        "trained", how many parameters are; "steps" and "mean", the mean accuracy of three runs after each of
        these numbers of training steps; "ends", the last of each run: measured by tools/fine_tuning.py.

    Examples
    --------
    >>> FineTuningBoard(task="holes", dense="frozen").output["trained"]  # the head: 32 * 3 + 3
    99
    """

    title = "Fine-tuning: what to train"
    help = "Freeze layers or train them, or take a strategy, and compare with training from scratch."
    strip = {
        "the head only": {"conv_1": False, "conv_2": False, "dense": "frozen", "examples": "20"},
        "all layers": {"conv_1": True, "conv_2": True, "dense": "trained", "examples": "20"},
        "the head, 5 examples": {"conv_1": False, "conv_2": False, "dense": "frozen", "examples": "5"},
    }

    task = Choice("holes", _CLASSES)
    start = Choice("pre-trained", ("pre-trained", "random"))
    conv_1 = Flag(False)
    conv_2 = Flag(False)
    dense = Choice("frozen", ("frozen", "adapter", "trained"))
    examples = Choice("20", ("5", "20", "100"))
    _content = traitlets.Dict().tag(sync=True)
    _sizes = traitlets.Dict().tag(sync=True)

    def __init__(self, **state):
        super().__init__(**state)
        self._content, self._sizes = _content(), _sizes()

    @property
    def output(self):
        """The record of the state."""
        return self._record(self.start, self.conv_1, self.conv_2, self.dense)

    def picture(self):
        """Return the curve of accuracy beside that of a network trained from scratch."""
        output, scratch = self.output, self._record("random", True, True, "trained")
        series = {f"{output['trained']:,} parameters trained": output["mean"]}
        if self.start != "random":
            series["from scratch"] = scratch["mean"]
        drawing = curves(series, x=output["steps"], x_label="training steps", y_label="accuracy")
        drawing.axes[0].set_ylim(0, 1)
        return drawing

    def words(self):
        """Return the state and its last accuracy as a sentence."""
        output, scratch = self.output, self._record("random", True, True, "trained")
        return (
            f"With {self.examples} examples of each class and {output['trained']:,} trained parameters the "
            f"accuracy becomes {output['mean'][-1]:.2f}; from scratch it becomes {scratch['mean'][-1]:.2f}."
        )

    def _record(self, start, conv_1, conv_2, dense):
        """Return what was measured of a state; from random weights all is trained."""
        if start == "random":
            conv_1, conv_2, dense = True, True, "trained"
        wanted = {"task": self.task, "start": start, "conv_1": conv_1, "conv_2": conv_2, "dense": dense}
        found = next(record for record in _content()["records"] if wanted.items() <= record.items())
        return wanted | {
            "trained": found["trained"],
            "steps": _content()["steps"],
            "mean": found[f"mean_{self.examples}"],
            "ends": found[f"ends_{self.examples}"],
        }
