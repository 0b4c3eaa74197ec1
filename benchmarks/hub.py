"""Run JupyterHub with two users at once, who open and run every chapter, and measure the memory they need.

Usage: .venv/bin/python benchmarks/hub.py (make hub); exit with status 1 where a chapter fails. Linux only.

The hub is that of deploy/local; the users' servers run what deploy/requirements.txt pins, as the image of
deploy/Dockerfile does. Each user follows the link of a chapter (deploy/links.py) in a browser of his or her
own, so that nbgitpuller fetches the branch `release`, here of a clone of HEAD; JupyterLab opens the chapter,
and all its cells are run. No process of theirs reaches another machine. In the end none is left.
"""

import asyncio
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / name) for name in ("benchmarks", "deploy", "tools")]

from links import BRANCH, chapters, link  # noqa: E402

ENVIRONMENT = ROOT / ".venv-hub"
RESULTS = ROOT / "benchmarks/results/hub.json"
LOG = ROOT / "_build/hub.log"
USERS = ("ada", "grace")
PATIENCE = 300_000  # milliseconds; on a busy machine everything is slow
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},  # draw what is out of sight, too
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
READY = """(path) => {
    const panel = globalThis.jupyterapp?.shell.currentWidget;
    return panel?.context?.path === path && panel.context.isReady && panel.sessionContext.isReady
        && panel.sessionContext.session?.kernel?.status === "idle";
}"""
RUN = """() => jupyterapp.commands.execute("notebook:run-all-cells")"""
SHUT_DOWN = """() => jupyterapp.shell.currentWidget.sessionContext.shutdown()"""
# What the cells of the open notebook are: whether they ran, what they said and showed.
CELLS = """() => {
    const cells = jupyterapp.shell.currentWidget.content.model.sharedModel.cells;
    return cells.filter((cell) => cell.cell_type === "code").map((cell) => ({
        count: cell.execution_count,
        errors: cell.outputs.flatMap((output) => (output.output_type === "error" ? [output.evalue] : [])),
        shown: cell.outputs.map((output) => Object.keys(output.data ?? {})),
    }));
}"""
WIDGET = "application/vnd.jupyter.widget-view+json"
DRAWN = """([figures, pictures]) =>
    document.querySelectorAll(".jp-Notebook .ib-figure:has(.ib-body > *)").length === figures
    && document.querySelectorAll(".jp-OutputArea-output img").length >= pictures"""


def processes(folder):
    """Return the processes of the hub in a folder, {number: (user, command)}; the hub itself has no user."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            environment = (path / "environ").read_bytes()
            command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:  # ended meanwhile, or somebody else's
            continue
        if str(folder).encode() in environment and command:
            user = re.search(rb"(?:^|\0)JUPYTERHUB_USER=([^\0]+)", environment)
            found[int(path.name)] = (user and user[1].decode(), command)
    return found


def memory(process):
    """Return a process's resident memory in bytes: now, and at its highest."""
    status = Path(f"/proc/{process}/status").read_text()
    return tuple(1024 * int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) for name in ("VmRSS", "VmHWM"))


def processor_seconds(process):
    """Return the time that a process has computed."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def the_one(folder, user, part):
    """Return the one process of a user whose command has a part."""
    found = [
        number for number, (name, command) in processes(folder).items() if name == user and part in command
    ]
    if len(found) != 1:
        raise RuntimeError(f"{user or 'the hub'} has {len(found)} processes with {part} in their command")
    return found[0]


@contextmanager
def repository(folder):
    """Return the address of a bare clone of HEAD with the branch that the links name."""
    clone = folder / "imagebook"
    for command in (
        ["git", "clone", "--quiet", "--bare", ROOT, clone],
        ["git", "-C", clone, "branch", "--force", BRANCH, "HEAD"],
    ):
        subprocess.run(command, check=True, capture_output=True)
    yield clone.as_uri()


@contextmanager
def running_hub(folder):
    """Start the hub; return its address and the users' password. In the end all that it started is ended."""
    for name, settings in SETTINGS.items():
        path = folder / "settings/@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings), encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
    password = secrets.token_urlsafe()
    environment = os.environ | {
        "HUB_ADDRESS": address,
        "HUB_FOLDER": str(folder),
        "HUB_PASSWORD": password,
        "PATH": f"{ENVIRONMENT / 'bin'}:{os.environ['PATH']}",
    }
    command = [ENVIRONMENT / "bin/jupyterhub", "--config", ROOT / "deploy/local/jupyterhub_config.py"]
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("wb") as log:
        hub = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
    try:
        wait_for(hub, address)
        yield address, password
    finally:
        hub.send_signal(signal.SIGTERM)  # upon which it ends its proxy and the users' servers
        try:
            hub.wait(30)
        except subprocess.TimeoutExpired:
            hub.kill()
        for number in processes(folder):
            os.kill(number, signal.SIGKILL)


def wait_for(hub, address):
    """Return when the hub answers."""
    host, port = address.removeprefix("http://").split(":")
    for _ in range(PATIENCE // 100):
        try:
            with socket.create_connection((host, int(port)), timeout=1) as connection:
                connection.sendall(b"GET /hub/health HTTP/1.0\r\n\r\n")
                if b" 200 " in connection.recv(100):
                    return
        except OSError:
            pass
        if hub.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(f"the hub did not start; its log is {LOG.relative_to(ROOT)}")


async def log_in(page, address, user, password):
    """Fill the form of the page that the hub shows to strangers."""
    await page.fill("#username_input", user)
    await page.fill("#password_input", password)
    await page.click("#login_submit")


async def visit(context, folder, hub, notebook, user, password=None):
    """Open a notebook by its link and run it; return what was measured, and the page."""
    page = await context.new_page()
    page.set_default_timeout(PATIENCE)
    address, source = hub
    path = f"imagebook/{notebook}"
    started = time.monotonic()
    await page.goto(link(address, source, notebook))
    if password:
        started = time.monotonic()  # a person's typing is not measured
        await log_in(page, address, user, password)
    await page.wait_for_function(READY, arg=path, polling=500)
    await page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    opened = time.monotonic()
    kernel = the_one(folder, user, "ipykernel_launcher")
    fresh = memory(kernel)[0]
    await page.evaluate(RUN)
    cells = await page.evaluate(CELLS)
    ran = time.monotonic()
    if errors := [error for cell in cells for error in cell["errors"]]:
        raise RuntimeError(f"{notebook} for {user}: {errors[0]}")
    if silent := [number for number, cell in enumerate(cells) if not cell["count"]]:
        raise RuntimeError(f"{notebook} for {user}: the code cells {silent} did not run")
    shown = [" ".join(kinds) for cell in cells for kinds in cell["shown"]]
    figures = sum(WIDGET in kinds for kinds in shown)
    pictures = sum(
        "image/" in kinds and WIDGET not in kinds for kinds in shown
    )  # a figure has one in reserve
    await page.wait_for_function(DRAWN, arg=[figures, pictures], polling=500)
    server = the_one(folder, user, "jupyterhub-singleuser")
    resident, peak = memory(kernel)
    server_resident, server_peak = memory(server)
    found = {
        "chapter": notebook,
        "user": user,
        "cells": len(cells),
        "figures": figures,
        "pictures": pictures,
        "seconds_to_open": round(opened - started, 1),
        "seconds_to_run": round(ran - opened, 1),
        "processor_seconds": round(processor_seconds(kernel), 1),
        "kernel_fresh": fresh,
        "kernel_resident": resident,
        "kernel_peak": peak,
        "server_resident": server_resident,
        "server_peak": server_peak,
    }
    return found, page


async def use(playwright, folder, address, source, password):
    """Let two users go through all chapters, two at once; return a row for each chapter."""
    from browser import ADVICE, FLAGS, chromium

    if chromium() is None:
        raise RuntimeError(f"the hub's users {ADVICE}")
    browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
    contexts = {user: await browser.new_context(viewport={"width": 1280, "height": 900}) for user in USERS}
    rows, notebooks = [], chapters()
    print(HEADS)
    for first in range(0, len(notebooks), len(USERS)):
        pairs = list(zip(USERS, notebooks[first : first + len(USERS)], strict=False))
        async with asyncio.TaskGroup() as group:
            visits = [
                group.create_task(
                    visit(
                        contexts[user], folder, (address, source), notebook, user, None if rows else password
                    )
                )
                for user, notebook in pairs
            ]
        for found, page in [task.result() for task in visits]:
            if first == 0:  # for somebody who looks
                await page.locator(".ib-figure").first.scroll_into_view_if_needed()
                await page.screenshot(path=ROOT / f"_build/hub-{found['user']}.png")
            await page.evaluate(SHUT_DOWN)
            await page.close()
            # JupyterLab would open again what was open, each notebook with a kernel of its own.
            shutil.rmtree(folder / "homes" / found["user"] / ".jupyter/lab/workspaces")
            rows.append(found | {"first": first == 0})
            print(line(rows[-1]), flush=True)
    await browser.close()
    return rows


HEADS = (
    "chapter            user   cells  figures  pictures | open s  run s  CPU s | "
    "kernel MiB (peak)  server MiB (peak)"
)


def line(row):
    """Return what was measured of a chapter as a line beneath HEADS."""
    text = f"{row['chapter']:18} {row['user']:6} {row['cells']:5} {row['figures']:8} {row['pictures']:9} |"
    text += f"{row['seconds_to_open']:7} {row['seconds_to_run']:6} {row['processor_seconds']:6} |"
    for part in ("kernel", "server"):
        text += f"{row[f'{part}_resident'] / 2**20:9,.0f} ({row[f'{part}_peak'] / 2**20:,.0f})    "
    return text.rstrip()


def machine():
    """Return what the measurements were made on and with."""
    from browser import chromium
    from machine import processor

    program = (
        "import platform; from importlib.metadata import version as v; print(platform.python_version(), "
    )
    program += "v('jupyterhub'), v('jupyterlab'), v('nbgitpuller'), v('numpy'))"
    command = [ENVIRONMENT / "bin/python", "-c", program]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    names = ("Python", "JupyterHub", "JupyterLab", "nbgitpuller", "NumPy")
    package = ENVIRONMENT / "node_modules/configurable-http-proxy/package.json"
    browser = subprocess.run([chromium(), "--version"], capture_output=True, text=True).stdout
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "versions": dict(zip(names, said.stdout.split(), strict=True))
        | {
            "configurable-http-proxy": json.loads(package.read_text(encoding="utf-8"))["version"],
            "Chromium": next(word for word in browser.split() if word[0].isdigit()),
        },
        "date": datetime.now(UTC).date().isoformat(),
    }


def size(folder):
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if not path.is_symlink())


async def measure(folder):
    """Return all that is measured."""
    from playwright.async_api import async_playwright

    with repository(folder) as source, running_hub(folder) as (address, password):
        async with async_playwright() as playwright:
            rows = await use(playwright, folder, address, source, password)
        own = [number for number, (user, _) in processes(folder).items() if user is None]
        return {
            "machine": machine(),
            "hub_peak": sum(memory(number)[1] for number in own),  # with its proxy
            "home": max(size(folder / "homes" / user) for user in USERS),
            "chapters": rows,
        }


def main():
    """Measure, print and keep what was measured; return what to tell the shell."""
    if not Path("/proc/self/status").exists():
        return "benchmarks/hub.py reads /proc: it needs Linux"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))  # so that the hub is ended, too
    with tempfile.TemporaryDirectory(prefix="imagebook-hub-") as name:
        folder = Path(name)
        try:
            content = asyncio.run(measure(folder))
        except Exception as error:  # of whatever part: a person wants one sentence, and the log
            while isinstance(error, ExceptionGroup):
                error = error.exceptions[0]
            return f"benchmarks/hub.py: {error}\nThe hub's log: {LOG.relative_to(ROOT)}"
        if left := processes(folder):
            return f"benchmarks/hub.py: {len(left)} processes are left: {left}"
    RESULTS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
