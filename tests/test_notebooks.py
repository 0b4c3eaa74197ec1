"""The notebooks are what their sources say, and their cells keep the book's rules."""

import ast
import types

import nbformat
import pytest
import scripts
from cells import as_python, parsed

import imagebook


@pytest.fixture(scope="module")
def tool():
    """Return tools/notebooks.py as a module."""
    return scripts.load("tools/notebooks.py")


def test_every_notebook_is_what_its_source_says(tool, root):
    """Run `make notebooks` if this fails: chapters/*.md changed, or somebody edited an .ipynb."""
    written = {path.name: path.read_text(encoding="utf-8") for path in (root / "chapters").glob("*.ipynb")}
    wanted = {path.with_suffix(".ipynb").name: tool.notebook_text(path) for path in tool.chapters()}
    assert sorted(written) == sorted(wanted)
    assert [name for name in wanted if written[name] != wanted[name]] == []


def test_the_generator_writes_the_same_bytes_each_time(tool):
    """No ids, no outputs, no dates."""
    path = tool.chapters()[0]
    assert tool.notebook_text(path) == tool.notebook_text(path)


def test_notebooks_are_valid_and_name_their_language(tool):
    """Format 4.4 has no cell ids; ruff passes over a notebook without a language."""
    for path in tool.chapters():
        notebook = nbformat.read(path.with_suffix(".ipynb"), as_version=nbformat.NO_CONVERT)
        nbformat.validate(notebook)
        assert (notebook.nbformat, notebook.nbformat_minor) == (4, 4)
        assert notebook.metadata.kernelspec.language == "python"


def test_no_sphinx_markup_is_left_for_a_notebook_program(tool):
    """Binder, Colab and JupyterLite show plain Markdown: a directive would be read as text."""
    for path in tool.chapters():
        notebook = nbformat.read(path.with_suffix(".ipynb"), as_version=nbformat.NO_CONVERT)
        text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        assert not [mark for mark in ("{cite", "{korean}", "```{", ":::{", ")=\n") if mark in text], path.name


def test_the_first_cell_fetches_the_library_only_where_it_is_missing(tool, monkeypatch):
    """The same version that the notebook was written for; where there is one, nothing is asked or said."""
    asked = []
    shell = types.SimpleNamespace(run_line_magic=lambda *words: asked.append(words))
    for path in tool.chapters():
        notebook = nbformat.read(path.with_suffix(".ipynb"), as_version=nbformat.NO_CONVERT)
        first = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
        exec(as_python(first), {"get_ipython": lambda: shell})
        assert asked == []
        with monkeypatch.context() as patch:
            patch.setattr("importlib.util.find_spec", lambda name: None)
            exec(as_python(first), {"get_ipython": lambda: shell})
        assert asked.pop() == ("pip", f"install --quiet imagebook=={imagebook.__version__}")


def test_visible_cells_are_short(tool):
    """Ten lines at most, imports apart, and 76 characters: a cell is read on a phone, too."""
    for path in tool.chapters():
        notebook = nbformat.read(path.with_suffix(".ipynb"), as_version=nbformat.NO_CONVERT)
        for cell in notebook.cells:
            if cell.cell_type == "code" and "remove-cell" not in cell.metadata.get("tags", []):
                lines = cell.source.splitlines()
                imports = all(
                    isinstance(node, ast.Import | ast.ImportFrom) for node in parsed(cell.source).body
                )
                assert imports or len(lines) <= 10, (
                    f"{path.name}: a cell of {len(lines)} lines:\n{cell.source}"
                )
                assert max(map(len, lines)) <= 76, f"{path.name}: a line too long:\n{cell.source}"


def test_no_name_is_defined_by_two_chapters(tool):
    """A function that two chapters need belongs in the library."""
    seen = {}
    for path in tool.chapters():
        notebook = nbformat.read(path.with_suffix(".ipynb"), as_version=nbformat.NO_CONVERT)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                for node in ast.walk(parsed(cell.source)):
                    if isinstance(node, ast.FunctionDef | ast.ClassDef):
                        first = seen.setdefault(
                            node.name, path.name
                        )  # an exercise and its solution share a name
                        assert first == path.name, f"{path.name} and {first} define {node.name}"


@pytest.mark.parametrize(
    ("myst", "markdown"),
    [
        ("(stride)=\n## stride", '<a id="stride"></a>\n## stride'),
        ("{korean}`경계 상자`", "*경계 상자*"),
        ("see [IoU](#intersection-over-union)", "see [IoU](i.ipynb#intersection-over-union)"),
        ("as {cite:t}`jaccard1901` did", "as [Jaccard, 1901](https://doi.org/10.5169/seals-266450) did"),
        ("so {cite:p}`jaccard1901`", "so ([Jaccard, 1901](https://doi.org/10.5169/seals-266450))"),
        ("```{exercise} Try\n:label: x\n\nDo it.\n```", "**Exercise: Try**\n\nDo it."),
        (":::{note}\nMind this.\nAnd that.\n:::", "> **Note**\n>\n> Mind this.\n> And that."),
    ],
)
def test_myst_becomes_plain_markdown(tool, myst, markdown):
    """Each kind of MyST markup that chapters use has a form that every notebook program shows."""
    assert tool.plain_markdown(myst) == markdown


def test_an_unknown_directive_is_refused(tool):
    """A directive that would reach readers as raw text stops the generator."""
    with pytest.raises(ValueError, match="no notebook form for the directive {tab-set}"):
        tool.plain_markdown("```{tab-set}\ntext\n```")


def test_a_solution_is_folded_away(tool, tmp_path):
    """Code between solution-start and solution-end is hidden; code outside is not."""
    source = tmp_path / "x.md"
    front = "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n  display_name: x\n---\n"
    cell = "```{code-cell}\n1\n```\n\n"
    start, end = "```{solution-start} x\n```\n\n", "```{solution-end}\n```\n\n"
    source.write_text(f"{front}\n# X\n\n{cell}{start}{cell}Text.\n\n{cell}{end}{cell}", encoding="utf-8")
    cells = nbformat.reads(tool.notebook_text(source), as_version=4).cells
    hidden = [bool(c.metadata.get("jupyter")) for c in cells if c.cell_type == "code"]
    assert hidden == [False, False, True, True, False]  # the first is the one that fetches the library
