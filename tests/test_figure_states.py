"""Links to a figure in some state are checked when the book is built."""

import pytest
import scripts


@pytest.fixture
def extension():
    """Return extensions/figures.py as a module."""
    return scripts.load("extensions/figures.py")


def test_a_state_is_taken_apart(extension):
    """Text, figure and state, in which JSON may hold anything but a backtick."""
    content = 'the figure <iou {"first": [0, 0, 2, 2]}>'
    assert extension.parse_figure_state(content) == ("the figure", "iou", {"first": [0, 0, 2, 2]})


def test_a_state_that_the_figure_refuses_stops_the_build(extension):
    """A wrong number or name is an error while the book is built, not a link that opens something else."""
    with pytest.raises(ValueError, match="first must be"):
        extension.parse_figure_state('the figure <iou {"first": [0, 0, 2, 99]}>')
    with pytest.raises(TypeError, match="has no third"):
        extension.parse_figure_state('the figure <iou {"third": 1}>')
