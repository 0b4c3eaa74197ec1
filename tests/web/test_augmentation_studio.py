"""The augmentation studio changes digits as the library does, and says what the network makes of them."""

from base64 import b64decode

import numpy as np

from imagebook import augmentation, mnist
from imagebook.widgets import AugmentationStudio, _classifier

NONE = {"angle": 0, "vertical": 1, "horizontal": 1, "mirror": False, "shear": 0, "noise": 0, "hole": 0}


def random_changes(rng):
    """Return any changes that the figure allows, each of them left out now and then."""
    changes = {
        "angle": rng.uniform(-180, 180),
        "vertical": rng.uniform(0.5, 2),
        "horizontal": rng.uniform(0.5, 2),
        "mirror": bool(rng.integers(2)),
        "shear": rng.uniform(-45, 45),
        "noise": rng.uniform(0, 0.5),
        "hole": int(rng.integers(0, 21)),
    }
    left_out = {name: NONE[name] for name in changes if rng.random() < 0.3}
    return changes | left_out | {"seed": int(rng.integers(0, 1000))}


def page_changes(modules, digits, changes):
    """Return the page's changed digits, (N, 28, 28)."""
    cases = [[(digit / 255).ravel().tolist(), change] for digit, change in zip(digits, changes, strict=True)]
    return np.reshape(modules("kit/augment", "augmented", cases), (-1, 28, 28))


def test_all_changes_at_once(modules):
    """500 digits, each changed in up to seven ways, noise and erased squares from the same seeds."""
    rng = np.random.default_rng(0)
    digits = mnist.load("test")[0][:500]
    changes = [random_changes(rng) for _ in digits]
    found = page_changes(modules, digits, changes)
    for image, digit, change in zip(found, digits, changes, strict=True):
        np.testing.assert_allclose(
            image, AugmentationStudio(digit=digit, **change).changed, rtol=1e-5, atol=1e-9
        )
    assert sum(change["noise"] > 0 for change in changes) > 300
    assert sum(change["mirror"] for change in changes) > 100


def test_each_change_is_the_librarys(modules):
    """125 digits for each of four changes: what imagebook.augmentation returns."""
    rng = np.random.default_rng(1)
    digits = mnist.load("test")[0][:125]
    library = {
        "angle": (augmentation.rotate, (-180, 180)),
        "shear": (augmentation.shear, (-45, 45)),
        "vertical": (lambda image, factor: augmentation.stretch(image, (factor, 1)), (0.5, 2)),
        "horizontal": (lambda image, factor: augmentation.stretch(image, (1, factor)), (0.5, 2)),
    }
    for name, (change, limits) in library.items():
        values = rng.uniform(*limits, len(digits))
        found = page_changes(modules, digits, [{**NONE, name: value} for value in values.tolist()])
        wanted = [change(digit / 255, value) for digit, value in zip(digits, values, strict=True)]
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-9)
    found = page_changes(modules, digits, [{**NONE, "mirror": True}] * len(digits))
    np.testing.assert_allclose(found, augmentation.flip_horizontal(digits[..., np.newaxis] / 255)[..., 0])


def test_an_erased_square_lies_inside(modules):
    """500 squares: of the right size, at many places, and black."""
    rng = np.random.default_rng(2)
    changes = [{**NONE, "hole": int(rng.integers(0, 21)), "seed": seed} for seed in range(500)]
    found = page_changes(modules, np.full((500, 28, 28), 255), changes)
    np.testing.assert_array_equal((found == 0).sum(axis=(1, 2)), [change["hole"] ** 2 for change in changes])
    places = modules("kit/augment", "holePlace", [[4, seed] for seed in range(500)])
    assert np.min(places) == 0 and np.max(places) == 24 and len(set(map(tuple, places))) > 300


def test_variants_keep_to_the_readers_limits(modules):
    """500 draws, each from nine uniform numbers in a fixed order."""
    rng = np.random.default_rng(3)
    draws = rng.random((500, 8))
    limits = [random_changes(rng) for _ in draws]
    cases = [[change, numbers] for change, numbers in zip(limits, draws.tolist(), strict=True)]
    take = "(changes, numbers) => [changes, () => numbers.shift()]"
    for found, change, u in zip(
        modules("kit/augment", "variant", cases, convert=take), limits, draws, strict=True
    ):
        wanted = {
            "angle": (2 * u[0] - 1) * change["angle"],
            "vertical": change["vertical"] ** (2 * u[1] - 1),
            "horizontal": change["horizontal"] ** (2 * u[2] - 1),
            "mirror": change["mirror"] and u[3] < 0.5,
            "shear": (2 * u[4] - 1) * change["shear"],
            "noise": u[5] * change["noise"],
            "hole": change["hole"],
            "seed": int(u[6] * 1e6),
        }
        assert set(found) == set(wanted)
        np.testing.assert_allclose(
            [found[name] for name in wanted], list(wanted.values()), rtol=1e-5, atol=1e-9
        )


def bars(page):
    """Return the probabilities that the page shows."""
    return [float(text) for text in page.locator(".ib-bars td:last-child").all_text_contents()]


def output(page):
    """Return what Python's figure returns for the page's state."""
    state = page.evaluate("state('augmentation_studio')")
    state["digit"] = np.frombuffer(b64decode(state["digit"]), np.uint8).reshape(28, 28)
    return AugmentationStudio(**state).output


def test_a_six_becomes_a_nine(figure_page):
    """Half a turn by the menu; then noise by keys; the bars are Python's `output`."""
    page = figure_page("augmentation_studio")
    page.get_by_label("Example").select_option("half a turn: a 6 becomes a 9")
    page.wait_for_function(
        "() => document.querySelector('.ib-compare-verdict').textContent === 'Was 6, now called 9'"
    )
    np.testing.assert_allclose(bars(page), output(page), atol=6e-4)
    page.get_by_label("Noise").focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('.ib-control output')")
    assert page.evaluate("state('augmentation_studio').noise") == 0.12
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    np.testing.assert_allclose(bars(page), output(page), atol=6e-4)


COUNTED = """before => {
    const captions = [...document.querySelectorAll("figcaption")].map((caption) => caption.textContent);
    const same = captions.filter((text) => text.startsWith("=")).length;
    const count = document.querySelector(".augmentation_studio-variants").previousSibling.textContent;
    return captions.join() !== before && count.includes(`${same} of 12`) && captions.join();
}"""


def test_other_variants(figure_page):
    """The button shows twelve others; the sentence above counts the marks below the pictures."""
    page = figure_page("augmentation_studio")
    before = page.wait_for_function(COUNTED, arg="").json_value()
    page.get_by_role("button", name="Other variants").click()
    page.wait_for_function(COUNTED, arg=before)
    assert page.evaluate("state('augmentation_studio').seed") == 1


def test_the_network_on_an_empty_sheet():
    """A digit that is wiped away still has an output."""
    assert AugmentationStudio(digit=np.zeros((28, 28)), noise=0.0).output.sum().round(6) == 1
    assert _classifier.digit(11).shape == (28, 28)
