"""Mixture of experts: a gate sends every example to a few of many small networks."""

import numpy as np

from imagebook import _checks
from imagebook.attention import Composite
from imagebook.layers import Dense, ReLU
from imagebook.losses import class_labels
from imagebook.models import Sequential
from imagebook.softmax import softmax


def load_balancing_loss(probabilities, chosen):
    """Return the load-balancing loss of a gate, large when a few experts get everything, and its gradient.

    L = E Σₑ fₑ Pₑ,    dL/dp[n, e] = E fₑ / N

    fₑ is the part of all choices that fell on expert e, Pₑ the mean of its gate probability. Counting has no
    slope, so only P has a gradient: it pushes probability away from the experts that are chosen often.

    Parameters
    ----------
    probabilities : array_like, shape (N, E), in [0, 1]
        The gate's probability of every expert, for every example; N at least 1.
    chosen : array_like of int, shape (N, k)
        The experts that each example was sent to, 0 to E-1.

    Returns
    -------
    loss : float
        1 if all experts are chosen equally often, up to E / k if the same k get everything.
    gradient : ndarray, shape (N, E), dtype of `probabilities`
        The derivative of the loss with respect to each probability, f taken as constant.

    Raises
    ------
    TypeError
        If the choices are not integers.
    ValueError
        If there are no examples, or the choices are not one row per example of experts 0 to E-1.

    References
    ----------
    Fedus, Zoph, Shazeer (2022), Switch transformers, eq. 4 to 6 (there k = 1).

    Examples
    --------
    >>> load_balancing_loss([[0.5, 0.5], [0.5, 0.5]], [[0], [1]])[0]
    1.0
    >>> loss, gradient = load_balancing_loss([[1.0, 0.0], [1.0, 0.0]], [[0], [0]])
    >>> loss
    2.0
    >>> gradient
    array([[1., 0.],
           [1., 0.]])
    """
    probabilities = _checks.floats("probabilities", probabilities, ndim=2, finite=True)
    _checks.not_empty("probabilities", probabilities)
    n_examples, n_experts = probabilities.shape
    chosen = _choices(chosen, n_experts)
    if len(chosen) != n_examples:
        raise ValueError(f"chosen must have one row per example, {n_examples}, got {len(chosen)}")
    part = np.bincount(chosen.ravel(), minlength=n_experts) / chosen.size
    loss = n_experts * np.sum(part * probabilities.mean(axis=0, dtype=np.float64))
    gradient = (n_experts * part / n_examples).astype(probabilities.dtype)
    return float(loss), np.tile(gradient, (n_examples, 1))


def expert_by_class(labels, chosen, n_experts):
    """Return the table of how many examples of each class went to each expert.

    Experts divide the work as it suits the loss: nothing says that one of them must take one class.

    Parameters
    ----------
    labels : array_like of int, shape (N,)
        The class of each example, from 0.
    chosen : array_like of int, shape (N, k)
        The experts that each example was sent to, from `MixtureOfExperts.routing`.
    n_experts : int
        How many experts there are, at least 1.

    Returns
    -------
    ndarray of int64, shape (largest label + 1, n_experts)
        Counts; an example is counted once for each of its k experts.

    Raises
    ------
    TypeError
        If labels, choices or `n_experts` are not integers.
    ValueError
        If a label is negative, a choice is not in 0 to n_experts-1, or their numbers differ.

    Examples
    --------
    >>> expert_by_class([0, 0, 1, 1], [[2], [2], [0], [2]], 3)
    array([[0, 0, 2],
           [1, 0, 1]])
    """
    labels = _checks.array("labels", labels, ndim=1, finite=True)
    n_experts = _checks.integer("n_experts", n_experts, low=1)
    chosen = _choices(chosen, n_experts)
    n_classes = int(labels.max()) + 1 if labels.size else 0
    _checks.affordable("labels and n_experts", (n_classes, n_experts))
    labels = class_labels(labels, n_examples=len(chosen), n_classes=max(n_classes, 1))
    table = np.zeros((n_classes, n_experts), np.int64)
    np.add.at(table, (labels[:, np.newaxis], chosen), 1)
    return table


class MixtureOfExperts(Composite):
    """Mixture of experts: a gate picks k of E small networks for each example and weights their outputs.

    p = softmax(x Wg + bg),    y = Σ gₑ expertₑ(x)    over the k experts with the largest p
    gₑ = pₑ / Σ p of those k; with k = 1, gₑ = pₑ

    An expert computes only the examples sent to it: there are E experts to store but k to pay for. (With
    k = 1 the quotient would always be 1, and the gate would learn nothing from the loss.) A gate left alone
    tends to feed a few experts only; `backward` adds the gradient of `balance` times `load_balancing_loss`.

    Parameters
    ----------
    n_inputs, n_outputs : int
        Lengths of x and y, at least 1.
    n_experts : int
        E, at least 1.
    hidden : int
        Length of each expert's only hidden layer, which ends in ReLU, at least 1.
    top_k : int
        k, from 1 to E.
    rng : numpy.random.Generator
        Draws the initial weights of gate and experts.
    balance : float
        How much the load-balancing loss counts beside the model's own, at least 0. Where one expert takes
        everything all the same, which k = 1 invites, raise it.
    dtype : float32 or float64
        Type of the parameters and of all computation.

    Attributes
    ----------
    gate : Dense
        Scores the experts.
    experts : list of Sequential
        dense; ReLU; dense.

    References
    ----------
    Jacobs, Jordan, Nowlan, Hinton (1991), Adaptive mixtures of local experts, figure 1.
    Shazeer et al. (2017), Outrageously large neural networks, eq. 1 and 3 to 5 (here without noise).
    Fedus, Zoph, Shazeer (2022), Switch transformers, eq. 2 (k = 1) and 4 (the loss; α is `balance`).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> layer = MixtureOfExperts(784, 10, n_experts=4, hidden=16, top_k=2, rng=rng)
    >>> layer.forward(np.zeros((5, 784))).shape
    (5, 10)
    >>> probabilities, chosen = layer.routing(np.zeros((5, 784)))
    >>> probabilities[0], chosen[0]  # an empty image says nothing: of equal experts the first two
    (array([0.25, 0.25, 0.25, 0.25], dtype=float32), array([0, 1]))
    """

    def __init__(self, n_inputs, n_outputs, *, n_experts, hidden, top_k, rng, balance=0.1, dtype=np.float32):
        n_experts = _checks.integer("n_experts", n_experts, low=1)
        hidden = _checks.integer("hidden", hidden, low=1)
        self.top_k = _checks.integer("top_k", top_k, low=1)
        if self.top_k > n_experts:
            raise ValueError(f"top_k must be at most n_experts, {n_experts}, got {top_k}")
        self.balance = _checks.number("balance", balance, low=0)
        n_inputs = _checks.integer("n_inputs", n_inputs, low=1)
        _checks.affordable("n_inputs, n_experts and hidden", (n_inputs, n_experts, hidden))
        self.gate = Dense(n_inputs, n_experts, rng=rng, dtype=dtype)
        self.experts = [
            Sequential(
                [
                    Dense(n_inputs, hidden, rng=rng, dtype=dtype),
                    ReLU(),
                    Dense(hidden, n_outputs, rng=rng, dtype=dtype),
                ]
            )
            for _ in range(n_experts)
        ]
        parts = {"gate": self.gate}
        for number, expert in enumerate(self.experts):
            parts |= {f"expert{number}.{position}": layer for position, layer in enumerate(expert.layers)}
        super().__init__(parts)

    def routing(self, inputs):
        """Return where the gate sends examples.

        Parameters
        ----------
        inputs : array_like, shape (N, n_inputs)
            What the layer takes.

        Returns
        -------
        probabilities : ndarray, shape (N, E), in [0, 1]
            p, one row per example, summing to 1.
        chosen : ndarray of int, shape (N, k)
            The experts with the largest p, the largest first; of equal ones those with the lower number.
        """
        probabilities = softmax(self.gate.forward(inputs))
        chosen = np.argsort(-probabilities, axis=1, kind="stable")[:, : self.top_k]
        return probabilities, chosen

    def forward(self, inputs, *, training=False):
        """Return y, the chosen experts' outputs times their weights g."""
        inputs = self._inputs(inputs, "N", len(self.gate.parameters["weights"]))
        probabilities, chosen = self.routing(inputs)
        weights = np.take_along_axis(probabilities, chosen, axis=1)  # (N, k)
        total = weights.sum(axis=1, keepdims=True) if self.top_k > 1 else np.ones_like(weights)
        weights /= total
        outputs = np.zeros((len(inputs), len(self.experts[0].layers[-1].parameters["bias"])), inputs.dtype)
        answers = []
        for number, expert in enumerate(self.experts):
            examples, rank = np.nonzero(chosen == number)
            answers.append(expert.forward(inputs[examples], training=training))
            outputs[examples] += weights[examples, rank, np.newaxis] * answers[-1]
        return self._keep(outputs, probabilities, chosen, weights, total, answers)

    def backward(self, gradient):
        """Return dL/dx through the chosen experts and through the gate; store the gradients of both."""
        gradient, probabilities, chosen, weights, total, answers = self._recall(gradient)
        inputs_gradient = np.zeros((len(gradient), len(self.gate.parameters["weights"])), gradient.dtype)
        weights_gradient = np.zeros_like(weights)
        for number, expert in enumerate(self.experts):
            examples, rank = np.nonzero(chosen == number)
            weights_gradient[examples, rank] = np.sum(gradient[examples] * answers[number], axis=1)
            answers_gradient = weights[examples, rank, np.newaxis] * gradient[examples]
            inputs_gradient[examples] += expert.backward(answers_gradient)
        if self.top_k > 1:  # weights that sum to 1 do not change when all p grow alike
            weights_gradient -= np.sum(weights * weights_gradient, axis=1, keepdims=True)
        slope = np.zeros_like(probabilities)  # dL/dp
        np.put_along_axis(slope, chosen, weights_gradient / total, axis=1)
        if len(slope):
            slope += self.balance * load_balancing_loss(probabilities, chosen)[1]
        # dL/dz of p = softmax(z) is p (dL/dp - Σ p dL/dp).
        slope = probabilities * (slope - np.sum(probabilities * slope, axis=1, keepdims=True))
        inputs_gradient += self.gate.backward(slope)
        self.gradients = self._named("gradients")
        return inputs_gradient


def _choices(chosen, n_experts):
    """Return chosen experts as a checked integer array (N, k)."""
    chosen = _checks.array("chosen", chosen, ndim=2)
    if chosen.dtype.kind not in "iu" and chosen.size:
        raise TypeError(f"chosen must be integers, got dtype {chosen.dtype}")
    if chosen.shape[1] == 0:
        raise ValueError(f"chosen must name at least one expert per example, got shape {chosen.shape}")
    wrong = chosen[(chosen < 0) | (chosen >= n_experts)]
    if wrong.size:
        raise ValueError(f"chosen must be experts from 0 to {n_experts - 1}, got {wrong[0]}")
    return chosen.astype(np.intp, copy=False)
