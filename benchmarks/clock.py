"""Medians of alternating runs, and how time grows with work."""

import math
import time
from statistics import median

GROWTH_RUNS = 5
PAUSE = 0.1  # seconds; a thread of OpenBLAS keeps its core busy for about 0.03 after its last work
SHORT = 200  # milliseconds; what is shorter is called again at each turn, so that it finds all awake
TURN = 50  # milliseconds that the repeated calls of a turn may take together


def milliseconds(call):
    """Return how long a call takes."""
    started = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - started)


def medians(contenders, runs, *, pause=PAUSE):
    """Return the median time of each contender in milliseconds; one run of each, not counted, warms up.

    The contenders run in turn, so that a slow moment of the machine hits all of them. A pause before each
    lets the threads of the one before fall asleep, which otherwise wait for more work on the cores that it
    needs. A short call then runs once uncounted, to find its own threads awake and its data in the cache, and
    up to ten times more.
    """
    times = {name: [] for name in contenders}
    for turn in range(runs + 1):
        for name, call in contenders.items():
            time.sleep(pause)
            spent = [milliseconds(call)]
            if spent[0] < SHORT:
                repeats = min(10, max(1, int(TURN / spent[0])))
                spent = [milliseconds(call) for _ in range(repeats)]
            if turn > 0:
                times[name] += spent
    return {name: median(values) for name, values in times.items()}


def exponent(works, times):
    """Return the slope of log time over log work by least squares: 1 is linear."""
    x, y = [math.log(work) for work in works], [math.log(t) for t in times]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    covariance = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return covariance / sum((a - mean_x) ** 2 for a in x)


def growth(job, peer):
    """Return how the time of a job grows, ours and the peer's, over a 16-fold range of work.

    `least_ms` is the time of the smallest possible call: what a call costs before any work is done.
    """
    made = {size: job.make(size) for size in (*job.sizes, job.least)}
    works = [job.work(size) for size in job.sizes]
    row = {"job": job.name, "unit": job.unit, "works": works, "peer": peer}
    for name, who in (("ours", "ours"), ("peer", peer)):
        time.sleep(PAUSE)
        times = medians({size: made[size][who] for size in job.sizes}, GROWTH_RUNS, pause=0)
        row[f"{name}_ms"] = [times[size] for size in job.sizes]
        row[f"{name}_exponent"] = exponent(works, row[f"{name}_ms"])
        row[f"{name}_least_ms"] = medians({who: made[job.least][who]}, GROWTH_RUNS, pause=0)[who]
    return row
