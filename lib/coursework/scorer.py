"""Scores submissions in a process of its own: an answer that keeps a test busy costs one submission only.

A test may count up to a number that a student returned. The process limits its own memory; one that is late
is ended with all that it started, and another takes its place.
"""

import base64
import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

from coursework import scoring
from coursework.program import Program

MEMORY = 4 * 2**30  # bytes of addresses
LATE = "what your functions returned kept the tests busy without an end"
SECONDS = scoring.SECONDS_IN_ALL + 60  # the rest is for what cannot be interrupted to end
DIE_WITH_PARENT = 1  # prctl's PR_SET_PDEATHSIG


class Scorer(Program):
    """A process that scores one submission after the other."""

    def __init__(self):
        asked, write = os.pipe()
        read, answered = os.pipe()
        command = [sys.executable, "-m", "coursework.scorer", str(answered)]
        variables = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        try:
            process = subprocess.Popen(
                command,
                stdin=asked,
                pass_fds=(answered,),
                env=variables,
                start_new_session=True,  # Ctrl-C is for the grader, which ends its scorers
            )
        finally:
            os.close(asked)
            os.close(answered)
        super().__init__(process, write, read)

    def score(self, name, source, library, content, isolate):
        """Return the result of a submission, the bytes of a notebook, as `scoring.grade` does."""
        request = {"name": name, "source": source, "library": str(library), "isolate": isolate}
        answer = self.ask(request | {"content": base64.b64encode(content).decode()}, SECONDS)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]


def main(number):
    """Score what comes on file 0 and answer on the file of this number, until there is no more."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with os.fdopen(number, "wb") as answers:
        for line in sys.stdin.buffer:
            asked = json.loads(line)
            source = nbformat.from_dict(asked["source"])
            assignment = scoring.Assignment(asked["name"], source, asked["library"])
            with (
                tempfile.TemporaryDirectory() as folder
            ):  # a scorer is killed when all is done: nothing may stay
                path = Path(folder, "submission.ipynb")
                path.write_bytes(base64.b64decode(asked["content"]))
                try:
                    answer = {"result": scoring.grade(assignment, path, isolate=asked["isolate"])}
                except Exception as error:  # a defect of ours: it must not end the night for everybody
                    answer = {"error": f"{type(error).__name__}: {error}"}
            answers.write(json.dumps(answer).encode() + b"\n")
            answers.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
