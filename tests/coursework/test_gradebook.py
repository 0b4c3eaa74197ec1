"""The gradebook: the same on SQLite and on a PostgreSQL that the tests start themselves."""

import contextlib
import glob
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest
from nbgrader import api
from nbgrader.apps.baseapp import NbGrader
from sqlalchemy import event

from coursework import cli, gradebook
from coursework.course import FILE, FOR_NBGRADER, NBGRADER, Course, CourseError

PASSWORD = "p@ss:w/rd %&#"  # all that an address must spell otherwise
POINTS = {"multiple-works": 2, "largest-works": 3, "prime-right": 1, "why": 4}


@pytest.fixture(scope="session")
def postgres():
    """Start a PostgreSQL server that listens in a folder only; yield the folder, and stop it for certain."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    if not found:
        sentence = "needs a PostgreSQL server: install Debian's package postgresql"
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    programs = Path(found[-1]).parent
    # A socket's path may have 107 characters, which pytest's folders do not leave room for.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    rights = {}
    if os.geteuid() == 0:  # it refuses to run for the superuser
        rights = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        shutil.chown(folder, "nobody", "nogroup")
    password = folder / "password"
    password.write_text(PASSWORD)
    password.chmod(0o644)
    data = folder / "data"
    make = [programs / "initdb", "--pgdata", data, "--username", "teacher", "--auth", "scram-sha-256"]
    make += ["--pwfile", password, "--no-sync", "--no-locale", "--encoding", "UTF8"]
    server = None
    try:
        subprocess.run(make, check=True, capture_output=True, cwd=folder, **rights)
        options = ["-k", folder, "-h", "", "-F"]
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            **rights,
        )
        for line in server.stderr:
            if "ready to accept connections" in line:
                break
        else:
            pytest.fail("PostgreSQL did not start")
        yield folder
    finally:
        if server is not None:
            server.send_signal(signal.SIGQUIT)
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
            server.stderr.close()
        shutil.rmtree(folder)


@pytest.fixture
def database(postgres, monkeypatch):
    """Return the address of a new, empty database on the server; the password is in the environment."""
    import psycopg

    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    name = f"course_{secrets.token_hex(4)}"
    with psycopg.connect(f"host={postgres} user=teacher dbname=postgres", autocommit=True) as connection:
        connection.execute(f"create database {name}")
    return f"postgresql://teacher@/{name}?host={postgres}"


@pytest.fixture(params=["sqlite", "postgresql"])
def book(request, course, toy):
    """Return a course with the toy in its gradebook, on each database in turn."""
    if request.param == "postgresql":
        course = Course(course.folder, course.name, course.secret, request.getfixturevalue("database"))
    gradebook.prepare(course, "toy", toy.source)
    return course


def result(*scores):
    """Return a result with these scores."""
    found = zip(POINTS, scores, strict=True)
    return {"scores": {name: {"score": score, "points": POINTS[name]} for name, score in found}}


def by_hand(course, student, name, score):
    """Give a score as nbgrader's formgrader does."""
    with gradebook.opened(course) as opened:
        grade = opened.find_grade(name, "toy", "toy", student)
        grade.manual_score = score
        grade.needs_manual_grade = False
        opened.db.commit()


def waiting(course, student):
    """Return the cells for which nbgrader asks a person."""
    with gradebook.opened(course) as opened:
        grades = opened.find_submission("toy", student).notebooks[0].grades
        return [grade.name for grade in grades if grade.needs_manual_grade]


def test_what_is_saved_comes_back(book):
    """Each score under its student and its cell; None where a person has still to read."""
    gradebook.save(book, "toy", {"lee": result(2, 3, 1, None), "김지원": result(0, 3, 0, 0)})
    found = gradebook.scores(book, "toy")
    assert list(found) == ["lee", "김지원"]
    assert found["lee"]["cells"] == dict(zip(POINTS, (2, 3, 1, None), strict=True))
    assert found["김지원"]["cells"] == dict(zip(POINTS, (0, 3, 0, 0), strict=True))
    assert found["lee"]["most"] == 10
    assert waiting(book, "lee") == ["why"]
    assert waiting(book, "김지원") == []


def test_saving_twice_changes_nothing(book, toy):
    """The same results make the same rows, and no second submission."""

    def rows():
        with gradebook.opened(book) as opened:
            tables = (api.Student, api.SubmittedAssignment, api.SubmittedNotebook, api.Grade, api.Comment)
            found = [opened.db.query(table).all() for table in tables]
            return [sorted(str(row.__dict__ | {"_sa_instance_state": 0}) for row in rows) for rows in found]

    found = {f"s{k}": result(2, 0, 1, None) for k in range(5)}
    gradebook.save(book, "toy", found)
    before = rows()
    assert [len(kind) for kind in before] == [5, 5, 5, 20, 20]
    gradebook.prepare(book, "toy", toy.source)
    gradebook.save(book, "toy", found)
    assert rows() == before


def test_a_persons_grade_stays(book):
    """What was given by hand counts, survives a second grading, and asks for nobody any more."""
    gradebook.save(book, "toy", {"lee": result(2, 3, 1, None)})
    by_hand(book, "lee", "why", 3.5)
    by_hand(book, "lee", "largest-works", 1)
    gradebook.save(book, "toy", {"lee": result(0, 3, 1, None)})
    cells = gradebook.scores(book, "toy")["lee"]["cells"]
    assert cells == {"multiple-works": 0, "largest-works": 1, "prime-right": 1, "why": 3.5}
    assert waiting(book, "lee") == []


def test_changed_points_are_refused_under_submissions(book, toy):
    """Without submissions an assignment may change; with them the cells are named that must stay."""
    changed = nbformat.from_dict(toy.source)
    for cell in changed.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "largest-works":
            cell.metadata.nbgrader.points = 5
    gradebook.prepare(book, "toy", changed)
    gradebook.save(book, "toy", {"lee": result(2, 5, 1, None)})
    assert gradebook.scores(book, "toy")["lee"]["most"] == 12
    with pytest.raises(CourseError, match="must stay: changed are largest-works$"):
        gradebook.prepare(book, "toy", toy.source)
    assert gradebook.scores(book, "toy")["lee"]["most"] == 12


def test_a_student_from_elsewhere_is_left_alone(book):
    """Whoever nbgrader knows already keeps the name and the grades that a person entered."""
    with gradebook.opened(book) as opened:
        opened.add_student("lee", first_name="Ji-won", email="lee@example.org")
    gradebook.save(book, "toy", {"park": result(0, 0, 0, None)})
    by_hand(book, "park", "why", 2)
    gradebook.save(book, "toy", {"lee": result(2, 3, 1, None)})
    with gradebook.opened(book) as opened:
        assert opened.find_student("lee").first_name == "Ji-won"
    assert gradebook.scores(book, "toy")["park"]["cells"]["why"] == 2


def test_a_thousand_students_take_a_few_questions(book):
    """The number of statements does not grow with the class, but for the rows that go with each."""

    def statements(many):
        found = {f"s{many}-{k}": result(2, 3, k % 2, None) for k in range(many)}
        executed = []
        with gradebook.opened(book) as opened:
            event.listen(opened.engine, "before_cursor_execute", lambda *words: executed.append(words[2]))
            gradebook._save(opened, "toy", found)
            opened.db.commit()
        return len(executed)

    counts = [statements(many) for many in (10, 1000)]
    assert len(gradebook.scores(book, "toy")) == 1010
    assert counts[1] < counts[0] + 60, counts


def test_what_fails_half_way_is_not_there_at_all(book):
    """A result that lacks a cell enters nothing, not even the students before it."""
    wrong = {"scores": {"why": {"score": None}}}
    with pytest.raises(KeyError):
        gradebook.save(book, "toy", {"a": result(2, 3, 1, None), "b": wrong})
    assert gradebook.scores(book, "toy") == {}


def test_two_graders_at_once_spoil_nothing(book):
    """Programs that save the same class together all succeed, and each student is there once."""
    words = """
import sys
from coursework import gradebook
from coursework.course import Course
course = Course.open(sys.argv[1])
points = {"multiple-works": 2, "largest-works": 3, "prime-right": 1, "why": None}
scores = {name: {"score": score, "points": 4} for name, score in points.items()}
print("ready", flush=True)
sys.stdin.readline()
gradebook.save(course, "toy", {f"s{k}": {"scores": scores} for k in range(300)})
"""
    (book.folder / "course.toml").write_text(
        f'name = "{book.name}"\nsecret = "{book.secret}"\ngradebook = "{book.gradebook}"\n'
    )
    with contextlib.ExitStack() as stack:
        command = [sys.executable, "-c", words, book.folder]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        programs = [stack.enter_context(subprocess.Popen(command, **pipes)) for _ in range(2)]
        for program in programs:
            assert program.stdout.readline() == "ready\n"
        for program in programs:
            program.stdin.write("\n")
            program.stdin.flush()
        said = [program.communicate()[1] for program in programs]
    assert [program.returncode for program in programs] == [0, 0], said
    found = gradebook.scores(book, "toy")
    assert len(found) == 300
    assert all(cells["cells"] == found["s0"]["cells"] for cells in found.values())
    assert len(found["s0"]["cells"]) == 4


def test_two_courses_need_two_databases(book, toy):
    """An assignment is found by its name alone, so a database that is taken is refused."""
    other = Course(book.folder, "others", "ab" * 32, book.gradebook)
    with pytest.raises(CourseError, match="belongs to the course toys: give others one of its own"):
        gradebook.prepare(other, "toy", toy.source)


def test_a_password_in_the_address_works_and_is_never_told(postgres, database, course, monkeypatch):
    """Special characters are written as %..; an error's sentence shows stars."""
    from urllib.parse import quote

    monkeypatch.delenv("PGPASSWORD")
    spelled = database.replace("teacher@", f"teacher:{quote(PASSWORD, safe='')}@")
    right = Course(course.folder, course.name, course.secret, spelled)
    assert gradebook.scores(right, "toy") == {}
    wrong = Course(course.folder, course.name, course.secret, spelled.replace("p%40ss", "p%40sz"))
    with pytest.raises(CourseError) as refused:
        gradebook.scores(wrong, "toy")
    assert "password authentication failed" in str(refused.value)
    assert "rd %" not in str(refused.value)
    assert "p%40s" not in str(refused.value) and "p@s" not in str(refused.value)


def test_the_file_of_passwords_works(database, course, monkeypatch, tmp_path):
    """PostgreSQL's own ~/.pgpass, or the file that PGPASSFILE names."""
    monkeypatch.delenv("PGPASSWORD")
    file = tmp_path / "pgpass"
    escaped = PASSWORD.replace(":", "\\:")
    file.write_text(f"*:*:*:teacher:{escaped}\n")
    file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))
    assert gradebook.scores(Course(course.folder, course.name, course.secret, database), "toy") == {}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("postgresql://teacher@127.0.0.1:1/course", "does not work"),
        ("postgresql://teacher@/course?host=/nowhere", "does not work"),
        ("mysql://teacher@localhost/course", "the gradebook's address must be such as"),
        ("anything", "the gradebook's address must be such as"),
        ("postgresql://teacher:secret@localhost/course", "leave the password out of the command"),
    ],
)
def test_a_new_course_needs_a_gradebook_that_works(tmp_path, capsys, words, sentence):
    """One sentence, exit status 1, and no half a course is left behind."""
    folder = tmp_path / "new"
    assert cli.main(["new", "images", "--course", str(folder), "--gradebook", words]) == 1
    said = capsys.readouterr().err
    assert sentence in said and said.count("\n") == 1
    assert "secret" not in said.replace("secret of", "")
    assert not (folder / "course.toml").exists()


def test_a_new_course_on_postgresql(tmp_path, capsys, database):
    """The address goes into course.toml, and nbgrader's tables are there."""
    assert cli.main(["new", "images", "--course", str(tmp_path), "--gradebook", database]) == 0
    assert gradebook.scores(Course.open(tmp_path), "toy") == {}
    assert not (tmp_path / "gradebook.db").exists()


def test_nbgrader_itself_finds_the_database_in_order(book):
    """Its own upgrade has nothing to do: the version that was stamped is the newest."""
    with gradebook.opened(book) as opened:
        from sqlalchemy import text

        stamped = opened.db.execute(text("select version_num from alembic_version")).scalars().all()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    if book.gradebook.startswith("sqlite"):
        address = book.database()
    else:
        address = book.gradebook.replace("postgresql://", "postgresql+psycopg://")
    words = "import sys; from nbgrader import dbutil; dbutil.upgrade(sys.argv[1])"
    command = [sys.executable, "-c", words, address]
    done = subprocess.run(command, env=os.environ | {"PATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Running upgrade" not in done.stderr
    assert len(stamped) == 1


def test_the_formgrader_opens_the_same_gradebook(book, monkeypatch):
    """By the file that a new course has: nbgrader itself finds the assignment, on both databases."""
    settings = f'name = "{book.name}"\nsecret = "{book.secret}"\ngradebook = "{book.gradebook}"\n'
    (book.folder / FILE).write_text(settings)
    (book.folder / NBGRADER).write_text(FOR_NBGRADER)
    monkeypatch.chdir(book.folder)
    NbGrader.clear_instance()
    app = NbGrader()
    app.initialize([])
    with api.Gradebook(app.coursedir.db_url, app.coursedir.course_id) as opened:
        assert [assignment.name for assignment in opened.assignments] == ["toy"]
