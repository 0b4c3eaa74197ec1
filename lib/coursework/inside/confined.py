"""Gives up new rights and some system calls, then becomes a program: confined.py FILE PROGRAM ...

FILE is the number of an open file with the filter of calls, as the kernel reads it.
"""

import ctypes
import os
import sys

NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2  # of prctl


class Filter(ctypes.Structure):
    """The kernel's sock_fprog: how many steps, and where."""

    _fields_ = [("count", ctypes.c_ushort), ("steps", ctypes.c_char_p)]


number, *command = sys.argv[1:]
with os.fdopen(int(number), "rb") as file:
    steps = file.read()
rules = Filter(len(steps) // 8, steps)
prctl = ctypes.CDLL(None, use_errno=True).prctl
prctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong]
if prctl(NO_NEW_PRIVILEGES, 1, None, 0, 0) or prctl(SECCOMP, FILTER, ctypes.addressof(rules), 0, 0):
    sys.exit(os.strerror(ctypes.get_errno()))
os.execv(command[0], command)
