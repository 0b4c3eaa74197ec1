"""A course with the assignment toy.md, whose submissions are made of the reference and some other code."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest

from coursework import isolation, release, scoring, source
from coursework.course import Course

HERE = Path(__file__).resolve().parent
USER = "nobody"  # has no rights to anything of ours
SECRET = "0123456789abcdef" * 4  # so that the toy's number is the same each time


@pytest.fixture(scope="session", autouse=True)
def wall():
    """Skip where there is no wall; a machine that grades for others must have one."""
    try:
        isolation.available()
    except isolation.IsolationError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def python():
    """Return a Python that another user may run, with the libraries of this one."""
    if os.geteuid() != 0:
        pytest.skip("only the superuser, as on Gradescope, can run something as another user")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for found in (os.path.realpath(sys.executable), f"/usr/bin/{version}"):
        try:
            asked = subprocess.run([found, "--version"], user=USER, group="nogroup", extra_groups=[])
        except OSError:
            continue
        if asked.returncode == 0:
            break
    else:
        pytest.skip(f"needs a {version} that another user may run, such as Debian's package {version}")
    folder = Path(tempfile.mkdtemp(prefix="grader-", dir="/tmp"))
    try:
        folder.chmod(0o755)
        subprocess.run([found, "-m", "venv", "--without-pip", folder / "venv"], check=True)
        place = folder / "venv" / "lib" / version / "site-packages"
        place.rmdir()
        place.symlink_to(isolation.packages()[0])
        yield folder / "venv" / "bin" / "python"
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def course(tmp_path):
    """Return a course in an empty folder."""
    (tmp_path / "course.toml").write_text(f'name = "toys"\nsecret = "{SECRET}"\n')
    return Course.open(tmp_path)


@pytest.fixture(scope="session")
def toy(tmp_path_factory):
    """Return the toy as it is graded."""
    folder = tmp_path_factory.mktemp("toy")
    (folder / "course.toml").write_text(f'name = "toys"\nsecret = "{SECRET}"\n')
    notebook = source.notebook(Course.open(folder), "toy", HERE)
    library = release.library(folder / "library", notebook.metadata.coursework.withhold)
    # Less memory than in earnest, so that two hogs fit on a small machine.
    return scoring.Assignment("toy", notebook, library, isolation.Limits(memory=2**30))


@pytest.fixture(scope="session")
def submission(toy):
    """Return a function that makes a student's notebook: the reference, but for {cell: text}."""
    students = release.students_version(toy.source)
    reference = {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in toy.source.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }

    def make(answers=None, *, stub=False):
        notebook = nbformat.from_dict(students)
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if name in reference and not stub:
                cell.source = {**reference, **(answers or {})}[name]
        return nbformat.writes(notebook)

    return make


@pytest.fixture
def points(toy, tmp_path):
    """Return a function that grades a notebook's text and gives the points of all tests, and the result."""

    def grade(text):
        path = tmp_path / "submission.ipynb"
        path.write_text(text, encoding="utf-8")
        result = scoring.grade(toy, path)
        return sum(cell["score"] or 0 for cell in result["scores"].values()), result

    return grade
