"""Report a problem: a form that asks for the page and what was seen, and a link to it from every page.

    ```{report-form}
    ```

Where the book's repository is on GitHub the form opens a new issue there, filled in, which the reader sends;
it is a plain form and needs no script. Elsewhere the script makes a text of it, to copy. Nothing leaves the
page before the reader presses the button.
"""

from urllib.parse import quote

import beside
from docutils import nodes
from language import say
from markupsafe import escape
from sphinx.util.docutils import SphinxDirective

PAGE = "pages/report"
TEMPLATE = "problem.yml"  # .github/ISSUE_TEMPLATE/; the names of the fields are its ids
LONGEST = 2000  # characters of an answer: GitHub takes an address of about 8,000
FIELD = """<p><label for="ib-report-{name}">{label}{mark}</label>
<span class="ib-hint" id="ib-report-{name}-hint">{hint}</span>
{control}</p>"""
FIELDS = (
    ("book-page", say("Page"), say("Its address or its title."), True),
    (
        "seen",
        say("What did you see?"),
        say("Quote the words or numbers, or say what you did and what happened."),
        True,
    ),
    (
        "expected",
        say("What did you expect?"),
        say("If you know: what would be right, and where it is written."),
        False,
    ),
)


class ReportForm(SphinxDirective):
    """The form."""

    def run(self):
        return [nodes.raw("", form(self.config.book_repository), format="html")]


def form(repository):
    """Return the form; `repository` is an address on GitHub or empty."""
    target = f' action="{escape(repository)}/issues/new" method="get"' if repository else ""
    parts = [f'<form class="ib-form ib-report"{target}>']
    if repository:
        parts.append(f'<input type="hidden" name="template" value="{TEMPLATE}" />')
        parts.append(f'<input type="hidden" name="title" value="{say("Problem on a page")}" />')
    for name, label, hint, required in FIELDS:
        common = f'id="ib-report-{name}" name="{name}" aria-describedby="ib-report-{name}-hint"'
        common += " required" if required else ""
        control = (
            f'<input type="text" maxlength="300" autocomplete="off" {common} />'
            if name == "book-page"
            else f'<textarea rows="4" maxlength="{LONGEST}" {common}></textarea>'
        )
        mark = "" if required else say(" (optional)")
        parts.append(FIELD.format(name=name, label=label, mark=mark, hint=hint, control=control))
    if repository:
        parts.append(f'<p><button type="submit">{say("Go on to GitHub")}</button></p>')
        parts.append(f"<p>{say('It opens with what you wrote. There you can change it, and send it.')}</p>")
    else:
        # Without a script nothing could be done with the answers: then the questions alone say what to write.
        parts.append(
            f'<p class="pst-js-only"><button type="submit">{say("Make a text to copy")}</button></p>'
        )
        parts.append(f"<p>{say('Send your answers to whoever gave you this book or runs this site.')}</p>")
        parts.append(f'<p hidden><label for="ib-report-text">{say("Your report")}</label>')
        parts.append('<textarea id="ib-report-text" rows="8" readonly></textarea>')
        parts.append(f'<button type="button">{say("Copy")}</button> <span role="status"></span></p>')
    return "\n".join([*parts, "</form>"])


def add_link(app, pagename, templatename, context, doctree):
    """Put the link into a page's footer and the script on the page with the form."""
    if PAGE not in app.env.found_docs:
        return
    if pagename == PAGE:
        app.add_js_file("report.js", loading_method="defer")
    elif doctree is not None:
        target = f"{app.builder.get_relative_uri(pagename, PAGE)}?page={quote(pagename, safe='/')}"
        link = (
            f'<p><a class="ib-report-link" href="{target}">{say("Report a problem with this page")}</a></p>'
        )
        context["theme_extra_footer"] = link + context.get("theme_extra_footer", "")


def setup(app):
    beside.ship(app, __file__)
    app.add_directive("report-form", ReportForm)
    app.connect("html-page-context", add_link)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
