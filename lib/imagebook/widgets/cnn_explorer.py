"""The small convolutional network from the inside: every layer's maps, and how each number is made."""

import numpy as np
from matplotlib.figure import Figure as Drawing

from imagebook import mnist
from imagebook.plotting import COLORS
from imagebook.widgets import _classifier
from imagebook.widgets._figure import Figure
from imagebook.widgets._traits import Choice, Integer, Pixels

# The layers of `pretrained.load("cnn")` that the figure shows; between the last two it flattens.
LAYERS = ["convolution_1", "relu_1", "pool_1", "convolution_2", "relu_2", "pool_2", "scores"]


_TEXTS = {
    "digit": "digit",
    "convolution_1": "convolution 1",
    "relu_1": "ReLU 1",
    "pool_1": "pooling 1",
    "convolution_2": "convolution 2",
    "relu_2": "ReLU 2",
    "pool_2": "pooling 2",
}


class CNNExplorer(Figure):
    """A digit on its way through the pretrained network; any number in any layer, taken apart.

    Parameters
    ----------
    digit : array_like, shape (28, 28)
        The image, uint8 or float in [0, 1].
    layer : str
        Where the number is that is taken apart: convolution_1, relu_1, pool_1, convolution_2, relu_2, pool_2,
        scores (of the dense layer) or probabilities (of softmax).
    channel : int
        In which of the layer's maps, or for which class. The last one if there are not so many; so too for
        `row`, `column` and `source`.
    row, column : int
        Where in the map.
    source : int
        Which map of the layer below is shown in numbers.

    Attributes
    ----------
    output : ndarray of float, shape (10,)
        The probabilities of the ten classes that the reader sees.
    activations : dict of str to ndarray, shape (height, width, channels) or (10,)
        What each layer makes of the digit.

    Examples
    --------
    >>> figure = CNNExplorer()
    >>> int(figure.output.argmax())
    7
    >>> figure.activations["pool_2"].shape
    (5, 5, 16)
    """

    title = "Inside a convolutional network"
    help = (
        "Draw or pick a digit, then point at any number in any layer to see how it was made. "
        "With keys: choose a layer and a map, Tab to the large map, then the arrows."
    )
    assets = ("digits", "cnn")
    strip = {
        "a seven": {"digit": _classifier.digit(0)},
        "a one": {"digit": _classifier.digit(2)},
        "a zero": {"digit": _classifier.digit(3)},
    }

    digit = Pixels(_classifier.digit(0))
    layer = Choice("convolution_1", [*LAYERS, "probabilities"])
    channel = Integer(2, low=0, high=15)
    row = Integer(8, low=0, high=25)
    column = Integer(14, low=0, high=25)
    source = Integer(0, low=0, high=15)

    @property
    def output(self):
        """The probabilities of the ten classes."""
        return _classifier.probabilities(self.digit)

    @property
    def activations(self):
        """What each layer makes of the digit."""
        values = mnist.scale(self.digit[np.newaxis])
        result = {}
        for name, layer in zip([*LAYERS[:6], "flat", "scores"], _classifier.network().layers, strict=True):
            values = layer.forward(values)
            result[name] = values[0]
        del result["flat"]
        return result

    def picture(self):
        """Return a drawing of the digit, of the maps of every layer and of the probabilities."""
        drawing = Drawing(figsize=(8, 8), layout="constrained")
        grid = drawing.add_gridspec(7, 2, width_ratios=(5, 1))
        for place, (name, values) in enumerate(
            [("digit", self.digit[:, :, np.newaxis]), *self.activations.items()]
        ):
            if values.ndim < 3:
                continue
            axes = drawing.add_subplot(grid[place, 0])
            strip = np.concatenate([np.pad(values[:, :, k], 1) for k in range(values.shape[2])], axis=1)
            axes.imshow(strip, cmap="gray" if name == "digit" else "viridis")
            axes.set_axis_off()
            axes.set_title(_TEXTS[name], fontsize=8, loc="left")
        axes = drawing.add_subplot(grid[:, 1])
        axes.barh(range(10), self.output, color=COLORS[0])
        axes.set(yticks=range(10), xlim=(0, 1), xlabel="probability")
        axes.invert_yaxis()
        return drawing

    def words(self):
        """Return what the drawing says."""
        return (
            "A digit and the maps that each layer of the network makes of it: eight, then sixteen, ever "
            f"smaller. The network calls it {_classifier.verdict(self.output)}."
        )
