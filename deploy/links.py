"""Print the link of each chapter on a hub with nbgitpuller: it fetches the book and opens the chapter.

Usage: python deploy/links.py https://hub.example.org OWNER/NAME

OWNER/NAME is the book's repository on GitHub; the address of any other repository works as well. A student
who follows a link again gets what has changed since, and keeps what he or she wrote.
"""

import re
import sys
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
BRANCH = "release"  # which a release of the book moves, after its library is published
SHAPES = (
    ("the hub", r"https?://[\w.-]+(:\d+)?(/[\w./~-]*)?", "https://hub.example.org"),
    ("the repository", r"(https?|file)://[\w.:/~-]*[\w.~-]", "OWNER/NAME or https://example.org/NAME"),
)


def chapters():
    """Return the notebooks of all chapters, in the order of the book."""
    names = re.findall(r"- file: (chapters/\w+)", (ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [f"{name}.ipynb" for name in names]


def link(hub, repository, notebook):
    """Return the address that opens a notebook of a repository on a hub."""
    if re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        repository = f"https://github.com/{repository}"
    for value, (name, shape, example) in zip((hub, repository), SHAPES, strict=True):
        if not re.fullmatch(shape, value):
            raise ValueError(f"{name} must look like {example}, got {value!r}")
    repository = repository.rstrip("/")
    path = f"lab/tree/{repository.rpartition('/')[2]}/{notebook}"
    query = urlencode({"repo": repository, "branch": BRANCH, "urlpath": path}, safe="/")
    return f"{hub.rstrip('/')}/hub/user-redirect/git-pull?{query}"


def main(arguments):
    """Print the links; return what to tell the shell."""
    if len(arguments) != 2:
        return "Usage: python deploy/links.py https://hub.example.org OWNER/NAME"
    try:
        links = [link(*arguments, notebook) for notebook in chapters()]
    except ValueError as error:
        return f"links.py: {error}"
    print(*links, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
