"""A graded submission as a notebook, for nbgrader's formgrader, where a person reads what needs one.

The formgrader shows a student's Markdown as a page of the teacher's own Jupyter, with its rights, and
believes all HTML in it. So there must be none.
"""

import copy
import re

from nbformat.v4 import new_markdown_cell, new_output

MODEL = re.compile(r"^### BEGIN SOLUTION\n(.*?)^### END SOLUTION$", re.MULTILINE | re.DOTALL)


def notebook(source, result):
    """Return the source notebook with a student's answers, what they printed, and what the tests said.

    Above an answer that a person reads stands the model answer.
    """
    graded = copy.deepcopy(source)
    graded.metadata.pop("coursework", None)
    cells = []
    for cell in graded.cells:
        grading = cell.metadata.get("nbgrader", {})
        name = grading.get("grade_id")
        if grading.get("solution"):
            if cell.cell_type == "markdown" and (model := MODEL.search(cell.source)):
                text = f"**For comparison, the model answer**\n\n{model[1]}"
                cells.append(new_markdown_cell(text, id=f"{cell.id}-model"))
            answer = result["answers"].get(name, "")
            cell.source = inert(answer) if cell.cell_type == "markdown" else answer
        if name and cell.cell_type == "code":
            printed = result["printed"].get(name, {"text": "", "error": None})
            sentence = result["scores"].get(name, {}).get("sentence") if grading.grade else printed["error"]
            if printed["text"]:
                cell.outputs.append(new_output("stream", name="stdout", text=printed["text"]))
            if sentence:
                cell.outputs.append(new_output("error", ename="Error", evalue=sentence, traceback=[sentence]))
        cells.append(cell)
    graded.cells = cells
    return graded


def inert(markdown):
    """Return Markdown that reads the same, without HTML, pictures from elsewhere, and links but bare ones.

    A tag begins with < and a letter, without a space between; a picture with ! and a bracket.
    """
    text = re.sub(r"<(?=[^\s\d=])", "< ", markdown)
    text = re.sub(r"!(?=\[)", "! ", text)
    return re.sub(r"\](?=[(\[:])", "] ", text)
