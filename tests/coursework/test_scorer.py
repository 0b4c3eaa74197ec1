"""The process that scores: what a test does with a student's answer cannot hurt the submissions after it."""

import nbformat
import pytest

from coursework import engine, scorer


@pytest.fixture
def graded(toy, submission, monkeypatch):
    """Return a function that grades the toy with another test of `largest` and an answer of its own."""

    def grade(test, answer):
        source = nbformat.from_dict(toy.source)
        for cell in source.cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") == "largest-works":
                cell.source = test
        content = submission({"largest": answer}).encode()
        return engine.grade_one("toy", source, toy.source.metadata.coursework.withhold, content, True)

    return grade


def test_memory_that_an_answer_asks_for_is_refused(graded):
    """A test that makes a list as long as the answer says fails, and no other."""
    result = graded("assert len([0] * largest([1])) == 1", "def largest(numbers):\n    return 10**12\n")
    assert result["scores"]["largest-works"]["sentence"] == "MemoryError"
    assert result["scores"]["multiple-works"]["score"] == 2


def test_a_test_that_nothing_interrupts_is_ended(graded, submission, toy, monkeypatch):
    """A sum inside Python's own code hears no alarm: the process is ended, another takes its place."""
    graded("assert largest([1])", "def largest(numbers):\n    return 1\n")  # now its process has started
    monkeypatch.setattr(scorer, "SECONDS", 3)
    slow = graded("assert sum(range(largest([1])))", f"def largest(numbers):\n    return {10**15}\n")
    assert slow["problem"] == "what your functions returned kept the tests busy without an end"
    assert {cell["score"] for cell in slow["scores"].values()} == {0}
    monkeypatch.undo()
    withheld = toy.source.metadata.coursework.withhold
    after = engine.grade_one("toy", toy.source, withheld, submission().encode(), True)
    assert sum(cell["score"] or 0 for cell in after["scores"].values()) == 6


def test_a_defect_of_a_test_is_not_the_students(graded):
    """What goes wrong outside the tests is raised, not graded."""
    with pytest.raises(RuntimeError, match="SyntaxError"):
        graded("assert (", "def largest(numbers):\n    return max(numbers)\n")
