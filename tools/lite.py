"""Python in the browser: build JupyterLite with the chapters and all they need, for `lite/` of the website.

The kernel, Pyodide, comes from a CDN when a reader opens a chapter, and so do the packages that it brings:
NumPy, matplotlib and what these need. All others are wheels in the site, and nothing is asked of PyPI: a
chapter runs with what it was written for, also in ten years. JupyterLite's pages are its own and not the
book's: they need WebAssembly and the CDN, which the strict Content-Security-Policy of extensions/website.py
forbids, so they have none.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path

import dist

ROOT = Path(__file__).resolve().parent.parent
# What the build reads; requirements.txt, which has the versions of JupyterLite and the wheels, comes on top.
INPUTS = (
    "lib/imagebook",
    "lite",
    "chapters",
    "ko",
    "README.md",
    "LICENSE",
    "pyproject.toml",
    "tools/lite.py",
    "tools/dist.py",
)
# What the library and the kernel need and Pyodide does not bring; lite/pyodide.json lists what it brings.
WHEELS = ("anywidget", "comm", "ipywidgets", "jupyterlab-widgets", "pooch", "psygnal")
# The front-end's parts: the kernel, and what draws the figures.
EXTENSIONS = ("@jupyterlite/pyodide-kernel-extension", "@jupyter-widgets/jupyterlab-manager", "anywidget")
# Icons in forms for browsers that cannot run WebAssembly, and settings of JupyterLite's own build.
NEEDLESS = ("build/fa-*.eot", "build/fa-*.svg", "build/fa-*.ttf", "build/fa-*.woff", "rspack.config*.js")
# JupyterLite takes any service worker for its own, and unregisters all of the host when it is a new version:
# the reader's offline copy of the book would be gone, and Python would not see its files.
OWN_WORKER_ONLY = {
    "if(t.controller){": "if(t.controller?.scriptURL===new URL(e,location.href).href){",
    "let e=await navigator.serviceWorker.getRegistrations();": (
        "let e=[await navigator.serviceWorker.getRegistration()].filter(Boolean);"
    ),
}


def build(target):
    """Write JupyterLite to a folder that does not exist, all of it or nothing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        source, site = Path(folder, "source"), Path(folder, "site")
        shutil.copytree(ROOT / "lite", source)
        for folder in ("chapters", "ko/chapters"):
            (source / "files" / folder).mkdir(parents=True)
            for notebook in (ROOT / folder).glob("*.ipynb"):
                shutil.copy(notebook, source / "files" / folder)
        dist.build(source / "pypi", "wheel")
        for name in WHEELS:
            wheel(name, source / "pypi")
        command = [str(Path(sys.executable).with_name("jupyter-lite")), "build", f"--output-dir={site}"]
        extensions = Path(sys.prefix, "share/jupyter/labextensions")
        command += [f"--LiteBuildConfig.federated_extensions={extensions / name}" for name in EXTENSIONS]
        run(command, source)
        tidy(site)
        site.rename(target)


def tidy(site):
    """Take away what nobody loads, and add the two icons that the notebook app asks for in vain."""
    for pattern in NEEDLESS:
        for path in site.glob(pattern):
            path.unlink()
    patch(site / "build")
    manifest = site / "manifest.webmanifest"
    content = json.loads(manifest.read_text(encoding="utf-8"))
    del content["shortcuts"]  # they lead to the root of the host, where JupyterLite is not
    manifest.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    (site / "static/favicons").mkdir(parents=True)
    for name in ("favicon-busy-1.ico", "favicon-notebook.ico"):
        shutil.copy(files("jupyter_server") / "static/favicons" / name, site / "static/favicons")


def patch(folder):
    """Let JupyterLite leave service workers alone that are not its own."""
    marks = "_unregisterOldServiceWorkers"
    scripts = [path for path in folder.glob("*.js") if marks in path.read_text(encoding="utf-8")]
    texts = [path.read_text(encoding="utf-8") for path in scripts]
    if len(scripts) != 1 or any(texts[0].count(old) != 1 for old in OWN_WORKER_ONLY):
        raise RuntimeError(f"JupyterLite treats service workers in another way now: see {__file__}")
    for old, new in OWN_WORKER_ONLY.items():
        texts[0] = texts[0].replace(old, new)
    scripts[0].write_text(texts[0], encoding="utf-8")


def wheel(name, folder):
    """Pack an installed library again as a wheel of Python only, which a browser can take.

    What is installed is what requirements.txt pins, so nothing is downloaded. Left out are the parts that are
    compiled for this machine, which stand beside the same in Python, and those for JupyterLab's front-end.
    """
    installed = distribution(name)
    with tempfile.TemporaryDirectory() as content:
        for file in installed.files:
            if file.parts[0] == ".." or "__pycache__" in file.parts or file.suffix in (".so", ".pyd"):
                continue
            if "labextension" in file.parts or "nbextension" in file.parts:
                continue
            copy = Path(content, file)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file.locate(), copy)
        (described,) = Path(content).glob("*.dist-info")
        for left in ("INSTALLER", "REQUESTED", "RECORD", "direct_url.json"):
            (described / left).unlink(missing_ok=True)
        (described / "WHEEL").write_text(
            "Wheel-Version: 1.0\nGenerator: imagebook\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        command = [sys.executable, "-m", "wheel", "pack", content, "--dest-dir", str(folder)]
        run(command, ROOT, SOURCE_DATE_EPOCH=dist.DATE)


def run(command, folder, **variables):
    """Run a command in a folder; what it says matters where it fails."""
    environment = os.environ | variables
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if result.returncode != 0:
        raise RuntimeError(f"JupyterLite was not built:\n{result.stdout[-2000:]}{result.stderr[-2000:]}")
