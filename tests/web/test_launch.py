"""The menu that runs a chapter: one button for each place, each leading to that chapter."""

from urllib.parse import parse_qs, urlsplit

import pytest
import small_book
from bs4 import BeautifulSoup
from scripts import load

CHAPTER = "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n---\n\n# X\n\nText.\n"
REPOSITORY = "https://github.com/ada/book"


@pytest.fixture
def launch():
    """Return extensions/launch.py as a module."""
    return load("extensions/launch.py")


def asked(page, address):
    """Name a hub in the form, go there, and return the address that the hub is asked for.

    It answers that it has nothing to show, so that the browser stays on the page.
    """
    page.route("https://hub.example.org/**", lambda route: route.fulfill(status=204))
    page.locator("#ib-hub-address").fill(address)
    with page.expect_request("https://hub.example.org/**") as request:
        page.locator(".ib-hub [type=submit]").click()
    return request.value.url


def menu(page):
    """Return the buttons of a page, {place: address}, and the menu itself."""
    found = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").select(".ib-run")
    return {link["data-place"]: link["href"] for tag in found for link in tag.select("a")}, found


@pytest.fixture(scope="module")
def sites(tmp_path_factory):
    """Return the folders of a small website, {"home": without a repository, "public": with one}."""
    folders = {}
    for name in ("home", "public"):
        folder = tmp_path_factory.mktemp(name)
        pages = {
            "index": "# A\n",
            "chapters/x": CHAPTER,
            "pages/run": "# Run\n\n(hub)=\n## Hub\n\n```{hub-form}\n```\n",
        }
        small_book.write(folder, pages)
        (folder / "chapters/x.ipynb").write_text("{}", encoding="utf-8")
        if name == "public":
            small_book.remote(folder, f"{REPOSITORY}.git")
        result = small_book.run(folder)
        assert result.returncode == 0, result.stderr
        folders[name] = folder / "_build/html"
    return folders


@pytest.fixture(scope="module")
def public(sites, served):
    """Return the address of the website with a repository."""
    return served(sites["public"])


def test_each_place_gets_this_chapter(sites):
    """Six places; what fetches from the repository takes the branch of releases."""
    buttons, _ = menu(sites["public"] / "chapters/x.html")
    assert buttons == {
        "lite": "../lite/notebooks/index.html?path=chapters/x.ipynb",
        "binder": "https://mybinder.org/v2/gh/ada/book/release?urlpath=lab/tree/chapters/x.ipynb",
        "colab": "https://colab.research.google.com/github/ada/book/blob/release/chapters/x.ipynb",
        "kaggle": "https://kaggle.com/kernels/welcome?src=https://github.com/ada/book/blob/release/chapters/x.ipynb",
        "hub": "../pages/run.html?chapter=chapters/x.ipynb#hub",
        "computer": "../chapters/x.ipynb",
    }


def test_without_a_repository_only_what_needs_none_is_offered(sites):
    """A button that leads nowhere is worse than none; Jupyter Book's own repository is not ours."""
    buttons, _ = menu(sites["home"] / "chapters/x.html")
    assert list(buttons) == ["lite", "computer"]
    text = (sites["home"] / "pages/run.html").read_text(encoding="utf-8")
    assert "ib-hub" not in text and "does not know a public repository" in text


def test_the_notebook_lies_beside_the_chapter(sites):
    """The last button's file is there, and the link saves it."""
    _, (tag,) = menu(sites["home"] / "chapters/x.html")
    (link,) = tag.select("[data-place=computer]")
    assert link.has_attr("download")
    assert (sites["home"] / "chapters" / link["href"]).resolve().read_text() == "{}"


def test_pages_that_are_no_chapters_have_no_menu(sites):
    """The first page has nothing to run, and does not load the menu's script."""
    page = sites["public"] / "index.html"
    assert menu(page)[1] == []
    assert "launch.js" not in page.read_text(encoding="utf-8")
    assert "launch.js" in (sites["public"] / "pages/run.html").read_text(encoding="utf-8")


def test_a_hub_is_told_what_to_fetch_and_what_to_open(launch):
    """The query names repo, branch and urlpath; the chapter's path comes behind the last."""
    query = parse_qs(urlsplit(f"?{launch.pull(REPOSITORY)}chapters/x.ipynb").query)
    assert query == {
        "repo": [REPOSITORY],
        "branch": ["release"],
        "urlpath": ["lab/tree/book/chapters/x.ipynb"],
    }


def test_every_chapter_of_the_book_has_a_notebook_to_open(root):
    """The menu's addresses end in files that are in the repository."""
    pages = [page for page in load("tools/book.py").pages() if page.startswith("chapters/")]
    assert len(pages) == 14
    assert [page for page in pages if not (root / f"{page}.ipynb").is_file()] == []


def test_the_menu_opens_and_closes_as_menus_do(open_page, public):
    """By click and by key; Escape gives the focus back, a press or the focus elsewhere closes it."""
    page = open_page(public, "chapters/x.html")
    summary = page.locator(".ib-run > summary")
    opened = "document.querySelector('.ib-run').open"
    summary.focus()
    page.keyboard.press("Enter")
    assert page.evaluate(opened)
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    assert not page.evaluate(opened)
    assert page.evaluate("document.activeElement.matches('.ib-run > summary')")
    summary.click()
    assert page.evaluate(opened)
    page.mouse.click(20, page.viewport_size["height"] - 20)  # beside the text
    assert not page.evaluate(opened)
    summary.click()
    page.locator("#pst-primary-sidebar a").first.focus()
    assert not page.evaluate(opened)


def test_from_disk_python_starts_on_the_published_page(open_page, sites):
    """JupyterLite cannot run from disk: its button leads to the web, or is not there."""
    page = open_page(sites["public"].as_uri() + "/", "chapters/x.html")
    address = page.locator("[data-place=lite]").evaluate("link => link.href")
    assert address == "https://ada.github.io/book/lite/notebooks/index.html?path=chapters/x.ipynb"
    page = open_page(sites["home"].as_uri() + "/", "chapters/x.html")
    assert page.locator("[data-place]").count() == 1


def test_a_hub_is_asked_for_once(open_page, public):
    """The form leads to the hub with the chapter; then the menu does, until the reader says to forget it."""
    page = open_page(public, "chapters/x.html")
    page.locator(".ib-run > summary").click()
    page.locator("[data-place=hub]").click()
    page.wait_for_url("**/pages/run.html?chapter=chapters/x.ipynb#hub")
    wanted = (
        "https://hub.example.org/hub/user-redirect/git-pull?repo=https%3A//github.com/ada/book"
        "&branch=release&urlpath=lab/tree/book/chapters/x.ipynb"
    )
    assert asked(page, "https://hub.example.org/user/ada/lab/tree/work") == wanted
    page.goto(f"{public}chapters/x.html")
    assert page.locator("[data-place=hub]").evaluate("link => link.href") == wanted
    page.goto(f"{public}pages/run.html")
    page.locator(".ib-hub [type=button]").click()
    assert page.locator(".ib-hub [role=status]").text_content() == "Forgotten."
    page.goto(f"{public}chapters/x.html")
    assert "pages/run.html" in page.locator("[data-place=hub]").evaluate("link => link.href")


@pytest.mark.parametrize("search", ["", "?chapter=../../evil", "?repo=https://evil.example.org&chapter=x"])
def test_nothing_but_a_chapter_is_taken_from_an_address(open_page, public, search):
    """A link that somebody else wrote cannot make a hub fetch another repository."""
    page = open_page(public, f"pages/run.html{search}")
    address = asked(page, "https://hub.example.org/")
    assert "/hub/user-redirect/git-pull?repo=https%3A//github.com/ada/book&" in address
    assert address.endswith("urlpath=lab/tree/book/chapters")
