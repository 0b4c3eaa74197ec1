"""A progress bar where one is wanted and tqdm is installed, silence elsewhere."""

from imagebook import _checks


def progress(iterable, *, total=None, label, show):
    """Return the iterable, wrapped in a progress bar on standard error if wanted and possible.

    tqdm is an optional dependency (`pip install imagebook[progress]`); without it nothing is shown, and
    nothing else changes.

    Parameters
    ----------
    iterable : iterable
        What to loop over.
    total : int, optional
        How many steps there are, where `len(iterable)` does not say it.
    label : str
        The text before the bar.
    show : bool
        Whether a bar is wanted at all.

    Returns
    -------
    iterable
        `iterable` itself or a tqdm bar over it.

    Raises
    ------
    TypeError
        If `iterable` cannot be looped over, or another argument has another type than listed.

    Examples
    --------
    >>> list(progress(range(3), label="counting", show=False))
    [0, 1, 2]
    """
    _checks.iterable("iterable", iterable)
    if total is not None:
        total = _checks.integer("total", total, low=0)
    if not isinstance(label, str):
        raise TypeError(f"label must be a text, got {label!r}")
    if not _checks.flag("show", show):
        return iterable
    try:
        from tqdm import tqdm
    except ImportError:
        return iterable

    class Bar(tqdm):
        monitor_interval = 0  # no monitoring thread: the browser has none

    return Bar(iterable, total=total, desc=label)


def postfix(bar, text):
    """Show a text such as the current loss behind the bar; do nothing if `bar` is a bare iterable.

    Parameters
    ----------
    bar : iterable
        What `progress` returned.
    text : str
        The text to show until the next one.

    Examples
    --------
    >>> postfix(progress(range(3), label="counting", show=False), "loss 0.5")
    """
    if hasattr(bar, "set_postfix_str"):
        bar.set_postfix_str(text)
