"""The wall: what it lets through and how much, and that nothing runs where there is no wall."""

import errno
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

import pytest
from conftest import USER

from coursework import isolation

ALLOWED, KILLED = ("allowed",), ("killed",)
NOT_PERMITTED, NOT_THERE = ("error", errno.EPERM), ("error", errno.ENOSYS)


def decision(program, arch, number, flags=0):
    """Return what a filter answers to a call, by going through it as the kernel does (seccomp(2), bpf(4))."""
    data = struct.pack("=IIQQ", number, arch, 0, flags)
    steps = list(struct.iter_unpack("=HBBI", program))
    place, value = 0, 0
    while True:
        code, yes, no, operand = steps[place]
        place += 1
        if code == 0x20:  # load a word
            (value,) = struct.unpack_from("=I", data, operand)
        elif code == 0x06:  # answer
            kinds = {0x7FFF0000: ALLOWED, 0x80000000: KILLED, 0x00050000: ("error", operand & 0xFFFF)}
            return kinds[operand & 0xFFFF0000]
        else:
            holds = {0x15: value == operand, 0x35: value >= operand, 0x45: bool(value & operand)}[code]
            place += yes if holds else no


# From the kernel's tables (arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h).
FORBIDDEN = {
    "x86_64": {
        "fork": 57,
        "vfork": 58,
        "socket": 41,
        "memfd_create": 319,
        "shmget": 29,
        "ptrace": 101,
        "bpf": 321,
    },
    "aarch64": {"socket": 198, "memfd_create": 279, "shmget": 194, "ptrace": 117, "bpf": 280},
}
NEEDED = {
    "x86_64": {"read": 0, "mmap": 9, "futex": 202, "exit_group": 231, "execve": 59},
    "aarch64": {"read": 63, "mmap": 222, "futex": 98, "exit_group": 94, "execve": 221},
}


@pytest.mark.parametrize("machine", isolation.CALLS)
def test_the_filter_lets_threads_start_and_processes_not(machine):
    """A thread has CLONE_THREAD; clone3, whose flags a filter cannot read, is "not there"."""
    calls, program = isolation.CALLS[machine], isolation.call_filter(machine)
    thread = 0x3D0F00  # what the C library passes for a thread
    assert decision(program, calls["arch"], calls["clone"], thread) == ALLOWED
    assert decision(program, calls["arch"], calls["clone"], 0x1200011) == NOT_PERMITTED  # its fork
    assert decision(program, calls["arch"], calls["clone3"]) == NOT_THERE


@pytest.mark.parametrize("machine", isolation.CALLS)
def test_the_filter_refuses_what_leads_out(machine):
    """By the kernel's numbers; what every program needs is let through."""
    calls, program = isolation.CALLS[machine], isolation.call_filter(machine)
    for number in (*FORBIDDEN[machine].values(), *calls["refused"]):
        assert decision(program, calls["arch"], number) == NOT_PERMITTED
    assert set(FORBIDDEN[machine].values()) <= set(calls["refused"])
    for number in NEEDED[machine].values():
        assert decision(program, calls["arch"], number) == ALLOWED


def test_the_filter_ends_a_program_that_speaks_another_convention():
    """Numbers of 32-bit programs mean other calls."""
    program = isolation.call_filter("x86_64")
    assert decision(program, 0x40000003, 1) == KILLED
    assert decision(program, isolation.CALLS["x86_64"]["arch"], 0x40000039) == KILLED
    with pytest.raises(isolation.IsolationError, match="not of riscv64"):
        isolation.call_filter("riscv64")


@pytest.fixture
def forget():
    """Let `available` look again, before and after a test."""
    isolation.available.cache_clear()
    yield
    isolation.available.cache_clear()


def test_without_bubblewrap_there_is_no_wall(forget, monkeypatch, tmp_path):
    """The sentence says what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(isolation.IsolationError, match="install the package bubblewrap"):
        isolation.available()


def test_where_the_system_forbids_namespaces_there_is_no_wall(forget, monkeypatch, tmp_path):
    """As in many containers, and on Ubuntu; the sentence has what bubblewrap said."""
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(isolation.IsolationError, match="No permissions to create new namespace"):
        isolation.available()


# For two programs at once: how many threads each could start.
THREADS = """
import resource
import sys
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))  # fewer than a submission may have
from coursework.isolation import Limits
from coursework.sandbox import Sandbox
code = '''
import threading
threading.stack_size(32768)  # so that the limit of addresses is far away
enough, threads = threading.Event(), []
try:
    while len(threads) < 1000:
        thread = threading.Thread(target=enough.wait, daemon=True)
        thread.start()
        threads.append(thread)
except RuntimeError:
    pass
print(len(threads))
'''
limits = Limits(threads=100)
with Sandbox(sys.argv[1], limits) as one, Sandbox(sys.argv[1], limits) as other:
    for program in one, other:
        print(program.run(code, "cell", 30)[0])
"""


@pytest.mark.skipif(not isolation.counts_threads(), reason="needs Linux 5.14: it counts behind each wall")
def test_each_submission_has_its_own_number_of_threads(python, toy):
    """One with thousands takes none from others. The superuser's are not counted: this is someone else."""
    folder = Path(tempfile.mkdtemp(prefix="threads-", dir="/tmp"))
    try:
        shutil.copytree(Path(isolation.__file__).parent, folder / "lib" / "coursework")
        shutil.copytree(toy.library, folder / "library")
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        command = [python, "-s", "-c", THREADS, folder / "library"]
        variables = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(folder / "lib")}
        who = {"user": USER, "group": "nogroup", "extra_groups": []}
        done = subprocess.run(command, cwd="/tmp", env=variables, capture_output=True, text=True, **who)
    finally:
        shutil.rmtree(folder)
    assert done.returncode == 0, done.stderr
    one, other = map(int, done.stdout.split())
    assert 90 < one == other < 100  # the programs' own threads count, too


def test_a_kernel_that_counts_all_of_a_person_is_not_asked_to():
    """There the teacher's own threads would use up the students'; nor are they limited without a wall."""
    counted = {"4.19.0-amd64": False, "5.13.9": False, "5.14.0-70.el9": True, "6.1.0": True}
    assert {release: isolation.counts_threads(release) for release in counted} == counted
    limits = isolation.Limits(threads=77)
    assert isolation.runner("/inside", 3, limits)[-1] == "0"
    assert isolation.command(4, 3, limits)[-1] == ("77" if isolation.counts_threads() else "0")
