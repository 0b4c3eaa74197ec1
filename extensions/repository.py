"""Points the edit and issue buttons to the repository that the book is built from, and dates the copyright.

The variable BOOK_URL says where the book will stand; else a clone from GitHub goes to GitHub Pages.

Where the clone has no public remote there are no buttons: a button that leads nowhere is worse than none.
"""

import os
import re
import subprocess
from datetime import date

from language import EDITIONS, LANGUAGE


def public_address(remote):
    """Return the web address of a git remote on GitHub without credentials, None for any other remote."""
    match = re.fullmatch(
        r"(?:https://(?:[^/@]+@)?|ssh://git@|git@)github\.com[/:]([\w.-]+/[\w.-]+?)(?:\.git)?/?", remote
    )
    return f"https://github.com/{match[1]}" if match else None


def git(folder, *words):
    """Return what git says of the clone in `folder`, or an empty text."""
    command = ["git", "-C", str(folder), *words]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:  # built from a zip on a machine without git
        return ""


def book_address(wanted, repository):
    """Return the address of the book's first page, ending in /, or an empty text where nobody knows it.

    `wanted` is what BOOK_URL says, `repository` an address on GitHub or None.
    """
    if wanted:
        if not re.fullmatch(r"https?://[^\s?#\"'<>]+", wanted):
            raise ValueError(f"BOOK_URL must be an address such as https://example.org/book/, got {wanted!r}")
        return wanted.rstrip("/") + "/"
    if repository is None:
        return ""
    owner, name = repository.removeprefix("https://github.com/").split("/")
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"


def configure(app, config):
    """Set the theme's options before it reads them."""
    this_year = str(date.today().year)
    if config.copyright != this_year:
        config.copyright = f"{config.copyright}–{this_year}"
    address = public_address(git(app.srcdir, "remote", "get-url", "origin"))
    first = book_address(os.environ.get("BOOK_URL", ""), address)
    config.html_baseurl = first and first + EDITIONS[LANGUAGE][1]
    if address is not None:
        config.book_repository = address
        config.html_theme_options |= {
            "repository_url": address,
            "repository_branch": "main",
            "use_repository_button": True,
            "use_edit_page_button": True,
            "use_issues_button": True,
        }


def setup(app):
    app.add_config_value("book_repository", "", "html")  # on GitHub; the theme's own setting has a default
    app.connect("config-inited", configure)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
