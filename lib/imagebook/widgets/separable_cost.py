"""What a depthwise separable convolution saves of the normal one's weights and multiply-adds."""

from matplotlib.figure import Figure as Drawing
from matplotlib.patches import Rectangle

from imagebook.plotting import COLORS
from imagebook.widgets._figure import Figure
from imagebook.widgets._traits import Integer


class SeparableCost(Figure):
    """A normal convolution's weights and multiply-adds, against those of its two cheaper steps.

    Parameters
    ----------
    kernel : int from 1 to 7
        Rows and columns of each filter.
    channels_in, channels_out : int from 1 to 512
        Channels of the input and of the output.
    size : int from 1 to 224
        Rows and columns of the output, in pixels.
    step : int from 0 to 5
        What the drawing shows: up to three channels by themselves, then up to three mixes of them.

    Attributes
    ----------
    output : dict
        Of "normal", "depthwise", "pointwise" and "separable" the (weights, multiply_adds), without biases;
        under "ratio" how many times more the normal convolution takes.

    Examples
    --------
    >>> figure = SeparableCost(kernel=3, channels_in=3, channels_out=16, size=10)
    >>> figure.output["normal"]  # 3 x 3 x 3 x 16 weights, each for 100 pixels
    (432, 43200)
    >>> figure.output["separable"], figure.output["ratio"]  # 3 x 3 x 3 + 3 x 16 weights
    ((75, 7500), 5.76)
    """

    title = "Normal and separable convolution: the cost"
    help = (
        "Choose filter and channels, and compare the areas: they are to scale. Then go through the two steps."
    )
    strip = {
        "windows of 3 by 3, 128 channels out": {"kernel": 3, "channels_out": 128},
        "windows of 7 by 7": {"kernel": 7, "channels_out": 128},
        "8 channels out": {"kernel": 3, "channels_out": 8},
    }

    kernel = Integer(3, low=1, high=7)
    channels_in = Integer(64, low=1, high=512)
    channels_out = Integer(128, low=1, high=512)
    size = Integer(28, low=1, high=224)
    step = Integer(0, low=0, high=5)

    @property
    def output(self):
        """Weights and multiply-adds of each way, and their ratio."""
        cells, pixels = self.kernel**2, self.size**2
        depthwise, pointwise = cells * self.channels_in, self.channels_in * self.channels_out
        weights = {
            "normal": depthwise * self.channels_out,
            "depthwise": depthwise,
            "pointwise": pointwise,
            "separable": depthwise + pointwise,
        }
        # Every weight meets every pixel of the output once.
        counts = {name: (number, number * pixels) for name, number in weights.items()}
        return counts | {"ratio": weights["normal"] / weights["separable"]}

    def picture(self):
        """Return the weights as rectangles to scale."""
        counts = self.output
        drawing = Drawing(figsize=(6, 2.6))
        axes = drawing.add_axes((0, 0, 1, 1), xlim=(-0.1, 3.6), ylim=(-0.3, 1.3), aspect="equal")
        axes.set_axis_off()
        across, up = 1 / self.channels_out, 1 / self.kernel**2
        shapes = [("normal", 0, 1, 1), ("depthwise", 1.3, across, 1), ("pointwise", 2.5, 1, up)]
        for (name, left, width, height), color in zip(shapes, (COLORS[2], *COLORS), strict=False):
            axes.add_patch(Rectangle((left, 0), width, height, facecolor=color, edgecolor=color))
            axes.text(left, 1.08, name)
            axes.text(left, -0.2, f"{counts[name][0]:,} weights")
        return drawing

    def words(self):
        """Return what the picture says."""
        counts = self.output
        normal, depthwise, pointwise = (counts[name][0] for name in ("normal", "depthwise", "pointwise"))
        return (
            f"A normal convolution of {self.channels_in} to {self.channels_out} channels with filters of "
            f"{self.kernel} by {self.kernel} has {normal:,} weights. Depthwise and pointwise "
            f"have {depthwise:,} and {pointwise:,}; the normal one has {counts['ratio']:.2f} times as many."
        )
