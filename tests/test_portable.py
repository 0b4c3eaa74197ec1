"""What the library needs of its surroundings: a browser has 32 bits, no threads, no processes and no home."""

import ast
import os
import subprocess
import sys

FORBIDDEN = {
    "threading",
    "_thread",
    "multiprocessing",
    "subprocess",
    "concurrent",
    "asyncio",
    "ctypes",
    "socket",
}

# Imports every module of the library and prints what its own modules import, one line each.
IMPORT_ALL = """
import builtins, importlib, pkgutil
original = builtins.__import__
def recording(name, globals=None, *others):
    importer = (globals or {}).get("__name__", "")
    if importer.split(".")[0] == "imagebook":
        print(importer, name)
    return original(name, globals, *others)
builtins.__import__ = recording
import imagebook
for module in pkgutil.iter_modules(imagebook.__path__):
    importlib.import_module(f"imagebook.{module.name}")
"""


def test_every_module_can_be_imported_without_a_home(root, tmp_path):
    """With HOME unset, or a place where nothing can be written, importing works and leaves no file."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "SYSTEMROOT")}
    for home in ({}, {"HOME": os.devnull}):
        environment = kept | home | {"PYTHONPATH": str(root / "lib"), "PYTHONDONTWRITEBYTECODE": "1"}
        environment["TMPDIR"] = str(tmp_path)  # where Matplotlib keeps its settings then
        result = subprocess.run(
            [sys.executable, "-c", IMPORT_ALL], env=environment, cwd=tmp_path, capture_output=True, text=True
        )
        assert result.returncode == 0, result.stderr
        imports = {tuple(line.split()) for line in result.stdout.splitlines()}
        assert ("imagebook.models", "numpy") in imports  # so the record is one of imports
        wrong = {pair for pair in imports if pair[1].split(".")[0] in FORBIDDEN}
        assert not wrong
        assert not [path for path in tmp_path.iterdir() if not path.name.startswith("matplotlib-")]


def test_no_module_imports_threads_or_processes_later(root):
    """Not inside of functions either, where an import waits, but for two that a browser never reaches."""
    allowed = {("mnist.py", "threading"), ("_parallel.py", "concurrent")}  # a download, and a second core
    modules = sorted((root / "lib" / "imagebook").rglob("*.py"))
    assert len(modules) > 30
    for path in modules:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found = {name.split(".")[0] for name in names} & FORBIDDEN
            assert {(path.name, name) for name in found} <= allowed, f"{path.name}:{node.lineno}"
