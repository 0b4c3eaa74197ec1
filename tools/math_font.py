"""Cut the font of the formulas out of STIX Two Math: the letters and signs that they use, 30 kB of 400.

Usage: python tools/math_font.py FONT, where FONT is STIX Two Math as .otf, .ttf or .woff2 (the npm package
@fontsource/stix-two-math 5.3.0 has the file that the present one was cut from). Needs fonttools and brotli.
Run it again where a formula needs a sign that the font lacks; tests/test_mathematics.py says so.
"""

import argparse
from pathlib import Path

from fontTools import subset

TARGET = Path(__file__).resolve().parent.parent / "_static/math.woff2"
ALPHABETS = [
    range(0x20, 0x7F),  # ASCII
    range(0x391, 0x3CA),  # Greek
    range(0x1D434, 0x1D468),  # italic Latin, which browsers take for a variable of one letter
    range(0x1D6E2, 0x1D71C),  # italic Greek
]
SIGNS = "\u00a0ℎℓℝ𝔼𝒩ℒ±×·÷−∓∗∘∙√∝∞∂∇∑∏∫∈∉∀∃∩∪⊂⊆≠≈≡≤≥≪≫→←↔⇒⇔↦⊙⊗⊕⌊⌋⌈⌉⟨⟩∣‖∥⊤⊥…⋯⋮⋱′″^~¯ˆ˜ˉ"


def main():
    """Write the font."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("font", type=Path)
    source = parser.parse_args().font
    options = subset.Options(flavor="woff2", hinting=False, name_IDs=[1, 2], drop_tables=["DSIG", "GPOS"])
    options.layout_features = ["ssty", "dtls", "flac"]  # what formulas ask for: small, dotless and flat forms
    font = subset.load_font(str(source), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[code for alphabet in ALPHABETS for code in alphabet] + list(map(ord, SIGNS)))
    subsetter.subset(font)
    subset.save_font(font, str(TARGET), options)
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
