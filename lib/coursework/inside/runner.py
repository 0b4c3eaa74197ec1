"""Runs a student's cells, then calls the functions that they define. This is the inside of the wall.

It reads requests from file 0 and answers on the file that it is told, one JSON line each. Whatever the
student's code does here, to this program too, can only change its own answers: the tests and the expected
values are on the other side.
"""

import io
import json
import os
import resource
import sys
import traceback

number, cpu_seconds, memory, disk, files, threads = map(int, sys.argv[1:])
limits = {
    resource.RLIMIT_CPU: cpu_seconds,
    resource.RLIMIT_AS: memory,
    resource.RLIMIT_FSIZE: disk,
    resource.RLIMIT_NOFILE: files,
    resource.RLIMIT_CORE: 0,
}
if threads:
    limits[resource.RLIMIT_NPROC] = threads  # the kernel counts threads as processes
for what, most in limits.items():
    _, own = resource.getrlimit(what)  # of whoever grades; only the superuser could raise it
    most = most if own == resource.RLIM_INFINITY else min(most, own)
    resource.setrlimit(what, (most, most))

# Answers go where no print reaches; what is printed past Python is thrown away.
answers = os.fdopen(number, "wb")
requests = os.fdopen(os.dup(0), "rb")
nothing = os.open(os.devnull, os.O_RDWR)
for number in (0, 1, 2):
    os.dup2(nothing, number)

import IPython.display  # noqa: E402
import wire  # noqa: E402

MOST_TEXT = 20_000  # characters that a cell may print and a student may read again
encode, decode, as_line = wire.encode, wire.decode, wire.line  # as they were before a student's code ran


class Printed(io.TextIOBase):
    """What a cell prints, up to a length."""

    def __init__(self):
        self.text = ""
        self.cut = False

    def writable(self):
        """Return that one may write."""
        return True

    def write(self, text):
        """Keep what there is room for."""
        text = str(text)
        room = MOST_TEXT - len(self.text)
        self.text += text[:room]
        self.cut = self.cut or len(text) > room
        return len(text)


def error_of(error):
    """Return what a student is told of an error: its last lines, without ours."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith("<cell")
    ]
    place = f" (line {frames[-1].lineno} of a cell)" if frames else ""
    return f"{type(error).__name__}: {error}"[:2000] + place


def compiled(source, name):
    """Return a cell's code; lines for the notebook program, such as %matplotlib, do nothing here."""
    try:
        return compile(source, name, "exec")
    except SyntaxError:
        from IPython.core.inputtransformer2 import TransformerManager

        return compile(TransformerManager().transform_cell(source), name, "exec")


class Notebook:
    """Stands where a cell's code asks for the notebook program."""

    def __getattr__(self, name):
        """Return a function that does nothing."""
        return lambda *arguments, **options: None


def run(source, name, namespace):
    """Run a cell; return what it printed and its error or None."""
    printed = Printed()
    outside = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = printed
    error = None
    try:
        exec(compiled(source, name), namespace)
    except (
        BaseException
    ) as problem:  # SystemExit and KeyboardInterrupt as well: a cell ends, the runner does not
        error = error_of(problem)
    finally:
        sys.stdout, sys.stderr = outside
    text = printed.text + ("\n[the rest was cut off]" if printed.cut else "")
    return {"printed": text, "error": error}


def call(name, arguments, options, namespace):
    """Call what a student defined; return its value or its error."""
    printed = Printed()
    outside = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = printed
    try:
        if name not in namespace:
            return {"error": f"NameError: name {name!r} is not defined"}
        value = namespace[name]
        if arguments is not None:
            value = value(*decode(arguments), **decode(options))
        return {"value": encode(value)}
    except BaseException as problem:
        kind = type(problem).__name__
        return {"error": error_of(problem), "kind": kind if isinstance(kind, str) else "Exception"}
    finally:
        sys.stdout, sys.stderr = outside


def display(*things, raw=False, **options):
    """Print what stands for a figure in words, in place of the figure."""
    for thing in things:
        print(thing.get("text/plain", "") if raw else repr(thing))


def main():
    """Answer requests until there are no more."""
    IPython.display.display = display
    namespace = {"__name__": "__main__", "get_ipython": Notebook, "display": display}
    while text := requests.readline():
        request = json.loads(text)
        if "run" in request:
            answer = run(request["run"], request["name"], namespace)
        else:
            answer = call(request["call"], request.get("arguments"), request.get("options"), namespace)
        answers.write(as_line(answer))
        answers.flush()


main()
