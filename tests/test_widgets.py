"""What every figure has, and what every module of the figures keeps to; no browser is needed."""

import base64
import inspect
import re
from collections import Counter

import pytest
from matplotlib.figure import Figure as Drawing

from imagebook import widgets
from imagebook.widgets import FIGURES, _modules
from imagebook.widgets._figure import Figure
from imagebook.widgets._traits import Rule

MODULES = sorted(
    path.relative_to(_modules.FOLDER).with_suffix("").as_posix() for path in _modules.FOLDER.rglob("*.js")
)
SHEETS = sorted(path.relative_to(_modules.FOLDER).as_posix() for path in _modules.FOLDER.rglob("*.css"))
# The only address: what SVG elements are named by.
NAMESPACE = "http://www.w3.org/2000/svg"
# What would put texts on the page as markup, run texts as code, ask the network or leave something behind.
FORBIDDEN = re.compile(
    r"\b(?:innerHTML|outerHTML|insertAdjacentHTML|setHTMLUnsafe|createContextualFragment|document\.write|eval|Function\("
    r"|fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|importScripts|Worker|localStorage|sessionStorage|indexedDB"
    r"|cookie)\b|\bimport\s*\(|\bimport\.meta\b|javascript:|https?://|url\(|@import"
)
BAD = (None, object(), [], {}, float("nan"), float("inf"), -1e12, 1e12, [[1], [1, 2]], [[["a"]]], b"bytes")


def made(name):
    """Return a figure."""
    return getattr(widgets, name)()


def test_the_list_of_figures_is_complete():
    """Each figure has its three files and a name that says so; nothing else lies about."""
    assert sorted(FIGURES.values()) == [name for name in MODULES if "/" not in name]
    assert len(set(FIGURES.values())) == len(FIGURES)
    assert widgets.__all__ == list(FIGURES)
    for name, module in FIGURES.items():
        assert issubclass(getattr(widgets, name), Figure)
        for ending in ("py", "js", "css"):
            assert (_modules.FOLDER / f"{module}.{ending}").is_file(), f"{module}.{ending}"
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = widgets.Nothing


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_says_what_it_is(name):
    """Title, help, state, the words of its picture, and a documented output."""
    figure = made(name)
    assert 3 < len(figure.title) < 60 and not figure.title.endswith(".")
    assert 20 < len(figure.help) < 250 and figure.help.endswith((".", "?"))
    assert len(figure.words()) > 20 and figure.words().endswith((".", "?"))
    assert not re.search(r"\bnan\b|\binf\b|None", figure.words())
    assert hasattr(figure, "output")
    text = inspect.getdoc(getattr(widgets, name))  # an object's own class is one that traitlets made of it
    assert all(part in text for part in ("Parameters", "Attributes", "Examples", "\noutput : "))
    assert figure.state_rules()
    for state in figure.state_rules():
        assert re.search(rf"^(?! ).*\b{state}\b.* : ", text, re.MULTILINE), f"{state} is not documented"


@pytest.mark.parametrize("name", FIGURES)
def test_where_nothing_moves_there_is_a_picture(name):
    """A live view, a PNG and words, from one bundle."""
    figure = made(name)
    assert isinstance(figure.picture(), Drawing)
    data, _metadata = figure._repr_mimebundle_()
    assert {"application/vnd.jupyter.widget-view+json", "image/png", "text/plain"} <= set(data)
    assert base64.b64decode(data["image/png"])[:8] == b"\x89PNG\r\n\x1a\n"
    assert data["text/plain"] == f"{figure.title}. {figure.words()}"


@pytest.mark.parametrize("name", FIGURES)
def test_paper_shows_three_states(name):
    """Valid ones, the first as the figure begins, each with its caption, words, and another picture."""
    figure = made(name)
    assert len(figure.strip) == 3 and set().union(*figure.strip.values()) <= set(figure.state_rules())
    states = figure.states()
    captions, figures = zip(*states, strict=True)
    assert figures[0] is figure and captions == tuple(figure.strip)
    assert len({state.png() for state in figures}) == 3
    assert all(len(state.words()) > 20 for state in figures)


def test_a_figure_with_a_state_of_its_own_comes_first():
    """What it changes stays in the others; one of them that is the same is not shown twice."""
    steps = widgets.ConvolutionStepper(kernel=[[1, 2]], stride=2).states()
    assert [caption for caption, _ in steps] == ["stride 2", "stride 1", "stride 1, padding 1"]
    assert [(figure.stride, figure.padding, figure.kernel.tolist()) for _, figure in steps] == [
        (2, 0, [[1, 2]]),
        (1, 0, [[1, 2]]),
        (1, 1, [[1, 2]]),
    ]
    other = widgets.IntersectionOverUnion(first=(0, 0, 2, 2)).states()
    assert [caption for caption, _ in other] == ["as it begins", "apart", "equal"]


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_refuses_what_it_does_not_know(name):
    """Names that are no state, and values that break a rule; the state stays as it was."""
    with pytest.raises(TypeError, match="has no nothing; it has "):
        getattr(widgets, name)(nothing=1)
    for inner in ("title", "_name", "_esm", "comm"):
        with pytest.raises(TypeError, match=f"has no {inner}; it has "):
            getattr(widgets, name)(**{inner: "x"})
    figure = made(name)
    before = figure.get_state()
    for state, trait in figure.traits().items():
        if not isinstance(trait, Rule):
            continue
        for value in (*BAD, *(["no such"] if trait.rule["kind"] != "text" else ["x" * 10_000, "a\nb"])):
            with pytest.raises((TypeError, ValueError)) as caught:
                setattr(figure, state, value)
                pytest.fail(f"{state} took {value!r}")
            assert str(caught.value).startswith(f"{state} must ") and "got" in str(caught.value)
    assert figure.get_state() == before


@pytest.mark.parametrize("name", FIGURES)
def test_one_module_for_jupyter(name):
    """All that the figure needs in one text: no import is left, and one export."""
    text = _modules.composed(FIGURES[name])
    left = re.findall(r"^[ \t]*(?:import|export)\b.*", text, re.MULTILINE)
    assert left == [f'export default {{ render: use("kit/figure").present(use("{FIGURES[name]}").figure) }};']
    assert text.rstrip().endswith(left[0])
    defined, used = re.findall(r'^define\("(.+?)"', text, re.MULTILINE), re.findall(r' use\("(.+?)"\)', text)
    assert len(defined) == len(set(defined)) and set(used) <= set(defined)


@pytest.mark.parametrize("name", MODULES)
def test_modules_keep_to_the_part_of_the_language(name):
    """Imports and exports are as the two patterns want them; what is imported is there; no name twice."""
    text = _modules.source(name)
    lines = re.findall(r"^[ \t]*(?:import|export)\b.*", text, re.MULTILINE)
    taken = list(_modules._IMPORT.finditer(text))
    given = [match[1] for match in _modules._EXPORT.finditer(text)]
    assert len(lines) == len(taken) + len(given), lines
    assert len(given) == len(set(given)) and given
    for match in taken:
        other = _modules._resolve(name, match[2])
        exported = {found[1] for found in _modules._EXPORT.finditer(_modules.source(other))}
        assert set(match[1].replace(" ", "").split(",")) <= exported, f"{name} imports from {other}"
    names = Counter(part.strip() for match in taken for part in match[1].split(","))
    assert not [part for part, count in names.items() if count > 1]
    if "/" not in name:
        assert "figure" in given
        assert all(other.startswith("kit/") for other in _modules.imports(name)), "figures share the kit only"
    else:
        assert all(other.startswith("kit/") for other in _modules.imports(name)), "the kit needs no figure"


def test_no_module_needs_itself():
    """Imports form no circle."""
    done, path = set(), []

    def visit(name):
        assert name not in path, " → ".join([*path, name])
        if name in done:
            return
        path.append(name)
        for other in _modules.imports(name):
            visit(other)
        path.pop()
        done.add(name)

    for name in MODULES:
        visit(name)


@pytest.mark.parametrize("name", [*(f"{name}.js" for name in MODULES), *SHEETS])
def test_nothing_is_run_stored_or_asked_of_the_network(name):
    """No markup from texts, no code from texts, no addresses but the name of SVG, no storage."""
    text = (_modules.FOLDER / name).read_text(encoding="utf-8").replace(NAMESPACE, "")
    assert FORBIDDEN.findall(text) == []
