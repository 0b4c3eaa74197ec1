import sys
import threading

import pytest

from imagebook.progress import postfix, progress


def test_silent_where_no_bar_is_wanted(capfd):
    """With show=False the very iterable comes back and nothing is written."""
    numbers = [1, 2, 3]
    bar = progress(numbers, label="epochs", show=False)
    assert bar is numbers
    postfix(bar, "loss 0.5")
    assert capfd.readouterr() == ("", "")


def test_silent_without_tqdm(capfd, monkeypatch):
    """Where tqdm is not installed, show=True changes nothing."""
    monkeypatch.setitem(sys.modules, "tqdm", None)  # makes `import tqdm` raise ImportError
    numbers = [1, 2, 3]
    bar = progress(numbers, label="epochs", show=True)
    assert bar is numbers
    postfix(bar, "loss 0.5")
    assert capfd.readouterr() == ("", "")


def test_bar_on_standard_error(capfd):
    """With tqdm, label, count and text appear on standard error, and the items are the same."""
    pytest.importorskip("tqdm")
    bar = progress((n for n in (1, 2, 3)), total=3, label="epochs", show=True)
    items = []
    for item in bar:
        items.append(item)
        postfix(bar, f"loss {item / 2}")
    assert items == [1, 2, 3]
    out, err = capfd.readouterr()
    assert out == ""
    for text in ("epochs", "3/3", "loss 1.5"):
        assert text in err


def test_no_thread_is_started(capfd):
    """The monitoring thread of tqdm stays off: the browser has no threads."""
    pytest.importorskip("tqdm")
    before = threading.active_count()
    for _ in progress(range(2), label="epochs", show=True):
        assert threading.active_count() == before


@pytest.mark.parametrize("show", [False, True])
def test_what_cannot_be_looped_over_is_refused(show):
    """The error comes at once, bar or no bar."""
    with pytest.raises(TypeError, match="iterable must be a list or another iterable, got 3"):
        progress(3, label="epochs", show=show)
