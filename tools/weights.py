"""Train the models whose weights come with the package, and write down how good they are.

Usage: python tools/weights.py [--only NAME ...]

Trains on the full MNIST, which comes from the folder that MNIST_DIR names, or from the mirrors. Writes
NAME.npz into lib/imagebook/data/weights and what it measured, with the numbers as they are stored there, into
records.json beside it. Each run writes the same bytes on the same machine with the same NumPy and one thread
(OPENBLAS_NUM_THREADS=1, as `make weights` sets); elsewhere sums may be rounded otherwise, and training makes
much of little.
"""

import argparse
import hashlib
import json
from typing import NamedTuple

import numpy as np

from imagebook import instruction, mnist, pretrained
from imagebook.autoregressive import binarize
from imagebook.losses import cross_entropy
from imagebook.mixture import load_balancing_loss
from imagebook.models import accuracy
from imagebook.optim import Adam

LARGEST = 300_000  # bytes of a file: what a reader's browser may have to download


def fit_classifier(model, images, labels, **options):
    return model.fit(images, labels, loss=cross_entropy, **options)


def fit_images(model, images, labels, **options):
    return model.fit(images, **options)


def fit_binary_images(model, images, labels, **options):
    return model.fit(binarize(images), **options)


def fit_captions(model, images, labels, *, rng, **options):
    return model.fit(images, *instruction.captions(labels, rng), rng=rng, **options)


def fit_instructions(model, images, labels, *, rng, **options):
    return model.fit(images, *instruction.instructions(labels, rng), rng=rng, **options)


def measure_accuracy(model, images, labels):
    return {"accuracy": accuracy(model.predict(images), labels)}


def measure_mixture(model, images, labels):
    flat, experts = model.layers
    balance, _gradient = load_balancing_loss(*experts.routing(flat.forward(images)))
    return measure_accuracy(model, images, labels) | {"load_balancing_loss": balance}


def measure_reconstruction(model, images, labels):
    return {"mean_squared_error": float(np.mean((model.reconstruct(images) - images) ** 2, dtype=np.float64))}


def measure_elbo(model, images, labels):
    return {"elbo": float(model.elbo(binarize(images), rng=np.random.default_rng(0)).mean())}


def measure_likelihood(model, images, labels):
    return {"log_likelihood": float(model.log_likelihood(binarize(images)).mean())}


def measure_answers(model, images, labels):
    """Return the part of captions that end right, and of answers that are right by type and wording."""
    beginnings, words = instruction.captions(labels, np.random.default_rng(0))
    said = model.answer(images, beginnings)
    parts = {"captions": float(np.mean([word == wanted for word, wanted in zip(said, words, strict=True)]))}
    for kind, wordings in instruction.score(model, images, labels).items():
        parts |= {f"{kind}_{wording}": part for wording, part in wordings.items()}
    return parts


class Task(NamedTuple):
    """What a model learns: how it is fitted, what is measured, and what the measures mean."""

    fit: object
    measure: object
    measures: dict


ACCURACY = {"accuracy": "part of the digits that are recognised"}
BALANCE = {"load_balancing_loss": "1 if all experts are used equally often, at most 4"}
ERROR = {"mean_squared_error": "mean squared difference of a pixel from its reconstruction"}
ELBO = {"elbo": "mean lower bound of the log-likelihood of a binarized image, in nats"}
LIKELIHOOD = {"log_likelihood": "mean log-likelihood of a binarized image, in nats"}
ANSWERS = {"captions": "part of the captions that end with the right digit"} | {
    f"{kind}_{wording}": (
        f"part of the answers that are right, question type '{kind}', {wording.replace('_', '-')} phrasings"
    )
    for kind, wordings in instruction.PHRASINGS.items()
    for wording in wordings
}

CLASSIFY = Task(fit_classifier, measure_accuracy, ACCURACY)
CLASSIFY_BY_EXPERTS = Task(fit_classifier, measure_mixture, ACCURACY | BALANCE)
RECONSTRUCT = Task(fit_images, measure_reconstruction, ERROR)
BOUND_LIKELIHOOD = Task(fit_binary_images, measure_elbo, ELBO)
PREDICT_PIXELS = Task(fit_binary_images, measure_likelihood, LIKELIHOOD)
END_CAPTIONS = Task(fit_captions, measure_answers, ANSWERS)
FOLLOW_INSTRUCTIONS = Task(fit_instructions, measure_answers, ANSWERS)


class Recipe(NamedTuple):
    """How a model is trained, by Adam."""

    task: Task
    learning_rate: float  # of the first epoch
    epochs: int
    batch_size: int = 64
    start: str | None = None  # the stored model that it continues
    n_train: int = 60_000  # on how many images it is trained: fewer where that takes long
    n_sample: int = 2000  # on how many images the tests measure again: fewer where that takes long

    def learning_rates(self):
        """Return the learning rate of each epoch: it falls in equal steps, towards 0."""
        return [round(self.learning_rate * (1 - epoch / self.epochs), 6) for epoch in range(self.epochs)]

    def sentence(self):
        """Return the recipe in words."""
        start = f"the weights of {self.start}" if self.start else "random weights"
        first, *_, last = self.learning_rates()
        falls = f"a learning rate that falls in equal steps from {first:g} to {last:g}"
        return f"Adam from {start}, in batches of {self.batch_size}, with {falls}."


RECIPES = {
    "cnn": Recipe(CLASSIFY, 0.006, 12),
    "sepcnn": Recipe(CLASSIFY, 0.006, 12),
    "autoencoder": Recipe(RECONSTRUCT, 0.003, 30),
    "variational_autoencoder": Recipe(BOUND_LIKELIHOOD, 0.003, 40),
    "variational_autoencoder_2d": Recipe(BOUND_LIKELIHOOD, 0.003, 40),
    "autoregressive": Recipe(PREDICT_PIXELS, 0.003, 4, batch_size=16, n_train=20_000, n_sample=500),
    "mixture_of_experts": Recipe(CLASSIFY_BY_EXPERTS, 0.003, 6),
    "multimodal_captions": Recipe(END_CAPTIONS, 0.002, 2, batch_size=32, n_sample=200),
    "multimodal": Recipe(
        FOLLOW_INSTRUCTIONS, 0.002, 5, batch_size=32, start="multimodal_captions", n_sample=200
    ),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--only", nargs="+", choices=pretrained.NAMES, metavar="NAME", default=pretrained.NAMES
    )
    names = parser.parse_args().only
    try:
        train, test = (mnist.load(split, full=True) for split in ("train", "test"))
    except (ImportError, OSError, ValueError) as error:
        raise SystemExit(str(error)) from None
    for name in names:
        made = make(name, RECIPES[name], train, test)
        write_record(name, made)
        print(json.dumps({name: made}, indent=2), flush=True)


def make(name, recipe, train, test, *, seed=0):
    """Train a model, write its weights and return its record."""
    rng = np.random.default_rng(seed)
    model = pretrained.load(recipe.start) if recipe.start else pretrained.build(name, rng=rng)
    images, labels = (array[: recipe.n_train] for array in train)
    images, n_train = mnist.scale(images), len(images)
    optimizer = Adam()
    for epoch, learning_rate in enumerate(recipe.learning_rates(), start=1):
        optimizer.learning_rate = learning_rate
        options = {"optimizer": optimizer, "epochs": 1, "batch_size": recipe.batch_size, "rng": rng}
        loss = recipe.task.fit(model, images, labels, **options, progress=False)["loss"][0]
        print(f"{name}: epoch {epoch} of {recipe.epochs}, loss {loss:.4f}", flush=True)
    path = pretrained.weights_file(name)
    pretrained.network(model).save(path, dtype=np.float16)
    content = path.read_bytes()
    if len(content) >= LARGEST:
        raise SystemExit(f"{path} must be smaller than {LARGEST:,} bytes, got {len(content):,}")

    stored = pretrained.load(name)
    images, labels = mnist.scale(test[0]), test[1]
    return {
        "measures": recipe.task.measures,
        "sample": measured(recipe, stored, images[: recipe.n_sample], labels[: recipe.n_sample]),
        "full": measured(recipe, stored, images, labels),
        "recipe": recipe.sentence(),
        "training_images": n_train,
        "epochs": recipe.epochs,
        "seed": seed,
        "parameters": pretrained.network(stored).parameter_count,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def measured(recipe, model, images, labels):
    """Return the measures of a model, rounded, and on how many images they were taken."""
    values = recipe.task.measure(model, images, labels)
    return {"images": len(images)} | {measure: round(value, 6) for measure, value in values.items()}


def write_record(name, made):
    """Put a record into records.json, the others staying as they are, in the order of the names."""
    path = pretrained.FOLDER / "records.json"
    records = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    records[name] = made
    records = {name: records[name] for name in pretrained.NAMES if name in records}
    path.write_text(json.dumps(records, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
