"""A dask cluster on this machine, a scheduler and two workers that speak TLS: for tests and the benchmark."""

import contextlib
import json
import os
import subprocess
import sys
import time

import trustme

PATIENCE = 60  # seconds to wait for another process


def until(condition, what):
    """Return when a condition holds; fail where it never does."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited {PATIENCE} seconds in vain: {what}"
        time.sleep(0.02)  # to leave the processor to what is waited for


def certificates(folder):
    """Write the files of a new authority and of a certificate for this machine; return where they are."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    files = {name: str(folder / f"{name}.pem") for name in ("authority", "certificate", "key")}
    authority.cert_pem.write_to_path(files["authority"])
    certificate.cert_chain_pems[0].write_to_path(files["certificate"])
    certificate.private_key_pem.write_to_path(files["key"])
    return files


@contextlib.contextmanager
def cluster(folder, **settings):
    """Run a dask scheduler and two workers that speak TLS; return what on_dask needs, and the workers."""
    files = certificates(folder)
    options = ["--tls-ca-file", files["authority"], "--tls-cert", files["certificate"]]
    options += ["--tls-key", files["key"], "--no-dashboard"]
    place = folder / "scheduler.json"
    variables = os.environ | {f"DASK_DISTRIBUTED__{name}": str(value) for name, value in settings.items()}
    processes = []

    def start(log, kind, *words):
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *words, *options]
        with (folder / log).open("wb") as file:
            process = subprocess.Popen(command, env=variables, cwd=folder, stdout=file, stderr=file)
        processes.append(process)
        return process

    try:
        words = ["--protocol", "tls", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", place]
        scheduler = start("scheduler.log", "scheduler", *map(str, words))
        until(lambda: (place.exists() and place.read_text()) or scheduler.poll() is not None, "the scheduler")
        address = json.loads(place.read_text())["address"]
        words = [address, "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--local-directory", folder]
        workers = [start(f"worker{n}.log", "worker", *map(str, words)) for n in range(2)]
        registered = "Starting established connection"
        logs = [folder / "worker0.log", folder / "worker1.log"]
        until(lambda: all(registered in log.read_text() for log in logs), "two workers")
        yield {"scheduler": address, **files}, workers
    finally:
        for process in processes:
            process.kill()
            process.wait()


def words_of(places):
    """Return a cluster's places as words of the command line."""
    return ["--engine", "dask", *(word for name, value in places.items() for word in (f"--{name}", value))]
