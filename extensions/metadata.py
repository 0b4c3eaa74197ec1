"""What search engines and messengers read of a page: description, address, picture, structured data.

All of it comes from the page's own text, the terms and CITATION.cff. Addresses that must be absolute are left
out where nobody knows where the book will stand (extensions/repository.py finds out).
"""

import json
import re
from pathlib import Path

from citation import read_citation
from docutils import nodes
from language import EDITIONS, LANGUAGE, named, say
from language import base as english_base
from markupsafe import escape
from terms import read_terms

SHORTEST, LONGEST = 80, 160  # characters of a description: below, half a sentence is better than none
PICTURE = "_static/open-graph.png"  # tools/icons.py draws it
PICTURE_SIZE = 1200, 630
PICTURE_WORDS = say("The title beside two figures: boxes that overlap, and a filter on a matrix.")
GENERATED = {"search": say("Search"), "genindex": say("Index")}  # pages whose title only the theme knows
GOALS = say("In this chapter you will")
OTHER = "ko" if LANGUAGE == "en" else "en"
LOCALES = {"en": "en_US", "ko": "ko_KR"}


def plain(node):
    """Return a node's text as one line, without HTML and the source of formulas."""
    skipped = (nodes.raw, nodes.math, nodes.footnote_reference)
    texts = (text.astext() for text in node.findall(nodes.Text) if not isinstance(text.parent, skipped))
    return " ".join("".join(texts).split())


def opening(doctree):
    """Return the sentences with which a page begins; a chapter's are its terms and what one learns."""
    section = next(doctree.findall(nodes.section), doctree)
    title, parts = "", []
    for node in section.children:
        if isinstance(node, nodes.title):
            title = plain(node)
        elif isinstance(node, nodes.paragraph):
            parts += re.split(r"(?<=[.!?])\s+", plain(node))
        elif isinstance(node, nodes.bullet_list) and parts and parts[-1].endswith(GOALS):
            terms = title.partition(": ")[2] or title
            return [f"{terms[:1].upper()}{terms[1:]}:", *map(plain, node.children)]
    return [part for part in parts if part]


def shorten(parts):
    """Return as many parts as a description holds, the last one cut where it would be too short without."""
    text = ""
    for part in parts:
        longer = f"{text} {part}".strip()
        if len(text) >= SHORTEST and len(longer) > LONGEST:
            break
        text = longer
        if len(text) > LONGEST:
            return text[: LONGEST - 1].rpartition(" ")[0].rstrip(",;:. ") + "…"
    return re.sub(r"[,;:]$", "…", text)


def description(app, title, doctree):
    """Return a page's description; where the page says too little itself, the book's abstract follows."""
    parts = opening(doctree) if doctree is not None else [f"{title}."]
    if len(" ".join(parts)) < SHORTEST:
        parts.append(say(read_citation(app.srcdir).get("abstract", app.config.html_title)))
    return shorten(parts)


def address(app, pagename, target, anchor=""):
    """Return the address of `target`, absolute where the book's is known and else as `pagename` links it."""
    base = app.config.html_baseurl
    if base:
        uri = "" if target == app.config.root_doc else app.builder.get_target_uri(target)
        return f"{base}{uri}{anchor}"
    return (app.builder.get_relative_uri(pagename, target) or f"{Path(target).name}.html") + anchor


def places(app):
    """Return where each term's section is: {slug: page}."""
    labels = app.env.domains["std"].anonlabels
    return {term["slug"]: labels[term["slug"]][0] for term in read_terms() if term["slug"] in labels}


def structured(app, pagename, title, about):
    """Return what a page is in the words of schema.org."""
    root, citation, found = app.config.root_doc, read_citation(app.srcdir), places(app)
    book = address(app, pagename, root, "#book")
    glossary = address(app, pagename, "pages/glossary", "#terms")
    common = {
        "inLanguage": app.config.language,
        "isAccessibleForFree": True,
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "author": [{"@type": "Organization", "name": each["name"]} for each in citation.get("authors", [])],
    }
    terms = [
        {
            "@type": "DefinedTerm",
            "@id": address(app, pagename, found[term["slug"]], f"#{term['slug']}"),
            "url": address(app, pagename, found[term["slug"]], f"#{term['slug']}"),
            "name": named(term)[0],
            "alternateName": {"@language": OTHER, "@value": named(term)[1]},
            "description": say(term["definition"]),
            "inDefinedTermSet": {"@id": glossary},
        }
        for term in read_terms()
        if term["slug"] in found
    ]
    own = [term for term, page in zip(terms, found.values(), strict=True) if page == pagename]
    if pagename == root:
        main = {"@type": ["Book", "LearningResource"], "@id": book, "name": app.config.html_title}
        main |= {"keywords": citation.get("keywords", [])}
    elif pagename == "pages/glossary":
        main = {"@type": "DefinedTermSet", "@id": glossary, "name": title, "hasDefinedTerm": terms}
    else:
        kinds = ["Chapter", "LearningResource"] if own else ["WebPage", "LearningResource"]
        main = {"@type": kinds, "@id": address(app, pagename, pagename, "#page"), "name": title}
    main |= {"description": about, "url": address(app, pagename, pagename), **common}
    if pagename != root:
        main["isPartOf"] = {"@id": book, "@type": "Book", "name": app.config.html_title}
    if own:
        main |= {
            "learningResourceType": "interactive chapter",
            "teaches": [{"@id": term["@id"]} for term in own],
        }
    return [main, *own, *trail(app, pagename, title)]


def trail(app, pagename, title):
    """Return the way from the book's first page to this one."""
    root = app.config.root_doc
    if pagename == root:
        return []
    steps = [(app.config.html_title, root), (title, pagename)]
    items = [
        {"@type": "ListItem", "position": place, "name": name, "item": address(app, pagename, target)}
        for place, (name, target) in enumerate(steps, start=1)
    ]
    return [{"@type": "BreadcrumbList", "itemListElement": items}]


def tags(app, pagename, title, about):
    """Return a page's tags by name, in pairs of attribute and value."""
    base = app.config.html_baseurl
    yield "name", "description", about
    yield "property", "og:type", "book" if pagename == app.config.root_doc else "article"
    yield "property", "og:title", title
    yield "property", "og:description", about
    yield "property", "og:site_name", app.config.html_title
    yield "property", "og:locale", LOCALES.get(app.config.language, app.config.language)
    if base:
        yield "property", "og:url", address(app, pagename, pagename)
        yield "property", "og:image", base + PICTURE
        yield "property", "og:image:width", PICTURE_SIZE[0]
        yield "property", "og:image:height", PICTURE_SIZE[1]
        yield "property", "og:image:alt", PICTURE_WORDS
    yield "name", "twitter:card", "summary_large_image" if base else "summary"


def add_metadata(app, pagename, templatename, context, doctree):
    """Put all of this into a page's head."""
    if app.builder.format != "html":
        return
    title = re.sub("<[^>]*>", "", context.get("title", "")) or GENERATED.get(pagename, pagename)
    about = description(app, title, doctree)
    lines = [
        f'<meta {kind}="{name}" content="{escape(str(value))}" />'
        for kind, name, value in tags(app, pagename, title, about)
    ]
    static = context["pathto"]("_static/", 1)
    lines.append(f'<link rel="icon" type="image/svg+xml" href="{static}icon.svg" />')
    lines.append(f'<link rel="apple-touch-icon" href="{static}icon-180.png" />')
    if doctree is not None:
        graph = {"@context": "https://schema.org", "@graph": structured(app, pagename, title, about)}
        content = json.dumps(graph, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
        lines.append(f'<script type="application/ld+json">{content}</script>')
        context["pageurl"] = address(app, pagename, pagename) if app.config.html_baseurl else None
    else:
        context["pageurl"] = None  # search results and an error have no lasting address
    context["metatags"] = context.get("metatags", "") + "\n    " + "\n    ".join(lines)


def write_sitemap(app, error):
    """Write sitemap.xml and robots.txt, or take them away: they must name absolute addresses."""
    if error is not None or app.builder.format != "html":
        return
    sitemap, robots = Path(app.outdir, "sitemap.xml"), Path(app.outdir, "robots.txt")
    if not app.config.html_baseurl:
        sitemap.unlink(missing_ok=True)
        robots.unlink(missing_ok=True)
        return
    places = "".join(
        f"  <url><loc>{escape(address(app, page, page))}</loc></url>\n" for page in sorted(app.env.found_docs)
    )
    sitemap.write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{places}</urlset>\n',
        encoding="utf-8",
    )
    maps = "".join(
        f"Sitemap: {english_base(app.config.html_baseurl)}{folder}sitemap.xml\n"
        for _, folder in EDITIONS.values()
    )
    robots.write_text(f"User-agent: *\nAllow: /\n{maps}", encoding="utf-8")


def setup(app):
    app.connect("html-page-context", add_metadata)
    app.connect("build-finished", write_sitemap)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
