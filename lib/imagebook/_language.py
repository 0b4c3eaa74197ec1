"""The language in which figures speak: BOOK_LANGUAGE=ko makes it Korean, else it is English.

The library's code is English. What a figure shows, its title, labels, alternative text, is translated where
it leaves the library: whole sentences by the catalogue, data/words-ko.json, which `make po` writes from
locale/. A sentence with values in it stands there with places: "{0} of {1} pixels". Errors stay English,
as NumPy's are; a notebook says below one what it says in the reader's language.
"""

import json
import os
import re
from functools import cache
from pathlib import Path

_DATA = Path(__file__).with_name("data")
LANGUAGES = ("en", *sorted(path.stem.removeprefix("words-") for path in _DATA.glob("words-*.json")))
_PLACE = re.compile(r"\{(\d+)\}")


def language():
    """Return the language in which figures speak.

    Returns
    -------
    str
        A code of ISO 639-1, one of `LANGUAGES`.

    Raises
    ------
    ValueError
        If BOOK_LANGUAGE is set to something else.

    Examples
    --------
    >>> "ko" in LANGUAGES
    True
    """
    code = os.environ.get("BOOK_LANGUAGE") or "en"
    if code not in LANGUAGES:
        raise ValueError(f"BOOK_LANGUAGE must be one of {', '.join(LANGUAGES)}, got {code!r}")
    return code


def say(text, code=None, part="figures"):
    """Return a text in the language of the figures; one that the catalogue lacks stays as it is.

    Parameters
    ----------
    text : str
        In English, with its values filled in.
    code : str, optional
        A language of `LANGUAGES`; without it, that of `language()`.
    part : {"figures", "errors"}
        The part of the catalogue.

    Returns
    -------
    str

    Examples
    --------
    >>> say("Intersection over union", "ko"), say("A box 3 wide", "en")
    ('합집합 대비 교집합', 'A box 3 wide')
    """
    whole, patterns = _catalogue(code or language(), part)
    bare = text if text in whole else text.strip()
    if bare in whole:  # a label may stand between spaces
        return text.replace(bare, whole[bare])
    for pattern, translated in patterns:
        if match := pattern.fullmatch(text):
            return translated.format(*(say(value, code, part) for value in match.groups()))
    return text


def messages(code=None, part="figures"):
    """Return a part of a language's catalogue, {English: translated}; empty for English.

    Examples
    --------
    >>> messages("en")
    {}
    """
    return _messages(code or language(), part)


def explain_errors(shell):
    """Let a notebook say what an error says in the language of the figures, too, below the error.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell or None
        That of the notebook, if this is one. An error whose sentence the catalogue lacks is shown as ever.
    """
    if shell is None or language() == "en":
        return

    def show(shell, kind, error, trace, tb_offset=None):
        told = say(str(error), part="errors")
        if told not in (str(error), *getattr(error, "__notes__", ())):
            error.add_note(told)
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)

    shell.set_custom_exc((Exception,), show)


@cache
def _messages(code, part):
    """Return a language's messages as the file has them."""
    path = _DATA / f"words-{code}.json"
    return json.loads(path.read_text(encoding="utf-8"))[part] if code != "en" else {}


@cache
def _catalogue(code, part):
    """Return the messages without places, and patterns of those with, the most definite ones first."""
    whole, patterns = {}, []
    for text, translated in _messages(code, part).items():
        whole[text] = translated
        if _PLACE.search(text):
            parts = _PLACE.split(text)
            order = [int(number) for number in parts[1::2]]
            if order == list(range(len(order))):  # or it is a page's message, whose places have names
                told = "".join(parts[::2])
                # "{0} as {1}" is told of digits; a reader's own words may have an "as" in them, too.
                is_ours = len(told) > 6 or len(re.sub(r"\W", "", told)) > 4
                value = "(.*?)" if is_ours else r"([\d.,%() e+−-]*?)"
                pattern = value.join(map(re.escape, parts[::2]))
                patterns.append((len(told), re.compile(pattern, re.DOTALL), translated))
    patterns.sort(key=lambda each: -each[0])
    return whole, [(pattern, translated) for _, pattern, translated in patterns]


def draw(figure):
    """Translate the words of a matplotlib figure before it is drawn, in a font that has their letters.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Its texts are changed; in English nothing happens.
    """
    if language() == "en":
        return
    from matplotlib.text import Text

    families = _fonts(language())
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):  # their labels are written when the figure is drawn
            axis.set_tick_params(labelfontfamily=families)
            labels = [label.get_text() for label in axis.get_majorticklabels()]
            if (own := [say(label) for label in labels]) != labels:
                axis.set_ticks(axis.get_majorticklocs(), labels=own)
    for text in figure.findobj(Text):
        text.set_text(say(text.get_text()))
        text.set_fontfamily(families)


@cache
def _fonts(code):
    """Return the names of the fonts to draw with, each for the letters that those before it lack."""
    from matplotlib import font_manager, rcParams

    font = _DATA / f"words-{code}.otf"
    if not font.exists():  # matplotlib's own has the letters
        return list(rcParams["font.family"])
    font_manager.fontManager.addfont(font)
    return [*rcParams["font.family"], font_manager.FontProperties(fname=font).get_name()]
