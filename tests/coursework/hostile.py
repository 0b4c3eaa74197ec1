"""Submissions that mean harm, or look like it, for the assignment toy.md: what each does, and what it gets.

The code stands in the cell of the solution `multiple`; the other answers are the reference's, worth 4 points.
What is wanted is what the page for teachers promises.
"""

RIGHT = "def multiple(x):\n    return NUMBER * x\n"  # NUMBER becomes the course's

# name: (code, points of all tests out of 6; None: it may break its own program, but makes nothing right)
CODE = {
    "endless loop in a function": (
        """
def multiple(x):
    while True:
        pass
""",
        4,
    ),
    "endless loop at top level": (
        """
while True:
    pass
""",
        4,
    ),
    "os._exit": (
        """
import os
os._exit(0)
""",
        4,
    ),
    "os._exit in a function": (
        """
import os
def multiple(x):
    os._exit(0)
""",
        4,
    ),
    "kills its own program": (
        """
import os, signal
os.kill(os.getpid(), signal.SIGKILL)
""",
        4,
    ),
    "kills everything that it sees": (
        """
import os, signal
for number in range(1, 5000):
    try:
        os.kill(number, signal.SIGKILL)
    except OSError:
        pass
"""
        + RIGHT,
        4,
    ),
    "fork bomb": (
        """
import os
while True:
    os.fork()
""",
        4,
    ),
    "fork bomb that goes on": (
        """
import os
for _ in range(50):
    try:
        os.fork()
    except OSError:
        pass
"""
        + RIGHT,
        6,
    ),
    "thread bomb": (
        """
import threading, time
try:
    while True:
        threading.Thread(target=time.sleep, args=(9,), daemon=True).start()
except BaseException:
    pass
"""
        + RIGHT,
        6,
    ),
    "memory hog": (
        """
hog = [0] * 10**10
""",
        4,
    ),
    "memory hog in a function": (
        """
def multiple(x):
    return [0] * 10**10
""",
        4,
    ),
    "disk filler": (
        """
number = 0
try:
    while True:
        number += 1
        with open(f'/tmp/fill{number}', 'wb') as file:
            file.write(b'0' * 10**7)
except OSError:
    pass
"""
        + RIGHT,
        6,
    ),
    "a memory hog that takes its time": (
        """
hog = []
while True:
    hog.append(bytearray(10**7))
""",
        4,
    ),
    "memory outside the program": (
        """
import ctypes, os
libc = ctypes.CDLL(None)
assert libc.shmget(0, 10**9, 0o1700) == -1
assert libc.semget(0, 32000, 0o1600) == -1
assert libc.syscall(447, 0) == -1  # memfd_secret
try:
    os.memfd_create("hog")
except PermissionError:
    pass
else:
    raise AssertionError("files in memory that nobody counts")
for place in ("/dev/shm", "/dev", "/run", "/var/tmp", "/"):
    try:
        open(place + "/hog", "w")
    except OSError:
        pass
    else:
        raise AssertionError(place)
"""
        + RIGHT,
        6,
    ),
    "1 GB of output": (
        """
for _ in range(1000):
    print('x' * 10**6)
"""
        + RIGHT,
        6,
    ),
    "1 GB of output past Python": (
        """
import os
for _ in range(1000):
    os.write(1, b'x' * 10**6)
"""
        + RIGHT,
        6,
    ),
    "an answer of 1 GB": (
        """
import numpy as np
def multiple(x):
    return np.zeros(10**8)
""",
        4,
    ),
    "an object equal to everything": (
        """
class Equal:
    def __eq__(self, other):
        return True
    def __bool__(self):
        return True
def multiple(x):
    return Equal()
""",
        4,
    ),
    "a number equal to everything": (
        """
class Equal(int):
    def __eq__(self, other):
        return True
def multiple(x):
    return Equal(1)
""",
        4,
    ),
    "an array equal to everything": (
        """
import numpy as np
class Equal(np.ndarray):
    def __eq__(self, other):
        return True
def multiple(x):
    return np.zeros(np.shape(x)).view(Equal)
""",
        4,
    ),
    "numpy patched": (
        """
import numpy as np
np.testing.assert_allclose = lambda *a, **k: None
np.allclose = lambda *a, **k: True
def multiple(x):
    return 0
""",
        4,
    ),
    "builtins patched": (
        """
import builtins
builtins.all = lambda *a: True
builtins.isinstance = lambda *a: True
builtins.AssertionError = type('A', (Exception,), {})
def multiple(x):
    return 0
""",
        None,
    ),
    "the runner patched": (
        """
import sys
main = sys.modules['__main__']
main.encode = lambda *a: 1
main.call = lambda *a: {'value': True}
""",
        None,
    ),
    "answers for others on the pipe": (
        r"""
import os
for number in range(3, 64):
    try:
        os.write(number, b'{"value": true}\n' * 9)
    except OSError:
        pass
""",
        None,
    ),
    "any socket": (
        """
import socket
for family in (socket.AF_INET, socket.AF_UNIX, socket.AF_NETLINK):
    try:
        socket.socket(family)
    except PermissionError:
        pass
    else:
        raise AssertionError(family)
"""
        + RIGHT,
        6,
    ),
    "reads In": (
        """
def multiple(x):
    return In[-1]
""",
        4,
    ),
    "reads /proc": (
        """
import glob
seen = ''.join(open(name, errors='replace').read() for name in glob.glob('/proc/[0-9]*/cmdline'))
assert 'pytest' not in seen and 'submission' not in seen
"""
        + RIGHT,
        6,
    ),
    "reads parent directories": (
        """
import os
found = []
for folder in ('/work', '/root', '/home', '/tmp', '/etc', '..', '../..'):
    for place, _, names in os.walk(folder):
        found += [n for n in names if n.endswith(('.ipynb', '.db', '.toml', '.md'))]
        if len(found) > 50:
            break
assert not [n for n in found if n in ('course.toml', 'gradebook.db', 'toy.ipynb', 'toy.md')], found
"""
        + RIGHT,
        6,
    ),
    "writes the gradebook": (
        """
import glob, sqlite3
for folder in ('/tmp', '/work', '/root', '/home', '/library', '/inside'):
    for name in glob.glob(folder + '/**/gradebook.db', recursive=True):
        sqlite3.connect(name).execute('update grade set manual_score = 100')
"""
        + RIGHT,
        6,
    ),
    "network calls": (
        """
import socket
def multiple(x):
    socket.create_connection(('127.0.0.1', 80), 1)
    return 1
""",
        4,
    ),
    "the reference of the library": (
        """
from imagebook.convolution import cross_correlate2d
"""
        + RIGHT,
        4,
    ),
    "a deep recursion": (
        """
def multiple(x):
    return multiple(x)
""",
        4,
    ),
    "a crash of the interpreter": (
        """
import ctypes
ctypes.string_at(0)
""",
        4,
    ),
    "a deeply nested answer": (
        """
def multiple(x):
    deep = []
    for _ in range(100000):
        deep = [deep]
    return deep
""",
        4,
    ),
    "a warning on stderr in correct code": (
        """
import sys, warnings
"""
        + RIGHT
        + """
warnings.warn('look here')
print('and here', file=sys.stderr)
""",
        6,
    ),
    "SystemExit": (
        """
raise SystemExit
""",
        4,
    ),
    "magic of the notebook program": (
        """
%matplotlib inline
!ls
"""
        + RIGHT,
        6,
    ),
}
