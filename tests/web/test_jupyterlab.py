"""Every figure lives in JupyterLab: a server, a kernel, a browser, and no network beyond this machine."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from imagebook.widgets import FIGURES

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = (
    "--no-browser --allow-root --ServerApp.ip=127.0.0.1 --ServerApp.port_retries=0 --IdentityProvider.token= "
    "--LabApp.expose_app_in_browser=True --LabApp.extension_manager=readonly "
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate --LabApp.news_url="
).split()
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},  # render what is out of sight too
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
# Milliseconds; a kernel starts in seconds, on a busy machine in tens of them.
PATIENCE = 60_000


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """Return the address of JupyterLab, and the folder that it serves."""
    folder = tmp_path_factory.mktemp("lab")
    served = folder / "notebooks"
    served.mkdir()
    for name, settings in SETTINGS.items():
        path = folder / "settings/@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings), encoding="utf-8")
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT / "tests/offline"), str(ROOT / "lib")]),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
    }
    own = (
        "JUPYTER_CONFIG_DIR",
        "JUPYTER_DATA_DIR",
        "JUPYTER_RUNTIME_DIR",
        "JUPYTERLAB_WORKSPACES_DIR",
        "IPYTHONDIR",
    )
    environment |= {name: str(folder / name.lower()) for name in own}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        *OPTIONS,
        f"--ServerApp.port={port}",
        f"--ServerApp.root_dir={served}",
    ]
    log = folder / "log"
    with log.open("wb") as file:
        server = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=file, stderr=file, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/api", server, log)
        yield address, served
    finally:
        server.send_signal(signal.SIGTERM)  # upon which it ends its kernels
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)  # kernels end when they miss their parent
            server.wait()


def wait_for(address, server, log):
    """Return when a server answers."""
    while server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=PATIENCE / 1000).close()
            return
        except OSError:
            try:
                server.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
    pytest.fail(f"JupyterLab ended:\n{log.read_text(encoding='utf-8', errors='replace')}")


# The last cells of the notebook run when a test asks for them.
LATER = (
    "print(iou.first.tolist())",
    "iou.first = (0, 0, 4, 4)",
    "import sitecustomize\nprint(sitecustomize.refuse_network.__name__)",
)


@pytest.fixture(scope="module")
def notebook(browser, lab):
    """Return a page with a notebook that shows every figure, run, and what went wrong on it."""
    address, folder = lab
    sources = ["from imagebook import widgets"]
    for name, module in FIGURES.items():
        sources.append(f"{module} = widgets.{name}()\n{module}")
    content = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in (*sources, *LATER)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(content, folder / "figures.ipynb")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: problems.append(request.url) if leaves(request.url, address) else None)
    page.goto(f"{address}/lab/tree/figures.ipynb", timeout=PATIENCE)
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=PATIENCE)
    page.evaluate(RUN, list(range(len(sources))))
    yield page, problems
    page.close()


def leaves(url, address):
    """Return whether a request leaves this server."""
    return not url.startswith((address, address.replace("http", "ws", 1), "data:", "blob:"))


# Runs some cells of the open notebook, and waits for the kernel's answers.
RUN = """async (cells) => {
    const panel = jupyterapp.shell.currentWidget;
    await panel.context.ready;
    await panel.sessionContext.ready;
    for (const cell of cells) {
        panel.content.activeCellIndex = cell;
        panel.content.deselectAll();
        await jupyterapp.commands.execute("notebook:run-cell");
    }
}"""


def cell_of(page, module):
    """Return the cell that shows a figure."""
    return page.locator(".jp-Notebook .jp-Cell").nth(1 + list(FIGURES.values()).index(module))


def test_every_figure_appears(notebook):
    """Each draws itself, says its name, and neither throws nor asks anyone outside."""
    page, problems = notebook
    for name, module in FIGURES.items():
        figure = cell_of(page, module).locator(".ib-figure")
        expect(figure).to_be_visible(timeout=PATIENCE)
        assert figure.locator(".ib-body > *").count() > 0, name
    assert problems == []


def test_the_front_end_comes_with_the_package_and_the_kernel_is_offline(notebook):
    """JupyterLab finds what anywidget installed; the kernel refuses connections that leave the machine."""
    page, _problems = notebook
    config = json.loads(page.locator("#jupyter-config-data").text_content())
    assert "anywidget" in [extension["name"] for extension in config["federated_extensions"]]
    last = len(FIGURES) + len(LATER)
    page.evaluate(RUN, [last])
    printed = page.locator(".jp-Notebook .jp-Cell").nth(last).locator(".jp-OutputArea-output")
    expect(printed).to_have_text("refuse_network", timeout=PATIENCE)


def test_the_browser_moves_a_box_and_python_knows(notebook):
    """An arrow key in the browser, the trait in the kernel."""
    page, problems = notebook
    box = cell_of(page, "iou").locator(".iou-first .ib-box-face")
    expect(box).to_be_visible(timeout=PATIENCE)
    box.focus()
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    for key in (
        "ArrowRight",
        "ArrowDown",
        "ArrowUp",
        "ArrowDown",
        "a",
        "x",
    ):  # to the notebook they are commands
        page.keyboard.press(key)
    expect(box).to_be_focused()
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells
    later = 1 + len(FIGURES)
    printed = page.locator(".jp-Notebook .jp-Cell").nth(later).locator(".jp-OutputArea-output")
    for _ in range(10):  # while the kernel has not answered to one change, the page holds back the next
        page.evaluate(RUN, [later])
        if printed.inner_text(timeout=PATIENCE).strip() == "[1.1, 2.1, 7.1, 6.1]":
            break
    expect(printed).to_have_text("[1.1, 2.1, 7.1, 6.1]")
    assert problems == []


def test_python_moves_a_box_and_the_browser_shows_it(notebook):
    """The trait in the kernel, the picture in the browser."""
    page, problems = notebook
    cell = cell_of(page, "iou")
    expect(cell.locator(".iou-first .ib-box-face")).to_be_visible(timeout=PATIENCE)
    page.evaluate(RUN, [2 + len(FIGURES)])
    face = cell.locator(".iou-first .ib-box-face")
    for name, value in {"x": "0", "y": "0", "width": "4", "height": "4"}.items():
        expect(face).to_have_attribute(name, value, timeout=PATIENCE)
    expect(cell.locator(".iou-result")).to_contain_text("÷ union")
    assert problems == []
