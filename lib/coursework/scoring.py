"""Grades one submission: its cells run behind the wall, the tests run here.

A test sees the student's functions as stand-ins. To call one sends its arguments through the wall and
brings back plain data; so what is compared, and the comparison itself, are out of the student's reach.
"""

import ast
import hashlib
import json
import time
from dataclasses import dataclass

import numpy as np

from coursework import submission
from coursework.isolation import Limits
from coursework.sandbox import Sandbox, Stopped, StudentError
from coursework.source import HIDDEN

SECONDS_PER_CELL = 30
SECONDS_PER_CALL = 10
SECONDS_IN_ALL = 180
MOST_STARTS = 4  # of the program, after cells or calls that had to be stopped
STUBS = ("YOUR CODE HERE", "YOUR ANSWER HERE")


@dataclass(frozen=True)
class Assignment:
    """What is graded: the source notebook of a course, and the library that goes with it."""

    name: str
    source: object
    library: str
    limits: Limits = Limits()

    def fingerprint(self):
        """Return a hash of all that a grade depends on but the submission."""
        return hashlib.sha256(json.dumps(self.source, sort_keys=True).encode()).hexdigest()


class Student:
    """A student's program: started again where it had to be stopped, without the cell that was to blame."""

    def __init__(self, assignment, cells, isolate):
        self._assignment, self._cells, self._isolate = assignment, cells, isolate
        self._end = time.monotonic() + SECONDS_IN_ALL
        self._starts = 0
        self._bad = {}
        self._sandbox = None
        self.printed = {}

    def __enter__(self):
        """Start the program."""
        self._start()
        return self

    def __exit__(self, *problem):
        """Stop it."""
        self._stop()

    def _stop(self):
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None

    def _start(self):
        """Run the cells from the first; a cell that stops the program is passed over the next time."""
        while self._sandbox is None:
            if self._starts == MOST_STARTS:
                raise Stopped("it had to be stopped too often")
            self._starts += 1
            self._sandbox = Sandbox(self._assignment.library, self._assignment.limits, isolate=self._isolate)
            for cell in self._cells:
                if cell.name in self._bad:
                    continue
                try:
                    self.printed[cell.name] = self._sandbox.run(
                        cell.source, f"<cell {cell.name}>", self._left(SECONDS_PER_CELL)
                    )
                except Stopped as reason:
                    self._bad[cell.name] = str(reason)
                    self.printed[cell.name] = ("", f"The cell was stopped: {reason}.")
                    self._stop()
                    break

    def _left(self, seconds):
        left = self._end - time.monotonic()
        if left <= 0:
            raise Stopped(f"the notebook took longer than {SECONDS_IN_ALL} seconds in all")
        return min(seconds, left)

    def ask(self, question):
        """Return what the running program answers to a question; a program that is stopped starts again."""
        if self._sandbox is None:
            self._start()
        try:
            return question(self._sandbox, self._left(SECONDS_PER_CALL))
        except Stopped:
            self._stop()
            raise


def defined(source):
    """Return the names that the reference solutions define, {name: whether it is a function}."""
    names = {}
    for cell in source.cells:
        if cell.cell_type == "code" and "nbgrader" in cell.metadata and cell.metadata.nbgrader.solution:
            for statement in ast.parse(cell.source).body:
                if isinstance(statement, ast.FunctionDef):
                    names[statement.name] = True
                for target in statement.targets if isinstance(statement, ast.Assign) else ():
                    for node in ast.walk(target):
                        if isinstance(node, ast.Name):
                            names[node.id] = False
    return names


def stand_in(student, name):
    """Return a function that calls the student's behind the wall."""

    def function(*arguments, **options):
        return student.ask(lambda sandbox, seconds: sandbox.call(name, arguments, options, seconds))

    function.__name__ = name
    return function


def common_names(source):
    """Return what the tests may use beside the student's work: all that the set-up cells define."""
    namespace = {"__name__": "tests"}
    for cell in source.cells:
        grading = cell.metadata.get("nbgrader")
        if grading and grading.grade_id.startswith("setup-"):
            exec(compile(cell.source, f"<{grading.grade_id}>", "exec"), namespace)
    return namespace


def run_test(cell, student, namespace, names):
    """Run a cell of tests; return whether it passed, and what a student may know if not."""
    namespace = dict(namespace)
    tree = ast.parse(cell.source)
    words = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    # A name that the test gives a value is the test's own, whatever a student calls so.
    used = {node.id for node in words} - {node.id for node in words if isinstance(node.ctx, ast.Store)}
    name = f"<tests {cell.metadata.nbgrader.grade_id}>"
    line = None
    try:
        for word in sorted(used & names.keys()):
            if names[word]:
                namespace[word] = stand_in(student, word)
            else:
                namespace[word] = student.ask(
                    lambda sandbox, seconds, word=word: sandbox.value(word, seconds)
                )
        with np.errstate(all="ignore"):  # a student's infinity is a wrong number, no news for the teacher
            exec(compile(tree, name, "exec"), namespace)
        return True, None
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        frame = error.__traceback__
        while frame is not None:
            if frame.tb_frame.f_code.co_filename == name:
                line = frame.tb_lineno
            frame = frame.tb_next
        return False, _sentence(error, line, cell.source)


def _sentence(error, line, source):
    """Return what a student may know of a failed test; of a hidden one only that it failed."""
    hidden = HIDDEN.search(source)
    if line is not None and hidden is not None:
        first = source[: hidden.start()].count("\n") + 1
        if first <= line <= first + hidden[0].count("\n"):
            if isinstance(error, Stopped):
                return f"A hidden test stopped your code: {error}."
            return "The tests that you see pass; a hidden one does not."
    if isinstance(error, Stopped):
        return f"Your code was stopped: {error}."
    if isinstance(error, StudentError):
        return str(error)[:500]
    words = str(error)
    if words.lstrip().startswith("Not equal to tolerance"):  # NumPy says what was tried before it says why
        tried, *why = words.strip().splitlines()
        words = "\n".join([*why, tried])
    return f"{type(error).__name__}: {words}"[:500].rstrip(": ")


def grade(assignment, path, *, isolate=True):
    """Return the result of one submission, as data: the same submission gives the same result.

    Parameters
    ----------
    assignment : Assignment
    path : pathlib.Path
        The submitted notebook.
    isolate : bool
        False grades without a wall.

    Returns
    -------
    dict
        ``problem``: a sentence, or None; ``scores``: for each graded cell its points, score (None: by hand)
        and sentence; ``printed``: what each cell printed and its error; ``answers``: the student's own cells.
    """
    graded = [cell for cell in assignment.source.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    result = {"problem": None, "scores": {}, "printed": {}, "answers": {}}
    try:
        cells, answers = submission.assemble(assignment.source, submission.read(path))
    except submission.SubmissionError as error:
        result["problem"] = str(error)
        for cell in graded:
            grading = cell.metadata.nbgrader
            result["scores"][grading.grade_id] = {
                "score": 0,
                "points": grading.points,
                "sentence": str(error),
            }
        return result
    cells = [cell for cell in cells if cell.name != "fetch-the-library"]
    names, namespace = defined(assignment.source), common_names(assignment.source)
    with Student(assignment, cells, isolate) as student:
        for cell in graded:
            grading = cell.metadata.nbgrader
            if grading.solution:
                text = answers.get(grading.grade_id, "")
                empty = not text.strip() or any(stub in text for stub in STUBS)
                score, sentence = (0, "There is no answer.") if empty else (None, None)
            else:
                passed, sentence = run_test(cell, student, namespace, names)
                score = grading.points if passed else 0
            result["scores"][grading.grade_id] = {
                "score": score,
                "points": grading.points,
                "sentence": sentence,
            }
        result["printed"] = {
            name: {"text": text, "error": error} for name, (text, error) in student.printed.items()
        }
    result["answers"] = answers
    return result
