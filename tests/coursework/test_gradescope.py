"""The Gradescope autograder: unpacked as Gradescope does, it grades as we do, and gives nothing away."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path
from unittest.mock import Mock

import pytest
from conftest import SECRET, USER
from hostile import CODE

from coursework import gradescope
from coursework.program import Late


@pytest.fixture(scope="module")
def autograder(toy, tmp_path_factory):
    """Return the toy's autograder."""
    path = tmp_path_factory.mktemp("gradescope") / "autograder.zip"
    gradescope.write("toy", toy.source, path)
    return path


@pytest.fixture
def graded(autograder, python):
    """Return a function that hands in a notebook's text and gives the results.json."""
    folder = Path(tempfile.mkdtemp(prefix="autograder-", dir="/tmp"))
    folder.chmod(0o755)

    def grade(files, user=USER):
        for name in ("source", "results", "submission"):
            shutil.rmtree(folder / name, ignore_errors=True)
            (folder / name).mkdir()
        with zipfile.ZipFile(autograder) as archive:
            archive.extractall(folder / "source")
        shutil.copy(folder / "source" / "run_autograder", folder)
        (folder / "run_autograder").chmod(0o755)
        for name, text in files.items():
            (folder / "submission" / name).write_text(text)
        variables = {"AUTOGRADER": str(folder), "GRADER_PYTHON": str(python), "GRADER_USER": user}
        keep = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        done = subprocess.run(
            [folder / "run_autograder"], cwd=folder, env=keep | variables, capture_output=True, text=True
        )
        results = folder / "results" / "results.json"
        return json.loads(results.read_text()) if results.is_file() else done

    yield grade
    shutil.rmtree(folder)


def number(toy):
    """Return the toy's number in this course."""
    return re.search(r"Multiply by (\d)", "".join(cell.source for cell in toy.source.cells))[1]


READS = """
import glob
import os
seen = []
for top in (*glob.glob("/tmp/autograder-*"), *glob.glob("/tmp/coursework-*"), "/root", "/proc"):
    for place, folders, names in os.walk(top):
        for name in names:
            if name.endswith((".ipynb", "results.json", "environ")):
                try:
                    text = open(os.path.join(place, name), errors="replace").read()
                except OSError:
                    continue
                if "BEGIN HID" "DEN" in text or "results" in name or "GRADER_" "USER" in text:
                    seen.append(os.path.join(place, name))
assert not seen, seen
assert os.getuid() and not os.access(os.path.dirname(os.getcwd()), os.W_OK)
"""
KILLS = """
import os, signal
try:
    os.kill(os.getppid(), signal.SIGKILL)
except PermissionError:
    pass
else:
    raise SystemExit
"""
NETWORK = """
import socket
try:
    socket.socket()
except PermissionError:
    pass
else:
    raise SystemExit
"""
HARM = {
    "endless loop in a function": CODE["endless loop in a function"][0],
    "fork bomb that goes on": CODE["fork bomb that goes on"][0],
    "memory hog": CODE["memory hog"][0],
    "network calls": CODE["network calls"][0],
    "the reference of the library": CODE["the reference of the library"][0],
    "reads what is not its own": READS + "def multiple(x):\n    return NUMBER * x\n",
    "kills its grader": KILLS + "def multiple(x):\n    return NUMBER * x\n",
    "asks for a socket": NETWORK + "def multiple(x):\n    return NUMBER * x\n",
}


def compared(found, wanted):
    """Hold Gradescope's results to what we grade behind the wall."""
    tests = {test["name"]: test for test in found["tests"]}
    cells = {name: cell for name, cell in wanted["scores"].items() if cell["score"] is not None}
    assert {name: test["score"] for name, test in tests.items()} == {
        name: cell["score"] for name, cell in cells.items()
    }, found
    assert all(tests[name]["max_score"] == cell["points"] for name, cell in cells.items())
    for name, cell in cells.items():
        assert tests[name]["output"] == (cell["sentence"] or "All tests pass.")


@pytest.mark.parametrize("stub", [False, True], ids=["reference", "stub"])
def test_it_grades_as_we_do(graded, points, submission, stub):
    """The reference and the stub get the points and the sentences that they get behind the wall."""
    found = graded({"toy.ipynb": submission(stub=stub)})
    _, wanted = points(submission(stub=stub))
    compared(found, wanted)
    assert ("A person will read: why." in found["output"]) is not stub
    assert set(found["tests"][0]) == {
        *("name", "score", "max_score", "status", "output", "output_format", "visibility")
    }


@pytest.mark.parametrize("name", sorted(HARM))
def test_harm_is_contained_there_too(graded, points, submission, toy, name):
    """No network, no new processes, no sight of the tests and results: the same points."""
    text = submission({"multiple": HARM[name].replace("NUMBER", number(toy))})
    found = graded({"anything.ipynb": text})
    wanted = CODE[name][1] if name in CODE else 6
    assert sum(test["score"] for test in found["tests"]) == wanted, found
    if name in CODE and name != "network calls":  # which is refused there in other words
        compared(found, points(text)[1])


@pytest.mark.parametrize("user", ["root", "there-is-no-such-user"])
def test_nothing_is_graded_without_isolation(graded, submission, user):
    """Without a user of its own nothing runs: no results, and Gradescope says that the autograder failed."""
    done = graded({"toy.ipynb": submission()}, user)
    assert isinstance(done, subprocess.CompletedProcess)
    assert done.returncode != 0
    assert "IsolationError" in done.stderr


def test_an_answer_that_keeps_the_tests_busy_gets_nothing(monkeypatch, autograder, submission, tmp_path):
    """Gradescope gets results with a sentence, and not the crash of an autograder."""

    def late(*arguments):
        raise Late("it took longer than 240 seconds")

    monkeypatch.setattr(gradescope.Scorer, "score", late)
    monkeypatch.setattr(gradescope, "Sandbox", lambda *arguments, **options: contextlib.nullcontext(Mock()))
    with zipfile.ZipFile(autograder) as archive:
        archive.extractall(tmp_path / "source")
    for name in ("results", "submission"):
        (tmp_path / name).mkdir()
    (tmp_path / "submission" / "toy.ipynb").write_text(submission())
    gradescope.main(tmp_path, USER)
    found = json.loads((tmp_path / "results" / "results.json").read_text())
    assert "busy without an end" in found["output"]
    assert {test["score"] for test in found["tests"]} == {0}


def test_one_notebook_must_be_handed_in(graded, submission):
    """None, or two of other names, get nothing and a sentence; of two the one of the right name counts."""
    for files in ({"notes.txt": "x"}, {"a.ipynb": submission(), "b.ipynb": submission()}):
        found = graded(files)
        assert found["output"].startswith("hand in one notebook, toy.ipynb: there are ")
        assert sum(test["score"] for test in found["tests"]) == 0
    found = graded({"toy.ipynb": submission(), "b.ipynb": "x"})
    assert sum(test["score"] for test in found["tests"]) == 6


def test_the_archive_has_what_gradescope_asks_for(autograder, toy):
    """The two scripts at its root, pinned requirements; not the secret; the same bytes each time."""
    with zipfile.ZipFile(autograder) as archive:
        names = archive.namelist()
        assert {"setup.sh", "run_autograder", "requirements.txt", "assignment/toy.ipynb"} <= set(names)
        assert archive.getinfo("run_autograder").external_attr >> 16 & 0o111
        contents = {name: archive.read(name) for name in names}
    assert not [name for name, content in contents.items() if SECRET.encode() in content]
    assert "library/imagebook/pooling.py" in names
    assert "library/imagebook/convolution.py" not in names  # the toy withholds it
    lines = contents["requirements.txt"].decode().splitlines()
    assert all(re.fullmatch(r"[a-z0-9.-]+==\S+", line) for line in lines)
    assert {"numpy", "ipython", "jupytext", "nbformat"} <= {line.split("==")[0] for line in lines}
    again = autograder.with_name("again.zip")
    gradescope.write("toy", toy.source, again)
    assert again.read_bytes() == autograder.read_bytes()


def test_the_scripts_are_right(autograder, tmp_path):
    """The shell can read both."""
    with zipfile.ZipFile(autograder) as archive:
        for name in ("setup.sh", "run_autograder"):
            path = Path(archive.extract(name, tmp_path))
            subprocess.run(["bash", "-n", path], check=True)
