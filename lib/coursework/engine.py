"""Grades many submissions: threads over programs behind the wall on one machine, or a dask cluster.

Each result is handed on when it is there, and kept by whoever takes it, so that nothing is lost where a
worker or the grader itself is ended half-way.
"""

import functools
import os
import re
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from coursework import release, scoring
from coursework.course import CourseError
from coursework.program import Stopped
from coursework.scorer import Scorer

_lock = threading.Lock()
_of_thread = threading.local()


@functools.cache
def _library(withheld):
    folder = Path(tempfile.mkdtemp(prefix="coursework-"))
    return release.library(folder, withheld)


def grade_one(name, source, withheld, content, isolate):
    """Return the result of one submission; all that it needs comes with the call, for any machine to do."""
    with _lock:
        library = _library(tuple(withheld))
    if getattr(_of_thread, "scorer", None) is None:
        _of_thread.scorer = Scorer()
    try:
        return _of_thread.scorer.score(name, source, library, content, isolate)
    except Stopped:
        _of_thread.scorer.close()
        _of_thread.scorer = None
        return scoring.nothing(source, "what your functions returned kept the tests busy without an end")


def on_threads(job, submissions, *, workers=None):
    """Yield (student, result) as they come, from threads of this machine.

    Parameters
    ----------
    job : callable
        Takes the bytes of a notebook, returns a result.
    submissions : dict
        Each student's notebook, a path.
    """
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        waiting = {pool.submit(_read_and_do, job, path): student for student, path in submissions.items()}
        try:
            for done in as_completed(waiting):
                yield waiting[done], done.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _read_and_do(job, path):
    with path.open("rb") as file:
        return job(file.read(scoring.submission.LARGEST + 1))


def on_dask(job, submissions, *, scheduler, certificate=None, key=None, authority=None):
    """Yield (student, result) as they come, from the workers of a dask scheduler.

    A worker that dies loses nothing: its submissions go to another. Beyond this machine only TLS is spoken.
    """
    from distributed import Client
    from distributed import as_completed as completed
    from distributed.security import Security

    if not re.match(r"tls://|tcp://(127\.0\.0\.1|localhost|\[::1\]):", scheduler):
        raise CourseError(f"a scheduler on another machine must be reached by tls://, got {scheduler}")
    security = None
    if scheduler.startswith("tls://"):
        files = {"tls_ca_file": authority, "tls_client_cert": certificate, "tls_client_key": key}
        if missing := [name for name, file in files.items() if not file or not Path(file).is_file()]:
            raise CourseError(
                f"TLS needs three files: --authority, --certificate and --key (missing: {', '.join(missing)})"
            )
        security = Security(require_encryption=True, **files)
    with Client(scheduler, security=security) as client:
        waiting = {}
        for student, path in submissions.items():
            waiting[client.submit(job, path.read_bytes(), pure=False, retries=3)] = student
        for done in completed(waiting):
            yield waiting[done], done.result()
