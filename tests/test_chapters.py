"""Every term's section has the anatomy that the book promises."""

import csv
import re

import pytest
import yaml

from imagebook import __file__ as library


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


def test_a_section_says_what_can_go_wrong_and_sets_an_exercise(section):
    """The caution, an exercise, its hidden solution, and the sources, in this order."""
    term, text = section
    label = re.search(r"```\{exercise\}.*\n:label: ([\w-]+)", text)
    assert label, f"{term['slug']} has no exercise"
    places = [
        text.index("### What can go wrong, and other names"),
        label.start(),
        text.index(f"```{{solution-start}} {label[1]}\n:class: dropdown"),
        text.index("```{solution-end}"),
        text.index("**See also:**"),
        text.index("**Sources:**"),
    ]
    assert places == sorted(places)
    assert "{cite:t}`" in text[places[-1] :]


def test_a_section_links_every_arrow(section):
    """See also leads to each related term that this edition teaches."""
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
