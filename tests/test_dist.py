"""What people install: the wheel and the source distribution hold all of the library and nothing else."""

import email
import os
import re
import subprocess
import sys
import tarfile
import zipfile

import pytest
import scripts


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return the paths of a wheel and a source distribution, {"whl": …, "gz": …}."""
    paths = scripts.load("tools/dist.py").build(tmp_path_factory.mktemp("dist"), "wheel", "sdist")
    return {path.suffix.removeprefix("."): path for path in paths}


def library(root):
    """Return the names of the library's files as git knows them: code, scripts, style sheets and data."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "imagebook"],
        cwd=root / "lib",
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert {".py", ".js", ".css", ".npz", ".png"} <= {os.path.splitext(name)[1] for name in listed}
    return {name for name in listed if (root / "lib" / name).exists()}


def test_the_wheel_holds_the_library_and_nothing_else(root, built):
    """Every file of lib/imagebook; beside them only the wheel's own description."""
    names = {name for name in zipfile.ZipFile(built["whl"]).namelist() if not name.endswith("/")}
    described = {name for name in names if re.match(r"imagebook-[\d.]+\.dist-info/", name)}
    assert names - described == library(root)
    assert {name.split("/", 1)[1] for name in described} == {
        *("METADATA", "RECORD", "WHEEL", "top_level.txt", "licenses/LICENSE")
    }


def test_the_source_distribution_builds_the_same_library(root, built):
    """It has what the build needs, every file of the library, and no tests."""
    with tarfile.open(built["gz"]) as archive:
        names = {member.name.split("/", 1)[1] for member in archive.getmembers() if member.isfile()}
    kept = {f"lib/{name}" for name in library(root)} | {"pyproject.toml", "README.md", "LICENSE"}
    assert kept <= names
    assert all(name in {"PKG-INFO", "setup.cfg"} or ".egg-info/" in name for name in names - kept)


def test_the_wheel_asks_for_four_libraries(built):
    """NumPy, matplotlib, anywidget and pooch; all else is an extra. Any Python from 3.11, any machine."""
    archive = zipfile.ZipFile(built["whl"])
    name = next(name for name in archive.namelist() if name.endswith("/METADATA"))
    metadata = email.message_from_bytes(archive.read(name))
    needed = [line for line in metadata.get_all("Requires-Dist") if "extra ==" not in line]
    assert sorted(re.match(r"[\w-]+", line)[0] for line in needed) == [
        *("anywidget", "matplotlib", "numpy", "pooch")
    ]
    assert metadata["Requires-Python"] == ">=3.11"
    assert built["whl"].name == f"imagebook-{metadata['Version']}-py3-none-any.whl"


def test_the_same_files_give_the_same_bytes(built, tmp_path):
    """A wheel's hash says whether the library changed."""
    (again,) = scripts.load("tools/dist.py").build(tmp_path, "wheel")
    assert again.read_bytes() == built["whl"].read_bytes()


def test_the_library_runs_from_the_wheel(built, tmp_path):
    """Its data, its stored models and its figures' scripts are found where the wheel puts them."""
    zipfile.ZipFile(built["whl"]).extractall(tmp_path)
    program = (
        "import imagebook\n"
        "from imagebook import images, mnist\n"
        "from imagebook.widgets import IntersectionOverUnion\n"
        "pictures, labels = mnist.load('test')\n"
        "print(imagebook.__file__)\n"
        "print(len(pictures), images.photograph('cat').shape[-1], len(IntersectionOverUnion()._esm) > 1000)\n"
    )
    environment = {"PYTHONPATH": str(tmp_path), "PATH": os.environ["PATH"], "MPLCONFIGDIR": str(tmp_path)}
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    place, found = result.stdout.splitlines()
    assert place.startswith(str(tmp_path))
    assert found == "2000 3 True"


def test_a_tag_that_is_not_the_version_builds_nothing():
    """A release under a wrong name would be fetched by no notebook; one sentence says what was wanted."""
    tool = scripts.load("tools/dist.py")
    answer = tool.main("v99.0.0")
    assert "v99.0.0" in answer and tool.imagebook.__version__ in answer
