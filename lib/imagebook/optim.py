"""Optimizers: rules that turn gradients into steps of the parameters."""

import numpy as np

from imagebook import _checks
from imagebook.layers import _layer_list


class SGD:
    """Stochastic gradient descent with momentum and weight decay.

    v ← μ v + g + λ θ,    θ ← θ - η v

    With momentum μ = 0 it is plain gradient descent; with μ = 0.9 a gradient that keeps its direction ends up
    with ten times the step. Weight decay λ draws every parameter towards 0, as λ/2 θ² in the loss would: what
    the examples do not ask for is forgotten.

    Parameters
    ----------
    learning_rate : float
        η, the length of a step per unit of gradient, above 0.
    momentum : float
        μ, how much of the last step is kept, from 0 to below 1.
    weight_decay : float
        λ, at least 0.

    References
    ----------
    Polyak (1964), Some methods of speeding up the convergence of iteration methods, eq. 9.
    Krogh, Hertz (1991), A simple weight decay can improve generalization.

    Examples
    --------
    >>> from imagebook.layers import Layer
    >>> layer = Layer()
    >>> layer.parameters["bias"], layer.gradients["bias"] = np.array([1.0]), np.array([2.0])
    >>> SGD(learning_rate=0.1).step([layer])
    >>> layer.parameters["bias"]
    array([0.8])
    """

    def __init__(self, *, learning_rate, momentum=0.0, weight_decay=0.0):
        self.learning_rate = _checks.positive("learning_rate", learning_rate)
        self.momentum = _fraction("momentum", momentum)
        self.weight_decay = _checks.number("weight_decay", weight_decay, low=0)
        self._velocities = {}

    def step(self, layers):
        """Update every parameter of the list of layers in place from its gradient."""
        for key, parameter, gradient in _parameters(layers):
            velocity = _state(self._velocities, key, parameter)
            velocity *= self.momentum
            velocity += gradient + self.weight_decay * parameter
            parameter -= self.learning_rate * velocity


class Adam:
    """Adam: steps of about the learning rate in every parameter, whatever the scale of its gradient.

    m ← β₁ m + (1 - β₁) g,    v ← β₂ v + (1 - β₂) g²
    θ ← θ - η m̂ / (√v̂ + ε),    m̂ = m / (1 - β₁ᵗ),    v̂ = v / (1 - β₂ᵗ)

    m and v start at 0; dividing by 1 - βᵗ at step t makes up for that.

    Parameters
    ----------
    learning_rate : float
        η, the largest step of a steady gradient, above 0.
    beta1, beta2 : float
        How much of the mean gradient and of the mean squared gradient is kept, from 0 to below 1.
    epsilon : float
        Keeps the division finite where the gradient is 0, above 0.

    References
    ----------
    Kingma, Ba (2015), Adam: a method for stochastic optimization, algorithm 1.

    Examples
    --------
    >>> from imagebook.layers import Layer
    >>> layer = Layer()
    >>> layer.parameters["bias"], layer.gradients["bias"] = np.array([1.0]), np.array([2.0])
    >>> Adam(learning_rate=0.1).step([layer])
    >>> layer.parameters["bias"].round(6)
    array([0.9])
    """

    def __init__(self, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
        self.learning_rate = _checks.positive("learning_rate", learning_rate)
        self.beta1 = _fraction("beta1", beta1)
        self.beta2 = _fraction("beta2", beta2)
        self.epsilon = _checks.positive("epsilon", epsilon)
        self._means = {}
        self._squares = {}
        self._steps = 0

    def step(self, layers):
        """Update every parameter of the list of layers in place from its gradient."""
        parameters = _parameters(layers)
        self._steps += 1
        for key, parameter, gradient in parameters:
            mean = _state(self._means, key, parameter)
            square = _state(self._squares, key, parameter)
            # One operation at a time in one array: new memory for each would take longer than the arithmetic.
            step = (1 - self.beta1) * gradient
            mean *= self.beta1
            mean += step
            np.multiply(gradient, gradient, out=step)
            step *= 1 - self.beta2
            square *= self.beta2
            square += step
            np.divide(square, 1 - self.beta2**self._steps, out=step)
            np.sqrt(step, out=step)
            step += self.epsilon
            np.divide(mean, step, out=step)
            step *= self.learning_rate / (1 - self.beta1**self._steps)
            parameter -= step


def _fraction(name, value):
    """Return `value` as a float from 0 to below 1."""
    result = _checks.number(name, value, low=0, high=1)
    if result == 1:
        raise ValueError(f"{name} must be below 1, got {value}")
    return result


def _parameters(layers):
    """Return (key, parameter, gradient) of what is not frozen; the key is (position of the layer, name)."""
    result = []
    for position, layer in enumerate(_layer_list("layers", layers)):
        for name, parameter in layer.trained_parameters.items():
            if name not in layer.gradients:
                raise RuntimeError(f"layer {position} has no gradient for {name!r}: backward comes first")
            result.append(((position, name), parameter, layer.gradients[name]))
    return result


def _state(states, key, parameter):
    """Return the running array kept for a parameter, zeros at first."""
    if key not in states:
        states[key] = np.zeros_like(parameter)
    state = states[key]
    if state.shape != parameter.shape:
        raise ValueError(
            f"layers must be those that this optimizer began with, with parameter {key} of shape "
            f"{state.shape}, got {parameter.shape}; use one optimizer per model"
        )
    return state
