"""The student's version of an assignment: no reference, no hidden tests, and nothing of a grader to import.

nbgrader's own preprocessors make it, so that it is a release as nbgrader knows it.
"""

import compileall
import copy
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

import imagebook
from coursework import isolation
from coursework.course import CourseError

STEPS = (
    "ClearSolutions",
    "LockCells",
    "ComputeChecksums",
    "ClearHiddenTests",
    "ClearMarkScheme",
    "ClearOutput",
    "CheckCellMetadata",
)


def students_version(source):
    """Return the notebook that students get, of a source notebook."""
    from nbgrader import preprocessors  # takes a second, which grading has no need of

    notebook = copy.deepcopy(source)
    notebook.metadata.pop("coursework", None)
    for step in STEPS:
        notebook, _ = getattr(preprocessors, step)().preprocess(notebook, {})
    return notebook


def write(notebook, path):
    """Write a notebook so that there is all of it or the old one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    new.replace(path)


def library(folder, withheld):
    """Write the imagebook that an assignment allows to a folder: all modules but the withheld ones.

    Returns
    -------
    pathlib.Path
        The folder to import from.
    """
    package = Path(imagebook.__file__).parent
    if missing := [name for name in withheld if not (package / f"{name}.py").is_file()]:
        raise CourseError(f"an assignment withholds modules that there are not: {', '.join(missing)}")
    unused = shutil.ignore_patterns("__pycache__", "*.js", "*.css", "kit")
    modules = {f"{name}.py" for name in withheld}  # of the package itself: widgets have such names too

    def left_out(place, names):
        return unused(place, names) | (modules if Path(place) == package else set())

    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(package, folder / "imagebook", ignore=left_out)
    # What each submission would do again by itself: compile the library, look through the system's fonts.
    compileall.compile_dir(folder, quiet=1)
    with tempfile.TemporaryDirectory() as home:
        variables = isolation.environment(isolation.packages(), home)
        subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"], env=variables, check=True)
        shutil.copytree(variables["MPLCONFIGDIR"], folder / isolation.FONTS)
    return folder
