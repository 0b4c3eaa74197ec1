"""The training pipeline shows what its tool measured; the quick stages are measured again."""

import base64

import numpy as np
import pytest
import scripts
from playwright.sync_api import expect

from imagebook import mnist, posttraining, pretrained
from imagebook.models import accuracy, small_cnn
from imagebook.widgets import _assets, training_pipeline

RECORDS = {record["stage"]: record for record in training_pipeline._content()["records"]}


@pytest.fixture(scope="module")
def tool():
    """Return tools/training_pipeline.py as a module."""
    return scripts.load("tools/training_pipeline.py")


def test_records_count_as_the_library_does(tool):
    """Parameters and bytes of all stages, and which digits are shown."""
    rng = np.random.default_rng(0)
    cnn, student = small_cnn(rng=rng), tool.student(rng)
    _quantised, bytes_before, bytes_after = posttraining.quantize_model(student)
    sampler = pretrained.record("autoregressive")["parameters"]
    wanted = {
        **dict.fromkeys(
            ("random", "pre-trained", "fine-tuned"), (cnn.parameter_count, 4 * cnn.parameter_count)
        ),
        "distilled": (student.parameter_count, bytes_before),
        "quantised": (student.parameter_count, bytes_after),
        **dict.fromkeys(("sampler", "preference-tuned"), (sampler, 4 * sampler)),
    }
    assert {name: (record["parameters"], record["bytes"]) for name, record in RECORDS.items()} == wanted
    labels = _assets.asset("digits")["labels"][training_pipeline._content()["shown"]]
    assert labels.tolist() == list(range(10)) and tool.shown_digits() == training_pipeline._content()["shown"]


def test_the_pre_trained_and_the_fine_tuned_stage_are_measured_again(tool):
    """Stored weights give the same number; trained ones may differ, as processors round sums otherwise."""
    images, labels = mnist.load("test")
    images, model = mnist.scale(images), pretrained.load("cnn")
    record = RECORDS["pre-trained"]
    assert record["light"] == pytest.approx(pretrained.record("cnn")["sample"]["accuracy"], abs=1e-3)
    assert record["dark"] == pytest.approx(accuracy(model.predict(1 - images), labels), abs=1e-3)
    again = accuracy(tool.fine_tuned(model).predict(1 - images), labels)
    assert again == pytest.approx(RECORDS["fine-tuned"]["dark"], abs=0.03)


def test_the_story_is_true():
    """Each stage does what the figure says of it."""
    assert RECORDS["random"]["dark"] < 0.2 and RECORDS["random"]["light"] < 0.2
    assert RECORDS["pre-trained"]["dark"] < 0.6 < 0.95 < RECORDS["pre-trained"]["light"]
    assert RECORDS["fine-tuned"]["dark"] > 0.85
    assert RECORDS["fine-tuned"]["light"] < RECORDS["pre-trained"]["light"]
    assert RECORDS["distilled"]["parameters"] < RECORDS["fine-tuned"]["parameters"] / 2
    assert abs(RECORDS["quantised"]["dark"] - RECORDS["distilled"]["dark"]) < 0.01
    assert RECORDS["quantised"]["bytes"] < RECORDS["distilled"]["bytes"] / 3
    assert RECORDS["sampler"]["preferred"] == pytest.approx(0.5, abs=0.1)
    assert RECORDS["preference-tuned"]["preferred"] > 0.8
    # The average over 64 drawings is about that of the 16 that are shown.
    for stage in ("sampler", "preference-tuned"):
        shown = training_pipeline.unpacked(RECORDS[stage]["samples"])
        assert shown.shape == (16, 28, 28) and shown.mean() == pytest.approx(RECORDS[stage]["ink"], abs=0.05)


def test_the_page_unpacks_bits_as_numpy_does(modules):
    """500 random texts, from no byte to a hundred."""
    rng = np.random.default_rng(0)
    contents = [rng.bytes(rng.integers(0, 100)) for _ in range(500)]
    found = modules("training_pipeline", "unpackBits", [[base64.b64encode(c).decode()] for c in contents])
    assert found == [np.unpackbits(np.frombuffer(content, np.uint8)).tolist() for content in contents]
    assert b"" in contents
    bits = [1, 0, 0, 1, 1, 1, 1, 1, 0, 0, 1, 0]  # three images of 2 x 2, two in a row
    [sheet] = modules("training_pipeline", "sheet", [[bits, 2, 2]])
    grey = 0.4
    rows = [[1, 0, grey, 1, 1], [0, 1, grey, 1, 1], 5 * [grey], [0, 0, *3 * [grey]], [1, 0, *3 * [grey]]]
    assert (sheet["height"], sheet["width"]) == (5, 5)
    np.testing.assert_allclose(sheet["data"], np.ravel(rows), rtol=1e-6)
    assert modules("kit/numbers", "grouped", [[7], [999], [1000], [2376001]]) == [
        *("7", "999", "1,000", "2,376,001")
    ]


def test_stages_are_chosen_by_name_and_by_keys(figure_page):
    """A button and the stepper's slider lead to a stage; its scores are marked and its answers named."""
    page = figure_page("training_pipeline")
    page.get_by_role("button", name="random weights").click()
    assert page.evaluate("state('training_pipeline').stage") == 0
    wrong = page.locator(".training_pipeline-answers li.training_pipeline-wrong")
    answers = RECORDS["random"]["answers"]
    expect(wrong).to_have_count(sum(answer != digit for digit, answer in enumerate(answers)))
    page.get_by_label("Stage", exact=True).get_by_role("slider").focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    assert page.evaluate("state('training_pipeline').stage") == 6
    expect(page.locator(".training_pipeline-text")).to_contain_text("256 pairs")
    expect(page.locator(".training_pipeline-answers")).to_be_hidden()
    expect(page.locator(".training_pipeline-paper")).to_be_visible()
