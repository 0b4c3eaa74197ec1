"""Formulas of the book: what latex2mathml leaves to chance is settled, and the font has every sign."""

import html
import re

import pytest
from fontTools.ttLib import TTFont
from scripts import load


@pytest.fixture
def mathematics(root):
    """Return the extension."""
    return load(root / "extensions/mathematics.py")


def test_bars_open_and_close(mathematics):
    """|A| + |B| has two pairs, each at its letter; an exponent's bar closes too."""
    text = mathematics.formula(r"|A| + |B|", "inline")
    assert re.findall(r'form="(\w+)"', text) == ["prefix", "postfix", "prefix", "postfix"]
    text = mathematics.formula(r"\lVert a \rVert^2", "inline")
    assert re.findall(r'form="(\w+)"', text) == ["prefix", "postfix"]
    assert '<msup><mo form="postfix" stretchy="false">‖</mo><mn>2</mn></msup>' in text


def test_brackets_that_grow_still_grow(mathematics):
    """What TeX's left and right made is not touched."""
    assert mathematics.formula(r"\left|\frac12\right|", "block").count('stretchy="true"') == 2


def test_names_have_room_behind_them(mathematics):
    """There is room in log p, none in exp(x)."""
    assert "<mi>log</mi><mspace" in mathematics.formula(r"\log p", "inline")
    assert "<mspace" not in mathematics.formula(r"\exp(x)", "inline")


def test_limits_stand_below_in_a_block(mathematics):
    """The minimum over f, displayed, has f beneath it; in a line of text beside it."""
    assert "<munder><mi>min</mi><mi>f</mi></munder>" in mathematics.formula(r"\min_f x", "block")
    assert "<msub><mi>min</mi><mi>f</mi></msub>" in mathematics.formula(r"\min_f x", "inline")


def test_the_font_has_every_sign_of_the_book(root, mathematics):
    """A sign that the font lacks would come from another one, or be a box; tools/math_font.py adds it."""
    characters = set()
    for path in [*root.glob("chapters/*.md"), *root.glob("pages/*.md")]:
        text = re.sub(r"^```\{code-cell\}.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
        for tex in re.findall(r"\$\$(.+?)\$\$|(?<![\\$\w])\$([^$\n]+)\$", text, flags=re.S):
            formula = mathematics.formula("".join(tex), "block")
            characters |= set(html.unescape(re.sub(r"<[^>]+>", "", formula))) - {"\n"}
    font = TTFont(root / "_static/math.woff2").getBestCmap()
    assert len(characters) > 60
    assert {character for character in characters if ord(character) not in font} == set()
