"""The code of notebooks, some of which is for the notebook program and no Python."""

import ast

from IPython.core.inputtransformer2 import TransformerManager


def as_python(source):
    """Return a cell's text as the Python that runs: `%pip …` becomes a call."""
    return TransformerManager().transform_cell(source)


def parsed(source):
    """Return the syntax tree of a cell's text."""
    return ast.parse(as_python(source))
