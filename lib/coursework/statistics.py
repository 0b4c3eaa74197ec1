"""What a teacher learns from a class: which tests failed, how often and why, and who wrote alike."""

import io
import itertools
import tokenize
from collections import Counter

from rapidfuzz.distance import Levenshtein


def table(results):
    """Return for each graded cell how many passed, and the commonest sentence of those who did not."""
    names = list(dict.fromkeys(name for result in results.values() for name in result["scores"]))
    lines = [f"{'cell':32}{'full':>6}{'none':>6}{'open':>6}  commonest trouble"]
    for name in names:
        cells = [result["scores"][name] for result in results.values() if name in result["scores"]]
        full = sum(cell["score"] is not None and cell["score"] >= cell["points"] for cell in cells)
        waiting = sum(cell["score"] is None for cell in cells)
        sentences = Counter(cell["sentence"].splitlines()[0] for cell in cells if cell["sentence"])
        most = f"{sentences.most_common(1)[0][1]}× {sentences.most_common(1)[0][0][:70]}" if sentences else ""
        lines.append(f"{name:32}{full:6}{len(cells) - full - waiting:6}{waiting:6}  {most}")
    return "\n".join(lines)


def words(source):
    """Return a program's words in order, without comments and layout, with names as they are."""
    try:
        tokens = tokenize.generate_tokens(io.StringIO(source).readline)
        skip = {
            tokenize.COMMENT,
            tokenize.NL,
            tokenize.NEWLINE,
            tokenize.INDENT,
            tokenize.DEDENT,
            tokenize.ENDMARKER,
        }
        return [token.string for token in tokens if token.type not in skip]
    except (tokenize.TokenError, SyntaxError):
        return source.split()


def alike(source, results, *, least=0.9):
    """Return the pairs of students whose own cells are alike, 1 being the same word for word.

    Short answers are alike by nature: a pair is a reason to look, no proof.
    """
    code = {
        cell.metadata.nbgrader.grade_id
        for cell in source.cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
    }
    texts = {
        who: words("\n".join(text for name, text in sorted(result["answers"].items()) if name in code))
        for who, result in results.items()
    }
    lines = []
    for first, second in itertools.combinations(sorted(who for who, text in texts.items() if text), 2):
        likeness = Levenshtein.normalized_similarity(texts[first], texts[second], score_cutoff=least)
        if likeness >= least:
            lines.append((likeness, f"{likeness:.2f}  {first}  {second}"))
    found = [line for _, line in sorted(lines, key=lambda pair: (-pair[0], pair[1]))]
    return "\n".join(found) if found else f"no two submissions are alike by {least:g} or more"
