"""The search of the book: one document for each section, term and exercise, for a search in the browser.

Sphinx's own search ranks words and knows no Korean; here a term's section comes first by each of its names.
Everything is a script that a page from disk may load, and nothing is WebAssembly or evaluated text, so that
it works under a strict Content-Security-Policy. `search.js` is the dialog and the page, on every page;
`search-engine.js`, MiniSearch and the documents are loaded when somebody searches.
"""

import json
import re
import shutil
import tomllib
from pathlib import Path

from docutils import nodes
from language import named, say
from sphinx.util.nodes import clean_astext
from terms import read_terms

SYNONYMS = Path(__file__).with_name("search-synonyms.toml")
WORDS = Path(__file__).with_name("search-words.toml")
SCRIPT = Path(__file__).with_suffix(".js")
# What is loaded when somebody searches, beside the documents: the engine, and the library that it stands on.
ENGINE = Path(__file__).with_name("search-engine.js")
LIBRARY = Path(__file__).with_name("vendor") / "minisearch.js"
# What a reader does not look for in words: code, formulas, answers that should not be given away.
SKIPPED = {"raw", "comment", "math_block", "solution_node", "fold", "image", "target", "toctree"}
SKIPPED_CLASSES = {"cell_output", "ib-check", "toctree-wrapper"}
# What every second cell calls says nothing about it.
EVERYWHERE = {"show", "check"}

PAGE = """<h1>{title}</h1>
<form class="bd-search d-flex align-items-center" action="search.html" method="get" role="search">
  <i class="fa-solid fa-magnifying-glass"></i>
  <input type="search" class="form-control" name="q" placeholder="{title}..." aria-label="{label}"
    autocomplete="off" autocorrect="off" autocapitalize="off" spellcheck="false" />
</form>
<noscript><p>{no_script}</p></noscript>
"""


def read_words():
    """Return what the search says, in the language of this build, and the words that every edition needs."""
    words = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    own = {key: say(text) for key, text in words["says"].items()}
    return own | {"script": {key: say(text) for key, text in words["script"].items()}}, words["words"]


def read_synonyms():
    """Return what people type besides a term's own name, {anchor: [other names]}."""
    return tomllib.loads(SYNONYMS.read_text(encoding="utf-8"))


def names_of(term):
    """Return a term's names: `MOE(전문가 혼합)` is three, the whole and both of its parts."""
    names = []
    for name in named(term):
        names += [name, *filter(None, re.split(r"\s*[()]\s*", name))]
    return list(dict.fromkeys(names))


def documents(doctree, page_title):
    """Return the documents of a page, each a dict: its ids, its title, the titles above it, its text."""
    found = []
    library = imported(doctree)

    def add(node, title, above):
        document = {"ids": node["ids"], "title": title, "above": above, "text": [], "calls": []}
        found.append(document)
        return document

    def walk(node, document):
        for child in node.children:
            name = type(child).__name__
            if isinstance(child, nodes.Text):
                document["text"].append(child.astext())
            elif "cell_input" in child.get("classes", []):
                document["calls"] += [
                    name for name in re.findall(r"(\w+)\(", child.astext()) if name in library
                ]
            elif name in SKIPPED or SKIPPED_CLASSES & set(child.get("classes", [])):
                continue
            elif isinstance(child, nodes.section) and isinstance(child[0], nodes.title):
                above = [*document["above"], document["title"]] if found else []
                walk(child, add(child, clean_astext(child[0]), above))
            elif name.startswith("exercise_") and "label" in child:
                walk(child, add(child, exercise_title(child), [*document["above"], document["title"]]))
            elif isinstance(child, nodes.math):
                document["text"].append(formula(child.astext()))
            elif not isinstance(child, nodes.title) and name != "exercise_title":
                walk(child, document)
                if not isinstance(child, nodes.Inline):
                    document["text"].append("\n")

    walk(doctree, {"title": page_title, "above": [], "text": [], "calls": []})
    for document in found:
        calls = [f" {name}()" for name in dict.fromkeys(document.pop("calls"))]
        document["text"] = re.sub(r"\s+", " ", "".join([*document["text"], *calls])).strip()
    return found


def imported(doctree):
    """Return the library's names that a page imports: of code, they are what readers look for."""
    cells = [cell.astext() for cell in doctree.findall(nodes.container) if "cell_input" in cell["classes"]]
    lists = re.findall(r"^from imagebook[\w.]* import (\([^)]*\)|.*)$", "\n".join(cells), flags=re.MULTILINE)
    return {name for names in lists for name in re.findall(r"\w+", names)} - EVERYWHERE


def exercise_title(node):
    """Return the title of an exercise without its number: `Exercise: Predict, then compute`."""
    return ": ".join(filter(None, [node["title"], node[0].astext().strip(" ()")]))


def formula(text):
    """Return a formula as an excerpt may show it: a simple one as it is, of others that there is one."""
    return "…" if re.search(r"[\\{}^_]", text) else text


def row(document, page, term, synonyms):
    """Return a document as it is written: page, anchor, title, what it is part of, text; names, synonyms."""
    above = document["above"]
    anchor = term["slug"] if term else next(filter(synonyms.get, document["ids"]), document["ids"][0])
    # A page's title leads to the top of the page.
    parts = [
        page,
        anchor if above else "",
        document["title"],
        above[1] if above[1:] else "",
        document["text"],
    ]
    names, also = names_of(term) if term else [], synonyms.get(anchor, [])
    return [*parts, names, also] if names or also else parts


def index_of(env, builder):
    """Return the pages' addresses and titles, and the rows of all their documents.

    A page that this build did not write again is resolved here, so that it is as new as all others.
    """
    terms = {term["slug"]: term for term in read_terms()}
    labels = env.get_domain("std").labels
    places = {labels[slug][:2]: term for slug, term in terms.items() if slug in labels}
    synonyms = read_synonyms()
    others = {anchor: names for anchor, names in synonyms.items() if anchor not in terms}
    pages, rows = [], []
    for name in sorted(env.all_docs):
        if name not in builder.search_documents:
            env.get_and_resolve_doctree(name, builder)
        for document in builder.search_documents[name]:
            term = next((places[name, id] for id in document["ids"] if (name, id) in places), None)
            rows.append(row(document, len(pages), term, synonyms if term else others))
        pages.append([builder.get_target_uri(name), env.titles[name].astext()])
    return {"pages": pages, "rows": rows}


def collect(app, doctree, docname):
    """Keep the documents of a page when its references are resolved: names of authors are in them."""
    if applies(app):
        app.builder.search_documents[docname] = documents(doctree, app.env.titles[docname].astext())


def applies(app):
    """Return whether this build is the website, and not a book for print or an e-reader."""
    return app.builder.name == "html"


def begin(app):
    """Switch off the index of Sphinx, and write the scripts, whose checksums the pages need."""
    if not applies(app):
        return
    app.builder.search = False  # Sphinx's own mark of builders that have no search
    app.builder.search_documents = {}
    app.add_js_file("search.js", loading_method="defer")
    folder = Path(app.outdir, "_static")
    (folder / "search").mkdir(parents=True, exist_ok=True)
    own, shared = read_words()
    scripts = {"search.js": (SCRIPT, own["script"]), "search/engine.js": (ENGINE, shared)}
    for name, (source, words) in scripts.items():
        content = json.dumps(words, ensure_ascii=False)
        text = source.read_text(encoding="utf-8").replace("/* words */ {}", content)
        (folder / name).write_text(text, encoding="utf-8")
    shutil.copy(LIBRARY, folder / "search" / LIBRARY.name)


def search_page(app):
    """Give the page search.html to Sphinx."""
    if applies(app):
        own, _ = read_words()
        address = app.builder.get_target_uri("pages/glossary")
        link = f'<a class="reference internal" href="{address}">{own["glossary"]}</a>'
        no_script = own["no_script"].format(glossary=link)
        body = PAGE.format(title=own["title"], label=own["label"], no_script=no_script)
        yield "search", {"title": own["title"], "body": body}, "page.html"


def finish(app, error):
    """Write the documents."""
    if error is not None or not applies(app):
        return
    out = Path(app.outdir)
    content = json.dumps(index_of(app.env, app.builder), ensure_ascii=False, separators=(",", ":"))
    (out / "_static/search/documents.js").write_text(
        f"imagebookSearch.documents = {content};\n", encoding="utf-8"
    )


def setup(app):
    app.connect("builder-inited", begin)
    app.connect("doctree-resolved", collect, priority=900)  # after all others
    app.connect("html-collect-pages", search_page)
    app.connect("build-finished", finish)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
