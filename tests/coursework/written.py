"""What students may write: a text that means harm to whoever shows it, and results full of one text."""

EVIL = (
    "</pre></script><script>alert(1)</script><img src=x onerror=alert(2)><svg/onload=alert(3)>"
    "<a href='javascript:alert(4)'>x</a><style>*{display:none}</style><!-- --><base href=//example.org>"
    " ![p](http://example.org/p.png) [q](javascript:alert(5)) <http://example.org> [r]: http://example.org\n"
    "\n[r][r]\n\n```\n<script>alert(6)</script>\n```\n\n<iframe\nsrc=//example.org></iframe>"
    " &lt;b&gt; 안녕하세요"
)


def of_everything(notebook, text, sentence):
    """Return a result in which a student wrote and printed one text everywhere, and its marks."""
    cells = [cell.metadata.nbgrader for cell in notebook.cells if "nbgrader" in cell.metadata]
    own = [cell.grade_id for cell in cells if cell.solution]
    scores = {
        cell.grade_id: {"score": None if cell.solution else 0, "points": cell.points, "sentence": sentence}
        for cell in cells
        if cell.grade
    }
    printed = {name: {"text": text, "error": text} for name in [*own, "your cell 3"]}
    result = {"problem": None, "scores": scores, "printed": printed, "answers": dict.fromkeys(own, text)}
    marks = {
        "cells": {name: cell["score"] for name, cell in scores.items()},
        "most": 20.0,
        "comments": dict.fromkeys(own, text),
    }
    return result, marks
