"""Both cores: pieces of work that need nothing of each other, done at the same time."""

import os

# Into how many parts work is cut at most, on however many cores: sums come out the same on every machine.
_PARTS = 8
# How many pieces a part has at least.
_PIECES = 8
# Multiply-adds that are done before a thread has started and a sleeping core is awake.
_SOON_DONE = 5e7


def share(function, pieces, *, work):
    """Call `function` with parts of a list of pieces, on all cores, and return the results in order.

    NumPy lets other threads run while it computes. `work` says about how many multiply-adds all the pieces
    need; little work is done on one core, and so is all work where there can be no threads, as in a browser.
    OPENBLAS_NUM_THREADS says how many cores to use, as it does for NumPy's own matrix products.

    Examples
    --------
    >>> share(sum, range(16), work=16)  # 0 + 1 + … + 7, 8 + 9 + … + 15
    [28, 92]
    """
    size = max(_PIECES, -(-len(pieces) // _PARTS))  # rounded up
    parts = [pieces[start : start + size] for start in range(0, len(pieces), size)] or [pieces]
    threads = min(_cores(), len(parts)) if work > _SOON_DONE else 1
    if threads == 1:
        return [function(part) for part in parts]
    from concurrent.futures import ThreadPoolExecutor  # here, because a browser imports this module too

    with ThreadPoolExecutor(threads) as pool:
        try:
            results = pool.map(function, parts)
        except RuntimeError:  # a thread could not be started
            return [function(part) for part in parts]
        return list(results)


def _cores():
    """Return how many threads to use: what the environment says, or one for each core."""
    wanted = os.environ.get("OPENBLAS_NUM_THREADS", "")
    return max(1, int(wanted)) if wanted.isdecimal() else os.cpu_count() or 1
