"""The page on coursework, by its own commands: each works, and prints what is written there."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps.baseapp import NbGrader

from coursework import source
from coursework.course import Course

ROOT = Path(__file__).resolve().parents[2]
# What a teacher does once, or by hand in a browser.
NOT_RUN = {
    "sudo apt install bubblewrap",
    "python3 -m venv .venv",
    ". .venv/bin/activate",
    'pip install -e ".[coursework]" jupyterlab',
    "cd ..",
    "jupyter lab",
}


@pytest.fixture(scope="module")
def page():
    """Return the text of the page."""
    return (ROOT / "pages/coursework.md").read_text(encoding="utf-8")


def blocks(text, language):
    """Return the fenced blocks of a language, and what is printed after each, or None."""
    found = re.findall(
        rf"^```{language}\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?", text, re.MULTILINE | re.DOTALL
    )
    return [(commands.splitlines(), printed or None) for commands, printed in found]


def section(page, heading):
    """Return a section of a page."""
    return re.search(rf"^## {heading}\n(.*?)^## ", page, re.MULTILINE | re.DOTALL)[1]


class Terminal:
    """A terminal: where it stands, and what it printed."""

    def __init__(self, folder):
        self.folder, self.top = folder, folder
        programs = Path(sys.executable).parent
        self.variables = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}

    def run(self, command):
        """Run a line; return what it printed, with the folder's name left out."""
        if command.startswith("cd "):
            self.folder = self.folder / command.removeprefix("cd ")
            return ""
        shell = ["bash", "-c", command]
        done = subprocess.run(shell, cwd=self.folder, env=self.variables, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout.replace(str(self.top), "…")


@pytest.fixture(scope="module")
def done(page, tmp_path_factory):
    """Return the terminal in which everything was run, and [(commands, what the page says, what came)]."""
    terminal, found = Terminal(tmp_path_factory.mktemp("teacher").resolve()), []
    for commands, printed in blocks(section(page, "A first assignment in ten minutes"), "sh"):
        if commands == ["jupyter lab"]:
            by_hand(Course.open(terminal.folder))
        came = "".join(terminal.run(command) for command in commands if command not in NOT_RUN)
        found.append((commands, printed, came))
    return terminal, found


def by_hand(course):
    """Grade the written answers as a person does, through what the formgrader writes to."""
    with Gradebook(course.database()) as book:
        for who, points in (("ada", 4), ("cho", 3)):
            place = ("report", "boxes", "boxes", who)
            grade = book.find_grade(*place)
            grade.manual_score, grade.needs_manual_grade = points, False
            book.find_comment(*place).manual_comment = f"{points} points <b>for</b> this"
        book.db.commit()


def test_every_command_prints_what_the_page_says(done):
    """All of the section, in order, in an empty folder, from the new course to the export."""
    _, found = done
    assert sum(printed is not None for _, printed, _ in found) == 3
    for commands, printed, came in found:
        if printed is not None:
            assert came == printed, commands
    assert [commands for commands, _, _ in found][-1] == ["coursework items boxes"]
    assert found[-1][2].startswith("3 submissions")


def test_only_what_cannot_be_run_here_is_left_out(page):
    """A command that is new on the page is run, too."""
    lines = {
        line
        for lines, _ in blocks(section(page, "A first assignment in ten minutes"), "sh")
        for line in lines
    }
    assert lines >= NOT_RUN
    assert {line.split()[0] for line in lines - NOT_RUN} == {"coursework", "mkdir", "cp", "sed", "cd"}


def test_students_read_their_points_and_the_comment(done):
    """The feedback page has what the person wrote, as text."""
    terminal, _ = done
    text = (terminal.folder / "feedback/ada/boxes/boxes.html").read_text(encoding="utf-8")
    assert "20 of 20 points" in text
    assert "<blockquote>4 points &lt;b&gt;for&lt;/b&gt; this</blockquote>" in text
    assert "for&lt;/b&gt;" not in (terminal.folder / "feedback/ben/boxes/boxes.html").read_text(
        encoding="utf-8"
    )


def test_the_formgrader_finds_the_course(done, monkeypatch):
    """By the course's own file nbgrader knows its name and its gradebook, and finds what it shows."""
    terminal, _ = done
    monkeypatch.chdir(terminal.folder)
    NbGrader.clear_instance()
    app = NbGrader(log_level="ERROR")
    app.initialize([])
    assert app.coursedir.course_id == "images-2027"
    with Gradebook(app.coursedir.db_url, app.coursedir.course_id) as book:
        assert [assignment.name for assignment in book.assignments] == ["boxes"]
    for who in ("ada", "ben", "cho"):
        path = Path(app.coursedir.format_path("autograded", who, "boxes"), "boxes.ipynb")
        nbformat.validate(nbformat.read(path, as_version=4))


def test_a_student_is_deleted_as_the_page_says(page, done):
    """No file and no row of the student's is left, and the others' are."""
    terminal, _ = done
    (commands, _), *_ = blocks(section(page, "Privacy"), "sh")
    for command in commands:
        terminal.run(command)
    left = [path for path in terminal.folder.rglob("*ben*") if "handed-in" not in path.parts]
    assert left == []
    with Gradebook(Course.open(terminal.folder).database()) as book:
        assert [student.id for student in book.students] == ["ada", "cho"]


def test_the_plan_is_that_of_the_path_and_of_the_assignments(page):
    """Weeks, titles and minutes are not typed twice without being compared."""
    graph = tomllib.loads((ROOT / "lib/imagebook/data/term-graph.toml").read_text(encoding="utf-8"))
    weeks = {
        part["assignment"].lower(): int(re.match(r"Week (\d+)", part["title"])[1])
        for part in graph["paths"]["semester"]["parts"]
        if "assignment" in part
    }
    table = section(page, "The semester plan")
    rows = re.findall(r"^\| (\d+) \| (.+?) \(`([\w-]+)`\) \| (\d+) \|$", table, re.MULTILINE)
    assert [int(row[0]) for row in rows] == sorted(weeks.values())
    assert sorted(row[2] for row in rows) == source.assignments()
    for week, title, name, minutes in rows:
        told = source.settings(name)
        assert (title, int(minutes)) == (told["title"], told["minutes"])
        assert weeks[title.lower()] == int(week)
