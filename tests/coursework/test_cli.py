"""The command: each step on the toy, each mistake in one sentence, and the secret told by none of them."""

import pytest
from conftest import HERE, SECRET

from coursework import cli


@pytest.fixture
def run(course, capsys):
    """Return a function: runs a command in the course: its status, what it printed, what it complained."""

    def command(*words):
        status = cli.main([*map(str, words), "--course", str(course.folder)])
        out, err = capsys.readouterr()
        assert SECRET not in out + err
        return status, out, err

    return command


def tree(folder):
    """Return all files in a folder with their bytes."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_from_release_to_export(run, course, submission, tmp_path):
    """Each step says what it did; tries write nothing; hidden tests and the secret stay here."""
    before = tree(course.folder)
    assert run("release", "toy", "--sources", HERE, "--dry-run")[0] == 0
    assert tree(course.folder) == before
    assert run("release", "toy", "--sources", HERE)[0] == 0
    handed_in = tmp_path / "in" / "lee"
    handed_in.mkdir(parents=True)
    (handed_in / "toy.ipynb").write_text(submission())
    before = tree(course.folder)
    assert "1 new" in run("collect", "toy", handed_in.parent, "--dry-run")[1]
    assert tree(course.folder) == before
    assert run("collect", "toy", handed_in.parent)[0] == 0
    before = tree(course.folder)
    assert "would grade lee" in run("grade", "toy", "--dry-run")[1]
    assert tree(course.folder) == before
    assert run("grade", "toy", "--workers", "1")[0] == 0
    assert run("feedback", "toy")[0] == 0
    status, out, err = run("export", "toy")
    assert (status, out.splitlines()[1]) == (0, "lee,toy,3,2,1,,,10")
    assert "1 have no total yet" in err
    assert run("items", "toy")[0] == 0
    for step in ("release", "autograded", "feedback", "results"):
        assert tree(course.folder / step), step
        assert not [path for path, text in tree(course.folder / step).items() if SECRET.encode() in text]
    for step in ("release", "feedback"):
        assert not [path for path, text in tree(course.folder / step).items() if b"default_rng(" in text]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("release", "nothing"), "there is no assignment nothing"),
        (("collect", "toy", "/nowhere"), "toy is not released"),
        (("grade", "toy"), "toy is not released"),
        (("feedback", "toy"), "toy is not released"),
        (("export", "toy"), "toy is not released"),
        (("items", "toy"), "toy is not released"),
        (("grade", "../toy"), "the name of an assignment must be"),
        (("new", "images"), "exists already"),
    ],
)
def test_a_mistake_is_one_sentence(run, words, sentence):
    """On the error output, with exit status 1."""
    status, out, err = run(*words)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert sentence in err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("grade", "toy", "--workers", "-1"), "--workers: must be 1 or more, got -1"),
        (("grade", "toy", "--workers", "two"), "--workers: invalid whole number value: 'two'"),
        (("items", "toy", "--least", "nan"), "--least: must be 0 to 1, got nan"),
    ],
)
def test_an_option_out_of_range_is_refused(run, capsys, words, sentence):
    """With exit status 2, as argparse does."""
    with pytest.raises(SystemExit) as end:
        run(*words)
    assert end.value.code == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("words", [("--gradebook", "nonsense://here"), ()], ids=["gradebook", "nbgrader"])
def test_a_course_that_cannot_begin_leaves_the_folder_as_it_was(tmp_path, capsys, words):
    """Neither half a course, nor another's settings overwritten."""
    if not words:
        (tmp_path / "nbgrader_config.py").write_text("# a course of nbgrader's")
    before = tree(tmp_path)
    assert cli.main(["new", "images", "--course", str(tmp_path), *words]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "there is no course in"),
        ("name = ", "cannot be read"),
        ('name = "a"\nsecret = "short"', "must have a secret of 64"),
        (f'name = "a"\nsecret = "{SECRET}"\ncolour = "red"', "settings that there are not: colour"),
        (f'name = "a"\nsecret = "{SECRET}"\ngradebook = 3', "must have an address"),
    ],
)
def test_a_course_that_cannot_be_read(run, course, text, sentence):
    """One sentence that says what is wrong with course.toml, without the secret."""
    file = course.folder / "course.toml"
    file.unlink() if text is None else file.write_text(text)
    status, _, err = run("grade", "toy")
    assert (status, err.count("\n")) == (1, 1)
    assert sentence in err


def test_a_folder_that_is_none(run, course):
    """What the system refuses is one sentence, too."""
    (course.folder / "source").write_text("a file in the folder's place")
    status, _, err = run("release", "toy", "--sources", HERE)
    assert (status, err.count("\n")) == (1, 1)
    assert "source" in err


def test_an_assignment_is_tried_on_itself(tmp_path, capsys):
    """The reference passes, the stubs fail; a test that the reference fails or a stub passes is named."""
    validate = ["validate", "toy", "--sources", str(tmp_path)]
    text = (HERE / "toy.md").read_text()
    (tmp_path / "toy.md").write_text(text)
    assert (cli.main(validate), cli.main([*validate, "--invert"])) == (0, 0)
    assert capsys.readouterr().out == "toy: reference as wanted\ntoy: stubs as wanted\n"
    wrong = text.replace("return max(numbers)", "return min(numbers)")
    (tmp_path / "toy.md").write_text(wrong)
    assert cli.main(validate) == 1
    assert capsys.readouterr().out.startswith(
        "toy: reference WRONG in largest-works\n  largest-works: 0 of 3: "
    )
    weak = text.replace('assert largest([1, 3, 2]) == 3, "3 is the largest"', "assert True")
    before, _, rest = weak.partition("numbers = list(map(int")
    (tmp_path / "toy.md").write_text(before + rest[rest.index("### END") :])
    assert cli.main([*validate, "--invert"]) == 1
    assert "toy: stubs WRONG in largest-works" in capsys.readouterr().out


def test_without_a_wall_nothing_is_tried(monkeypatch, tmp_path, capsys):
    """One sentence that says what to install."""
    monkeypatch.setattr(cli.isolation, "available", _no_wall)
    assert cli.main(["validate", "toy", "--sources", str(HERE)]) == 1
    assert capsys.readouterr().err == f"coursework: {cli.isolation.ADVICE}\n"


def _no_wall():
    raise cli.isolation.IsolationError(cli.isolation.ADVICE)
