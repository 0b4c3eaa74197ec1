"""How to cite a page, at its end: a sentence and BibTeX, from CITATION.cff and the page's title."""

import re
from pathlib import Path

import report
import yaml
from language import say
from markupsafe import escape

# The theme's copy button finds what stands in `div.highlight pre`.
DETAILS = f"""<details class="ib-cite"><summary>{say("Cite this page")}</summary>
<div class="highlight"><pre>{{text}}</pre></div>
<div class="highlight"><pre>{{bibtex}}</pre></div>
</details>"""


def read_citation(folder):
    """Return CITATION.cff as a dict, empty where there is none."""
    path = Path(folder, "CITATION.cff")
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}


def sentence(citation, title, url):
    """Return a citation as a sentence; `url` may be empty."""
    authors = ", ".join(author["name"] for author in citation["authors"])
    parts = [
        f"{authors[:1].upper()}{authors[1:]} ({year(citation)})",
        title,
        say("In: {0}, version {1}").format(say(citation["title"]), citation["version"]),
        url,
    ]
    return ". ".join(filter(None, parts)) + ("" if url else ".")


def bibtex(citation, name, title, url):
    """Return a citation for BibTeX; `name` is the page's."""
    authors = " and ".join(f"{{{author['name']}}}" for author in citation["authors"])
    fields = {
        "author": authors,
        "title": f"{{{title}}}",
        "howpublished": say("{0}, version {1}").format(say(citation["title"]), citation["version"]),
        "year": year(citation),
        "url": url,
    }
    lines = [f"  {key} = {{{value}}}," for key, value in fields.items() if value]
    return "\n".join([f"@misc{{imagebook-{name},", *lines, "}"])


def year(citation):
    """Return the year of the version that is cited."""
    return str(citation["date-released"])[:4]


def add_citation(app, pagename, templatename, context, doctree):
    """Put the citation into a page's footer, apart from the text that is searched."""
    citation = read_citation(app.srcdir)
    if doctree is None or not citation or pagename == report.PAGE:
        return
    title = re.sub("<[^>]*>", "", context["title"])
    base = app.config.html_baseurl
    url = base + app.builder.get_target_uri(pagename) if base else ""
    name = pagename.rpartition("/")[2]
    block = DETAILS.format(
        text=escape(sentence(citation, title, url)), bibtex=escape(bibtex(citation, name, title, url))
    )
    context["theme_extra_footer"] = block + context.get("theme_extra_footer", "")


def setup(app):
    app.connect("html-page-context", add_citation)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
