"""Try the library's wheel under several versions of Python, as people install it.

Usage: make pythons PYTHONS="python3.11 python3.14"; without names, those of python3.11 to python3.14 that are
on the PATH. For each: a fresh environment, the wheel and what pip brings with it, which must be what the four
requirements need and nothing else; then the library's unit tests and doctests against the wheel, and all
notebooks. The Python of the browser's kernel is tried a second time, with the kernel's versions of NumPy,
matplotlib and the rest (lite/pyodide.json). Exit with status 1 where something failed.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import dist  # noqa: E402

RESULTS = ROOT / "benchmarks/results/pythons.json"
KNOWN = [f"python3.{minor}" for minor in range(11, 15)]
# What runs the tests, in the versions of requirements.txt.
TOOLS = ("hypothesis", "ipykernel", "nbval", "pytest")
# Prints, in the environment: the versions of Python and the library, what is installed, and what should be.
LOOK = """
import json, platform, re
from importlib.metadata import distribution, distributions, version
from packaging.requirements import Requirement

def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()

wanted, left = set(), ["imagebook"]
while left:
    name = plain(left.pop())
    if name not in wanted:
        wanted.add(name)
        for needed in map(Requirement, distribution(name).requires or []):
            if not needed.marker or needed.marker.evaluate({"extra": ""}):
                left.append(needed.name)
import imagebook
print(json.dumps({
    "python": platform.python_version(),
    "imagebook": imagebook.__version__,
    "place": imagebook.__file__,
    "installed": sorted(plain(found.name) for found in distributions()),
    "wanted": sorted(wanted),
    "numpy": version("numpy"),
    "matplotlib": version("matplotlib"),
}))
"""


def tests():
    """Return the unit tests that need the library and no tool of the book: one file for each module."""
    modules = [path.stem.removeprefix("_") for path in (ROOT / "lib/imagebook").glob("*.py")]
    names = sorted(f"tests/test_{name}.py" for name in [*modules, "bad_input", "bad_input_models", "widgets"])
    return [name for name in names if (ROOT / name).is_file()]


def pinned(names):
    """Return the lines of requirements.txt for some libraries."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.partition("==")[0] in names]


def run(command, **options):
    """Return what a command prints; raise with its last lines where it fails."""
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command[:6]))} …\n{(result.stdout + result.stderr)[-3000:]}")
    return result.stdout


def tried(interpreter, wheel, constraints):
    """Return what was found out about one interpreter."""
    with tempfile.TemporaryDirectory() as folder:
        python, limits = Path(folder, "environment/bin/python"), Path(folder, "constraints.txt")
        limits.write_text("\n".join(constraints), encoding="utf-8")
        # Not every Python brings pip along; ours installs for it.
        run([interpreter, "-m", "venv", "--without-pip", Path(folder, "environment")])
        install = [sys.executable, "-W", "ignore", "-m", "pip", "--quiet", "--disable-pip-version-check"]
        install += ["--python", python, "install", "--constraint", limits]
        run([*install, wheel])
        found = json.loads(run([python, "-c", LOOK], cwd=folder))
        if not found.pop("place").startswith(folder):
            raise RuntimeError(f"{interpreter} took the library from elsewhere than the wheel")
        found["unwanted"] = sorted(set(found.pop("installed")) - set(found["wanted"]))
        found["packages"] = len(found.pop("wanted"))
        run([*install, *pinned(TOOLS)])
        pytest = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        places = {"MPLCONFIGDIR": folder, "IPYTHONDIR": folder, "OPENBLAS_NUM_THREADS": "1"}
        options = {"cwd": ROOT, "env": os.environ | places}
        found["unit_tests"] = passed(run([*pytest, *tests()], **options))
        found["doctests"] = passed(run([*pytest, "--pyargs", "imagebook"], **options))
        found["notebook_cells"] = passed(run([*pytest, "--nbval-current-env", "chapters"], **options))
        return found


def passed(output):
    """Return how many tests passed; those that need the full MNIST are skipped where it is not at hand."""
    return int(re.search(r"(\d+) passed", output.strip().splitlines()[-1])[1])


def main():
    """Try each interpreter, print a line for it, and keep what was found."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("interpreters", nargs="*", default=list(filter(shutil.which, KNOWN)))
    interpreters = parser.parse_args().interpreters
    if not interpreters:
        return f"None of {', '.join(KNOWN)} is on the PATH: name an interpreter."
    if missing := [name for name in interpreters if not shutil.which(name)]:
        return f"There is no program {', '.join(missing)}."
    browser = json.loads((ROOT / "lite/pyodide.json").read_text(encoding="utf-8"))
    as_there = [f"{name}=={version}" for name, version in browser["packages"].items()]
    rows, failures = [], []
    print("Python   NumPy   matplotlib  packages  unwanted  unit tests  doctests  notebook cells", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        [wheel] = dist.build(Path(folder), "wheel")
        for interpreter in interpreters:
            said = run([interpreter, "-c", "import platform; print(platform.python_version())"]).strip()
            sets = {"newest": []}
            if said.rpartition(".")[0] == browser["python"].rpartition(".")[0]:
                sets[f"as Pyodide {browser['version']}"] = as_there
            for libraries, constraints in sets.items():
                try:
                    row = {"libraries": libraries, **tried(interpreter, wheel, constraints)}
                except RuntimeError as error:
                    failures.append(f"Python {said}, libraries {libraries}: {error}")
                    print(f"{said:9}failed", flush=True)
                    continue
                rows.append(row)
                if row["unwanted"]:
                    failures.append(f"Python {said}: nothing asks for {', '.join(row['unwanted'])}")
                print(
                    f"{row['python']:9}{row['numpy']:8}{row['matplotlib']:12}{row['packages']:8}"
                    f"{len(row['unwanted']):10}{row['unit_tests']:12}{row['doctests']:10}"
                    f"{row['notebook_cells']:16}  {libraries}",
                    flush=True,
                )
    if failures:
        return "\n".join(failures)
    RESULTS.write_text(
        json.dumps({"date": datetime.now(UTC).date().isoformat(), "rows": rows}, indent=1) + "\n"
    )


if __name__ == "__main__":
    sys.exit(main())
