"""What was graded already: one file for each student, written whole or not at all.

A result holds for the submission and the assignment that it was made of; when one of them changes, it is no
longer there.
"""

import hashlib
import json

KEPT = "result"


def of(course, assignment, student):
    """Return the result that is kept, whatever it was made of, or None."""
    try:
        kept = json.loads(course.path("results", assignment, student=student).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return kept.get(KEPT)


def current(course, assignment, fingerprint, student):
    """Return the result of what lies there now, or None."""
    path = course.path("results", assignment, student=student)
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    made_of = _made_of(course, assignment, fingerprint, student)
    return kept[KEPT] if kept.get("made_of") == made_of else None


def keep(course, assignment, fingerprint, student, result):
    """Keep a result of what lies there now."""
    path = course.path("results", assignment, student=student)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"made_of": _made_of(course, assignment, fingerprint, student), KEPT: result}
    new = path.with_suffix(".new")
    new.write_text(json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8")
    new.replace(path)


def _made_of(course, assignment, fingerprint, student):
    submitted = course.path("submitted", assignment, student=student)
    return [hashlib.sha256(submitted.read_bytes()).hexdigest(), fingerprint]
