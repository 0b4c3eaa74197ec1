"""A graded submission as a notebook, for nbgrader's formgrader, where a person reads what needs one."""

import copy

from nbformat.v4 import new_output


def notebook(source, result):
    """Return the source notebook with a student's answers, what they printed, and what the tests said."""
    graded = copy.deepcopy(source)
    graded.metadata.pop("coursework", None)
    for cell in graded.cells:
        grading = cell.metadata.get("nbgrader")
        if not grading:
            continue
        name = grading.grade_id
        if grading.solution:
            cell.source = result["answers"].get(name, "")
        if cell.cell_type == "code":
            printed = result["printed"].get(name, {"text": "", "error": None})
            sentence = result["scores"].get(name, {}).get("sentence") if grading.grade else printed["error"]
            cell.outputs = (
                [new_output("stream", name="stdout", text=printed["text"])] if printed["text"] else []
            )
            if sentence:
                cell.outputs.append(new_output("error", ename="Error", evalue=sentence, traceback=[sentence]))
    return graded
