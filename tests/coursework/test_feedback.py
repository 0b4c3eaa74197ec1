"""The page that students get, and the notebook that a person reads: the student's own, and nothing more."""

import copy
import re
from html.parser import HTMLParser

import pytest
from nbconvert import HTMLExporter
from written import EVIL, of_everything

from coursework import autograded, feedback, scoring, source
from coursework.course import Course

SECRETS = ("0123456789abcdef" * 4, "f00d" * 16)


@pytest.fixture(scope="module", params=source.assignments())
def asked(request):
    """Return each assignment of the book as a course has it."""
    return source.notebook(Course(None, "images", SECRETS[0]), request.param)


@pytest.fixture(scope="module")
def boxes():
    """Return one of them."""
    return source.notebook(Course(None, "images", SECRETS[0]), "boxes")


class Tags(HTMLParser):
    """The tags of a page with their attributes, and all its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.attributes = set(), [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        """Keep a tag."""
        self.tags.add(tag)
        self.attributes |= {(name, value) for name, value in attributes}

    def handle_data(self, data):
        """Keep a text."""
        self.text.append(data)


def test_what_a_student_wrote_is_inert(boxes):
    """In code, output, errors, name, comments and sentences: the page has no tag that a quiet one has not."""
    result, marks = of_everything(boxes, EVIL, EVIL)
    page = Tags(feedback.page(boxes, EVIL, result, marks))
    quiet = Tags(feedback.page(boxes, "lee", *of_everything(boxes, "quiet\nwords", "quiet\nwords")))
    assert page.tags == quiet.tags
    assert page.attributes == quiet.attributes
    assert not page.tags & {"script", "img", "svg", "a", "iframe", "base", "link", "object", "form"}
    assert "".join(page.text).count(EVIL) > 20  # it is all there to be read


def test_the_page_asks_nothing_of_anybody(boxes):
    """No address, no file beside it, and a policy that forbids both and every script."""
    page = feedback.page(boxes, "lee", *of_everything(boxes, "words", None))
    assert not re.search(r"https?:|//|url\(|@import|\bsrc=|\bhref=", page.replace("<!doctype", ""))
    assert "default-src 'none'; style-src 'unsafe-inline'" in page


def test_nothing_hidden_and_no_solution_is_on_the_page(asked):
    """No line of hidden tests, of seeds, of the reference, of the model answer, for any assignment."""
    quiet = scoring.sentence_of_hidden(AssertionError())
    page = Tags(feedback.page(asked, "lee", *of_everything(asked, "", quiet)))
    text = "".join(page.text)
    visible = "".join(source.HIDDEN.sub("", cell.source) for cell in asked.cells if cell.cell_type == "code")
    given = re.sub(r"### BEGIN SOLUTION.*?### END SOLUTION", "", visible, flags=re.DOTALL)
    secret = []
    for cell in asked.cells:
        for block in (
            source.HIDDEN,
            autograded.MODEL,
            re.compile(r"### BEGIN SOLUTION\n(.*?)### END", re.DOTALL),
        ):
            secret += [line for found in block.findall(cell.source) for line in found.splitlines()]
    secret = {line.strip() for line in secret if len(line.strip()) > 12 and line.strip() not in given}
    assert len(secret) > 40
    assert [line for line in secret if line in text] == []
    assert "default_rng" not in text and "HIDDEN" not in text and "SOLUTION" not in text


def test_tasks_stand_in_order_under_their_own_headings(boxes):
    """Each row of the table begins with a heading of the assignment; two cells of one task say which."""
    page = feedback.page(boxes, "lee", *of_everything(boxes, "words", None))
    rows = re.findall(r'<th scope="row">(.*?)</th>', page)
    assert [row.partition("<br>")[0] for row in rows] == [
        "1. By hand",
        "2. The detector&#x27;s file",
        "3. How well do two boxes agree?",
        "4. All pairs at once",
        "5. One seal, one box",
        "5. One seal, one box",
        "6. A count that is right for the right reasons",
        "7. A report for the station",
    ]
    assert "heaps apart" in rows[4] and "finer points" in rows[5] and "<br>" not in rows[0]
    headings = re.findall(r"<h2>(.*?)</h2>", page)
    assert headings == [*dict.fromkeys(row.partition("<br>")[0] for row in rows), "Cells that you added"]


def test_points_are_those_of_persons_where_they_gave_some(boxes):
    """A point by hand counts and is named; what nobody has read yet is not counted as lost."""
    result, marks = of_everything(boxes, "words", "AssertionError: no")
    page = feedback.page(boxes, "lee", result, marks)
    assert "<strong>0 of 20 points</strong> so far. A person has still to read an answer." in page
    assert "– of 4" in page and "A person will read this." in page
    marks["cells"] |= {"report": 2.5, "judged": 3}
    page = feedback.page(boxes, "lee", result, marks)
    assert "<strong>5.5 of 20 points</strong></p>" in page
    assert "A person read this." in page and "A person gave these points. AssertionError: no" in page
    assert '<td class="good">3 of 3</td>' in page and '<td class="bad">2.5 of 4</td>' in page


def test_a_submission_that_is_no_notebook_has_a_page_that_says_so(boxes):
    """One sentence at the top; no answers."""
    result = scoring.nothing(boxes, "the file is not a notebook: it is not JSON")
    marks = {"cells": {name: 0 for name in result["scores"]}, "most": 20.0, "comments": {}}
    page = feedback.page(boxes, "lee", result, marks)
    assert '<p class="bad">The file is not a notebook: it is not JSON.</p>' in page
    assert page.count("There is none.") == 7


def test_the_formgrader_gets_no_html_of_a_student(boxes):
    """As nbgrader's page shows it, where HTML is believed: no tag that a quiet answer has not."""

    def shown(text):
        notebook = autograded.notebook(boxes, of_everything(boxes, text, text)[0])
        only = copy.deepcopy(notebook)
        only.cells = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("solution")]
        return Tags(HTMLExporter(template_name="basic").from_notebook_node(only)[0])

    page = shown(EVIL)
    allowed = shown("quiet\n\n```\nwords\n```\n\nhttp://example.org").tags
    assert page.tags <= allowed, page.tags - allowed
    assert not page.tags & {"script", "img", "svg", "iframe", "base", "style"}
    links = [value for name, value in page.attributes if name == "href"]
    assert links and all(link.startswith("http://example.org") for link in links)  # bare, to be pressed
    assert "안녕하세요" in "".join(page.text)


def test_a_reader_of_answers_sees_the_model_answer_and_the_formula(boxes):
    """Before the student's text, in a cell without points; a < between letters stays one."""
    result, _ = of_everything(boxes, "$a<b$ and `x<y`", None)
    cells = autograded.notebook(boxes, result).cells
    place = next(
        index
        for index, cell in enumerate(cells)
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "report"
    )
    assert cells[place].source == "$a< b$ and `x< y`"
    assert cells[place - 1].source.startswith("**For comparison, the model answer**\n\n")
    assert "nbgrader" not in cells[place - 1].metadata
    assert len({cell.id for cell in cells}) == len(cells)
