"""Plausible wrong answers to the assignment on data augmentation, and what a notebook with them gets."""

WRONG = {
    # Turned clockwise: the pixel in the centre is right all the same.
    "by-hand": """\
mirrored_by_hand = tiny[:, ::-1]
moved_by_hand = np.where(tiny < 0.6, 0, tiny)
turned_by_hand = np.rot90(tiny, -1)
""",
    # Slices that work until the picture has been moved out of itself.
    "shift-images": """\
def shift_images(images, down, right):
    result = np.zeros_like(images)
    height, width = images.shape[1:3]
    part = images[:, max(-down, 0) : height - max(down, 0), max(-right, 0) : width - max(right, 0)]
    top, left = max(down, 0), max(right, 0)
    result[:, top : top + part.shape[1], left : left + part.shape[2]] = part
    return result
""",
    # The height where the width belongs: the same for a square.
    "turned-box": """\
def turned_box(box, shape):
    x_min, y_min, x_max, y_max = box
    return y_min, shape[0] - x_max, y_max, shape[0] - x_min
""",
    # The upper end of `integers` is not included.
    "random-shifts": """\
def random_shifts(images, most, seed):
    rng = np.random.default_rng(seed)
    result = np.zeros_like(images)
    for i in range(len(images)):
        down, right = rng.integers(-most, max(most, 1), size=2)
        result[i] = shift_images(images[i : i + 1], down, right)[0]
    return result
""",
    # Each round is moved in the same way.
    "larger-set": """\
def larger_set(images, labels, copies, most, seed):
    moved = [random_shifts(images, most, seed) for _ in range(copies - 1)]
    return np.concatenate([images] + moved), np.tile(labels, copies)
""",
    # What comes from outside is taken from the border.
    "rotated": """\
def rotated(image, angle):
    height, width = image.shape
    rows, columns = np.indices((height, width))
    x, y = columns + 0.5 - width / 2, rows + 0.5 - height / 2
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    old_columns = np.floor(cosine * x - sine * y + width / 2).astype(int)
    old_rows = np.floor(sine * x + cosine * y + height / 2).astype(int)
    return image[np.clip(old_rows, 0, height - 1), np.clip(old_columns, 0, width - 1)]
""",
}
EXPECTED = {
    "by-hand-right": 0,
    "shift-works": 2,
    "shift-far": 0,
    "box-turned": 0,
    "shifts-repeat": 1,
    "shifts-fair": 0,
    "set-larger": 0,
    "rotated-by-quarters": 2,
    "rotated-by-any": 0,
}
