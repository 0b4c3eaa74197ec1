"""What students get: plain Python that runs where they are, and nothing that only a teacher should know."""

import ast
import copy
import hashlib
import re
import sys

import nbformat
import pytest
from nbclient import NotebookClient

from coursework import release, source
from coursework.course import Course

SECRETS = ("0123456789abcdef" * 4, "f00d" * 16)
NAMES = source.assignments()
ALLOWED = {*sys.stdlib_module_names, "numpy", "matplotlib", "imagebook"}
KEPT = re.compile(r"### BEGIN (?:SOLUTION|HIDDEN TESTS)\n(.*?)### END", re.DOTALL)


def teachers(name, secret=SECRETS[0]):
    """Return an assignment as the teacher has it."""
    return source.notebook(Course(None, "images", secret), name)


def students(name, secret=SECRETS[0]):
    """Return an assignment as students get it."""
    return release.students_version(teachers(name, secret))


def grading(cell):
    """Return what nbgrader knows of a cell, or an empty dictionary."""
    return cell.metadata.get("nbgrader", {})


def code_of(notebook):
    """Return the code of a notebook as Python reads it, without the line that installs the library."""
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return [ast.parse(re.sub(r"^( *)%pip .*$", r"\1pass", text, flags=re.MULTILINE)) for text in cells]


def run(notebook, folder):
    """Run a notebook to its end, errors or not, in a kernel of its own; return {cell: error or None}."""
    ran = copy.deepcopy(notebook)
    client = NotebookClient(
        ran,
        timeout=60,
        allow_errors=True,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    errors = {}
    for index, cell in enumerate(ran.cells):
        if cell.cell_type == "code":
            assert cell.execution_count, f"cell {index} did not run"
            found = [output.ename for output in cell.outputs if output.output_type == "error"]
            errors[grading(cell).get("grade_id", f"cell {index}")] = found[0] if found else None
    return errors


@pytest.mark.parametrize("name", NAMES)
def test_it_imports_nothing_of_a_grader(name):
    """Standard library, NumPy, matplotlib and the book's own library; of that only modules that are there."""
    modules = set()
    for tree in code_of(students(name)):
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                modules |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                modules.add(node.module)
                modules |= {f"{node.module}.{alias.name}" for alias in node.names}
    assert {module.partition(".")[0] for module in modules} <= ALLOWED
    assert any(module.startswith("imagebook") for module in modules)
    withheld = {f"imagebook.{module}" for module in teachers(name).metadata.coursework["withhold"]}
    assert not modules & withheld
    text = "".join(cell.source for cell in students(name).cells)
    assert "nbgrader" not in text and "coursework" not in text


@pytest.mark.parametrize("name", NAMES)
def test_it_has_nothing_that_a_teacher_keeps(name):
    """No hidden test, no seed, no reference, no secret, in no cell and no metadata."""
    asked, given = teachers(name), students(name)
    text = nbformat.writes(given)
    assert SECRETS[0] not in text
    assert not re.search(r"HIDDEN|SOLUTION|MARK SCHEME|default_rng\(\d{6,}\)|\{\{", text)
    known = "\n".join(cell.source for cell in given.cells)
    kept = 0
    for before in asked.cells:
        after = next(cell for cell in given.cells if cell.id == before.id)
        shown = KEPT.sub("", before.source)
        for block in KEPT.findall(before.source):
            lines = [line.strip() for line in block.splitlines() if len(line.strip()) > 20]
            lines = [line for line in lines if line not in shown]
            assert [line for line in lines if line in after.source] == []
            # Elsewhere a line may stand where the notebook itself does the same, but never a whole block.
            assert block.strip() not in known
            kept += len(lines)
    assert kept > 40


@pytest.mark.parametrize("name", NAMES)
def test_untouched_it_runs_to_its_end(name, tmp_path):
    """In a real kernel, offline: what fails is what is not done yet, and all that comes before runs."""
    notebook = students(name)
    errors = run(notebook, tmp_path)
    code = [grading(cell) for cell in notebook.cells if cell.cell_type == "code"]
    first = next(index for index, cell in enumerate(code) if cell.solution)
    assert first >= 2 and [cell.grade_id for cell in code[:first] if errors[cell.grade_id]] == []
    stubs = {errors[cell.grade_id] for cell in code if cell.solution}
    assert stubs <= {None, "NotImplementedError"}
    assert [cell.grade_id for cell in code if cell.grade and errors[cell.grade_id] is None] == []


@pytest.mark.parametrize("name", NAMES)
def test_with_the_reference_every_cell_runs(name, tmp_path):
    """The same notebook with the teacher's answers in it, visible tests and all: no error."""
    notebook = students(name)
    answers = {cell.id: cell.source for cell in teachers(name).cells if grading(cell).get("solution")}
    for cell in notebook.cells:
        cell.source = answers.get(cell.id, cell.source)
    assert {cell: error for cell, error in run(notebook, tmp_path).items() if error} == {}


@pytest.mark.parametrize("name", NAMES)
def test_a_secret_decides_the_numbers(name):
    """Another secret, another text that students read; the same one, the same bytes in the file."""
    one, other = (nbformat.writes(students(name, secret)) for secret in SECRETS)
    assert (
        hashlib.sha256(one.encode()).digest()
        == hashlib.sha256(nbformat.writes(students(name)).encode()).digest()
    )
    first, second = ([cell.source for cell in students(name, secret).cells] for secret in SECRETS)
    assert len(first) == len(second)
    changed = sum(left != right for left, right in zip(first, second, strict=True))
    assert changed >= 2 and one != other
    seeds = [
        re.findall(r"default_rng\((\d{6,})\)", "".join(c.source for c in teachers(name, s).cells))
        for s in SECRETS
    ]
    assert not set(map(len, seeds)) - {len(seeds[0])} and not set(seeds[0]) & set(seeds[1])
