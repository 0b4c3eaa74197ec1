"""A book of a few pages, built with the real configuration and extensions."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def write(folder, pages):
    """Write a book's files, among them its pages, {name: Markdown}, the first one as the root."""
    for name in ("extensions", "_static"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("_config.yml", "references.bib", "CITATION.cff"):
        shutil.copy(ROOT / name, folder / name)
    names = list(pages)
    toc = [f"  - file: {name}" for name in names[1:]]
    lines = ["format: jb-book", f"root: {names[0]}", *(["chapters:", *toc] if toc else [])]
    (folder / "_toc.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for name, text in pages.items():
        path = folder / f"{name}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)  # or git asks the folders above


def remote(folder, address):
    """Say where a book's repository was cloned from."""
    subprocess.run(["git", "-C", str(folder), "remote", "add", "origin", address], check=True)


def run(folder, **environment):
    """Build the book in a folder and return how that ended; `environment` adds to the build's variables."""
    program = str(Path(sys.executable).with_name("jupyter-book"))
    command = [program, "build", str(folder), "-W", "--keep-going", "-q"]
    variables = {key: value for key, value in os.environ.items() if key != "BOOK_URL"} | environment
    return subprocess.run(command, capture_output=True, text=True, env=variables)


def build(folder, pages, **environment):
    """Write a book, build it and return the folder of its website."""
    write(folder, pages)
    result = run(folder, **environment)
    assert result.returncode == 0, result.stderr
    return folder / "_build" / "html"
