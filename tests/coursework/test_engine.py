"""The same class gets the same grades, bit for bit, however it is graded and whatever dies meanwhile."""

import contextlib
import csv
import io
import os
import shutil
import signal
import subprocess
import sys
import threading

import nbformat
import psutil
import pytest
from clusters import certificates, cluster, until, words_of
from hostile import CODE
from test_scoring import number

from coursework import cli, engine, release, scoring
from coursework.course import Course
from coursework.program import Late, Stopped

ENDING = 20  # seconds in which all that runs must have ended, where an endless loop would go on for 30
SMALLEST = {"largest": "def largest(numbers):\n    return min(numbers)\n"}
DOUBLE = {"multiple": "def multiple(x):\n    return 2 * x\n"}
NONE = {"why": "", "answer": "prime = 4\n"}
# student: (answers that are not the reference's, points by hand: largest, multiple, prime, why)
CLASS = {
    "ada": ({}, ("3", "2", "1", "")),
    "bea": ({"largest": "def largest(numbers):\n    return sorted(numbers)[-1]\n"}, ("0", "2", "1", "")),
    "cal": (SMALLEST, ("0", "2", "1", "")),
    "dan": (DOUBLE, ("3", "0", "1", "")),
    "eve": (SMALLEST | DOUBLE, ("0", "0", "1", "")),
    "fay": (NONE, ("3", "2", "0", "0")),
    "gus": ({"why": "It is."}, ("3", "2", "1", "")),
    "hal": (None, ("0", "0", "0", "0")),
    "ida": ({"multiple": CODE["os._exit"][0]}, ("3", "0", "1", "")),
    "jon": ({"multiple": CODE["fork bomb that goes on"][0]}, ("3", "2", "1", "")),
    "kai": ({"multiple": CODE["memory hog in a function"][0]}, ("3", "0", "1", "")),
    "lea": ({"multiple": CODE["an object equal to everything"][0]}, ("3", "0", "1", "")),
}


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory, toy, submission):
    """Return the folder of a course in which twelve students handed in the toy."""
    folder = tmp_path_factory.mktemp("handed-in")
    (folder / "course.toml").write_text(f'name = "toys"\nsecret = "{"0123456789abcdef" * 4}"\n')
    course = Course.open(folder)
    release.write(toy.source, course.path("source", "toy"))
    for student, (answers, _) in CLASS.items():
        answers = {name: text.replace("NUMBER", number(toy)) for name, text in (answers or {}).items()}
        path = course.path("submitted", "toy", student=student)
        path.parent.mkdir(parents=True)
        path.write_text(submission(answers, stub=CLASS[student][0] is None))
    return folder


@pytest.fixture(scope="module")
def graded(tmp_path_factory, handed_in):
    """Return the folder of the course after it was graded by threads."""
    folder = shutil.copytree(handed_in, tmp_path_factory.mktemp("graded") / "course")
    assert cli.main(grade(folder)) == 0
    return folder


@pytest.fixture
def again(graded, tmp_path):
    """Return a copy of the graded course, to be changed."""
    return shutil.copytree(graded, tmp_path / "course")


@pytest.fixture
def fresh(handed_in, tmp_path):
    """Return a copy of the course in which nothing is graded."""
    return shutil.copytree(handed_in, tmp_path / "course")


@pytest.fixture
def seen(monkeypatch):
    """Grade nothing, but return the list of notebooks that would have been."""
    contents = []

    def grade_one(name, source, withheld, content, isolate):
        contents.append(content)
        return scoring.nothing(source, "seen")

    monkeypatch.setattr(engine, "grade_one", grade_one)
    return contents


def grade(folder, *words):
    """Return the words of the command that grades."""
    return ["grade", "toy", "--course", str(folder), *words]


def exported(folder):
    """Return the grades as CSV, as the command writes them."""
    path = folder / "grades.csv"
    assert cli.main(["export", "toy", "--course", str(folder), "--output", str(path)]) == 0
    return path.read_bytes()


def submitted(folder, student):
    """Return where a submission is."""
    return Course.open(folder).path("submitted", "toy", student=student)


def kept(folder):
    """Return the students whose results are kept."""
    return {path.stem for path in (folder / "results" / "toy").glob("*.json")}


@contextlib.contextmanager
def grader(folder, endless):
    """Run the command that grades as a program of its own, until three students have a result.

    It has a session of its own, as in a terminal, and hears Ctrl-C, which a shell takes from what it starts
    in the background, these tests included. One student more, the first, has handed in an endless loop.
    """
    path = submitted(folder, "abe")
    path.parent.mkdir(parents=True)
    path.write_text(endless)
    command = [sys.executable, "-m", "coursework.cli", *grade(folder, "--workers", "2")]
    heard = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", heard, *command],
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until(lambda: len(kept(folder)) >= 3 or process.poll() is not None, "three results")
        assert process.poll() is None, "all were graded before anything happened"
        yield process, psutil.Process(process.pid).children(recursive=True)
    finally:
        process.kill()
        process.communicate()
        shutil.rmtree(path.parents[1])


# --- The same grades, bit for bit -----------------------------------------------------------------


def test_threads_give_each_student_what_the_answers_deserve(graded):
    """Twelve lines with the points written beside the answers; the written answer waits for a person."""
    rows = list(csv.DictReader(io.StringIO(exported(graded).decode())))
    cells = ("largest-works", "multiple-works", "prime-right", "why")
    found = {row["student"]: tuple(row[cell] for cell in cells) for row in rows}
    assert found == {student: points for student, (_, points) in CLASS.items()}


def test_a_cluster_over_tls_gives_the_same_bytes_also_when_a_worker_dies(
    graded, handed_in, tmp_path, monkeypatch
):
    """Once undisturbed; then one of two workers is killed when three results are there."""
    keep, count = cli.results.keep, []
    with cluster(tmp_path) as (places, workers):
        calm, hurt = (shutil.copytree(handed_in, tmp_path / name) for name in ("calm", "hurt"))
        assert cli.main(grade(calm, *words_of(places))) == 0
        assert exported(calm) == exported(graded)

        def keep_and_kill(*arguments):
            keep(*arguments)
            count.append(1)
            if len(count) == 3:
                workers[0].kill()

        monkeypatch.setattr(cli.results, "keep", keep_and_kill)
        assert cli.main(grade(hurt, *words_of(places))) == 0
        assert [worker.poll() for worker in workers] == [-signal.SIGKILL, None]
        assert exported(hurt) == exported(graded)


@pytest.fixture(scope="module")
def endless(submission):
    """Return a notebook that keeps its grader busy."""
    return submission({"multiple": CODE["endless loop at top level"][0]})


def test_a_grader_that_is_killed_goes_on_where_it_was(graded, fresh, endless, capsys):
    """Nothing that it started lives on; the second run grades what is missing only, to the same bytes."""
    with grader(fresh, endless) as (process, started):
        assert any("bwrap" in child.name() for child in started)
        process.kill()
        until(lambda: not any(map(alive, started)), "the end of all that it started", ENDING)
    before = kept(fresh)
    assert 3 <= len(before) < len(CLASS)
    times = {student: os.stat(fresh / "results/toy" / f"{student}.json").st_mtime_ns for student in before}
    assert cli.main(grade(fresh)) == 0
    assert f"{len(CLASS)} submissions, {len(before)} are graded already" in capsys.readouterr().out
    assert {who: os.stat(fresh / "results/toy" / f"{who}.json").st_mtime_ns for who in before} == times
    assert exported(fresh) == exported(graded)
    notebooks = {path.name for path in (fresh / "autograded").iterdir()}
    assert notebooks == CLASS.keys()


def alive(process):
    """Return whether a process runs; one that is dead and not yet buried does not."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_ctrl_c_ends_at_once_and_keeps_what_is_graded(graded, fresh, endless, capsys):
    """Status 130, one sentence; nothing wrong is kept, nobody lives on, the gradebook has what there is."""
    with grader(fresh, endless) as (process, started):
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does it: to the grader and all in its group
        _, said = process.communicate(timeout=ENDING)
        assert process.returncode == cli.INTERRUPTED
        until(lambda: not any(map(alive, started)), "the end of all that it started", ENDING)
    done = len(kept(fresh))
    assert f"interrupted; {done} submissions are graded and kept, {len(CLASS) + 1 - done} are left" in said
    assert "Traceback" not in said
    assert len(exported(fresh).splitlines()) == 1 + done
    capsys.readouterr()
    assert cli.main(grade(fresh)) == 0
    assert f"{done} are graded already" in capsys.readouterr().out
    assert exported(fresh) == exported(graded)


# --- What is graded again, and what is not --------------------------------------------------------


def test_a_second_time_nothing_is_graded(again, seen):
    """All is there, and stays as it is."""
    before = exported(again)
    assert cli.main(grade(again)) == 0
    assert seen == []
    assert exported(again) == before


def test_a_changed_submission_is_graded_again_and_no_other(again, seen):
    """One byte more is another submission."""
    path = submitted(again, "cal")
    path.write_text(path.read_text() + "\n")
    assert cli.main(grade(again)) == 0
    assert seen == [path.read_bytes()]


def test_a_changed_assignment_is_graded_again_for_all(again, seen, toy):
    """A word in its text is enough: the tests may have changed as well."""
    source = nbformat.from_dict(toy.source)
    source.cells[0].source += " It is new."
    release.write(source, Course.open(again).path("source", "toy"))
    assert cli.main(grade(again)) == 0
    assert len(seen) == len(CLASS)


@pytest.mark.parametrize("damage", [lambda text: text[: len(text) // 2], lambda text: "", lambda text: "[]"])
def test_a_damaged_result_counts_as_none(again, seen, damage):
    """Half a file, an empty one, one of something else."""
    path = again / "results/toy/dan.json"
    path.write_text(damage(path.read_text()))
    assert cli.main(grade(again)) == 0
    assert seen == [submitted(again, "dan").read_bytes()]


def test_a_submission_that_changes_while_it_is_graded_is_graded_again(fresh, seen, monkeypatch):
    """The result belongs to what was there when the run began."""
    look = engine._read_and_do

    def change_and_look(job, path):
        if path.parts[-3] == "eve":
            path.write_text(path.read_text() + "\n")
        return look(job, path)

    monkeypatch.setattr(engine, "_read_and_do", change_and_look)
    assert cli.main(grade(fresh)) == 0
    monkeypatch.setattr(engine, "_read_and_do", look)
    seen.clear()
    assert cli.main(grade(fresh)) == 0
    assert seen == [submitted(fresh, "eve").read_bytes()]


def test_a_dry_run_names_what_would_be_graded_and_writes_nothing(again, seen, capsys):
    """The same files with the same bytes afterwards."""
    (again / "results/toy/kai.json").unlink()

    def files():
        return {path: path.read_bytes() for path in again.rglob("*") if path.is_file()}

    before = files()
    assert cli.main(grade(again, "--dry-run")) == 0
    assert "would grade kai" in capsys.readouterr().out
    assert files() == before and seen == []


def test_a_link_is_no_submission(fresh, seen):
    """It could lead to the reference; whoever hands in a link is graded as one who hands in nothing."""
    path = submitted(fresh, "hal")
    path.unlink()
    path.symlink_to(Course.open(fresh).path("source", "toy"))
    assert cli.main(grade(fresh)) == 0
    assert sorted(seen)[0] == b"" and len(seen) == len(CLASS)


# --- When something goes wrong --------------------------------------------------------------------


def test_a_defect_costs_one_submission_and_is_tried_again(fresh, seen, monkeypatch, capsys):
    """The others are graded and saved; the sentence names the one, the status is 1, then 0."""
    fine = engine.grade_one

    def defective(name, source, withheld, content, isolate):
        if content == submitted(fresh, "gus").read_bytes():
            raise ZeroDivisionError("by nothing")
        return fine(name, source, withheld, content, isolate)

    monkeypatch.setattr(engine, "grade_one", defective)
    assert cli.main(grade(fresh)) == 1
    output = capsys.readouterr()
    assert output.err.count("\n") == 1
    assert output.err.startswith("gus could not be graded (ZeroDivisionError: by nothing)")
    assert "11 are graded;" in output.out
    assert len(exported(fresh).splitlines()) == 1 + 11
    monkeypatch.setattr(engine, "grade_one", fine)
    seen.clear()
    assert cli.main(grade(fresh)) == 0
    assert seen == [submitted(fresh, "gus").read_bytes()]


@pytest.mark.parametrize(
    "reason", [Stopped("it ended before its time"), Late("it took longer than 240 seconds")]
)
def test_a_scorer_that_is_ended_gives_no_zero(toy, monkeypatch, reason):
    """Its submission is tried another time; a zero is for code that kept the tests busy."""

    class Broken:
        def score(self, *arguments):
            raise reason

        def close(self):
            pass

    monkeypatch.setattr(engine, "Scorer", Broken)
    monkeypatch.setattr(engine, "_of_thread", threading.local())
    job = ("toy", toy.source, toy.source.metadata.coursework.withhold, b"", True)
    if isinstance(reason, Late):
        assert "busy without an end" in engine.grade_one(*job)["problem"]
    else:
        with pytest.raises(RuntimeError, match="ended before its time"):
            engine.grade_one(*job)


def test_what_is_under_way_does_not_grow_with_the_class(tmp_path):
    """With two workers four submissions are taken at a time, of a hundred; each comes once."""
    path = tmp_path / "a.ipynb"
    path.write_bytes(b"text")
    taken = []

    class Many(dict):
        def items(self):
            for student in range(100):
                taken.append(student)
                yield student, path

    done = {}
    for student, future in engine.on_threads(bytes.upper, Many(), workers=2):
        assert len(taken) - len(done) <= 4
        assert student not in done
        done[student] = future.result()
    assert done == dict.fromkeys(range(100), b"TEXT")


def test_a_submission_that_ends_its_workers_costs_no_other(tmp_path):
    """The scheduler gives up on it (here at once); the ones before and after it are done."""
    programs = {"a": b"pass", "b": b"import os; os._exit(1)", "c": b"pass"}
    for student, program in programs.items():
        (tmp_path / f"{student}.ipynb").write_bytes(program)
    paths = {student: tmp_path / f"{student}.ipynb" for student in programs}
    with cluster(tmp_path, SCHEDULER__ALLOWED_FAILURES=0) as (places, _):
        found = {
            student: type(future.exception()).__name__
            for student, future in engine.on_dask(exec, paths, workers=1, **places)
        }
    assert found == {"a": "NoneType", "b": "KilledWorker", "c": "NoneType"}


def test_a_scheduler_that_dies_is_said_once(fresh, tmp_path, monkeypatch, capsys):
    """One sentence, status 1, what was graded is kept; the next run goes on without it."""
    (tmp_path / "cluster").mkdir()
    keep = cli.results.keep
    with cluster(tmp_path / "cluster") as (places, _):

        def keep_and_kill(*arguments):
            keep(*arguments)
            for process in psutil.Process().children():
                with contextlib.suppress(psutil.NoSuchProcess):  # a zombie: it is killed already
                    if "distributed.cli.dask_scheduler" in process.cmdline():
                        process.kill()

        monkeypatch.setattr(cli.results, "keep", keep_and_kill)
        assert cli.main(grade(fresh, *words_of(places))) == 1
    assert "the connection to the scheduler at tls://" in capsys.readouterr().err
    assert 1 <= len(kept(fresh)) < len(CLASS)
    assert len(exported(fresh).splitlines()) == 1 + len(kept(fresh))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "--engine dask needs --scheduler tls://HOST:PORT"),
        (["--scheduler", "tcp://10.0.0.7:8786"], "must be reached by tls://, got tcp://10.0.0.7:8786"),
        (["--scheduler", "tcp://localhost:1@10.0.0.7:8786"], "must be reached by tls://"),
        (
            ["--scheduler", "tls://10.0.0.7:8786", "--key", "no.pem"],
            "--authority, --certificate, --key no.pem",
        ),
        (["--scheduler", "tcp://127.0.0.1:1"], "the scheduler at tcp://127.0.0.1:1 cannot be reached"),
    ],
    ids=["no address", "no TLS", "no TLS in disguise", "no files", "nobody there"],
)
def test_a_cluster_that_cannot_be_used_is_refused(fresh, words, sentence, capsys, monkeypatch):
    """One sentence and status 1, before anything is graded."""
    monkeypatch.setattr(engine, "SECONDS_TO_CONNECT", 1)
    assert cli.main(grade(fresh, "--engine", "dask", *words)) == 1
    said = capsys.readouterr().err
    assert sentence in said and said.count("\n") == 1
    assert not kept(fresh)


def test_a_stranger_is_refused_by_a_cluster(fresh, tmp_path, capsys, monkeypatch):
    """Whose certificate is another authority's learns nothing but that."""
    monkeypatch.setattr(engine, "SECONDS_TO_CONNECT", 2)
    (tmp_path / "cluster").mkdir()
    with cluster(tmp_path / "cluster") as (places, _):
        others = certificates(tmp_path)
        assert cli.main(grade(fresh, *words_of(places | others))) == 1
    said = capsys.readouterr().err
    assert "cannot be reached" in said and said.count("\n") == 1
    assert not kept(fresh)
