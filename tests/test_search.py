"""What the search is given: one document for each section, term and exercise, as new as the page."""

import hashlib
import json
import re

import pytest
import small_book
from scripts import load

INDEX = """# A book about windows

(stride)=
## stride

{korean}`스트라이드`

Steps, $s$ of them and $\\frac12$ more.

```{code-cell}
from imagebook.convolution import output_size
output_size(6, 3)
```

### What can go wrong

Gaps, as Nobody [knows](#another).

```{exercise} Guess
:label: exercise-stride
How many?
```

```{solution-start} exercise-stride
:class: dropdown
```
Fortytwo.
```{solution-end}
```
"""
OTHER = "# Elsewhere\n\n(another)=\n## Another page\n\nOld words.\n"
FRONT = "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n  display_name: Python 3\n---\n\n"


@pytest.fixture
def search(root, monkeypatch):
    """Return the extension as a module."""
    monkeypatch.syspath_prepend(root / "extensions")  # it stands on terms.py
    return load("extensions/search.py")


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """Return a function that builds a small book of two pages and returns its documents, {place: row}."""
    folder = tmp_path_factory.mktemp("book")
    small_book.write(folder, {"index": FRONT + INDEX, "other": ""})

    def build(other):
        (folder / "other.md").write_text(other, encoding="utf-8")
        result = small_book.run(folder)
        assert result.returncode == 0, result.stderr
        text = (folder / "_build/html/_static/search/documents.js").read_text(encoding="utf-8")
        documents = json.loads(text[text.index("{") : text.rindex("}") + 1])
        return {f"{documents['pages'][row[0]][0]}#{row[1]}": row[2:] for row in documents["rows"]}

    return build


def test_what_a_page_gives(build):
    """Sections and exercises with titles, what they are part of, and words; no formula or solution."""
    rows = build(OTHER)
    assert rows["index.html#"] == ["A book about windows", "", ""]
    title, above, text, names, also = rows["index.html#stride"]
    assert [title, above] == ["stride", ""]
    assert text == "Steps, s of them and … more. output_size()"
    assert names == ["stride", "스트라이드(보폭)", "스트라이드", "보폭"]
    assert "hop" in also
    assert rows["index.html#what-can-go-wrong"] == ["What can go wrong", "stride", "Gaps, as Nobody knows."]
    assert rows["index.html#exercise-stride"] == ["Exercise: Guess", "stride", "How many?"]
    assert "Fortytwo" not in str(rows)


def test_nothing_stale_is_left_when_one_page_changes(build):
    """What the page says now is there, what it said is not; the page that was not written still is."""
    before = build(OTHER)
    after = build(OTHER.replace("Old words.", "New ones.").replace("Another page", "A new title"))
    assert before["other.html#another-page"] == ["Another page", "", "Old words."]
    assert "other.html#another-page" not in after
    assert after["other.html#a-new-title"] == ["A new title", "", "New ones."]
    assert {key: row for key, row in after.items() if "index" in key} == {
        key: row for key, row in before.items() if "index" in key
    }


@pytest.mark.parametrize(
    ("english", "korean", "names"),
    [
        ("stride", "스트라이드(보폭)", ["stride", "스트라이드(보폭)", "스트라이드", "보폭"]),
        ("MNIST", "MNIST", ["MNIST"]),
        ("a b (AB)", "가", ["a b (AB)", "a b", "AB", "가"]),
    ],
)
def test_names_of_a_term(search, english, korean, names):
    """A name with another in brackets is three."""
    assert search.names_of({"english": english, "korean": korean}) == names


def test_no_synonym_is_another_terms_name(search):
    """The name would win; and none stands twice in a list, or is the term's own name."""

    def squash(name):
        return re.sub(r"[\W_]", "", name).lower()

    owner = {squash(name): term["slug"] for term in search.read_terms() for name in search.names_of(term)}
    assert {term["slug"] for term in search.read_terms()} <= search.read_synonyms().keys()
    for anchor, names in search.read_synonyms().items():
        squashed = [squash(name) for name in names]
        assert len(set(squashed)) == len(squashed), anchor
        assert [name for name in names if squash(name) in owner] == [], anchor


def test_the_scripts_have_a_place_for_their_words(search):
    """What the search says comes in when the site is built; each text is there."""
    own, shared = search.read_words()
    assert all([*own.values(), *own["script"].values(), *shared.values()])
    for script in (search.SCRIPT, search.ENGINE):
        assert script.read_text(encoding="utf-8").count("/* words */ {}") == 1


def test_the_library_is_what_was_published(search):
    """MiniSearch 7.2.0 as npm has it, with its licence: nobody has edited it."""
    header, body = search.LIBRARY.read_text(encoding="utf-8").split("*/\n", 1)
    assert "MiniSearch 7.2.0" in header and "Permission is hereby granted, free of charge" in header
    assert (
        hashlib.sha256(body.encode()).hexdigest()
        == "4e02b9fa52f244c377d737c7d06cda6bce967d137254e8532d6c79f68469bef3"
    )


def test_the_scripts_do_nothing_that_a_strict_policy_forbids(search):
    """No text becomes code or HTML, nothing is WebAssembly, nothing is fetched: pages from disk may not."""
    own = search.SCRIPT.read_text(encoding="utf-8") + search.ENGINE.read_text(encoding="utf-8")
    library = search.LIBRARY.read_text(encoding="utf-8")
    assert re.findall(r"\beval\(|new Function|innerHTML|insertAdjacentHTML|WebAssembly", own + library) == []
    assert re.findall(r"\bfetch\(|XMLHttpRequest|\bimport\(|\.style\b", own) == []
