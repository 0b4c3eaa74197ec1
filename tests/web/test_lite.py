"""Python in the browser, as far as it can be tried without a network: all but the kernel."""

import email
import json
import re
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from playwright.sync_api import expect

import imagebook

ROOT = Path(__file__).resolve().parents[2]
KERNEL = "extensions/@jupyterlite/pyodide-kernel-extension"
SETTINGS = "@jupyterlite/pyodide-kernel-extension:kernel"
CHAPTERS = sorted([*(ROOT / "chapters").glob("*.ipynb"), *(ROOT / "ko/chapters").glob("*.ipynb")])
# Where the kernel is, as far as its packages ask.
BROWSER = {"sys_platform": "emscripten", "platform_python_implementation": "CPython", "os_name": "posix"}
BROWSER |= {"implementation_name": "cpython", "platform_system": "Emscripten", "extra": ""}


@pytest.fixture(scope="session")
def folder(site):
    """Return the folder of JupyterLite in the built website."""
    return Path(urllib.parse.unquote(urllib.parse.urlsplit(site["file"]).path), "lite")


@pytest.fixture(scope="session")
def config(folder):
    """Return JupyterLite's settings."""
    return json.loads((folder / "jupyter-lite.json").read_text(encoding="utf-8"))["jupyter-config-data"]


@pytest.fixture(scope="session")
def wheels(folder, config):
    """Return the wheels that the kernel finds, {name: (version, file)}, those of the site before its own."""
    found = {}
    for address in config["litePluginSettings"][SETTINGS]["pipliteUrls"]:
        index = folder / address.partition("?")[0]
        for name, entry in json.loads(index.read_text(encoding="utf-8")).items():
            version = max(entry["releases"], key=lambda text: [int(part) for part in text.split(".")])
            [release] = entry["releases"][version]
            found.setdefault(name, (version, index.parent / release["url"]))
    return found


def test_it_adds_at_most_25_megabytes(folder):
    """All of JupyterLite, the chapters and the wheels."""
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) <= 25e6


@pytest.mark.parametrize("chapters", ["chapters", "ko/chapters"])
def test_every_chapter_is_there(folder, chapters):
    """Byte for byte, and listed as the contents of one folder."""
    path = folder / "api/contents" / chapters / "all.json"
    listed = json.loads(path.read_text(encoding="utf-8"))["content"]
    own = sorted((ROOT / chapters).glob("*.ipynb"))
    assert own and sorted(row["path"] for row in listed) == [f"{chapters}/{path.name}" for path in own]
    for path in own:
        assert (folder / "files" / chapters / path.name).read_bytes() == path.read_bytes()


def test_the_wheel_is_the_library_that_the_chapters_ask_for(wheels):
    """Every file of the library, in the version that the first cell of every chapter names."""
    version, path = wheels["imagebook"]
    assert version == imagebook.__version__
    for chapter in CHAPTERS:
        cells = json.loads(chapter.read_text(encoding="utf-8"))["cells"]
        first = next(cell for cell in cells if cell["cell_type"] == "code")
        assert f"%pip install --quiet imagebook=={version}" in "".join(first["source"]).splitlines()[-1]
    package = ROOT / "lib/imagebook"
    library = {file for file in package.rglob("*") if file.is_file() and "__pycache__" not in file.parts}
    with zipfile.ZipFile(path) as archive:
        packed = {name for name in archive.namelist() if name.startswith("imagebook/")}
        assert packed == {f"imagebook/{file.relative_to(package).as_posix()}" for file in library}
        for file in library:
            assert archive.read(f"imagebook/{file.relative_to(package).as_posix()}") == file.read_bytes()


def test_nothing_is_asked_of_a_package_index(config, wheels):
    """What the library and the kernel need is in the site or comes with Pyodide, in a version that fits."""
    assert config["litePluginSettings"][SETTINGS]["disablePyPIFallback"]
    pyodide = json.loads((ROOT / "lite/pyodide.json").read_text(encoding="utf-8"))
    environment = BROWSER | {"python_full_version": pyodide["python"]}
    environment["python_version"] = pyodide["python"].rpartition(".")[0]
    # The order of JupyterLite's kernel when it starts, then the first cell of a chapter.
    left = [*map(Requirement, ("ipykernel", "comm", "pyodide-kernel", "jedi", "ipython", "imagebook"))]
    seen = set()
    while left:
        needed = left.pop()
        name = canonicalize_name(needed.name)
        if needed.marker and not needed.marker.evaluate(environment):
            continue
        # Pyodide's own come first, with what they need themselves.
        if needed.specifier.contains(pyodide["packages"].get(name, "0")) and name in pyodide["packages"]:
            continue
        version, path = wheels[name]
        assert needed.specifier.contains(version), f"{needed}, but the site has {version}"
        if name not in seen:
            with zipfile.ZipFile(path) as archive:
                described = next(file for file in archive.namelist() if file.endswith(".dist-info/METADATA"))
                metadata = email.message_from_bytes(archive.read(described))
            left += [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]
            seen.add(name)
    assert {"imagebook", "anywidget", "ipywidgets", "psygnal", "pooch", "comm"} <= seen


def test_the_list_of_pyodide_s_packages_is_that_of_the_kernel(folder):
    """The kernel is the Pyodide that lite/pyodide.json tells of, from the CDN that readers are told of."""
    schema = json.loads((folder / KERNEL / "static/schema/kernel.v0.schema.json").read_text(encoding="utf-8"))
    version = json.loads((ROOT / "lite/pyodide.json").read_text(encoding="utf-8"))["version"]
    address = f"https://cdn.jsdelivr.net/pyodide/v{version}/full/pyodide.mjs"
    assert schema["properties"]["pyodideUrl"]["default"] == address
    scripts = [path.read_text(encoding="utf-8") for path in (folder / KERNEL / "static").glob("*.js")]
    assert {name for text in scripts for name in re.findall(r"https://[\w.]+/pyodide/[^\"'`]+", text)} == {
        address
    }


def addresses(folder, config):
    """Return the addresses, from JupyterLite's folder, that its settings, lists and pages name."""
    named = {"jupyter-lite.json", "service-worker.js", "build/schemas/all.json", "api/translations/en.json"}
    for extension in config["federated_extensions"]:
        named.add(f"extensions/{extension['name']}/package.json")
        named.add(f"extensions/{extension['name']}/{extension['load']}")
    for address in config["litePluginSettings"][SETTINGS]["pipliteUrls"]:
        index = address.partition("?")[0]
        named.add(address)
        for entry in json.loads((folder / index).read_text(encoding="utf-8")).values():
            for releases in entry["releases"].values():
                named.update(urllib.parse.urljoin(index, release["url"]) for release in releases)
    folders = [""]
    while folders:
        index = f"api/contents/{folders.pop()}all.json"
        named.add(index)
        for row in json.loads((folder / index).read_text(encoding="utf-8"))["content"]:
            if row["type"] == "directory":
                folders.append(f"{row['path']}/")
            else:
                named.add(f"files/{row['path']}")
    for page in folder.rglob("*.html"):
        text = re.sub("<!--.*?-->", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        here = page.relative_to(folder).as_posix()
        links = re.findall(r"""(?:href|src)="([^"#]+)"|import\(\s*'([^']+)'""", text)
        named.update(urllib.parse.urljoin(here, first or second) for first, second in links)
    # The parts that each app loads when it needs them; what they share has one name in all.
    loader = re.compile(r'\((\d+)===\w\?"(\w+)":\w\)\+"\."\+\(\{([^}]+)\}\)\[\w\]\+"\.js"')
    for bundle in folder.glob("build/*/bundle.js"):
        [(special, name, parts)] = loader.findall(bundle.read_text(encoding="utf-8"))
        for number, version in re.findall(r'([\de]+):"([0-9a-f]+)"', parts):
            number = f"{float(number):.0f}"  # minified: 6e3
            named.add(f"build/{name if number == special else number}.{version}.js")
    return named


def test_every_address_that_it_names_answers(site, folder, config):
    """Settings, extensions, wheels, contents, and the parts of the three apps."""
    named = addresses(folder, config)
    assert len(named) > 200
    for address in named:
        with urllib.request.urlopen(
            f"{site['http']}lite/{urllib.parse.quote(address, safe='/?=@.')}"
        ) as answer:
            assert answer.status == 200 and answer.read(1)


@pytest.fixture
def visit(browser, site):
    """Return a function that opens a page of JupyterLite and gives it and the hosts that it asked in vain."""
    contexts = []

    def start(path, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        foreign = []

        def refuse(route):
            foreign.append(urllib.parse.urlsplit(route.request.url).hostname)
            route.abort()

        context.route(re.compile("^(?!data:|blob:|http://127[.]0[.]0[.]1:)"), refuse)
        page = context.new_page()
        with page.expect_event("requestfailed", timeout=120_000):  # the kernel, which is refused
            page.goto(f"{site['http']}lite/{path}")
        return page, foreign

    yield start
    for context in contexts:
        context.close()


@pytest.mark.parametrize("app", ["notebooks", "lab"])
def test_a_chapter_opens(visit, app):
    """Its text and its code stand there, and nobody but the CDN is asked for anything."""
    page, foreign = visit(f"{app}/index.html?path=chapters/i.ipynb")
    notebook = page.locator(".jp-Notebook")
    expect(notebook.locator("h1")).to_contain_text("I: image recognition", timeout=60_000)
    expect(notebook).to_contain_text(f"%pip install --quiet imagebook=={imagebook.__version__}")
    assert set(foreign) == {"cdn.jsdelivr.net"}


def test_a_chapter_opens_on_a_phone(visit):
    """The text fits the width."""
    page, _ = visit("notebooks/index.html?path=chapters/a.ipynb", viewport={"width": 390, "height": 844})
    expect(page.locator(".jp-Notebook h1")).to_be_visible(timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_book_asks_for_nothing_of_it(open_page, site):
    """Whoever reads pages and does not press the button pays nothing for Python."""
    for path in ("index.html", "chapters/i.html"):
        asked = []
        page = open_page(site["http"], "404.html")
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.goto(site["http"] + path)
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        page.wait_for_load_state("networkidle")
        assert asked and not [address for address in asked if "/lite/" in address]


def test_it_opens_where_the_book_is_kept_on_the_device(browser, site):
    """The book's service worker lets it through to the network, and its own one takes its folder."""
    context = browser.new_context()
    context.route(re.compile("^(?!data:|blob:|http://127[.]0[.]0[.]1:)"), lambda route: route.abort())
    page = context.new_page()
    page.goto(site["http"])
    page.locator(".ib-offline").get_by_role("button", name="Save this book").click()
    expect(page.locator(".ib-offline").get_by_role("status")).to_contain_text("Saved on", timeout=120_000)
    page.goto(f"{site['http']}lite/notebooks/index.html?path=chapters/i.ipynb")
    expect(page.locator(".jp-Notebook h1")).to_be_visible(timeout=60_000)
    page.wait_for_function("() => navigator.serviceWorker.controller?.scriptURL.includes('/lite/')")
    scopes = "async () => (await navigator.serviceWorker.getRegistrations()).map(({ scope }) => scope).sort()"
    assert page.evaluate(scopes) == [site["http"], f"{site['http']}lite/"]
    page.goto(f"{site['http']}chapters/i.html")
    assert page.evaluate("navigator.serviceWorker.controller.scriptURL") == f"{site['http']}sw.js"
    context.close()
