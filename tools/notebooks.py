"""Write chapters/*.ipynb from chapters/*.md, byte-identically each time.

The MyST text is the source: it diffs and translates line by line. The notebooks are for Binder, JupyterLite,
Colab and nbval, which know nothing of MyST or Sphinx, so its directives and roles become the plain Markdown
that every notebook program shows.
"""

import csv
import functools
import json
import re
import sys
from pathlib import Path

import edition
import jupytext
from nbformat.v4 import new_code_cell
from pybtex.database import parse_file

import imagebook
from imagebook.widgets import FIGURES

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "extensions"))
import selfcheck  # noqa: E402
from language import EDITIONS, LANGUAGE, say  # noqa: E402
from terms import other_name  # noqa: E402

# Colab, Kaggle and a browser have no imagebook; they get the release that this notebook was written for. In
# another language than English a notebook says so before the library is loaded.
SPEAKS = ("", "") if LANGUAGE == "en" else ("import os\n", f'os.environ["BOOK_LANGUAGE"] = "{LANGUAGE}"\n')
FIRST_CELL = f"""\
# {say("Fetches the book's library where it is missing; else does nothing.")}
{SPEAKS[0]}from importlib.util import find_spec

{SPEAKS[1]}if find_spec("imagebook") is None:
    %pip install --quiet imagebook=={imagebook.__version__}"""


FOLDER = ROOT / EDITIONS[LANGUAGE][1] / "chapters"


def chapters():
    """Return the sources of all chapters, in order."""
    return sorted((ROOT / "chapters").glob("*.md"))


def notebook_text(source):
    """Return the text of the notebook that belongs to a chapter, in the language of this process.

    No outputs and no cell ids: the first are made by running it, the second would differ each time.
    """
    is_english = LANGUAGE == "en"
    text = source.read_text(encoding="utf-8") if is_english else edition.translated(f"chapters/{source.stem}")
    notebook = jupytext.reads(text, fmt="md:myst")
    first = next(index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code")
    notebook.cells.insert(first, new_code_cell(FIRST_CELL))
    cells = []
    solution = False
    for cell in notebook.cells:
        content = cell.source
        metadata = dict(cell.metadata)
        if cell.cell_type == "markdown":
            # A solution's cells stand between the two directives; notebooks fold them away instead.
            solution = content.rfind("{solution-start}") > content.rfind("{solution-end}") or (
                solution and "{solution-end}" not in content
            )
            content = plain_markdown(content)
            if not content:
                continue
        elif solution:
            metadata["jupyter"] = {"source_hidden": True}
        lines = content.splitlines(keepends=True)
        cells.append({"cell_type": cell.cell_type, "metadata": metadata, "source": lines})
        if cell.cell_type == "code":
            cells[-1] |= {"execution_count": None, "outputs": []}
    document = {
        "cells": cells,
        "metadata": {
            # ruff passes over any notebook that does not name its language.
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 4,
    }
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def plain_markdown(text):
    """Return MyST text as the Markdown that a notebook program shows without any extension."""
    text = re.sub(r"^\+\+\+.*$\n?", "", text, flags=re.MULTILINE)
    text = re.sub(r"^\(([\w-]+)\)=$", r'<a id="\1"></a>', text, flags=re.MULTILINE)
    text = re.sub(
        r"^(`{3,}|:{3,})\{([\w-]+)\} *(.*?)\n(.*?)^\1$\n?", _directive, text, flags=re.MULTILINE | re.DOTALL
    )
    text = re.sub(r"\{cite:p\}`([^`]+)`", lambda match: f"({_citations(match[1])})", text)
    text = re.sub(r"\{cite:t\}`([^`]+)`", lambda match: _citations(match[1]), text)
    text = re.sub(r"\{korean\}`([^`]+)`", lambda match: f"*{other_name(match[1])[0]}*", text)
    text = re.sub(r"\{figure-state\}`([^`]+?)\s*<(\w+) (\{[^`]*\})>`", _figure_state, text)
    text = re.sub(r"\]\(#([\w-]+)\)", lambda match: f"]({_address(match[1])})", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _directive(match):
    """Return the Markdown for one directive, by its name."""
    _, name, title, body = match.groups()
    options = re.compile(r"^:[\w-]+:.*\n?", re.MULTILINE)
    body = options.sub("", body).strip()
    if name == "exercise":
        return f"**{say('Exercise')}: {title}**\n\n{body}\n"
    if name == "selfcheck":
        return selfcheck.as_markdown(match[4].strip())
    if name == "solution-start":
        return f"**{say('Solution')}** {say('(unfold the cells below)')}\n"
    if name == "solution-end":
        return "<!-- end of the solution -->\n"
    headings = {
        "note": say("Note"),
        "tip": say("Tip"),
        "warning": say("Warning"),
        "important": say("Important"),
        "seealso": say("See also"),
        "admonition": title,
    }
    if name in headings:
        heading = title or headings[name]
        return "\n".join(f"> {line}".rstrip() for line in [f"**{heading}**", "", *body.splitlines()]) + "\n"
    raise ValueError(f"no notebook form for the directive {{{name}}}: add one to tools/notebooks.py")


def _figure_state(match):
    """Return what to run for a figure in some state, where there is no page to link to."""
    text, module, state = match.groups()
    class_name = next(name for name, other in FIGURES.items() if other == module)
    options = ", ".join(f"{key}={value!r}" for key, value in json.loads(state).items())
    return f"{text} (`{class_name}({options})`)"


@functools.cache
def references():
    """Return the entries of the bibliography."""
    return parse_file(ROOT / "references.bib").entries


def _citations(keys):
    """Return "[LeCun et al., 1998](https://doi.org/...); ..." for the keys of a citation."""
    entries = references()
    names = [key.strip() for key in keys.split(",")]
    if missing := [name for name in names if name not in entries]:
        raise ValueError(f"references.bib must hold every cited source, it lacks {', '.join(missing)}")
    return "; ".join(_citation(entries[name]) for name in names)


def _citation(entry):
    """Return "[LeCun et al., 1998](https://doi.org/...)" for one entry of the bibliography."""
    names = [" ".join(person.last_names).strip("{}") for person in entry.persons["author"]]
    authors = (
        names[0] if len(names) == 1 else " and ".join(names) if len(names) == 2 else f"{names[0]} et al."
    )
    text = f"{authors}, {entry.fields['year']}"
    address = f"https://doi.org/{entry.fields['doi']}" if "doi" in entry.fields else entry.fields.get("url")
    return f"[{text}]({address})" if address else text


def _address(label):
    """Return where a label stands: a term's section is in the notebook of its letter."""
    with (ROOT / "lib/imagebook/data/terms.tsv").open(encoding="utf-8", newline="") as file:
        letters = {row["slug"]: row["letter"].lower() for row in csv.DictReader(file, delimiter="\t")}
    return f"{letters[label]}.ipynb#{label}" if label in letters else f"#{label}"


def main():
    """Write every notebook whose text has changed, and remove those without a source."""
    wanted = {FOLDER / f"{source.stem}.ipynb": notebook_text(source) for source in chapters()}
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in set(FOLDER.glob("*.ipynb")) - set(wanted):
        path.unlink()
        print(f"removed {path.relative_to(ROOT)}")
    for path, text in wanted.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")
    print(f"{len(wanted)} notebooks are up to date")


if __name__ == "__main__":
    sys.exit(main())
