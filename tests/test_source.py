"""Showing the library's own source."""

import pytest

from imagebook import source


class Nested:
    """Holds a method, whose source is indented."""

    def method(self):
        """Say nothing about the body."""
        # why it is one
        return 1


def undocumented(value):
    return value  # noqa: D103


def test_the_docstring_is_left_out_and_comments_stay():
    """A chapter shows the idea; the reference is elsewhere."""
    text = source.source_of(Nested.method)
    assert "Say nothing" not in text
    assert text.splitlines()[1:] == ["        # why it is one", "        return 1"]


def test_a_function_without_docstring_is_shown_whole():
    """Nothing is lost where there is no docstring."""
    assert source.source_of(undocumented).splitlines()[1].strip().startswith("return value")


def test_only_python_functions_and_classes_are_taken():
    """Built-in functions have no Python source."""
    with pytest.raises(TypeError, match="function must be a Python function or class, got <built-in"):
        source.source_of(len)


def test_show_source_displays_a_code_block(monkeypatch):
    """The page gets Markdown with a Python block and the module's name."""
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    source.show_source(source.source_of)
    assert shown[0].data.startswith("From `imagebook.source`:\n\n```python\ndef source_of(function):")
    assert shown[0].data.endswith("\n```")
