"""Both cores: pieces of work that need nothing of each other, done at the same time."""

import os

# Into how many parts work is cut at most, on however many cores: sums come out the same on every machine.
_PARTS = 8


def share(function, pieces, *, least=8):
    """Call `function` with parts of a list of pieces, on all cores, and return the results in order.

    NumPy lets other threads run while it computes. A part has at least `least` pieces, because a thread takes
    time to start; where there can be no threads, as in a browser, the parts are done one after the other.
    OPENBLAS_NUM_THREADS says how many cores to use, as it does for NumPy's own matrix products.

    Examples
    --------
    >>> share(sum, [1, 2, 3, 4], least=2)  # 1 + 2, 3 + 4
    [3, 7]
    """
    size = max(least, -(-len(pieces) // _PARTS))  # rounded up
    parts = [pieces[start : start + size] for start in range(0, len(pieces), size)] or [pieces]
    threads = min(_cores(), len(parts))
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
