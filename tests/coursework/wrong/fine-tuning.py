"""Plausible wrong answers to the assignment on fine-tuning, and what a notebook with them gets."""

WRONG = {
    # The biases of the convolutions are forgotten; the head is still the larger part.
    "counting": """\
body_count = 3 * 3 * 1 * 8 + 3 * 3 * 8 * 16
old_head_count = 400 * 10 + 10
new_head_count = 400 * len(set(van_of.tolist()))
""",
    # The mean over the examples in place of the sum, though the loss has taken it: the same for one example.
    "head-gradient": """\
def head_gradient(inputs, labels, weights, bias):
    _, gradient = cross_entropy(inputs @ weights + bias, labels)
    return inputs.T @ gradient / len(inputs), gradient.mean(axis=0)
""",
    # All of the body is frozen as soon as one layer is to be.
    "fine-tuned": """\
def fine_tuned(images, labels, n_classes, n_frozen, epochs, seed, stored=True):
    rng = np.random.default_rng(seed)
    old = pretrained.load("cnn") if stored else small_cnn(rng=rng)
    network = Sequential(old.layers[:-1] + [Dense(400, n_classes, rng=rng)])
    if n_frozen:
        for layer in network.layers[:-1]:
            layer.frozen = True
    options = {"epochs": epochs, "batch_size": 20, "rng": rng, "progress": False}
    network.fit(images, labels, loss=cross_entropy, optimizer=Adam(learning_rate=0.003), **options)
    arrays = []
    for layer in network.layers:
        arrays += layer.parameters.values()
    return arrays
""",
    # Read backwards from the curve: right as long as it only rises.
    "examples-needed": """\
def examples_needed(sizes, scores, goal):
    if goal > max(scores):
        return None
    return float(np.interp(goal, scores, sizes))
""",
}
EXPECTED = {
    "counted": 0,
    "body-cut": 2,
    "gradient-by-hand": 1,
    "gradient-of-many": 0,
    "head-trained": 0,
    "frozen-stays": 0,
    "fine-tuning-learns": 2,
    "worth-measured": 0,
}
