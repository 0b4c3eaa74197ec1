"""The library's own source on the page, so that the book shows one copy of each idea."""

import ast
import inspect
import textwrap

from imagebook._language import say


def source_of(function):
    """Return the source of a function or class of this library without its docstring.

    The docstring is the reference; what a chapter shows is the idea.

    Parameters
    ----------
    function : function or class
        Anything written in Python that `inspect` finds the source of.

    Returns
    -------
    str
        The source text, comments included.

    Raises
    ------
    TypeError
        If `function` is not a Python function or class.

    Examples
    --------
    >>> from imagebook.pooling import max_pool2d
    >>> source_of(max_pool2d).splitlines()[0]
    'def max_pool2d(images, size, *, stride=None, padding=0):'
    """
    if not (inspect.isfunction(function) or inspect.isclass(function)):
        raise TypeError(f"function must be a Python function or class, got {function!r}")
    text = inspect.getsource(function)
    lines = text.splitlines()
    definition = ast.parse(textwrap.dedent(text)).body[0]
    first = definition.body[0]
    if ast.get_docstring(definition) is not None:
        del lines[first.lineno - 1 : first.end_lineno]
    return "\n".join(lines).rstrip()


def show_source(function):
    """Display the source of a function or class of this library as a block of Python code.

    Parameters
    ----------
    function : function or class
        What to show; see `source_of`.
    """
    from IPython.display import Markdown, display

    text = source_of(function)
    where = say(f"From `{function.__module__}`:")
    display(Markdown(f"{where}\n\n```python\n{text}\n```"))
