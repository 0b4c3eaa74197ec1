"""The workflows: sound in form, careful with rights, and with no way of their own to do a thing."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

WORKFLOWS = sorted((Path(__file__).resolve().parent.parent / ".github/workflows").glob("*.yml"))
# What a step may run beside make and .ci/: GitHub's own program, and git for what that cannot do.
PROGRAMS = {"make", "bash .ci/run", "bash .ci/browser", "gh", "git"}


def program(name):
    """Return the path of a program of this environment."""
    return str(Path(sys.executable).with_name(name))


def read(path):
    """Return a workflow; YAML 1.1 takes its word `on` for true."""
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    return workflow | {"on": workflow.pop(True)}


def steps(workflow):
    """Return all steps of a workflow's jobs."""
    return [step for job in workflow["jobs"].values() for step in job.get("steps", [])]


def test_there_is_one_for_each_duty():
    """Tests, the website, a release, a monthly look at new dependencies."""
    assert [path.stem for path in WORKFLOWS] == ["monthly", "pages", "release", "test"]


def test_they_have_the_form_that_github_wants():
    """check-jsonschema brings GitHub's schema of a workflow."""
    command = [
        program("check-jsonschema"),
        "--builtin-schema",
        "vendor.github-workflows",
        *map(str, WORKFLOWS),
    ]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_they_are_safe_as_far_as_a_program_can_tell(root, tmp_path):
    """Zizmor finds nothing: no text of others in a shell, no right too many, no credentials left behind."""
    command = [program("zizmor"), "--offline", "--no-progress", "--quiet"]
    result = subprocess.run([*command, ".github/workflows"], cwd=root, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    unsafe = tmp_path / ".github/workflows/unsafe.yml"
    unsafe.parent.mkdir(parents=True)
    unsafe.write_text(
        "on: issues\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - run: echo ${{ github.event.issue.title }}\n"
    )
    assert subprocess.run([*command, str(tmp_path)], capture_output=True).returncode != 0


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_its_commands_are_those_of_the_makefile(root, path):
    """Each line calls make with a target that there is, .ci/, gh or git: one can try it by hand."""
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text(), flags=re.MULTILINE))
    for step in steps(read(path)):
        text = step.get("run", "").replace("\\\n", " ")
        for line in text.splitlines():
            words = line.split()
            assert " ".join(words[:2]) in PROGRAMS or words[0] in PROGRAMS, line
            if words[0] == "make":
                assert words[1] in targets, line
            if words[0] == "bash":
                assert (root / words[1]).is_file(), line


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_it_has_no_right_but_those_that_a_job_names(path):
    """Nothing by default; no job waits for ever."""
    workflow = read(path)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert "permissions" in job and ("timeout-minutes" in job or "uses" in job), name


def test_tests_run_on_every_python_that_the_library_promises(root):
    """From the least of pyproject.toml on; a release is tested in the same way."""
    matrix = read(root / ".github/workflows/test.yml")["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert matrix == ["3.11", "3.12", "3.13", "3.14"]
    assert (
        read(root / ".github/workflows/release.yml")["jobs"]["test"]["uses"] == "./.github/workflows/test.yml"
    )


def test_a_release_reaches_readers_in_the_right_order(root):
    """Tested, built; on PyPI before the branch moves whose notebooks ask it; then the site and Binder."""
    jobs = read(root / ".github/workflows/release.yml")["jobs"]
    needs = {name: job.get("needs") for name, job in jobs.items()}
    assert needs == {
        **{"test": None, "build": "test", "pypi": "build", "github": "pypi"},
        **{"pages": "github", "binder": "github"},
    }
    moved = " ".join(step.get("run", "") for step in jobs["github"]["steps"])
    branch = re.search(r'^BRANCH = "(\w+)"$', (root / "extensions/launch.py").read_text(), re.MULTILINE)[1]
    assert f"git/refs/heads/{branch}" in moved
    checkout = steps(read(root / ".github/workflows/pages.yml"))[0]
    assert checkout["with"]["ref"] == branch
    assert f"/{branch} " in re.search(r"^warm:.*\n(.*)", (root / "Makefile").read_text(), re.MULTILINE)[1]
