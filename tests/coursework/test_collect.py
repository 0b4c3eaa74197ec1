"""Taking in: whose a notebook is, what is taken of it, and that nothing from outside leads anywhere else."""

import io
import json
import os
import stat
import struct
import unicodedata
import zipfile

import nbformat
import pytest

from coursework import cli, release


@pytest.fixture
def released(course, toy):
    """Return a course in which the toy and another assignment are released."""
    release.write(toy.source, course.path("source", "toy"))
    release.write(toy.source, course.path("source", "pooling"))
    return course


@pytest.fixture
def collect(released, capsys):
    """Return a function that runs the command, and gives its status, what it took, and what it left why."""

    def run(source, *words):
        capsys.readouterr()
        command = ["collect", "toy", str(source), "--course", str(released.folder), *words]
        status = cli.main(command)
        out, err = capsys.readouterr()
        left = dict(line[6:].split(": ", 1) for line in out.splitlines() if line.startswith("left: "))
        assert status == (1 if left or err else 0), out + err
        # Nothing is ever half written, and nothing stands outside of the folder of its student.
        written = [path for path in released.folder.rglob("*") if path.suffix == ".new"]
        assert not written
        taken = {
            path.parent.parent.name: path.read_text(encoding="utf-8")
            for path in released.folder.glob("submitted/*/toy/toy.ipynb")
        }
        assert len(list((released.folder / "submitted").rglob("*.*"))) == len(taken)
        return taken, left or err

    return run


@pytest.fixture
def archive(tmp_path):
    """Return a function that packs files, {name or ZipInfo: text}, into a zip archive."""

    def pack(files, kind=zipfile.ZIP_DEFLATED):
        path = tmp_path / "handed-in.zip"
        with zipfile.ZipFile(path, "w", kind) as packed:
            for name, text in files.items() if isinstance(files, dict) else files:
                packed.writestr(name, text)
        return path

    return pack


def tree(folder, files):
    """Write files into a folder and return it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_a_folder_for_each_student(collect, submission, tmp_path):
    """Its name is the student's, in letters of any alphabet; the notebook's own name says nothing."""
    files = {"lee/toy.ipynb": submission(), "김지원/park.ipynb": submission(stub=True)}
    taken, left = collect(tree(tmp_path / "in", files))
    assert (taken, left) == ({"lee": submission(), "김지원": submission(stub=True)}, "")


def test_the_tree_of_nbgrader(collect, submission, tmp_path):
    """Other assignments of the course are passed over in silence, unknown folders are not."""
    files = {
        "lee/toy/toy.ipynb": submission(),
        "lee/toy/timestamp.txt": "2026-11-27",
        "lee/toy/.ipynb_checkpoints/toy-checkpoint.ipynb": "old",
        "lee/pooling/pooling.ipynb": submission(),
        "park/toys/toy.ipynb": submission(),
    }
    taken, left = collect(tree(tmp_path / "in", files))
    assert taken == {"lee": submission()}
    assert left == {"park/toys/toy.ipynb": "it is in a folder toys, which is no assignment of this course"}


def test_a_student_cannot_make_a_folder_of_anothers_name(collect, submission, tmp_path):
    """Whatever stands in one's own folder is one's own: the first folder decides."""
    files = {"lee/park/toy/toy.ipynb": submission(), "lee/park/toy.ipynb": submission()}
    taken, left = collect(tree(tmp_path / "in", files))
    assert taken == {}
    assert set(left) == set(files)


def test_an_archive_of_folders(collect, submission, archive):
    """The same folders in a zip, also beneath nbgrader's folder `submitted`."""
    files = {"lee/toy.ipynb": submission(), "submitted/park/toy/toy.ipynb": submission(stub=True)}
    assert collect(archive(files)) == ({"lee": submission(), "park": submission(stub=True)}, "")


def test_the_archive_of_canvas(collect, submission, archive):
    """The student's number there, whether late, handed in again, or with letters of another alphabet."""
    files = {
        "leejiwon_12345_67890_toy.ipynb": submission(),
        "park_LATE_222_67891_toy-1.ipynb": submission(stub=True),
        "김지원_333_67892_toy (2).ipynb": submission(),
        "choi_444_text.html": "I could not upload it",
    }
    taken, left = collect(archive(files))
    assert taken == {"12345": submission(), "222": submission(stub=True), "333": submission()}
    assert left == {"choi_444_text.html": "nothing says whose it is"}


@pytest.mark.parametrize(
    "name",
    [
        "bob_999_1234_98765_toy.ipynb",  # a student who calls himself Bob_999
        "bob_1234_98765_999_888_toy.ipynb",  # or his file 999_888_toy.ipynb
        "bob_999_888_LATE_1234_98765_toy.ipynb",
        "bob_999_assignsubmission_file_1234_98765_toy.ipynb",  # or himself as Moodle would
    ],
)
def test_a_name_with_two_readings_is_left_to_a_person(collect, submission, archive, name):
    """Canvas leaves numbers in a student's and a file's name: neither must hand in for another student."""
    taken, left = collect(archive({name: submission()}))
    assert taken == {}
    assert left[name].startswith("it may be from ")
    assert "1234" in left[name] and "999" in left[name]


def test_the_archive_of_moodle(collect, submission, archive):
    """The participant's number there, with folders and without."""
    files = {
        "Lee Ji-won_4711_assignsubmission_file/toy.ipynb": submission(),
        "Park_4712_assignsubmission_file_/toy.ipynb": submission(),
        "김 지원_4713_assignsubmission_file_toy.ipynb": submission(stub=True),
        "Choi_4714_assignsubmission_onlinetext/onlinetext.html": "see my mail",
    }
    taken, left = collect(archive(files))
    assert taken == {"4711": submission(), "4712": submission(), "4713": submission(stub=True)}
    assert left == {"Choi_4714_assignsubmission_onlinetext/onlinetext.html": "it is not a notebook"}


@pytest.mark.parametrize("encoding", ["utf-8", "cp949"])
def test_old_archives_with_korean_names(collect, submission, archive, encoding):
    """Programs that do not say how a name is written: Canvas's, and Windows's in Korea."""
    path = archive({"x" * len("김지원".encode(encoding)) + "/toy.ipynb": submission()})
    content = path.read_bytes()
    path.write_bytes(content.replace(b"x" * len("김지원".encode(encoding)), "김지원".encode(encoding)))
    assert collect(path) == ({"김지원": submission()}, "")


def test_one_name_in_two_forms_is_one_student(collect, submission, tmp_path, archive):
    """A Mac takes the letters of a name apart; they are put together again."""
    apart = unicodedata.normalize("NFD", "김지원")
    collect(archive({f"{apart}/toy.ipynb": submission()}))
    taken, _ = collect(tree(tmp_path / "in", {"김지원/toy.ipynb": submission(stub=True)}))
    assert taken == {"김지원": submission(stub=True)}


def test_names_that_differ_in_capitals_are_kept_apart(collect, submission, archive):
    """On many systems they would be one folder: the second is left, also when it comes later."""
    taken, left = collect(archive({"Lee/toy.ipynb": submission(), "lee/toy.ipynb": "x"}))
    assert taken == {"Lee": submission()}
    assert left["lee/toy.ipynb"].endswith("would be that of Lee on many systems: rename one")
    taken, left = collect(archive({"LEE/toy.ipynb": submission()}))
    assert list(taken) == ["Lee"] and "LEE/toy.ipynb" in left


def test_links_are_not_followed(collect, submission, tmp_path, archive):
    """Neither a file nor a folder that is a link, in a folder or in an archive."""
    outside = tree(tmp_path / "outside", {"toy.ipynb": submission()})
    folder = tree(tmp_path / "in", {"lee/toy.ipynb": submission()})
    (folder / "park").mkdir()
    (folder / "park" / "toy.ipynb").symlink_to(outside / "toy.ipynb")
    (folder / "choi").symlink_to(outside)
    taken, left = collect(folder)
    assert list(taken) == ["lee"]
    assert left == dict.fromkeys(["choi", "park/toy.ipynb"], "it is a link to elsewhere")
    link = zipfile.ZipInfo("kim/toy.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    taken, left = collect(archive({link: str(outside / "toy.ipynb")}))
    assert left == {"kim/toy.ipynb": "it is a link to elsewhere"}


def test_a_pipe_is_not_waited_for(collect, tmp_path):
    """What looks like a notebook and is none keeps nobody waiting."""
    (tmp_path / "in" / "lee").mkdir(parents=True)
    os.mkfifo(tmp_path / "in" / "lee" / "toy.ipynb")
    assert collect(tmp_path / "in") == ({}, {"lee/toy.ipynb": "it is not a file"})


@pytest.mark.parametrize(
    "name",
    [
        "../lee/toy.ipynb",
        "lee/../../toy.ipynb",
        "/lee/toy.ipynb",
        "/etc/toy.ipynb",
        "..\\lee\\toy.ipynb",
        "C:\\lee\\toy.ipynb",
        "C:/toy.ipynb",
        "lee/toy.ipynb\x1b[2J.ipynb",
    ],
)
def test_names_lead_nowhere(collect, submission, archive, name):
    """Parents, roots, drives, and letters that steer a screen: left, and printed harmlessly."""
    taken, left = collect(archive({name: submission()}))
    assert taken == {}
    assert list(left.values()) == ["its name leads out of the archive"]
    assert "\x1b" not in str(left)


def test_a_zip_bomb_is_not_unpacked(collect, archive):
    """A small archive of 300 MB of zeros: refused by its header."""
    path = archive({"lee/toy.ipynb": b"0" * (300 * 2**20)})
    assert path.stat().st_size < 2**20
    taken, left = collect(path)
    assert (taken, left) == (
        {},
        {"lee/toy.ipynb": "it has 300 MB, at most 20 are taken: its outputs must be cleared"},
    )


def test_a_header_that_lies_about_the_size(collect, archive):
    """A bomb that calls itself small is found out by the check sum before it is large."""
    path = archive({"lee/toy.ipynb": b"0" * (100 * 2**20)})
    content = path.read_bytes()
    path.write_bytes(content.replace(struct.pack("<I", 100 * 2**20), struct.pack("<I", 1000)))
    taken, left = collect(path)
    assert taken == {}
    assert left["lee/toy.ipynb"].startswith("it cannot be unpacked: ")


def test_packings_without_a_bound_are_refused(collect, submission, archive):
    """What unpacks into any amount of memory at once is not unpacked at all."""
    taken, left = collect(archive({"lee/toy.ipynb": submission()}, zipfile.ZIP_LZMA))
    assert (taken, list(left)) == ({}, ["lee/toy.ipynb"])
    assert left["lee/toy.ipynb"].startswith("it is packed in a way")


def test_encrypted_files_are_left(collect, submission, archive):
    """They are named; the others are taken."""
    path = archive({"lee/toy.ipynb": submission(), "kim/toy.ipynb": submission()})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the flag in the directory's first entry
    path.write_bytes(content)
    assert collect(path) == ({"kim": submission()}, {"lee/toy.ipynb": "it is encrypted"})


def test_a_large_notebook_is_left(collect, submission, tmp_path):
    """200 MB are not read into memory; everybody else is taken."""
    folder = tree(tmp_path / "in", {"lee/toy.ipynb": "", "park/toy.ipynb": submission()})
    os.truncate(folder / "lee" / "toy.ipynb", 200 * 2**20)
    taken, left = collect(folder)
    assert list(taken) == ["park"]
    assert left["lee/toy.ipynb"].startswith("it has 200 MB")


def test_what_is_no_notebook_is_named(collect, submission, archive):
    """Archives in archives, and whatever else a student hands in."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as packed:
        packed.writestr("toy.ipynb", submission())
    files = {
        "lee/toy.zip": inner.getvalue(),
        "park/toy.py": "print()",
        "toy.ipynb": submission(),
        "__MACOSX/lee/._toy.ipynb": "x",
    }
    assert collect(archive(files)) == (
        {},
        {
            "lee/toy.zip": "it is an archive: unpack it first",
            "park/toy.py": "it is not a notebook",
            "toy.ipynb": "nothing says whose it is",
        },
    )


def test_of_two_notebooks_the_one_of_the_right_name(collect, submission, archive):
    """Where none or both have it, a person decides, and nothing is taken."""
    files = {
        "lee_1_10_toy.ipynb": submission(),
        "lee_1_11_draft.ipynb": submission(stub=True),
        "park_2_12_a.ipynb": submission(),
        "park_2_13_b.ipynb": submission(stub=True),
    }
    taken, left = collect(archive(files))
    assert taken == {"1": submission()}
    assert left == {
        "lee_1_11_draft.ipynb": "1 has 2 notebooks: lee_1_10_toy.ipynb is taken",
        "park_2_12_a.ipynb": "2 has 2 notebooks: keep one",
        "park_2_13_b.ipynb": "2 has 2 notebooks: keep one",
    }


def test_two_files_of_one_name_in_an_archive(collect, submission, archive):
    """The first is taken and the second is named, however they differ."""
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = archive([("lee/toy.ipynb", submission()), ("lee/toy.ipynb", submission(stub=True))])
    taken, left = collect(path)
    assert taken == {"lee": submission()}
    assert left == {"lee/toy.ipynb": "the archive has two files of this name"}


def test_another_students_name_counts_for_nothing(collect, submission, archive):
    """Neither in the file's name nor inside the notebook."""
    notebook = json.loads(submission())
    notebook["metadata"] = {"student": "park", "nbgrader": {"student_id": "park"}, "authors": ["park"]}
    text = json.dumps(notebook)
    assert collect(archive({"lee_1_10_park_2.ipynb": text})) == ({"1": text}, "")


def test_the_notebook_of_another_assignment(collect, submission, archive):
    """None of its cells is this one's: left, whatever it is called; a broken one is for the grading."""
    notebook = nbformat.reads(submission(), as_version=4)
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.grade_id = "other-" + cell.metadata.nbgrader.grade_id
    taken, left = collect(archive({"lee/toy.ipynb": nbformat.writes(notebook), "park/toy.ipynb": "{"}))
    assert taken == {"park": "{"}
    assert left == {"lee/toy.ipynb": "it has no cell of toy: it seems to be another assignment's"}


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more", b"a text"])
def test_what_is_no_archive(collect, tmp_path, content):
    """One sentence, and nothing is taken."""
    path = tmp_path / "handed-in.zip"
    path.write_bytes(content)
    taken, said = collect(path)
    assert taken == {}
    assert said == f"coursework: {path} is neither a folder nor a whole zip archive\n"


def test_an_archive_that_was_cut_off(collect, submission, archive):
    """Its directory stands at its end: without it nothing is guessed; with a hole in it the file is named."""
    path = archive({"lee/toy.ipynb": submission(), "park/toy.ipynb": submission()})
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    taken, said = collect(path)
    assert taken == {} and "whole zip archive" in said
    path.write_bytes(whole[:60] + b"\0" * 60 + whole[120:])
    taken, left = collect(path)
    assert list(taken) == ["park"]
    assert left["lee/toy.ipynb"].startswith("it cannot be unpacked")


def test_a_directory_with_a_broken_name(collect, submission, archive):
    """A name that says that it is UTF-8 and is not: one sentence."""
    path = archive({"김/toy.ipynb": submission()})
    path.write_bytes(path.read_bytes().replace("김".encode(), b"\xff\xff\xff"))
    taken, said = collect(path)
    assert taken == {} and "is not a whole zip archive" in said and said.count("\n") == 1


def test_what_was_handed_in_before_is_kept(collect, submission, released, tmp_path):
    """A second collection changes what changed, keeps the old file, and loses nobody who is not in it."""
    folder = tree(tmp_path / "in", {"lee/toy.ipynb": submission(stub=True), "park/toy.ipynb": submission()})
    collect(folder)
    (folder / "park" / "toy.ipynb").unlink()
    tree(folder, {"lee/toy.ipynb": submission()})
    taken, _ = collect(folder)
    assert taken == {"lee": submission(), "park": submission()}
    (old,) = (released.folder / "earlier" / "lee").iterdir()
    assert old.read_text() == submission(stub=True)


def test_a_disk_that_is_full_leaves_what_was_there(collect, submission, tmp_path, monkeypatch):
    """One sentence; the submission that was there before stays whole."""
    folder = tree(tmp_path / "in", {"lee/toy.ipynb": submission(stub=True)})
    collect(folder)
    tree(folder, {"lee/toy.ipynb": submission()})

    def full(path, content):
        with path.open("wb") as file:
            file.write(content[:10])
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    taken, said = collect(folder)
    assert taken == {"lee": submission(stub=True)}
    assert "No space left on device" in said and said.count("\n") == 1


def test_too_many_files_are_refused(collect, archive):
    """An archive of 20,001 files is looked at by nobody."""
    path = archive({f"s{k}/toy.ipynb": "" for k in range(20_001)}, zipfile.ZIP_STORED)
    assert "has 20001 files, at most 20000 are looked at" in collect(path)[1]


def test_an_assignment_that_is_not_released(released, tmp_path, capsys):
    """A misspelt name takes nothing."""
    command = ["collect", "toyz", str(tmp_path), "--course", str(released.folder)]
    assert cli.main(command) == 1
    assert "toyz is not released" in capsys.readouterr().err
    assert not (released.folder / "submitted").exists()
