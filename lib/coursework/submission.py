"""What a student handed in, read without trust, and put into the teacher's own notebook.

Nothing of a submission decides anything but the text of the student's own cells: tests, points and given
cells come from the course's source, whatever the file says of them.
"""

import json
import re
from dataclasses import dataclass

LARGEST = 20 * 2**20  # bytes of a notebook; pictures in its outputs are the most of it
DEEPEST = 60  # brackets within brackets
MOST_CELLS = 1000
LONGEST_CELL = 200_000  # characters


class SubmissionError(ValueError):
    """The file is no notebook that can be graded; the sentence is for the student."""


@dataclass(frozen=True)
class Cell:
    """A cell to be run: its name in the notebook, its code, and whether a student wrote it."""

    name: str
    source: str
    own: bool


def read(path):
    """Return the cells of a submitted notebook, [(kind, name or None, text)], or raise SubmissionError."""
    if path.is_symlink() or not path.is_file():
        raise SubmissionError("the notebook must be a file")
    size = path.stat().st_size
    if size > LARGEST:
        raise SubmissionError(
            f"the notebook has {size / 2**20:.0f} MB, at most {LARGEST // 2**20} are read: clear its outputs"
        )
    return cells(path.read_bytes())


def cells(content):
    """Return the cells of a notebook, as `read` does, of its bytes."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SubmissionError("the notebook is not in UTF-8") from None
    if _depth(text) > DEEPEST:
        raise SubmissionError("the notebook is nested too deeply")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise SubmissionError("the file is not a notebook: it is not JSON") from None
    found = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(found, list) or not all(isinstance(cell, dict) for cell in found):
        raise SubmissionError("the file is not a notebook: it has no list of cells")
    if len(found) > MOST_CELLS:
        raise SubmissionError(f"the notebook has {len(found)} cells, at most {MOST_CELLS} are read")
    return [_cell(cell, index) for index, cell in enumerate(found)]


def _depth(text):
    """Return how deeply brackets are nested, without those in texts."""
    depth = deepest = 0
    # A text that never ends is one to the end: its start is not tried again behind each of its quotes.
    for bracket in re.findall(r'"(?:[^"\\]|\\.)*+"?|([\[{}\]])', text, flags=re.DOTALL):
        if bracket:
            depth += 1 if bracket in "[{" else -1
            deepest = max(deepest, depth)
    return deepest


def _cell(cell, index):
    source = cell.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise SubmissionError(f"cell {index + 1} of the notebook has no text")
    if len(source) > LONGEST_CELL:
        raise SubmissionError(
            f"cell {index + 1} of the notebook has {len(source)} characters, at most {LONGEST_CELL} are read"
        )
    metadata = cell.get("metadata")
    grading = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = grading.get("grade_id") if isinstance(grading, dict) else None
    return cell.get("cell_type"), name if isinstance(name, str) else None, source


def assemble(source, cells):
    """Return what is run and what is read: the student's cells in their order, all else as the source has it.

    Of two cells with one name the first counts. A cell that the student removed is empty, but what the source
    gives is run in any case, before the student's own. Tests are not among what is run.
    """
    known = {cell.metadata.nbgrader.grade_id: cell for cell in source.cells if "nbgrader" in cell.metadata}
    run, answers, seen = [], {}, set()
    for index, (kind, name, text) in enumerate(cells):
        if name in seen:
            continue
        if name in known:
            seen.add(name)
            ours = known[name]
            grading = ours.metadata.nbgrader
            if grading.solution:
                answers[name] = text
                if ours.cell_type == "code":
                    run.append(Cell(name, text, True))
            elif not grading.grade and ours.cell_type == "code":
                run.append(Cell(name, ours.source, False))
        elif kind == "code":
            run.append(Cell(f"your cell {index + 1}", text, True))
    missing = [
        Cell(name, cell.source, False)
        for name, cell in known.items()
        if name not in seen
        and cell.cell_type == "code"
        and not cell.metadata.nbgrader.grade
        and not cell.metadata.nbgrader.solution
    ]
    return missing + run, answers
