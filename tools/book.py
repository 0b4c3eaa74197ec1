"""Build the website: run the chapters that changed, all cores busy, then let Jupyter Book lay out the pages.

Jupyter Book alone runs notebooks one after another, does not notice that the library changed, and ends well
when pages are missing. This adds those three things and the editions in other languages: the English one is
built from the sources as they are, then each other one, with BOOK_LANGUAGE set, from what tools/edition.py
writes.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import edition
import lite
import yaml
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution
from language import EDITIONS, LANGUAGE
from myst_nb.core.read import is_myst_markdown_notebook, myst_nb_reader_plugin

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build/html"
SOURCE = ROOT if LANGUAGE == "en" else edition.SOURCE
BUILD = SOURCE / "_build"
CACHE = BUILD / ".jupyter_cache"
PAGES_FOLDER = BUILD / "html"
# A chapter runs in 20 s; a machine five times slower still builds the book.
SECONDS_PER_CELL = 100


def pages():
    """Return the names of all pages of the book, in the order of _toc.yml."""
    toc = yaml.safe_load((SOURCE / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *(entry["file"] for part in toc["parts"] for entry in part["chapters"])]


def fingerprint(folders, *, without=None):
    """Return a hash of every file in the folders, or of a file itself, for noticing that one changed.

    `without` is a pattern of names that do not matter.
    """
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted([ROOT / folder, *(ROOT / folder).rglob("*")]):
            if path.is_file() and not (
                "__pycache__" in path.parts or ".egg-info" in str(path) or without and path.match(without)
            ):
                digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    digest.update((ROOT / "requirements.txt").read_bytes() + sys.version.encode())
    return digest.hexdigest()


def forget_if_changed(name, current, folders):
    """Remove what was built from something that has changed since."""
    stamp = BUILD / f".{name}.sha256"
    if not stamp.exists() or stamp.read_text() != current:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        BUILD.mkdir(parents=True, exist_ok=True)
        stamp.write_text(current)


def execute(workers):
    """Run the chapters whose results are not in the cache, several at once; return what failed."""
    cache = get_cache(CACHE)
    jobs = {}
    errors = []
    with ThreadPoolExecutor(workers) as pool:
        for page in pages():
            path = SOURCE / f"{page}.md"
            if not is_myst_markdown_notebook(path.read_text(encoding="utf-8")):
                continue
            notebook = myst_nb_reader_plugin(str(path))
            try:
                cache.match_cache_notebook(notebook)
            except KeyError:
                options = {"cwd": str(path.parent), "timeout": SECONDS_PER_CELL, "allow_errors": False}
                options["extra_arguments"] = ["--log-level=CRITICAL"]  # errors of cells arrive as results
                jobs[pool.submit(single_nb_execution, notebook, **options)] = path
        for count, job in enumerate(as_completed(jobs), start=1):
            path, result = jobs[job], job.result()
            print(f"[{count}/{len(jobs)}] ran {path.relative_to(SOURCE)} in {result.time:.1f} s", flush=True)
            if result.err is not None:
                errors.append(f"{path.relative_to(SOURCE)} failed.\n{result.err}")
                continue
            bundle = CacheBundleIn(result.nb, str(path), data={"execution_seconds": result.time})
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    return errors


def not_built(folder):
    """Return the pages of _toc.yml and the short addresses of terms that are not in the folder."""
    addresses = tomllib.loads((ROOT / "extensions/addresses.toml").read_text(encoding="utf-8"))
    promised = [*pages(), *(f"t/{name}/index" for name in addresses)]
    return [page for page in promised if not (folder / f"{page}.html").is_file()]


def build():
    """Build the edition in the language of this process; return what is wrong with it."""
    if LANGUAGE == "en":
        for _, folder in EDITIONS.values():
            if folder:  # or the English edition would take it for its own
                shutil.rmtree(SITE / folder, ignore_errors=True)
    else:
        edition.write()
    # English figures do not change with the words of others.
    library = fingerprint(["lib/imagebook"], without="words-*" if LANGUAGE == "en" else None)
    doctrees = BUILD / ".doctrees"
    forget_if_changed("library", library, [CACHE, doctrees, PAGES_FOLDER])
    # Sphinx alone copies a changed style sheet only beside a changed page.
    forget_if_changed(
        "extensions",
        fingerprint(["extensions", "_static", *([] if LANGUAGE == "en" else ["locale"])]),
        [doctrees, PAGES_FOLDER],
    )
    workers = os.cpu_count() or 1
    # One thread for each kernel: two kernels that each claim both cores only wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    errors = execute(workers)
    if errors:
        return "\n\n".join(errors)
    command = [
        str(Path(sys.executable).with_name("jupyter-book")),
        "build",
        str(SOURCE),
        "-W",
        "--keep-going",
    ]
    if subprocess.run(command).returncode != 0:
        return "The book was not built: see the warnings above."
    if missing := not_built(PAGES_FOLDER):
        return f"These pages of _toc.yml and extensions/addresses.toml were not built: {', '.join(missing)}"
    return None


def main():
    """Build the book in all its languages; return what to tell the shell."""
    if LANGUAGE != "en":
        return build()
    started = time.monotonic()
    if wrong := build():
        return wrong
    for language, (_, folder) in EDITIONS.items():
        if language == "en":
            continue
        if subprocess.run(
            [sys.executable, __file__], env=os.environ | {"BOOK_LANGUAGE": language}
        ).returncode:
            return f"The edition in the language {language} was not built: see above."
        shutil.copytree(ROOT / "_build" / language / "_build/html", SITE / folder)
    in_the_browser = SITE / "lite"
    forget_if_changed("lite", fingerprint(lite.INPUTS), [in_the_browser])
    if not in_the_browser.is_dir():
        lite.build(in_the_browser)
    print(
        f"\nBuilt {len(pages())} pages in {len(EDITIONS)} languages in {time.monotonic() - started:.0f} s. "
        "Open the book:"
    )
    print(f"  {(SITE / 'index.html').as_uri()}")


if __name__ == "__main__":
    sys.exit(main())
