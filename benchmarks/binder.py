"""Run every notebook in Binder's environment, made from nothing in .venv-binder, and measure what it costs.

Usage: .venv/bin/python benchmarks/binder.py (make binder); exit with status 1 where a notebook fails. Needs
Linux and the Python that binder/runtime.txt names.

Binder builds an image with repo2docker: its base environment, then binder/requirements.txt, then the
repository, then binder/postBuild. The same steps run here without an image. The base's Python packages come
from PyPI in the versions of repo2docker's lock; what else the lock holds, this machine has in versions of its
own. The repository is a clone of what is committed.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "tools")]

from binder_lock import PYTHON, base, pins  # noqa: E402
from machine import processor  # noqa: E402

RESULTS = ROOT / "benchmarks/results/binder.json"
PLACE = ROOT / ".venv-binder"
CHECKOUT = PLACE / "checkout"
TEST_TOOLS = ("coverage", "iniconfig", "nbval", "pluggy", "pytest")  # what nbval needs beside Jupyter
MEGABYTE = 10**6


def run(*command, check=True, **variables):
    """Run a command in the checkout, with the environment's programs first, and return how that ended."""
    path = f"{PLACE / 'bin'}{os.pathsep}{os.environ['PATH']}"
    result = subprocess.run(
        [str(word) for word in command],
        cwd=CHECKOUT if CHECKOUT.is_dir() else ROOT,
        env=os.environ | {"PATH": path} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if check and result.returncode != 0:
        sys.exit(f"{result.stdout[-4000:]}\nThis failed: {' '.join(map(str, command))}")
    return result


def pip(*words):
    """Run the environment's pip, without a cache as repo2docker does, and return what it printed."""
    return run(
        PLACE / "bin/python", "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", *words
    ).stdout


def installed():
    """Return the packages of the environment, {name: version}."""
    lines = pip("freeze", "--all").splitlines()
    found = dict(line.split("==") for line in lines if "==" in line)
    return {canonicalize_name(name): number for name, number in found.items()}


def size(folder):
    """Return the bytes of all files in a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


@contextmanager
def part(name, seconds, added):
    """Measure a step: how long it takes, and by how many bytes the environment grows."""
    print(f"{name} …", flush=True)
    before = size(PLACE)
    started = time.perf_counter()
    yield
    seconds[name] = round(time.perf_counter() - started, 2)
    added[name] = size(PLACE) - before


def build(python):
    """Make the environment as repo2docker does; return the seconds and the bytes of each part."""
    seconds, added = {}, {}
    shutil.rmtree(PLACE, ignore_errors=True)
    packages, _ = base()
    with part("base", seconds, added):
        run(python, "-m", "venv", PLACE)
        pip("install", "--no-deps", *(f"{name}=={number}" for name, number in packages.items()))
    if installed() != packages:
        sys.exit("pip installed other versions than those of repo2docker's lock")
    with part("checkout", seconds, added):
        run("git", "clone", "--quiet", "--single-branch", f"file://{ROOT}", CHECKOUT)
    requirements = CHECKOUT / "binder/requirements.txt"
    with part("requirements", seconds, added):
        pip("install", "-r", requirements)
    if installed() != packages | pins(requirements):
        sys.exit("binder/requirements.txt changes the base, or lacks what it needs; make lock writes it")
    pip("check")
    with part("postBuild", seconds, added):
        run("./binder/postBuild")
    # Binder gets both in another way: the base as conda's packages, the repository over the network.
    del added["base"], seconds["checkout"]
    history = size(CHECKOUT / ".git")
    added["checkout"] -= history
    return seconds, added | {"history": history}


def notebook(path):
    """Run a notebook in a fresh process; return its row of the table, or None where it fails."""
    memory = PLACE / "memory.json"
    memory.unlink(missing_ok=True)
    started = time.perf_counter()
    result = run(
        # The older Jupyter warns of its plans, and pyproject.toml makes errors of warnings.
        *"./binder/start python -m pytest --quiet -W default -p peak -p no:cacheprovider".split(),
        path.relative_to(CHECKOUT),
        check=False,
        PYTHONPATH=str(ROOT / "benchmarks"),
        PEAK=str(memory),
    )
    seconds = round(time.perf_counter() - started, 2)
    if result.returncode != 0:
        print(result.stdout[-4000:])
        return None
    kernel = json.loads(memory.read_text(encoding="utf-8"))
    if Path(kernel["prefix"]) != PLACE:
        sys.exit(f"{path.name} did not run in {PLACE}: Jupyter found another kernel of the name python3")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = sum(cell["cell_type"] == "code" for cell in cells)
    name = str(path.relative_to(CHECKOUT).with_suffix("")).replace("chapters/", "")  # a, ko/a
    row = {"notebook": name, "cells": code, "seconds": seconds, "peak_bytes": kernel["peak_bytes"]}
    print(f"{name:10}{code:7}{seconds:9.1f}{kernel['peak_bytes'] / MEGABYTE:10.0f}", flush=True)
    return row


def suitable(python):
    """Return whether a program is the Python that Binder runs."""
    program = "import sys; print(sys.version_info[:2])"
    try:
        result = subprocess.run([python, "-c", program], capture_output=True, text=True)
    except OSError:
        return False
    return result.stdout.strip() == f"({PYTHON.replace('.', ', ')})"


def main():
    """Build, run, print and keep; return what to tell the shell."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--python", default=f"python{PYTHON}", help="default: %(default)s")
    python = parser.parse_args().python
    if not suitable(python):
        return (
            f"Binder runs Python {PYTHON}, which {python} is not: install it with its venv module, "
            'or say where it is by make binder BINDER="--python PATH"'
        )
    seconds, added = build(python)
    print("test tools …", flush=True)
    tools = pins(ROOT / "requirements.txt")
    pip("install", "--no-deps", *(f"{name}=={tools[name]}" for name in TEST_TOOLS))
    print(f"\n{'notebook':10}{'cells':>7}{'seconds':>9}{'peak MB':>10}")
    paths = sorted([*CHECKOUT.glob("chapters/*.ipynb"), *CHECKOUT.glob("*/chapters/*.ipynb")])
    found = {path: notebook(path) for path in paths}
    if failed := [str(path.relative_to(CHECKOUT)) for path, row in found.items() if row is None]:
        return f"These notebooks failed in Binder's environment: {', '.join(failed)}"
    rows = list(found.values())
    seconds["notebooks"] = round(sum(row["seconds"] for row in rows), 2)
    seconds["total"] = round(sum(seconds.values()), 2)
    print("\nseconds: " + ", ".join(f"{name} {value:.2f}" for name, value in seconds.items()))
    print("bytes added: " + ", ".join(f"{name} {value:,}" for name, value in added.items()))
    packages, others = base()
    print(f"base: {len(packages)} packages from PyPI; {len(others)} not to be had there: {', '.join(others)}")
    content = {
        "machine": {
            "processor": processor(),
            "cores": os.cpu_count(),
            "versions": {
                "Python": run("python", "--version").stdout.split()[1],
                "repo2docker": version("jupyter-repo2docker"),
                **{name: installed()[name] for name in ("jupyterlab", "notebook", "ipykernel", "numpy")},
            },
            "date": datetime.now(UTC).date().isoformat(),
        },
        "base": {"python": others["python"], "packages": len(packages), "not_on_pypi": sorted(others)},
        "seconds": seconds,
        "bytes": added,
        "rows": rows,
    }
    RESULTS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
