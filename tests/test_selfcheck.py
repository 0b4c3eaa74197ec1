"""Self-checks are read and computed as their authors mean, and what makes no question is refused."""

import pytest
import scripts

selfcheck = scripts.load("extensions/selfcheck.py")


def question(*lines, code="values = {'a': [1, 2]}"):
    """Return a self-check with these answers."""
    return selfcheck.parse("\n".join([code, "---", "Which?", "", *lines]))


def test_an_expression_may_have_brackets_of_its_own():
    """The bracket that ends it is the first one after which the expression is complete."""
    text, answers = question(
        "- [values['a'][0] == 1] One [or so].", "  > Yes.", "- [values['a'] == [1]] No.", "  > Two."
    )
    assert text == "Which?"
    assert [(a.right, a.text, a.reason) for a in answers] == [
        (True, "One [or so].", "Yes."),
        (False, "No.", "Two."),
    ]


def test_a_number_has_a_value_a_tolerance_and_a_unit():
    """And mistakes that are expected, each with its reason."""
    _, answers = question(
        "- [= sum(values['a']) / 9 ± 0.01] of all", "  > A third.", "- [≠ 2 / 9 ± 0.01]", "  > No."
    )
    assert [(a.right, round(a.value, 3), a.tolerance, a.text) for a in answers] == [
        (True, 0.333, 0.01, "of all"),
        (False, 0.222, 0.01, ""),
    ]


def test_an_answer_may_speak_of_more_and_less():
    """A > in an answer's text does not begin its reason."""
    _, answers = question("- [True] IoU > 0.5", "  > Yes:", "  more.", "- [False] IoU < 0.5", "  > No.")
    assert [(a.text, a.reason) for a in answers] == [("IoU > 0.5", "Yes:\nmore."), ("IoU < 0.5", "No.")]


def test_the_answer_to_a_number_names_number_and_unit():
    """Those who cannot run the script, or read it on paper, see the number too."""
    text = selfcheck.as_markdown("x = 1\n---\nHow many?\n\n- [= 14 / 4 ± 0.1] pixels\n  > Because.")
    assert "- **Right: 3.5 pixels.** Because." in text


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["- [True] Yes.", "  > Yes."], "has right and wrong answers, got 1 right of 1"),
        (["- [False] A.", "  > No.", "- [0] B.", "  > No."], "got 0 right of 2"),
        (["- [True] Yes.", "- [False] No.", "  > No."], "says after > why"),
        (["- True: yes.", "  > Yes."], "got 0 right of 0"),
        (["- [1 +] Yes.", "  > Yes."], "begins with - \\[expression\\]"),
        (["- [= 1 ± 0.1]", "  > Yes.", "- [≠ 1.05 ± 0.1]", "  > No."], "within the right answer's tolerance"),
        (["- [= 1 ± 0.1]", "  > Yes.", "- [True] No.", "  > No."], "a question for a number has one line"),
    ],
)
def test_what_makes_no_question_is_refused(lines, message):
    """The build stops with a sentence."""
    with pytest.raises(ValueError, match=message):
        question(*lines)


def test_a_notebook_shows_it_as_plain_markdown():
    """Question, choices, and the answer folded."""
    text = selfcheck.as_markdown("x = 1\n---\nWhich?\n\n- [x == 1] One.\n  > Yes.\n- [x == 2] Two.\n  > No.")
    assert text.startswith("**Self-check**\n\nWhich?\n\n- One.\n- Two.\n\n<details><summary>Answer</summary>")
    assert "- **Right: One.** Yes." in text and "- **Wrong: Two.** No." in text
