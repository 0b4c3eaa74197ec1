"""Names the parts of the theme's pages for those who do not see them: landmarks, and what a button is for.

The theme puts the page's end into the main part, and marks as banner and as end two elements that are empty.
Rules on the finished page (website.py calls them) move those marks; a rule that does not find its place, say
after an upgrade of the theme, stops the build.
"""

import re

import beside
from language import say
from sphinx.errors import ExtensionError

# What stands in a page of the theme, how often at least and at most, what it becomes, and why.
RULES = [
    # The main part is the text, not the text, the list of its sections and the page's end.
    (r'<main id="main-content" class="bd-main"[^>]*>', 1, 1, '<div class="bd-main">'),
    (r"</main>", 1, 1, "</div>"),
    (
        r'<div class="bd-article-container">(.*?<footer class="prev-next-footer.*?</footer>\s*)</div>',
        1,
        1,
        r'<main id="main-content" class="bd-article-container" tabindex="-1">\1</main>',
    ),
    # The previous and the next chapter: somewhere to go, not the end of the page.
    (
        r'<footer class="(prev-next-footer[^"]*)">(.*?)</footer>',
        1,
        1,
        rf'<nav class="\1" aria-label="{say("Previous and next page")}">\2</nav>',
    ),
    # The book's name, the search and the chapters are the banner; the theme's own is empty.
    (r'<header id="pst-header"', 1, 1, r'<header id="pst-header" role="none"'),
    (
        r'<div class="(sidebar-primary-items__start[^"]*)">',
        1,
        1,
        r'<div class="\1" role="banner">',
    ),
    (r'<footer class="bd-footer">', 1, 1, r'<footer class="bd-footer" role="none">'),
    (r'aria-label="Main"', 1, 1, rf'aria-label="{say("Chapters")}"'),
    # The list of the page's sections stands beside the main part.
    (
        r'<div id="pst-secondary-sidebar" class',
        0,
        1,
        rf'<div id="pst-secondary-sidebar" role="complementary" aria-label="{say("This page")}" class',
    ),
    # A list of the page's sections in the text, beside which the theme has another.
    (r'<nav class="contents local"', 0, 1, rf'<nav aria-label="{say("Here")}" class="contents local"'),
    # A button's name says what it does; that of the colours also which ones are chosen, as its icon does.
    (r'title="Toggle primary sidebar"', 1, 1, f'title="{say("Show or hide the chapters")}"'),
    (r'title="Toggle secondary sidebar"', 0, 1, f'title="{say("Sections of this page")}"'),
    (
        r'<button class="([^"]*theme-switch-button[^"]*)" aria-label="Color mode"[^>]*>',
        1,
        1,
        rf'<button class="\1" type="button"><span class="ib-name">{say("Colours: ")}'
        f'<span class="theme-switch" data-mode="light">{say("light")}</span>'
        f'<span class="theme-switch" data-mode="dark">{say("dark")}</span>'
        f'<span class="theme-switch" data-mode="auto">{say("as the system")}</span></span>',
    ),
    # A role that is not in use any more, in the list of references.
    (r'role="doc-biblioentry"', 0, 1000, 'role="listitem"'),
]


def marked(page):
    """Return a page of the theme with the landmarks and names that its readers need."""
    for pattern, least, most, replacement in RULES:
        page, count = re.subn(pattern, replacement, page, flags=re.DOTALL)
        if not least <= count <= most:
            raise ExtensionError(f"the theme's page has {count} places {pattern}, not {least} to {most}")
    return page


def setup(app):
    beside.ship(app, __file__)
    app.add_js_file("landmarks.js", loading_method="defer")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
