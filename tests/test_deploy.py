"""A school's hub: its links, its limits, who may come in, and what the texts beside them promise."""

import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from scripts import load

import imagebook

hub = load("benchmarks/hub.py")
links = load("deploy/links.py")
memory = load("deploy/memory.py")
HUB = "https://hub.example.org"
REPOSITORY = "ada/imagebook"
# What stands for a measurement where a number is checked by hand.
SMALL = {
    "hub_peak": 256 * 2**20,
    "chapters": [
        {"server_peak": 140 * 2**20, "kernel_peak": 200 * 2**20, "kernel_fresh": 50 * 2**20},
        {"server_peak": 150 * 2**20, "kernel_peak": 300 * 2**20, "kernel_fresh": 60 * 2**20},
    ],
}


@pytest.fixture
def values(root):
    """Return the values of the chart."""
    return yaml.safe_load((root / "deploy/zero-to-jupyterhub.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def results(root):
    """Return what `make hub` measured last."""
    return json.loads((root / "benchmarks/results/hub.json").read_text(encoding="utf-8"))


def test_there_is_a_link_for_every_chapter(root):
    """As many as the book has chapters, in its order; each leads to a notebook that there is."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    chapters = [f"{entry['file']}.ipynb" for entry in toc["parts"][0]["chapters"]]
    assert links.chapters() == chapters
    assert all((root / notebook).is_file() for notebook in chapters)


def test_a_link_makes_nbgitpuller_fetch_the_release_and_open_the_chapter():
    """It says where the book is, which branch, and which notebook in the folder that git names after it."""
    address = urlsplit(links.link(f"{HUB}/", REPOSITORY, "chapters/i.ipynb"))
    assert (address.netloc, address.path) == ("hub.example.org", "/hub/user-redirect/git-pull")
    assert parse_qs(address.query) == {
        "repo": ["https://github.com/ada/imagebook"],
        "branch": ["release"],
        "urlpath": ["lab/tree/imagebook/chapters/i.ipynb"],
    }


def test_the_links_are_those_of_the_website():
    """The menu of a chapter makes the same, so a student has one copy of the book, not two."""
    launch = load("extensions/launch.py")
    query = launch.pull(f"https://github.com/{REPOSITORY}")
    wanted = f"{HUB}/hub/user-redirect/git-pull?{query}chapters/i.ipynb"
    assert links.link(HUB, REPOSITORY, "chapters/i.ipynb") == wanted


def run_links(root, *arguments):
    """Return what the program does with arguments."""
    command = [sys.executable, str(root / "deploy/links.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_program_prints_the_links(root):
    """One on each line, nothing else."""
    found = run_links(root, HUB, REPOSITORY)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.splitlines() == [links.link(HUB, REPOSITORY, name) for name in links.chapters()]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Usage: python deploy/links.py https://hub.example.org OWNER/NAME"),
        ([HUB], "Usage: python deploy/links.py https://hub.example.org OWNER/NAME"),
        (
            ["hub.example.org", REPOSITORY],
            "links.py: the hub must look like https://hub.example.org, got 'hub.example.org'",
        ),
        (
            [f"{HUB}/hub?next=x", REPOSITORY],
            "links.py: the hub must look like https://hub.example.org, got 'https://hub.example.org/hub?next=x'",
        ),
        (
            [HUB, "imagebook"],
            "links.py: the repository must look like OWNER/NAME or https://example.org/NAME, got 'imagebook'",
        ),
    ],
)
def test_wrong_addresses_are_refused_in_one_sentence(root, arguments, sentence):
    """It says what was wanted and what came, and the shell learns of it."""
    found = run_links(root, *arguments)
    assert (found.returncode, found.stdout, found.stderr) == (1, "", f"{sentence}\n")


def test_memory_is_computed_by_the_rules_that_the_readme_states():
    """By hand: 150 + 300 goes up to 512 MiB, 150 + 60 + 300 too; 20 students and the hub need 10.25 GiB."""
    assert memory.guarantee(SMALL) == 512
    assert memory.limit(SMALL) == 512
    assert memory.needed(SMALL, 20) == 11
    assert memory.machines(SMALL, 115) == 1  # 0.9 of 64 GiB hold 115.2 times 512 MiB
    assert memory.machines(SMALL, 116) == 2


def test_the_limits_are_those_of_the_measurement(root, values, results):
    """Both hubs, and the table for schools; a new measurement that does not fit is noticed here."""
    wanted = {"guarantee": f"{memory.guarantee(results)}M", "limit": f"{memory.limit(results)}M"}
    assert values["singleuser"]["memory"] == wanted
    littlest = (root / "deploy/the-littlest-jupyterhub.md").read_text(encoding="utf-8")
    assert f"tljh-config set limits.memory {wanted['limit']}\n" in littlest
    readme = (root / "deploy/README.md").read_text(encoding="utf-8")
    assert memory.table(results) in readme
    assert f"a server + {len(results['chapters']) - 1} fresh kernels + " in readme
    assert f"guarantee of {memory.guarantee(results)} MiB" in readme
    assert f"limit of {memory.limit(results):,} MiB" in readme
    teachers = " ".join((root / "pages/teachers.md").read_text(encoding="utf-8").split())
    assert f"needs {memory.guarantee(results)} MiB of memory, so 20 at once need" in teachers
    assert f"20 at once need {memory.needed(results, 20)} GiB" in teachers


def test_every_chapter_was_measured_and_ran(results):
    """On a hub, by its link, for one of two users: all its cells, with figures or pictures."""
    assert [chapter["chapter"] for chapter in results["chapters"]] == links.chapters()
    assert {chapter["user"] for chapter in results["chapters"]} == {"ada", "grace"}
    for chapter in results["chapters"]:
        assert chapter["cells"] > 10 and chapter["figures"] >= 1 and chapter["pictures"] >= 1, chapter
        assert chapter["kernel_fresh"] < chapter["kernel_resident"] <= chapter["kernel_peak"], chapter


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc, as Linux has it")
def test_the_processes_of_a_hub_are_found_and_measured(tmp_path):
    """By the folder that their environment names, with their user; so in the end none is left."""
    environment = {"HOME": str(tmp_path / "homes/ada"), "JUPYTERHUB_USER": "ada"}
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, env=environment) as child:
        while not hub.processes(tmp_path):  # until the new program has taken the place of this one
            assert child.poll() is None
        assert hub.the_one(tmp_path, "ada", "input()") == child.pid
        with pytest.raises(RuntimeError, match="grace has 0 processes"):
            hub.the_one(tmp_path, "grace", "input()")
        resident, peak = hub.memory(child.pid)
        assert 2**20 < resident <= peak
        assert hub.processor_seconds(child.pid) >= 0
        child.stdin.close()
    assert hub.processes(tmp_path) == {}


def test_a_student_has_room_for_the_book(values, results):
    """The volume holds the copy that nbgitpuller fetches ten times over."""
    assert values["singleuser"]["storage"]["capacity"] == "1Gi"
    assert 10 * results["home"] < 2**30


def test_nobody_comes_in_until_the_school_says_who(root, values):
    """The chart's own default lets everybody in: it must not apply; only the hub on loopback has a dummy."""
    name = "jupyterhub.auth.NullAuthenticator"
    assert values["hub"]["config"] == {"JupyterHub": {"authenticator_class": name}}
    for path in (root / "deploy").rglob("*"):
        if path.is_file() and path.parent.name != "local":
            text = path.read_text(encoding="utf-8").lower()
            for opening in ("dummy", "allow_all", "create_users", "tmpauthenticator", "any_allow"):
                assert opening not in text, f"{path.name}: {opening}"


def test_idle_servers_end_and_threads_do_not_crowd(root, values):
    """The same hour, and one thread for NumPy, on both kinds of hub."""
    littlest = (root / "deploy/the-littlest-jupyterhub.md").read_text(encoding="utf-8")
    assert values["cull"]["enabled"] is True
    assert f"services.cull.timeout {values['cull']['timeout']}\n" in littlest
    assert values["singleuser"]["extraEnv"] == {"OPENBLAS_NUM_THREADS": "1"}
    assert 'c.Spawner.environment = {"OPENBLAS_NUM_THREADS": "1"}' in littlest
    assert f"limits.cpu {values['singleuser']['cpu']['limit']}\n" in littlest


def test_the_texts_name_this_release(root, values):
    """The image's tag and the library that a server installs are those of the package."""
    littlest = (root / "deploy/the-littlest-jupyterhub.md").read_text(encoding="utf-8")
    assert values["singleuser"]["image"]["tag"] == imagebook.__version__
    assert f"pip install imagebook=={imagebook.__version__}\n" in littlest
    assert f"imagebook-hub:{imagebook.__version__}" in (root / "deploy/README.md").read_text(encoding="utf-8")


def test_the_hub_has_the_version_that_its_servers_have(root):
    """The chart and The Littlest JupyterHub 2 bring JupyterHub 5; a server must be of the same number."""
    pins = (root / "deploy/requirements.txt").read_text(encoding="utf-8")
    assert re.search(r"^jupyterhub==5[.]", pins, re.MULTILINE)
    for name in ("jupyterlab", "nbgitpuller", "numpy", "anywidget", "matplotlib", "pooch"):
        assert re.search(rf"^{name}==", pins, re.MULTILINE), name
    for line in pins.splitlines():
        assert line.startswith("#") or re.fullmatch(r"[\w.-]+(\[[\w,-]+\])?==[\w.]+( ; .+)?", line), line


@pytest.mark.parametrize("name", ["README.md", "the-littlest-jupyterhub.md", "zero-to-jupyterhub.yaml"])
def test_files_that_a_text_names_are_there(root, name):
    """Those of this repository, and the targets of make."""
    text = (root / "deploy" / name).read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for path in re.findall(r"\b(?:deploy|benchmarks)/[\w./-]*\w", text):
        assert (root / path).exists(), path
    for target in re.findall(r"`make ([a-z]+)", text):
        assert target in targets, target


def test_the_image_gets_files_that_there_are(root):
    """Docker would say so late, and not on this machine."""
    text = (root / "deploy/Dockerfile").read_text(encoding="utf-8")
    sources = [word for line in re.findall(r"^COPY (.+)", text, re.MULTILINE) for word in line.split()[:-1]]
    assert sources and all((root / source).exists() for source in sources)


def test_the_local_hub_listens_on_loopback_and_lets_two_in(root, monkeypatch, tmp_path):
    """Its configuration is read here as JupyterHub reads it: addresses, users, and no password of its own."""
    from traitlets.config import Config

    address = "http://127.0.0.1:8000"
    for name, value in {"HUB_ADDRESS": address, "HUB_FOLDER": str(tmp_path), "HUB_PASSWORD": "p"}.items():
        monkeypatch.setenv(name, value)
    path = root / "deploy/local/jupyterhub_config.py"
    config = Config()
    exec(
        compile(path.read_text(encoding="utf-8"), path, "exec"),
        {"get_config": lambda: config, "__file__": path},
    )
    for value in (config.JupyterHub.hub_bind_url, config.ConfigurableHTTPProxy.api_url):
        assert urlsplit(value).hostname == "127.0.0.1"
    assert config.JupyterHub.bind_url == address
    assert config.Spawner.ip == "127.0.0.1"
    assert config.DummyAuthenticator.password == "p"
    assert config.Authenticator.allowed_users == {"ada", "grace"}
    assert "allow_all" not in config.Authenticator
    monkeypatch.setenv("HUB_ADDRESS", "http://0.0.0.0:8000")
    with pytest.raises(ValueError, match="HUB_ADDRESS must be on loopback"):
        exec(
            compile(path.read_text(encoding="utf-8"), path, "exec"), {"get_config": Config, "__file__": path}
        )


def test_the_container_for_editing_makes_what_make_test_wants(root):
    """An official image, the browser and fonts of CI, the environment of make, the port of make serve."""
    content = json.loads((root / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    assert re.fullmatch(r"mcr[.]microsoft[.]com/devcontainers/python:\d+-3[.]1[1-4]-\w+", content["image"])
    commands = content["postCreateCommand"].split(" && ")
    assert commands == ["bash .ci/browser", "make .venv/installed"]
    assert (root / ".ci/browser").is_file()
    subprocess.run(["make", "--dry-run", ".venv/installed"], cwd=root, check=True, capture_output=True)
    port = re.search(r"--directory _build/html (\d+)", (root / "Makefile").read_text(encoding="utf-8"))[1]
    assert content["forwardPorts"] == [int(port)]
    wanted = {"ms-python.python", "ms-toolsai.jupyter", "executablebookproject.myst-highlight"}
    assert wanted <= set(content["customizations"]["vscode"]["extensions"])
