"""Grades one submission: its cells run behind the wall, the tests run here.

A test sees the student's functions as stand-ins. To call one sends its arguments through the wall and
brings back plain data; so what is compared, and the comparison itself, are out of the student's reach.
"""

import ast
import contextlib
import hashlib
import json
import signal
import time
from dataclasses import dataclass

import numpy as np

import imagebook
from coursework import submission
from coursework.isolation import Limits
from coursework.program import Late
from coursework.sandbox import Sandbox, Stopped, StudentError
from coursework.source import HIDDEN

SECONDS_PER_CELL = 30
SECONDS_PER_CALL = 10
SECONDS_PER_TEST = 40
SECONDS_IN_ALL = 180
MOST_PRINTED = 200_000  # characters of all cells together
MOST_STARTS = 4  # of the program, after cells or calls that had to be stopped
SECONDS_TO_START = (
    60  # of a program behind the wall; one is a matter of a second, on a machine that is not full
)
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
        made_of = [self.source, imagebook.__version__]
        return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()


class Student:
    """A student's program: started again where it had to be stopped, without the cell that was to blame."""

    def __init__(self, assignment, cells, isolate):
        self._assignment, self._cells, self._isolate = assignment, cells, isolate
        self._end = time.monotonic() + SECONDS_IN_ALL
        self._starts = 0
        self._bad = {}
        self._sandbox = None
        self.printed = {}
        self.is_hidden = False  # while hidden tests run, nothing that the program prints is kept

    def __enter__(self):
        """Start the program; one that cannot be kept running answers nothing."""
        with contextlib.suppress(Stopped):
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
            try:
                self._sandbox.run("", "<start>", SECONDS_TO_START)
            except Stopped as reason:  # nothing of the student's has run in it: that is no fault of theirs
                self._stop()
                raise RuntimeError(f"the program behind the wall did not start: {reason}") from None
            room = MOST_PRINTED
            for cell in self._cells:
                if cell.name in self._bad:
                    continue
                try:
                    text, error = self._within(SECONDS_PER_CELL, self._run, cell)
                    if not self.is_hidden:
                        self.printed[cell.name] = text[:room], error
                    room -= len(text[:room])
                except Stopped as reason:
                    self._bad[cell.name] = str(reason)
                    if not self.is_hidden:
                        self.printed[cell.name] = ("", f"The cell was stopped: {reason}.")
                    self._stop()
                    break

    def _run(self, cell, seconds):
        return self._sandbox.run(cell.source, f"<cell {cell.name}>", seconds)

    def _within(self, seconds, do, *arguments):
        """Do something within so many seconds and the notebook's time; no sentence tells what was left."""
        left = self._end - time.monotonic()
        if left > 0:
            try:
                return do(*arguments, min(seconds, left))
            except Late:
                if seconds <= left:
                    raise
        raise Stopped(f"the notebook took longer than {SECONDS_IN_ALL} seconds in all")

    def ask(self, question):
        """Return what the running program answers to a question; a program that is stopped starts again."""
        if self._sandbox is None:
            self._start()
        try:
            return self._within(SECONDS_PER_CALL, question, self._sandbox)
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


@contextlib.contextmanager
def time_limit(seconds):
    """Raise Stopped where the tests themselves take too long; needs the main thread of a process."""

    def late(number, frame):
        raise Stopped(f"the tests took longer than {seconds:g} seconds with what it returned")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def run_test(source, student, namespace, names):
    """Run tests here, with stand-ins for what a student defined; return what ended them, or None."""
    tree = ast.parse(source)
    words = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    # A name that the test gives a value is the test's own, whatever a student calls so.
    used = {node.id for node in words} - {node.id for node in words if isinstance(node.ctx, ast.Store)}
    namespace = dict(namespace)
    try:
        for word in sorted(used & names.keys()):
            if names[word]:
                namespace[word] = stand_in(student, word)
            else:
                namespace[word] = student.ask(
                    lambda sandbox, seconds, word=word: sandbox.value(word, seconds)
                )
        # A student's infinity is a wrong number, no news for the teacher.
        with np.errstate(all="ignore"), time_limit(SECONDS_PER_TEST):
            exec(compile(tree, "<tests>", "exec"), namespace)
    except Exception as error:
        return error
    return None


def sentence_of(error):
    """Return what a student is told of a visible test that failed."""
    if isinstance(error, Stopped):
        return f"Your code was stopped: {error}."
    if isinstance(error, StudentError):
        return str(error)[:500]
    words = str(error)
    if words.lstrip().startswith("Not equal to tolerance"):  # NumPy says what was tried before it says why
        tried, *why = words.strip().splitlines()
        words = "\n".join([*why, tried])
    return f"{type(error).__name__}: {words}"[:500].rstrip(": ")


def sentence_of_hidden(error):
    """Return what a student is told of a hidden test that failed: no more than that."""
    if isinstance(error, Stopped):
        return f"A hidden test stopped your code: {error}."
    return "The tests that you see pass; a hidden one does not."


def run_tests(cells, student, namespace, names):
    """Return for each cell of tests the sentence on its first failure, or None where all passed.

    All visible tests come before any hidden one: code that remembers what a hidden test gave it finds no
    visible one after it to tell its sentence to.
    """
    told = {}
    for cell in cells:
        error = run_test(HIDDEN.sub("", cell.source), student, namespace, names)
        told[cell.metadata.nbgrader.grade_id] = None if error is None else sentence_of(error)
    student.is_hidden = True
    for cell in cells:
        name = cell.metadata.nbgrader.grade_id
        if told[name] is None:
            error = run_test(cell.source, student, namespace, names)
            told[name] = None if error is None else sentence_of_hidden(error)
    return told


def graded_cells(source):
    """Return the cells that have points."""
    return [cell for cell in source.cells if cell.metadata.get("nbgrader", {}).get("grade")]


def nothing(source, problem):
    """Return the result of a submission that could not be graded, with the sentence that says why."""
    scores = {
        cell.metadata.nbgrader.grade_id: {
            "score": 0,
            "points": cell.metadata.nbgrader.points,
            "sentence": problem,
        }
        for cell in graded_cells(source)
    }
    return {"problem": problem, "scores": scores, "printed": {}, "answers": {}}


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
    try:
        cells, answers = submission.assemble(assignment.source, submission.read(path))
    except submission.SubmissionError as error:
        return nothing(assignment.source, str(error))
    cells = [cell for cell in cells if cell.name != "fetch-the-library"]
    names, namespace = defined(assignment.source), common_names(assignment.source)
    graded = graded_cells(assignment.source)
    tests = [cell for cell in graded if not cell.metadata.nbgrader.solution]
    with Student(assignment, cells, isolate) as student:
        told = run_tests(tests, student, namespace, names)
    scores = {}
    for cell in graded:
        grading = cell.metadata.nbgrader
        if grading.solution:
            text = answers.get(grading.grade_id, "")
            empty = is_unanswered(text)
            score, sentence = (0, "There is no answer.") if empty else (None, None)
        else:
            sentence = told[grading.grade_id]
            score = grading.points if sentence is None else 0
        scores[grading.grade_id] = {"score": score, "points": grading.points, "sentence": sentence}
    printed = {name: {"text": text, "error": error} for name, (text, error) in student.printed.items()}
    return writable({"problem": None, "scores": scores, "printed": printed, "answers": answers})


def is_unanswered(text):
    r"""Return whether a written answer is none; some leave the stub above theirs.

    >>> is_unanswered("YOUR ANSWER HERE"), is_unanswered("YOUR ANSWER HERE\n\nIt shrinks.")
    (True, False)
    """
    for stub in STUBS:
        text = text.replace(stub, "")
    return not text.strip(" #\n\t")


def writable(result):
    """Return a result that a file can hold: JSON lets half a surrogate pair into a text, UTF-8 does not."""
    return json.loads(json.dumps(result, ensure_ascii=False).encode("utf-8", "replace"))
