"""An autoencoder's code of a digit: to move by hand, to get from a damaged digit, to blend with another's."""

from functools import cache

import numpy as np

from imagebook import mnist, pretrained
from imagebook.plotting import image_row
from imagebook.widgets import _random
from imagebook.widgets._figure import Figure
from imagebook.widgets._traits import Choice, Integer, Number, Pixels, Vector

CODE = 16


@cache
def model():
    """Return the pretrained autoencoder."""
    return pretrained.load("autoencoder")


def damaged(image, *, noise, seed, hole, row, column):
    """Return an image with normal noise, clipped to [0, 1], and then a black square cut out."""
    image = np.clip(image + noise * _random.normals(seed, image.size).reshape(image.shape), 0, 1)
    image[row : row + hole, column : column + hole] = 0
    return image


class AutoencoderExplorer(Figure):
    """A digit, its code of 16 numbers, and what the decoder makes of the code.

    In mode "move" the code is the digit's, plus `code_shift`. In mode "damage" the digit gets noise and a
    hole before it is encoded. In mode "blend" the code lies on the straight line from the digit's to that of
    `second`.

    Parameters
    ----------
    mode : {"move", "damage", "blend"}
        What is done.
    digit, second : array_like, shape (28, 28)
        Images, floats in [0, 1] or integers from 0 to 255.
    code_shift : array_like, shape (16,)
        What is added to the digit's code in mode "move", from -24 to 24.
    noise : float
        Standard deviation of the noise in mode "damage", from 0 to 1.
    seed : int
        Draws the noise, from 0 to 999.
    hole : int
        Side of the square hole in mode "damage", from 0 to 20 pixels.
    hole_row, hole_column : int
        The hole's upper left pixel, from 0 to 27.
    part : float
        How far the code has gone to the second digit's in mode "blend", from 0 to 1.

    Attributes
    ----------
    output : ndarray, shape (28, 28), float in [0, 1]
        The decoded image.

    Examples
    --------
    >>> figure = AutoencoderExplorer(mode="blend", part=1)
    >>> other = AutoencoderExplorer(mode="move", digit=figure.second)
    >>> np.allclose(figure.output, other.output, atol=1e-5)  # the whole way: the second digit alone
    True
    """

    title = "Inside an autoencoder"
    help = (
        "Draw a digit or pick one, then change its code, damage it, or blend it with another. "
        "With keys: arrows move sliders; on the drawing pad, arrows move and Space draws."
    )
    assets = ("digits", "autoencoder")
    strip = {
        "squeezed into 16 numbers": {"mode": "move"},
        "damaged": {"mode": "damage"},
        "blended with another": {"mode": "blend"},
    }

    mode = Choice("move", ("move", "damage", "blend"))
    digit = Pixels(mnist.load("test")[0][1])
    code_shift = Vector(np.zeros(CODE), length=(CODE, CODE), low=-24, high=24)
    noise = Number(0.2, low=0, high=1)
    seed = Integer(1, low=0, high=999)
    hole = Integer(6, low=0, high=20)
    hole_row = Integer(11, low=0, high=27)
    hole_column = Integer(11, low=0, high=27)
    second = Pixels(mnist.load("test")[0][0])
    part = Number(0.5, low=0, high=1)

    @property
    def input(self):
        """The digit; damaged in mode "damage", in mode "blend" the two digits' pixels mixed."""
        digit = self.digit / 255
        if self.mode == "blend":
            return (1 - self.part) * digit + self.part * (self.second / 255)
        if self.mode == "damage":
            return damaged(
                digit,
                noise=self.noise,
                seed=self.seed,
                hole=self.hole,
                row=self.hole_row,
                column=self.hole_column,
            )
        return digit

    @property
    def code(self):
        """The 16 numbers that are decoded."""
        if self.mode == "blend":
            first, second = model().encode(np.stack([self.digit, self.second]) / 255)
            return (1 - self.part) * first + self.part * second
        code = model().encode(self.input[np.newaxis])[0]
        return code + self.code_shift if self.mode == "move" else code

    @property
    def output(self):
        """The decoded image."""
        return model().decode(self.code[np.newaxis])[0]

    def picture(self):
        """Return a row: the digit or digits, what goes in, what comes out."""
        images = {"digit": self.digit / 255}
        if self.mode == "damage":
            images["damaged"] = self.input
        if self.mode == "blend":
            images |= {"second digit": self.second / 255, "pixels mixed": self.input}
        return image_row([*images.values(), self.output], titles=[*images, "decoded"])

    def words(self):
        """Return what the row says."""
        distance = np.linalg.norm(self.code_shift)
        what = {
            "move": f"A digit and what is decoded from its code, moved by a distance of {distance:.1f}"
            if distance
            else "A digit and what is decoded from its code",
            "damage": "A digit, the same one damaged, and what an autoencoder makes of that",
            "blend": "Two digits, their pixels mixed, and what is decoded from a mixture of their codes",
        }
        error = np.mean((self.input - self.output) ** 2)
        return f"{what[self.mode]}; the mean squared error between input and output is {error:.3f}."
