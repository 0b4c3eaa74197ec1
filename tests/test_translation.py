"""The editions in other languages: complete, nothing lost on the way, the same code, words for figures."""

import ast
import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import scripts
from fontTools.ttLib import TTFont

from imagebook import _language

catalogues = scripts.load("tools/catalogues.py")
translation = scripts.load("tools/translation.py")
fonts = scripts.load("tools/korean_font.py")
ROOT = Path(scripts.ROOT)
TEMPLATES = catalogues.templates()
LANGUAGES = catalogues.languages()
EVERY = [(code, name) for code in LANGUAGES for name in TEMPLATES]


def entries(code, name):
    """Return the messages of a catalogue."""
    return [message for message in catalogues.read(code, name) if message.id]


@pytest.mark.parametrize(("code", "name"), EVERY)
def test_every_message_is_translated(code, name):
    """None is missing, fuzzy or left over: `make po` brings new ones, a translator the rest."""
    wanted = {message.id for message in TEMPLATES[name] if message.id}
    found = {message.id: message for message in entries(code, name)}
    assert set(found) == wanted, "run `make po`, and translate what it names"
    unfinished = [text for text, message in found.items() if not message.string or message.fuzzy]
    assert not unfinished, f"{len(unfinished)} of {len(found)} are not translated: {unfinished[:5]}"


@pytest.mark.parametrize(("code", "name"), EVERY)
def test_no_translation_loses_anything(code, name):
    """Numbers, formulas, code, links to terms, citations and places are those of the source."""
    found = [
        f"{message.id[:80]!r}: {lost}"
        for message in entries(code, name)
        for lost in catalogues.lost(message.id, message.string)
    ]
    assert not found, "\n".join(found)


LOSSES = {
    "a number": ("It is 2 × 3 = 6.", "2 × 3입니다."),
    "another number": ("It has 60,000 digits.", "숫자가 6,000개입니다."),
    "a formula": ("Here $a + b$ is it.", "여기 $a - b$입니다."),
    "code": ("Call `iou`.", "`IoU`를 호출합니다."),
    "a term": ("See [stride](#stride).", "[스트라이드](#pooling)를 봅니다."),
    "an address": ("See [it](https://example.org/a).", "이것을 봅니다."),
    "a citation": ("By {cite:t}`lecun1998`.", "{cite:t}`lecun1989`이 했습니다."),
    "a figure's state": (
        '{figure-state}`try it <iou {"a": [1]}>`',
        '{figure-state}`해 보기 <iou {"a": [2]}>`',
    ),
    "a place": ("{0} of {1} pixels", "{0}픽셀"),
    "a formula with words": (r"\text{width} = x", r"\text{너비} = y"),
    "emphasis that does not close": ("**pooling** is", "**풀링(pooling)**은"),
}


@pytest.mark.parametrize("case", LOSSES)
def test_a_loss_is_found(case):
    """Each kind, made by hand."""
    source, target = LOSSES[case]
    assert catalogues.lost(source, target)
    assert not catalogues.lost(source, source)


@pytest.mark.parametrize("name", catalogues.pages())
def test_what_is_extracted_is_also_put_back(name):
    """A page of which each message is marked has each of them, and code, labels and options as before."""
    text = catalogues.pages()[name].read_text(encoding="utf-8")
    found = translation.messages(text)
    marked = translation.translate(text, lambda message: f"{message} ☺")
    assert [message.removesuffix(" ☺") for message in translation.messages(marked)] == found
    pattern = r"^```\{code-cell\}.*?^```$|^\([\w-]+\)=$|^:[\w-]+:[^\n]*$|^- \[[^\n]*?\](?= )"
    kept = [
        re.findall(pattern, one, flags=re.MULTILINE | re.DOTALL)
        for one in (text, translation.translate(text, lambda message: message))
    ]
    assert kept[0] == kept[1]


@pytest.mark.parametrize("path", sorted((ROOT / "chapters").glob("*.ipynb")), ids=lambda path: path.stem)
@pytest.mark.parametrize("code", LANGUAGES)
def test_both_editions_run_the_same_code(code, path):
    """Every cell but the first, which says the language."""
    own, other = (nbformat.read(one, as_version=4) for one in (path, ROOT / code / "chapters" / path.name))
    first, second = ([c.source for c in notebook.cells if c.cell_type == "code"] for notebook in (own, other))
    assert first[1:] == second[1:]
    assert f'os.environ["BOOK_LANGUAGE"] = "{code}"' in second[0] and "BOOK_LANGUAGE" not in first[0]
    anchors = [
        re.findall(r'<a id="([\w-]+)">', "\n".join(cell.source for cell in notebook.cells))
        for notebook in (own, other)
    ]
    assert anchors[0] == anchors[1] and anchors[0]


@pytest.mark.parametrize("code", LANGUAGES)
def test_notebooks_are_those_of_the_catalogues(code):
    """Each is what `make notebooks` writes."""
    program = (
        "import sys; sys.path.insert(0, 'tools'); import notebooks\n"
        "for source in notebooks.chapters():\n"
        "    path = notebooks.FOLDER / f'{source.stem}.ipynb'\n"
        "    if path.read_text(encoding='utf-8') != notebooks.notebook_text(source): print(path.name)\n"
    )
    assert run(code, program) == "", "run `make notebooks`"


def run(code, program):
    """Return what a program prints in a language."""
    environment = os.environ | {"BOOK_LANGUAGE": code, "PYTHONUTF8": "1"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_library_has_the_words_of_the_catalogues(code):
    """`make po` writes them beside its data."""
    path = ROOT / f"lib/imagebook/data/words-{code}.json"
    assert json.loads(path.read_text(encoding="utf-8")) == catalogues.shown(code), "run `make po`"


def test_terms_have_their_korean_names():
    """The names of the terms are those of terms.tsv wherever they stand alone."""
    with (ROOT / "lib/imagebook/data/terms.tsv").open(encoding="utf-8", newline="") as file:
        names = {row["english"]: row["korean"] for row in csv.DictReader(file, delimiter="\t")}
    said = {message.id: message.string for message in entries("ko", "terms")}
    assert {english: said[english] for english in names} == names


def test_the_korean_is_of_one_register():
    """합니다체: no sentence ends in 한다, 이다 or 해요."""
    plain = re.compile(r"(?<![니시])다(?=[.?!](?:\s|$))|(?<![세까])요(?=[.?!](?:\s|$))")
    found = [
        f"{name}: …{message.string[max(0, match.start() - 30) : match.end() + 1]}"
        for name in TEMPLATES
        for message in entries("ko", name)
        for match in plain.finditer(message.string)
    ]
    assert not found, "\n".join(found)


def test_figures_have_every_letter():
    """The library's font draws all that its words need, that of the pages all of their text."""
    words = set(TTFont(fonts.FIGURES).getBestCmap())
    assert not [letter for letter in fonts.letters() if ord(letter) not in words], "run tools/korean_font.py"
    pages = set(TTFont(fonts.PAGES).getBestCmap())
    hangul = {
        letter
        for name in TEMPLATES
        for message in entries("ko", name)
        for letter in message.string
        if "가" <= letter <= "힣"
    }
    assert not [letter for letter in hangul if ord(letter) not in pages]


FIGURES_SAY = """
import json
from imagebook import _language, widgets
from matplotlib.text import Text
said = {}
for name in widgets.FIGURES:
    figure = getattr(widgets, name)()
    for caption, state in figure.states():
        drawing = state.picture()
        _language.draw(drawing)
        drawing.draw_without_rendering()  # which writes the labels of the axes
        texts = [text.get_text() for text in drawing.findobj(Text)]
        own = map(_language.say, (state.title, state.help, state.words()))
        said[f"{name}: {caption}"] = [caption, *own, *texts]
print(json.dumps(said))
"""
# What stays in Latin letters in every language: names and signs.
LATIN = re.compile(r"(?<![A-Za-z])(IoU|CNN|MNIST|ReLU|Tab|Enter|Shift|Space|sepCNN|MMIT|MOE|Gemini)(?![a-z])")


def test_every_figure_speaks_korean():
    """Its title, help and words, and each text that it draws, in each state that paper shows."""
    said = json.loads(run("ko", FIGURES_SAY))
    assert len(said) > 60
    found = [
        f"{figure}: {text}"
        for figure, texts in said.items()
        if not figure.startswith("MultimodalPrompt")  # whose model knows English words only
        for text in texts
        if re.search(r"[A-Za-z]{3}", LATIN.sub("", re.sub(r"[“\"][^”\"]*[”\"]", "", text)))
    ]
    assert not found, "\n".join(found)


REFUSED = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(colors="nocolor")
shell.run_cell("from imagebook import pooling")
for number in range(2):
    shell.run_cell("pooling.max_pool2d([[0.5]], 0)")
shell.run_cell("1 / 0")
"""


def test_a_notebook_explains_an_error():
    """The library's own in the reader's language, too, below the English one; any other as ever."""
    english, korean = run("en", REFUSED), run("ko", REFUSED)
    said = "ValueError: size must be at least 1, got 0"
    own = _language.say("size must be at least 1, got 0", "ko", "errors")
    assert own != said and own not in english
    assert korean.count(f"{said}\n{own}\n") == english.count(said) == 2
    assert korean.count("ZeroDivisionError: division by zero\n") == 1
    assert korean.replace(f"{own}\n", "") == english


STALE = """
import catalogues, edition
read = catalogues.read
def without(language, name):
    catalogue = read(language, name)
    messages = [message for message in catalogue if message.id]
    messages[3].string, messages[5].flags = "", {"fuzzy"}
    return catalogue
whole = edition.translated("chapters/b")
catalogues.read = without
print(whole, edition.translated("chapters/b"), sep="☺")
"""


def test_a_page_says_what_is_not_translated():
    """A missing message and a fuzzy one stay English, and a note stands at the top; else there is none."""
    whole, stale = run("ko", f"import sys; sys.path.insert(0, 'tools')\n{STALE}").split("☺")
    source = catalogues.pages()["chapters/b"].read_text(encoding="utf-8")
    third, fifth = (translation.messages(source)[index] for index in (3, 5))
    assert "아직 번역되지" not in whole and third not in whole and fifth not in whole
    top = stale.partition("\n## ")[0]
    assert "```{note}\n이 페이지의 일부" in top and " 2개" in top and third in stale and fifth in stale


def test_an_unknown_language_is_refused(monkeypatch):
    """The variable may be misspelt."""
    monkeypatch.setenv("BOOK_LANGUAGE", "kr")
    known = ", ".join(["en", *LANGUAGES])
    with pytest.raises(ValueError, match=f"BOOK_LANGUAGE must be one of {known}, got 'kr'"):
        _language.language()


def test_a_sentence_with_values_is_put_together():
    """The values are put into the translated sentence, and are translated themselves where they are words."""
    known = _language.messages("ko")
    template, translated = next(
        (text, said) for text, said in known.items() if re.findall(r"\{\d\}", text) == ["{0}", "{1}"]
    )
    assert _language.say(template.format("12", "7"), "ko") == translated.format("12", "7")
    assert _language.say(template.format("12", "7"), "en") == template.format("12", "7")


def test_a_readers_own_words_are_left_alone():
    """A short pattern is told of digits only: a title with an "as" in it is no label of ours."""
    assert _language.say("4 as 9", "ko") == "4 → 9"
    assert _language.say("From `imagebook.boxes`:", "ko") == "`imagebook.boxes`에서:"
    for text in ("accuracy as a function of depth", "cannot read file", "3 as words"):
        assert _language.say(text, "ko") == text


def test_a_text_in_code_is_found_with_its_places():
    """A plain text, one with values, and one within a value; not an option and not a key."""
    tree = ast.parse("f(data['train'], f'after {n} steps', title='loss', cmap='gray')")
    assert list(translation._words(tree)) == ["after {0} steps", "loss"]
