"""Grades many submissions: threads over programs behind the wall on one machine, or a dask cluster.

Each result is handed on when it is there, and kept by whoever takes it, so that nothing is lost where a
worker or the grader itself is ended half-way. What is read and not yet graded grows with the number of
workers, not with the class.
"""

import atexit
import functools
import itertools
import os
import re
import tempfile
import threading
import weakref
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

from coursework import release, scoring, submission
from coursework.course import CourseError
from coursework.program import Late, Stopped
from coursework.scorer import LATE, Scorer

LOOPBACK = re.compile(r"tcp://(127\.0\.0\.1|localhost|\[::1\]):\d+")
SECONDS_TO_CONNECT = 20
LEAST_UNDER_WAY = 32  # submissions given to a cluster at a time, so that one that grows has work

_lock = threading.Lock()
_of_thread = threading.local()
_scorers = weakref.WeakSet()


@functools.cache
def _library(withheld):
    folder = tempfile.TemporaryDirectory(prefix="coursework-")
    atexit.register(folder.cleanup)
    return release.library(Path(folder.name), withheld)


def grade_one(name, source, withheld, content, isolate):
    """Return the result of one submission; all that it needs comes with the call, for any machine to do."""
    with _lock:
        library = _library(tuple(withheld))
    if getattr(_of_thread, "scorer", None) is None:
        _of_thread.scorer = Scorer()
        _scorers.add(_of_thread.scorer)
    try:
        return _of_thread.scorer.score(name, source, library, content, isolate)
    except Stopped as reason:
        _of_thread.scorer.close()
        _of_thread.scorer = None
        if isinstance(reason, Late):
            return scoring.nothing(source, LATE)
        # From outside, or by a defect of ours.
        raise RuntimeError(f"the scorer was stopped: {reason}") from None


def stop_scorers():
    """End all scorers; who waits for one learns that it ended before its time."""
    for scorer in list(_scorers):
        scorer.kill()


def on_threads(job, submissions, *, workers=None, stop=lambda: None):
    """Yield (student, future) as they come, from threads of this machine.

    Parameters
    ----------
    job : callable
        Takes the bytes of a notebook, returns a result.
    submissions : dict
        Each student's notebook, a path.
    workers : int, optional
        How many at a time, one for each core if not given.
    stop : callable
        Ends the jobs that run, for when nobody waits for them any more.

    Yields
    ------
    (str, concurrent.futures.Future)
        The future is done: its result() returns what the job did, or raises what went wrong with this one.
    """
    workers = workers or os.cpu_count()
    waiting = {}
    coming = iter(submissions.items())
    pool = ThreadPoolExecutor(workers)
    try:
        while True:
            for student, path in itertools.islice(coming, 2 * workers - len(waiting)):
                waiting[pool.submit(_read_and_do, job, path)] = student
            if not waiting:
                return
            for done in wait(waiting, return_when=FIRST_COMPLETED).done:
                yield waiting.pop(done), done
    finally:  # also where whoever takes the results was interrupted
        pool.shutdown(wait=False, cancel_futures=True)
        running = [future for future in waiting if not future.done()]
        while running:
            stop()
            running = wait(running, timeout=0.1).not_done


def _read_and_do(job, path):
    if path.is_symlink() or not path.is_file():
        return job(b"")  # a link could lead to the reference
    with path.open("rb") as file:
        return job(file.read(submission.LARGEST + 1))


def on_dask(job, submissions, *, workers=None, scheduler=None, certificate=None, key=None, authority=None):
    """Yield (student, future) as they come, from the workers of a dask scheduler, as `on_threads` does.

    A worker that dies loses nothing: its submissions go to another. Beyond this machine only TLS is spoken.
    """
    import dask
    from distributed import Client

    security = _security(scheduler, authority, certificate, key)
    try:
        client = Client(scheduler, security=security, timeout=SECONDS_TO_CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise CourseError(f"the scheduler at {scheduler} cannot be reached: {reason}") from None
    # A thread for each submission under way waits for the cluster.
    under_way = workers or max(2 * sum(client.nthreads().values()), LEAST_UNDER_WAY)
    quiet = {"distributed.admin.large-graph-warning-threshold": 2 * submission.LARGEST}
    with dask.config.set(quiet), client:
        # The job, with the assignment in it, goes to the cluster once. It is the result of a task: where all
        # workers that have it die, the scheduler makes it again.
        shared = client.submit(_itself, job, pure=False)

        def remotely(content):
            try:
                return client.submit(_do, shared, content, pure=False, retries=2).result()
            except Exception:
                if client.status != "running":
                    raise CourseError(f"the connection to the scheduler at {scheduler} was lost") from None
                raise

        yield from on_threads(remotely, submissions, workers=under_way, stop=client.close)


def _itself(value):
    return value


def _do(job, content):
    return job(content)


def _security(scheduler, authority, certificate, key):
    """Return how to speak to a scheduler, None for without TLS on this machine, or raise CourseError."""
    from distributed.security import Security

    if scheduler is None:
        raise CourseError("--engine dask needs --scheduler tls://HOST:PORT")
    if LOOPBACK.fullmatch(scheduler):
        return None
    if not scheduler.startswith("tls://"):
        raise CourseError(f"a scheduler on another machine must be reached by tls://, got {scheduler}")
    files = {"--authority": authority, "--certificate": certificate, "--key": key}
    if missing := [
        word if file is None else f"{word} {file}"
        for word, file in files.items()
        if file is None or not Path(file).is_file()
    ]:
        raise CourseError(f"TLS needs three files, and these are missing: {', '.join(missing)}")
    return Security(
        require_encryption=True, tls_ca_file=authority, tls_client_cert=certificate, tls_client_key=key
    )
