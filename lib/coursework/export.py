"""Grades in the forms that other programs take: CSV, Canvas, Moodle.

The same grades give the same bytes, in whatever order they came.
"""

import csv
import io

from coursework.course import CourseError

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would take for a formula


def number(value):
    """Return a score as people write it: 3, 2.5, or nothing where it is not there yet."""
    return "" if value is None else f"{value:.10g}"


def safe(text):
    """Return a text that a spreadsheet shows and does not compute."""
    return f"'{text}" if text.startswith(FORMULA) else text


def total(cells):
    """Return the sum of a student's scores, or None where a person has still to grade."""
    scores = list(cells.values())
    return None if any(score is None for score in scores) else sum(scores)


def as_csv(assignment, scores):
    """Return one line for each student, with every graded cell."""
    names = sorted({name for student in scores.values() for name in student["cells"]})
    rows = [["student", "assignment", *names, "total", "most"]]
    for student, found in scores.items():
        cells = [number(found["cells"].get(name)) for name in names]
        rows.append([safe(student), assignment, *cells, number(total(found["cells"])), number(found["most"])])
    return _text(rows)


def as_canvas(assignment, scores):
    """Return what Canvas imports into its gradebook; students are named by their numbers there, or logins.

    Whoever has no total yet is left out: an empty cell would take away a grade that stands in Canvas.
    """
    most = {found["most"] for found in scores.values()}
    points = number(most.pop()) if len(most) == 1 else ""
    rows = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", assignment]]
    rows.append(["    Points Possible", "", "", "", "", points])
    for student, found in scores.items():
        if (sum_ := total(found["cells"])) is not None:
            names = [student, ""] if student.isdecimal() else ["", safe(student)]
            rows.append(["", names[0], "", names[1], "", number(sum_)])
    return _text(rows)


def as_moodle(assignment, scores):
    """Return a grading worksheet for Moodle; students are named by their participants' numbers.

    Moodle asks for the time of the last change. Without one it enters first grades, and changes those that it
    has only if the teacher ticks that box at the import.
    """
    rows = [["Identifier", "Grade", "Maximum Grade", "Last modified (grade)"]]
    for student, found in scores.items():
        rows.append([f"Participant {student}", number(total(found["cells"])), number(found["most"]), ""])
    return _text(rows)


FORMS = {"csv": as_csv, "canvas": as_canvas, "moodle": as_moodle}


def export(form, assignment, scores):
    """Return the grades of an assignment in a form."""
    if form not in FORMS:
        raise CourseError(f"the forms are {', '.join(FORMS)}, got {form!r}")
    return FORMS[form](assignment, scores)


def count(form, scores):
    """Return of how many students a form has the grades."""
    totals = [total(found["cells"]) for found in scores.values()]
    return sum(found is not None for found in totals) if form == "canvas" else len(totals)


def _text(rows):
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    return file.getvalue()
