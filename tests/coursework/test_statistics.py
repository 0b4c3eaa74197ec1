"""What a teacher reads of a class: counts that can be checked by hand, and pairs that are worth a look."""

import numpy as np
import pytest

from coursework import scoring, source, statistics
from coursework.course import Course

SECRET = "0123456789abcdef" * 4
STOPPED = "Your code was stopped: it took longer than 10 seconds."
HIDDEN = scoring.sentence_of_hidden(AssertionError())


@pytest.fixture(scope="module")
def boxes():
    """Return an assignment of the book as a course has it."""
    return source.notebook(Course(None, "images", SECRET), "boxes")


def result(notebook, scores=None, answers=None, problem=None):
    """Return a result: full points but for {cell: sentence}, the reference but for {cell: code}."""
    found = {"problem": problem, "scores": {}, "printed": {}, "answers": {}}
    for cell in notebook.cells:
        grading = cell.metadata.get("nbgrader", {})
        if grading.get("grade"):
            sentence = (scores or {}).get(grading.grade_id, problem)
            points = 0 if sentence else grading.points
            found["scores"][grading.grade_id] = {
                "score": points,
                "points": grading.points,
                "sentence": sentence,
            }
        if grading.get("solution"):
            found["answers"][grading.grade_id] = (answers or {}).get(grading.grade_id, cell.source)
    return found


def rows(text):
    """Return the numbers of a table, {cell: {column: text}}."""
    lines = [line for line in text.splitlines() if line and not line.startswith(" ")]
    columns = ["points", "full", "visible", "hidden", "stopped", "missing", "by hand", "r"]
    split = [line.split() for line in lines]
    return {line[0]: dict(zip(columns, line[1:], strict=True)) for line in split if len(line) == 9}


def test_the_table_counts_what_came_of_each_cell(boxes):
    """Six submissions, one of each kind; the cells stand in the assignment's order, not the alphabet's."""
    cell = "overlap-of-two"
    results = {
        "full": result(boxes),
        "visible": result(boxes, {cell: "AssertionError: half"}),
        "hidden": result(boxes, {cell: HIDDEN}),
        "stopped": result(boxes, {cell: STOPPED}),
        "stub": result(boxes, {cell: "NotImplementedError (line 8 of a cell)"}),
        "none": result(boxes, problem="the file is not a notebook: it is not JSON"),
    }
    results["full"]["scores"]["report"]["score"] = None
    text = statistics.table(boxes, results)
    table = rows(text)
    assert list(table)[:3] == ["by-hand-agreement", "corners-in-pixels", "overlap-of-two"]
    counts = {
        word: table[cell][word] for word in ("full", "visible", "hidden", "stopped", "missing", "by hand")
    }
    assert counts == {
        "full": "1",
        "visible": "1",
        "hidden": "1",
        "stopped": "1",
        "missing": "2",
        "by hand": "0",
    }
    assert table["report"]["by hand"] == "1"
    assert "1 × AssertionError: half" in text
    assert "JSON" not in text  # whoever handed in no notebook says nothing about a cell


def test_r_is_the_correlation_with_the_rest(boxes):
    """Three pass a cell and have 14, 14 and 17 points elsewhere, one fails it and has 14."""
    results = {
        "a": result(boxes, {"judged": "AssertionError"}),
        "b": result(boxes, {"judged": "AssertionError"}),
        "c": result(boxes),
        "d": result(boxes, {"judged": "AssertionError", "overlap-of-two": "AssertionError"}),
    }
    table = rows(statistics.table(boxes, results))
    wanted = np.corrcoef([3, 3, 3, 0], [14, 14, 17, 14])[0, 1]
    assert float(table["overlap-of-two"]["r"]) == pytest.approx(wanted, abs=0.005)
    assert table["all-pairs"]["r"] == "–"  # all pass


def test_nothing_graded_is_said(boxes):
    """No division by zero."""
    assert statistics.table(boxes, {}) == "nothing is graded yet"
    assert statistics.alike(boxes, {}).count("none") == 2


def test_words_leave_out_what_a_copy_changes():
    """Names, comments, docstrings and layout; not what is called, nor the order."""
    one = (
        'def f(boxes, n):\n    """A sum."""\n    total = boxes.sum() + n  # all\n    return np.sqrt(total)\n'
    )
    other = "def f(b, k):\n  s = (b.sum()\n       + k)\n  return np.sqrt(s)"
    known = {"f", "np"}
    first = statistics.words(one, known)
    assert [word for word in statistics.words(other, known) if word not in "()"] == [
        word for word in first if word not in "()"
    ]
    assert "sqrt" in first and "sum" in first and "total" not in first
    assert first != statistics.words(one.replace("sqrt", "exp"), known)
    assert statistics.words("def f(:\n 'x") == ["def", "f", "(", ":", "'", "x"]  # no Python: as it is


LOOP = '''
def suppress(boxes, scores, threshold):
    """Keep the best of each heap."""
    waiting = sorted(range(len(boxes)), key=lambda i: -scores[i])
    kept = []
    while waiting:
        best = waiting.pop(0)
        kept.append(best)
        rest = []
        for other in waiting:
            if overlap(boxes[best], boxes[other]) <= threshold:
                rest.append(other)
        waiting = rest
    return kept
'''
RENAMED = """
def suppress(boxes, scores, threshold):
    # my own work
    todo = sorted(range(len(boxes)), key=lambda n: -scores[n])

    result = []
    while todo:
        top = todo.pop(0)
        result.append(top)
        left = []
        for x in todo:
            if overlap(boxes[top], boxes[x]) <= threshold:
                left.append(x)
        todo = left
    return result
"""
ANOTHER = """
def suppress(boxes, scores, threshold):
    order = np.argsort(-scores, kind="stable")
    table = overlaps(boxes, boxes)
    alive = np.ones(len(boxes), dtype=bool)
    for index in order:
        if alive[index]:
            alive &= table[index] <= threshold
            alive[index] = True
    return [int(index) for index in order if alive[index]]
"""


def test_a_copy_with_other_names_is_found_and_two_ways_are_not(boxes):
    """The pair stands there with its cell; whoever thought of another way does not."""
    results = {
        who: result(boxes, answers={"suppress": code})
        for who, code in (("lee", LOOP), ("kim", RENAMED), ("park", ANOTHER))
    }
    said = statistics.alike(boxes, results)
    assert "1.00  kim  lee  suppress" in said
    pairs = said.split("pairs of")[1]
    assert "park" not in pairs and pairs.startswith(" 3 with")


def test_the_stub_s_line_below_an_answer_hides_no_copy(boxes):
    """Many leave it there; it changes nothing of what is theirs."""
    left = LOOP + "    raise NotImplementedError()\n"
    cell = next(
        c.metadata.nbgrader.grade_id
        for c in boxes.cells
        if c.cell_type == "code" and c.get("metadata", {}).get("nbgrader", {}).get("solution")
    )
    people, _ = statistics.own_words(
        boxes, {"ada": result(boxes, answers={cell: LOOP}), "ben": result(boxes, answers={cell: left})}
    )
    assert people["ada"][cell] == people["ben"][cell] != []


def test_the_model_solution_is_recognised_and_makes_no_pairs(boxes):
    """Twenty who found, or copied, the model solution: each is listed with the long cells, no pair is."""
    results = {f"s{number:02}": result(boxes) for number in range(20)}
    said = statistics.alike(boxes, results)
    assert "as in the model solution, but for names: 20\n    s00  " in said
    assert "by-hand" not in said  # a few numbers are the same for all who are right
    assert said.endswith(
        "pairs of 0 with enough code of their own, alike by 0.9 or more; cells that are the same: none"
    )


def test_stubs_and_short_answers_make_no_pairs(boxes):
    """What everybody was given says nothing of who worked with whom."""
    stub = "def suppress(boxes, scores, threshold):\n    raise NotImplementedError()\n"
    line = "np.array([[overlap(a, b) for b in boxes_b] for a in boxes_a])"
    short = f"def overlaps(boxes_a, boxes_b):\n    return {line}"
    results = {who: result(boxes, answers={"suppress": stub, "overlaps": short}) for who in "abcdef"}
    assert "pairs of 0 with" in statistics.alike(boxes, results)


def test_a_long_list_is_cut_and_says_so(boxes):
    """Ten who share one solution are 45 pairs."""
    results = {f"s{number}": result(boxes, answers={"suppress": LOOP}) for number in range(10)}
    said = statistics.alike(boxes, results)
    assert "cells that are the same: 45\n" in said
    assert said.endswith("and 15 more")
