"""The wall around a submission: no network, no sight of others, limits on all that a program can take.

The work is done by bubblewrap (`bwrap`). It gives a program namespaces of its own: the program sees the
system read-only, an empty folder in memory, and no process but itself, which dies with whoever started it.
The kernel limits memory, processor time, files and threads (setrlimit). A filter of system calls (seccomp)
refuses new processes, which the kernel does not count for the superuser, sockets, and memory that no limit
counts.

What this does not promise: the kernel is shared, and a hole in it is a hole in the wall. Empty files cost
the kernel memory that nothing here limits, for as many as a submission can make in its time. And so do
threads where the superuser grades, or a kernel before 5.14: only their addresses are limited there.

Where a container holds one submission only and forbids namespaces, as Gradescope's do, the program runs as a
user of its own instead (`as_user`): the same filter, the same limits but that of threads, and the rights of
that user over files. There it sees the system's files and the command lines of other processes, and may fill
the container's disk.
"""

import functools
import os
import platform
import pwd
import re
import shutil
import struct
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 2**20
RUNNER = Path(__file__).with_name("inside")  # what runs behind the wall
FONTS = "fonts"  # in a library's folder: what matplotlib found out about the system's fonts
ADVICE = (
    "grading needs bubblewrap on Linux: install the package bubblewrap, "
    "or write --isolation none to grade without a wall"
)


class IsolationError(RuntimeError):
    """There is no wall here, so nothing may run."""


@dataclass(frozen=True)
class Limits:
    """What one submission may take. The wall clock is kept by whoever waits for it."""

    cpu_seconds: int = 120
    memory: int = 3072 * MEGABYTE  # of addresses: libraries reserve far more than they use
    disk: int = 64 * MEGABYTE
    files: int = 128
    threads: int = 256


# System calls by machine. Refused are those that start a process (fork, vfork), open a socket (socket) or
# take memory that no limit counts (memfd_create, shmget, msgget), and doors of the kernel that no student's
# code has business with (ptrace, unshare, setns, add_key, request_key, keyctl, bpf, perf_event_open,
# userfaultfd, io_uring_setup).
CALLS = {
    "x86_64": {
        "arch": 0xC000003E,
        "clone": 56,
        "clone3": 435,
        "refused": (57, 58, 41, 319, 447, 29, 64, 68, 101, 272, 308, 248, 249, 250, 321, 298, 323, 425),
    },
    "aarch64": {  # it has neither fork nor vfork
        "arch": 0xC00000B7,
        "clone": 220,
        "clone3": 435,
        "refused": (198, 279, 447, 194, 190, 186, 117, 97, 268, 217, 218, 219, 280, 241, 282, 425),
    },
}
CLONE_THREAD = 0x10000
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
EPERM, ENOSYS = 1, 38


def call_filter(machine=None):
    """Return the filter of system calls as the kernel reads it: threads may be started, processes may not."""
    machine = machine or platform.machine()
    if machine not in CALLS:
        raise IsolationError(f"grading knows the system calls of {' and '.join(CALLS)}, not of {machine}")
    calls = CALLS[machine]
    load, equal, at_least, any_bit, answer = 0x20, 0x15, 0x35, 0x45, 0x06

    def step(code, value, yes=0, no=0):
        return struct.pack("=HBBI", code, yes, no, value)

    steps = [
        step(load, 4),  # the machine's calling convention: another one would have other numbers
        step(equal, calls["arch"], 1, 0),
        step(answer, KILL),
        step(load, 0),  # the call's number
        step(at_least, 0x40000000, 0, 1),  # 32-bit calls on a 64-bit machine
        step(answer, KILL),
    ]
    for number in calls["refused"]:
        steps += [step(equal, number, 0, 1), step(answer, ERRNO | EPERM)]
    # "Not there" makes the C library fall back on clone, whose flags a filter can read.
    steps += [step(equal, calls["clone3"], 0, 1), step(answer, ERRNO | ENOSYS)]
    steps += [
        step(equal, calls["clone"], 0, 3),
        step(load, 16),  # the call's first argument: its flags
        step(any_bit, CLONE_THREAD, 1, 0),
        step(answer, ERRNO | EPERM),
        step(answer, ALLOW),
    ]
    return b"".join(steps)


@functools.cache
def available():
    """Return the path of bubblewrap, or raise IsolationError with what to do."""
    program = shutil.which("bwrap")
    if program is None or not sys.platform.startswith("linux"):
        raise IsolationError(ADVICE)
    tried = subprocess.run(
        [program, "--unshare-all", "--ro-bind", "/", "/", "true"], capture_output=True, text=True
    )
    if tried.returncode:  # Ubuntu from 24.04 and most containers forbid what it needs
        said = tried.stderr.strip()
        raise IsolationError(
            f"bubblewrap is here, but the system forbids it its namespaces ({said}): allow them, on Ubuntu "
            "with `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or write --isolation none"
        )
    return program


def system_folders():
    """Return bubblewrap's words for the parts of the system that Python needs, read-only."""
    words = ["--ro-bind", "/usr", "/usr"]
    for name in ("/bin", "/lib", "/lib64", "/sbin"):
        if os.path.islink(name):
            words += ["--symlink", os.readlink(name), name]
        elif os.path.isdir(name):
            words += ["--ro-bind", name, name]
    for name in ("/etc/ld.so.cache", "/etc/fonts"):
        if os.path.exists(name):
            words += ["--ro-bind", name, name]
    prefix = os.path.realpath(sys.base_prefix)
    if not prefix.startswith("/usr"):
        words += ["--ro-bind", prefix, prefix]
    return words


def packages():
    """Return the folders in which this Python finds its libraries."""
    return sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})


def options(library, limits, rules):
    """Return bubblewrap's options, which make the wall.

    `library` is the folder of the assignment's imagebook, `rules` the open file with the filter of calls.
    """
    words = ["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"]
    words += system_folders()
    words += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]  # its /dev/shm has no limit
    words += ["--size", str(limits.disk), "--tmpfs", "/tmp"]
    words += ["--ro-bind", str(RUNNER), "/inside", "--ro-bind", str(library), "/library"]
    places = ["/inside", "/library"]
    for index, folder in enumerate(packages()):
        place = f"/packages{index}"
        words += ["--ro-bind", folder, place]
        places.append(place)
        # The whole library, and whatever else of ours is installed, stays outside.
        for name in ("imagebook", "coursework"):
            if os.path.isdir(os.path.join(folder, name)):
                words += ["--tmpfs", f"{place}/{name}", "--remount-ro", f"{place}/{name}"]
    variables = environment(places, "/tmp")
    for path in Path(library, FONTS).glob("*.json"):
        words += ["--ro-bind", str(path), f"{variables['MPLCONFIGDIR']}/{path.name}"]
    for name, value in variables.items():
        words += ["--setenv", name, value]
    return [*words, "--remount-ro", "/", "--chdir", "/tmp", "--seccomp", str(rules)]


def command(wall, answers, limits):
    """Return the command that starts the runner behind a wall.

    `wall` is an open file with bubblewrap's options: on the command line the submission could read them.
    `answers` is the open file on which the runner answers.
    """
    threads = limits.threads if counts_threads() else 0
    return [available(), "--args", str(wall), *runner("/inside", answers, limits, threads)]


def counts_threads(release=None):
    """Return whether the kernel counts the threads behind each wall by themselves, as Linux does from 5.14.

    Before, it counts all that the same person runs, on the whole machine.
    """
    major, minor = re.match(r"(\d+)\.(\d+)", release or platform.release()).groups()
    return (int(major), int(minor)) >= (5, 14)


def runner(folder, answers, limits, threads=0):
    """Return the command of the runner, which binds itself before it reads any student's code.

    Threads are limited behind a wall only, 0 is no limit: elsewhere others' would count, too.
    """
    python = os.path.realpath(sys.executable)
    numbers = answers, limits.cpu_seconds, limits.memory, limits.disk, limits.files, threads
    return [python, "-s", "-B", f"{folder}/runner.py", *map(str, numbers)]


def environment(places, home):
    """Return the variables that a submission sees."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": home,
        "TMPDIR": home,
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(places),
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": f"{home}/matplotlib",
        "OPENBLAS_NUM_THREADS": "1",  # submissions share the cores
        "OMP_NUM_THREADS": "1",
    }


def file(content):
    """Return an open file with some bytes, to be passed to bubblewrap."""
    opened = tempfile.TemporaryFile()
    opened.write(content)
    opened.seek(0)
    return opened


def as_user(name, library, rules, answers, limits, folder):
    """Return the command, and Popen's options, that start the runner as another user, behind the filter only.

    `folder` is an empty folder of ours; what the user must read is copied to it, and gets a home in it.
    """
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        raise IsolationError(f"there is no user {name} to run submissions as") from None
    if os.geteuid() != 0 or user.pw_uid == 0:
        raise IsolationError("only the superuser can run submissions as another user")
    folder = Path(folder)
    folder.chmod(0o755)
    home = folder / "home"
    home.mkdir(mode=0o700)
    os.chown(home, user.pw_uid, user.pw_gid)
    unneeded = shutil.ignore_patterns("__pycache__")
    for place, copy in ((RUNNER, folder / "inside"), (library, folder / "library")):
        shutil.copytree(place, copy, ignore=unneeded)
        for path in (copy, *copy.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
    python, *words = runner(folder / "inside", answers, limits)
    confined = [python, "-I", "-S", str(folder / "inside" / "confined.py"), str(rules), python, *words]
    places = [str(folder / "inside"), str(folder / "library"), *packages()]
    who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "umask": 0o077}
    return confined, who | {"env": environment(places, str(home)), "cwd": home, "start_new_session": True}
