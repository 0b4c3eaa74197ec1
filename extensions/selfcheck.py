"""Self-checks: a question with one or several right answers, or a number, each answer computed at build time.

    ```{selfcheck} check-intersection-over-union
    from imagebook.boxes import iou
    moved = iou((0, 0, 2, 2), (1, 0, 3, 2))
    ---
    The second square moves by half a side to the right only. What happens to the IoU of 1/7?

    - [moved > 2 / 7] It more than doubles.
      > The shared area doubles, and the union shrinks.
    - [moved < 2 / 7] It less than doubles.
      > That would be so if the union stayed the same.
    ```

Above the line stands Python, run when the book is built. Below it the question, then the answers: in
brackets an expression that says whether this answer is right, and after `>` what a reader who picks it is
told. One right answer makes round buttons, several make boxes to tick. `- [= moved ± 0.01] of all pixels`
asks for a number instead (and names its unit); further lines `- [≠ 1 / 7 ± 0.01]` tell readers about a
likely mistake.

`{progress}` says how many self-checks of all chapters a reader has solved.
"""

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

import beside
from docutils import nodes
from language import say
from sphinx.util.docutils import SphinxDirective

ANSWER = re.compile(r"^- \[(?P<kind>[=≠]?)(?P<expression>.+?)(?:±(?P<tolerance>[^\]]+))?\]$")


@dataclass(frozen=True)
class Answer:
    """One answer: whether it is right, for numbers their value and tolerance, and two texts in Markdown."""

    right: bool
    value: float | None
    tolerance: float
    text: str
    reason: str


def parse(body):
    """Return the question's text and its answers, computed."""
    code, line, rest = body.partition("\n---\n")
    if not line:
        raise ValueError("a self-check needs Python, a line ---, and a question")
    names = {}
    exec(code, names)
    parts = re.split(r"\n(?=- \[)", rest.strip())
    return parts[0].strip(), check([_answer(part, names) for part in parts[1:]])


def _answer(part, names):
    """Return one answer from its lines."""
    first, *rest = part.splitlines()
    match = read(first)
    if not match:
        raise ValueError(f"an answer begins with - [expression], got {first!r}")
    lines = "\n".join([match["text"].strip(), *(line.strip() for line in rest)])
    text, _, reason = lines.partition("\n> ")
    if not reason:
        raise ValueError(f"an answer says after > why it is right or wrong, got {part!r}")
    value = eval(match["expression"].strip(), names)
    tolerance = float(eval(match["tolerance"], names)) if match["tolerance"] else 0.0
    if match["kind"]:
        return Answer(match["kind"] == "=", float(value), tolerance, text.strip(), reason.strip())
    return Answer(bool(value), None, 0.0, text.strip(), reason.strip())


def read(line):
    """Return the parts of an answer's line, or None; an expression may have brackets of its own."""
    ends = [end.end() for end in re.finditer(r"\](?= |$)", line)]
    for match in (ANSWER.match(line[:end]) for end in ends):
        try:
            compile(match["expression"].strip(), "answer", "eval")
        except (SyntaxError, TypeError):
            continue
        return {**match.groupdict(), "text": line[match.end() :]}
    return None


def check(answers):
    """Return the answers if they make a question: a right one, and for a choice a wrong one."""
    rights = sum(answer.right for answer in answers)
    numbers = [answer for answer in answers if answer.value is not None]
    if numbers and (len(numbers) < len(answers) or rights != 1):
        raise ValueError("a question for a number has one line [= ...], and beside it only lines [≠ ...]")
    if numbers:
        right = next(answer for answer in numbers if answer.right)
        near = [a for a in numbers if not a.right and abs(a.value - right.value) <= right.tolerance]
        if near:
            raise ValueError(
                f"{near[0].value} is given as a mistake and lies within the right answer's tolerance"
            )
    elif not 0 < rights < len(answers):
        raise ValueError(f"a question has right and wrong answers, got {rights} right of {len(answers)}")
    return answers


def verdict(answer):
    """Return in Markdown whether an answer is right, the answer, and why."""
    mark = say("Right" if answer.right else "Wrong")
    number = "" if answer.value is None else f"{answer.value:.4g}"
    return f"**{mark}: {f'{number} {answer.text}'.strip().rstrip('.')}.** {answer.reason}"


class choice(nodes.paragraph):  # docutils names nodes like this
    """An answer's text, inside its label."""


def visit_choice(self, node):
    self.body.append(f'<label><input type="{node["input"]}" name="{node["name"]}" {node["mark"]}><span>')


def depart_choice(self, node):
    self.body.append("</span></label>\n")


class SelfCheck(SphinxDirective):
    """The form, with its answers folded beneath for those who have no script and for print."""

    required_arguments = 1
    has_content = True

    def run(self):
        try:
            question, answers = parse("\n".join(self.content))
        except Exception as error:
            raise self.error(f"{self.arguments[0]}: {type(error).__name__}: {error}") from error
        label = self.arguments[0]
        form = nodes.container(classes=["ib-check"])
        number = answers[0].value is not None
        several = sum(answer.right for answer in answers) > 1
        form += raw(f'<form id="{label}" autocomplete="off"><fieldset><legend>{say("Self-check")}</legend>')
        form += self.markdown(question)
        if several:
            form += raw(f'<p class="ib-check-hint">{say("Tick all that are right.")}</p>')
        if number:
            form += self.number(answers)
        for index, answer in enumerate(answers if not number else []):
            kind = "checkbox" if several else "radio"
            mark = 'data-right=""' if answer.right else ""
            form += choice(
                "", "", *self.inline(answer.text), input=kind, name=label, mark=f'value="{index}" {mark}'
            )
        form += raw(f'<p><button type="submit">{say("Check")}</button></p></fieldset>')
        form += raw('<div class="ib-check-verdict" role="status" aria-live="polite"></div></form>')
        form += raw(f'<details class="ib-check-answers"><summary>{say("Answer")}</summary>')
        for answer in answers:
            form += raw(f'<div data-answer="{"right" if answer.right else "wrong"}">')
            form += self.markdown(verdict(answer))
            form += raw("</div>")
        form += raw("</details>")
        return [form]

    def number(self, answers):
        """Return the field for a number, with what it is compared to."""
        values = " ".join(
            f"{answer.value!r}±{answer.tolerance!r}" for answer in sorted(answers, key=lambda a: not a.right)
        )
        unit = next(answer.text for answer in answers if answer.right)
        return [
            choice(
                "",
                "",
                nodes.Text(""),
                *self.inline(unit),
                input="text",
                name=self.arguments[0],
                mark=f'inputmode="decimal" size="8" aria-label="{say("Your number")}" data-values="{values}"',
            )
        ]

    def markdown(self, text):
        """Return the nodes of a text."""
        return self.parse_text_to_nodes(text)

    def inline(self, text):
        """Return the nodes of a line."""
        return self.parse_inline(text, lineno=self.lineno)[0] if text else []


class Progress(SphinxDirective):
    """Where the script says how many of the book's self-checks are solved; empty without it."""

    def run(self):
        chapters = sorted(Path(self.env.srcdir, "chapters").glob("*.md"))
        for chapter in chapters:
            self.env.note_dependency(str(chapter))
        names = [name for chapter in chapters for name in labels(chapter.read_text(encoding="utf-8"))]
        if not names:
            raise self.error("there are no self-checks in chapters/*.md whose progress could be shown")
        return [raw(f'<div class="ib-progress" data-checks="{" ".join(names)}"></div>')]


def labels(text):
    """Return the labels of a chapter's self-checks, in order."""
    return re.findall(r"^```+\{selfcheck\} ([\w-]+)$", text, flags=re.MULTILINE)


def raw(text):
    """Return HTML as a node."""
    return nodes.raw("", text, format="html")


def as_markdown(body):
    """Return a self-check as the Markdown that every notebook program shows."""
    question, answers = parse(body)
    lines = [f"**{say('Self-check')}**", "", question, ""]
    lines += [f"- {answer.text}" for answer in answers if answer.value is None]
    lines += ["", f"<details><summary>{say('Answer')}</summary>", ""]
    lines += [f"- {verdict(answer)}" for answer in answers]
    return textwrap.dedent("\n".join([*lines, "", "</details>"])) + "\n"


def add_script(app, pagename, templatename, context, doctree):
    """Add the script to the pages that have something for it to do, and to no other."""
    if re.search('class="[^"]*(ib-check|ib-progress)', context.get("body", "")):
        app.add_js_file("selfcheck.js", loading_method="defer")


def setup(app):
    beside.ship(app, __file__)
    app.add_node(choice, html=(visit_choice, depart_choice))
    app.add_directive("selfcheck", SelfCheck)
    app.add_directive("progress", Progress)
    app.connect("html-page-context", add_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
