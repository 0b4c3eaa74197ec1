"""An assignment's source, MyST text, as the notebook of one course in nbgrader's format.

A cell says by an option what it is for:

    `:setup: yes`                     imports and data, run by students and by the tests
    `:solution: NAME`                 students write here; the reference stands between BEGIN and END SOLUTION
    `:tests: NAME`, `:points: 3`      asserts; those between BEGIN and END HIDDEN TESTS stay with the teacher
    `:numbers: yes`                   run for each course with its `rng`; {{ name }} becomes its number
    `+++ {"answer": NAME, "points": 4}`   a text that a person grades

All other code is shown to students and locked. Hidden tests find `rng`, which follows from the course's
secret too.
"""

import re
from pathlib import Path

import nbformat
from nbformat.v4 import new_notebook

import imagebook
from coursework.course import CourseError, checked_name

HERE = Path(__file__).resolve().parents[2] / "assignments"
HIDDEN = re.compile(r"^### BEGIN HIDDEN TESTS\n(.*?)^### END HIDDEN TESTS$", re.MULTILINE | re.DOTALL)
KINDS = ("setup", "solution", "tests", "numbers", "answer")
FIRST_CELL = f"""\
# Fetches the book's library where it is missing; else does nothing.
from importlib.util import find_spec

if find_spec("imagebook") is None:
    %pip install --quiet imagebook=={imagebook.__version__}"""


def assignments(folder=HERE):
    """Return the names of all assignments, in the order of their files."""
    return sorted(path.stem for path in Path(folder).glob("*.md") if path.stem != "README")


def settings(name, folder=HERE):
    """Return what the front matter says of an assignment: title, minutes, withheld modules."""
    return _read(name, folder).metadata["coursework"]


def notebook(course, name, folder=HERE):
    """Return an assignment's source as a notebook of this course, with reference and hidden tests."""
    text = _read(name, folder)
    numbers = {"rng": course.rng(name, "numbers")}
    for cell in text.cells:
        if kind(cell) == "numbers":
            exec(compile(cell.source, f"{name}.md", "exec"), numbers)
    cells = []
    for cell in text.cells:
        if kind(cell) == "numbers":
            continue
        cell.source = re.sub(r"\{\{ (\w+) \}\}", lambda match: _number(numbers, match[1], name), cell.source)
        cells.append(_cell(cell, course, name, len(cells)))
    first = next(index for index, cell in enumerate(cells) if cell.cell_type == "code")
    fetch = nbformat.v4.new_code_cell(FIRST_CELL)
    fetch.metadata["nbgrader"] = _grading("fetch-the-library", locked=True)
    cells.insert(first, fetch)
    for index, cell in enumerate(cells):
        cell["id"] = f"cell-{index}"  # the same each time
    names = [cell.metadata.nbgrader.grade_id for cell in cells if "nbgrader" in cell.metadata]
    if len(set(names)) < len(names):
        twice = sorted({word for word in names if names.count(word) > 1})
        raise CourseError(f"{name}.md uses a name for two cells: {', '.join(twice)}")
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {
        "kernelspec": kernel,
        "language_info": {"name": "python"},
        "coursework": text.metadata["coursework"],
    }
    return new_notebook(cells=cells, metadata=metadata)


def kind(cell):
    """Return what a cell is for, or None."""
    found = [word for word in KINDS if word in cell.metadata]
    return found[0] if found else None


def _read(name, folder):
    import jupytext  # takes half a second, which grading has no need of

    path = Path(folder, f"{checked_name(name, 'the name of an assignment')}.md")
    if not path.is_file():
        there = ", ".join(assignments(folder)) or "none"
        raise CourseError(f"there is no assignment {name}; there are: {there}")
    return jupytext.read(path, fmt="md:myst")


def _number(numbers, name, assignment):
    if name not in numbers:
        raise CourseError(f"{assignment}.md has no number {name} in its cell of numbers")
    return str(numbers[name])


def _grading(name, *, grade=False, solution=False, locked=False, points=None):
    """Return nbgrader's metadata of a cell."""
    words = {
        "schema_version": 3,
        "grade_id": name,
        "grade": grade,
        "solution": solution,
        "locked": locked,
        "task": False,
    }
    return words | ({"points": points} if grade else {})


def _cell(cell, course, assignment, index):
    """Return a cell as nbgrader wants it."""
    what, options = kind(cell), cell.metadata
    if what is None and cell.cell_type == "markdown":
        cell.metadata = {}
        return cell
    points = options.get("points")
    if (what in ("tests", "answer")) != isinstance(points, int):
        raise CourseError(
            f"{assignment}.md: tests and answers have points, a whole number, and other cells have none: "
            f"{cell.source[:60]!r}"
        )
    if what == "solution":
        grading = _grading(options["solution"], solution=True)
    elif what == "answer":
        grading = _grading(options["answer"], grade=True, solution=True, points=points)
    elif what == "tests":
        grading = _grading(options["tests"], grade=True, locked=True, points=points)
        seed = course.seed(assignment, options["tests"])
        prelude = f"### BEGIN HIDDEN TESTS\nrng = np.random.default_rng({seed})\n"
        cell.source = cell.source.replace("### BEGIN HIDDEN TESTS\n", prelude)
    else:
        grading = _grading(f"{what or 'given'}-{index}", locked=True)
    cell.metadata = nbformat.from_dict({"nbgrader": grading})
    return cell
