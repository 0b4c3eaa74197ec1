"""The source glossary's numbers beside what they come to: tables made from ledger.toml.

    ```{ledger} differs
    ```

shows the rows that come to something else than the page prints, `agrees` those that come to the same, and
`others` those with nothing to compare. `source` says where and when all of them were read.
"""

import re
import tomllib
from datetime import date
from pathlib import Path

from language import month, say
from sphinx.util.docutils import SphinxDirective

import imagebook

LEDGER = Path(imagebook.__file__).parent / "data" / "ledger.toml"
# Every key of a row that is not a number of ours beside the two that are compared.
KEYS = {"id", "term", "where", "source", "inputs", "prints", "computes", "differs", "derived", "note"}
KINDS = ("differs", "agrees", "others")


def read_ledger():
    """Return the sources, and the rows about the glossary."""
    ledger = tomllib.loads(LEDGER.read_text(encoding="utf-8"))
    return ledger["sources"], ledger["row"]


def kind(row):
    """Return whether what is printed `differs` from what is computed or `agrees`, or neither: `others`."""
    if "prints" not in row or row.get("derived"):
        return "others"
    return "agrees" if row["prints"] == row["computes"] else "differs"


def table(rows, sources):
    """Return rows of the ledger as a table in Markdown, cells that differ in bold."""
    lines = ["```{list-table}", ":header-rows: 1", ":class: ib-ledger", ":widths: auto", ""]
    lines += [f"* - {say('Where')}", f"  - {say('The glossary prints')}", f"  - {say('We compute')}"]
    for row in rows:
        marks = different(row) if kind(row) == "differs" else set()
        printed = say("no number")
        if "prints" in row:
            printed = numbers(row["prints"], marks)
            if is_matrix(row["prints"]):
                wording = say(sources[row["source"]]["wording"])
                printed = f"{wording[0].upper()}{wording[1:]}:\n\n{printed}"
        ours = {name: value for name, value in row.items() if name not in KEYS}
        computed = [numbers(row["computes"], marks)]
        computed += [f"{spoken(f'`{name}`')}:\\\n{numbers(value)}" for name, value in ours.items()]
        lines += item("* - ", f"[](#{row['term']}): {say(row['where'])}\n\n{spoken(say(row['note']))}")
        lines += item("  - ", printed)
        lines += item("  - ", "\n\n".join(computed))
    return "\n".join([*lines, "```"])


def spoken(text):
    """Return a text with the names of its numbers as readers see them: `with_stride_2` is *with stride 2*."""
    return re.sub(r"`(\w+)`", lambda match: f"*{say(match[1].replace('_', ' '))}*", text)


def item(bullet, text):
    """Return the lines of a list's item."""
    first, *rest = text.splitlines()
    return [bullet + first, *(f"    {line}" if line else "" for line in rest)]


def is_matrix(value):
    """Return whether a number of the ledger is a list of rows."""
    return isinstance(value, list) and isinstance(value[0], list)


def different(row):
    """Return the places, (row, column) from 0, in which the printed number is not the computed one."""
    printed, computed = grid(row["prints"]), grid(row["computes"])
    if [len(line) for line in printed] != [len(line) for line in computed]:
        raise ValueError(f"{row['id']}: the printed and the computed number must have one shape")
    return {
        (i, j) for i, line in enumerate(printed) for j, value in enumerate(line) if value != computed[i][j]
    }


def grid(value):
    """Return a number, a list or a matrix as a list of rows."""
    if is_matrix(value):
        return value
    return [value if isinstance(value, list) else [value]]


def numbers(value, marks=frozenset()):
    """Return a number, a list or a matrix as Markdown, one line for each row, marked places in bold."""
    rows = [[f"{number:,}" for number in line] for line in grid(value)]
    gap, widest = "; ", ""
    if is_matrix(value):
        gap, widest = "&nbsp;", max((text for line in rows for text in line), key=len)
    lines = []
    for i, line in enumerate(rows):
        cells = [
            blank(widest[: max(len(widest) - len(text), 0)]) + (f"**{text}**" if (i, j) in marks else text)
            for j, text in enumerate(line)
        ]
        lines.append(gap.join(cells))
    return "\\\n".join(lines)


def blank(text):
    """Return spaces as wide as a number: columns stand below each other."""
    return "".join("&puncsp;" if character in ",." else "&numsp;" for character in text)


def source(entry):
    """Return where and when the numbers were read, as Markdown."""
    read = date.fromisoformat(f"{entry['read']}-01")
    link = f"[{entry['title']}]({entry['address']})"
    when = say("read in {month} {year}").format(month=month(read), year=read.year)
    return f"{link}, {entry['publisher']}; {when}. {say(entry['note'])}"


class Ledger(SphinxDirective):
    """A table of the ledger's rows of one kind, or where they were read."""

    required_arguments = 1

    def run(self):
        self.env.note_dependency(str(LEDGER))
        sources, rows = read_ledger()
        wanted = self.arguments[0]
        if wanted == "source":
            names = dict.fromkeys(row["source"] for row in rows)
            return self.parse_text_to_nodes("\n\n".join(source(sources[name]) for name in names))
        if wanted not in KINDS:
            raise self.error(f"a ledger shows one of {', '.join(KINDS)} or source, got {wanted!r}")
        chosen = [row for row in rows if kind(row) == wanted]
        if not chosen:
            return self.parse_text_to_nodes(say("None."))
        return self.parse_text_to_nodes(table(chosen, sources))


def setup(app):
    app.add_directive("ledger", Ledger)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
