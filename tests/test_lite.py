"""What the browser's Python is built of: wheels made of what is installed."""

import subprocess
import sys
import zipfile

import pytest
from scripts import load

TOOL = load("tools/lite.py")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """Return the paths of the wheels, {name: path}."""
    folder = tmp_path_factory.mktemp("wheels")
    for name in TOOL.WHEELS:
        TOOL.wheel(name, folder)
    return {path.name.partition("-")[0]: path for path in folder.iterdir()}


def test_wheels_are_of_python_only(wheels):
    """Any machine can take them; they have no compiled parts, and no scripts of JupyterLab's front-end."""
    assert sorted(wheels) == sorted(name.replace("-", "_") for name in TOOL.WHEELS)
    for path in wheels.values():
        assert path.name.endswith("-py3-none-any.whl")
        ends = {name.rpartition(".")[2] for name in zipfile.ZipFile(path).namelist()}
        assert "py" in ends and not ends & {"so", "pyd", "pyc", "js", "map"}


def test_the_same_installation_gives_the_same_wheel(wheels, tmp_path):
    """A site built again has the same files."""
    TOOL.wheel("psygnal", tmp_path)
    assert (tmp_path / wheels["psygnal"].name).read_bytes() == wheels["psygnal"].read_bytes()


def test_wheels_work(wheels):
    """Each can be imported, also psygnal without its compiled parts; a figure can be made of them."""
    program = (
        f"import sys; sys.path[:0] = {[str(path) for path in wheels.values()]}\n"
        "import anywidget, comm, ipywidgets, jupyterlab_widgets, pooch, psygnal\n"
        "from imagebook.widgets import IntersectionOverUnion\n"
        "IntersectionOverUnion()\n"
        "for module in (anywidget, comm, ipywidgets, jupyterlab_widgets, pooch, psygnal, psygnal._signal):\n"
        "    assert '.whl' in module.__file__ and module.__file__.endswith('.py'), module.__file__\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_another_jupyterlite_is_refused(tmp_path):
    """Where the place to change is not found, the build stops: the reader's offline book is at stake."""
    (tmp_path / "1.js").write_text("async _unregisterOldServiceWorkers(e){await something.else()}")
    with pytest.raises(RuntimeError, match="treats service workers in another way"):
        TOOL.patch(tmp_path)
