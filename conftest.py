"""What every test shares: no network, and for each notebook the proof that it ran and checked its numbers."""

import ast
import os
import sys
from pathlib import Path

import pytest
from cells import parsed
from nbval.plugin import IPyNbCell

ROOT = Path(__file__).resolve().parent
# They run behind the wall, as programs of their own, and bind whoever imports them.
collect_ignore = ["lib/coursework/inside/runner.py", "lib/coursework/inside/confined.py"]
OFFLINE = ROOT / "tests" / "offline"

# The same refusal in this process (the import installs it) and in every kernel that it starts.
sys.path.insert(0, str(OFFLINE))
import sitecustomize  # noqa: E402, F401

os.environ["PYTHONPATH"] = os.pathsep.join([str(OFFLINE), *filter(None, [os.environ.get("PYTHONPATH")])])
# Workers share the cores; a kernel that claims all of them makes the others wait.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@pytest.fixture
def root():
    """Return the folder of the repository."""
    return ROOT


@pytest.fixture
def originals(monkeypatch):
    """Point MNIST_DIR at the four originals, or skip where this machine does not have them."""
    folder = Path(os.environ.get("MNIST_DIR") or ROOT.parent / "shared" / "mnist")
    if not folder.is_dir():
        pytest.skip(f"needs the four MNIST files in the folder that MNIST_DIR names, or in {folder}")
    monkeypatch.setenv("MNIST_DIR", str(folder))


def pytest_collection_modifyitems(items):
    """Put a guard behind the last cell of every collected notebook, and give slow machines time."""
    last = {item.parent: index for index, item in enumerate(items) if isinstance(item, IPyNbCell)}
    for notebook, index in sorted(last.items(), key=lambda pair: -pair[1]):
        items.insert(index + 1, NotebookGuard.from_parent(notebook, name="guard"))
    for item in items:
        if isinstance(item, IPyNbCell):
            item.output_timeout = 100  # nbval gives up on a silent cell after 5 s, and has no option for it


class NotebookGuard(pytest.Item):
    """Asks the notebook's own kernel whether it ran every cell, and checks that some cell asserts something.

    nbval passes over cells that are tagged so, and is content with a notebook whose cells claim nothing.
    """

    def runtest(self):
        """Compare what the kernel knows with what the notebook's cells define."""
        cells = [parsed(cell.source) for cell in self.parent.nb.cells if cell.cell_type == "code"]
        claims = [node for cell in cells for node in ast.walk(cell) if isinstance(node, ast.Assert)]
        assert claims, f"{self.path.name} asserts nothing, so no test would notice a wrong number"
        tags = {tag for cell in self.parent.nb.cells for tag in cell.metadata.get("tags", [])}
        assert tags <= {"remove-cell", "hide-input", "hide-output"}, f"{self.path.name} has tags {tags}"
        assigned = {
            node.id
            for cell in cells
            for statement in cell.body
            if isinstance(statement, ast.Assign)
            for target in statement.targets
            for node in ast.walk(target)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        known = self.ask("sorted(globals())")
        assert assigned <= set(known), f"the kernel did not run the cells that define {assigned - set(known)}"
        assert self.ask("__debug__"), "Python runs with -O, which skips every assert"

    def ask(self, expression):
        """Return the value of an expression in the notebook's kernel."""
        kernel = self.parent.kernel
        message = kernel.execute_cell_input(f"print({expression})", allow_stdin=False)
        text = ""
        while True:
            reply = kernel.get_message("iopub", timeout=30)
            if reply["parent_header"].get("msg_id") == message:
                if reply["msg_type"] == "stream":
                    text += reply["content"]["text"]
                elif reply["content"].get("execution_state") == "idle":
                    return ast.literal_eval(text)

    def reportinfo(self):
        """Return what pytest prints when the guard fails."""
        return self.path, None, f"{self.path.name}: guard"
