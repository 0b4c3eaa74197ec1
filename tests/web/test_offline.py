"""The book on a reader's device: all of it, in one version, for as long as the reader wants it."""

import functools
import http.server
import json
import os
import sys
import threading
import urllib.parse
from pathlib import Path

import pytest
from playwright.sync_api import Error, expect

ROOT = Path(__file__).resolve().parents[2]
for folder in ("extensions", "tools"):
    sys.path.insert(0, str(ROOT / folder))
import book  # noqa: E402
import offline  # noqa: E402

# Pages that say which version they and their scripts are of; a second script is loaded late, as figures are.
PAGE = """<!doctype html><html lang="en" data-page="{0}"><meta charset="utf-8"><title>Page</title>
<link rel="icon" href="data:,"><script defer src="script.js"></script><p>Page of version {0}</p></html>"""
SCRIPT = """const { page } = document.documentElement.dataset;
console.log(`${page} {0}`);
globalThis.late = () => new Promise((done) => {
  const script = document.createElement("script");
  script.src = "late.js";
  script.onload = done;
  document.head.append(script);
});
"""
LATE = "console.log(`${document.documentElement.dataset.page} {0}`);\n"
REGISTER = """async () => {
    await navigator.serviceWorker.register("sw.js");
    await navigator.serviceWorker.ready;
}"""
# Says what became of the new version, whether this call found it or the browser had found it by itself.
UPDATE = """async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    await registration.update();
    const worker = registration.installing ?? registration.waiting;
    if (worker?.state === "installing") await new Promise((done) =>
        worker.addEventListener("statechange", () => worker.state !== "installing" && done()));
    return worker?.state === "installed" ? "waits" : "refused";
}"""


class Recorder(http.server.SimpleHTTPRequestHandler):
    """Serves files and keeps the names of what was asked for."""

    def log_message(self, *args):
        """Keep the name instead of printing a line."""
        self.server.asked.append(self.path.lstrip("/"))


@pytest.fixture
def serve():
    """Return a function that serves a folder and gives the server; `stop` ends it."""
    servers = []

    def start(folder):
        handler = functools.partial(Recorder, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.asked, server.address = [], f"http://127.0.0.1:{server.server_port}/"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        stop(server)


def stop(server):
    """Take a server off the network."""
    server.shutdown()
    server.server_close()


@pytest.fixture
def context(browser):
    """Return a browser's profile that no other test has used."""
    context = browser.new_context()
    yield context
    context.close()


def publish(folder, version, *, late=LATE, worker=True):
    """Write a small site, then its worker; `late` is what late.js has instead, None that it is absent."""
    texts = {"index.html": PAGE, "two.html": PAGE, "script.js": SCRIPT, "late.js": LATE}
    texts |= {"same.txt": "The same in every version."}
    for name, text in texts.items():
        (folder / name).write_text(text.replace("{0}", str(version)), encoding="utf-8")
    listed = offline.worker(folder)
    if late is None:
        (folder / "late.js").unlink()
    else:
        (folder / "late.js").write_text(late.replace("{0}", str(version)), encoding="utf-8")
    if worker:
        (folder / "sw.js").write_text(listed, encoding="utf-8")
    # Versions of one second would look the same to a browser that asks for what is newer; and since these are
    # old, it would rather not ask at all.
    for path in folder.iterdir():
        os.utime(path, (1e9 + version, 1e9 + version))


@pytest.fixture
def small(tmp_path, serve, context):
    """Return a small site whose first version is installed: its folder, its server and a page of it."""
    publish(tmp_path, 1)
    server = serve(tmp_path)
    page = context.new_page()
    page.pairs = []
    page.on("console", lambda message: page.pairs.append(message.text))
    page.goto(server.address)
    page.evaluate(REGISTER)
    page.goto(server.address)
    return tmp_path, server, page


def stores(page):
    """Return the names of what is stored."""
    return page.evaluate("caches.keys()")


def version(folder):
    """Return the version of a site's worker."""
    return json.loads((folder / "sw.js").read_text().partition("version: ")[2].partition(",")[0])


def test_the_whole_book_opens_without_a_network(site, serve, context):
    """Every page, a term's short address, the search page; a figure comes alive. It can be removed again."""
    folder = Path(urllib.parse.unquote(urllib.parse.urlsplit(site["file"]).path))
    server = serve(folder)
    page = context.new_page()
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    # A request that the next page cuts short has not failed.
    page.on("requestfailed", lambda asked: asked.failure != "net::ERR_ABORTED" and wrong.append(asked.url))
    page.goto(server.address)
    box = page.locator(".ib-offline")
    assert "MB" in box.get_by_role("button", name="Save this book").inner_text()
    assert server.asked.count("sw.js") == 0, "nothing is saved unasked"
    box.get_by_role("button", name="Save this book").click()
    expect(box.get_by_role("status")).to_contain_text("Saved on this device", timeout=120_000)
    stop(server)
    with pytest.raises(Error, match="net::ERR_"):
        context.new_page().goto(f"{server.address}objects.inv")

    for name in ("", *(f"{name}.html" for name in [*book.pages(), "search", "404"])):
        response = page.goto(server.address + name)
        assert response.from_service_worker and response.ok, name
        title = (folder / (name or "index.html")).read_text(encoding="utf-8")
        assert page.title() and page.title() in title.replace("&#8212;", "—")
    page.goto(f"{server.address}t/iou")
    page.wait_for_url("**/chapters/i.html#intersection-over-union")
    page.locator(".ib-slot[data-figure=iou]").scroll_into_view_if_needed()
    page.wait_for_selector(".ib-slot[data-figure=iou][data-alive]")
    assert wrong == []

    page.goto(server.address)
    box.get_by_role("button", name="Remove it").click()
    expect(box.get_by_role("status")).to_contain_text("Removed")
    assert stores(page) == []
    with pytest.raises(Error, match="net::ERR_"):  # with a query: without, the browser may remember the page
        context.new_page().goto(f"{server.address}?again")


def test_from_disk_there_is_nothing_to_save(open_page, site):
    """The book is on this device already."""
    assert open_page(site["file"], "index.html").locator(".ib-offline").is_hidden()


def test_an_update_waits_for_the_last_page_and_mixes_nothing(small, context):
    """Two tabs keep their version, whatever they load; the last one goes to the new one, and the old goes."""
    folder, server, page = small
    other = context.new_page()
    other.on("console", lambda message: page.pairs.append(message.text))
    other.goto(f"{server.address}two.html")
    publish(folder, 2)
    assert page.evaluate(UPDATE) == "waits"
    assert len(stores(page)) == 2
    page.goto(f"{server.address}two.html")
    page.evaluate("late()")
    other.evaluate("late()")
    assert {"1 1"} == set(page.pairs)

    other.close()
    for number in range(100):  # until the browser has taken note that the other tab is gone
        page.goto(f"{server.address}index.html?{number}#fragment", wait_until="commit")
        if "2" in page.locator("p").inner_text():
            break
    page.wait_for_load_state()  # the text is there before the scripts
    page.evaluate("late()")
    assert set(page.pairs) == {"1 1", "2 2"} and page.pairs[-2:] == ["2 2", "2 2"]
    assert page.url.endswith(f"index.html?{number}#fragment")
    assert stores(page) == [f"imagebook {server.address} {version(folder)}"]


def test_an_update_asks_only_for_what_changed(small):
    """A file with the same hash is taken over from the version before."""
    folder, server, page = small
    server.asked.clear()
    publish(folder, 2)
    assert page.evaluate(UPDATE) == "waits"
    assert set(server.asked) == {"index.html", "late.js", "script.js", "sw.js", "two.html"}


@pytest.mark.parametrize("late", [None, "another();"], ids=["absent", "of another version"])
def test_half_a_version_is_none(small, late):
    """While a site is being published, some files are missing or old: the version before stays, whole."""
    folder, server, page = small
    publish(folder, 2, late=late)
    assert page.evaluate(UPDATE) == "refused"
    assert len(stores(page)) == 1
    stop(server)
    page.goto(f"{server.address}two.html")
    page.evaluate("late()")
    assert set(page.pairs) == {"1 1"}


def test_after_a_half_version_the_whole_one_arrives(small):
    """The next attempt, with all files in their places, succeeds."""
    folder, _, page = small
    publish(folder, 2, late=None)
    assert page.evaluate(UPDATE) == "refused"
    publish(folder, 2)
    assert page.evaluate(UPDATE) == "waits"
    page.reload(wait_until="commit")  # it will load itself once more
    page.wait_for_selector("text=Page of version 2")
    page.wait_for_load_state()  # the text is there before the scripts
    assert set(page.pairs) == {"1 1", "2 2"}


def test_a_page_newer_than_the_list_gets_nothing_old(small):
    """It comes from the network, and so does all that belongs to it."""
    folder, server, page = small
    publish(folder, 2, worker=False)
    (folder / "two.html").rename(folder / "new.html")
    page.goto(f"{server.address}new.html")
    page.evaluate("late()")
    assert page.pairs[-2:] == ["2 2", "2 2"]
    page.goto(f"{server.address}two.html")
    page.evaluate("late()")
    assert page.pairs[-2:] == ["1 1", "1 1"]


def test_what_nobody_reads_is_not_kept(tmp_path):
    """Theme files that no page names, maps, and the book's other forms stay away; the rest is kept."""
    texts = {
        "index.html": '<link href="_static/styles/a.css?digest=1"><a href="c/d.html">',
        "_static/styles/a.css": "@font-face { src: url(../vendor/used.woff2) }",
        "_static/styles/b.css": "",
        "_static/vendor/used.woff2": "",
        "_static/vendor/unused.woff2": "",
        "_static/figures/assets/weights.js": "",
        "c/d.html": "",
        "a.js.map": "",
        "book.pdf": "",
        "lite/index.html": "",
        "sw.js": "",
        ".buildinfo": "",
    }
    for name, text in texts.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert offline.files(tmp_path) == [
        "_static/figures/assets/weights.js",
        "_static/styles/a.css",
        "_static/vendor/used.woff2",
        "c/d.html",
        "index.html",
    ]
