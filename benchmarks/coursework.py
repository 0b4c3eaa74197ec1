"""Grade a class in every way there is, beside nbgrader's own autograde, and measure what it costs.

Usage: .venv/bin/python benchmarks/coursework.py (make coursework); exit with status 1 where two ways do not
give the same grades. Needs Linux with bubblewrap.

A thousand students hand in the assignment `boxes`: the reference, wrong answers, and stubs, no two alike, and
a handful that mean harm. They are graded by threads; by a dask cluster, two workers over TLS on this machine;
and by the cluster again while a worker and the grader itself are killed, after which the grader is started
again. A few harmless ones are also graded one at a time, by us and by nbgrader.
"""

import argparse
import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import nbformat
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [
    str(ROOT / "benchmarks"),
    str(ROOT / "tests/coursework"),
    str(ROOT / "tests/coursework/wrong"),
]

from boxes import WRONG  # noqa: E402
from clusters import cluster, words_of  # noqa: E402
from hostile import CODE  # noqa: E402
from machine import processor  # noqa: E402

RESULTS = ROOT / "benchmarks/results/coursework.json"
ASSIGNMENT = "boxes"
STUDENTS, SAMPLE = 1000, 10
SECRET = "5eed" * 16
KINDS = {"reference": 0.4, "wrong": 0.45, "stub": 0.15}  # of which part of the class hands in what
HARMFUL = (
    "endless loop at top level",
    "fork bomb that goes on",
    "memory hog",
    "1 GB of output",
    "kills everything that it sees",
)
LOCAL = r"\b(both|centre|free|hits|size|table|union)\b"  # names in the answers that a student may choose
PROGRAMS = {  # by a part of the command; a sandbox is what runs behind the wall
    "sandbox": "/inside/runner.py",
    "scorer": "coursework.scorer",
    "worker": "distributed.cli.dask_worker",
    "grader": "coursework.cli",
}


# --- The class ------------------------------------------------------------------------------------


def coursework(folder, *words):
    """Run the command in a course and return what it printed."""
    command = [sys.executable, "-m", "coursework.cli", *map(str, words), "--course", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}\nThis failed: coursework {' '.join(map(str, words))}")
    return done.stdout


def answers(kind, reference, stubs, rng):
    """Return what a student of a kind writes, {cell: text}."""
    text = dict(reference)
    if kind == "wrong":
        for name in rng.permutation(sorted(WRONG))[: rng.integers(1, len(WRONG) + 1)]:
            text[name] = WRONG[name]
    elif kind == "stub":
        for name in rng.permutation(sorted(stubs))[: rng.integers(1, len(stubs) + 1)]:
            text[name] = stubs[name]
    return text


def own(text, number):
    """Return an answer as this student writes it: own names, an own remark."""
    return re.sub(LOCAL, rf"\1_{number}", text) + f"\n# {number}\n"


def hand_in(course, count, folder):
    """Write a folder for each student as a learning platform does; return the kind of each student."""
    source = nbformat.read(course / f"source/{ASSIGNMENT}/{ASSIGNMENT}.ipynb", as_version=4)
    given = nbformat.read(course / f"release/{ASSIGNMENT}/{ASSIGNMENT}.ipynb", as_version=4)

    def solutions(notebook):
        return {
            cell.metadata.nbgrader.grade_id: cell.source
            for cell in notebook.cells
            if cell.metadata.get("nbgrader", {}).get("solution")
        }

    rng = np.random.default_rng(8)
    kinds = dict.fromkeys((f"student{number:04}" for number in range(count)), None)
    for student in kinds:
        kinds[student] = str(rng.choice(list(KINDS), p=list(KINDS.values())))
    harmful = rng.permutation(list(kinds))[: min(len(HARMFUL), count // 4)]
    kinds |= dict(zip(map(str, harmful), HARMFUL, strict=False))
    for number, (student, kind) in enumerate(kinds.items()):
        text = answers(kind, solutions(source), solutions(given), rng)
        notebook = nbformat.from_dict(given)
        for cell in notebook.cells:
            if (name := cell.metadata.get("nbgrader", {}).get("grade_id")) in text:
                cell.source = own(text[name], number)
        if kind in CODE:
            notebook.cells.append(nbformat.v4.new_code_cell(CODE[kind][0], id="harm"))
        path = folder / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
    return kinds


def make(folder, count):
    """Make the course with all that was handed in; return the kind of each student."""
    course = folder / "course"
    course.mkdir()
    (course / "course.toml").write_text(f'name = "measured"\nsecret = "{SECRET}"\n')
    coursework(course, "release", ASSIGNMENT)
    kinds = hand_in(course, count, folder / "incoming")
    print(coursework(course, "collect", ASSIGNMENT, folder / "incoming").strip())
    return course, kinds


# --- Memory ---------------------------------------------------------------------------------------


def descendants(number):
    """Yield the processes that a process has started, and those that they have."""
    try:
        for task in Path(f"/proc/{number}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield child
                yield from descendants(child)
    except OSError:  # ended meanwhile
        return


class Watch(threading.Thread):
    """Reads ten times a second what the processes that this one started have taken at most (VmHWM)."""

    def __init__(self):
        super().__init__(daemon=True)
        self.peaks = dict.fromkeys(PROGRAMS, 0)
        self._ended = threading.Event()

    def __enter__(self):
        """Start to look."""
        self.start()
        return self.peaks

    def __exit__(self, *problem):
        """Look no more."""
        self._ended.set()
        self.join()

    def run(self):
        """Look until it is over."""
        while not self._ended.wait(0.1):
            for number in descendants(os.getpid()):
                try:
                    command = Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                    peak = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{number}/status").read_text())
                except OSError:
                    continue
                for name, part in PROGRAMS.items():
                    if part in command:
                        self.peaks[name] = max(self.peaks[name], 1024 * int(peak[1]) if peak else 0)
                        break


# --- The ways to grade ----------------------------------------------------------------------------


def start(folder, *words):
    """Start to grade."""
    command = [sys.executable, "-m", "coursework.cli", "grade", ASSIGNMENT, "--course", str(folder), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def finish(grader):
    """Return what the grader printed, when it has ended well."""
    printed, _ = grader.communicate()
    if grader.returncode:
        sys.exit(f"{printed}\nThe grader ended with status {grader.returncode}")
    return printed


def grades(folder):
    """Return the grades as the command exports them."""
    return coursework(folder, "export", ASSIGNMENT)


def kept(folder):
    """Return how many results there are."""
    return len(list((folder / "results" / ASSIGNMENT).glob("*.json")))


def until_kept(folder, count, grader):
    """Return when so many results are there."""
    while kept(folder) < count:
        if grader.poll() is not None:
            sys.exit(f"the grader ended before {count} results were there")
        time.sleep(0.05)


def measured(name, course, folder, count, run):
    """Grade a copy of the course in some way; return the row of the table, and the grades."""
    place = shutil.copytree(course, folder / name)
    started = time.perf_counter()
    with Watch() as peaks:
        more = run(place) or {}
    seconds = (time.perf_counter() - started) / count
    row = {"name": name, "seconds": round(seconds, 3)}
    row |= {f"{program}_peak": peak for program, peak in peaks.items() if peak}
    print(
        f"{name:12}{seconds:9.2f}" + "".join(f"{peak / 10**6:10,.0f}" for peak in peaks.values()), flush=True
    )
    return row | more, grades(place)


def every_way(course, folder, count):
    """Grade the class in three ways; return the rows, or exit where the grades are not the same bytes."""
    print(f"\n{'':12}{'s each':>9}" + "".join(f"{name + ' MB':>12}" for name in PROGRAMS))

    def by_cluster(place):
        finish(start(place, *words))

    def killed(place):
        grader = start(place, *words)
        until_kept(place, count // 4, grader)
        workers[0].kill()
        until_kept(place, count // 2, grader)
        grader.kill()
        grader.communicate()
        found = re.search(r"(\d+) are graded already", finish(start(place, *words)))
        return {"kept": int(found[1])}

    ways = [measured("threads", course, folder, count, lambda place: finish(start(place)) and None)]
    (folder / "dask").mkdir()
    with cluster(folder / "dask") as (places, workers):
        words = words_of(places)
        ways.append(measured("cluster", course, folder, count, by_cluster))
        ways.append(measured("killed", course, folder, count, killed))
        if [worker.poll() is None for worker in workers] != [False, True]:
            sys.exit("not just one of the two workers was killed")
    rows, found = zip(*ways, strict=True)
    if different := [row["name"] for row, text in ways if text != found[0]]:
        sys.exit(f"{' and '.join(different)}: other grades than those of threads; look into {folder}")
    return list(rows), found[0]


# --- Beside nbgrader ------------------------------------------------------------------------------


def nbgrader(folder, *words):
    """Run a command of nbgrader in a course."""
    programs = Path(sys.executable).parent  # it looks for alembic and for kernels on the PATH
    variables = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    command = [programs / "nbgrader", *words, "--course", "measured"]
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{done.stderr[-4000:]}\nThis failed: nbgrader {' '.join(words)}")


def total(row):
    """Return the points of a line of the exported grades that tests gave; none for what a person reads."""
    points = [value for name, value in row.items() if name not in ("student", "assignment", "total", "most")]
    return sum(float(value) for value in points if value)


def sample(course, kinds, folder, exported):
    """Grade a few harmless submissions one at a time, by us and by nbgrader; return seconds for each."""
    students = [student for student, kind in kinds.items() if kind in KINDS][:SAMPLE]
    ours, theirs = folder / "ours", folder / "theirs"
    for place in (ours, theirs):
        for part in ("source", "course.toml", "gradebook.db"):
            copy = shutil.copytree if (course / part).is_dir() else shutil.copy
            place.mkdir(exist_ok=True)
            copy(course / part, place / part)
        for student in students:
            shutil.copytree(course / "submitted" / student, place / "submitted" / student)
    (theirs / "gradebook.db").unlink()
    started = time.perf_counter()
    finish(start(ours, "--workers", "1"))
    between = time.perf_counter()
    nbgrader(theirs, "generate_assignment", ASSIGNMENT)
    began = time.perf_counter()
    nbgrader(theirs, "autograde", ASSIGNMENT)
    ended = time.perf_counter()
    nbgrader(theirs, "export", "--to", "grades.csv")
    with (theirs / "grades.csv").open() as file:
        found = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    wanted = {row["student"]: total(row) for row in csv.DictReader(exported.splitlines())}
    if different := [who for who in students if found[who] != wanted[who]]:
        sys.exit(f"nbgrader gives others points than we do: {', '.join(different)}; look into {folder}")
    row = {
        "students": len(students),
        "ours": round((between - started) / len(students), 2),
        "nbgrader": round((ended - began) / len(students), 2),
    }
    print(f"\none at a time, {SAMPLE} submissions: ours {row['ours']} s, nbgrader {row['nbgrader']} s each")
    return row


def main():
    """Grade, compare, print and keep; return what to tell the shell."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--students", type=int, default=STUDENTS, help="fewer for a try, which is not kept")
    count = parser.parse_args().students
    if count < SAMPLE:
        return f"benchmarks/coursework.py needs {SAMPLE} students, got {count}"
    if not Path(f"/proc/self/task/{os.getpid()}/children").exists():
        return "benchmarks/coursework.py reads /proc: it needs Linux"
    folder = Path(tempfile.mkdtemp(prefix="imagebook-coursework-"))
    course, kinds = make(folder, count)
    rows, exported = every_way(course, folder, count)
    content = {
        "machine": {
            "processor": processor(),
            "cores": os.cpu_count(),
            "versions": {
                "Python": ".".join(map(str, sys.version_info[:3])),
                **{name: version(name) for name in ("dask", "nbgrader", "numpy")},
                "bubblewrap": subprocess.check_output(["bwrap", "--version"], text=True).split()[1],
            },
            "date": datetime.now(UTC).date().isoformat(),
        },
        "students": count,
        "kinds": dict(Counter(kind if kind in KINDS else "harmful" for kind in kinds.values())),
        "rows": rows,
        "sample": sample(course, kinds, folder, exported),
    }
    shutil.rmtree(folder)  # kept where something went wrong
    print(f"{count} submissions, the same grades in every way")
    if count == STUDENTS:
        RESULTS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
