"""Write binder/requirements.txt: what the notebooks need and Binder's base environment lacks.

Binder installs this list into the base environment, whose versions repo2docker fixes. Where both know a
package the base's version holds, for Jupyter itself runs on it; all else has the version of requirements.txt.
"""

import re
import subprocess
import sys
import tempfile
from importlib.metadata import distribution
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "binder/requirements.txt"
PYTHON = (ROOT / "binder/runtime.txt").read_text().strip().removeprefix("python-")
LOCKS = Path(distribution("jupyter-repo2docker").locate_file("repo2docker/buildpacks/conda"))
LOCK = LOCKS / f"environment.py-{PYTHON}-linux-64.lock"
MARKERS = default_environment() | {
    "os_name": "posix",
    "platform_system": "Linux",
    "python_full_version": f"{PYTHON}.0",
    "python_version": PYTHON,
    "sys_platform": "linux",
}
HEADER = "# What the notebooks need and Binder's base environment lacks; `make lock` writes this file.\n"

# Packages that conda-forge gives another name than PyPI.
RENAMED = {
    "brotli-python": "brotli",
    "jupyterhub-base": "jupyterhub",
    "nbconvert-core": "nbconvert",
    "python-fastjsonschema": "fastjsonschema",
}


def base():
    """Return the base environment as two dicts {name: version}: Python's packages, and what PyPI lacks.

    A Python package says so in its build (pyhd8ed1ab, py312h…). So does cpython, a second name of python;
    typing-extensions does not, a second name of typing_extensions.
    """
    packages, others = {}, {}
    lines = re.findall(r"/([^/]+)-([^/-]+)-([^/-]+)(?:\.conda|\.tar\.bz2)#", LOCK.read_text())
    for name, version, build in lines:
        if build.startswith("py") and name != "cpython":
            packages[canonicalize_name(RENAMED.get(name, name))] = version
        else:
            others[name] = version
    return packages, {name: version for name, version in others.items() if name not in packages}


def pins(path):
    """Return what a file of exact requirements pins on Binder, {name: version}."""
    found = {}
    for line in path.read_text().splitlines():
        if line and not line.startswith(("#", "-")):
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate(MARKERS):
                (pin,) = requirement.specifier
                found[canonicalize_name(requirement.name)] = pin.version
    return found


def main():
    """Let uv find all that the library needs, with every version fixed, and keep what the base lacks."""
    there, _ = base()
    fixed = pins(ROOT / "requirements.txt") | there
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder, "constraints.txt")
        constraints.write_text("".join(f"{name}=={version}\n" for name, version in fixed.items()))
        command = [
            *(Path(sys.executable).with_name("uv"), "pip", "compile", "pyproject.toml", "--quiet"),
            *("--extra", "progress", "--python-version", PYTHON, "--python-platform", "linux"),
            *("--constraint", constraints, "--no-emit-package", "imagebook", "--no-annotate", "--no-header"),
        ]
        result = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if result.returncode != 0:
        return "The library does not go together with Binder's base environment; uv says why, above."
    lines = [line for line in result.stdout.splitlines() if line.partition("==")[0] not in there]
    REQUIREMENTS.write_text(HEADER + "".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    sys.exit(main())
