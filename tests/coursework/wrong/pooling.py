"""A student who got some of the assignment `pooling` right, and what that is worth."""

WRONG = {
    # The visible tests pass. Below zero the nothing that it begins with wins.
    "max-pool": """\
def max_pool(image, size, stride):
    rows, columns = (image.shape[0] - size) // stride + 1, (image.shape[1] - size) // stride + 1
    result = np.zeros((rows, columns))
    for i in range(size):
        for j in range(size):
            seen = image[i:, j:][::stride, ::stride][:rows, :columns]
            result = np.maximum(result, seen)
    return result
""",
    # A visible test fails: the step is taken before the blur.
    "blurred-pool": """\
def blurred_pool(images):
    maps = pool_batch(images, 2, "max")
    maps = (maps[:, :-1] + maps[:, 1:]) / 2
    return (maps[:, :, :-1] + maps[:, :, 1:]) / 2
""",
    # The visible tests pass. Of equally near ones it takes the last.
    "nearest": """\
def name_digits(known, labels, asked):
    names = []
    for picture in asked:
        nearest = np.inf
        for distance, label in zip(((known - picture) ** 2).sum(axis=(1, 2, 3)), labels):
            if distance <= nearest:
                nearest, name = distance, label
        names.append(name)
    return np.array(names)
""",
    # The visible test passes, as nothing is pooled there. What moves is the pooled picture.
    "accuracy-by-shift": """\
def accuracy_by_shift(known, labels, asked, truth, shifts, size, how):
    pooled, pooled_asked = pool_batch(known, size, how), pool_batch(asked, size, how)
    return [np.mean(name_digits(pooled, labels, shift(pooled_asked, *move)) == truth) for move in shifts]
""",
}

EXPECTED = {
    "by-hand-pooled": 2,
    "maximum-of-windows": 0,
    "whole-batches": 2,
    "moved": 2,
    "blurred": 0,
    "nearest-neighbour": 0,
    "share-named-rightly": 0,
}
