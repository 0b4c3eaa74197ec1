"""Formulas as MathML, made while the book is built: readers need no script and no other site to see them."""

from docutils import nodes
from latex2mathml.converter import convert


def visit_inline(self, node):
    self.body.append(convert(node.astext().strip(), display="inline"))
    raise nodes.SkipNode


def visit_block(self, node):
    formula = convert(node.astext().strip(), display="block")
    number = f'<span class="eqno">({node["number"]})</span>' if node.get("number") else ""
    self.body.append(self.starttag(node, "div", CLASS="math") + number + formula + "</div>")
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
