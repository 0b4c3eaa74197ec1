"""Binder's environment, as repo2docker would build it: its layers, its pins and its two scripts."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import warnings
from importlib.metadata import distribution, packages_distributions

import pytest
import scripts
from cells import parsed
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

with warnings.catch_warnings(action="ignore"):  # it imports a module by its older name
    from repo2docker.app import Repo2Docker

lock = scripts.load("tools/binder_lock.py")
BASE, OTHERS = lock.base()
OURS = lock.pins(lock.REQUIREMENTS)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """Return a copy of the repository's files, without what was built."""
    folder = tmp_path_factory.mktemp("checkout")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=lock.ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (lock.ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(lock.ROOT / name, folder / name)
    return folder


def instructions(folder, capsys):
    """Return the instructions of the Dockerfile that repo2docker would build from a folder."""
    program = Repo2Docker(repo=str(folder), dry_run=True, run=False, user_id=1000, user_name="jovyan")
    program.platform = "linux/amd64"  # as on mybinder.org
    program.build()
    text = capsys.readouterr().out.replace("\\\n", " ")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


@pytest.fixture
def layers(checkout, capsys):
    """Return the instructions before and behind the one that copies the repository."""
    lines = instructions(checkout, capsys)
    (copy,) = [index for index, line in enumerate(lines) if line.endswith(" src/ ${REPO_DIR}/")]
    return lines[:copy], lines[copy + 1 :]


def test_repo2docker_builds_for_python_3_12(checkout, monkeypatch):
    """The buildpack that takes the repository is the one for requirements, and has a base of that Python."""
    monkeypatch.chdir(checkout)
    packs = [kind(base_image="any") for kind in Repo2Docker().buildpacks]
    chosen = next(pack for pack in packs if pack.detect())
    assert type(chosen).__name__ == "PythonBuildPack"
    assert chosen.python_version == lock.PYTHON == "3.12"
    assert OTHERS["python"].startswith("3.12.")


def test_requirements_are_installed_before_the_repository_comes(layers):
    """They are all that the earlier layers see of it, so no other change builds those again."""
    before, _ = layers
    assert [line.split()[2:] for line in before if line.startswith("COPY") and " src/" in line] == [
        ["src/binder/requirements.txt", "${REPO_DIR}/binder/requirements.txt"]
    ]
    assert [line for line in before if "pip install" in line] == [
        'RUN ${KERNEL_PYTHON_PREFIX}/bin/pip install --no-cache-dir -r "binder/requirements.txt"'
    ]


def test_nothing_is_installed_behind_the_repository(layers):
    """What runs for every commit is postBuild, and what makes both scripts executable."""
    _, behind = layers
    assert [line for line in behind if line.startswith("RUN")] == [
        "RUN chmod +x binder/postBuild",
        "RUN ./binder/postBuild",
        'RUN chmod +x "${REPO_DIR}/binder/start"',
    ]
    assert 'ENV R2D_ENTRYPOINT="${REPO_DIR}/binder/start"' in behind


def test_a_commit_changes_no_instruction(checkout, capsys, tmp_path):
    """Where the library, a chapter and the book's own requirements change, the Dockerfile stays the same."""
    changed = tmp_path / "changed"
    shutil.copytree(checkout, changed)
    for name in ("lib/imagebook/boxes.py", "chapters/i.ipynb", "pyproject.toml", "requirements.txt"):
        (changed / name).write_text((changed / name).read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert instructions(changed, capsys) == instructions(checkout, capsys)


def test_a_local_path_would_be_installed_behind_the_repository(checkout, capsys, tmp_path):
    """The trap that the list keeps out of: with it, these tests see the installation move."""
    trapped = tmp_path / "trapped"
    shutil.copytree(checkout, trapped)
    with (trapped / "binder/requirements.txt").open("a", encoding="utf-8") as file:
        file.write("-e .\n")
    lines = instructions(trapped, capsys)
    (copy,) = [index for index, line in enumerate(lines) if line.endswith(" src/ ${REPO_DIR}/")]
    assert not any("pip install" in line for line in lines[:copy])
    assert any("pip install" in line for line in lines[copy:])


def test_every_requirement_is_an_exact_pin_of_the_lock():
    """Names and versions only, no address and no path; the same versions as everywhere else."""
    lines = lock.REQUIREMENTS.read_text().splitlines()[1:]
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9.]+", line) for line in lines)
    assert lines and OURS.items() <= lock.pins(lock.ROOT / "requirements.txt").items()


def test_the_list_holds_what_the_base_lacks_and_no_more():
    """All that the library needs, and what that needs in turn, is in one of them, in a fitting version."""
    seen, waiting = set(), [Requirement("imagebook[progress]")]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if name != "imagebook":
            there = (BASE | OURS).get(name, "nothing")
            assert there != "nothing" and wanted.specifier.contains(there), f"{wanted}: Binder has {there}"
        if name in BASE or (name, *wanted.extras) in seen:
            continue  # what the base has, is there with all its needs
        seen.add((name, *wanted.extras))
        for line in distribution(name).requires or []:
            needed = Requirement(line)
            extras = wanted.extras or {""}
            if needed.marker is None or any(
                needed.marker.evaluate(lock.MARKERS | {"extra": e}) for e in extras
            ):
                waiting.append(needed)
    assert {name for name, *_ in seen} == OURS.keys() | {"imagebook"}


def imported(tree):
    """Return the top-level names of all modules that some code imports."""
    nodes = list(ast.walk(tree))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    return {name.partition(".")[0] for name in names}


def test_every_import_is_covered(root):
    """What the notebooks and the library import is Python's, the library, or a package that Binder has."""
    names = set()
    for path in sorted((root / "chapters").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for cell in cells:
            if cell["cell_type"] == "code":
                names |= imported(parsed("".join(cell["source"])))
    assert {"imagebook", "matplotlib"} <= names
    for path in sorted((root / "lib/imagebook").rglob("*.py")):
        names |= imported(ast.parse(path.read_text(encoding="utf-8")))
    foreign = names - sys.stdlib_module_names - {"imagebook"}
    assert {"numpy", "IPython", "PIL"} <= foreign
    providers = packages_distributions()
    there = BASE.keys() | OURS.keys()
    assert [n for n in foreign if there.isdisjoint(map(canonicalize_name, providers.get(n, [])))] == []


@pytest.fixture
def in_prefix(tmp_path):
    """Return a function that runs a command elsewhere, with a fresh Python before all others on PATH."""
    folder = tmp_path / "prefix"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])

    def run(*command):
        result = subprocess.run(
            command,
            cwd=tmp_path,
            env={"PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return result.returncode, result.stdout.strip()

    return run


def test_postbuild_makes_the_checkout_importable(checkout, in_prefix, tmp_path):
    """Before it runs there is no library, behind it that of the checkout; a second run changes nothing."""
    where = ("python", "-c", "import imagebook; print(imagebook.__file__)")
    code, said = in_prefix(*where)
    assert code == 1 and "No module named 'imagebook'" in said
    written = []
    for _ in range(2):
        assert in_prefix(str(checkout / "binder/postBuild")) == (0, "")
        assert in_prefix(*where) == (0, str(checkout / "lib/imagebook/__init__.py"))
        written.append({path: path.read_text() for path in tmp_path.rglob("*.pth")})
    assert written[0] == written[1] and len(written[0]) == 1


def test_start_sets_one_thread_and_passes_all_on(root, in_prefix):
    """The program behind it gets every argument as it was, and its exit status is start's."""
    program = "import os, sys; print(os.environ['OPENBLAS_NUM_THREADS'], sys.argv[1:]); sys.exit(3)"
    arguments = ["two words", "", "--flag=$HOME", "*"]
    start = str(root / "binder/start")
    assert in_prefix(start, "python", "-c", program, *arguments) == (3, f"1 {arguments}")


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_scripts_are_executable_in_git(root, name):
    """A clone can run them by hand."""
    command = ["git", "ls-files", "--stage", f"binder/{name}"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    assert listed.startswith("100755 ")
