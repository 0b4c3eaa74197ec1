"""Take two models through the stages that the figure TrainingPipeline shows, and write down what each did.

Usage: OPENBLAS_NUM_THREADS=1 python tools/training_pipeline.py

A classifier: random weights, the stored pre-trained ones, fine-tuned on a few dark digits on light paper (the
pre-trained one knows only light ones on dark), distilled into a smaller network, rounded to 8 bits. A
sampler: the stored autoregressive model, and the same one after it was tuned to a preference, that of more
ink in a digit. Writes lib/imagebook/data/training-pipeline.json and takes a quarter of a minute of one core.
Another kind of processor rounds sums otherwise: there accuracies differ a little.
"""

import base64
import json
from pathlib import Path

import numpy as np

from imagebook import mnist, posttraining, pretrained, transfer
from imagebook.layers import Conv2D, Dense, Flatten, MaxPool2D, ReLU, sigmoid
from imagebook.losses import cross_entropy
from imagebook.models import Sequential, accuracy, small_cnn
from imagebook.optim import Adam
from imagebook.widgets import _assets

FILE = Path(__file__).resolve().parent.parent / "lib/imagebook/data/training-pipeline.json"
FEW = 100  # labelled dark digits of each class
PAIRS = 256  # of samples, of which one is preferred
EPOCHS = 1  # of preference tuning: with more, digits become blots of ink
SAMPLES = 16  # shown on the page


def digits(split):
    images, labels = mnist.load(split)
    return mnist.scale(images), labels.astype(np.int64)


def fine_tuned(model):
    """Return a copy of the pre-trained classifier, fine-tuned on a few dark digits, all parameters of it."""
    rng = np.random.default_rng(0)
    images, labels = digits("train")
    few = np.concatenate([np.flatnonzero(labels == digit)[:FEW] for digit in range(10)])
    model = transfer.full_fine_tuning(model)
    fit = {"optimizer": Adam(learning_rate=0.003), "batch_size": 20, "rng": rng, "progress": False}
    model.fit(1 - images[few], labels[few], loss=cross_entropy, epochs=12, **fit)
    return model


def student(rng):
    """Return an untrained network of half the channels."""
    return Sequential(
        [
            *(Conv2D(1, 4, 3, rng=rng), ReLU(), MaxPool2D(2)),
            *(Conv2D(4, 8, 3, rng=rng), ReLU(), MaxPool2D(2)),
            *(Flatten(), Dense(200, 10, rng=rng)),
        ]
    )


def distilled(teacher):
    """Return a smaller network that learnt to answer as its teacher does, on dark digits without labels."""
    rng = np.random.default_rng(0)
    model = student(rng)
    images, _labels = digits("train")
    for rate in (0.006, 0.004, 0.002):
        fit = {"optimizer": Adam(learning_rate=rate), "epochs": 1, "rng": rng, "progress": False}
        posttraining.distill(model, teacher, 1 - images, temperature=2, **fit)
    return model


def classifiers():
    """Return the stages of the classifier, (name, model, bytes, labels used, digits used)."""
    untrained = small_cnn(rng=np.random.default_rng(0))
    known = pretrained.load("cnn")
    tuned = fine_tuned(known)
    small = distilled(tuned)
    rounded, bytes_before, bytes_after = posttraining.quantize_model(small)
    size = 4 * known.parameter_count
    return [
        ("random", untrained, size, 0, 0),
        ("pre-trained", known, size, 60_000, 60_000),
        ("fine-tuned", tuned, size, 10 * FEW, 10 * FEW),
        ("distilled", small, bytes_before, 0, 10_000),
        ("quantised", rounded, bytes_after, 0, 0),
    ]


def classifier_record(name, model, size, labels_used, digits_used):
    """Return what the file says of a stage of the classifier."""
    images, labels = digits("test")
    shown = mnist.scale(_assets.asset("digits")["images"])[shown_digits()]
    return {
        "stage": name,
        "parameters": model.parameter_count,
        "bytes": size,
        "labels": labels_used,
        "digits": digits_used,
        "light": round(accuracy(model.predict(images), labels), 4),
        "dark": round(accuracy(model.predict(1 - images), labels), 4),
        "answers": model.predict(1 - shown).argmax(axis=1).tolist(),
    }


def shown_digits():
    """Return which digits of the figures' asset are shown: the second one of each class."""
    labels = _assets.asset("digits")["labels"]
    return [int(np.flatnonzero(labels == digit)[1]) for digit in range(10)]


def drawn(model, count, rng):
    """Return samples (count, 28, 28) of the autoregressive model, 0 and 1, a little on the safe side."""
    *_, images = model.sample(rng, temperature=0.8, given=np.full((count, *model.shape), np.nan, np.float32))
    return images


def ink(images):
    """Return the part of each image that is ink."""
    return images.mean(axis=(1, 2))


def log_likelihoods(model, images):
    """Return log p of each image, and dlog p / dlogits; the layers keep what they need to go back."""
    outputs = model.model.forward(model._bordered(images[..., np.newaxis]), training=True)
    targets = images[..., np.newaxis]
    likelihoods = np.sum(targets * outputs - np.logaddexp(0, outputs), axis=(1, 2, 3))
    return likelihoods, targets - sigmoid(outputs)


def preference_tuned(model):
    """Return the sampler after direct preference optimisation: more ink is better."""
    rng = np.random.default_rng(0)
    samples = drawn(model, 2 * PAIRS, rng)
    first, second = samples[:PAIRS], samples[PAIRS:]
    is_first = (ink(first) > ink(second))[:, np.newaxis, np.newaxis]
    pairs = np.where(is_first, first, second), np.where(is_first, second, first)
    known = [model.log_likelihood(images) for images in pairs]
    tuned = pretrained.load("autoregressive")
    optimizer = Adam(learning_rate=0.0003)
    for _ in range(EPOCHS):
        for batch in np.split(rng.permutation(PAIRS), PAIRS // 16):
            images = np.concatenate([images[batch] for images in pairs])
            now, slopes = log_likelihoods(tuned, images)
            _loss, *gradients = posttraining.preference_loss(
                now[:16],
                now[16:],
                reference_chosen=known[0][batch],
                reference_rejected=known[1][batch],
                beta=0.1,
            )
            gradient = np.concatenate(gradients)[:, np.newaxis, np.newaxis, np.newaxis] * slopes
            tuned.model.backward(gradient.astype(np.float32))
            optimizer.step(tuned.model.layers)
    return tuned


def sampler_record(name, model, rivals):
    """Return what the file says of a stage of the sampler; `rivals` are samples of the pre-trained one."""
    samples = drawn(model, 64, np.random.default_rng(1))
    parts, other = ink(samples), ink(rivals)
    wins = np.mean(parts[:, np.newaxis] > other) + np.mean(parts[:, np.newaxis] == other) / 2
    logits = pretrained.load("cnn").predict(samples[..., np.newaxis])
    probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
    sure = (probabilities.max(axis=1) / probabilities.sum(axis=1)) > 0.9
    parameters = pretrained.network(model).parameter_count
    return {
        "stage": name,
        "parameters": parameters,
        "bytes": 4 * parameters,
        "pairs": PAIRS if name == "preference-tuned" else 0,
        "ink": round(float(parts.mean()), 4),
        "preferred": round(float(wins), 4),
        "recognised": round(float(sure.mean()), 4),
        "samples": base64.b64encode(np.packbits(samples[:SAMPLES] > 0.5)).decode("ascii"),
    }


def main():
    records = [classifier_record(*stage) for stage in classifiers()]
    model = pretrained.load("autoregressive")
    rivals = drawn(model, 64, np.random.default_rng(2))
    records.append(sampler_record("sampler", model, rivals))
    records.append(sampler_record("preference-tuned", preference_tuned(model), rivals))
    lines = ",\n".join("  " + json.dumps(entry) for entry in records)
    content = f'{{"shown": {shown_digits()}, "records": [\n{lines}\n]}}\n'
    FILE.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
