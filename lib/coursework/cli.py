"""The command `coursework`: release, collect, grade, feedback, export.

Each step reads and writes the course's folder, and can be run again: it does what is missing or has changed.
"""

import argparse
import contextlib
import functools
import math
import re
import sys
import tempfile
from pathlib import Path

import nbformat

from coursework import (
    autograded,
    collect,
    engine,
    export,
    feedback,
    gradebook,
    gradescope,
    isolation,
    release,
    results,
    scoring,
    source,
)
from coursework import statistics as items
from coursework.course import FILE, NBGRADER, SQLITE, Course, CourseError

try:
    from tqdm import tqdm
except ImportError:  # without it the work is the same

    def tqdm(iterable, **options):
        """Return what is to be gone through."""
        return iterable


INTERRUPTED = 130  # what a shell says of a program that Ctrl-C ended


def new(arguments):
    """Make a course."""
    if re.match(r"[^/]+://[^/@]*:[^/]*@", arguments.gradebook):
        raise CourseError(
            "leave the password out of the command, where others can see it: PostgreSQL takes it from "
            "~/.pgpass or PGPASSWORD"
        )
    course = Course.create(arguments.course, arguments.name, arguments.gradebook)
    try:
        with gradebook.opened(course):
            pass
    except CourseError:
        for file in (FILE, NBGRADER):
            (course.folder / file).unlink()
        raise
    print(f"{course.folder / 'course.toml'} has the course's secret: keep it, and keep it to yourself.")


def release_(arguments):
    """Write the course's own version of assignments, and the students'."""
    course = Course.open(arguments.course)
    for name in arguments.assignments or source.assignments(arguments.sources):
        notebook = source.notebook(course, name, arguments.sources)
        students = release.students_version(notebook)
        if arguments.dry_run:
            print(f"{name}: would be released")
            continue
        gradebook.prepare(course, name, notebook)
        release.write(notebook, course.path("source", name))
        release.write(students, course.path("release", name))
        print(f"{name}: give your students {course.path('release', name)}")


def validate(arguments):
    """Try an assignment on itself: its reference must get full marks, with --invert its stubs nothing."""
    if arguments.isolation != "none":
        isolation.available()
    with tempfile.TemporaryDirectory() as folder:
        course = Course.create(Path(folder), "validate")
        failures = 0
        for name in arguments.assignments or source.assignments(arguments.sources):
            notebook = source.notebook(course, name, arguments.sources)
            tried = release.students_version(notebook) if arguments.invert else notebook
            withheld = notebook.metadata.coursework.get("withhold", [])
            content = nbformat.writes(tried).encode()
            result = engine.grade_one(name, notebook, withheld, content, arguments.isolation != "none")
            tests = {cell: found for cell, found in result["scores"].items() if found["score"] is not None}
            wrong = [
                cell
                for cell, found in tests.items()
                if found["score"] != (0 if arguments.invert else found["points"])
            ]
            failures += bool(wrong)
            what = "stubs" if arguments.invert else "reference"
            print(f"{name}: {what} {'as wanted' if not wrong else 'WRONG in ' + ', '.join(wrong)}")
            for cell in wrong:
                print(
                    f"  {cell}: {tests[cell]['score']} of {tests[cell]['points']}: {tests[cell]['sentence']}"
                )
    return 1 if failures else 0


def collect_(arguments):
    """Take in what students handed in."""
    course = Course.open(arguments.course)
    marked = [cell.metadata.get("nbgrader", {}) for cell in _source(course, arguments.assignment).cells]
    names = {words.grade_id for words in marked if words.get("grade") or words.get("solution")}
    found = collect.collect(course, arguments.assignment, names, arguments.source, dry=arguments.dry_run)
    counts = [f"{list(found.taken.values()).count(word)} {word}" for word in ("new", "changed", "same")]
    print(
        f"{arguments.assignment}: {', '.join(counts)}"
        + (" (nothing was written)" if arguments.dry_run else "")
    )
    for place, reason in found.left.items():
        print(f"left: {collect.shown(place)}: {collect.shown(reason)}")
    return 1 if found.left else 0


def grade(arguments):
    """Grade what is not graded, or has changed."""
    course = Course.open(arguments.course)
    name = arguments.assignment
    notebook = _source(course, name)
    isolate = arguments.isolation != "none"
    if isolate and arguments.engine == "threads":  # the workers of a cluster find out for themselves
        isolation.available()
    fingerprint = scoring.Assignment(name, notebook, None).fingerprint()
    grades, missing = {}, {}
    for who in course.submitted(name):
        made_of = results.hashes(course, name, fingerprint, who)
        result = results.current(course, name, who, made_of)
        if result is None:
            missing[who] = made_of
        else:
            grades[who] = _without_texts(result)
    print(f"{name}: {len(grades) + len(missing)} submissions, {len(grades)} are graded already", flush=True)
    if arguments.dry_run:
        print("\n".join(f"would grade {who}" for who in missing))
        return 0
    gradebook.prepare(course, name, notebook)
    withheld = notebook.metadata.coursework.get("withhold", [])
    job = functools.partial(engine.grade_one, name, notebook, withheld, isolate=isolate)
    paths = {who: course.path("submitted", name, student=who) for who in missing}
    if arguments.engine == "dask":
        places = {word: getattr(arguments, word) for word in ("scheduler", "certificate", "key", "authority")}
        coming = engine.on_dask(job, paths, workers=arguments.workers, **places)
    else:
        coming = engine.on_threads(job, paths, workers=arguments.workers, stop=engine.stop_scorers)
    failed, interrupted = {}, False
    try:
        with contextlib.closing(coming):
            for who, done in tqdm(coming, total=len(paths), unit="submission", disable=None):
                try:
                    result = done.result()
                except (CourseError, isolation.IsolationError):  # holds for all, not for this one only
                    raise
                except Exception as error:
                    failed[who] = f"{type(error).__name__}: {error}".partition("\n")[0]
                    continue
                graded = autograded.notebook(notebook, result)
                release.write(graded, course.path("autograded", name, student=who))
                results.keep(course, name, who, missing[who], result)  # last: with it all is there
                grades[who] = _without_texts(result)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        gradebook.save(course, name, dict(sorted(grades.items())))
    left = len(missing.keys() - grades.keys())
    if interrupted:
        print(
            f"\n{name}: interrupted; {len(grades)} submissions are graded and kept, {left} are left: "
            "the same command goes on with them",
            file=sys.stderr,
        )
        return INTERRUPTED
    by_hand = sum(
        any(cell["score"] is None for cell in found["scores"].values()) for found in grades.values()
    )
    all_ = "all " if not left else ""
    print(f"{name}: {all_}{len(grades)} are graded; {by_hand} have an answer that a person must read")
    for who, found in sorted(grades.items()):
        if found["problem"]:
            print(f"{who}: {found['problem']}")
    for who, sentence in sorted(failed.items()):
        print(f"{who} could not be graded ({sentence}): the same command tries again", file=sys.stderr)
    return 1 if failed else 0


def _without_texts(result):
    """Return of a result what a class of thousands is kept of in memory."""
    return {word: result[word] for word in ("problem", "scores")}


def feedback_(arguments):
    """Write what students get back."""
    course = Course.open(arguments.course)
    name = arguments.assignment
    notebook, marks = _source(course, name), gradebook.scores(course, name)
    count = 0
    for who in marks:
        if (result := results.of(course, name, who)) is not None:
            page = feedback.page(notebook, who, result, marks[who])
            path = course.path("feedback", name, student=who, kind="html")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(page, encoding="utf-8")
            count += 1
    print(f"{name}: {count} pages in {course.folder / 'feedback'}")


def export_(arguments):
    """Write the grades in a form that another program takes, or an autograder for Gradescope."""
    course = Course.open(arguments.course)
    name, path = arguments.assignment, arguments.output
    notebook = _source(course, name)
    if arguments.form == "gradescope":
        if path is None:
            raise CourseError("an autograder is a zip archive: say where to write it with --output FILE")
        gradescope.write(name, notebook, path)
        print(f"{path} is the autograder of {name}: it holds the hidden tests, so give it to Gradescope only")
        return
    found = gradebook.scores(course, name)
    text = export.export(arguments.form, name, found)
    if path is None:
        sys.stdout.write(text)
    else:
        # Excel takes a file with other letters for UTF-8 only if it says so.
        path.write_text(text, encoding="utf-8" if text.isascii() else "utf-8-sig")
        print(f"{path} has the grades of {export.count(arguments.form, found)} students")
    if waiting := [who for who, marks in found.items() if export.total(marks["cells"]) is None]:
        print(
            f"{name}: {len(waiting)} have no total yet, for a person must read their answers", file=sys.stderr
        )


def items_(arguments):
    """Say which tests failed how often, and which submissions are alike."""
    course = Course.open(arguments.course)
    name = arguments.assignment
    found = {who: results.of(course, name, who) for who in course.submitted(name)}
    found = {who: result for who, result in found.items() if result is not None}
    notebook = _source(course, name)
    print(items.table(notebook, found))
    print()
    print(items.alike(notebook, found, least=arguments.least))


def _source(course, name):
    path = course.path("source", name)
    if not path.is_file():
        raise CourseError(
            f"{name} is not released: run `coursework release {name} --course {course.folder}` first"
        )
    return nbformat.read(path, as_version=4)


def _number(kind, low, high=math.inf):
    """Return what reads an option that is a number from `low` to `high`."""

    def read(text):
        number = kind(text)
        if not low <= number <= high:
            wanted = f"{low} to {high}" if high < math.inf else f"{low} or more"
            raise argparse.ArgumentTypeError(f"must be {wanted}, got {text}")
        return number

    read.__name__ = "whole number" if kind is int else "number"  # as argparse says of what is none
    return read


def parser():
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="coursework", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(name, function, *, assignment=True):
        sub = commands.add_parser(name, help=function.__doc__, description=function.__doc__)
        sub.set_defaults(function=function)
        sub.add_argument(
            "--course", type=Path, default=Path(), metavar="FOLDER", help="the course's folder (here)"
        )
        if assignment:
            sub.add_argument("assignment")
        return sub

    def isolated(sub):
        words = "none runs students' code with YOUR rights"
        sub.add_argument("--isolation", choices=["bwrap", "none"], default="bwrap", help=words)

    sub = command("new", new, assignment=False)
    sub.add_argument("name", help="such as images-2026")
    words = "sqlite:///FILE, or postgresql://USER@HOST/DATABASE for several teachers"
    sub.add_argument("--gradebook", default=SQLITE, metavar="ADDRESS", help=words)
    sub = command("release", release_, assignment=False)
    sub.add_argument("assignments", nargs="*", help="all, where none is named")
    sub.add_argument("--sources", type=Path, default=source.HERE, help="folder of the assignments' texts")
    sub.add_argument("--dry-run", action="store_true", help="say what would be done")
    sub = command("validate", validate, assignment=False)
    sub.add_argument("assignments", nargs="*", help="all, where none is named")
    sub.add_argument("--sources", type=Path, default=source.HERE, help="folder of the assignments' texts")
    sub.add_argument("--invert", action="store_true", help="the stubs must fail")
    isolated(sub)
    sub = command("collect", collect_)
    sub.add_argument("source", type=Path, help="a folder, or the archive of a learning platform")
    sub.add_argument("--dry-run", action="store_true", help="say what would be taken")
    sub = command("grade", grade)
    isolated(sub)
    sub.add_argument("--engine", choices=["threads", "dask"], default="threads")
    sub.add_argument("--workers", type=_number(int, 1), help="how many at a time (one for each core)")
    sub.add_argument("--scheduler", metavar="tls://HOST:PORT", help="of dask")
    for name in ("certificate", "key", "authority"):
        sub.add_argument(f"--{name}", metavar="FILE", help="for TLS")
    sub.add_argument("--dry-run", action="store_true", help="say what would be graded")
    command("feedback", feedback_)
    sub = command("export", export_)
    sub.add_argument("--form", choices=[*sorted(export.FORMS), "gradescope"], default="csv")
    sub.add_argument("--output", type=Path, metavar="FILE", help="(the screen)")
    sub = command("items", items_)
    words = "how alike submissions must be to be named, 0 to 1"
    sub.add_argument("--least", type=_number(float, 0, 1), default=0.9, help=words)
    return top


def main(words=None):
    """Run a command; return what to tell the shell."""
    arguments = parser().parse_args(words)
    try:
        return arguments.function(arguments) or 0
    except KeyboardInterrupt:
        print("\ncoursework: interrupted; the same command goes on", file=sys.stderr)
        return INTERRUPTED
    except (CourseError, isolation.IsolationError) as error:
        print(f"coursework: {error}", file=sys.stderr)
    except OSError as error:  # no rights, no such folder, a full disk
        place = f"{error.filename}: " if error.filename else ""
        print(f"coursework: {place}{error.strerror or error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
