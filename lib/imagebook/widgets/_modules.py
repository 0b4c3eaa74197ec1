"""The figures' ES modules, put together: for Jupyter in one text, for the website in one script each.

Jupyter takes one module per widget, and a page opened from disk may not import modules at all. So each module
becomes a function that is called once, when another one first uses it. The modules keep to a part of the
language that makes this a matter of two patterns: whole-line imports of names, and `export` before a
declaration; a test checks it.
"""

import json
import posixpath
import re
from pathlib import Path

from imagebook import _language

FOLDER = Path(__file__).parent
_IMPORT = re.compile(r'^import \{ ([\w, ]+) \} from "(\./[\w/.]+)\.js";$', re.MULTILINE)
_LITERAL = re.compile(r'"(?:[^"\\\n]|\\["\\nu])*"')
_EXPORT = re.compile(r"^export (?=(?:async function|function\*?|const|class) (\w+))", re.MULTILINE)

# `define` keeps a module's function, `use` calls it the first time and returns what it exports.
REGISTRY = """\
const made = {}, makers = {};
const define = (name, maker) => { makers[name] ??= maker; };
const use = (name) => (made[name] ??= makers[name]());
"""


def source(name):
    """Return the text of a module, named without ".js": "iou", "kit/grid"."""
    return (FOLDER / f"{name}.js").read_text(encoding="utf-8")


def imports(name):
    """Return the names of the modules that a module imports.

    Examples
    --------
    >>> imports("kit/drag"), imports("kit/charts")
    ([], ['kit/dom', 'kit/table'])
    """
    return [_resolve(name, match[2]) for match in _IMPORT.finditer(source(name))]


def needs(name):
    """Return a module and all that it needs, each once, the needed before the needing.

    Examples
    --------
    >>> needs("kit/charts")
    ['kit/text', 'kit/dom', 'kit/table', 'kit/charts']
    """
    found = {}
    for other in imports(name):
        found |= dict.fromkeys(needs(other))
    return list(found | {name: None})


def definition(name):
    """Return a module as a script that defines it for `use`."""
    text = source(name)
    words = spoken(text)
    exported = [match[1] for match in _EXPORT.finditer(text)]
    text = _IMPORT.sub(lambda match: f'const {{ {match[1]} }} = use("{_resolve(name, match[2])}");', text)
    if words and name != "kit/text":  # where `speak` is
        text = f'use("kit/text").speak({json.dumps(words, ensure_ascii=False)});\n{text}'
    return f'define("{name}", () => {{\n{_EXPORT.sub("", text)}\nreturn {{ {", ".join(exported)} }};\n}});\n'


def spoken(text):
    """Return what a module can say, {English: translated}: those of its literals that the catalogue has."""
    known = _language.messages()
    literals = (json.loads(literal) for literal in _LITERAL.findall(text)) if known else ()
    return {literal: known[literal] for literal in literals if literal in known}


def composed(name):
    """Return the ES module of a figure with all that it needs: what Jupyter takes."""
    parts = [definition(module) for module in needs_of_figure(name)]
    end = f'export default {{ render: use("kit/figure").present(use("{name}").figure) }};\n'
    return "\n".join([REGISTRY, *parts, end])


def needs_of_figure(name):
    """Return all modules of a figure, the frame of every figure among them."""
    return list(dict.fromkeys([*needs("kit/figure"), *needs(name)]))


def style(name):
    """Return the style sheet of a figure, that of every figure first."""
    return "\n".join(
        path.read_text(encoding="utf-8") for path in (FOLDER / "kit/figure.css", FOLDER / f"{name}.css")
    )


def _resolve(name, path):
    """Return the name of the module that `path` means in module `name`."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
