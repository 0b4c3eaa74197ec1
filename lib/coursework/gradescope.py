"""A Gradescope autograder of one assignment, and what it does there: the same grading, another isolation.

Gradescope starts a container for each submission, as the superuser, and forbids it the namespaces of which
the wall is built. So there a submission runs as a user of its own, with the same limits and the same filter
of system calls, which refuses sockets and new processes. It cannot read the source with its hidden tests, nor
write the results. It can read the system's files and other processes' command lines, and fill the disk of its
own container. The course's secret is not in the archive: the source has its numbers and seeds already.

Written answers are left to a person, on Gradescope too. See
https://gradescope-autograders.readthedocs.io/en/latest/specs/ for the forms.
"""

import json
import os
import re
import sys
import tempfile
import zipfile
from importlib import metadata
from pathlib import Path

import nbformat
from packaging.requirements import Requirement

import coursework
import imagebook
from coursework import release, scoring
from coursework.program import Late
from coursework.sandbox import Sandbox
from coursework.scorer import LATE, Scorer
from coursework.submission import LARGEST

USER = "submission"
NEEDED = ("anywidget", "ipython", "jupytext", "matplotlib", "nbformat", "numpy", "packaging", "pooch")
SETUP = f"""\
#!/usr/bin/env bash
# Runs once, when Gradescope builds the autograder: choose the base image Ubuntu 24.04 or newer.
set -euo pipefail
apt-get update -qq
apt-get install -y -qq --no-install-recommends python3 python3-venv
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python is too old: take Ubuntu 24.04")'
useradd --system --no-create-home --shell /usr/sbin/nologin {USER}
python3 -m venv /opt/grader
/opt/grader/bin/python -m pip install --no-cache-dir --quiet --requirement /autograder/source/requirements.txt
chmod -R go-rwx /autograder/source
"""
RUN = f"""\
#!/usr/bin/env bash
# Runs for each submission. The three variables are for a try elsewhere.
set -euo pipefail
place="${{AUTOGRADER:-/autograder}}"
chmod -R go-rwx "$place/source" "$place/results"
cd "$place/source"
export PYTHONPATH="$place/source/lib"
exec "${{GRADER_PYTHON:-/opt/grader/bin/python}}" -m coursework.gradescope "$place" "${{GRADER_USER:-{USER}}}"
"""


def write(name, source, path):
    """Write the autograder of an assignment, a zip archive.

    Parameters
    ----------
    name : str
        The assignment's.
    source : notebook
        As the course has it, with reference and hidden tests.
    path : path
        The archive.
    """
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:

        def add(place, content, mode=0o644):
            member = zipfile.ZipInfo(place)  # with a date of its own, so that the same bytes come each time
            member.external_attr = (0o100000 | mode) << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, content)

        add("setup.sh", SETUP, 0o755)
        add("run_autograder", RUN, 0o755)
        add("requirements.txt", "".join(f"{line}\n" for line in pinned()))
        add(f"assignment/{name}.ipynb", nbformat.writes(source))
        library = release.library(Path(folder, "library"), source.metadata.coursework.get("withhold", []))
        ours = [(Path(package.__file__).parent, "lib") for package in (imagebook, coursework)]
        for package, place in [(library / "imagebook", "library"), *ours]:
            for file in sorted(package.rglob("*")):
                if file.is_file() and "__pycache__" not in file.parts:
                    add(f"{place}/{file.relative_to(package.parent).as_posix()}", file.read_bytes())


def pinned():
    """Return what must be installed for grading, in the versions that are installed here."""
    found, waiting = {}, list(NEEDED)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found:
            continue
        found[name] = metadata.version(name)
        for words in metadata.requires(name) or []:
            needed = Requirement(words)
            if needed.marker is None or needed.marker.evaluate({"extra": "", "sys_platform": "linux"}):
                waiting.append(needed.name)
    return [f"{name}=={version}" for name, version in sorted(found.items())]


def form(result):
    """Return a result as Gradescope shows it; what a person must read has no score yet."""
    tests = [
        {
            "name": name,
            "score": cell["score"],
            "max_score": cell["points"],
            "status": "passed" if cell["score"] == cell["points"] else "failed",
            "output": cell["sentence"] or "All tests pass.",
            "output_format": "text",
            "visibility": "visible",
        }
        for name, cell in result["scores"].items()
        if cell["score"] is not None
    ]
    by_hand = [name for name, cell in result["scores"].items() if cell["score"] is None]
    words = [result["problem"]] if result["problem"] else []
    words += [f"A person will read: {', '.join(by_hand)}."] if by_hand else []
    words += [f"{name}: {cell['error']}" for name, cell in result["printed"].items() if cell["error"]]
    return {
        "output": "\n".join(words),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
    }


def handed_in(folder, name):
    """Return the bytes of the notebook that was handed in, or a sentence why there is none."""
    notebooks = sorted(Path(folder).rglob("*.ipynb"))
    found = [path for path in notebooks if path.is_file() and not path.is_symlink()]
    if len(found) > 1:
        found = [path for path in found if path.name == f"{name}.ipynb"] or found
    if len(found) != 1:
        return None, f"hand in one notebook, {name}.ipynb: there are {len(found)}"
    with found[0].open("rb") as file:
        return file.read(LARGEST + 1), None


def main(place, user):
    """Grade what lies in a folder laid out as Gradescope does, and write the results there."""
    place = Path(place)
    (path,) = (place / "source" / "assignment").glob("*.ipynb")
    source = nbformat.read(path, as_version=4)
    library = place / "source" / "library"
    with Sandbox(library, scoring.Limits(), isolate=user) as tried:  # or nobody is told anything
        tried.run("import imagebook", "<a try>", scoring.SECONDS_PER_CELL)
    content, problem = handed_in(place / "submission", path.stem)
    if problem:
        result = scoring.nothing(source, problem)
    else:
        try:
            with Scorer() as scorer:
                result = scorer.score(path.stem, source, library, content, user)
        except Late:
            result = scoring.nothing(source, LATE)
    new = place / "results" / "results.new"
    new.write_text(json.dumps(form(result), indent=1), encoding="utf-8")
    os.replace(new, place / "results" / "results.json")


if __name__ == "__main__":
    main(*sys.argv[1:])
