"""A real browser for the tests: Chromium, driven by Playwright, with no way out of this machine."""

import fcntl
import functools
import http.server
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from scripts import load

ROOT = Path(__file__).resolve().parents[2]
TOOL = load("tools/browser.py")
FLAGS = TOOL.FLAGS


def chromium():
    """Return the path of a browser, or skip; a machine that builds the book for others must have one."""
    found = TOOL.chromium()
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(TOOL.ADVICE)
        pytest.skip(TOOL.ADVICE)
    return found


@pytest.fixture(scope="session")
def browser():
    """Return a browser without a window."""
    path = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Server(http.server.ThreadingHTTPServer):
    """Lets a browser ask for many files at once: with five in the queue more would be refused."""

    request_queue_size = 128


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line for each."""

    def log_message(self, *args):
        """Print nothing."""


def serve(folder):
    """Serve a folder on loopback; return the server and its address."""
    handler = functools.partial(QuietHandler, directory=str(folder))
    server = Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}"


@pytest.fixture(scope="module")
def served():
    """Return a function that serves a folder by HTTP and returns its address.

    Pages that keep something are tested so: from disk a page may get a new process, which hears late of it.
    It serves for the whole module: a page may still ask for something while its test ends.
    """
    servers = []

    def address(folder):
        server, address = serve(folder)
        servers.append(server)
        return f"{address}/"

    yield address
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def modules(browser):
    """Return a function that calls a function of the figures' modules in the browser, many times in one go.

    `modules("kit/boxes", "iou", cases)` returns the results for a list of argument lists. Typed arrays come
    back as lists. `convert`, the text of a JavaScript function, makes of each case's arguments what the
    function takes.
    """
    server, address = serve(ROOT / "lib/imagebook/widgets")
    page = browser.new_page()
    page.goto(f"{address}/kit/")

    def call(module, function, cases, *, convert="(...args) => args"):
        # As one text each way: Playwright takes long over many numbers.
        answer = page.evaluate(
            """async ([module, name, cases, convert]) => {
                const exported = await import(`/${module}.js`);
                const prepare = eval(convert);
                const isSpecial = (value) =>
                    typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0));
                const plain = (key, value) =>
                    ArrayBuffer.isView(value) ? Array.from(value)
                    : isSpecial(value) ? { special: Object.is(value, -0) ? "-0.0" : String(value) }
                    : value;
                const call = (args) => exported[name](...prepare(...args));
                return JSON.stringify(JSON.parse(cases).map(call), plain);
            }""",
            [module, function, json.dumps(cases), convert],
        )
        return json.loads(
            answer, object_hook=lambda value: float(value["special"]) if "special" in value else value
        )

    yield call
    page.close()
    server.shutdown()
    server.server_close()


# What tests ask of a page with a figure: its state, and to set it.
PAGE_HELPERS = """() => {
    const only = new URLSearchParams(location.search).get("only");
    for (const slot of document.querySelectorAll(".ib-slot")) if (slot.dataset.figure !== only) slot.remove();
    globalThis.state = (name) => {
        const model = imagebook.models[name];
        return Object.fromEntries(Object.keys(model.get("_schema")).map((key) => [key, model.get(key)]));
    };
    globalThis.setState = (name, values) => {
        for (const [key, value] of Object.entries(values)) imagebook.models[name].set(key, value);
    };
}"""


# A figure draws in the frame after a change. In its tests it draws at once, so that what a test looks at is
# never half old. What comes frame by frame (each frame asks for the next) still does.
DRAW_AT_ONCE = """
    const { requestAnimationFrame: inFrame, cancelAnimationFrame: cancel } = globalThis;
    const waiting = new Set();
    let isDrawing = false;
    let id = 0;
    const drawing = (callback) => (time) => {
        isDrawing = true;
        callback(time);
        isDrawing = false;
    };
    globalThis.requestAnimationFrame = (callback) => {
        if (isDrawing) return inFrame(drawing(callback));
        const mine = --id; // a browser's own are above zero
        waiting.add(mine);
        queueMicrotask(() => waiting.delete(mine) && drawing(callback)(performance.now()));
        return mine;
    };
    globalThis.cancelAnimationFrame = (frame) => waiting.delete(frame) || cancel(frame);
"""


@pytest.fixture(scope="session")
def preview(tmp_path_factory):
    """Return the address of a page with all figures, as tools/preview.py writes it."""
    folder = tmp_path_factory.mktemp("preview")
    command = [sys.executable, str(ROOT / "tools/preview.py"), "--folder", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return (folder / "index.html").as_uri()


@pytest.fixture
def figure_page(browser, preview):
    """Return a function that opens a page with one figure, alive, from disk.

    On the page `state(name)` returns the figure's state and `setState(name, values)` changes it; `name` is
    the figure's module. Options are those of Playwright's `new_page`.
    """
    pages = []

    def open_page(name, **options):
        page = browser.new_page(**options)
        pages.append(page)
        page.add_init_script(DRAW_AT_ONCE)
        page.goto(f"{preview}?only={name}")
        page.evaluate(PAGE_HELPERS)
        page.wait_for_selector(f".ib-slot[data-figure={name}][data-alive]")
        return page

    yield open_page
    for page in pages:
        page.close()


@pytest.fixture(scope="session")
def site(browser, testrun_uid):
    """Return the addresses of the book, {"http": …, "file": …}; it is built first where it is out of date."""
    build = ROOT / "_build"
    build.mkdir(exist_ok=True)
    with (build / ".lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two workers must not build at once
        lock.seek(0)
        if lock.read() != testrun_uid:  # nor one, while the other looks at pages
            command = [sys.executable, str(ROOT / "tools/book.py")]
            result = subprocess.run(command, capture_output=True, text=True)
            said = f"{result.stdout[-3000:]}{result.stderr[-3000:]}"
            assert result.returncode == 0, f"the book was not built:\n{said}"
            lock.truncate(0)
            lock.write(testrun_uid)
    server, address = serve(build / "html")
    yield {"http": f"{address}/", "file": (build / "html").as_uri() + "/"}
    server.shutdown()
    server.server_close()


@pytest.fixture
def open_page(browser):
    """Return a function that opens a page; afterwards no page may have complained or asked another host."""
    contexts, complaints = [], []

    def refuse(route):
        complaints.append(f"asked {route.request.url}")
        route.abort()

    def open_page(base, path, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        context.route(re.compile("^(?!file:|data:|blob:|http://127[.]0[.]0[.]1:)"), refuse)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on(
            "console",
            lambda message: message.type in ("error", "warning") and complaints.append(message.text),
        )
        page.goto(base + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
