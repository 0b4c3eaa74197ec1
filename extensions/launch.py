"""The menu "Run" of a chapter: one button for each place where it can run, each leading to that chapter.

It stands in the page's header, where the theme would put its own, which knows fewer places. Those that fetch
the notebook from the book's repository are there only where the repository is on GitHub; what they open is
the branch `release`, which the release workflow moves. The page on places asks for the address of a hub:

    ```{hub-form}
    ```
"""

import shutil
from pathlib import Path
from urllib.parse import urlencode

import beside
from docutils import nodes
from language import EDITIONS, LANGUAGE, base, say
from markupsafe import escape
from sphinx.util.docutils import SphinxDirective

BRANCH = "release"
PAGE = "pages/run"  # what each place needs, and a hub's address
FORGET = '<button type="button" hidden>' + say("Forget this hub") + "</button>"
HINT = say("As the browser shows it when you are there: https://hub.example.org")
REMEMBERS = say(
    "This browser remembers the address: next time, the button in a chapter's menu leads straight there."
)
HUB_FORM = f"""<form class="ib-form ib-hub pst-js-only" data-query="{{query}}">
<p><label for="ib-hub-address">{say("Address of your hub")}</label>
<span class="ib-hint" id="ib-hub-hint">{HINT}</span>
<input type="url" id="ib-hub-address" required autocomplete="url" aria-describedby="ib-hub-hint" /></p>
<p><button type="submit">{say("Open it on this hub")}</button> {FORGET}
<span role="status"></span></p>
<p>{REMEMBERS}</p>
</form>"""


def notebook(app, page):
    """Return the path of a page's notebook, or None where it has none."""
    path = Path(app.srcdir, f"{page}.ipynb")
    return path if "kernelspec" in app.env.metadata.get(page, {}) and path.is_file() else None


def pull(repository):
    """Return the query by which a hub's nbgitpuller fetches the book; the path that it opens comes behind."""
    name = repository.rpartition("/")[2]
    return urlencode({"repo": repository, "branch": BRANCH, "urlpath": f"lab/tree/{name}/"}, safe="/")


def places(page, repository, *, lite):
    """Return the menu's buttons for a chapter, from the place that asks least of the reader.

    Each is its name, what it is called, what it takes, and its address, from the first page or from outside.
    `repository` is an address on GitHub or empty; `lite` says whether the book has Python for the browser.
    """
    path = f"{EDITIONS[LANGUAGE][1]}{page}.ipynb"
    buttons = []
    if lite:
        address = f"{'../' * EDITIONS[LANGUAGE][1].count('/')}lite/notebooks/index.html?path={path}"
        buttons.append(
            ("lite", say("In this browser"), say("fetches Python from a CDN, over 12 MB"), address)
        )
    if repository:
        name = repository.removeprefix("https://github.com/")
        source = f"{name}/blob/{BRANCH}/{path}"
        binder = f"https://mybinder.org/v2/gh/{name}/{BRANCH}?urlpath=lab/tree/{path}"
        colab = f"https://colab.research.google.com/github/{source}"
        kaggle = f"https://kaggle.com/kernels/welcome?src=https://github.com/{source}"
        hub = f"{PAGE}.html?chapter={path}#hub"
        buttons.append(("binder", "Binder", say("a minute or two, no account"), binder))
        buttons.append(("colab", "Colab", say("with a Google account"), colab))
        buttons.append(("kaggle", "Kaggle", say("with a Kaggle account"), kaggle))
        buttons.append(("hub", say("Your school's hub"), say("with an account there"), hub))
    buttons.append(("computer", say("Your computer"), say("saves the notebook"), f"{page}.ipynb"))
    return buttons


class HubForm(SphinxDirective):
    """Asks for a hub's address, and leads there."""

    def run(self):
        if not self.config.book_repository:
            text = say(
                "This copy of the book does not know a public repository that a hub could fetch it from."
            )
            return [nodes.paragraph("", text)]
        query = pull(self.config.book_repository)
        example = f"https://hub.example.org/hub/user-redirect/git-pull?{query}chapters"
        text = f"<p>{say('The link that opens the book on a hub:')} <code>{escape(example)}</code></p>"
        return [nodes.raw("", HUB_FORM.format(query=escape(query)) + text, format="html")]


def add_menu(app, pagename, templatename, context, doctree):
    """Give a chapter its menu, and the page on places its script."""
    if pagename == PAGE:
        app.add_js_file("launch.js", loading_method="defer")
    if notebook(app, pagename) is None:
        return
    app.add_js_file("launch.js", loading_method="defer")
    home = context["pathto"]("", 1)
    repository = app.config.book_repository
    buttons = places(pagename, repository, lite=app.config.launch_lite)
    context["published"] = base(app.config.html_baseurl)
    context["query"] = pull(repository) if repository else ""
    context["places"] = [
        (name, called, takes, address if address.startswith("https://") else home + address)
        for name, called, takes, address in buttons
    ]


def copy_notebooks(app, error):
    """Put the notebooks beside the chapters, for readers who take them home."""
    if error is None and app.builder.name == "html":
        for page in app.env.found_docs:
            if path := notebook(app, page):
                shutil.copy(path, Path(app.outdir, f"{page}.ipynb"))


def configure(app, config):
    """Let the theme find the menu's template, launch.html beside this file."""
    config.templates_path = [*config.templates_path, str(Path(__file__).parent)]


def setup(app):
    beside.ship(app, __file__)
    app.add_config_value("launch_lite", False, "html")
    app.add_directive("hub-form", HubForm)
    app.connect("config-inited", configure)
    app.connect("html-page-context", add_menu)
    app.connect("build-finished", copy_notebooks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
