"""The files around the book: what is pinned, and what must not be written anywhere."""

import re
import subprocess
import tomllib

import pytest


def test_requirements_are_exact_and_name_no_registry(root):
    """Every line pins one version; the last installs the library itself."""
    lines = [
        line for line in (root / "requirements.txt").read_text().splitlines() if not line.startswith("#")
    ]
    assert lines[-1] == "-e ."
    for line in lines[:-1]:
        assert re.fullmatch(r"[\w.-]+(\[[\w,-]+\])?==[\w.]+( ; .+)?", line), line


def test_the_lock_covers_every_range(root):
    """Each direct dependency of pyproject.toml is pinned; `make lock` writes the file."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    ranges = project["dependencies"] + [
        r for extra in project["optional-dependencies"].values() for r in extra
    ]
    names = {re.match(r"[\w-]+", text)[0] for text in ranges} - {"imagebook"}
    pinned = set(re.findall(r"^([\w.-]+)==", (root / "requirements.txt").read_text(), flags=re.MULTILINE))
    assert names <= pinned


def test_every_data_file_is_packed(root):
    """The patterns of the package data find all that lies in the data folder."""
    tools = tomllib.loads((root / "pyproject.toml").read_text())["tool"]
    package = root / "lib" / "imagebook"
    found = set()
    for pattern in tools["setuptools"]["package-data"]["imagebook"]:
        found |= set(package.glob(pattern))
    files = {path for path in (package / "data").rglob("*") if path.is_file()}
    assert files and files <= found


def test_the_version_stands_once_in_each_place(root):
    """The package and the citation name the same version; the project file asks the package."""
    import imagebook

    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    citation = (root / "CITATION.cff").read_text()
    assert project["dynamic"] == ["version"]
    assert f"version: {imagebook.__version__}\n" in citation


def test_make_without_a_target_lists_the_targets(root):
    """`make` says what there is, and every target says what it does."""
    listed = subprocess.run(["make", "--silent"], cwd=root, capture_output=True, text=True, check=True).stdout
    names = [line.split()[0] for line in listed.splitlines()]
    targets = re.search(r"^\.PHONY: (.*)$", (root / "Makefile").read_text(), flags=re.MULTILINE)[1].split()
    assert sorted(names) == sorted(targets) and {"book", "test"} <= {*names}


@pytest.mark.parametrize("address", ["http://192.0.2.1/", "http://example.org/"])
def test_tests_run_without_network(address):
    """Neither an address nor a name outside this machine is reached."""
    import urllib.request

    with pytest.raises(RuntimeError, match="tests run without network"):
        urllib.request.urlopen(address, timeout=1)


def test_a_browser_is_asked_by_functions(root):
    """`wait_for_function` repeats an expression by `eval`, which the policy of the pages refuses."""
    asked = re.compile(r'wait_for_function\(\s*f?"++(?!(?:\([^)]*\)|\w+) =>).*')
    found = [
        f"{path.relative_to(root)}: {match[0]}"
        for folder in ("tests", "benchmarks")
        for path in (root / folder).rglob("*.py")
        for match in asked.finditer(path.read_text())
    ]
    assert not found
