"""Build the library's wheel and source distribution: `make dist` writes both to dist/.

Usage: python tools/dist.py [TAG]; a tag that is not the library's version, v1.2.3 for 1.2.3, is refused.

They are built in a copy that holds the library and nothing else, so that no test, no egg-info and no build of
somebody else gets in; with a date that is always the same, so that the same files give the same bytes.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import imagebook

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
BESIDE = ("pyproject.toml", "README.md", "LICENSE")
DATE = "315532800"  # 1 January 1980, the first that a zip can say


def build(folder, *kinds):
    """Write the distributions of some kinds, "wheel" and "sdist", to a folder; return their paths."""
    with tempfile.TemporaryDirectory() as copy, tempfile.TemporaryDirectory() as made:
        skip = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / "lib/imagebook", Path(copy, "lib/imagebook"), ignore=skip)
        for name in BESIDE:
            shutil.copy(ROOT / name, copy)
        settings = Path(copy, "pyproject.toml")
        # The command for teachers comes with the repository, where the assignments are.
        settings.write_text(re.sub(r"\[project\.scripts\]\n(.+\n)+\n", "", settings.read_text()))
        command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", made, copy]
        command += [f"--{kind}" for kind in kinds]
        environment = os.environ | {"SOURCE_DATE_EPOCH": DATE}
        result = subprocess.run(command, env=environment, capture_output=True, text=True)
        if result.returncode != 0:
            raise RuntimeError(f"the library was not built:\n{result.stdout[-2000:]}{result.stderr[-2000:]}")
        folder.mkdir(parents=True, exist_ok=True)
        return [Path(shutil.move(path, folder / path.name)) for path in sorted(Path(made).iterdir())]


def main(tag=None):
    """Write both to dist/, in place of older ones; return what to tell the shell."""
    wanted = f"v{imagebook.__version__}"
    if tag not in (None, wanted):
        return f"The tag must be {wanted}, as the version in lib/imagebook/__init__.py is, got {tag!r}."
    shutil.rmtree(DIST, ignore_errors=True)
    for path in build(DIST, "wheel", "sdist"):
        print(f"{path.relative_to(ROOT)}  {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
