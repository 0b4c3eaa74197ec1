"""Submissions that mean harm, or look like it, for the assignment toy.md: what each does, and what it gets.

The code stands in the cell of the solution `multiple`; the other answers are the reference's, worth 4 points. What is
wanted is what the grader's page for teachers promises.
"""

RIGHT = "def multiple(x):\n    return NUMBER * x\n"  # NUMBER becomes the course's

# name: (code, points of all tests out of 6)
CODE = {
    "endless loop in a function": ("def multiple(x):\n    while True:\n        pass\n", 4),
    "endless loop at top level": ("while True:\n    pass\n", 4),
    "os._exit": ("import os\nos._exit(0)\n", 4),
    "os._exit in a function": ("import os\ndef multiple(x):\n    os._exit(0)\n", 4),
    "kills its own program": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n", 4),
    "kills everything that it sees": (
        "import os, signal\nfor number in range(1, 5000):\n    try:\n        os.kill(number, signal.SIGKILL)\n"
        "    except OSError:\n        pass\n" + RIGHT,
        4,
    ),
    "fork bomb": ("import os\nwhile True:\n    os.fork()\n", 4),
    "fork bomb that goes on": (
        "import os\nfor _ in range(50):\n    try:\n        os.fork()\n    except OSError:\n        pass\n" + RIGHT,
        6,
    ),
    "thread bomb": (
        "import threading, time\ntry:\n    while True:\n        threading.Thread(target=time.sleep, args=(9,), daemon=True).start()\n"
        "except BaseException:\n    pass\n" + RIGHT,
        6,
    ),
    "memory hog": ("hog = [0] * 10**10\n", 4),
    "memory hog in a function": ("def multiple(x):\n    return [0] * 10**10\n", 4),
    "disk filler": (
        "number = 0\ntry:\n    while True:\n        number += 1\n        with open(f'/tmp/fill{number}', 'wb') as file:\n"
        "            file.write(b'0' * 10**7)\nexcept OSError:\n    pass\n" + RIGHT,
        6,
    ),
    "1 GB of output": ("for _ in range(1000):\n    print('x' * 10**6)\n" + RIGHT, 6),
    "1 GB of output past Python": ("import os\nfor _ in range(1000):\n    os.write(1, b'x' * 10**6)\n" + RIGHT, 6),
    "an answer of 1 GB": ("import numpy as np\ndef multiple(x):\n    return np.zeros(10**8)\n", 4),
    "an object equal to everything": (
        "class Equal:\n    def __eq__(self, other):\n        return True\n    def __bool__(self):\n        return True\n"
        "def multiple(x):\n    return Equal()\n",
        4,
    ),
    "a number equal to everything": (
        "class Equal(int):\n    def __eq__(self, other):\n        return True\ndef multiple(x):\n    return Equal(1)\n",
        4,
    ),
    "an array equal to everything": (
        "import numpy as np\nclass Equal(np.ndarray):\n    def __eq__(self, other):\n        return True\n"
        "def multiple(x):\n    return np.zeros(np.shape(x)).view(Equal)\n",
        4,
    ),
    "numpy patched": (
        "import numpy as np\nnp.testing.assert_allclose = lambda *a, **k: None\nnp.allclose = lambda *a, **k: True\n"
        "def multiple(x):\n    return 0\n",
        4,
    ),
    "builtins patched": (
        "import builtins\nbuiltins.all = lambda *a: True\nbuiltins.isinstance = lambda *a: True\nbuiltins.AssertionError = type('A', (Exception,), {})\n"
        "def multiple(x):\n    return 0\n",
        None,  # it may break its own program; the class must not notice
    ),
    "the runner patched": (
        "import sys\nmain = sys.modules['__main__']\nmain.encode = lambda *a: 1\nmain.call = lambda *a: {'value': True}\n",
        None,
    ),
    "answers for others on the pipe": (
        "import os\nfor number in range(3, 64):\n    try:\n        os.write(number, b'{\"value\": true}\\n' * 9)\n    except OSError:\n        pass\n",
        None,
    ),
    "reads In": ("def multiple(x):\n    return In[-1]\n", 4),
    "reads /proc": (
        "import glob\nseen = ''.join(open(name, errors='replace').read() for name in glob.glob('/proc/[0-9]*/cmdline'))\n"
        "assert 'pytest' not in seen and 'submission' not in seen\n" + RIGHT,
        6,
    ),
    "reads parent directories": (
        "import os\nfound = []\nfor folder in ('/work', '/root', '/home', '/tmp', '/etc', '..', '../..'):\n"
        "    for place, _, names in os.walk(folder):\n        found += [n for n in names if n.endswith(('.ipynb', '.db', '.toml', '.md'))]\n"
        "        if len(found) > 50:\n            break\n"
        "assert not [n for n in found if n in ('course.toml', 'gradebook.db', 'toy.ipynb', 'toy.md')], found\n" + RIGHT,
        6,
    ),
    "writes the gradebook": (
        "import glob, sqlite3\nfor folder in ('/tmp', '/work', '/root', '/home', '/library', '/inside'):\n"
        "    for name in glob.glob(folder + '/**/gradebook.db', recursive=True):\n"
        "        sqlite3.connect(name).execute('update grade set manual_score = 100')\n" + RIGHT,
        6,
    ),
    "network calls": (
        "import socket\ndef multiple(x):\n    socket.create_connection(('127.0.0.1', 80), 1)\n    return 1\n",
        4,
    ),
    "the reference of the library": (
        "from imagebook.convolution import cross_correlate2d\n" + RIGHT,
        4,
    ),
    "a deep recursion": ("def multiple(x):\n    return multiple(x)\n", 4),
    "a crash of the interpreter": ("import ctypes\nctypes.string_at(0)\n", 4),
    "a deeply nested answer": (
        "def multiple(x):\n    deep = []\n    for _ in range(100000):\n        deep = [deep]\n    return deep\n",
        4,
    ),
    "a warning on stderr in correct code": (
        "import sys, warnings\n" + RIGHT + "warnings.warn('look here')\nprint('and here', file=sys.stderr)\n",
        6,
    ),
    "SystemExit": ("raise SystemExit\n", 4),
    "magic of the notebook program": ("%matplotlib inline\n!ls\n" + RIGHT, 6),
}
