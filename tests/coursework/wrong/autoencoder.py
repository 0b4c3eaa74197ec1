"""Plausible wrong answers to the assignment on the autoencoder, and what a notebook with them gets."""

WRONG = {
    # The biases are forgotten where a hidden layer has two neighbours: caught by the example.
    "counting": """\
times_shorter = 28 * 28


def parameter_count(sizes):
    return sum(n * m for n, m in zip(sizes[:-1], sizes[1:])) + sizes[-1]
""",
    # One mean over all pictures, repeated: caught by the example.
    "error-per-image": """\
def error_per_image(images, rebuilt):
    return np.full(len(images), np.mean((images - rebuilt) ** 2))
""",
    # A ReLU behind the code as well, which hides where all codes of the examples are positive.
    "encode": """\
def encode(images, weights):
    hidden = np.maximum(0, images.reshape(len(images), -1) @ weights["W1"] + weights["b1"])
    return np.maximum(0, hidden @ weights["W2"] + weights["b2"])
""",
    # The right place in the sorted errors only where the share is a whole number of them.
    "alarm-level": """\
def alarm_level(errors, share):
    return float(np.sort(errors)[max(int((1 - share) * len(errors)) - 1, 0)])
""",
    # The mean of the rows to be rebuilt in place of the known ones: the same where they are the same.
    "linear-rebuilt": """\
def linear_rebuilt(known, images, n_numbers):
    directions = np.linalg.svd(known - known.mean(axis=0), full_matrices=False)[2][:n_numbers]
    mean = images.mean(axis=0)
    return mean + (images - mean) @ directions.T @ directions
""",
}
EXPECTED = {
    "times-shorter": 0,
    "parameters-counted": 0,
    "errors-per-image": 0,
    "encoder-works": 0,
    "decoder-works": 2,
    "weights-complete": 1,
    "trained-well": 2,
    "level-right": 0,
    "linear-on-a-line": 1,
    "linear-is-best": 0,
}
