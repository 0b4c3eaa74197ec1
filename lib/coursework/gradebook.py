"""Grades in nbgrader's database, SQLite or PostgreSQL: what its tools for grading by hand read and write.

A grade that a person gave is never changed here.
"""

import json
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from nbgrader.api import Gradebook, MissingEntry

from coursework.course import CourseError


@contextmanager
def opened(course):
    """Open a course's gradebook."""
    # nbgrader looks for its program alembic on the PATH, where it is not if nobody activated the environment.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    with mock.patch.dict(os.environ, PATH=path):
        book = Gradebook(course.database())
    with book:
        yield book


def prepare(course, assignment, source):
    """Enter an assignment and its cells; refuse when graded cells changed under submissions."""
    with opened(course) as book:
        graded = [cell for cell in source.cells if cell.metadata.get("nbgrader", {}).get("grade")]
        names = {cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader.points for cell in graded}
        book.update_or_create_assignment(assignment)
        try:
            before = book.find_notebook(assignment, assignment)
        except MissingEntry:
            kernel = json.dumps(source.metadata.kernelspec)
            book.add_notebook(assignment, assignment, kernelspec=kernel)
        else:
            there = {cell.name: cell.max_score for cell in before.grade_cells}
            if there == names:
                return
            if before.submissions:
                changed = sorted(name for name in there | names if there.get(name) != names.get(name))
                raise CourseError(
                    f"{assignment} has graded submissions, so its graded cells and points must stay: "
                    f"changed are {', '.join(changed)}"
                )
            book.remove_notebook(assignment, assignment)
            book.add_notebook(assignment, assignment, kernelspec=json.dumps(source.metadata.kernelspec))
        for cell in source.cells:
            if "nbgrader" not in cell.metadata:
                continue
            grading = cell.metadata.nbgrader
            place = (grading.grade_id, assignment, assignment)
            if grading.grade:
                book.update_or_create_grade_cell(
                    *place, max_score=float(grading.points), cell_type=cell.cell_type
                )
            if grading.solution:
                book.update_or_create_solution_cell(*place)


def save(course, assignment, results):
    """Enter the results of students, {student: result}; `results` may be entered again."""
    with opened(course) as book:
        known = {student.id for student in book.students}
        for student, result in results.items():
            if student not in known:
                book.add_student(student)
            submission = book.update_or_create_submission(assignment, student)
            (notebook,) = submission.notebooks
            for grade in notebook.grades:
                score = result["scores"][grade.name]["score"]
                grade.auto_score = score
                grade.needs_manual_grade = score is None and grade.manual_score is None
            book.db.commit()


def scores(course, assignment):
    """Return what each student has, sorted.

    That is {student: {"cells": {name: score or None}, "most": points, "comments": {name: words}}}. A score
    that a person gave counts instead of ours; None is what nobody has graded yet.
    """
    with opened(course) as book:
        found = {}
        for submission in book.assignment_submissions(assignment):
            cells, comments = {}, {}
            for notebook in submission.notebooks:
                comments |= {
                    comment.name: comment.manual_comment
                    for comment in notebook.comments
                    if comment.manual_comment
                }
                for grade in notebook.grades:
                    by_hand = grade.manual_score
                    score = grade.auto_score if by_hand is None else by_hand
                    cells[grade.name] = None if score is None else score + (grade.extra_credit or 0)
            found[submission.student.id] = {
                "cells": cells,
                "most": submission.max_score,
                "comments": comments,
            }
        return dict(sorted(found.items()))
