"""Loss functions: one number that says how wrong a prediction is, and which way to change it."""

import numpy as np

from imagebook import _checks
from imagebook.layers import sigmoid
from imagebook.softmax import log_softmax


def mean_squared_error(predictions, targets):
    """Return the mean squared error and its gradient.

    L = mean((p - t)²),    dL/dp = 2 (p - t) / n

    n counts every element, not only the examples: the gradient shrinks as images grow.

    Parameters
    ----------
    predictions : array_like, shape (N, ...)
        What the model computed, finite.
    targets : array_like, shape of `predictions`
        What it should have computed, finite.

    Returns
    -------
    loss : float
        The mean over all elements, at least 0.
    gradient : ndarray, shape and dtype of `predictions`
        The derivative of the loss with respect to each prediction.

    Raises
    ------
    ValueError
        If the shapes differ, there is nothing to average, or a number is not finite.

    Examples
    --------
    >>> loss, gradient = mean_squared_error([[1.0, 3.0]], [[0.0, 1.0]])
    >>> loss
    2.5
    >>> gradient
    array([[1., 2.]])
    """
    predictions, targets = _pair("predictions", predictions, targets)
    difference = predictions - targets
    loss = np.mean(np.square(difference, dtype=np.float64))
    return float(loss), difference * (2 / difference.size)


def cross_entropy(logits, labels):
    """Return the cross-entropy of softmax(logits) against the true classes, and its gradient.

    L = -1/N Σₙ log softmax(zₙ)[yₙ],    dL/dz = (softmax(z) - one_hot(y)) / N

    The inputs are logits, the raw outputs of the last layer: applying softmax before this loss would apply it
    twice. Computed from log-softmax, the loss stays finite where the probability underflows to 0.

    Parameters
    ----------
    logits : array_like, shape (N, K)
        One finite score per class.
    labels : array_like of int, shape (N,)
        The true classes, 0 to K-1.

    Returns
    -------
    loss : float
        The mean over the N examples, at least 0; log(K) when all scores are equal.
    gradient : ndarray, shape (N, K), dtype of `logits`
        The derivative of the loss with respect to each logit; every row sums to 0.

    Raises
    ------
    TypeError
        If the labels are not integers.
    ValueError
        If there is not one label in 0 to K-1 per row, N is 0, or a logit is not finite.

    References
    ----------
    Goodfellow, Bengio, Courville (2016), Deep Learning, section 6.2.2.3.

    Examples
    --------
    >>> loss, gradient = cross_entropy([[0.0, 0.0]], [1])
    >>> round(loss, 4)  # log(2): nothing is known yet
    0.6931
    >>> gradient
    array([[ 0.5, -0.5]])
    """
    logits = _checks.floats("logits", logits, ndim=2, finite=True)
    _checks.not_empty("logits", logits)
    labels = class_labels(labels, n_examples=logits.shape[0], n_classes=logits.shape[1])
    log_probabilities = log_softmax(logits, axis=1)
    examples = np.arange(len(labels))
    loss = 0.0 - np.mean(log_probabilities[examples, labels], dtype=np.float64)  # 0.0 and not -0.0 at best
    gradient = np.exp(log_probabilities)
    gradient[examples, labels] -= 1
    return float(loss), gradient / len(labels)


def binary_cross_entropy(logits, targets):
    """Return the binary cross-entropy of sigmoid(logits) against targets, and its gradient.

    L = -mean(t log σ(z) + (1 - t) log(1 - σ(z))) = mean(max(z, 0) - z t + log(1 + exp(-|z|)))
    dL/dz = (σ(z) - t) / n

    The inputs are logits: a sigmoid layer before this loss would apply it twice. The second form of the
    equation is the one computed; it neither overflows nor takes the logarithm of 0.

    Parameters
    ----------
    logits : array_like, shape (N, ...)
        Finite scores; positive means "rather 1 than 0".
    targets : array_like, shape of `logits`
        Probabilities in [0, 1], for example pixel intensities.

    Returns
    -------
    loss : float
        The mean over all elements, at least 0.
    gradient : ndarray, shape and dtype of `logits`
        The derivative of the loss with respect to each logit.

    Raises
    ------
    ValueError
        If the shapes differ, a target is not in [0, 1], a logit is not finite, or there are none.

    Examples
    --------
    >>> loss, gradient = binary_cross_entropy([[0.0, 1000.0]], [[1.0, 1.0]])
    >>> round(loss, 4)  # log(2) / 2: the second logit is right and costs nothing
    0.3466
    >>> gradient
    array([[-0.25,  0.  ]])
    """
    logits, targets = _pair("logits", logits, targets)
    if targets.min() < 0 or targets.max() > 1:
        raise ValueError(f"targets must be between 0 and 1, got {targets.min()} to {targets.max()}")
    elementwise = np.maximum(logits, 0) - logits * targets + np.log1p(np.exp(-np.abs(logits)))
    loss = np.mean(elementwise, dtype=np.float64)
    return float(loss), (sigmoid(logits) - targets) / logits.size


def class_labels(labels, *, n_examples, n_classes):
    """Return class labels as an integer array, one per example.

    Parameters
    ----------
    labels : array_like of int, shape (n_examples,)
        Classes, 0 to n_classes-1.
    n_examples, n_classes : int
        How many labels there must be, and from how many classes.

    Returns
    -------
    ndarray of int, shape (n_examples,)
        The checked labels.

    Raises
    ------
    TypeError
        If the labels are not integers.
    ValueError
        If their number or their range is another.

    Examples
    --------
    >>> class_labels([0, 3], n_examples=2, n_classes=3)
    Traceback (most recent call last):
    ...
    ValueError: labels must be classes from 0 to 2, got 3
    """
    labels = _checks.array("labels", labels, ndim=1)
    n_examples = _checks.integer("n_examples", n_examples, low=0)
    n_classes = _checks.integer("n_classes", n_classes, low=1)
    if labels.shape != (n_examples,):
        raise ValueError(f"labels must hold one class per example, {n_examples}, got {labels.size}")
    if labels.dtype.kind == "f" and labels.size:
        raise TypeError(f"labels must be integers, got dtype {labels.dtype}")
    wrong = labels[(labels < 0) | (labels >= n_classes)]
    if wrong.size:
        raise ValueError(f"labels must be classes from 0 to {n_classes - 1}, got {wrong[0]}")
    return labels.astype(np.intp, copy=False)


def _pair(name, predictions, targets):
    """Return predictions and targets as finite float arrays of one shape and dtype."""
    predictions = _checks.floats(name, predictions, ndim=range(1, 5), finite=True)
    targets = _checks.floats("targets", targets, ndim=range(1, 5), finite=True)
    if targets.shape != predictions.shape:
        raise ValueError(f"targets must have the shape of {name}, {predictions.shape}, got {targets.shape}")
    _checks.not_empty(name, predictions)
    return predictions, targets.astype(predictions.dtype, copy=False)
