"""What was graded already: one file for each student, written whole or not at all.

A result holds for the submission and the assignment that it was made of; when one of them changes, it is no
longer there.
"""

import hashlib
import json

KEPT = "result"


def hashes(course, assignment, fingerprint, student):
    """Return what a result would be made of now: the hash of the submission, and that of the assignment."""
    with course.path("submitted", assignment, student=student).open("rb") as file:
        return [hashlib.file_digest(file, "sha256").hexdigest(), fingerprint]


def of(course, assignment, student):
    """Return the result that is kept, whatever it was made of, or None."""
    return _read(course, assignment, student).get(KEPT)


def current(course, assignment, student, made_of):
    """Return the result that was made of this, or None."""
    kept = _read(course, assignment, student)
    return kept.get(KEPT) if kept.get("made_of") == made_of else None


def keep(course, assignment, student, made_of, result):
    """Keep a result, with what it was made of."""
    path = course.path("results", assignment, student=student)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"made_of": made_of, KEPT: result}
    new = path.with_suffix(".new")
    new.write_text(json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8")
    new.replace(path)


def _read(course, assignment, student):
    """Return what is kept of a student; nothing where the file is absent or damaged."""
    try:
        kept = json.loads(course.path("results", assignment, student=student).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}
