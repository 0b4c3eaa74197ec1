"""The page of results is what the measurements say."""

import json
import re
import subprocess
import sys

import pytest
import scripts

BENCH = {
    "machine": {
        "processor": "An 8080",
        "cores": 3,
        "system": "CP/M",
        "python": "3.99.1",
        "numpy": "2.98.1",
        "blas": "someblas 0.7.1",
        "peers": {"PyTorch": "9.8.7"},
        "date": "2031-04-05",
    },
    "threads": 6,
    "runs": 13,
    "geometric_mean": 0.4567,
    "rows": [
        {"job": "conv | 3", "ours_ms": 1284.5, "peer": "OpenCV", "peer_ms": 0.12345, "ratio": 0.01234},
        {"job": "pool", "ours_ms": 2.5, "peer": "PyTorch", "peer_ms": 5.25, "ratio": 2.1},
    ],
    "growth": [
        {
            "job": "conv | 3",
            "unit": "furlongs",
            "works": [3, 6, 12, 24, 48],
            "peer": "OpenCV",
            "ours_ms": [1.77, 2, 4, 8, 33.3],
            "ours_exponent": 1.078,
            "ours_least_ms": 0.0517,
            "peer_ms": [1, 2, 4, 8, 16],
            "peer_exponent": 0.912,
            "peer_least_ms": 0.0067,
        }
    ],
    "memory": [{"job": "pool", "ours_megabytes": 1234.56, "peer": "PyTorch", "peer_megabytes": 78.91}],
    "training": [
        {
            "model": "autoencoder",
            "measure": "squares",
            "ours": 0.0123456,
            "PyTorch": 0.0124999,
            "data": "digits",
            "apart": 0.01234,
        }
    ],
}
REPRODUCE = {
    "rows": [
        {
            "model": "perceptron",
            "published_percent": 8.41,
            "ours_percent": 8.3,
            "setting": "k = 41",
            "seconds": 61.7,
        }
    ]
}
WEIGHTS = {
    "small_model": {
        "measures": {"accuracy": "part of the right answers", "mean_squared_error": "squares"},
        "full": {"images": 10_000, "accuracy": 0.98765, "mean_squared_error": 0.0132041},
        "parameters": 10_332,
        "bytes": 208_654,
    }
}
AUDIT = {
    "machine": {
        "processor": "A 6502",
        "cores": 7,
        "versions": {"Lighthouse": "17.3.1", "Chromium": "201.5"},
        "date": "2032-06-07",
    },
    "runs": 19,
    "rows": [
        {
            "page": "index",
            "ours": {
                "scores": {"performance": 97, "accessibility": 98, "best-practices": 99, "seo": 96},
                "first_contentful_paint": 1378.2,
                "total_blocking_time": 46.4,
                "cumulative_layout_shift": 0.0136,
                "page_bytes": 151552,
                "picture_bytes": 73728,
                "asset_bytes": 28672,
                "read_bytes": 430080,
                "requests": 29,
                "foreign": 22,
                "axe_light": 14,
                "axe_dark": 15,
                "axe_phone": 18,
                "failing": ["meta-description"],
            },
            "stock": {
                "scores": {"performance": 51, "accessibility": 86, "best-practices": 93, "seo": 88},
                "first_contentful_paint": 6120,
                "total_blocking_time": 1356.7,
                "cumulative_layout_shift": 0.261,
                "page_bytes": 1025024,
                "picture_bytes": 77824,
                "asset_bytes": 34816,
                "read_bytes": 1234944,
                "requests": 53,
                "foreign": 26,
                "axe_light": 62,
                "axe_dark": 63,
                "axe_phone": 64,
                "failing": ["image-alt"],
            },
        },
        {
            "page": "search",
            "ours": {
                "scores": {"performance": 100, "accessibility": 100, "best-practices": 100, "seo": 100},
                "first_contentful_paint": 910,
                "total_blocking_time": 31,
                "cumulative_layout_shift": 0.047,
                "page_bytes": 91136,
                "picture_bytes": 33792,
                "asset_bytes": 35840,
                "read_bytes": 160768,
                "requests": 27,
                "foreign": 32,
                "axe_light": 36,
                "axe_dark": 37,
                "axe_phone": 38,
                "failing": [],
            },
        },
    ],
}

BINDER = {
    "machine": {
        "processor": "A Z80",
        "cores": 11,
        "versions": {"repo2docker": "2041.5.3", "Python": "3.77.2"},
        "date": "2033-08-09",
    },
    "base": {"python": "3.76.1", "packages": 391},
    "seconds": {
        "base": 654.3,
        "requirements": 111.7,
        "postBuild": 0.0533,
        "notebooks": 777.1,
        "total": 1534.2,
    },
    "bytes": {"checkout": 7471238, "requirements": 163175625, "postBuild": 41, "history": 5876561},
    "rows": [{"notebook": "a", "cells": 84, "seconds": 17.69, "peak_bytes": 338_600_000}],
}
HUB = {
    "machine": {
        "processor": "A 68000",
        "cores": 12,
        "versions": {"JupyterHub": "55.5.4"},
        "date": "2034-10-11",
    },
    "hub_peak": 227_100_000,
    "home": 4_460_000,
    "chapters": [
        {
            "chapter": "chapters/b.ipynb",
            "user": "ada",
            "cells": 43,
            "figures": 47,
            "pictures": 73,
            "seconds_to_open": 23.4,
            "seconds_to_run": 21.6,
            "processor_seconds": 13.2,
            "kernel_fresh": 54_200_000,
            "kernel_resident": 321_000_000,
            "kernel_peak": 456_000_000,
            "server_resident": 156_000_000,
            "server_peak": 167_000_000,
            "first": "yes",
        }
    ],
}
PYTHONS = {
    "date": "2035-12-13",
    "rows": [
        {
            "libraries": "newest",
            "python": "3.55.6",
            "imagebook": "0.1.0",
            "numpy": "8.1.2",
            "matplotlib": "9.4.5",
            "unwanted": [],
            "packages": 83,
            "unit_tests": 4_321,
            "doctests": 187,
            "notebook_cells": 819,
        }
    ],
}
COURSEWORK = {
    "machine": {
        "processor": "A 6809",
        "cores": 21,
        "versions": {"dask": "2055.1.6"},
        "date": "2036-02-17",
    },
    "students": 4_005,
    "kinds": {"reference": 1_507, "wrong": 1_609, "stub": 881, "harmful": 8},
    "rows": [
        {
            "name": "threads",
            "seconds": 0.613,
            "sandbox_peak": 613_400_000,
            "scorer_peak": 98_700_000,
            "grader_peak": 151_200_000,
        },
        {
            "name": "killed",
            "seconds": 0.717,
            "sandbox_peak": 607_300_000,
            "scorer_peak": 97_600_000,
            "worker_peak": 93_100_000,
            "grader_peak": 158_800_000,
            "kept": 2_003,
        },
    ],
    "sample": {"students": 14, "ours": 1.234, "nbgrader": 5.678},
}


def beside(line):
    """Return a line of a table whose cells hold two numbers each."""
    return line.replace("/", "\N{NARROW NO-BREAK SPACE}/\N{NARROW NO-BREAK SPACE}")


FILES = {
    **{"bench": BENCH, "reproduce": REPRODUCE, "weights": WEIGHTS, "audit": AUDIT},
    **{"binder": BINDER, "hub": HUB, "pythons": PYTHONS, "coursework": COURSEWORK},
}
SHOWN = (
    *(
        "An 8080, 3 cores, CP/M.",
        "Python 3.99.1, NumPy 2.98.1, PyTorch 9.8.7; NumPy's BLAS is someblas 0.7.1.",
        "2031-04-05",
    ),
    *("medians of 13 runs or more", "with 6\nthreads", "**0.46**", "Furthest behind: conv | 3 (0.012)."),
    "| conv \\| 3 | 1,280 | 0.123 | OpenCV | 0.012 |",
    "| pool | 2.50 | 5.25 | PyTorch | 2.10 |",
    "| conv \\| 3 | 3 to 48 furlongs | 1.08 | 0.91 | 1.77 | 33.3 | 0.052 | 0.0067 |",
    "| pool | 1,234.6 | 78.9 | PyTorch |",
    "| autoencoder | squares | 0.01235 | 0.01250 | 1.23\N{NO-BREAK SPACE}% |",
    "| perceptron | 8.41\N{NO-BREAK SPACE}% | 8.30\N{NO-BREAK SPACE}% | k = 41 | 61.7 |",
    "| small model | part of the right answers | 98.77\N{NO-BREAK SPACE}% | 10,332 | 209 |",
    "|  | squares | 0.01320 |  |  |",
    "1 of 2 pages of ours reach 100",
    "with the number of pages: `meta-description` (1).",
    beside("| index | 97/51 | 98/86 | 99/93 | 96/88 |"),
    beside("| index | 148/1,001 | 29/53 | 22/26 | 72/76 | 28/34 | 420/1,206 |"),
    beside("| index | 1.38/6.12 | 46/1,357 | 0.014/0.261 | 14/62 | 15/63 | 18/64 |"),
    "| search | 100 | 100 | 100 | 100 |",
    "| search | 89 | 27 | 32 | 33 | 35 | 157 |",
    "| search | 0.91 | 31 | 0.047 | 36 | 37 | 38 |",
    "2032-06-07 on A 6502, 7 cores, with Lighthouse 17.3.1, Chromium 201.5.",
    "medians of runs: 19.",
    "391 libraries of the base in the builder's own versions (for Python 3.76.1)",
    "| the base, as Binder's builder has it | 654 |",
    *("| making the library importable | 0.0533 |", "| running every notebook | 777 |"),
    *("| what the notebooks need beside it | 112 |", "| all of it | 1,530 |"),
    *("| what the notebooks need beside the base | 163,175,625 |", "| their history | 5,876,561 |"),
    "| the way to the library | 41 |",
    "| the book's files | 7,471,238 |",
    "| A | 84 | 17.7 | 339 |",
    "2033-08-09 on A Z80, 11 cores, with repo2docker 2041.5.3, Python 3.77.2.",
    "its peak. The hub itself with its proxy took 227 MB, a user's\nfolder 4.5 MB.",
    beside("| B | 43/47/73 | 23.4/21.6 | 13.2 | 54/321/456 | 156/167 |"),
    "2034-10-11 on A 68000, 12 cores, with JupyterHub 55.5.4.",
    "| 3.55.6 | newest | 8.1.2 | 9.4.5 | 83 | 4321 | 187 | 819 |",
    "Tried on 2035-12-13.",
    *("4,005 students hand in", "1,507 have the reference's", "1,609 mistakes", "881 cells", "8 mean harm"),
    "| threads of this machine | 0.61 | 151 | 99 |  | 613 |",
    "| the cluster, with a worker and the grader killed | 0.72 | 159 | 98 | 93 | 607 |",
    *("it found 2,003 of them", "14 of them one at a time", "1.23 s each with", "5.68 s each without"),
    "2036-02-17 on A 6809, 21 cores, with dask 2055.1.6.",
)


@pytest.fixture
def status():
    """Return tools/status.py as a module."""
    return scripts.load("tools/status.py")


@pytest.fixture
def measured(status, tmp_path):
    """Return a folder with one file of each kind, made up."""
    for command, content in FILES.items():
        path = tmp_path / status.FILES[command]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    return tmp_path


def test_the_committed_page_is_what_the_generator_writes(status, root):
    """After a measurement the page is written anew; `python tools/status.py` does it."""
    text, _ = status.render(root)
    assert (root / status.PAGE).read_text(encoding="utf-8") == text


def test_the_page_shows_what_the_files_hold(status, measured):
    """Every kind of number, rounded, in its place; nothing is said to be absent."""
    text, missing = status.render(measured)
    assert missing == []
    assert [line for line in SHOWN if line not in text] == []


def numbers(content, path=()):
    """Yield the place of every number in nested dicts and lists."""
    pairs = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in pairs:
        if isinstance(value, dict | list):
            yield from numbers(value, (*path, key))
        elif isinstance(value, int | float):
            yield (*path, key)


# What the page leaves out: the times between the first and the last, and what is the same for every row.
LEFT_OUT = r"(works|ours_ms) [123]|growth 0 peer_ms|images"


@pytest.mark.parametrize(
    ("command", "place"),
    [
        (command, place)
        for command, content in FILES.items()
        for place in numbers(content)
        if not re.search(LEFT_OUT, " ".join(map(str, place)))
    ],
    ids=str,
)
def test_every_number_comes_from_its_file(status, measured, command, place):
    """A number that is changed in the file changes on the page, in one line or two."""
    before = status.render(measured)[0].splitlines()
    path = measured / status.FILES[command]
    content = inner = json.loads(path.read_text())
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] *= 2
    path.write_text(json.dumps(content))
    after = status.render(measured)[0].splitlines()
    changed = sum(a != b for a, b in zip(before, after, strict=True))
    assert 1 <= changed <= 2


def test_tables_hold_only_numbers_of_the_files(status, measured):
    """With other files no number of the tables is the same: none is written in the program."""
    cells = {
        cell.strip()
        for line in status.render(measured)[0].splitlines()
        if line.startswith("|")
        for cell in line.split("|")
        if re.fullmatch(r"[\d.,]+(\N{NO-BREAK SPACE}%)?", cell.strip())
    }
    allowed = {cell.strip() for line in SHOWN for cell in line.split("|")}
    assert cells and cells <= allowed


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, "0"), (0.012345, "0.0123"), (0.99999, "1.00"), (5, "5.00"), (44.31, "44.3"), (1284.5, "1,280")],
)
def test_significant_digits(status, value, shown):
    """Three digits count, whatever the size; no exponents."""
    assert status.significant(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1, "1.00"), (12.346, "12.35"), (0.1, "0.10"), (0.018, "0.018"), (0.00999, "0.010"), (0.0042, "0.0042")],
)
def test_ratios(status, value, shown):
    """Two decimals, and two digits where two decimals would say 0.00."""
    assert status.ratio(value) == shown


def test_an_absent_file_is_named(root, status, measured):
    """The page says which command would measure it; the program says so too, and fails."""
    (measured / status.FILES["reproduce"]).unlink()
    sentence = "Not measured yet: `make reproduce` writes `benchmarks/results/reproduce.json`."
    (measured / "tools").mkdir()
    (measured / "pages").mkdir()
    program = measured / "tools" / "status.py"
    program.write_text((root / "tools" / "status.py").read_text(encoding="utf-8"), encoding="utf-8")
    result = subprocess.run([sys.executable, str(program)], capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.strip() == sentence
    assert sentence in (measured / status.PAGE).read_text(encoding="utf-8")
