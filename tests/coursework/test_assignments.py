"""The book's assignments: the reference gets all points, a stub none, a wrong answer what it deserves."""

import functools
import itertools
import json
import re

import nbformat
import pytest
import scripts

from coursework import engine, release, source
from coursework.course import Course

NAMES = source.assignments()
SECRETS = ("0123456789abcdef" * 4, "f00d" * 16)


@functools.cache
def notebook(name, secret):
    """Return an assignment as a course with this secret has it."""
    return source.notebook(Course(None, "images", secret), name)


def graded(name, secret, submitted):
    """Return the scores of a submission, {graded cell: its score}, None for what a person reads."""
    asked = notebook(name, secret)
    withheld = asked.metadata.coursework["withhold"]
    result = engine.grade_one(name, asked, withheld, nbformat.writes(submitted).encode(), True)
    assert result["problem"] is None
    return result["scores"]


def by_tests(scores):
    """Return the points that tests gave, and their most."""
    found = [cell for cell in scores.values() if cell["score"] is not None]
    return sum(cell["score"] for cell in found), sum(cell["points"] for cell in found)


def prose(cell):
    """Return a cell's text, or None if it is code."""
    return cell.source if cell.cell_type == "markdown" else None


def test_there_are_six():
    """They follow the semester's path."""
    assert NAMES == ["augmentation", "autoencoder", "boxes", "convolution", "fine-tuning", "pooling"]


@pytest.mark.parametrize("name", NAMES)
def test_the_reference_gets_all_points(name):
    """16 of 16 by tests; the written answer, 4 points, waits for a person."""
    for secret in SECRETS:
        scores = graded(name, secret, notebook(name, secret))
        assert by_tests(scores) == (16, 16), {
            cell: found for cell, found in scores.items() if found["sentence"]
        }
        assert [found["points"] for found in scores.values() if found["score"] is None] == [4]


@pytest.mark.parametrize("name", NAMES)
def test_every_stub_fails_every_test(name):
    """What students get, handed in as it is: nothing, the written answer included."""
    scores = graded(name, SECRETS[0], release.students_version(notebook(name, SECRETS[0])))
    assert {cell: found["score"] for cell, found in scores.items()} == dict.fromkeys(scores, 0)


@pytest.mark.parametrize("name", NAMES)
def test_wrong_answers_get_part_of_the_points(root, name):
    """Those of wrong/NAME.py, each a mistake that people make, get what is written beside them."""
    fixture = scripts.load(f"tests/coursework/wrong/{name}.py")
    submitted = nbformat.from_dict(notebook(name, SECRETS[0]))
    answers = dict(fixture.WRONG)
    for cell in submitted.cells:
        if (cell_name := cell.metadata.get("nbgrader", {}).get("grade_id")) in answers:
            cell.source = answers.pop(cell_name)
    assert not answers, f"there are no cells {', '.join(answers)}"
    scores = graded(name, SECRETS[0], submitted)
    assert {
        cell: found["score"] for cell, found in scores.items() if found["score"] is not None
    } == fixture.EXPECTED


@pytest.mark.parametrize("name", NAMES)
def test_an_assignment_says_what_students_ask_first(name):
    """A story before the tasks, how long it takes, a written question with its rubric; 20 points in all."""
    asked = notebook(name, SECRETS[0])
    assert 30 <= asked.metadata.coursework["minutes"] <= 240
    cells = [cell for cell in asked.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    assert sum(cell.metadata.nbgrader.points for cell in cells) == 20
    by_hand = [cell for cell in cells if cell.metadata.nbgrader.solution]
    assert [cell.cell_type for cell in by_hand] == ["markdown"]
    question = asked.cells[asked.cells.index(by_hand[0]) - 1].source
    assert len(re.findall(r"^- ", question, re.MULTILINE)) == 4, "a line for each point"
    assert len(by_hand[0].source.split("### BEGIN SOLUTION")[1]) > 400, "an answer that gets all points"
    story = "\n\n".join(itertools.takewhile(lambda text: text is not None, map(prose, asked.cells)))
    assert re.match(r"# .+\n\n.{200}", story, re.DOTALL)


@pytest.mark.parametrize("name", NAMES)
def test_each_test_explains_and_has_a_hidden_part(name):
    """Visible asserts carry a sentence; hidden ones use numbers of the course."""
    for cell in notebook(name, SECRETS[0]).cells:
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade"):
            assert source.HIDDEN.search(cell.source), cell.source
            assert "rng = np.random.default_rng(" in cell.source


@pytest.mark.parametrize("name", NAMES)
def test_courses_differ_and_one_course_does_not(name):
    """Another secret gives other numbers to students; the same one gives the same bytes."""
    first, second = (json.dumps(release.students_version(notebook(name, secret))) for secret in SECRETS)
    again = release.students_version(source.notebook(Course(None, "images", SECRETS[0]), name))
    assert first != second
    assert first == json.dumps(again)
