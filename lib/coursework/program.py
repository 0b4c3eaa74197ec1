"""A program at arm's length: it answers in lines of JSON, and is ended when it is late or says too much."""

import json
import os
import selectors
import time

STARTING = 60  # seconds until the libraries are loaded, on a machine that is busy
LONGEST = 32 * 2**20  # bytes of an answer


class Stopped(RuntimeError):
    """The program was stopped, or stopped itself; the sentence says why."""


class Late(Stopped):
    """The program did not answer in time."""


class Program:
    """A running program.

    Parameters
    ----------
    process : subprocess.Popen
        What runs.
    requests, answers : int
        The open files on which it is asked and answers; they are closed with it.
    """

    _requests = None  # until it runs

    def __init__(self, process, requests, answers):
        self._process, self._requests, self._answers = process, requests, answers
        os.set_blocking(requests, False)
        os.set_blocking(answers, False)
        self._rest = b""
        self._waiting = STARTING

    def __enter__(self):
        """Return the program, which runs already."""
        return self

    def __exit__(self, *problem):
        """Stop it."""
        self.close()

    def __del__(self):
        """Stop it with the last that knew of it, such as a thread."""
        self.close()

    def kill(self):
        """End the program, from whatever thread; who waits for its answer learns of it."""
        self._process.kill()

    def close(self):
        """Stop the program."""
        if self._requests is None:
            return
        self._process.kill()
        self._process.wait()
        os.close(self._requests)
        os.close(self._answers)
        self._requests = self._answers = None

    def ask(self, message, seconds):
        """Return the answer, a dictionary, or raise Stopped."""
        end = time.monotonic() + seconds + self._waiting
        self._waiting = 0
        text = json.dumps(message).encode() + b"\n"
        with selectors.DefaultSelector() as selector:
            writing = self._requests
            selector.register(self._answers, selectors.EVENT_READ)
            selector.register(writing, selectors.EVENT_WRITE)
            while b"\n" not in self._rest:
                left = end - time.monotonic()
                if left <= 0:
                    raise Late(f"it took longer than {seconds:g} seconds")
                for key, _ in selector.select(left):
                    if key.fd == writing:
                        text = text[self._write(text) :]
                        if not text:
                            selector.unregister(writing)
                    else:
                        part = os.read(self._answers, 1 << 20)
                        if not part:
                            raise Stopped("it ended before its time")
                        self._rest += part
                        if len(self._rest) > LONGEST:
                            raise Stopped(f"its answer was longer than {LONGEST // 2**20} MB")
        line, _, self._rest = self._rest.partition(b"\n")
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            raise Stopped("it gave an answer that is none") from None
        if not isinstance(answer, dict):
            raise Stopped("it gave an answer that is none")
        return answer

    def _write(self, text):
        try:
            return os.write(self._requests, text)
        except BlockingIOError:
            return 0
        except BrokenPipeError:
            raise Stopped("it ended before its time") from None
