"""Exports: what a spreadsheet shows, not computes, and what Canvas and Moodle know their students by."""

import csv
import io
import zipfile

import pytest

from coursework import collect, export, gradebook

SCORES = {
    "12345": {"cells": {"a": 2, "why": 3.5}, "most": 10.0},
    "lee": {"cells": {"a": 0, "why": 1}, "most": 10.0},
    "park": {"cells": {"a": 2, "why": None}, "most": 10.0},
}


def rows(form, scores=SCORES):
    """Return an export's rows."""
    return list(csv.reader(io.StringIO(export.export(form, "toy", scores))))


def test_csv_has_every_cell_and_no_formula():
    """A name from elsewhere that looks like a formula, or has commas and quotes, stays a text."""
    odd = {name: SCORES["lee"] for name in ("=1+1", "@x", 'a,"b"')}
    found = rows("csv", SCORES | odd)
    assert found[0] == ["student", "assignment", "a", "why", "total", "most"]
    assert found[1] == ["12345", "toy", "2", "3.5", "5.5", "10"]
    assert found[3] == ["park", "toy", "2", "", "", "10"]
    assert [row[0] for row in found[4:]] == ["'=1+1", "'@x", 'a,"b"']


def test_canvas_gets_its_columns():
    """Numbers are Canvas's, other names are logins; who has no total is left out, lest a grade be emptied."""
    assert rows("canvas") == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "toy"],
        ["    Points Possible", "", "", "", "", "10"],
        ["", "12345", "", "", "", "5.5"],
        ["", "", "", "lee", "", "1"],
    ]


def test_moodle_gets_its_columns():
    """The three that its import looks for, and the most."""
    found = rows("moodle")
    assert found[0] == ["Identifier", "Grade", "Maximum Grade", "Last modified (grade)"]
    assert found[1] == ["Participant 12345", "5.5", "10", ""]
    assert found[3] == ["Participant park", "", "10", ""]


@pytest.mark.parametrize(
    ("form", "name", "wanted"),
    [
        ("canvas", "leejiwon_LATE_12345_678_toy-1.ipynb", ["", "12345", "", "", "", "10"]),
        ("moodle", "김 지원_4711_assignsubmission_file/toy.ipynb", ["Participant 4711", "10", "10", ""]),
    ],
)
def test_a_platforms_students_find_their_grades_there(course, toy, submission, tmp_path, form, name, wanted):
    """Collected from the platform's archive, graded, exported: under the platform's own number."""
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr(name, submission())
    gradebook.prepare(course, "toy", toy.source)
    taken = collect.collect(course, "toy", {"multiple"}, tmp_path / "in.zip").taken
    points = {"multiple-works": 2, "largest-works": 3, "prime-right": 1, "why": 4}
    scores = {cell: {"score": score} for cell, score in points.items()}
    gradebook.save(course, "toy", {student: {"scores": scores} for student in taken})
    assert rows(form, gradebook.scores(course, "toy"))[-1] == wanted
