"""Takes in what students handed in: folders, nbgrader's tree, and the archives of Canvas and Moodle.

Who a submission is from is said by the folder or by the learning platform, never by the notebook; a name
that can be read in two ways is left to a person. Of an archive nothing is unpacked but the bytes of one
notebook for each student, to a place that we name. Whatever is not taken is named with the reason.
"""

import contextlib
import hashlib
import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from coursework import submission
from coursework.course import NAME, CourseError

MOST_FILES = 20_000
# lee_LATE_1234_98765_convolution.ipynb: the student's number on Canvas and the file's follow the student's
# name, in which Canvas leaves underscores, and before the file's name, which is the student's to choose.
CANVAS = re.compile(r"(?=_(?P<number>\d+)_\d+_[^/]+)")
# Lee Ji-won_4711_assignsubmission_file/convolution.ipynb, with _ for / in a flat archive: the number is the
# participant's on Moodle, which leaves no underscore in the name before it.
MOODLE = re.compile(r"[^/_]*_(?P<number>\d+)_assignsubmission_[a-z]+[_/].+")
# lee/convolution.ipynb, lee/convolution/any.ipynb, submitted/lee/convolution/any.ipynb
FOLDER = re.compile(r"(?:submitted/(?=[^/]+/[^/]+/))?(?P<student>[^/]+)/(?:(?P<assignment>[^/]+)/)?[^/]+")
IGNORED = re.compile(r"(.*/)?(__MACOSX|\.ipynb_checkpoints)/.*|(.*/)?(\.DS_Store|\._[^/]*|timestamp\.txt)")
UNPACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others take memory without a bound


@dataclass
class Collected:
    """What was taken, {student: "new", "changed" or "same"}, and what was left, with the reason."""

    taken: dict
    left: dict


class Left(Exception):
    """A file is not taken; the words say why."""


def collect(course, assignment, names, source, *, dry=False):
    """Take an assignment's submissions from a folder or an archive.

    Parameters
    ----------
    course : Course
    assignment : str
    names : set
        The names of the assignment's own cells, of which a notebook must have one.
    source : path
        A folder or a zip archive.
    dry : bool
        Whether only to say what would be taken.

    Returns
    -------
    Collected
    """
    source = Path(source)
    if source.is_dir():
        files = _Folder(source)
    elif not source.exists():
        raise CourseError(f"there is no {source}")
    elif zipfile.is_zipfile(source):
        files = _Archive(source)
    else:
        raise CourseError(f"{source} is neither a folder nor a whole zip archive")
    collected = Collected({}, {})
    for student, places in _by_student(files, course, assignment, collected.left).items():
        place = _chosen(places, student, assignment, collected.left)
        if place is None:
            continue
        try:
            content = files.read(place)
            _belongs(content, names, assignment)
        except Left as reason:
            collected.left[place] = str(reason)
        else:
            collected.taken[student] = _take(course, assignment, student, content, dry)
    collected.left = dict(sorted(collected.left.items()))
    return collected


def shown(place):
    """Return a name from outside as it can be printed: without what would steer a screen."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in place)


def _by_student(files, course, assignment, left):
    """Return the notebooks of each student, {student: [place]}, and note the other files in `left`."""
    here = [path.name for path in (course.folder / "submitted").glob("*")]
    spellings = {name.casefold(): name for name in here}
    others = {path.name for path in (course.folder / "source").glob("*")} - {assignment}
    found = {}
    for place, reason in files.list():
        match = FOLDER.fullmatch(place)
        if IGNORED.fullmatch(place) or match and match["assignment"] in others:
            continue
        try:
            if reason:
                raise Left(reason)
            student = _who(place, assignment)
            if place.lower().endswith((".zip", ".7z", ".rar", ".tar", ".gz")):
                raise Left("it is an archive: unpack it first")
            if not place.endswith(".ipynb"):
                raise Left("it is not a notebook")
            spelled = spellings.setdefault(student.casefold(), student)
            if spelled != student:
                raise Left(f"a folder for {student} would be that of {spelled} on many systems: rename one")
        except Left as why:
            left[place] = str(why)
        else:
            found.setdefault(student, []).append(place)
    return dict(sorted(found.items()))


def _who(place, assignment):
    """Return whose a file is, by its name alone, or raise Left."""
    parts = place.split("/")
    if ".." in parts or place.startswith("/") or re.search(r"[\\:\x00-\x1f]", place):
        raise Left("its name leads out of the archive")
    found = {match["number"] for match in CANVAS.finditer(place)} if len(parts) == 1 else set()
    if match := MOODLE.fullmatch(place):
        found.add(match["number"])
    elif match := FOLDER.fullmatch(place):
        if match["assignment"] not in (None, assignment):
            raise Left(f"it is in a folder {match['assignment']}, which is no assignment of this course")
        found.add(unicodedata.normalize("NFC", match["student"]))
    if len(found) > 1:
        raise Left(f"it may be from {' or '.join(sorted(found))}: put it in a folder of its student's name")
    if not found:
        raise Left("nothing says whose it is")
    (student,) = found
    if not NAME.fullmatch(student) or student.endswith("."):
        raise Left(f"{student!r} cannot be a student's name here: use letters, digits and . _ - + @")
    return student


def _chosen(places, student, assignment, left):
    """Return the only notebook of a student, or the only one of the assignment's name, or None."""
    if len(places) == 1:
        return places[0]
    right = [place for place in places if place.endswith((f"/{assignment}.ipynb", f"_{assignment}.ipynb"))]
    chosen = right[0] if len(right) == 1 else None
    for place in places:
        if place != chosen:
            left[place] = f"{student} has {len(places)} notebooks: " + (
                f"{shown(chosen)} is taken" if chosen else "keep one"
            )
    return chosen


def _belongs(content, names, assignment):
    """Refuse a notebook of another assignment; one that cannot be read is left to the grading to judge."""
    try:
        cells = submission.cells(content)
    except submission.SubmissionError:
        return
    there = {name for _, name, _ in cells if name}
    if there and not there & names:
        raise Left(f"it has no cell of {assignment}: it seems to be another assignment's")


def _take(course, assignment, student, content, dry):
    path = course.path("submitted", assignment, student=student)
    before = path.read_bytes() if path.is_file() else None
    if before == content:
        return "same"
    if not dry:
        if before is not None:  # what was handed in before is kept
            name = f"{assignment}-{hashlib.sha256(before).hexdigest()[:12]}.ipynb"
            _write(course.folder / "earlier" / student / name, before)
        _write(path, content)
    return "new" if before is None else "changed"


def _write(path, content):
    """Write a file so that there is all of it or the old one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    try:
        new.write_bytes(content)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _too_large(size):
    most = submission.LARGEST // 2**20
    return Left(f"it has {size / 2**20:.0f} MB, at most {most} are taken: its outputs must be cleared")


class _Folder:
    """The files in a folder; the students may have rights in it, and change it while it is read."""

    def __init__(self, folder):
        self._folder = folder

    def list(self):
        """Yield each file's place, and a reason not to take it or None."""
        refused = []
        for folder, folders, files in os.walk(self._folder, onerror=refused.append):
            folders.sort()
            for name in sorted(files + folders):
                path = Path(folder, name)
                place = path.relative_to(self._folder).as_posix()
                if path.is_symlink():
                    yield place, "it is a link to elsewhere"
                elif name in files:
                    yield place, None
        for error in refused:
            place = Path(error.filename).relative_to(self._folder).as_posix()
            yield place, f"it cannot be read: {error.strerror}"

    def read(self, place):
        """Return a file's bytes; no part of its path may be a link by now."""
        *folders, name = place.split("/")
        with contextlib.ExitStack() as stack:
            number = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
            stack.callback(os.close, number)
            try:
                for folder in folders:
                    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=number)
                    stack.callback(os.close, number)
                # A pipe in a file's place would be waited for without an end.
                number = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=number)
            except OSError as error:
                raise Left(f"it cannot be read: {error.strerror}") from None
            file = stack.enter_context(os.fdopen(number, "rb"))
            status = os.fstat(number)
            if not stat.S_ISREG(status.st_mode):
                raise Left("it is not a file")
            if status.st_size > submission.LARGEST:
                raise _too_large(status.st_size)
            return file.read(submission.LARGEST)


class _Archive:
    """The files in a zip archive."""

    def __init__(self, source):
        try:
            self._archive = zipfile.ZipFile(source)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
            raise CourseError(f"{source} is not a whole zip archive: {error}") from None
        if (count := len(self._archive.infolist())) > MOST_FILES:
            raise CourseError(f"{source} has {count} files, at most {MOST_FILES} are looked at")
        self._members = {}

    def list(self):
        """Yield each file's place, and a reason not to take it or None."""
        for member in self._archive.infolist():
            if member.is_dir():
                continue
            place = _decoded(member)
            twice = place in self._members
            self._members.setdefault(place, member)
            if twice:
                yield place, "the archive has two files of this name"
            elif stat.S_ISLNK(member.external_attr >> 16):
                yield place, "it is a link to elsewhere"
            elif member.flag_bits & 1:
                yield place, "it is encrypted"
            else:
                yield place, None

    def read(self, place):
        """Return a file's bytes, whatever the archive says of its size."""
        member = self._members[place]
        if member.compress_type not in UNPACKED:
            raise Left("it is packed in a way that is not unpacked here: pack it as Deflate")
        if member.file_size > submission.LARGEST:
            raise _too_large(member.file_size)
        try:
            with self._archive.open(member) as file:
                return file.read(submission.LARGEST + 1)
        except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, EOFError, ValueError) as error:
            raise Left(f"it cannot be unpacked: {error}") from None


def _decoded(member):
    """Return a member's name; old programs for zip write UTF-8 or Korean letters without saying so."""
    name = member.orig_filename
    if not member.flag_bits & 0x800:
        raw = name.encode("cp437")
        for encoding in ("utf-8", "cp949"):
            with contextlib.suppress(UnicodeDecodeError):
                return raw.decode(encoding)
    return name
