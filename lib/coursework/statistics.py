"""What a teacher learns from a class: which tests failed, how often and why, and who wrote alike."""

import ast
import builtins
import io
import keyword
import os
import re
import tokenize
from collections import Counter

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from coursework.scoring import graded_cells, sentence_of_hidden

SHORTEST = 60  # words of a student's own that are enough to say that two wrote alike
MOST_PAIRS = 30  # lines: whoever looks at more looks at the assignment
LAYOUT = (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
MISSING = re.compile(
    r"There is no answer\.|NotImplementedError.*|NameError: name '\w+' is not defined", re.DOTALL
)


def table(source, results):
    """Return for each graded cell how it went, and below it the commonest sentences of those who failed."""
    if not results:
        return "nothing is graded yet"
    names = [cell.metadata.nbgrader.grade_id for cell in graded_cells(source)]
    scores = np.array(
        [[result["scores"][name]["score"] or 0 for name in names] for result in results.values()]
    )
    columns = ("points", "full", "visible", "hidden", "stopped", "missing", "by hand", "r")
    lines = [f"{len(results)} submissions", "", f"{'cell':26}" + "".join(f"{word:>9}" for word in columns)]
    for index, name in enumerate(names):
        cells = [(result["scores"][name], _outcome(result, name)) for result in results.values()]
        count = Counter(outcome for _, outcome in cells)
        rest = scores.sum(axis=1) - scores[:, index]
        values = [
            cells[0][0]["points"],
            *(count[word] for word in columns[1:-1]),
            _correlation(scores[:, index], rest),
        ]
        lines.append(f"{name:26}" + "".join(f"{value:>9}" for value in values))
        told = [
            cell["sentence"].splitlines()[0] for cell, outcome in cells if outcome in ("visible", "stopped")
        ]
        lines += [f"    {times} × {sentence[:100]}" for sentence, times in Counter(told).most_common(2)]
    lines += [
        "",
        "visible, hidden: which kind of test failed first. Many hidden: does the task say all that it wants?",
        "missing: the stub stands, or the cell ended before it defined anything.",
        "r: do those who pass a cell have more points elsewhere (1) or fewer (-1)? Near 0: look at the cell.",
    ]
    return "\n".join(lines)


def _outcome(result, name):
    """Return what came of a graded cell, in a word."""
    cell = result["scores"][name]
    sentence = cell["sentence"] or ""
    if cell["score"] is None:
        return "by hand"
    if cell["score"] >= cell["points"]:
        return "full"
    if result["problem"] or MISSING.fullmatch(sentence):
        return "missing"
    if "stopped your code" in sentence or "Your code was stopped" in sentence:
        return "stopped"
    return "hidden" if sentence == sentence_of_hidden(AssertionError()) else "visible"


def _correlation(one, other):
    if not one.std() or not other.std():
        return "–"
    return f"{np.corrcoef(one, other)[0, 1]:.2f}"


def words(source, known=frozenset()):
    """Return a program's words in order, without comments, docstrings and layout.

    A name that is neither Python's nor `known` becomes its place in the order of first use: a copy with other
    names has the same words.
    """
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return re.findall(r"\w+|\S", source)
    tokens = [
        token for token in tokens if token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER)
    ]
    found, places = [], {}
    for before, token in zip([None, *tokens], tokens, strict=False):
        starts = before is None or before.type in LAYOUT
        if token.type in LAYOUT or (token.type == tokenize.STRING and starts):
            continue
        name = token.string
        python = (
            keyword.iskeyword(name)
            or hasattr(builtins, name)
            or (before is not None and before.string == ".")
        )
        if token.type == tokenize.NAME and not python and name not in known:
            name = f"name {places.setdefault(name, len(places))}"
        found.append(name)
    return found


def _known(source):
    """Return the names that mean the same for everybody: what is imported, given, or asked for."""
    names = set()
    for cell in source.cells:
        grading = cell.metadata.get("nbgrader")
        if cell.cell_type != "code" or not grading or grading.grade:
            continue
        try:
            tree = ast.parse(cell.source)
        except SyntaxError:  # a line for the notebook program
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.alias):
                names.add(node.asname or node.name)
    return names


def own_words(source, results):
    """Return for each student the words of each code cell that are the student's own.

    What the stub gives is not, and an answer with the words of the reference is what the task asks for.
    """
    known, given, reference = _known(source), {}, {}
    for cell in source.cells:
        grading = cell.metadata.get("nbgrader")
        if cell.cell_type == "code" and grading and grading.solution:
            stub = re.sub(r"### BEGIN SOLUTION.*?### END SOLUTION", "", cell.source, flags=re.DOTALL)
            given[grading.grade_id] = words(stub, known)
            reference[grading.grade_id] = words(cell.source, known)

    def own(name, text):
        found = words(text, known)
        if found == reference[name] or "raise NotImplementedError" in text:
            return []
        return found[len(os.path.commonprefix([found, given[name]])) :]

    return {
        who: {name: own(name, result["answers"].get(name, "")) for name in given}
        for who, result in results.items()
    }


def alike(source, results, *, least=0.9):
    """Return the pairs of students whose own code is alike, 1 being the same word for word.

    A pair is a reason to look, no proof. Whoever wrote few words of his own is not compared.
    """
    own = own_words(source, results)
    own = {who: cells for who, cells in sorted(own.items()) if sum(map(len, cells.values())) >= SHORTEST}
    letters = {}  # one for each word, for texts are compared faster than lists

    def text(cell):
        return "".join(chr(0x100 + letters.setdefault(word, len(letters))) for word in cell)

    texts = {who: {name: text(cell) for name, cell in cells.items()} for who, cells in own.items()}
    whole, people = ["".join(cells.values()) for cells in texts.values()], list(texts)
    likeness = cdist(whole, whole, scorer=Levenshtein.normalized_similarity, score_cutoff=least, workers=-1)
    pairs = np.argwhere(np.triu(likeness >= least, 1))
    pairs = sorted(pairs.tolist(), key=lambda pair: (-likeness[*pair], pair))
    compared = f"{len(people)} of {len(results)} submissions have enough code of their own to be compared"
    if not pairs:
        return f"{compared}; no two are alike by {least:g} or more"
    lines = [f"{compared}; pairs that are alike by {least:g} or more, a reason to look and no proof:"]
    for first, second in pairs[:MOST_PAIRS]:
        one, other = texts[people[first]], texts[people[second]]
        same = [name for name in one if len(one[name]) > 9 and _alike(one[name], other[name]) >= least]
        lines.append(
            f"{likeness[first, second]:.2f}  {people[first]}  {people[second]}  {', '.join(same)}".rstrip()
        )
    if len(pairs) > MOST_PAIRS:
        lines.append(f"and {len(pairs) - MOST_PAIRS} more pairs")
    return "\n".join(lines)


def _alike(one, other):
    return Levenshtein.normalized_similarity(one, other)
