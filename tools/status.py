"""Write pages/status.md from what `make bench`, `make audit` and the other targets in FILES measured.

Usage: python tools/status.py; those targets end with it. Every number on the page comes from a file, so the
page cannot say what was not measured. Where a file is absent the page says so, and the exit status is 1.
"""

import json
import math
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = "pages/status.md"
FILES = {  # which command writes which file
    "bench": "benchmarks/results/bench.json",
    "reproduce": "benchmarks/results/reproduce.json",
    "weights": "lib/imagebook/data/weights/records.json",
    "audit": "benchmarks/results/audit.json",
    "binder": "benchmarks/results/binder.json",
    "hub": "benchmarks/results/hub.json",
    "pythons": "benchmarks/results/pythons.json",
    "coursework": "benchmarks/results/coursework.json",
}
BESIDE = "\N{NARROW NO-BREAK SPACE}/\N{NARROW NO-BREAK SPACE}"  # between two numbers that belong together
SITES = ("ours", "stock")  # of an audit: this book, and its chapters as Jupyter Book builds them by itself


def significant(value, digits=3):
    """Return a number with so many significant digits, without an exponent: 1,280 and 0.0123."""
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits - 1}e}")
    decimals = digits - 1 - math.floor(math.log10(abs(rounded)))
    return f"{rounded:,.{max(decimals, 0)}f}"


def ratio(value):
    """Return a ratio with two decimals, or with two digits where two decimals would hide them."""
    return f"{value:.2f}" if value >= 0.1 else significant(value, 2)


def percent(value):
    """Return a number of percent; the space does not break."""
    return f"{value:.2f}\N{NO-BREAK SPACE}%"


def job(row):
    """Return the name of a job, with an arrow for what becomes what."""
    return row["job"].replace("->", "→")


def table(heads, rows):
    """Return a Markdown table; a head that ends in ':' stands over numbers, to the right."""
    lines = [
        [head.rstrip(":") for head in heads],
        ["---:" if head.endswith(":") else "---" for head in heads],
    ]
    lines += [[str(cell).replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def time_section(bench):
    """Return the section that compares times."""
    rows = [
        (
            job(row),
            significant(row["ours_ms"]),
            significant(row["peer_ms"]),
            row["peer"],
            ratio(row["ratio"]),
        )
        for row in bench["rows"]
    ]
    slowest = sorted((row for row in bench["rows"] if row["ratio"] < 1), key=lambda row: row["ratio"])[:3]
    worst = "; ".join(f"{job(row)} ({ratio(row['ratio'])})" for row in slowest)
    behind = f"\n\nFurthest behind: {worst}." if slowest else ""
    return f"""## Time beside the peers

This library and its peers PyTorch, SciPy, OpenCV and scikit-image do the same jobs, each peer those that it
offers. The **ratio** is the time of the best peer divided by ours: 1 means that we are as fast, 2 that we
need half the time, 0.5 that we need twice the time. Over all jobs its geometric mean is
**{ratio(bench["geometric_mean"])}**.

{table(["Job", "Ours, ms:", "Best peer, ms:", "Best peer", "Ratio:"], rows)}

Times are medians of {bench["runs"]} runs or more, ours and the peers' in turn, with {bench["threads"]}
threads for everyone and `float32` numbers. Every peer has its data in the memory layout that suits it best.

What holds us back is nearly always the same. The library is plain NumPy, so that you can read it, and NumPy
does one operation at a time: it walks through the whole array, writes a whole new one, and starts the next
walk. A compiled peer does all the steps while a pixel is still in the processor's cache. We cut large work
into blocks that fit into the cache, and share convolutions and draws among the cores; the peers do that with
all their work. And where a loop in Python is left, each round costs as much as thousands of
multiplications.{behind}"""


def growth_section(bench):
    """Return the section on how time grows with work."""
    rows = [
        (
            job(row),
            f"{row['works'][0]:,} to {row['works'][-1]:,} {row['unit']}",
            f"{row['ours_exponent']:.2f}",
            f"{row['peer_exponent']:.2f}",
            significant(row["ours_ms"][0]),
            significant(row["ours_ms"][-1]),
            significant(row["ours_least_ms"], 2),
            significant(row["peer_least_ms"], 2),
        )
        for row in bench["growth"]
    ]
    heads = ["Job", "Work", "Exponent:", "Peer's:", "1 ×, ms:", "16 ×, ms:", "Smallest, ms:", "Peer's, ms:"]
    return f"""## How time grows with work

Twice the work should take twice the time. Each job runs at five sizes, from 1 to 16 times the work, and a
straight line through the logarithms of time and work gives the **exponent**: 1 is linear, 2 would be four
times the time for twice the work. Above 1, the larger arrays no longer fit into the processor's caches, or
are new memory that the system first has to hand out. Below 1, a fixed cost still shows at the smaller sizes:
checks, small arrays, waking a thread. The smallest call, with next to no work, shows that fixed cost by
itself. The peer is the fastest of the table above.

{table(heads, rows)}"""


def memory_section(bench):
    """Return the section on memory."""
    rows = [
        (job(row), f"{row['ours_megabytes']:,.1f}", f"{row['peer_megabytes']:,.1f}", row["peer"])
        for row in bench["memory"]
    ]
    return f"""## Memory

How far a call raises the memory of its process at the worst moment, results included, inputs not. Each call
has a fresh process, and the operating system measures both libraries in the same way. A difference of a few
megabytes means nothing: an allocator may have had them in store.

{table(["Job", "Ours, MB:", "Peer, MB:", "Peer"], rows)}"""


def training_section(bench):
    """Return the section that shows that networks learn alike."""
    rows = [
        (
            row["model"],
            row["measure"],
            significant(row["ours"], 4),
            significant(row["PyTorch"], 4),
            percent(100 * row["apart"]),
        )
        for row in bench["training"]
    ]
    data = sorted({row["data"] for row in bench["training"]})
    return f"""## The same training, the same result

A fast network that learns less would be no bargain. Here both libraries start from the same weights, see the
same batches for one epoch, and are then tested on digits that neither has seen. Data: {"; ".join(data)}.

{table(["Network", "Test error", "Ours:", "PyTorch:", "Apart:"], rows)}"""


def reproduce_section(reproduce):
    """Return the section on published results."""
    rows = [
        (
            row["model"],
            percent(row["published_percent"]),
            percent(row["ours_percent"]),
            row["setting"],
            significant(row["seconds"]),
        )
        for row in reproduce["rows"]
    ]
    return f"""## Published results, found again

Models of this book, trained on MNIST: how many of the test digits they get wrong, beside the error that was
published.

{table(["Model", "Published error:", "Ours:", "Setting", "Seconds:"], rows)}"""


def weights_section(weights):
    """Return the section on the stored weights."""
    rows = []
    for name, record in weights.items():
        about = name.replace("_", " "), f"{record['parameters']:,}", f"{record['bytes'] / 1000:,.0f}"
        for key, meaning in record["measures"].items():
            model, parameters, size = about
            rows.append((model, meaning, _measured(meaning, record["full"][key]), parameters, size))
            about = "", "", ""  # of a model's rows, the first one says it
    return f"""## Stored weights

Trained models that come with the library, and what each of them reaches on the whole test set of MNIST.

{table(["Model", "What is measured", "Test value:", "Parameters:", "Size, kB:"], rows)}"""


def _measured(meaning, value):
    """Return a measured value: parts of a whole as percent, everything else as it is."""
    return percent(100 * value) if meaning.startswith("part of") else significant(value, 4)


def audit_section(audit):
    """Return the section on the pages of the website."""
    rows, machine = audit["rows"], audit["machine"]
    perfect = sum(all(score >= 100 for score in row["ours"]["scores"].values()) for row in rows)
    costly = {}
    for row in rows:
        for name in row["ours"]["failing"]:
            costly.setdefault(name, []).append(row["page"])
    names = ", ".join(f"`{name}` ({len(pages)})" for name, pages in sorted(costly.items()))
    return f"""## Every page of this website

What a page costs its reader: **ours / stock**, where stock are the same chapters, with the same results, as
Jupyter Book builds them by itself. {perfect} of {len(rows)} pages of ours reach 100 in all four scores of
Lighthouse, which plays a phone with a slow processor and a slow network.

{audit_table(rows, SCORE_HEADS, score_cells)}

Lighthouse's checks that cost this book points, with the number of pages: {names or "none"}.

What is sent until a page rests, in KiB, packed as GitHub Pages packs it; figures' data are photographs and
weights of models. A reader who goes on to the end gets what the last column says, all in all. Stock pages
carry the figures' data in themselves.

{audit_table(rows, WEIGHT_HEADS, weight_cells)}

Foreign requests ask another host. They were refused here, and what they would have brought is not in these
numbers; that flatters the stock book, whose formulas and figures come from elsewhere.

{audit_table(rows, SPEED_HEADS, speed_cells)}

In the last three columns axe-core counts the places that break WCAG 2.2 AA or good practice: in the light and
the dark theme, and what only a phone shows. Shift is how much of the page jumps while it loads.

{measured_on(machine)} Times and the score for performance are medians of runs: {audit["runs"]}."""


def audit_table(rows, heads, cells):
    """Return a table for each edition, a line for each page; a cell holds our value and stock's, if any."""
    lines = {"": [], "ko/": []}
    for row in rows:
        found = [cells(row[site]) for site in SITES if site in row]
        lines["ko/" if row["page"].startswith("ko/") else ""].append(
            [
                row["page"].rpartition("/")[2],
                *(BESIDE.join(map(str, pair)) for pair in zip(*found, strict=True)),
            ]
        )
    english, korean = (table(["Page", *(f"{head}:" for head in heads)], part) for part in lines.values())
    return f"{english}\n\nThe Korean edition:\n\n{korean}" if lines["ko/"] else english


SCORE_HEADS = ["Performance", "Accessibility", "Best practices", "SEO"]
WEIGHT_HEADS = ["Page itself", "Requests", "Foreign", "Pictures", "Figures' data", "To the end"]
SPEED_HEADS = ["First paint, s", "Blocked, ms", "Shift", "Light", "Dark", "Phone"]


def score_cells(found):
    """Return Lighthouse's scores."""
    return list(found["scores"].values())


def weight_cells(found):
    """Return sizes in KiB and numbers of requests."""
    sizes = [found[f"{kind}bytes"] / 1024 for kind in ("page_", "picture_", "asset_", "read_")]
    page, *others = (f"{size:,.0f}" for size in sizes)
    return [page, found["requests"], found["foreign"], *others]


def speed_cells(found):
    """Return times, the layout's shift, and what axe-core finds."""
    return [
        f"{found['first_contentful_paint'] / 1000:.2f}",
        f"{found['total_blocking_time']:,.0f}",
        f"{found['cumulative_layout_shift']:.3f}",
        *(found[f"axe_{where}"] for where in ("light", "dark", "phone")),
    ]


def megabytes(size):
    """Return a size in megabytes, 10⁶ bytes."""
    return f"{size / 10**6:,.1f}" if size < 10**7 else f"{size / 10**6:,.0f}"


def measured_on(machine):
    """Return the sentence that says on what and when something was measured."""
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return (
        f"Measured on {machine['date']} on {machine['processor']}, {machine['cores']} cores, with {versions}."
    )


def binder_section(binder):
    """Return the section on Binder's environment."""
    steps = {
        "base": "the base, as Binder's builder has it",
        "requirements": "what the notebooks need beside it",
        "postBuild": "making the library importable",
        "notebooks": "running every notebook",
        "total": "all of it",
    }
    seconds = [[text, significant(binder["seconds"][name])] for name, text in steps.items()]
    layers = {
        "requirements": "what the notebooks need beside the base",
        "checkout": "the book's files",
        "history": "their history",
        "postBuild": "the way to the library",
    }
    sizes = [[text, f"{binder['bytes'][name]:,}"] for name, text in layers.items()]
    rows = [
        [row["notebook"].upper(), row["cells"], significant(row["seconds"]), megabytes(row["peak_bytes"])]
        for row in binder["rows"]
        if "/" not in row["notebook"]  # the other editions' have the same code
    ]
    base = binder["base"]
    return f"""## Binder

Binder builds an image from this repository. Without building one, the same environment was made from nothing:
{base["packages"]} libraries of the base in the builder's own versions (for Python {base["python"]}), then
ours.
Every cell of every notebook of each edition passed in it.

{table(["Seconds for", "s:"], seconds)}

{table(["What the book adds to the base", "bytes:"], sizes)}

{table(["Chapter", "Cells:", "Seconds:", "Kernel's peak, MB:"], rows)}

{measured_on(binder["machine"])}"""


def hub_section(hub):
    """Return the section on a school's hub."""
    rows = [
        [
            chapter["chapter"].removeprefix("chapters/").removesuffix(".ipynb").upper(),
            BESIDE.join(str(chapter[name]) for name in ("cells", "figures", "pictures")),
            BESIDE.join(f"{chapter[name]:.1f}" for name in ("seconds_to_open", "seconds_to_run")),
            f"{chapter['processor_seconds']:.1f}",
            BESIDE.join(megabytes(chapter[f"kernel_{name}"]) for name in ("fresh", "resident", "peak")),
            BESIDE.join(megabytes(chapter[f"server_{name}"]) for name in ("resident", "peak")),
        ]
        for chapter in hub["chapters"]
    ]
    heads = ["Chapter", "Contents:", "Seconds:", "Processor, s:", "Kernel, MB:", "Server, MB:"]
    return f"""## A school's hub

A real JupyterHub, two users at once. Each followed a chapter's link, which fetched the book, and ran all
cells; so on through all chapters. No cell had an error, and each figure and picture appeared. Contents are
cells / figures / pictures; seconds are those from the link to the open notebook / from there until all cells
had run. A kernel's memory is given fresh / after the last cell / at its peak, that of a user's server after
the last cell / at its peak. The hub itself with its proxy took {megabytes(hub["hub_peak"])} MB, a user's
folder {megabytes(hub["home"])} MB.

{table(heads, rows)}

{measured_on(hub["machine"])}"""


def coursework_section(coursework):
    """Return the section on grading a class."""
    ways = {
        "threads": "threads of this machine",
        "cluster": "a cluster: two workers, over TLS",
        "killed": "the cluster, with a worker and the grader killed",
    }
    programs = ("grader", "scorer", "worker", "sandbox")
    rows = [
        [
            ways[row["name"]],
            f"{row['seconds']:.2f}",
            *(megabytes(row[f"{program}_peak"]) if f"{program}_peak" in row else "" for program in programs),
        ]
        for row in coursework["rows"]
    ]
    heads = ["Graded by", "Seconds each:", *(f"{program.capitalize()}, MB:" for program in programs)]
    kinds = coursework["kinds"]
    (kept,) = (row["kept"] for row in coursework["rows"] if "kept" in row)
    sample = coursework["sample"]
    return f"""## Grading a class

{coursework["students"]:,} students hand in the assignment on boxes. No two notebooks are alike:
{kinds["reference"]:,} have the reference's answers, {kinds["wrong"]:,} mistakes that people make,
{kinds["stub"]:,} cells left empty,
and {kinds["harmful"]:,} mean harm, such as an endless loop or a gigabyte of output.

{table(heads, rows)}

The three ways gave the same grades, byte for byte. In the third one worker was killed when a quarter of the
results were there, and the grader when half were; started again, it found {kept:,} of them and graded the
rest. Seconds are those from start to end, divided by the number of submissions. Memory is the highest of any
process of its kind, read from the system ten times a second; a sandbox is a student's program behind the
wall.

Without harmful ones, {sample["students"]} of them one at a time took us
{sample["ours"]:.2f} s each with the wall, and `nbgrader autograde`
{sample["nbgrader"]:.2f} s each without one. Both gave the same points.

{measured_on(coursework["machine"])}"""


def pythons_section(pythons):
    """Return the section on the versions of Python."""
    names = (
        "python",
        "libraries",
        "numpy",
        "matplotlib",
        "packages",
        "unit_tests",
        "doctests",
        "notebook_cells",
    )
    heads = ["Python", "Libraries", "NumPy", "matplotlib", "Packages:", "Unit tests:", "Doctests:", "Cells:"]
    rows = [[row[name] for name in names] for row in pythons["rows"]]
    return f"""## Versions of Python

The library's wheel, installed by pip in an empty environment, with the newest libraries that it may have or
with those that Pyodide brings, the Python that runs in a browser. "Packages" counts all that came with it.
The other numbers are those of tests, examples and notebook cells that passed; none failed.

{table(heads, rows)}

Tried on {pythons["date"]}."""


def machine_section(bench):
    """Return the section that says where the times come from."""
    machine = bench["machine"]
    versions = {"Python": machine["python"], "NumPy": machine["numpy"], **machine["peers"]}
    return f"""## Which machine, which day

{machine["processor"]}, {machine["cores"]} cores, {machine["system"]}.
{", ".join(f"{name} {version}" for name, version in versions.items())}; NumPy's BLAS is {machine["blas"]}.
Times and memory were measured on {machine["date"]}. Yours will differ; the ratios should differ less."""


AGAIN = """## Make it again

```sh
make bench       # times, growth, memory, training: about ten minutes
make reproduce   # the published results
make weights     # the stored weights
make audit       # every page of the website, beside a stock book
make binder      # every notebook in Binder's environment
make hub         # every chapter on a school's hub
make pythons     # the library on several versions of Python
make coursework  # a class of a thousand, graded in three ways
```

Each command keeps what it measured in a file and writes this page from the files. Leave the machine alone
meanwhile."""

HEAD = """# Status

How fast is the library behind this book, how much memory does it need, does it find what others have
published, how light are these pages, and where do the notebooks run? No result on this page was typed by
hand: a program writes it from the measurements, and a test holds the two together.

## Last verified

```{verified}
```"""

SECTIONS = (
    ("Times", "bench", (time_section, growth_section, memory_section, training_section)),
    ("Published results", "reproduce", (reproduce_section,)),
    ("Stored weights", "weights", (weights_section,)),
    ("Every page of this website", "audit", (audit_section,)),
    ("Binder", "binder", (binder_section,)),
    ("A school's hub", "hub", (hub_section,)),
    ("Versions of Python", "pythons", (pythons_section,)),
    ("Grading a class", "coursework", (coursework_section,)),
    ("The machine", "bench", (machine_section,)),
)


def render(root):
    """Return the text of the page, and a sentence for every file that is absent."""
    parts, missing = [HEAD], []
    for title, command, sections in SECTIONS:
        path = root / FILES[command]
        if path.exists():
            content = json.loads(path.read_text(encoding="utf-8"))
            parts += [section(content) for section in sections]
        else:
            sentence = f"Not measured yet: `make {command}` writes `{FILES[command]}`."
            parts.append(f"## {title}\n\n{sentence}")
            missing.append(sentence)
    return "\n\n".join([*parts, AGAIN]) + "\n", list(dict.fromkeys(missing))


def main():
    """Write the page; return what to tell the shell."""
    text, missing = render(ROOT)
    (ROOT / PAGE).write_text(text, encoding="utf-8")
    return "\n".join(missing)


if __name__ == "__main__":
    sys.exit(main() or 0)
