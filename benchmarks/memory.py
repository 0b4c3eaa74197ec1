"""Peak memory of one call, ours and PyTorch's measured in the same way. Needs Linux.

Every call gets a fresh process, forked from one that has imported everything and computed nothing. There
the data are made, a call of the smallest size starts threads and fills tables, the high-water mark of the
resident memory is set back (/proc/self/clear_refs), and the call is made. What counts is the mark (VmHWM)
minus the resident memory before the call (VmRSS): intermediate and final results of every library, but no
inputs. Pages that an allocator kept from the set-up and uses again are not seen: a difference of a few
megabytes means nothing.
"""

import multiprocessing
import re
from pathlib import Path

MEGABYTE = 10**6


def kilobytes(field):
    """Return a field of this process's /proc/self/status."""
    return int(re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())[1])


def peak_of(job_name, contender):
    """Return by how many bytes a call raises the resident memory at its peak; run this in a fresh process."""
    from jobs import JOBS

    job = next(job for job in JOBS if job.name == job_name)
    make = job.make_for_memory or job.make
    make(job.least)[contender]()
    call = make(job.size)[contender]
    Path("/proc/self/clear_refs").write_text("5")
    before = kilobytes("VmRSS")
    result = call()
    peak = kilobytes("VmHWM")
    del result
    return 1024 * (peak - before)


def peaks(job, contenders):
    """Return our peak in megabytes beside PyTorch's (in its better layout), or without one a peer's."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["jobs"])
    peers = [name for name in contenders if name.startswith("PyTorch")] or [
        name for name in contenders if name != "ours"
    ]
    found = {}
    for name in ("ours", *peers):
        with context.Pool(1) as pool:
            found[name] = pool.apply(peak_of, (job.name, name)) / MEGABYTE
    ours = found.pop("ours")
    peer = min(found, key=found.get)
    return {"job": job.name, "ours_megabytes": ours, "peer": peer, "peer_megabytes": found[peer]}
