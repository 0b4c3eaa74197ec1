"""Both cores: pieces of work that need nothing of each other, done at the same time."""

import os


def share(function, pieces, *, least=8):
    """Call `function` with parts of a list of pieces, a part for each core, and return the results in order.

    NumPy lets other threads run while it computes. A part has at least `least` pieces, because starting a
    thread takes time, too; and where there can be no threads, as in a browser, one part has them all.
    OPENBLAS_NUM_THREADS says how many cores to use, as it does for NumPy's own matrix products.

    Examples
    --------
    >>> sum(share(sum, [1, 2, 3, 4], least=2))  # with two cores: (1 + 2) + (3 + 4)
    10
    """
    size = max(least, -(-len(pieces) // _cores()))  # rounded up
    mine, others = pieces[:size], [pieces[start : start + size] for start in range(size, len(pieces), size)]
    if not others:
        return [function(mine)]
    from concurrent.futures import ThreadPoolExecutor  # here, because a browser imports this module too

    with ThreadPoolExecutor(len(others)) as pool:
        try:
            results = [pool.submit(function, part) for part in others]
        except RuntimeError:  # a thread could not be started
            return [function(pieces)]
        return [function(mine), *(result.result() for result in results)]


def _cores():
    """Return how many threads to use: what the environment says, or one for each core."""
    wanted = os.environ.get("OPENBLAS_NUM_THREADS", "")
    return max(1, int(wanted)) if wanted.isdecimal() else os.cpu_count() or 1
