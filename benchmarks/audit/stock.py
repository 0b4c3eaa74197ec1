"""Build the same chapters with Jupyter Book as it comes, for comparison: same text, same results of cells."""

import shutil
import subprocess
import sys
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FOLDER = ROOT / "_build/stock"


def configuration():
    """Return what a book must say of itself and the extensions that its text needs; the rest is default."""
    ours = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    return {
        "title": ours["title"],
        "author": ours["author"],
        "only_build_toc_files": True,
        "execute": {"execute_notebooks": "cache", "cache": str(FOLDER / ".jupyter_cache")},
        "bibtex_bibfiles": ours["bibtex_bibfiles"],
        "parse": ours["parse"],
        "sphinx": {
            "extra_extensions": ["sphinx_exercise", "our_words"],
            "local_extensions": {"our_words": str(HERE)},
            "config": {"bibtex_reference_style": ours["sphinx"]["config"]["bibtex_reference_style"]},
        },
    }


def build(pages):
    """Build these pages of the book, which has been built before; return the folder of the HTML."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.copytree(ROOT / "_build/.jupyter_cache", FOLDER / ".jupyter_cache")
    for file in ["_toc.yml", "references.bib", *(f"{page}.md" for page in pages)]:
        (FOLDER / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, FOLDER / file)
    text = yaml.safe_dump(configuration(), allow_unicode=True, sort_keys=False)
    (FOLDER / "_config.yml").write_text(text, encoding="utf-8")
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", str(FOLDER), "-q"]
    result = subprocess.run(command, capture_output=True, text=True)
    html = FOLDER / "_build/html"
    if missing := [page for page in pages if not (html / f"{page}.html").is_file()]:
        raise RuntimeError(f"the stock book has no {', '.join(missing)}:\n{result.stderr[-3000:]}")
    return html
