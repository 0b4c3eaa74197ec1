"""The order of the terms: what needs what, and the reading paths beside the alphabet."""

import re
from pathlib import Path

import pytest
import scripts

from imagebook.widgets import term_map

book_terms = scripts.load("extensions/terms.py")
TERMS = {term["slug"]: term for term in book_terms.read_terms()}
NEEDS = {slug: set(term["needs"]) for slug, term in term_map.terms().items()}


def steps(name):
    """Return the terms of a path in its order."""
    return [step["term"] for part in book_terms.read_path(name)["parts"] for step in part["steps"]]


def test_the_graph_has_every_term_and_no_circle():
    """Terms whose needs are met can be taken away until none is left."""
    assert set(NEEDS) == set(TERMS) and len(TERMS) == 34
    left = dict(NEEDS)
    while ready := [slug for slug, needs in left.items() if not needs & set(left)]:
        for slug in ready:
            del left[slug]
    assert not left


@pytest.mark.parametrize("name", ["hour", "week", "semester"])
def test_a_path_respects_the_graph(name):
    """Every term once, and after each term of the path that leads to it, directly or not."""
    order = steps(name)
    assert len(order) == len(set(order)) and set(order) <= set(TERMS)
    for place, slug in enumerate(order):
        needed = term_map.learning_path(NEEDS, slug)[:-1]
        assert set(needed) & set(order) <= set(order[:place]), slug


def test_the_semester_covers_the_book():
    """Fourteen weeks, all 34 terms, six assignments, and a load that a course can bear."""
    weeks = book_terms.read_path("semester")["parts"]
    assert [week["title"].split(":")[0] for week in weeks] == [f"Week {n}" for n in range(1, 15)]
    assert set(steps("semester")) == set(TERMS)
    given = [week["assignment"].lower() for week in weeks if "assignment" in week]
    files = set(Path(book_terms.__file__).parents[1].glob("assignments/*.md"))
    texts = [path.read_text(encoding="utf-8") for path in files if path.name != "README.md"]
    assert sorted(given) == sorted(re.search("\n  title: (.*)", text)[1].lower() for text in texts)
    assert len(given) == 6
    assert all(120 <= sum(step["minutes"] for step in week["steps"]) <= 150 for week in weeks)


def test_the_hour_is_an_hour_and_the_week_has_seven_days():
    """The minutes of the page's headings."""
    minutes = {
        name: [sum(step["minutes"] for step in part["steps"]) for part in book_terms.read_path(name)["parts"]]
        for name in ("hour", "week")
    }
    assert minutes == {"hour": [60], "week": [60] * 7}


def test_a_path_becomes_a_list_with_links_names_and_reasons():
    """Parts as headings with their sums, and the assignment of those that have one."""
    stride = {"term": "stride", "minutes": 70, "why": "sizes"}
    pooling = {"term": "pooling", "minutes": 65, "why": "less"}
    part = {"title": "Monday", "assignment": "boxes, IoU and NMS", "steps": [stride, pooling]}
    path = {"minutes_for": "reading", "parts": [part]}
    lines = [line.replace("\u00a0", " ") for line in book_terms.path_lines(path, TERMS)]
    assert lines[0] == "In all 2 hours 15 minutes, by our estimate, for reading."
    assert lines[2] == "**Monday** (2 hours 15 minutes)"
    assert lines[4] == "1. [stride](#stride) {korean}`스트라이드(보폭)`: sizes (70 minutes)."
    assert lines[5].startswith("2. [pooling](#pooling)")
    assert lines[-2] == "Assignment: boxes, IoU and NMS."
    del part["assignment"]
    assert not [line for line in book_terms.path_lines(path, TERMS) if "Assignment" in line]


def test_an_unknown_path_is_refused():
    """The message names those that there are."""
    with pytest.raises(ValueError, match="must be one of hour, week, semester, got 'year'"):
        book_terms.read_path("year")
