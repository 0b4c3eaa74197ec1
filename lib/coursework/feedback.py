"""What a student gets back: a page with the points, what each visible test said, and the own answers.

The page stands alone: no script, no file beside it, nothing asked of another host. Of hidden tests it says
only whether they passed. All that a student wrote or printed is on it as text.
"""

import re
from html import escape

from coursework.export import number
from coursework.source import HIDDEN

# The book's colours and fonts. The policy forbids what the page does not have anyway.
HEAD = """\
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
:root { color-scheme: light dark; --text: #222832; --muted: #48566b; --paper: #fff; --surface: #f3f4f5; --line: #d1d5da; --accent: #085d6c; --good: #00753a; --bad: #c0223b; }
@media (prefers-color-scheme: dark) { :root { --text: #ced6dd; --muted: #9ca4af; --paper: #14181e; --surface: #222832; --line: #48566b; --accent: #3fb1c5; --good: #5fb488; --bad: #e78894; } }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.65 system-ui, sans-serif, "Noto Sans CJK KR", "Noto Color Emoji"; color: var(--text); background: var(--paper); overflow-wrap: anywhere; }
h1, h2, h3 { line-height: 1.2; font-weight: 600; }
h1 { font-size: 2rem; } h2 { font-size: 1.5rem; margin-top: 2.5rem; } h3 { font-size: 1rem; margin-bottom: 0; }
table { border-collapse: collapse; width: 100%; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
td, th { padding: 0.4rem 0.8rem 0.4rem 0; text-align: start; vertical-align: top; font-weight: 400; border-bottom: 1px solid var(--line); }
thead th { font-weight: 600; }
tbody th { width: 40%; }
:is(td, th):nth-child(2) { white-space: nowrap; font-variant-numeric: tabular-nums; }
pre, .answer { white-space: pre-wrap; margin: 0.4rem 0 1rem; padding: 0.6rem 0.8rem; background: var(--surface); border: 1px solid var(--line); border-radius: 6px; }
pre { font: 0.875rem/1.5 ui-monospace, "Cascadia Code", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
blockquote { white-space: pre-wrap; margin: 0.4rem 0 1rem; padding: 0.2rem 0 0.2rem 1rem; border-inline-start: 4px solid var(--accent); }
summary { cursor: pointer; min-height: 1.5rem; }
summary:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.lines { white-space: pre-line; }
.good { color: var(--good); } .bad { color: var(--bad); } .muted { color: var(--muted); }
@media (max-width: 40rem) { h1 { font-size: 1.6rem; } td, th { padding-inline-end: 0.5rem; } }
@media print { pre, .answer { background: none; } }
</style>
"""  # noqa: E501 - a rule of style to a line


def page(source, student, result, marks):
    """Return the page of one student.

    Parameters
    ----------
    source : notebook
        The assignment as the course has it.
    student : str
    result : dict
        As `scoring.grade` returns it.
    marks : dict
        As `gradebook.scores` has it for the student: the scores and the words of a person count.
    """
    title = escape(source.metadata.coursework.title)
    parts = [
        f"<h1>{title}</h1>",
        f"<p><bdi>{escape(student)}</bdi>: {_sum(marks)}</p>",
    ]
    if result["problem"]:
        parts.append(f'<p class="bad">{escape(_sentence(result["problem"]))}</p>')
    parts.append(_table(source, result, marks))
    for heading, cells in sections(source):
        body = [_cell(cell, result, marks) for cell in cells]
        parts += [f"<h2>{escape(heading)}</h2>", *filter(None, body)]
    parts += _own_cells(result)
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<title>{title}: feedback</title>\n{HEAD}</head>\n'
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def sections(source):
    """Return the tasks in their order, [(heading, [cells that a student wrote or a test graded])]."""
    found, heading = [], source.metadata.coursework.title
    for cell in source.cells:
        if cell.cell_type == "markdown":
            headings = re.findall(r"^#{2,6} (?!BEGIN |END )(.+)$", cell.source, re.MULTILINE)
            heading = re.sub(r"[*`$]", "", headings[-1]) if headings else heading
        grading = cell.metadata.get("nbgrader")
        if grading and (grading.solution or grading.grade):
            if not found or found[-1][0] != heading:
                found.append((heading, []))
            found[-1][1].append(cell)
    return found


def _sum(marks):
    """Return the points in all, and how many answers nobody has read yet."""
    scores = list(marks["cells"].values())
    waiting = scores.count(None)
    so_far = f"<strong>{number(sum(filter(None, scores)))} of {number(marks['most'])} points</strong>"
    if not waiting:
        return so_far
    what = "an answer" if waiting == 1 else f"{waiting} answers"
    return f"{so_far} so far. A person has still to read {what}."


def _table(source, result, marks):
    """Return a line for each graded cell, under its task's heading."""
    rows = []
    for heading, cells in sections(source):
        graded = [cell.metadata.nbgrader.grade_id for cell in cells if cell.metadata.nbgrader.grade]
        for name in graded:
            cell = result["scores"][name]
            score = marks["cells"].get(name, cell["score"])
            full = score is not None and score >= cell["points"]
            kind = "muted" if score is None else "good" if full else "bad"
            points = f"{'–' if score is None else number(score)} of {number(cell['points'])}"
            part = (
                f'<br><span class="muted">{escape(name.replace("-", " "))}</span>' if len(graded) > 1 else ""
            )
            rows.append(
                f'<tr><th scope="row">{escape(heading)}{part}</th><td class="{kind}">{points}</td>'
                f"<td>{escape(_first_line(_found(cell, score, full)))}</td></tr>"
            )
    return (
        "<table>\n<caption>Points for each task</caption>\n"
        '<thead><tr><th scope="col">Task</th><th scope="col">Points</th>'
        '<th scope="col">What was found</th></tr></thead>\n'
        f"<tbody>\n{chr(10).join(rows)}\n</tbody>\n</table>"
    )


def _found(cell, score, full):
    """Return what is said of a graded cell."""
    if score is None:
        return "A person will read this."
    if cell["score"] is None:
        return "A person read this."
    if score != cell["score"]:
        return f"A person gave these points. {cell['sentence'] or ''}".strip()
    return cell["sentence"] or ("All tests pass." if full else "")


def _first_line(text):
    return text.partition("\n")[0]


def _cell(cell, result, marks):
    """Return a student's own cell with what came of it, or tests as the student sees them."""
    grading = cell.metadata.nbgrader
    name = grading.grade_id
    if not grading.solution:
        visible = HIDDEN.sub("", cell.source).strip()
        tests = f"<details><summary>The tests that you see</summary><pre>{escape(visible)}</pre></details>"
        sentence = None if result["problem"] else result["scores"][name]["sentence"]
        return f'<p class="bad lines">{escape(sentence)}</p>{tests}' if sentence else tests
    text = result["answers"].get(name, "")
    box = '<div class="answer">{}</div>' if cell.cell_type == "markdown" else "<pre>{}</pre>"
    parts = ["<h3>Your answer</h3>"]
    parts.append(box.format(escape(text)) if text.strip() else '<p class="muted">There is none.</p>')
    printed = result["printed"].get(name, {"text": "", "error": None})
    if printed["text"]:
        parts.append(f"<h3>It printed</h3><pre>{escape(printed['text'])}</pre>")
    if printed["error"]:
        parts.append(f'<h3>It ended with an error</h3><p class="bad">{escape(printed["error"])}</p>')
    if comment := marks.get("comments", {}).get(name):
        parts.append(f"<h3>A comment on it</h3><blockquote>{escape(comment)}</blockquote>")
    return "\n".join(parts)


def _own_cells(result):
    """Return what went wrong in cells that the student added; they have a number in place of a name."""
    errors = [
        f'<li>{escape(_sentence(name))} <span class="bad">{escape(found["error"])}</span></li>'
        for name, found in result["printed"].items()
        if name.startswith("your cell ") and found["error"]
    ]
    return ["<h2>Cells that you added</h2>", "<ul>", *errors, "</ul>"] if errors else []


def _sentence(words):
    """Return words with a capital letter and a full stop."""
    return words[:1].upper() + words[1:] + ("" if words.endswith(".") else ".")
