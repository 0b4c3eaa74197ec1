"""Fine-tune a small network in every way that the figure FineTuningBoard offers, and write down how it went.

Usage: OPENBLAS_NUM_THREADS=1 python tools/fine_tuning.py

There are two tasks. "holes": a network that knows the ten digits learns to say how many holes a digit has.
"strangers": a network that knows the digits 0 to 4 learns to tell apart the digits 5 to 9, which it has never
seen. Each choice of what is trained is tried with each number of examples and with three seeds (other digits,
other first weights, another order); accuracy is measured on test digits of the sample. Writes
lib/imagebook/data/fine-tuning.json and takes about four minutes of one core. Another kind of processor rounds
sums otherwise: there accuracies differ a little.
"""

import functools
import itertools
import json
from pathlib import Path

import numpy as np

from imagebook import mnist, transfer
from imagebook.layers import Dense, ReLU
from imagebook.losses import cross_entropy
from imagebook.models import accuracy, small_cnn
from imagebook.optim import Adam

FILE = Path(__file__).resolve().parent.parent / "lib/imagebook/data/fine-tuning.json"
HOLES = np.array([1, 0, 0, 0, 1, 0, 1, 0, 2, 1])  # of each digit; that of a 4 may be open, and counts
TASKS = {"holes": 3, "strangers": 5}  # and how many classes they have
EXAMPLES = (5, 20, 100)  # of each class
SEEDS = (0, 1, 2)
BATCH = 20
STEPS = (0, 10, 20, 40, 80, 150, 300)  # of training, after which the accuracy is measured
N_TEST = 1000
RANK = 2
CONV_1, CONV_2, DENSE = 0, 3, 7  # where these layers are in `network`


def network(n_classes, rng):
    """Return the small CNN with one dense layer more, 400 → 32, between its convolutions and its head."""
    top = [Dense(400, 32, rng=rng), ReLU(), Dense(32, n_classes, rng=rng)]
    return transfer.replace_head(small_cnn(rng=rng), top)


@functools.cache
def digits(split):
    images, labels = mnist.load(split)
    return mnist.scale(images), labels.astype(np.int64)


def new_task(task, split):
    """Return images and classes of a new task."""
    images, labels = digits(split)
    if task == "holes":
        return images, HOLES[labels]
    return images[labels > 4], labels[labels > 4] - 5


@functools.cache
def pretrained(task):
    """Return the network that a task begins with: it knows all digits, or those below 5."""
    images, labels = digits("train")
    if task == "strangers":
        images, labels = images[labels < 5], labels[labels < 5]
    rng = np.random.default_rng(0)
    model = network(labels.max() + 1, rng)
    for rate in (0.004, 0.002, 0.001):
        fit(model, images, labels, Adam(learning_rate=rate), rng, 32)
    return model


def fit(model, images, labels, optimizer, rng, batch_size):
    """Train a model with each example once."""
    options = {"optimizer": optimizer, "epochs": 1, "batch_size": batch_size, "rng": rng, "progress": False}
    model.fit(images, labels, loss=cross_entropy, **options)


def states():
    """Return every (start, is conv 1 trained, is conv 2 trained, what happens to the dense layer)."""
    flags = (False, True)
    choices = itertools.product(["pre-trained"], flags, flags, ["frozen", "adapter", "trained"])
    return [*choices, ("random", True, True, "trained")]


def beginning(task, state, rng):
    """Return the network as it is before its training for a task: its head of zeros, parts of it frozen."""
    start, conv_1, conv_2, dense = state
    n_classes = TASKS[task]
    body = network(n_classes, rng) if start == "random" else pretrained(task)
    head = Dense(32, n_classes, rng=rng)
    head.parameters["weights"][:] = 0  # it has no opinion yet
    model = transfer.full_fine_tuning(transfer.replace_head(body, [head]))
    if dense == "adapter":
        model.layers[DENSE] = transfer.LowRankAdapter(model.layers[DENSE], RANK, rng=rng)
    trained = {CONV_1: conv_1, CONV_2: conv_2, DENSE: dense != "frozen"}
    transfer.freeze([model.layers[place] for place, is_trained in trained.items() if not is_trained])
    return model


def run(task, state, count, seed):
    """Return how many parameters are trained, and the accuracy after each of STEPS."""
    rng = np.random.default_rng([seed, count])
    images, labels = new_task(task, "train")
    few = [rng.permutation(np.flatnonzero(labels == label))[:count] for label in range(TASKS[task])]
    few = np.concatenate(few)
    test_images, test_labels = (part[:N_TEST] for part in new_task(task, "test"))
    model = beginning(task, state, rng)
    optimizer = Adam(learning_rate=0.003)
    found = []
    for step, following in itertools.pairwise((*STEPS, None)):
        found.append(accuracy(model.predict(test_images), test_labels))
        if following:
            drawn = rng.choice(few, BATCH * (following - step))
            fit(model, images[drawn], labels[drawn], optimizer, rng, BATCH)
    return transfer.trained_parameters(model), found


def record(task, state):
    """Return what the file says of a state: what is trained, and the accuracies over all seeds."""
    start, conv_1, conv_2, dense = state
    result = {"task": task, "start": start, "conv_1": conv_1, "conv_2": conv_2, "dense": dense}
    model = beginning(task, state, np.random.default_rng(0))
    result["trained"] = transfer.trained_parameters(model)
    for count in EXAMPLES:
        runs = np.array([run(task, state, count, seed)[1] for seed in SEEDS])
        result[f"mean_{count}"] = [round(float(value), 4) for value in runs.mean(axis=0)]
        result[f"ends_{count}"] = [round(float(value), 4) for value in runs[:, -1]]
    return result


def main():
    records = [record(task, state) for task in TASKS for state in states()]
    lines = ",\n".join("  " + json.dumps(entry) for entry in records)
    FILE.write_text(f'{{"steps": {json.dumps(STEPS)}, "records": [\n{lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
