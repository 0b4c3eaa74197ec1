"""Every term's section has the anatomy that the book promises."""

import csv
import re

import pytest
import yaml

from imagebook import __file__ as library
from imagebook.widgets import FIGURES


def terms():
    """Return the rows of terms.tsv."""
    path = library.replace("__init__.py", "data/terms.tsv")
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


TERMS = terms()
SLUGS = {term["slug"] for term in TERMS}


@pytest.fixture(params=TERMS, ids=lambda term: term["slug"])
def section(request, root):
    """Return a term and the text of its section."""
    term = request.param
    text = (root / "chapters" / f"{term['letter'].lower()}.md").read_text(encoding="utf-8")
    start = text.index(f"\n({term['slug']})=\n")
    return term, re.split(r"\n(?=\([\w-]+\)=\n## |## )", text[start + 1 :].split("## ", 1)[1])[0]


def test_a_section_opens_with_both_names(section):
    """The heading is the English term; the Korean one stands beneath it."""
    term, text = section
    lines = [line for line in text.splitlines() if line]
    assert lines[0] == term["english"]
    assert lines[1] == f"{{korean}}`{term['korean']}`"


def test_a_section_runs_and_checks_its_numbers(section):
    """At least one cell that readers see, and one that asserts what the prose states."""
    term, text = section
    cells = re.findall(r"```\{code-cell\}.*?\n(.*?)```", text, flags=re.DOTALL)
    assert any("remove-cell" not in cell for cell in cells), term["slug"]
    assert any("remove-cell" in cell and "assert " in cell for cell in cells), term["slug"]


def test_a_section_has_its_parts_in_order(section):
    """Figure, caution, self-check, two exercises with hidden solutions, arrows and sources."""
    term, text = section
    slug = term["slug"]
    exercises = re.findall(r"^```\{exercise\}.*\n:label: ([\w-]+)$", text, flags=re.MULTILINE)
    assert len(exercises) >= 2, f"{slug} has {len(exercises)} exercises"
    for label in exercises:
        assert f"```{{solution-start}} {label}\n:class: dropdown" in text, f"{label} has no hidden solution"
    assert text.count("```{solution-end}") == len(exercises)
    figure = re.search(rf"^(?:_ = )?(?:{'|'.join(FIGURES)})\(", text, flags=re.MULTILINE)
    assert figure, f"{slug} has no figure"
    places = [
        figure.start(),
        text.index("### What can go wrong, and other names"),
        text.index(f"```{{selfcheck}} check-{slug}\n"),
        text.index("```{exercise}"),
        text.index("**See also:**"),
        text.index("**Sources:**"),
    ]
    assert places == sorted(places)
    assert "{cite:t}`" in text[places[-1] :]


def test_a_section_sets_an_exercise_in_code_whose_stub_fails_its_check(section):
    """The same check is false for what readers begin with, and true for the solution."""
    term, text = section
    cells = re.findall(r"^```\{code-cell\}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    stubs = [re.search(r"^check\((\w+), (\w+).*\)\Z", cell.strip(), flags=re.MULTILINE) for cell in cells]
    stubs = [match for match, cell in zip(stubs, cells, strict=True) if match and "..." in cell]
    assert stubs, f"{term['slug']} has no exercise in code"
    for match in stubs:
        fails = text.index(f"assert not {match[0]}")
        holds = text.index(f"assert {match[0]}")
        start = text.rindex("```{solution-start}", 0, holds)
        assert fails < start < holds, f"{match[0]} is not asserted before and in the solution"
        assert f"def {match[1]}(" in text[start:holds], f"the solution does not define {match[1]}"


def test_a_section_links_every_arrow(section):
    """See also leads to each related term."""
    term, text = section
    line = text[text.index("**See also:**") : text.index("**Sources:**")]
    wanted = {slug for slug in term["see_also"].split(",") if slug in SLUGS}
    assert wanted <= set(re.findall(r"\(#([\w-]+)\)", line))


def test_chapters_are_in_the_table_of_contents(root):
    """A chapter that is not in _toc.yml is not in the book."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    listed = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    letters = sorted({term["letter"].lower() for term in TERMS})
    assert [name for name in listed if name.startswith("chapters/")] == [f"chapters/{x}" for x in letters]
    assert sorted(path.stem for path in (root / "chapters").glob("*.md")) == letters


def test_a_chapter_opens_with_what_you_will_be_able_to_do(root):
    """And closes with a summary."""
    for path in (root / "chapters").glob("*.md"):
        text = path.read_text(encoding="utf-8")
        assert "In this chapter you will" in text, path.name
        assert re.findall(r"^## .*$", text, flags=re.MULTILINE)[-1] == "## Summary", path.name


def test_every_cited_source_is_used(root):
    """references.bib holds what the chapters cite, nothing else."""
    keys = set(
        re.findall(
            r"^@\w+\{([\w-]+),", (root / "references.bib").read_text(encoding="utf-8"), flags=re.MULTILINE
        )
    )
    text = "".join(path.read_text(encoding="utf-8") for path in (root / "chapters").glob("*.md"))
    cited = {key.strip() for keys in re.findall(r"\{cite:[tp]\}`([^`]+)`", text) for key in keys.split(",")}
    assert keys == cited


def test_every_term_is_covered(root):
    """The table of what each section has; `pytest -s tests/test_chapters.py -k covered` prints it."""
    names = ("anchor", "cells", "figures", "self-checks", "exercises", "links", "citations")
    marks = {
        "anchor": r"^\(SLUG\)=$",
        "cells": r"^```\{code-cell\}$",
        "figures": rf"^(?:\w+ = )?(?:{'|'.join(FIGURES)})\(",
        "self-checks": r"^```+\{selfcheck\} check-SLUG$",
        "exercises": r"^```\{exercise\}",
        "links": r"\]\(#[\w-]+\)",
        "citations": r"\{cite:[tp]\}`",
    }
    rows = {}
    for term in TERMS:
        text = (root / f"chapters/{term['letter'].lower()}.md").read_text(encoding="utf-8")
        start = text.index(f"\n({term['slug']})=\n") + 1
        section = re.split(r"\n(?=\([\w-]+\)=\n## |## Summary)", text[start:])[0]
        patterns = [marks[name].replace("SLUG", term["slug"]) for name in names]
        rows[term["slug"]] = [len(re.findall(pattern, section, re.MULTILINE)) for pattern in patterns]
    print(f"\n{'term':30}" + "".join(f"{name:>13}" for name in names))
    for slug, counts in rows.items():
        print(f"{slug:30}" + "".join(f"{count:13}" for count in counts))
    least = [1, 2, 1, 1, 2, 1, 1]
    assert len(rows) == 34
    assert [slug for slug, counts in rows.items() if any(map(int.__lt__, counts, least))] == []
