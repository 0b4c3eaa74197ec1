"""The book's own extensions, each tried by building a small book with the real configuration."""

import re
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

import pytest
import small_book
from scripts import load

FRONT = "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n  display_name: Python 3\n---\n\n"


@pytest.fixture
def book(tmp_path):
    """Return a function that builds a book of one chapter and gives the result and the page."""
    small_book.write(tmp_path, {"index": FRONT})

    def build(text, *, remote=None):
        (tmp_path / "index.md").write_text(FRONT + text, encoding="utf-8")
        if remote:
            small_book.remote(tmp_path, remote)
        result = small_book.run(tmp_path)
        page = tmp_path / "_build" / "html" / "index.html"
        return result, page.read_text(encoding="utf-8") if page.exists() else ""

    return build


DRAW = """
```{code-cell}
from imagebook.plotting import curves, show
figure = curves({"a": [1, 2]}, x_label="x", y_label="y")
show(figure, alt="It rises.")
```
"""


EXERCISE = """# Page

```{exercise-start} One
:label: one
```
What?
```{exercise-end}
```

```{solution-start} one
:class: dropdown
```
This.
```{solution-end}
```
"""


PROGRESS = "# Progress\n\n```{progress}\n```\n"
CHECK = "```{{selfcheck}} check-{}\nsize = 1\n---\nHow many?\n\n- [= size] 1\n  > One.\n```\n"
CODE = "# Code\n\n```python\nimport a\n```\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build one book that has a page for each of several tests; return its folder."""
    pages = {"index": f"{FRONT}# Page\n{DRAW}", "progress": PROGRESS, "code": CODE, "exercise": EXERCISE}
    for name in "ab":
        pages[f"chapters/{name}"] = f"{FRONT}# {name}\n\n{CHECK.format(name)}"
    pages["errata"] = (small_book.ROOT / "pages" / "errata.md").read_text(encoding="utf-8")
    for term in dict.fromkeys(row["term"] for row in ledger()):
        pages["errata"] += f"\n({term})=\n## The section {term}\n"
    folder = tmp_path_factory.mktemp("book")
    small_book.build(folder, pages)
    return folder


def ledger():
    """Return the rows of the ledger."""
    return tomllib.loads((small_book.ROOT / "lib/imagebook/data/ledger.toml").read_text(encoding="utf-8"))[
        "row"
    ]


def read(built, name):
    """Return a page of the book of several."""
    return (built / "_build" / "html" / f"{name}.html").read_text(encoding="utf-8")


def test_a_figure_comes_with_its_words_and_size(built):
    """The alternative text of `show` is the picture's; its size is known before it loads."""
    page = read(built, "index")
    assert 'alt="It rises."' in page
    assert re.search(r'<img [^>]*width="560" height="\d+"', page)


def test_a_figure_without_words_fails_the_build(book):
    """A figure displayed by anything but `show` has no alternative text."""
    result, _ = book("# Page\n\n```{code-cell}\nimport matplotlib.pyplot as plt\n_ = plt.plot([1, 2])\n```\n")
    assert result.returncode != 0
    assert "a picture has no alternative text" in result.stderr


def test_a_failing_cell_fails_the_build(book):
    """Jupyter Book alone would end with exit code 0."""
    result, _ = book("# Page\n\n```{code-cell}\n1 / 0\n```\n")
    assert result.returncode != 0


def test_the_progress_counts_every_selfcheck(built, book):
    """All chapters' self-checks in order; a page whose script cannot find any would count to nothing."""
    assert '<div class="ib-progress" data-checks="check-a check-b"></div>' in read(built, "progress")
    assert book(PROGRESS)[0].returncode != 0  # there are no chapters


def test_without_a_remote_there_is_no_button_that_leads_nowhere(built):
    """No edit, repository or issue button; one search box; this year's copyright."""
    page = read(built, "index")
    assert not [word for word in ("/edit/", "/issues", "ib-run") if word in page]
    assert page.count('class="btn search-button-field') == 1
    assert f"{date.today().year}" in page and "2023" not in page


def test_code_has_the_theme_s_colours(built):
    """The theme writes its two sets of colours late in the build; the site's one sheet has both."""
    assert 'class="kn"' in read(built, "code")
    sheet = (built / "_build/html/_static/site.css").read_text(encoding="utf-8")
    assert re.findall(r'html\[data-theme="(\w+)"\] \.highlight \.kn\{', sheet) == ["light", "dark"]


def test_buttons_lead_to_the_repository(book):
    """They edit this page and open an issue; no address carries the credentials of the remote."""
    result, page = book("# Page\n", remote="https://user:secret@github.com/someone/imagebook.git")
    assert result.returncode == 0, result.stderr
    assert "https://github.com/someone/imagebook/edit/main/index.md" in page
    assert "https://github.com/someone/imagebook/issues/new" in page
    assert "secret" not in page


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://github.com/a/b", "https://github.com/a/b"),
        ("https://token@github.com/a/b.git", "https://github.com/a/b"),
        ("git@github.com:a/b.git", "https://github.com/a/b"),
        ("ssh://git@github.com/a/b.c/", "https://github.com/a/b.c"),
        ("/home/someone/imagebook", None),
        ("https://example.org/a/b.git", None),
        ("", None),
    ],
)
def test_the_address_of_a_remote(root, remote, address):
    """Only a public address on GitHub becomes a button."""
    assert load(root / "extensions" / "repository.py").public_address(remote) == address


def test_the_errata_list_exactly_what_differs(built):
    """The page's first table holds the rows that differ, with four bold numbers; the others hold the rest."""
    rows, page = ledger(), read(built, "errata")
    tables = re.findall(r"<table.*?</table>", page, flags=re.DOTALL)
    listed = [re.findall(r'href="#([\w-]+)"', table) for table in tables]
    comparable = [row for row in rows if "prints" in row and "derived" not in row]
    assert listed[0] == [row["term"] for row in comparable if row["prints"] != row["computes"]]
    assert sorted(sum(listed, [])) == sorted(row["term"] for row in rows)
    assert re.findall(r"<strong>([\d,]+)</strong>", tables[0]) == ["169", "560", "189", "660"]
    assert "<strong>" not in "".join(tables[1:])
    assert "read in November 2026" in page and "the live page may have changed" in page


def test_a_changed_library_is_noticed(root, tmp_path, monkeypatch):
    """Results that an older library computed are thrown away; those of the same library are kept."""
    tool = load(root / "tools" / "book.py")
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    monkeypatch.setattr(tool, "BUILD", tmp_path / "_build")
    (tmp_path / "requirements.txt").write_text("")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "a.py").write_text("x = 1")
    results = tmp_path / "_build" / "results"

    def build():
        tool.forget_if_changed("library", tool.fingerprint(["lib"]), [results])
        kept = results.exists()
        results.mkdir(exist_ok=True)
        return kept

    assert [build(), build()] == [False, True]
    (tmp_path / "lib" / "a.py").write_text("x = 2")
    assert [build(), build()] == [False, True]


def test_a_missing_page_is_noticed(root, monkeypatch):
    """A book whose table of contents names a page that was not built is not a book."""
    tool = load(root / "tools" / "book.py")
    names = tool.pages()
    assert names[0] == "index" and "pages/glossary" in names
    monkeypatch.setattr(tool, "pages", lambda: [*names, "chapters/missing"])
    assert "chapters/missing" in tool.not_built(root / "nowhere")


def test_a_page_of_another_theme_is_refused(root):
    """Landmarks that an upgrade of the theme moved would be missed by nobody who sees."""
    landmarks = load(root / "extensions" / "landmarks.py")
    with pytest.raises(landmarks.ExtensionError, match="0 places"):
        landmarks.marked("<html><head></head><body><main>Text</main></body></html>")


def test_solutions_fold_in_a_browser_and_nowhere_else(built):
    """A solution names its exercise and folds by itself; a reading device and paper get it open."""
    page = read(built, "exercise")
    assert re.search(r'<details class="solution admonition" id="[^"]+">\s*<summary[^>]*>Solution to', page)
    assert re.search(r'<p>Back to <a class="reference internal" href="#one">', page)
    assert not re.search(r'id="(exercise|solution)-content"', page)
    program = Path(sys.executable).with_name("jupyter-book")
    command = [str(program), "build", str(built), "--builder", "singlehtml", "-q"]
    subprocess.run(command, check=True, capture_output=True)
    single = (built / "_build/singlehtml/index.html").read_text(encoding="utf-8")
    article = re.search(r"<article.*?</article>", single, flags=re.DOTALL)[0]  # the citation at its end folds
    assert '<details class="solution' not in article and "This." in article
