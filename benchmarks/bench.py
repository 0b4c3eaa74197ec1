"""Measure the library beside its peers: time, growth of time with work, memory, and trained networks.

Every job runs nine times or more, ours and the peers' in turn; the medians are compared. Two threads for
everyone (the Makefile says how for NumPy), float32. Ratio = the best peer's time / ours: above 1 we are
faster.
"""

import argparse
import json
import math
import sys
from pathlib import Path

from clock import growth, medians
from jobs import JOBS, THREADS
from machine import description
from memory import peaks
from networks import trained_alike

RESULTS = Path(__file__).parent / "results" / "bench.json"
ALIKE = 0.02  # how far two test errors may be apart


def time_jobs(jobs, runs):
    """Print the table of times and return its rows."""
    rows = []
    print(f"{'job':36}{'ours, ms':>10}{'best, ms':>10}{'ratio':>7}  best peer")
    for job in jobs:
        times = medians(job.make(job.size), runs)
        ours = times.pop("ours")
        peer = min(times, key=times.get)
        ratio = times[peer] / ours
        rows.append({"job": job.name, "ours_ms": ours, "peer": peer, "peer_ms": times[peer], "ratio": ratio})
        print(f"{job.name:36}{ours:10.2f}{times[peer]:10.2f}{ratio:7.2f}  {peer}", flush=True)
    return rows


def grow_jobs(jobs, peers):
    """Print how time grows with work and return the rows."""
    rows = []
    print(f"\n{'job':36}{'exponent':>10}{'peer':>7}{'1x, ms':>10}{'16x, ms':>10}{'least, ms':>11}")
    for job in jobs:
        row = growth(job, peers[job.name])
        rows.append(row)
        print(
            f"{job.name:36}{row['ours_exponent']:10.2f}{row['peer_exponent']:7.2f}"
            f"{row['ours_ms'][0]:10.2f}{row['ours_ms'][-1]:10.2f}{row['ours_least_ms']:11.3f}",
            flush=True,
        )
    return rows


def weigh_jobs(jobs):
    """Print the peak memory and return the rows."""
    rows = []
    print(f"\n{'job':36}{'ours, MB':>10}{'peer, MB':>10}  peer")
    for job in jobs:
        row = peaks(job, job.make(job.least))
        rows.append(row)
        numbers = f"{row['ours_megabytes']:10.1f}{row['peer_megabytes']:10.1f}"
        print(f"{job.name:36}{numbers}  {row['peer']}", flush=True)
    return rows


def compare_training():
    """Print the test errors of networks that learned alike and return the rows."""
    rows = trained_alike()
    print(f"\n{'one epoch of':14}{'test error':24}{'ours':>10}{'PyTorch':>10}  apart")
    for row in rows:
        row["apart"] = abs(row["ours"] / row["PyTorch"] - 1)
        print(
            f"{row['model']:14}{row['measure']:24}{row['ours']:10.5f}{row['PyTorch']:10.5f}{row['apart']:7.2%}"
        )
    return rows


def main():
    """Run the jobs, print the tables and keep them as data; return what to tell the shell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=9, help="runs of each contender; the median counts")
    parser.add_argument("--only", default="", help="run the jobs whose name holds this text; keep nothing")
    options = parser.parse_args()
    jobs = [job for job in JOBS if options.only in job.name]
    rows = time_jobs(jobs, options.runs)
    results = {"machine": description(), "threads": THREADS, "runs": options.runs}
    results["geometric_mean"] = math.exp(sum(math.log(row["ratio"]) for row in rows) / len(rows))
    print(f"geometric mean of the ratios: {results['geometric_mean']:.2f}")
    results["rows"] = rows
    results["growth"] = grow_jobs(jobs, {row["job"]: row["peer"] for row in rows})
    results["memory"] = weigh_jobs(jobs)
    if options.only:
        return 0
    results["training"] = compare_training()
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    apart = results["training"][0]["apart"]
    if apart > ALIKE:
        return f"The two autoencoders learned differently: their test errors are {apart:.1%} apart."
    return 0


if __name__ == "__main__":
    sys.exit(main())
