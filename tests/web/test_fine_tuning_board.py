"""The board of fine-tuning shows what its tool measured and counts parameters as the library does."""

import itertools

import numpy as np
import pytest
import scripts
from playwright.sync_api import expect

from imagebook import transfer
from imagebook.widgets import FineTuningBoard, fine_tuning_board

CONTENT = fine_tuning_board._content()
STATES = [
    {"task": task, "start": start, "conv_1": conv_1, "conv_2": conv_2, "dense": dense}
    for task, start, conv_1, conv_2, dense in itertools.product(
        ("holes", "strangers"),
        ("pre-trained", "random"),
        (False, True),
        (False, True),
        ("frozen", "adapter", "trained"),
    )
]


@pytest.fixture(scope="module")
def tool():
    """Return tools/fine_tuning.py as a module."""
    return scripts.load("tools/fine_tuning.py")


def grouped(value):
    """Return an integer as the page shows it."""
    return f"{value:,}"


def last(task, examples, **state):
    """Return the mean accuracy at the end."""
    return FineTuningBoard(task=task, examples=str(examples), **state).output["mean"][-1]


def test_all_states_count_as_the_library_does(modules, tool, monkeypatch):
    """The file, the page and the library agree on the trained parameters of all 48 states."""
    rng = np.random.default_rng(0)
    monkeypatch.setattr(tool, "pretrained", lambda task: tool.network(10, rng))  # counting needs no training
    wanted = []
    for state in STATES:
        counted = FineTuningBoard(**state).output
        key = tuple(counted[name] for name in ("start", "conv_1", "conv_2", "dense"))
        wanted.append(transfer.trained_parameters(tool.beginning(state["task"], key, rng)))
        assert counted["trained"] == wanted[-1]
    sizes = fine_tuning_board._sizes()
    assert modules("fine_tuning_board", "trainedParameters", [[state, sizes] for state in STATES]) == wanted
    assert len(set(wanted)) == 24 and min(wanted) == 99
    assert CONTENT["steps"] == list(tool.STEPS) and len(CONTENT["records"]) == 2 * len(list(tool.states()))


def test_the_page_finds_the_same_records(modules):
    """All 48 states."""
    found = modules("fine_tuning_board", "recordOf", [[CONTENT["records"], state] for state in STATES])
    for state, record in zip(STATES, found, strict=True):
        output = FineTuningBoard(**state, examples="5").output
        assert output["mean"] == record["mean_5"] and output["ends"] == record["ends_5"]
        assert np.mean(output["ends"]) == pytest.approx(output["mean"][-1], abs=1e-3)


def test_a_quick_state_is_measured_again(tool):
    """Training a head gives the recorded accuracy, or nearly: another processor rounds sums otherwise."""
    trained, found = tool.run("holes", ("pre-trained", False, False, "frozen"), 100, 0)
    wanted = FineTuningBoard(task="holes", examples="100").output
    assert trained == wanted["trained"]
    assert found[-1] == pytest.approx(wanted["ends"][0], abs=0.03)


def test_the_story_is_true():
    """A known world needs a head and few examples; strangers need more than a head."""
    scratch, everything = {"start": "random"}, {"conv_1": True, "conv_2": True, "dense": "trained"}
    assert last("holes", 5) > last("holes", 5, **scratch) + 0.1
    assert last("holes", 20) > last("holes", 20, **scratch) + 0.1
    assert last("holes", 20) > last("holes", 20, **everything)
    assert last("holes", 100) - last("holes", 100, **scratch) < last("holes", 20) - last(
        "holes", 20, **scratch
    )
    for examples in (20, 100):
        assert last("strangers", examples) < last("strangers", examples, **everything) - 0.05
        assert last("strangers", examples) < last("strangers", examples, dense="adapter")


def test_strategies_toggles_and_random_weights(figure_page):
    """A strategy sets the layers, a toggle changes one; from random weights nothing can be frozen."""
    page = figure_page("fine_tuning_board")
    result = page.locator(".fine_tuning_board-result")
    expect(result).to_contain_text(f"99 of {grouped(14179)} parameters")
    page.get_by_role("button", name="Low-rank adapter").click()
    assert page.evaluate("state('fine_tuning_board').dense") == "adapter"
    expect(result).to_contain_text(f"{99 + 2 * 432} of {grouped(14179 + 2 * 432)} parameters")
    page.get_by_label("train it").nth(1).focus()
    page.keyboard.press("Space")
    assert page.evaluate("state('fine_tuning_board').conv_2") is True
    expect(result).to_contain_text(f"{grouped(99 + 2 * 432 + 1168)} of")
    page.get_by_label("100", exact=True).check()
    accuracy = FineTuningBoard(conv_2=True, dense="adapter", examples="100").output["mean"][-1]
    expect(result).to_contain_text(f"end: {100 * accuracy:.3g}")
    page.get_by_role("button", name="From scratch").click()
    expect(page.get_by_label("train it").first).to_be_disabled()
    expect(result).to_contain_text(f"{grouped(14179)} of {grouped(14179)} parameters")
    page.evaluate("setState('fine_tuning_board', { conv_1: false, dense: 'frozen' })")
    expect(result).to_contain_text(f"{grouped(14179)} of {grouped(14179)} parameters")
