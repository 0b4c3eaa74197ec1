"""Grades in nbgrader's database, SQLite or PostgreSQL: what its tools for grading by hand read and write.

A grade that a person gave is never changed here. What is entered is entered as a whole or not at all, and of
two who write at once one waits for the other. Passwords are left to PostgreSQL's own ways (~/.pgpass,
PGPASSWORD) or to course.toml, which nobody else may read.
"""

import json
from contextlib import contextmanager
from unittest import mock

from alembic.script import ScriptDirectory
from nbgrader import api, dbutil
from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from coursework.course import CourseError

SECONDS = 60  # that a writer waits for another one
SILENT = 10  # seconds until a server that does not answer is given up


def address(course):
    """Return where a course's gradebook is, as SQLAlchemy takes it."""
    try:
        url = make_url(course.database())
    except (ArgumentError, ValueError):  # its words may hold the password
        url = None
    if url is None or url.get_backend_name() not in ("sqlite", "postgresql"):
        raise CourseError(
            "the gradebook's address must be such as sqlite:///gradebook.db "
            "or postgresql://user@host:5432/database"
        )
    if url.get_backend_name() == "sqlite":
        return url.update_query_dict({"timeout": str(SECONDS)})
    return url.set(drivername="postgresql+psycopg").update_query_dict({"connect_timeout": str(SILENT)})


@contextmanager
def opened(course):
    """Open a course's gradebook; what goes wrong with it is said in one sentence."""
    url = address(course)
    try:
        # nbgrader would start a program for it, which takes seconds and is not on everybody's PATH.
        with mock.patch.object(api, "get_alembic_version", _newest_form):
            book = api.Gradebook(url, course.name)
        with book:
            _refuse_others(book, course)
            yield book
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
        raise CourseError(f"the gradebook {url.render_as_string()} does not work: {reason}") from None


def _newest_form():
    """Return the version of nbgrader's tables, with which it stamps a new database."""
    return ScriptDirectory(dbutil.ALEMBIC_DIR).get_current_head()


def _refuse_others(book, course):
    """Refuse a database in which another course has assignments: nbgrader looks for them by name only."""
    owners = set(book.db.scalars(select(api.Assignment.course_id).distinct()))
    if others := owners - {course.name}:
        raise CourseError(
            f"the gradebook belongs to the course {', '.join(sorted(others))}: "
            f"give {course.name} one of its own"
        )


def _written(course, write):
    """Let `write(book)` enter something as a whole; it is called again where somebody else was first."""
    with opened(course) as book:
        try:
            write(book)
            book.db.commit()
        except IntegrityError:
            book.db.rollback()
            write(book)
            book.db.commit()


def prepare(course, assignment, source):
    """Enter an assignment and its cells; refuse when graded cells changed under submissions."""
    _written(course, lambda book: _prepare(book, assignment, source))


def _prepare(book, assignment, source):
    marked = [(cell, cell.metadata.nbgrader) for cell in source.cells if "nbgrader" in cell.metadata]
    graded = {grading.grade_id: float(grading.points) for _, grading in marked if grading.grade}
    written = {grading.grade_id for _, grading in marked if grading.solution}
    try:
        asked = book.find_assignment(assignment)
    except api.MissingEntry:
        asked = api.Assignment(name=assignment, course_id=book.course_id)
        book.db.add(asked)
    for before in asked.notebooks:
        there = {cell.name: cell.max_score for cell in before.grade_cells}
        if there == graded and written == {cell.name for cell in before.solution_cells}:
            return
        if before.submissions:
            changed = [name for name in there | graded if there.get(name) != graded.get(name)]
            if not changed:
                return
            raise CourseError(
                f"{assignment} has graded submissions, so its graded cells and points must stay: "
                f"changed are {', '.join(sorted(changed))}"
            )
        for cell in before.grade_cells + before.solution_cells:
            book.db.delete(cell)
        book.db.delete(before)
    book.db.flush()
    kernel = json.dumps(source.metadata.kernelspec)
    notebook = api.Notebook(name=assignment, assignment=asked, kernelspec=kernel)
    book.db.add(notebook)
    for cell, grading in marked:
        common = {"name": grading.grade_id, "notebook": notebook}
        if grading.grade:
            most = float(grading.points)
            book.db.add(api.GradeCell(max_score=most, cell_type=cell.cell_type, **common))
        if grading.solution:
            book.db.add(api.SolutionCell(**common))


def save(course, assignment, results):
    """Enter the results of students, {student: result}; `results` may be entered again."""
    _written(course, lambda book: _save(book, assignment, results))


def _save(book, assignment, results):
    """A few questions for all students together: one for each of them would take minutes."""
    asked = book.find_assignment(assignment)
    (notebook,) = asked.notebooks
    grade_cells = [cell.id for cell in notebook.grade_cells]
    solution_cells = [cell.id for cell in notebook.solution_cells]
    submitted = api.SubmittedAssignment
    known = set(book.db.scalars(select(api.Student.id)))
    here = set(book.db.scalars(select(submitted.student_id).where(submitted.assignment_id == asked.id)))
    for student in results:
        if student not in known:
            book.db.add(api.Student(id=student))
    book.db.flush()
    for student in results:
        if student not in here:
            new = submitted(assignment_id=asked.id, student_id=student)
            copy = api.SubmittedNotebook(notebook_id=notebook.id, assignment=new)
            copy.grades = [api.Grade(cell_id=cell) for cell in grade_cells]
            copy.comments = [api.Comment(cell_id=cell) for cell in solution_cells]
            book.db.add(new)
    book.db.flush()
    entries = (
        select(api.Grade, api.GradeCell.name, submitted.student_id)
        .join(api.GradeCell, api.Grade.cell_id == api.GradeCell.id)
        .join(api.SubmittedNotebook, api.Grade.notebook_id == api.SubmittedNotebook.id)
        .join(submitted, api.SubmittedNotebook.assignment_id == submitted.id)
        .where(submitted.assignment_id == asked.id)
    )
    for grade, name, student in book.db.execute(entries):
        if student in results:
            grade.auto_score = score = results[student]["scores"][name]["score"]
            grade.needs_manual_grade = score is None and grade.manual_score is None


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
