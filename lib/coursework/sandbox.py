"""A student's program at arm's length: start it behind the wall, ask it, never trust what it says.

An answer is plain data or a sentence about an error. A program that answers too late, too much or not at
all is stopped, with all that it started.
"""

import builtins
import os
import subprocess
import tempfile

from coursework import isolation
from coursework.inside import wire
from coursework.program import Program, Stopped

LONGEST_ERROR = 2100  # characters; the runner cuts it, too, but may have been changed


class StudentError(Exception):
    """The student's own function raised this."""


def student_error(kind, sentence):
    """Return an error as a test may expect it: of a built-in kind, such as ValueError, where it was one."""
    built_in = getattr(builtins, kind, None) if isinstance(kind, str) else None
    is_error = isinstance(built_in, type) and issubclass(built_in, Exception)
    base = built_in if is_error and built_in not in (Exception, UnicodeDecodeError) else Exception
    try:
        return type(base.__name__, (StudentError, base), {})(sentence)
    except TypeError:  # one that takes more words than a sentence
        return StudentError(sentence)


class Sandbox(Program):
    """A running program of a student's.

    Parameters
    ----------
    library : path
        The folder with the assignment's imagebook.
    limits : isolation.Limits
        What it may take.
    isolate : bool or str
        False runs it without a wall, with the rights of whoever grades: for the teacher's own code only.
        A user's name runs it as that user, in a container that holds one submission.
    """

    def __init__(self, library, limits, *, isolate=True):
        read, write = os.pipe()
        inside, outside = os.pipe()
        options = {"stdin": read, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._folder = None
        try:
            if isinstance(isolate, str):
                self._folder = tempfile.TemporaryDirectory(prefix="submission-")
                with isolation.file(isolation.call_filter()) as rules:
                    command, who = isolation.as_user(
                        isolate, library, rules.fileno(), outside, limits, self._folder.name
                    )
                    process = subprocess.Popen(command, pass_fds=(outside, rules.fileno()), **options, **who)
            elif isolate:
                with isolation.file(isolation.call_filter()) as rules:
                    words = isolation.options(library, limits, rules.fileno())
                    with isolation.file("\0".join(words).encode()) as wall:
                        command = isolation.command(wall.fileno(), outside, limits)
                        passed = (outside, rules.fileno(), wall.fileno())
                        process = subprocess.Popen(command, pass_fds=passed, **options)
            else:
                self._folder = tempfile.TemporaryDirectory()
                places = [str(isolation.RUNNER), str(library), *isolation.packages()]
                variables = isolation.environment(places, self._folder.name)
                command = isolation.runner(isolation.RUNNER, outside, limits)
                options |= {"env": variables, "cwd": self._folder.name, "start_new_session": True}
                process = subprocess.Popen(command, pass_fds=(outside,), **options)
        finally:
            os.close(read)
            os.close(outside)
        super().__init__(process, write, inside)

    def close(self):
        """Stop the program with all that it started."""
        super().close()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def run(self, source, name, seconds):
        """Run a cell; return what it printed and its error or None."""
        answer = self.ask({"run": source, "name": name}, seconds)
        printed, error = answer.get("printed"), answer.get("error")
        if not isinstance(printed, str) or not (error is None or isinstance(error, str)):
            raise Stopped("it gave an answer that is none")
        return printed, error and error[:LONGEST_ERROR]  # what is inside belongs to the student

    def value(self, name, seconds):
        """Return the value of a variable."""
        return self._value(self.ask({"call": name}, seconds))

    def call(self, name, arguments, options, seconds):
        """Call a function and return its value, or raise StudentError."""
        request = {"call": name, "arguments": wire.encode(arguments), "options": wire.encode(options)}
        return self._value(self.ask(request, seconds))

    def _value(self, answer):
        if isinstance(answer.get("error"), str):
            raise student_error(answer.get("kind"), answer["error"])
        try:
            return wire.decode(answer["value"])
        except (KeyError, ValueError, TypeError, OverflowError, MemoryError):
            raise Stopped("it gave an answer that is none") from None
