"""Puts interactive figures on the page: alive without a kernel, and a picture where nothing runs.

Execution stores the state of every widget in the notebook, and each widget's output carries a picture and
words. Here such an output becomes that picture in a slot that knows its figure, the states are written once
at the page's end, and `_static/figures/` gets the scripts: host, shared kit, one for each figure, one for
each asset.
"""

import base64
import json
import re
from pathlib import Path
from urllib.parse import urlencode

import imagesize
from docutils import nodes
from language import spoken
from markupsafe import escape
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxRole

from imagebook import widgets
from imagebook.widgets import FIGURES, _assets, _modules

VIEW = "application/vnd.jupyter.widget-view+json"
HOST = Path(__file__).with_name("figures.js")
# What nearly every figure uses, with all that it imports: one script, which every page with figures loads.
CORE = list(
    dict.fromkeys(sum(map(_modules.needs, ("kit/figure", "kit/controls", "kit/drag", "kit/pixels")), []))
)
# What Jupyter needs of a widget's state and the page does not: its scripts and assets are files of their own.
NOT_ON_THE_PAGE = {"_esm", "_css", "_assets"}


class Figures(SphinxTransform):
    """Replaces the output of each widget by its slot."""

    default_priority = 450  # after the picture got its alternative text

    def apply(self):
        files = self.env.nb_metadata.get(self.env.docname, {}).get("js_files", {})
        _, stored = files.pop("ipywidgets_state", (None, {"body": '{"state": {}}'}))
        models = json.loads(stored["body"])["state"]
        shown = {}
        for bundle in list(self.document.findall(nodes.container)):
            parts = {part.get("mime_type"): part for part in bundle if isinstance(part, nodes.Element)}
            if bundle.get("nb_element") != "mime_bundle" or VIEW not in parts:
                continue
            model = json.loads(parts[VIEW].astext().partition(">")[2].rpartition("<")[0])["model_id"]
            state = models[model]["state"]
            image = next(parts["image/png"].findall(nodes.image))
            anchor = anchor_of(state["_name"], 1 + len(shown.get(state["_name"], [])))
            image["loading"] = "lazy"
            _, path = self.env.relfn2path(image["uri"])
            image["width"], image["height"] = map(str, imagesize.get(path))
            kept = {key: value for key, value in state.items() if key not in NOT_ON_THE_PAGE}
            bundle.replace_self(slot("", image, model=model, anchor=anchor, figure=kept))
            shown.setdefault(state["_name"], []).append(model)
        if shown:
            self.document["figures"] = sorted(shown)
            on_page = {
                model: {
                    key: value for key, value in models[model]["state"].items() if key not in NOT_ON_THE_PAGE
                }
                for model in dict.fromkeys(sum(shown.values(), []))
            }
            content = json.dumps(on_page, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
            script = f'<script type="application/json" id="ib-states">{content}</script>'
            self.document.append(nodes.raw("", script, format="html"))


class slot(nodes.Element):  # docutils names nodes like this
    """A figure's place on the page: around its picture, with its state for who draws others (printed.py)."""


def visit_slot(self, node):
    name = node["figure"]["_name"]
    scripts = " ".join(["kit", *own_modules(name)])
    self.body.append(
        f'<div class="ib-slot" id="{node["anchor"]}" data-figure="{name}" data-model="{node["model"]}" '
        f'data-scripts="{scripts}"><div class="ib-first">'
    )


def depart_slot(self, node):
    title, text = (escape(node["figure"][key]) for key in ("_title", "_help"))
    self.body.append(f"<p><strong>{title}.</strong> {text}</p></div></div>")


class FigureState(SphinxRole):
    """A link that opens a figure of the page in some state: `text <iou {"first": [0, 0, 2, 2]}>`."""

    def run(self):
        text, name, state = parse_figure_state(self.text)
        query = urlencode({"figure": anchor_of(name), "state": json.dumps(state)})
        return [nodes.reference("", text, refuri=f"?{query}#{anchor_of(name)}", internal=True)], []


def parse_figure_state(content):
    """Return text, figure and state of the role's content, after the figure has checked the state."""
    text, name, state = re.fullmatch(r"(.+?)\s*<(\w+) (\{.*\})>", content, flags=re.DOTALL).groups()
    state = json.loads(state)
    class_name = next(key for key, module in FIGURES.items() if module == name)
    getattr(widgets, class_name)(**state)
    return text, name, state


def anchor_of(name, number=1):
    """Return the id of a figure's place on its page."""
    return f"figure-{name.replace('_', '-')}" + (f"-{number}" if number > 1 else "")


def add_files(app, pagename, templatename, context, doctree):
    """Add the host to the pages that have figures, and to no other."""
    if doctree is not None and doctree.get("figures"):
        # Behind the text, not deferred: figures do not wait for the theme's scripts.
        host = context["pathto"]("_static/figures/figures.js", 1)
        context["body"] += f'<script src="{host}"></script>'


def write_scripts(app, error):
    """Write the scripts and the style sheet of all figures."""
    if error is None and app.builder.name == "html":
        folder = Path(app.outdir, "_static/figures")
        for part in ("assets", "kit"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        for name, text in scripts().items():
            (folder / name).write_text(text, encoding="utf-8")


def scripts():
    """Return the website's scripts and style sheet, {name: text}."""
    figures = list(FIGURES.values())
    texts = {
        "figures.js": spoken(HOST.read_text(encoding="utf-8")).replace("/* registry */", _modules.REGISTRY),
        "kit.js": closed(map(_modules.definition, CORE)),
    }
    for module in {module for name in figures for module in own_modules(name)}:
        texts[f"{module}.js"] = closed([_modules.definition(module)])
    sheets = ["kit/figure.css", *(f"{name}.css" for name in figures)]
    texts["figures.css"] = "\n".join(
        (_modules.FOLDER / sheet).read_text(encoding="utf-8") for sheet in sheets
    )
    assets = {name for class_name in FIGURES for name in getattr(widgets, class_name).assets}
    for name in assets:
        data = base64.b64encode(_assets.packed(name)).decode("ascii")
        texts[f"assets/{name}.js"] = f'imagebook.assets["{name}"] = "{data}";\n'
    return texts


def own_modules(name):
    """Return the modules that a figure needs beyond the kit's core, each of them a script."""
    return [module for module in _modules.needs(name) if module not in CORE]


def closed(definitions):
    """Return definitions of modules as one script that leaves no names behind."""
    return f"(({{ define, use }}) => {{\n{''.join(definitions)}}})(imagebook);\n"


def setup(app):
    app.add_transform(Figures)
    app.add_node(slot, html=(visit_slot, depart_slot))
    app.add_role("figure-state", FigureState())
    app.connect("html-page-context", add_files)
    app.connect("build-finished", write_scripts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
