"""Print what memory a student needs on a hub, and a class, from what `make hub` measured.

Usage: python deploy/memory.py
"""

import json
import math
import sys
from pathlib import Path

RESULTS = Path(__file__).resolve().parent.parent / "benchmarks/results/hub.json"
MIB = 2**20
CLASSES = (20, 200, 5000)
NODE = 64 * 2**10  # MiB of a machine with 64 GiB
RESERVED = 0.9  # the part of it that is left beside the system and Kubernetes itself


def largest(results, name):
    """Return the largest number of that name that any chapter needed, in MiB."""
    return max(chapter[name] for chapter in results["chapters"]) / MIB


def rounded(mebibytes, step):
    """Return a number of MiB rounded up to a multiple of a step."""
    return step * math.ceil(mebibytes / step)


def guarantee(results):
    """Return the MiB that a student always has: a server, and the chapter that needs most."""
    return rounded(largest(results, "server_peak") + largest(results, "kernel_peak"), 64)


def limit(results):
    """Return the MiB at which a kernel is ended: those of a student who has all chapters open.

    JupyterLab opens again what was open, each notebook with a fresh kernel; one of them runs.
    """
    fresh = (len(results["chapters"]) - 1) * largest(results, "kernel_fresh")
    return rounded(largest(results, "server_peak") + fresh + largest(results, "kernel_peak"), 256)


def needed(results, students):
    """Return the GiB that so many students need at once, with the hub and its proxy."""
    return math.ceil((results["hub_peak"] / MIB + students * guarantee(results)) / 2**10)


def machines(results, students):
    """Return how many machines of 64 GiB hold so many students."""
    return math.ceil(students / (NODE * RESERVED // guarantee(results)))


def table(results):
    """Return what classes need, as a table in Markdown."""
    lines = ["| Students at once | Memory | Machines of 64 GiB |", "|---:|---:|---:|"]
    lines += [f"| {n:,} | {needed(results, n):,} GiB | {machines(results, n)} |" for n in CLASSES]
    return "\n".join(lines)


def main():
    """Print both figures and the table."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    print(f"guarantee {guarantee(results)} MiB, limit {limit(results)} MiB for each student\n")
    print(table(results))


if __name__ == "__main__":
    sys.exit(main())
