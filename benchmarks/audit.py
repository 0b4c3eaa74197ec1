"""Audit every page of the website beside the same chapters built by Jupyter Book as it comes.

Usage, after `make book`: .venv/bin/python benchmarks/audit.py (make audit); exit with status 1 where a page
misses a goal. Scores and times are Lighthouse's with its mobile preset, the median of --runs runs; bytes,
requests and axe-core's findings come from one visit (`budget.py`, which also holds the limits).

Both sites are served from loopback as GitHub Pages serves. No request leaves this machine: what a page asks
of other hosts is counted and refused. That flatters the stock book, which asks several: what they would have
sent, and the time that their scripts would have taken, is missing from its row.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "benchmarks/audit"), str(ROOT / "tools")]

from budget import SCORES, TIMES, beyond, visit  # noqa: E402
from serve import served  # noqa: E402

HTML = ROOT / "_build/html"
RESULTS = ROOT / "benchmarks/results/audit.json"
NODE = ROOT / ".venv-audit/bin/node"
LIGHTHOUSE = ROOT / ".venv-audit/node_modules/lighthouse"
# As tests/web/conftest.py.
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --force-color-profile=srgb"
).split()
# No name but this machine's is known: no page gets anything from elsewhere, on any machine.
NOWHERE = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
METRICS = {
    "first_contentful_paint": "first-contentful-paint",
    "total_blocking_time": "total-blocking-time",
    "cumulative_layout_shift": "cumulative-layout-shift",
}


def all_pages():
    """Return the pages of every edition of the book, and those beside it that are built."""
    from book import pages
    from language import EDITIONS

    names = [f"{folder}{name}" for _, folder in EDITIONS.values() for name in [*pages(), "search", "404"]]
    return [name for name in names if (HTML / f"{name}.html").is_file()]


def chromium():
    """Return the path of a browser."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        sys.exit(
            "An audit needs Chromium: install the package chromium (Debian, Ubuntu: apt-get install chromium)"
        )
    return found


def lighthouse(browser, address, categories):
    """Return Lighthouse's report on a page."""
    flags = shlex.join(["--headless=new", *FLAGS, NOWHERE])
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [NODE, LIGHTHOUSE / "cli/index.js", address, "--quiet", "--output=json"]
        command += [f"--output-path={report}", f"--only-categories={','.join(categories)}"]
        command += [
            "--no-enable-error-reporting",
            "--disable-full-page-screenshot",
            f"--chrome-flags={flags}",
        ]
        result = subprocess.run(
            command, capture_output=True, text=True, env=os.environ | {"CHROME_PATH": browser}
        )
        if not report.exists():
            raise RuntimeError(f"Lighthouse on {address}:\n{result.stderr[-3000:]}")
        content = json.loads(report.read_text(encoding="utf-8"))
    if "runtimeError" in content:
        raise RuntimeError(f"Lighthouse on {address}: {content['runtimeError']['message']}")
    return content


def failing(report):
    """Return the audits that cost points, each with where: those below 1 of a category below 100."""
    names = {
        reference["id"]
        for category in report["categories"].values()
        if category["score"] < 1
        for reference in category["auditRefs"]
        if reference["weight"] > 0 or category["id"] == "performance"
    }
    audits = {name: report["audits"][name] for name in sorted(names)}
    scored = ("binary", "numeric", "metricSavings")
    return {
        name: list(filter(None, map(where, audit.get("details", {}).get("items", []))))
        for name, audit in audits.items()
        if audit["scoreDisplayMode"] in scored and (audit["score"] or 0) < 1
    }


def where(item):
    """Return where an audit found something: in which element or file, or what was said."""
    if not isinstance(item, dict):
        return ""  # some audits keep data of another kind there
    places = [item.get(part) for part in ("node", "sourceLocation")] + [item]
    keys = ("selector", "url", "description")
    found = [place[key] for place in places if isinstance(place, dict) for key in keys if key in place]
    return next((text for text in found if isinstance(text, str)), "")


def judged(browser, address, runs):
    """Return Lighthouse's scores of a page in percent, its times, and the audits that cost points."""
    reports = [lighthouse(browser, address, list(SCORES))]
    reports += [lighthouse(browser, address, ["performance"]) for _ in range(runs - 1)]
    scores = {name: round(100 * reports[0]["categories"][name]["score"]) for name in SCORES}
    of_runs = [100 * report["categories"]["performance"]["score"] for report in reports]
    scores["performance"] = round(median(of_runs))
    times = {
        name: median(report["audits"][audit]["numericValue"] for report in reports)
        for name, audit in METRICS.items()
    }
    return {"scores": scores, **{name: round(value, 3) for name, value in times.items()}}, failing(reports[0])


def audit(playwright_browser, browser, address, page, runs):
    """Return all that is measured of a page."""
    found, audits = judged(browser, f"{address}{page}.html", runs)
    return found | visit(playwright_browser, address, page) | {"failing": audits}


def missed(found):
    """Return a sentence for each goal that a page of ours misses."""
    scores = [
        f"{name}: {found['scores'][name]}, wanted {least}"
        for name, least in SCORES.items()
        if found["scores"][name] < least
    ]
    times = [
        f"{name}: {found[name]:,.0f} ms, at most {most:,}"
        for name, most in TIMES.items()
        if found[name] > most
    ]
    return [*scores, *times, *beyond(found)]


HEADS = (
    "perf  a11y  best  seo |    KiB  page  pict asset  req  foreign |  FCP s  TBT ms    CLS | "
    "light dark phone"
)


def line(found):
    """Return what was measured of a page as a line beneath HEADS."""
    scores = "".join(f"{found['scores'][name]:>5} " for name in SCORES)
    kibibytes = [found[key] / 1024 for key in ("bytes", "page_bytes", "picture_bytes", "asset_bytes")]
    sizes = "{:7.0f}{:6.0f}{:6.0f}{:6.0f}".format(*kibibytes)
    times = f"{found['first_contentful_paint'] / 1000:7.2f}{found['total_blocking_time']:8.0f}"
    times += f"{found['cumulative_layout_shift']:7.3f}"
    axe = f"{found['axe_light']:6}{found['axe_dark']:5}{found['axe_phone']:6}"
    return f"{scores[1:]}|{sizes}{found['requests']:5}{found['foreign']:9} |{times} |{axe}"


def machine(browser):
    """Return what the measurements were made on and with."""
    from machine import processor

    package = json.loads((LIGHTHOUSE / "package.json").read_text(encoding="utf-8"))
    said = subprocess.run([browser, "--version"], capture_output=True, text=True).stdout
    from axe_playwright_python.sync_playwright import Axe

    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "versions": {
            "Lighthouse": package["version"],
            "Chromium": next(word for word in said.split() if word[0].isdigit()),
            "axe-core": Axe().axe_script[:40].split()[2].lstrip("v"),
            "Jupyter Book": version("jupyter-book"),
        },
        "date": datetime.now(UTC).date().isoformat(),
    }


def arguments():
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--pages", nargs="+", metavar="PAGE", help="such as index or chapters/i; default: all"
    )
    parser.add_argument(
        "--runs", type=int, default=1, help="of Lighthouse's performance; default: %(default)s"
    )
    parser.add_argument("--no-stock", action="store_true", help="leave out the stock book")
    return parser.parse_args()


def main():
    """Measure, print, and keep what was measured if it is the whole; return what to tell the shell."""
    from playwright.sync_api import sync_playwright

    options = arguments()
    started = time.monotonic()
    browser, known = chromium(), all_pages()
    pages = options.pages or known
    if unknown := [page for page in pages if page not in known]:
        return f"There is no page {', '.join(unknown)}; there are: {', '.join(known)}"
    with ExitStack() as stack:
        sites = {"ours": HTML}
        if not options.no_stock:
            import stock
            from book import pages as in_the_book

            print("Building the stock book …", flush=True)
            sites["stock"] = stock.build(in_the_book())
        addresses = {name: stack.enter_context(served(folder)) for name, folder in sites.items()}
        playwright = stack.enter_context(sync_playwright())
        driven = playwright.chromium.launch(executable_path=browser, args=FLAGS)
        print(f"{'':26}{HEADS}")
        rows = []
        for page in pages:
            row = {"page": page}
            for name, address in addresses.items():
                if (sites[name] / f"{page}.html").is_file():
                    row[name] = audit(driven, browser, address, page, options.runs)
                    print(f"{page if name == 'ours' else '':19}{name:7}{line(row[name])}", flush=True)
            rows.append(row)
        driven.close()
    print("\nForeign requests were refused: what they would have brought is not in the bytes.")
    report_failing(rows)
    sentences = [f"{row['page']}: {sentence}" for row in rows for sentence in missed(row["ours"])]
    print(f"\n{(time.monotonic() - started) / 60:.0f} minutes.")
    if not options.pages and not options.no_stock:
        keep(rows, machine(browser), options.runs)
    return "\n".join(["\nGoals that are missed:", *sentences]) if sentences else 0


def report_failing(rows):
    """Print which audits of Lighthouse cost points, on which pages, and three of the places."""
    for name in [name for name in ("ours", "stock") if any(name in row for row in rows)]:
        found = {}
        for row in rows:
            for audit_name, places in row.get(name, {}).get("failing", {}).items():
                pages, all_places = found.setdefault(audit_name, ([], []))
                pages.append(row["page"])
                all_places += places
        print(f"\nLighthouse's audits that cost points, {name}:" + ("" if found else " none"))
        for audit_name, (pages, places) in sorted(found.items(), key=lambda item: -len(item[1][0])):
            print(f"  {audit_name} ({len(pages)}): {' '.join(pages)}")
            for place in list(dict.fromkeys(re.sub(r"http://127[.]0[.]0[.]1:\d+", "", p) for p in places))[
                :3
            ]:
                print(f"      {place[:150]}")


# What of a page is kept for the book's page of results; the rest is for the terminal.
KEPT = (
    *("scores", "first_contentful_paint", "total_blocking_time", "cumulative_layout_shift"),
    *("page_bytes", "picture_bytes", "asset_bytes", "read_bytes", "requests", "foreign"),
    *("axe_light", "axe_dark", "axe_phone"),
)


def keep(rows, about, runs):
    """Write the results to where tools/status.py finds them."""
    for row in rows:
        for name in {"ours", "stock"} & row.keys():
            row[name] = {key: row[name][key] for key in KEPT} | {"failing": list(row[name]["failing"])}
    content = {"machine": about, "runs": runs, "rows": rows}
    RESULTS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
