"""Takes in what students handed in: folders, nbgrader's tree, and the archives of Canvas and Moodle.

Who a submission is from is said by the folder or by the learning platform, never by the notebook. Of an
archive nothing is unpacked but the bytes of one notebook for each student, to a place that we name.
"""

import hashlib
import re
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path

from coursework.course import NAME, CourseError
from coursework.submission import LARGEST

MOST_FILES = 20_000
# lee_LATE_1234_98765_convolution.ipynb: the number after the name is the student's on Canvas
CANVAS = re.compile(r"(?P<who>[^/_]+)(?:_LATE)?_(?P<number>\d+)_\d+_[^/]+\.ipynb")
# Lee Ji-won_4711_assignsubmission_file_/convolution.ipynb: the number is the participant's on Moodle
MOODLE = re.compile(r"[^/]+?_(?P<number>\d+)_assignsubmission_file_?/?[^/]*\.ipynb")
FOLDER = re.compile(r"(?:.*/)?(?P<number>[^/]+)/(?P<assignment>[^/]+)/[^/]+\.ipynb")


@dataclass
class Collected:
    """What was taken, {student: "new", "changed" or "same"}, and what was left, with the reason."""

    taken: dict
    left: dict


def collect(course, assignment, source, *, dry=False):
    """Take an assignment's submissions from a folder or an archive.

    Returns
    -------
    Collected
    """
    source = Path(source)
    if source.is_dir():
        found = _of_folder(source, assignment)
    elif zipfile.is_zipfile(source):
        found = _of_archive(source, assignment)
    else:
        raise CourseError(f"{source} is neither a folder nor a zip archive")
    collected = Collected({}, {})
    contents = {}
    for place, student, content in found:
        if isinstance(content, str):
            collected.left[place] = content
        elif student in contents and contents[student] != content:
            collected.left[place] = f"a second notebook of {student}; the first is taken"
        else:
            contents.setdefault(student, content)
    for student, content in sorted(contents.items()):
        collected.taken[student] = _take(course, assignment, student, content, dry)
    return collected


def _take(course, assignment, student, content, dry):
    path = course.path("submitted", assignment, student=student)
    before = path.read_bytes() if path.is_file() else None
    if before == content:
        return "same"
    if not dry:
        if before is not None:  # what was handed in before is kept
            name = f"{assignment}-{hashlib.sha256(before).hexdigest()[:12]}.ipynb"
            old = course.folder / "earlier" / student / name
            old.parent.mkdir(parents=True, exist_ok=True)
            path.replace(old)
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        new.write_bytes(content)
        new.replace(path)
    return "new" if before is None else "changed"


def _who(name, assignment):
    """Return the student and a reason not to take a file, one of them None."""
    if ".." in Path(name).parts or name.startswith(("/", "\\")) or "\\" in name or ":" in name:
        return None, "its name leads out of the archive"
    for pattern in (MOODLE, CANVAS, FOLDER):
        if match := pattern.fullmatch(name):
            if match.groupdict().get("assignment", assignment) != assignment:
                return None, f"it belongs to {match['assignment']}"
            if not NAME.fullmatch(match["number"]):
                return None, f"{match['number']!r} cannot be the name of a student here"
            return match["number"], None
    match = re.fullmatch(r"(?:.*/)?([^/]+)/[^/]+\.ipynb", name)
    if match and NAME.fullmatch(match[1]):
        return match[1], None
    return None, "nothing says whose it is"


def _of_folder(folder, assignment):
    """Yield place, student and bytes (or a reason) of each notebook in a folder."""
    for path in sorted(folder.rglob("*.ipynb")):
        place = path.relative_to(folder).as_posix()
        if ".ipynb_checkpoints" in place:
            continue
        student, reason = _who(place, assignment)
        if any(
            part.is_symlink()
            for part in (path, *path.parents)
            if part.is_relative_to(folder) and part != folder
        ):
            reason = "it is a link to elsewhere"
        elif path.stat().st_size > LARGEST:
            reason = _too_large(path.stat().st_size)
        yield place, student, reason or path.read_bytes()


def _of_archive(source, assignment):
    """Yield place, student and bytes (or a reason) of each notebook in an archive."""
    with zipfile.ZipFile(source) as archive:
        members = archive.infolist()
        if len(members) > MOST_FILES:
            raise CourseError(f"{source} has {len(members)} files, at most {MOST_FILES} are looked at")
        for member in members:
            name = member.filename
            if (
                member.is_dir()
                or not name.endswith(".ipynb")
                or "__MACOSX" in name
                or ".ipynb_checkpoints" in name
            ):
                continue
            student, reason = _who(name, assignment)
            if stat.S_ISLNK(member.external_attr >> 16):
                reason = "it is a link to elsewhere"
            elif member.flag_bits & 1:
                reason = "it is encrypted"
            if reason:
                yield name, student, reason
                continue
            try:
                with archive.open(member) as file:
                    content = file.read(LARGEST + 1)  # whatever the archive says of its size
            except (zipfile.BadZipFile, OSError, NotImplementedError, EOFError) as error:
                yield name, student, f"it cannot be unpacked: {error}"
                continue
            yield (
                name,
                student,
                _too_large(max(len(content), member.file_size)) if len(content) > LARGEST else content,
            )


def _too_large(size):
    return f"it has {size / 2**20:.0f} MB, at most {LARGEST // 2**20} are taken"
