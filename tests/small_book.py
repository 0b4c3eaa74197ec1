"""A book of a few pages, built with the real configuration and extensions."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def build(folder, pages, **environment):
    """Write the pages, {name: Markdown}, the first one as the root; build the book and return its folder.

    `environment` adds variables to the build's own.
    """
    for name in ("extensions", "_static"):
        shutil.copytree(ROOT / name, folder / name, dirs_exist_ok=True)
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
    program = str(Path(sys.executable).with_name("jupyter-book"))
    command = [program, "build", str(folder), "-W", "--keep-going", "-q"]
    variables = {key: value for key, value in os.environ.items() if key != "BOOK_URL"} | environment
    result = subprocess.run(command, capture_output=True, text=True, env=variables)
    assert result.returncode == 0, result.stderr
    return folder / "_build" / "html"
