"""The writer's probabilities and likelihoods are the library's, and what it writes is what Python writes."""

import numpy as np
import pytest
from playwright.sync_api import expect

from imagebook import mnist
from imagebook.autoregressive import binarize
from imagebook.layers import sigmoid
from imagebook.widgets import PixelWriter
from imagebook.widgets.pixel_writer import model

# What a page needs to compute: the figure's functions and the model's weights.
PREPARE = """async () => {
    const tensors = imagebook.use("kit/tensors");
    const { autoregressive } = imagebook.models.pixel_writer.get("_assets");
    globalThis.weights = await tensors.readTensors(autoregressive);
    globalThis.pixels = imagebook.use("pixel_writer");
}"""


@pytest.fixture
def page(figure_page):
    """Return a page with the figure alive and its weights at hand."""
    found = figure_page("pixel_writer")
    found.evaluate(PREPARE)
    return found


def binary_images():
    """Return 40 digits and 20 images of noise, from black to white all over."""
    digits = binarize(mnist.load("test")[0][:40] / 255)
    shares = np.linspace(0, 1, 20)[:, np.newaxis, np.newaxis]
    return np.concatenate([digits, np.random.default_rng(0).random((20, 28, 28)) < shares]).astype(float)


def test_a_pixels_logit_given_the_earlier_ones(page):
    """900 pixels, the corners and edges of the image among them; what comes later has no say."""
    rng = np.random.default_rng(1)
    images = binary_images()
    logits = model().logits(images).reshape(len(images), -1)
    places = np.array([[0, 27, 28, 756, 783, *rng.integers(0, 784, 10)] for _ in images])
    cases = []
    for image, row in zip(images, places, strict=True):
        for at in row:
            pixels = np.where(np.arange(784) < at, image.ravel(), rng.integers(0, 2, 784)).astype(int)
            cases.append(["".join(map(str, pixels)), int(at)])
    found = page.evaluate(
        "cases => cases.map(([image, at]) => pixels.pixelLogit(weights, Int8Array.from(image), at))", cases
    )
    wanted = np.take_along_axis(logits, places, axis=1).ravel()
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9)
    assert len(found) == 900 and (wanted > 0).sum() > 100 and np.unique(wanted).size > 500


def test_probabilities_of_logits(modules):
    """At temperatures down to 0, and for logits so large that exponentials overflow."""
    rng = np.random.default_rng(2)
    logits = np.concatenate(
        [rng.normal(scale=5, size=590), [0, 0, 1e4, -1e4, 1e-9, -1e-9, 40, -40, 800, -800]]
    )
    temperatures = rng.choice([0, 1e-3, 0.05, 0.7, 1, 3], 600)
    values = rng.integers(0, 2, 600)
    cases = np.stack([logits, temperatures], axis=1).tolist()
    found = modules("pixel_writer", "whiteProbability", cases)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        wanted = np.where(temperatures == 0, logits > 0, sigmoid(logits / temperatures))
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-300)
    assert {0, 1} < set(wanted)
    found = modules("pixel_writer", "logProbability", np.stack([logits, values], axis=1).tolist())
    np.testing.assert_allclose(found, -np.logaddexp(0, (1 - 2 * values) * logits), rtol=1e-9)


def write(page, state, *, pieces=1000):
    """Return what the page writes from a state of the figure: image, probabilities, log-likelihood."""
    return page.evaluate(
        """([state, pieces]) => {
            const pen = pixels.writer(weights);
            pen.start({ ...state, digit: imagebook.use("kit/state").fromBase64(state.digit) });
            const count = Math.max(state.step, 28 * state.given);
            for (let known = 0; known < count; known += pieces) pen.advance(Math.min(count, known + pieces));
            const values = { image: [...pen.image], probabilities: [...pen.probabilities] };
            return { ...values, sum: pen.logLikelihood(count) };
        }""",
        [state, pieces],
    )


def as_json(figure):
    """Return a figure's state as a page has it."""
    state = figure.get_state()
    return {name: state[name] for name in figure.state_rules()}


def test_the_exact_log_likelihood_of_whole_digits(page):
    """Twenty digits with all rows given: what the library says of them."""
    digits = mnist.load("test")[0][:20]
    found = [write(page, as_json(PixelWriter(digit=d, given=28)))["sum"] for d in digits]
    wanted = model().log_likelihood(binarize(digits / 255))
    np.testing.assert_allclose(found, wanted, rtol=1e-9)
    assert wanted.min() < -60


def test_the_page_writes_what_python_writes(page):
    """Half, wholly and not given digits, hot and cold, in one go and in pieces: every pixel of them."""
    digits = mnist.load("test")[0]
    rng = np.random.default_rng(3)
    for index, (given, temperature, step) in enumerate(
        [
            (0, 1, 784),
            (0, 0, 784),
            (14, 0.7, 784),
            (14, 0.7, 500),
            (20, 3, 600),
            (9, 0.05, 784),
            (28, 1, 0),
            (5, 1, 0),
        ]
    ):
        figure = PixelWriter(
            digit=digits[index],
            given=given,
            temperature=temperature,
            step=step,
            seed=int(rng.integers(10_000)),
        )
        found = write(page, as_json(figure), pieces=100 + 100 * index)
        image = np.array(found["image"], float).reshape(28, 28)
        np.testing.assert_array_equal(np.where(image < 0, np.nan, image), figure.output)
        there = ~np.isnan(figure.output)
        np.testing.assert_allclose(
            np.reshape(found["probabilities"], (28, 28))[there],
            figure.probabilities[there],
            rtol=1e-6,
            atol=1e-12,
        )
        assert found["sum"] == pytest.approx(figure.log_likelihood, rel=1e-9)
        assert there.sum() == figure.count == max(step, 28 * given)


def text_of(figure):
    """Return the sentence that the page shows of a figure's likelihood."""
    amount = f"{round(figure.log_likelihood, 2):g}".replace("-", "−")
    return f"Log-likelihood of these {figure.count} pixels: {amount} nats."


def test_the_reader_steps_plays_and_takes_over(page):
    """Buttons and keys move the steps; playing reaches the end; a drawn top half is completed."""
    result = page.locator(".pixel_writer-result")
    expect(result).to_have_text(text_of(PixelWriter()))
    page.get_by_role("button", name="One pixel on").click()
    assert page.evaluate("state('pixel_writer').step") == PixelWriter().step + 1
    slider = page.get_by_role("slider", name="Pixels that are there")
    slider.focus()
    page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "280 of 784")
    expect(page.locator(".pixel_writer-next")).to_contain_text("row 11, column 1")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("() => state('pixel_writer').step === 784", timeout=30_000)
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect(result).to_have_text(text_of(PixelWriter(step=784)))
    page.get_by_role("button", name="Wipe").click()
    box = page.locator(".ib-pad").bounding_box()
    page.mouse.move(box["x"] + 90, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 80, box["y"] + 90, steps=5)
    page.mouse.up()
    page.get_by_role("button", name="Write it again").click()
    state = page.evaluate("state('pixel_writer')")
    figure = PixelWriter()
    figure.set_state(state)
    assert figure.seed == 2 and figure.output[:10].sum() > 5
    expect(result).to_have_text(text_of(figure))


def test_examples_and_extremes(page):
    """A whole real digit, nothing given at temperature 0, all states that the rules allow at the ends."""
    page.get_by_label("Example").select_option("how likely is a real 2?")
    expect(page.locator(".pixel_writer-next")).to_contain_text("All rows are given")
    for given in (0, 28):
        for step in (0, 784):
            for temperature in (0, 3):
                state = {"given": given, "step": step, "temperature": temperature}
                page.evaluate("state => setState('pixel_writer', state)", state)
                count = max(28 * given, step)
                expect(page.locator(".pixel_writer-result")).to_contain_text(f"these {count} pixels")
                assert "undefined" not in page.locator(".pixel_writer-main").inner_text()


def test_less_motion(figure_page):
    """Who wants less motion is not offered to play, but can go to the end."""
    page = figure_page("pixel_writer", reduced_motion="reduce")
    expect(page.get_by_role("button", name="Play")).to_be_hidden()
    page.get_by_role("button", name="To the end").click()
    expect(page.locator(".pixel_writer-next")).to_have_text("All 784 pixels are there.")


def test_python_and_its_picture():
    """Bad states are refused; the picture's words have its numbers."""
    figure = PixelWriter(given=28)
    assert "784 of 784 pixels" in figure.words() and len(figure.picture().axes) == 2
    with pytest.raises(ValueError, match="given"):
        PixelWriter(given=29)
    with pytest.raises(ValueError, match="temperature"):
        PixelWriter(temperature=-1)
