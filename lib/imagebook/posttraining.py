"""Post-training: what turns a pre-trained model into a smaller, cheaper or better liked one."""

import copy
import functools

import numpy as np

from imagebook import _checks
from imagebook.layers import sigmoid
from imagebook.models import Sequential
from imagebook.softmax import log_softmax


def distillation_loss(logits, teacher_logits, *, temperature):
    """Return the distillation loss of a student against its teacher's soft targets, and its gradient.

    L = T² / N Σₙ Σᵢ pᵢ (log pᵢ - log qᵢ),    dL/dz = T (q - p) / N
    p = softmax(teacher / T),    q = softmax(z / T)

    It is the cross-entropy against p less the entropy of p, which the student cannot change: the gradient is
    the same, and the loss is 0 when the student agrees. T² keeps the gradient's size when T grows.

    Parameters
    ----------
    logits, teacher_logits : array_like, shape (N, K)
        Finite scores z of the student, and of the teacher, N and K at least 1.
    temperature : float
        T, above 0: a high one shows which wrong classes the teacher finds less wrong.

    Returns
    -------
    loss : float
        The mean over the N examples, at least 0 (up to rounding).
    gradient : ndarray, shape (N, K), dtype of `logits`
        The derivative of the loss with respect to each of the student's logits.

    Raises
    ------
    ValueError
        If the shapes differ, there are no examples, a logit is not finite, or `temperature` is not above 0.

    References
    ----------
    Hinton, Vinyals, Dean (2015), Distilling the knowledge in a neural network, section 2 and eq. 2.

    Examples
    --------
    The teacher says 3/4 and 1/4, the student 1/2 and 1/2:

    >>> loss, gradient = distillation_loss([[0.0, 0.0]], [[np.log(3), 0.0]], temperature=1)
    >>> round(loss, 4)  # 3/4 log(3/2) + 1/4 log(1/2)
    0.1308
    >>> gradient
    array([[-0.25,  0.25]])
    """
    logits = _checks.floats("logits", logits, ndim=2, finite=True)
    teacher_logits = _checks.floats("teacher_logits", teacher_logits, ndim=2, finite=True)
    temperature = _temperature(temperature)
    _checks.not_empty("logits", logits)
    if teacher_logits.shape != logits.shape:
        raise ValueError(
            f"teacher_logits must have the shape of logits, {logits.shape}, got {teacher_logits.shape}"
        )
    log_q = log_softmax(logits.astype(np.float64), temperature=temperature)
    log_p = log_softmax(teacher_logits.astype(np.float64), temperature=temperature)
    p = np.exp(log_p)
    loss = temperature**2 * np.sum(p * (log_p - log_q)) / len(logits)
    gradient = temperature * (np.exp(log_q) - p) / len(logits)
    return float(loss), gradient.astype(logits.dtype)


def distill(student, teacher, inputs, *, temperature, optimizer, epochs, batch_size=64, rng, progress=True):
    """Train a student to answer as its teacher does, by knowledge distillation, and return how the loss went.

    No labels are needed: the teacher's outputs, computed once, are the targets (`distillation_loss`). The
    student learns the teacher's mistakes too.

    Parameters
    ----------
    student : Sequential
        Is trained; usually the smaller model.
    teacher : Sequential
        A trained model with as many outputs; it stays as it is.
    inputs : array_like, shape (N, ...)
        What both models take, N at least 1.
    temperature : float
        T, above 0; see `distillation_loss`.
    optimizer, epochs, batch_size, rng, progress
        As in `Sequential.fit`.

    Returns
    -------
    dict of str to list of float
        "loss": the mean over each epoch's batches while it ran.

    Raises
    ------
    TypeError
        If student or teacher is not a `Sequential`.
    ValueError
        If they are one model, differ in the number of outputs, or `temperature` is not above 0.

    References
    ----------
    Hinton, Vinyals, Dean (2015), Distilling the knowledge in a neural network, section 2.

    Examples
    --------
    >>> from imagebook.layers import Dense
    >>> from imagebook.optim import Adam
    >>> rng = np.random.default_rng(0)
    >>> teacher, student = (Sequential([Dense(4, 3, rng=rng)]) for _ in range(2))
    >>> inputs = rng.normal(size=(100, 4))
    >>> history = distill(
    ...     student, teacher, inputs, temperature=2, optimizer=Adam(learning_rate=0.05), epochs=30, rng=rng,
    ...     progress=False,
    ... )
    >>> history["loss"][0] > 0.1 > 0.001 > history["loss"][-1]
    True
    """
    _check_model("student", student)
    _check_model("teacher", teacher)
    if student is teacher:
        raise ValueError("student and teacher must be two models, got one")
    loss = functools.partial(distillation_loss, temperature=_temperature(temperature))
    return student.fit(
        inputs,
        teacher.predict(inputs),
        loss=loss,
        optimizer=optimizer,
        epochs=epochs,
        batch_size=batch_size,
        rng=rng,
        progress=progress,
    )


def quantize(array):
    """Return weights as 8-bit integers with one scale per output channel: symmetric linear quantisation.

    s = max |w| / 127,    q = round(w / s)    for each channel, the last axis

    Zero stays exactly zero, and no weight moves by more than s / 2 (up to rounding). One scale per channel,
    because a single large weight makes the steps of all that share its scale coarse.

    Parameters
    ----------
    array : array_like, shape (..., C)
        Finite weights, 1 to 4 dimensions, the output channels last, C at least 1.

    Returns
    -------
    values : ndarray of int8, shape of `array`
        q, from -127 to 127.
    scale : ndarray, shape (C,), dtype of `array`
        s, above 0; it is 1 where a channel is all 0.

    Raises
    ------
    ValueError
        If `array` is empty or not finite.

    References
    ----------
    Jacob et al. (2018), Quantization and training of neural networks for efficient integer-arithmetic-only
    inference, eq. 1 with Z = 0, and section 3 (-128 is not used).
    Krishnamoorthi (2018), Quantizing deep convolutional networks for efficient inference (one scale per
    channel).

    Examples
    --------
    >>> values, scale = quantize([[127.0, 0.5], [-2.4, -1.0]])
    >>> values
    array([[ 127,   64],
           [  -2, -127]], dtype=int8)
    >>> scale * 127
    array([127.,   1.])
    """
    array = _checks.floats("array", array, ndim=(1, 2, 3, 4), finite=True)
    _checks.not_empty("array", array)
    scale = np.abs(array).max(axis=tuple(range(array.ndim - 1))) / 127
    scale[scale == 0] = 1
    values = np.clip(np.rint(array / scale), -127, 127)  # a tiny s is coarse, and q too large
    return values.astype(np.int8), scale


def dequantize(values, scale):
    """Return the weights that 8-bit integers stand for.

    w ≈ s q

    Parameters
    ----------
    values : array_like of int8, shape (..., C)
        q, from `quantize`.
    scale : array_like, shape (C,)
        s of each channel, above 0.

    Returns
    -------
    ndarray, shape of `values`, dtype of `scale`
        Within s / 2 of the original weights.

    Raises
    ------
    TypeError
        If `values` is not of type int8.
    ValueError
        If there is not one positive, finite scale per channel.

    References
    ----------
    Jacob et al. (2018), Quantization and training of neural networks for efficient integer-arithmetic-only
    inference, eq. 1 with Z = 0.

    Examples
    --------
    >>> dequantize(np.array([[2, -3]], np.int8), [0.5, 0.25])
    array([[ 1.  , -0.75]])
    """
    values = _checks.array("values", values, ndim=(1, 2, 3, 4))
    scale = _checks.floats("scale", scale, ndim=1, finite=True)
    if values.dtype != np.int8:
        raise TypeError(f"values must be of dtype int8, got {values.dtype}")
    if scale.shape != values.shape[-1:]:
        raise ValueError(f"scale must have one value per channel, {values.shape[-1]}, got {scale.size}")
    if (scale <= 0).any():
        raise ValueError(f"scale must be more than 0, got {scale.min()}")
    return values * scale


def quantize_model(model):
    """Return a copy of a model whose weights went through 8 bits, and the bytes it needs before and after.

    Parameters with two or more axes are replaced by dequantize(quantize(w)); biases, which are few, stay as
    they are. The copy still computes with floats: it shows what rounding does to the answers, not the
    speed of integer hardware. Merge a `LowRankAdapter` first: its W is not among the parameters.

    Parameters
    ----------
    model : Sequential
        A trained model; it stays as it is.

    Returns
    -------
    quantized : Sequential
        The copy.
    bytes_before, bytes_after : int
        Bytes of all parameters, and of the 8-bit weights, their scales and the biases.

    Raises
    ------
    TypeError
        If `model` is not a `Sequential`.
    ValueError
        If a weight is not finite.

    Examples
    --------
    >>> from imagebook.layers import Dense
    >>> model = Sequential([Dense(400, 10, rng=np.random.default_rng(0))])
    >>> quantized, bytes_before, bytes_after = quantize_model(model)
    >>> bytes_before, bytes_after  # 4 (4000 + 10); 4000 + 4 * 10 scales + 4 * 10 biases
    (16040, 4080)
    """
    _check_model("model", model)
    quantized = copy.deepcopy(model)
    bytes_before = bytes_after = 0
    for layer in quantized.layers:
        for parameter in layer.parameters.values():
            bytes_before += parameter.nbytes
            if parameter.ndim < 2:
                bytes_after += parameter.nbytes
                continue
            values, scale = quantize(parameter)
            parameter[...] = dequantize(values, scale)
            bytes_after += values.nbytes + scale.nbytes
    return quantized, bytes_before, bytes_after


def preference_loss(chosen, rejected, *, reference_chosen, reference_rejected, beta=0.1):
    """Return the loss of direct preference optimisation (DPO) on pairs of outcomes, and its two gradients.

    L = -1/N Σ log σ(mₙ),    m = β ((log π(chosen) - log π(rejected)) - (log π₀(chosen) - log π₀(rejected)))
    dL/d log π(chosen) = -β σ(-m) / N = -dL/d log π(rejected)

    In the Bradley-Terry model, σ(a - b) is the probability that an outcome of reward a is preferred to one of
    reward b; here the reward is β log (π / π₀), which ties the policy π to the reference π₀. The loss sees
    only differences: both likelihoods may fall, as long as the rejected one falls faster.

    Parameters
    ----------
    chosen, rejected : array_like, shape (N,)
        log π, natural log-likelihoods of the preferred and of the other outcome of each pair, under the model
        that is trained; finite, N at least 1.
    reference_chosen, reference_rejected : array_like, shape (N,)
        log π₀, the same under the model as it was before.
    beta : float
        β, above 0: the larger, the closer the policy stays to the reference.

    Returns
    -------
    loss : float
        The mean over the pairs, at least 0; log 2 where policy and reference agree.
    chosen_gradient, rejected_gradient : ndarray, shape (N,), dtype of `chosen` and of `rejected`
        The derivatives of the loss with respect to the policy's log-likelihoods.

    Raises
    ------
    ValueError
        If the four differ in length, are empty or not finite, or `beta` is not above 0.

    References
    ----------
    Rafailov, Sharma, Mitchell, Ermon, Manning, Finn (2023), Direct preference optimization, eq. 1 and 7.
    Bradley, Terry (1952), Rank analysis of incomplete block designs.

    Examples
    --------
    >>> log_half, log_third = np.log([0.5]), np.log([1 / 3])
    >>> loss, chosen_gradient, rejected_gradient = preference_loss(
    ...     log_half, log_half, reference_chosen=log_third, reference_rejected=log_third, beta=1
    ... )
    >>> round(loss, 4), chosen_gradient, rejected_gradient  # both rose alike: nothing is decided, log 2
    (0.6931, array([-0.5]), array([0.5]))
    """
    chosen = _checks.floats("chosen", chosen, ndim=1, finite=True)
    _checks.not_empty("chosen", chosen)
    rejected = _paired("rejected", rejected, chosen)
    reference_chosen = _paired("reference_chosen", reference_chosen, chosen)
    reference_rejected = _paired("reference_rejected", reference_rejected, chosen)
    beta = _checks.positive("beta", beta)
    policy = np.subtract(chosen, rejected, dtype=np.float64)
    margin = beta * (policy - np.subtract(reference_chosen, reference_rejected, dtype=np.float64))
    loss = np.mean(np.logaddexp(0, -margin))  # -log σ(m), without overflow
    slope = beta * sigmoid(-margin) / len(margin)
    return float(loss), (-slope).astype(chosen.dtype), slope.astype(rejected.dtype)


def _temperature(value):
    """Return a temperature, checked to be so far above 0 that finite logits divided by it stay finite."""
    return _checks.number("temperature", _checks.positive("temperature", value), low=1e-30)


def _paired(name, values, chosen):
    """Return log-likelihoods as finite floats, one for each that `chosen` has."""
    values = _checks.floats(name, values, ndim=1, finite=True)
    if values.shape != chosen.shape:
        raise ValueError(f"{name} must hold one value per pair, {chosen.size}, got {values.size}")
    return values


def _check_model(name, model):
    """Raise TypeError if `model` is not a Sequential."""
    if not isinstance(model, Sequential):
        raise TypeError(f"{name} must be a Sequential, got {model!r}")
