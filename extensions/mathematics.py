"""Formulas as MathML, made while the book is built: readers need no script and no other site to see them.

latex2mathml translates; what it leaves to chance is settled here, so that formulas look as set by TeX:
the bars of |A| and ‖a‖ stand at their letters, and names of functions have room behind them and limits below.
"""

import re
from xml.etree import ElementTree

from docutils import nodes
from latex2mathml.converter import convert

MATHML = "{http://www.w3.org/1998/Math/MathML}"
BARS = "|‖"
ElementTree.register_namespace("", MATHML.strip("{}"))


def formula(tex, display):
    """Return a formula as MathML; `display` is block or inline."""
    root = ElementTree.fromstring(convert(tex.strip(), display=display))
    for accent in root.iter(MATHML + "mover"):
        accent[1].text = {"^": "ˆ", "~": "˜"}.get(accent[1].text, accent[1].text)
    for row in [part for part in root.iter() if len(part)]:
        settle_bars(row)
        settle_names(row, below=display == "block")
    return ElementTree.tostring(root, encoding="unicode")


def settle_bars(row):
    """Make every second bar of a row a closing one, neither taller than its text nor apart from it."""
    is_open = set()
    for part in row:
        bar = part[0] if part.tag in (MATHML + "msup", MATHML + "msub") else part  # it may have an exponent
        if bar.tag == MATHML + "mo" and bar.text in BARS and "form" not in bar.attrib:
            bar.attrib |= {"form": "postfix" if bar.text in is_open else "prefix", "stretchy": "false"}
            is_open ^= {bar.text}


def settle_names(row, *, below):
    """Write names such as log and min as one word, with a little room before what is no bracket."""
    for index, part in reversed(list(enumerate(row))):
        name = part[0] if part.tag == MATHML + "msub" else part
        if not re.fullmatch(r"[a-z]{2,}", name.text or "") or name.tag not in (MATHML + "mo", MATHML + "mi"):
            continue
        name.tag, name.attrib = MATHML + "mi", {}
        if part is not name and below and name.text in ("min", "max"):
            part.tag = MATHML + "munder"
        if row.tag == MATHML + "mrow" and index + 1 < len(row) and row[index + 1].text not in ("(", "["):
            row.insert(index + 1, ElementTree.Element(MATHML + "mspace", width="0.167em"))


def visit_inline(self, node):
    self.body.append(formula(node.astext(), "inline"))
    raise nodes.SkipNode


def visit_block(self, node):
    number = f'<span class="eqno">({node["number"]})</span>' if node.get("number") else ""
    text = formula(node.astext(), "block")
    self.body.append(self.starttag(node, "div", CLASS="math") + number + text + "</div>")
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
