"""A student who got some of the assignment `convolution` right, and what that is worth."""

WRONG = {
    # The visible tests pass. A window that does not fit gives a number below 1 in place of 0.
    "count-places": """\
def count_places(size, window, stride=1, padding=0):
    return (size + 2 * padding - window) // stride + 1
""",
    # The visible tests pass. A step that leaves only cells of the border over is refused, too.
    "best-stride": """\
def best_stride(size, window, padding, maps, budget):
    room = size + 2 * padding - window
    for stride in range(1, window + 1):
        places = room // stride + 1
        if room % stride == 0 and maps * window**2 * places**2 <= budget:
            return stride
    return None
""",
    # A visible test fails: products of all weights, but not where they belong.
    "combine": """\
def combine(first, second):
    return np.kron(first, second)
""",
}

EXPECTED = {
    "by-hand-sums": 2,
    "places-counted": 0,
    "every-place": 3,
    "strides-and-padding": 3,
    "within-the-budget": 0,
    "two-in-one": 0,
}
