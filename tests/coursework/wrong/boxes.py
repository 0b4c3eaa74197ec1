"""A student who got some of the assignment `boxes` right, and what that is worth."""

WRONG = {
    # A visible test fails: x goes with the rows.
    "to-corners": """\
def to_corners(boxes, shape):
    pixels = boxes * np.array([*shape, *shape])
    centre, size = pixels[:, :2], pixels[:, 2:]
    return np.concatenate([centre - size / 2, centre + size / 2], axis=1)
""",
    # The visible test passes. An empty list loses the table's second axis.
    "overlaps": """\
def overlaps(boxes_a, boxes_b):
    return np.array([[overlap(a, b) for b in boxes_b] for a in boxes_a])
""",
    # The first tests pass. In the others boxes are dropped by boxes that were dropped themselves.
    "suppress": """\
def suppress(boxes, scores, threshold):
    order = np.argsort(-scores, kind="stable")
    kept = []
    for place, index in enumerate(order):
        if all(overlap(boxes[index], boxes[better]) <= threshold for better in order[:place]):
            kept.append(int(index))
    return kept
""",
}

EXPECTED = {
    "by-hand-agreement": 2,
    "corners-in-pixels": 0,
    "overlap-of-two": 3,
    "all-pairs": 0,
    "heaps-apart": 2,
    "finer-points": 0,
    "judged": 3,
}
