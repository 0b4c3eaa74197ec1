"""What is to be translated: the messages of a text, and the text with its messages in another language.

A page's message is what a reader takes in at once: a paragraph, a title, an item of a list, a cell of a
table, an answer of a self-check, its reason. One walk finds the messages and puts others into their places,
so that whatever is extracted is also translated. Code, formulas without words, labels and options stay.
"""

import ast
import json
import re

# Directives whose body is text; the title stands behind the name.
TEXT = {"exercise", "note", "tip", "warning", "important", "admonition", "seealso"}
FENCE = re.compile(r"^(?P<fence>`{3,}|:{3,})(?:\{(?P<name>[\w-]+)\})? *(?P<argument>.*)$")
ITEM = re.compile(r"^(?P<indent> *)(?P<mark>[-*+] |\d+\. |: |> |\[\^\w+\]: )(?P<text>.*)$")
HEADING = re.compile(r"^(?P<mark>#+ )(?P<text>.*)$")
# What no translator needs to see: inline code, formulas, addresses, roles with keys, numbers.
SILENT = re.compile(r"`[^`]*`|\$[^$]*\$|\]\([^)]*\)|\{[\w:-]+\}`[^`]*`|<[^>]*>|https?://\S+")
# Keywords and methods by which code puts no words on the page.
NO_WORDS = {
    "photograph",
    "check",
    "getattr",
    "open",
    "astype",
    "einsum",
    "show_source",
    "dtype",
    "float32",
    "zeros",
}
NO_WORDS_KEYWORDS = {
    "cmap",
    "color",
    "colors",
    "dtype",
    "layout",
    "mode",
    "padding",
    "marker",
    "linestyle",
    "sep",
    "end",
    "va",
    "ha",
}

# Functions of the library whose texts are shown, beside its calls of `say`.
SAYING = {"picture", "words", "verdict", "_refusal", "_place"}


def translate(text, say):
    """Return a page's text in which each message became `say(message)`."""
    front, body = "", text
    if text.startswith("---\n"):
        end = text.index("\n---\n", 4) + len("\n---\n")
        front, body = text[:end], text[end:]
    return front + "\n".join(_lines(body.split("\n"), say))


def messages(text):
    """Return the messages of a page, in order, each once."""
    found = {}

    def collect(message):
        found[message] = None
        return message

    translate(text, collect)
    return list(found)


def _lines(lines, say):
    """Return translated lines."""
    out, index = [], 0
    while index < len(lines):
        line = lines[index]
        if match := FENCE.match(line):
            end = _end(lines, index, match["fence"])
            out += _directive(match, lines[index : end + 1], say)
            index = end + 1
        elif line.strip() == "$$":
            end = next(n for n in range(index + 1, len(lines)) if lines[n].strip() == "$$")
            out += [line, _formula("\n".join(lines[index + 1 : end]), say), lines[end]]
            index = end + 1
        elif match := HEADING.match(line):
            out.append(match["mark"] + _say(match["text"], say))
            index += 1
        elif line.startswith("|"):
            out.append(_row(line, say))
            index += 1
        elif not line.strip() or line.startswith(("(", "+++", "%", "<!--")) and not _is_text(line):
            out.append(line)
            index += 1
        else:
            end = index + 1
            while end < len(lines) and not _begins(lines[end], line):
                end += 1
            out.append(_block(lines[index:end], say))
            index = end
    return out


def _is_text(line):
    """Say whether a line that begins with a bracket is a sentence and no label."""
    return line.startswith("(") and not re.fullmatch(r"\([\w-]+\)=", line)


def _begins(line, first):
    """Say whether a line begins another block than the one that `first` began."""
    if (
        not line.strip()
        or FENCE.match(line)
        or HEADING.match(line)
        or line.strip() == "$$"
        or line.startswith("|")
    ):
        return True
    item = ITEM.match(line)
    return bool(item) and not (item["mark"] == "> " and first.lstrip().startswith("> "))


def _end(lines, index, fence):
    """Return where the fence that opens at an index closes."""
    for number in range(index + 1, len(lines)):
        if lines[number].rstrip() == fence:
            return number
    raise ValueError(f"the fence in {lines[index]!r} is never closed")


def _directive(match, lines, say):
    """Return a directive with its title and text translated."""
    name, body = match["name"], lines[1:-1]
    if name in TEXT:
        first = lines[0]
        if match["argument"]:
            first = f"{match['fence']}{{{name}}} {_say(match['argument'], say)}"
        options = 0
        while options < len(body) and re.match(r":[\w-]+:", body[options]):
            options += 1
        return [first, *body[:options], *_lines(body[options:], say), lines[-1]]
    if name == "selfcheck":
        line = body.index("---")
        return [lines[0], *body[: line + 1], *_answers(body[line + 1 :], say), lines[-1]]
    return lines


def _answers(lines, say):
    """Return a self-check's question and answers, translated; what computes them stays."""
    from selfcheck import read  # the extension knows where an expression ends

    text = "\n".join(lines)
    question, *answers = re.split(r"\n(?=- \[)", text)
    out = _lines(question.split("\n"), say)
    for answer in answers:
        first, *rest = answer.split("\n")
        parts = read(first)
        start = first[: len(first) - len(parts["text"])]
        whole = "\n".join([parts["text"].strip(), *(line.strip() for line in rest)]).strip()
        words, _, reason = whole.partition("\n> " if not whole.startswith("> ") else "> ")
        out.append(f"{start} {_say(words, say)}".rstrip() if words.strip() else start)
        out.append("  > " + _say(reason.replace("\n> ", "\n"), say))
        if answer.endswith("\n"):
            out.append("")
    return out


def _block(lines, say):
    """Return a paragraph or an item, in one line."""
    match = ITEM.match(lines[0])
    if not match:
        indent = re.match(" *", lines[0])[0]
        return indent + _say("\n".join(lines), say)
    head = match["indent"] + match["mark"]
    rest = [line.strip().removeprefix("> ") if match["mark"] == "> " else line for line in lines[1:]]
    return head + _say("\n".join([match["text"], *rest]), say)


def _row(line, say):
    """Return a table's row, translated cell by cell."""
    return "|".join(
        f" {_say(cell, say)} " if _has_words(cell) else cell for cell in re.split(r"(?<!\\)\|", line)
    )


def _formula(text, say):
    """Return a formula; only the words in it are a message."""
    return say(re.sub(r"\s+", " ", text).strip()) if re.search(r"\\text\{[^}]*[A-Za-z]{2}", text) else text


def _say(text, say):
    """Return a message translated, or what has no words as it is."""
    text = re.sub(r"\s+", " ", text).strip()
    return say(text) if _has_words(text) else text


def _has_words(text):
    """Say whether there is something to translate."""
    links = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1 ", text)
    roles = re.sub(r"\{figure-state\}`([^<]*)<[^`]*`", r"\1 ", links)
    return bool(re.search(r"[A-Za-z]{2}", SILENT.sub(" ", roles)))


def code_words(text):
    """Return what a chapter's cells write into pictures or say about them: alternative texts, titles."""
    found = {}
    for tags, cell in _cells(text):
        if "remove-cell" in tags or "remove-input" in tags and "show" not in cell:
            continue
        try:
            tree = ast.parse(cell)
        except SyntaxError:  # a cell with a magic command draws nothing
            continue
        for word in _words(tree):
            found[word] = None
    return list(found)


def _cells(text):
    """Return the tags and the code of each cell."""
    for match in re.finditer(r"^```\{code-cell\}.*?\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL):
        lines = match[1].split("\n")
        options = [line for line in lines if re.match(r":[\w-]+:", line)]
        yield " ".join(options), "\n".join(line for line in lines if line not in options)


def _words(node):
    """Return the texts in code that a reader may see in a picture."""
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in NO_WORDS or name == "print":
            return
    if isinstance(node, ast.keyword) and node.arg in NO_WORDS_KEYWORDS:
        return
    if isinstance(node, ast.Subscript):  # a key may be what a legend shows; a name of data is not
        yield from (word for word in _words(node.slice) if re.search(r"[ ,]", word))
        return
    if isinstance(node, (ast.Raise, ast.Assert, ast.Import, ast.ImportFrom, ast.Compare)):
        return
    if isinstance(node, ast.JoinedStr):
        text = template(node)
        if re.search(r"[A-Za-z]{2}", re.sub(r"\{\d+\}", "", text)):
            yield text
        for part in node.values:  # and what stands in its places: one word or another
            if isinstance(part, ast.FormattedValue):
                yield from _words(part.value)
        return
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and re.search(r"[A-Za-z]{2}", node.value):
            yield node.value
        return
    for child in ast.iter_child_nodes(node):
        yield from _words(child)


def template(node):
    """Return an f-string as a message: "after {0} of {1} steps"."""
    count = iter(range(len(node.values)))
    return "".join(
        part.value if isinstance(part, ast.Constant) else f"{{{next(count)}}}" for part in node.values
    )


def module_words(text):
    """Return what a figure's module says: literals of its calls of `say`, and of its tables of names."""
    found = {}
    parts = [_call(text, match.end()) for match in re.finditer(r"\bsay\(", text)]
    if re.search(r"\bsay\((?!\")", text):  # it says names out of a table
        parts += re.findall(r"^(?:export )?const [A-Z]\w* = .*?;$", text, flags=re.MULTILINE | re.DOTALL)
    for part in parts:
        for literal in re.findall(r'"(?:[^"\\\n]|\\.)*"', part):
            word = json.loads(literal)
            if re.search(r"[A-Za-z]{2}|%", re.sub(r"\{\w+\}", "", word)):  # Korean has no space before %
                found[word] = None
    return list(found)


def _call(text, start):
    """Return the first argument of a call, from behind its bracket."""
    depth, quoted, end = 0, False, start
    while quoted or depth or text[end] not in ",)":
        if text[end] == '"' and text[end - 1] != "\\":
            quoted = not quoted
        elif not quoted:
            depth += (text[end] in "([{") - (text[end] in ")]}")
        end += 1
    return text[start:end]


def library_words(text):
    """Return what a module of the library shows: titles, helps, captions, what it draws or says."""
    found = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef):
            for statement in node.body:
                names = [
                    target.id for target in getattr(statement, "targets", []) if isinstance(target, ast.Name)
                ]
                if {"title", "help"} & set(names):
                    found |= dict.fromkeys(_words(statement.value))
                if "strip" in names:
                    found |= dict.fromkeys(key.value for key in statement.value.keys)
        # Tables of texts stand at the top of a module.
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "").endswith("TEXTS"):
            values = node.value.values if isinstance(node.value, ast.Dict) else [node.value]
            found |= dict.fromkeys(word for value in values for word in _words(value))
        if isinstance(node, ast.FunctionDef) and node.name in SAYING or _says(node):
            found |= dict.fromkeys(word for statement in _body(node) for word in _words(statement))
    return [word for word in found if word]


def error_words(text):
    """Return what a module's errors say, and the parts that it puts into them."""
    tree = ast.parse(text)
    raised = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc]
    names = {node.id for error in raised for node in ast.walk(error) if isinstance(node, ast.Name)}
    said = list(raised)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and names & {getattr(target, "id", "") for target in node.targets}:
            said += [] if isinstance(node.value, ast.Call) else [node.value]  # limits = f"at least {low}"
        if isinstance(node, ast.Call):
            is_check = getattr(getattr(node.func, "value", None), "id", "") == "_checks"
            said += node.args if is_check else node.args[1:]  # two("each point", value, "a pair (x, y)")
    return list(dict.fromkeys(word for part in said for word in _words(part) if " " in word.strip()))


def _says(node):
    """Say whether a node is a call of `say`."""
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say"


def _body(node):
    """Return what is in a call or a function, without its docstring."""
    if isinstance(node, ast.Call):
        return node.args
    return node.body[1:] if ast.get_docstring(node) else node.body


def calls(text):
    """Return the literals in the calls of `say` of an extension, in Python, JavaScript or a template."""
    if text.startswith("{#") or re.search(r"^\s*(//|\"use strict\")", text, flags=re.MULTILINE):
        return [json.loads(call) for call in re.findall(r'\bsay\(("(?:[^"\\\n]|\\.)*")\)', text)]
    found = []
    for node in ast.walk(ast.parse(text)):
        if _says(node):
            choices = (
                [node.args[0].body, node.args[0].orelse] if isinstance(node.args[0], ast.IfExp) else node.args
            )
            found += [part.value for part in choices if isinstance(part, ast.Constant)]
    return found
