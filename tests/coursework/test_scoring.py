"""What a submission gets: the reference all, the stub nothing, harm what it deserves and no more."""

import json
import re
import time
import types

import pytest
from hostile import CODE

from coursework import scoring
from coursework.program import Late, Stopped


def number(toy):
    """Return the toy's number in this course."""
    text = "".join(cell.source for cell in toy.source.cells)
    return re.search(r"Multiply by (\d)", text)[1]


def test_the_reference_gets_all_points(points, submission):
    """Six of the tests; the written answer waits for a person."""
    found, result = points(submission())
    assert found == 6
    assert result["scores"]["why"] == {"score": None, "points": 4, "sentence": None}


def test_the_stub_gets_nothing(points, submission):
    """What students get, unchanged: no cell of tests passes, and the written answer is none."""
    found, result = points(submission(stub=True))
    assert found == 0
    assert result["scores"]["why"]["score"] == 0


def test_a_wrong_answer_fails_its_own_tests_only(points, submission):
    """Three of six; the sentence of a visible test is the student's to read."""
    found, result = points(submission({"largest": "def largest(numbers):\n    return numbers[0]\n"}))
    assert found == 3
    assert result["scores"]["largest-works"]["sentence"] == "AssertionError: 3 is the largest"


def test_a_hidden_test_says_only_that_it_failed(points, submission):
    """Neither its inputs nor what was wanted."""
    code = "def largest(numbers):\n    return 3\n"
    _, result = points(submission({"largest": code}))
    sentence = result["scores"]["largest-works"]["sentence"]
    assert sentence == "The tests that you see pass; a hidden one does not."


@pytest.mark.parametrize("name", sorted(CODE))
def test_harm_is_contained(points, submission, toy, name, monkeypatch):
    """The submission gets what it deserves, and the one after it what it would have got anyway."""
    if "endless" in name or "goes on" in name:  # a third of the time; others may need all of it
        monkeypatch.setattr(scoring, "SECONDS_PER_CELL", 10)
    code, wanted = CODE[name]
    found, _ = points(submission({"multiple": code.replace("NUMBER", number(toy))}))
    assert found <= 6 if wanted is None else found == wanted
    if wanted is None:
        assert found <= 4  # a wrong answer is not made right
    assert points(submission())[0] == 6


def test_tampered_tests_and_points_count_for_nothing(points, submission):
    """Tests and points are the teacher's, whatever the file says; the same cell twice counts once."""
    notebook = json.loads(submission({"multiple": "def multiple(x):\n    return 0\n"}))
    for cell in notebook["cells"]:
        grading = cell["metadata"].get("nbgrader", {})
        if grading.get("grade"):
            cell["source"] = "pass"
            grading["points"] = 1000
    twice = [
        cell
        for cell in notebook["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "largest"
    ]
    notebook["cells"] += twice * 3
    found, result = points(json.dumps(notebook))
    assert found == 4
    assert {name: cell["points"] for name, cell in result["scores"].items()} == {
        **{"multiple-works": 2, "largest-works": 3, "prime-right": 1, "why": 4}
    }


def test_cells_of_ones_own_are_run(points, submission):
    """A student may help himself with a function in a new cell."""
    notebook = json.loads(submission({"multiple": "def multiple(x):\n    return helper(x)\n"}))
    reference = next(
        "".join(cell["source"])
        for cell in json.loads(submission())["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "multiple"
    )
    own = {"cell_type": "code", "metadata": {}, "source": reference.replace("multiple", "helper")}
    notebook["cells"].insert(3, own)
    assert points(json.dumps(notebook))[0] == 6


def test_a_program_that_ends_again_and_again_is_left_alone(points, submission):
    """After a few starts it gets nothing, in a sentence, and the grader goes on."""
    notebook = json.loads(submission())
    ends = {"cell_type": "code", "metadata": {}, "source": "import os\nos._exit(0)"}
    notebook["cells"] = [ends] * 9 + notebook["cells"]
    found, result = points(json.dumps(notebook))
    assert found == 0
    assert (
        result["scores"]["multiple-works"]["sentence"]
        == "Your code was stopped: it had to be stopped too often."
    )


@pytest.mark.parametrize(
    ("left", "sentence"), [(100, "it took longer than 10 seconds"), (5, "180 seconds in all"), (-1, "in all")]
)
def test_no_sentence_tells_how_much_time_was_left(left, sentence):
    """It would be another one each time, and the student could choose it."""

    def late(seconds):
        raise Late(f"it took longer than {seconds:g} seconds")

    student = scoring.Student(None, [], isolate=False)
    student._end = time.monotonic() + left
    with pytest.raises(Stopped, match=f"{sentence}$"):
        student._within(10, late)


def test_what_a_hidden_test_asked_does_not_come_back(points, submission):
    """A function that remembers what it was called with finds no visible test to tell it to."""
    code = """
asked = []
def multiple(x):
    asked.append(x)
    return 0
def largest(numbers):
    raise ValueError(f"{asked} {numbers}")
"""
    _, result = points(submission({"multiple": code, "largest": code}))
    assert result["scores"]["multiple-works"]["sentence"].startswith("AssertionError: twice")
    assert result["scores"]["largest-works"]["sentence"].startswith("ValueError: [2] [")


def test_a_number_that_keeps_a_test_busy_fails_it(points, submission, monkeypatch):
    """The test counts up to what the student returned: it is ended, and the next submission is graded."""
    monkeypatch.setattr(scoring, "SECONDS_PER_TEST", 2)
    found, result = points(submission({"answer": f"prime = {10**30 + 57}"}))
    assert found == 5
    assert result["scores"]["prime-right"]["sentence"] == (
        "A hidden test stopped your code: the tests took longer than 2 seconds with what it returned."
    )
    assert points(submission())[0] == 6


def test_what_cells_print_is_bounded_in_all(points, submission):
    """Each cell may print 20,000 characters, but a thousand cells not a thousand times as much."""
    notebook = json.loads(submission())
    notebook["cells"] += [{"cell_type": "code", "metadata": {}, "source": "print('x' * 10**5)"}] * 30
    found, result = points(json.dumps(notebook))
    assert found == 6
    assert sum(len(cell["text"]) for cell in result["printed"].values()) == scoring.MOST_PRINTED


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "it is not JSON"),
        ("{}", "it has no list of cells"),
        ('{"cells": [1]}', "it has no list of cells"),
        ('{"cells": [{"cell_type": "code", "source": 3}]}', "cell 1 of the notebook has no text"),
        ("[" * 100_000, "nested too deeply"),
        ('{"cells": ' + '{"a":' * 500 + "1" + "}" * 501, "nested too deeply"),
        ('{"cells": [' + '{"cell_type": "raw", "source": ""},' * 2000 + "{}]}", "at most 1000 are read"),
        ('{"cells": [{"cell_type": "code", "source": "' + "x" * 300_000 + '"}]}', "at most 200000 are read"),
        ("x" * 25 * 2**20, "clear its outputs"),
        ('"' + '\\"' * 10**6, "it is not JSON"),
    ],
    ids=[
        "empty",
        "no cells",
        "numbers",
        "no text",
        "brackets",
        "deep",
        "many cells",
        "long cell",
        "large",
        "endless text",
    ],
)
def test_what_is_no_notebook_gets_nothing_and_a_sentence(points, text, sentence):
    """Read without trust: nothing is run, and the student learns why."""
    found, result = points(text)
    assert found == 0
    assert sentence in result["problem"]
    assert all(cell["score"] == 0 for cell in result["scores"].values())


def test_a_text_that_no_file_can_hold_is_replaced(points, submission):
    """Half of a surrogate pair, in code, output and answer: nobody else's grading ends because of it."""
    code = "print('\\ud800')\n" + "x = '\ud800'\n"
    found, result = points(submission({"largest": code, "why": "\ud800 why"}).replace("\ud800", "\\ud800"))
    assert found == 3
    json.dumps(result, ensure_ascii=False).encode()
    assert result["answers"]["why"] == "? why"


def test_a_result_is_the_same_each_time(points, submission):
    """No times, no addresses, no order that changes: the same submission gives the same data."""
    text = submission({"largest": "def largest(numbers):\n    return object()\n"})
    assert points(text)[1] == points(text)[1]


def test_a_program_that_does_not_start_is_no_fault_of_the_student(monkeypatch):
    """A machine that is full costs nobody a cell: the submission is not graded, and is tried again."""

    class Nowhere:
        def __init__(self, *arguments, **options):
            pass

        def run(self, *arguments):
            raise scoring.Stopped("it ended before its time")

        def close(self):
            pass

    monkeypatch.setattr(scoring, "Sandbox", Nowhere)
    assignment = types.SimpleNamespace(library=None, limits=None)
    with pytest.raises(RuntimeError, match="did not start"), scoring.Student(assignment, [], True):
        pass
