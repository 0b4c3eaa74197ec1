"""Makes one style sheet of all that a page names, without the rules that no page of the book could use.

The theme's sheets style much more than a book has: 600 kB, most of it for nothing. A rule stays if each
class, id and element that its selector names is a word of some page or of some script; whatever a script may
make, it must name.
"""

import hashlib
import re

import tinycss2

# The lists of sheets that the pages of this build name; `note` collects them and `write` reads them.
_noted = {}


def note(links):
    """Remember the sheets that a page names."""
    names = tuple(link.partition("?")[0].partition("_static/")[2] for link in links)
    _noted[names] = True


def write(folder):
    """Write _static/site.css for the website in a folder."""
    path = folder / "_static/site.css"
    old = path.read_text(encoding="utf-8") if path.exists() else "/*  */"
    # A build that writes few pages, or none, learns from the last one what the others name.
    stamp, *before = old.partition(" */")[0].removeprefix("/* ").split(" ")
    longest = max([*_noted, tuple(before)], key=len)
    names = list(dict.fromkeys([*longest, *(name for names in _noted for name in names)]))
    sheets = "\n".join(text_of(folder / "_static" / name) for name in names if name)
    used = words(folder)
    current = hashlib.sha256("\0".join([sheets, *sorted(used)]).encode()).hexdigest()[:16]
    if current != stamp:
        path.write_text(f"/* {current} {' '.join(names)} */\n{reduced(sheets, used)}", encoding="utf-8")
    _noted.clear()


def text_of(path):
    """Return a sheet with the sheets that it imports in their place."""
    return re.sub(
        r'@import (?:url\()?"?([^";)]+)"?\)?;',
        lambda match: text_of(path.parent / match[1]),
        path.read_text(encoding="utf-8"),
    )


def words(folder):
    """Return the words that name classes, ids and elements in the pages, and every word of their scripts."""
    found, loaded = set(), set()
    for page in folder.rglob("*.html"):
        if page.relative_to(folder).parts[0] == "lite":
            continue  # JupyterLite of an earlier build, which has its own
        text = page.read_text(encoding="utf-8")
        found.update(re.findall(r"<([a-zA-Z][\w-]*)", text))
        for value in set(re.findall(r'\b(?:class|id)="([^"]*)"', text)):
            found.update(value.split())
        loaded.update(name.rpartition("/")[2] for name in re.findall(r'<script\b[^>]*\bsrc="([^"?]+)', text))
    for script in (folder / "_static").rglob("*.js"):
        # Figures and the search load more, among it numbers and the whole text of the book.
        is_data = script.parent.name == "assets" or script.name == "documents.js"
        if script.name in loaded or (script.parent.name in ("figures", "kit", "search") and not is_data):
            found.update(re.findall(r"[\w-]+", script.read_text(encoding="utf-8")))
    return found


def reduced(sheet, used):
    """Return a style sheet without rules for what is not used, and without variables that nothing reads."""
    rules = tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True)
    text = "".join(kept(rule, used, None) for rule in rules)
    while True:
        read = set(re.findall(r"var\(\s*(--[\w-]+)", text)) | used
        rules = tinycss2.parse_stylesheet(text)
        shorter = "".join(kept(rule, used, read) for rule in rules)
        if len(shorter) == len(text):
            return text
        text = shorter


def kept(rule, used, read):
    """Return what remains of a rule; `read` are the variables that something reads, None for all."""
    if rule.type == "at-rule":
        if rule.content is None or "fontawesome" in tinycss2.serialize(rule.content):
            return ""  # a @charset, or a font of icons
        head = f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude).rstrip()}"
        if rule.at_keyword in ("media", "supports", "layer", "container"):
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            body = "".join(kept(part, used, read) for part in inner)
            return f"{head}{{{body}}}\n" if body else ""
        return f"{head}{{{tinycss2.serialize(rule.content)}}}\n"
    if rule.type != "qualified-rule":
        return ""
    selectors = [tinycss2.serialize(part).strip() for part in split(rule.prelude) if is_used(part, used)]
    body = declarations(rule.content, read)
    return f"{','.join(selectors)}{{{body}}}\n" if selectors and body else ""


def declarations(content, read):
    """Return the declarations of a rule in short."""
    parts = tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True)
    if any(part.type != "declaration" for part in parts):  # a rule within the rule, or a hack
        return tinycss2.serialize(content).strip()
    return ";".join(
        f"{part.name}:{tinycss2.serialize(part.value).strip()}{'!important' * part.important}"
        for part in parts
        if (read is None or not part.name.startswith("--") or part.name in read) and not is_icon(part)
    )


def is_icon(part):
    """Return whether a declaration shows a letter of the theme's font of icons, which no page loads."""
    value = tinycss2.serialize(part.value)
    return part.name == "content" and bool(re.search("--pst-icon-|[\ue000-\uf8ff]", value))


def split(prelude):
    """Return the selectors of a rule, which commas separate, as lists of tokens."""
    selectors = [[]]
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            selectors.append([])
        else:
            selectors[-1].append(token)
    return selectors


def is_used(selector, used):
    """Return whether each class, id and element that a selector names is used, but for those in brackets."""
    before = ""
    for token in selector:
        if token.type == "hash" and token.value not in used:
            return False
        if token.type == "ident" and before != ":" and token.value not in used:
            return False
        before = token.value if token.type == "literal" else ""
    return True
