"""A course: one folder with its secret, its assignments, what students handed in, and the grades.

The folder is laid out as nbgrader does it (source, release, submitted, autograded, feedback, gradebook.db),
so that its tools for grading by hand work on it. Beside them stand course.toml, and in results/ what was
graded already.
"""

import hashlib
import hmac
import json
import re
import secrets
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FILE = "course.toml"
NBGRADER = "nbgrader_config.py"
FOR_NBGRADER = """\
# For grading by hand: start `jupyter lab` in this folder, and open Nbgrader > Formgrader.
from pathlib import Path

from coursework import gradebook
from coursework.course import Course

course = Course.open(Path(__file__).parent)
c = get_config()
c.CourseDirectory.course_id = course.name
c.CourseDirectory.db_url = gradebook.address(course).render_as_string(hide_password=False)
"""
SQLITE = "sqlite:///gradebook.db"
# Of a course, a student, an assignment: a folder's name, anywhere. A letter has up to 4 bytes.
NAME = re.compile(r"[^\W_][\w.@+-]{0,59}")


class CourseError(ValueError):
    """Something that a teacher can put right; the sentence says how."""


def checked_name(text, what):
    """Return a name that is safe as a folder's, or raise CourseError."""
    if not isinstance(text, str) or not NAME.fullmatch(text) or text.endswith("."):
        raise CourseError(
            f"{what} must be letters, digits and . _ - + @, at most 60 in all, and begin with one of the "
            f"first two, got {text!r}"
        )
    return text


@dataclass(frozen=True)
class Course:
    """A course's folder, and what course.toml says.

    Parameters
    ----------
    folder : pathlib.Path
        Where it is.
    name : str
        What it is called, such as images-2026.
    secret : str
        What nobody outside knows: all numbers of the assignments and all hidden inputs follow from it.
    gradebook : str
        Address of the database, such as sqlite:///gradebook.db; a file is looked for in the folder.
    """

    folder: Path
    name: str
    secret: str
    gradebook: str = SQLITE

    @classmethod
    def create(cls, folder, name, gradebook=SQLITE):
        """Make a new course in a folder that has none."""
        checked_name(name, "the name of a course")
        path, settings = Path(folder, FILE), Path(folder, NBGRADER)
        if path.exists():
            raise CourseError(f"{path} exists already: a new secret would change every number of the course")
        if settings.exists():
            raise CourseError(f"{settings} exists already: choose a folder without a course of nbgrader's")
        path.parent.mkdir(parents=True, exist_ok=True)
        text = (
            f'name = "{name}"\n'
            "# All numbers and hidden inputs follow from it. Keep it, for without it nothing can be\n"
            "# graded again, and keep it to yourself.\n"
            f'secret = "{secrets.token_hex(32)}"\n'
            f"gradebook = {json.dumps(gradebook)}\n"
        )
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        settings.write_text(FOR_NBGRADER, encoding="utf-8")
        return cls.open(folder)

    @classmethod
    def open(cls, folder):
        """Return the course in a folder."""
        path = Path(folder, FILE)
        try:
            settings = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise CourseError(
                f"there is no course in {folder}: make one with `coursework new NAME --course {folder}`"
            ) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise CourseError(f"{path} cannot be read: {error}") from None
        if unknown := set(settings) - {"name", "secret", "gradebook"}:
            raise CourseError(f"{path} has settings that there are not: {', '.join(sorted(unknown))}")
        if not re.fullmatch(r"[0-9a-f]{64}", str(settings.get("secret"))):
            raise CourseError(f"{path} must have a secret of 64 hexadecimal digits")
        checked_name(settings.get("name"), f"the name in {path}")
        if not isinstance(settings.get("gradebook", SQLITE), str):
            raise CourseError(f"{path} must have an address as its gradebook, such as {SQLITE}")
        return cls(Path(folder).resolve(), **settings)

    def seed(self, *names):
        """Return a whole number that follows from the secret and some names, and does not tell it."""
        digest = hmac.new(bytes.fromhex(self.secret), "/".join(names).encode(), hashlib.sha256).digest()
        return int.from_bytes(digest[:8], "big")

    def rng(self, *names):
        """Return a generator of random numbers that follow from the secret and some names."""
        return np.random.default_rng(self.seed(*names))

    def database(self):
        """Return the gradebook's address, a file in the course's folder made absolute."""
        match = re.fullmatch(r"sqlite:///(?!/)(.+)", self.gradebook)
        return f"sqlite:///{self.folder / match[1]}" if match else self.gradebook

    def path(self, step, assignment, *, student=None, kind="ipynb"):
        """Return where an assignment's file is in a step.

        The steps are source, release, submitted, autograded, feedback and results.
        """
        checked_name(assignment, "the name of an assignment")
        if step == "results":
            return self.folder / step / assignment / f"{checked_name(student, 'a student')}.json"
        parts = [checked_name(student, "the name of a student")] if student is not None else []
        return self.folder.joinpath(step, *parts, assignment, f"{assignment}.{kind}")

    def submitted(self, assignment):
        """Return the students who handed in an assignment, sorted."""
        checked_name(assignment, "the name of an assignment")
        found = (self.folder / "submitted").glob(f"*/{assignment}/{assignment}.ipynb")
        return sorted(path.parent.parent.name for path in found)
