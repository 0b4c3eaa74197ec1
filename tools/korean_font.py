"""Cut two fonts with Hangul out of Noto Sans CJK KR: one for figures, one for pages on devices without any.

Usage: python tools/korean_font.py FONT, where FONT is NotoSansCJK-Regular.ttc of Debian's fonts-noto-cjk.
lib/imagebook/data/words-ko.otf has the letters of the figures' words alone: matplotlib brings no Hangul, and
in Binder or a browser there is none. _static/korean.woff2 has the 2,350 syllables of KS X 1001, which cover
nearly all Korean text; a page asks for it only where the device has no font of its own. Run it again where a
word needs a letter that a font lacks; tests/test_translation.py says so.
"""

import argparse
import json
from pathlib import Path

import matplotlib
from fontTools import subset
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parent.parent
WORDS = ROOT / "lib/imagebook/data/words-ko.json"
FIGURES = WORDS.with_suffix(".otf")
PAGES = ROOT / "_static/korean.woff2"
NAME = "Imagebook Korean"  # a cut font must not pass for the whole one


def syllables():
    """Return the syllables and signs of KS X 1001, the set of Korean text before Unicode."""
    rows = (bytes([first, second]) for first in range(0xB0, 0xC9) for second in range(0xA1, 0xFF))
    return {code.decode("euc-kr") for code in rows}


def letters():
    """Return what the figures' words need beside what matplotlib's own font has."""
    own = TTFont(Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSans.ttf")).getBestCmap()
    words = json.loads(WORDS.read_text(encoding="utf-8"))["figures"].values()
    return {letter for text in words for letter in text if ord(letter) not in own and letter.isprintable()}


def cut(source, wanted, target, **options):
    """Write the part of a font that holds the wanted letters."""
    options = subset.Options(
        hinting=False, name_IDs=[0, 1, 2, 4, 6, 13, 14], layout_features=[], font_number=1, **options
    )
    font = subset.load_font(str(source), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=map(ord, wanted))
    subsetter.subset(font)
    names = {1: NAME, 2: "Regular", 4: NAME, 6: NAME.replace(" ", "")}
    for record in font["name"].names:  # copyright and licence stay
        record.string = names.get(record.nameID) or str(record)
    subset.save_font(font, str(target), options)
    print(f"{target.relative_to(ROOT)}: {len(wanted)} letters, {target.stat().st_size:,} bytes")


def main():
    """Write both fonts."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("font", type=Path)
    source = parser.parse_args().font
    cut(source, letters(), FIGURES)
    cut(source, syllables() | letters(), PAGES, flavor="woff2")


if __name__ == "__main__":
    main()
