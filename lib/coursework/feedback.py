"""What a student gets back: a page with the points, what each visible test said, and the own answers.

The page stands alone, with no script and no file beside it. Hidden tests are not on it.
"""

from html import escape

from coursework.export import number, total
from coursework.source import HIDDEN

STYLE = """
:root { color-scheme: light dark; --line: #8886; --good: #1a7f37; --bad: #c2410c; }
@media (prefers-color-scheme: dark) { :root { --good: #56d364; --bad: #ff9e64; } }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 1.05rem/1.6 system-ui, sans-serif; }
h1 { font-weight: 400; } table { border-collapse: collapse; width: 100%; } td, th { padding: 0.3rem 0.6rem; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; }
td:nth-child(2), th:nth-child(2) { white-space: nowrap; } .good { color: var(--good); } .bad { color: var(--bad); }
pre { overflow-x: auto; padding: 0.6rem; border: 1px solid var(--line); border-radius: 6px; font-size: 0.9rem; }
"""


def page(source, student, result, marks):
    """Return the page of one student.

    Parameters
    ----------
    source : notebook
    student : str
    result : dict
        As `scoring.grade` returns it.
    marks : dict
        As `gradebook.scores` has it for the student: what persons graded counts.
    """
    title = source.metadata.coursework.title
    sum_ = total(marks["cells"])
    parts = [f"<p>{escape(student)}: <strong>{_points(sum_, marks['most'])}</strong></p>"]
    if result["problem"]:
        parts.append(f'<p class="bad">{escape(result["problem"][:1].upper() + result["problem"][1:])}.</p>')
    rows = []
    for name, cell in result["scores"].items():
        score = marks["cells"].get(name, cell["score"])
        full = score is not None and score >= cell["points"]
        kind = "" if score is None else ' class="good"' if full else ' class="bad"'
        sentence = cell["sentence"] or (
            "A person will read this." if score is None else "All tests pass." if full else ""
        )
        rows.append(
            f"<tr><td>{escape(name)}</td><td{kind}>{_points(score, cell['points'])}</td><td>{escape(sentence)}</td></tr>"
        )
    parts.append(f"<table><tr><th>Part</th><th>Points</th><th></th></tr>{''.join(rows)}</table>")
    parts += [_cell(cell, result) for cell in source.cells if "nbgrader" in cell.metadata]
    body = "\n".join(part for part in parts if part)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body><h1>{escape(title)}</h1>\n{body}\n</body></html>\n"
    )


def _points(score, most):
    return f"– of {number(most)}" if score is None else f"{number(score)} of {number(most)}"


def _cell(cell, result):
    """Return a student's own cell with what it printed, or a test as the student sees it."""
    grading = cell.metadata.nbgrader
    name = grading.grade_id
    if grading.solution:
        text = result["answers"].get(name, "")
        printed = result["printed"].get(name, {"text": "", "error": None})
        parts = [f"<h2>{escape(name)}</h2><pre>{escape(text)}</pre>"]
        if printed["text"]:
            parts.append(f"<p>It printed:</p><pre>{escape(printed['text'])}</pre>")
        if printed["error"]:
            parts.append(f'<p class="bad">{escape(printed["error"])}</p>')
        return "\n".join(parts)
    if grading.grade:
        visible = HIDDEN.sub("", cell.source).strip()
        return f"<details><summary>The tests {escape(name)}</summary><pre>{escape(visible)}</pre></details>"
    return ""
