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
LONG = 25  # words of a cell that nobody finds by accident
MOST_WORDS = 5000  # of a cell that are compared
MOST_LINES = 30  # of a list: whoever has more should look at the assignment
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
    """Return {student: {cell: words}}, what students wrote in code cells, and {cell: words} of the reference.

    What the stub gives is not among them.
    """
    known, given, reference = _known(source), {}, {}

    def own(name, text):
        # What the stub raises may stand below an answer, or in a comment: it hides nobody's words.
        found = words(re.sub(r"raise NotImplementedError(\(\))?", "", text), known)
        return found[len(os.path.commonprefix([found, given[name]])) :][:MOST_WORDS]

    for cell in source.cells:
        grading = cell.metadata.get("nbgrader")
        if cell.cell_type == "code" and grading and grading.solution:
            stub = re.sub(r"### BEGIN SOLUTION.*?### END SOLUTION", "", cell.source, flags=re.DOTALL)
            given[grading.grade_id] = words(stub, known)
            reference[grading.grade_id] = own(grading.grade_id, cell.source)
    people = {
        who: {name: own(name, result["answers"].get(name, "")) for name in reference}
        for who, result in sorted(results.items())
    }
    return people, reference


def alike(source, results, *, least=0.9):
    """Return who wrote what the reference has, and the pairs of students who wrote alike, 1 being the same.

    A line is a reason to look, no proof. Cells as in the reference count for no pair: it is how one does it.
    """
    people, reference = own_words(source, results)
    same = {
        who: [name for name, cell in cells.items() if len(cell) >= LONG and cell == reference[name]]
        for who, cells in people.items()
    }
    lines = [f"{who}  {', '.join(names)}" for who, names in same.items() if names]
    told = _list("as in the model solution, but for names", lines)

    letters = {}  # one for each word, for texts are compared faster than lists
    texts = {
        who: {
            name: "".join(chr(0x100 + letters.setdefault(word, len(letters))) for word in cell)
            for name, cell in cells.items()
            if cell != reference[name]
        }
        for who, cells in people.items()
    }
    whole = {who: "".join(cells.values()) for who, cells in texts.items()}
    whole = {who: text for who, text in whole.items() if len(text) >= SHORTEST}
    names, own = list(whole), list(whole.values())
    likeness = cdist(own, own, scorer=Levenshtein.normalized_similarity, score_cutoff=least, workers=-1)
    pairs = np.argwhere(np.triu(likeness >= least, 1)).tolist()
    lines = []
    for first, second in sorted(pairs, key=lambda pair: (-likeness[pair[0], pair[1]], pair)):
        one, other = texts[names[first]], texts[names[second]]
        cells = [name for name in one if len(one[name]) >= LONG and one[name] == other.get(name)]
        words_ = f"{likeness[first, second]:.2f}  {names[first]}  {names[second]}  {', '.join(cells)}"
        lines.append(words_.rstrip())
    compared = f"of {len(whole)} with enough code of their own"
    return (
        f"{told}\n\n{_list(f'pairs {compared}, alike by {least:g} or more; cells that are the same', lines)}"
    )


def _list(heading, lines):
    """Return a heading with how many lines there are, and the first of them."""
    more = [f"    and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
    return "\n".join(
        [f"{heading}: {len(lines) or 'none'}", *(f"    {line}" for line in lines[:MOST_LINES]), *more]
    )
