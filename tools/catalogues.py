"""Message catalogues: `make po` brings locale/*/LC_MESSAGES/*.po up to date with the book.

One catalogue for each page and chapter; `library` and `figures` have what figures show, `errors` what the
library says of bad input, `terms` what is told of the terms, `interface` what the site says around its
pages. gettext's format, read and written by Babel, which Sphinx brings along. A message whose source changed
a little keeps its translation, marked fuzzy; no fuzzy message is ever shown.
"""

import csv
import json
import re
import sys
import tomllib
from collections import Counter
from decimal import Decimal
from pathlib import Path

import translation
import yaml
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
# What calls `say` of extensions/language.py.
SAYING = (
    "extensions/*.py",
    "extensions/*.js",
    "extensions/*.html",
    "tools/notebooks.py",
    "tools/edition.py",
    "tools/print.py",
)
sys.path.insert(0, str(ROOT / "extensions"))

# Babel's own has the time of day in it, which would differ each time.
HEADER = """\
msgid ""
msgstr ""
"Language: {language}\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""

CODE = re.compile(r"`[^`]+`")
FORMULA = re.compile(r"\$([^$]+)\$")
TARGET = re.compile(r"\]\(([^)\s]+)\)")
ROLE = re.compile(r"\{[\w:-]+\}`[^`]+`")
STATE = re.compile(r"\{figure-state\}`[^<`]*(<[^`]*>)`")
PLACE = re.compile(r"(?<!\\text)\{\w+\}(?!`)")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
LARGE = {"조": 10**12, "억": 10**8, "만": 10**4}
LARGE |= {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
# 4,866 million; 48억 6,600만; 3만 2,000.
LARGE_NUMBER = re.compile(
    rf"(?:{NUMBER.pattern}(?:[조억]|만(?!큼))\s?)+(?:{NUMBER.pattern}(?!\s?(?:[조억]|만(?!큼))))?"
    rf"|{NUMBER.pattern}(?: (?:thousand|million|billion|trillion)\b)?"
)
WORDS = re.compile(r"\\text\{[^}]*\}")


def pages():
    """Return {catalogue: source} of every text of the book."""
    texts = [*sorted(ROOT.glob("chapters/*.md")), *sorted(ROOT.glob("pages/*.md")), ROOT / "index.md"]
    return {str(path.relative_to(ROOT).with_suffix("")): path for path in texts}


def templates():
    """Return {catalogue: Catalog} with every message of the book, untranslated."""
    found = {}
    for name, path in pages().items():
        text = path.read_text(encoding="utf-8")
        found[name] = catalogue = Catalog(charset="utf-8")
        for message in translation.messages(text):
            catalogue.add(message)
        for message in translation.code_words(text):
            catalogue.add(message, auto_comments=["figure"])
    for name, words in {
        "library": library(),
        "errors": errors(),
        "figures": figures(),
        "terms": terms(),
        "interface": interface(),
    }.items():
        found[name] = catalogue = Catalog(charset="utf-8")
        for message in words:
            catalogue.add(message)
    return found


def library():
    """Return what the library's Python shows."""
    return _from(translation.library_words, "lib/imagebook/**/*.py")


def errors():
    """Return what the library's errors say."""
    shown = set(library())
    return [word for word in _from(translation.error_words, "lib/imagebook/**/*.py") if word not in shown]


def figures():
    """Return what the figures' scripts say."""
    return _from(translation.module_words, "lib/imagebook/widgets/**/*.js")


def interface():
    """Return what the site says around the pages."""
    words = tomllib.loads((ROOT / "extensions/search-words.toml").read_text(encoding="utf-8"))
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    said = [config["title"], config["author"], config["html"]["extra_footer"].strip(), citation["abstract"]]
    said += [part["caption"] for part in toc["parts"]]
    said += [*words["says"].values(), *words["script"].values()]
    return [*said, *_from(translation.calls, *SAYING)]


def terms():
    """Return what is told of the terms: names, definitions, what leans on what, paths, the ledger's notes."""
    data = ROOT / "lib/imagebook/data"
    with (data / "terms.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    graph = tomllib.loads((data / "term-graph.toml").read_text(encoding="utf-8"))
    paths = graph.pop("paths")
    ledger = tomllib.loads((data / "ledger.toml").read_text(encoding="utf-8"))
    said = [row["english"] for row in rows] + [row["definition"] for row in rows]
    for term in graph.values():
        said += [term["english"], term.get("label", term["english"]), *term.get("needs", {}).values()]
    for path in paths.values():
        said.append(path["minutes_for"])
        for part in path["parts"]:
            said += [part[key] for key in ("title", "assignment") if key in part]
            said += [step["why"] for step in part["steps"]]
    said += [
        source[key] for source in ledger["sources"].values() for key in ("wording", "note") if key in source
    ]
    for row in ledger["row"]:
        said += [row["where"], row["note"]]
        said += [name.replace("_", " ") for name in re.findall(r"`(\w+)`", row["note"])]
    return said


def _from(find, *patterns):
    """Return what a function finds in all files of some patterns, each message once."""
    paths = [
        path for pattern in patterns for path in sorted(ROOT.glob(pattern)) if "vendor" not in path.parts
    ]
    return list(dict.fromkeys(word for path in paths for word in find(path.read_text(encoding="utf-8"))))


def languages():
    """Return the languages that have catalogues."""
    return sorted(path.name for path in LOCALE.iterdir() if path.is_dir())


def file(language, name):
    """Return where a catalogue is."""
    return LOCALE / language / "LC_MESSAGES" / f"{name}.po"


def read(language, name):
    """Return a catalogue as it is on disk, an empty one where there is none."""
    path = file(language, name)
    if not path.exists():
        return Catalog(locale=language, charset="utf-8", fuzzy=False)
    with path.open("rb") as stream:
        return read_po(stream, locale=language)


def write(catalogue, language, name):
    """Write a catalogue, byte-identically for the same messages."""
    path = file(language, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        stream.write(HEADER.format(language=language).encode())
        write_po(stream, catalogue, width=0, no_location=True, omit_header=True, ignore_obsolete=True)


def update(language):
    """Bring a language's catalogues up to date; return {catalogue: [messages that need a translator]}."""
    needed = {}
    for name, template in templates().items():
        catalogue = read(language, name)
        catalogue.update(template)
        write(catalogue, language, name)
        needed[name] = [m.id for m in catalogue if m.id and (not m.string or m.fuzzy)]
    return needed


def lost(source, target):
    """Return what a translation has lost of its source, or has broken: a sentence each."""
    found = []
    for what, parts in (
        ("code", _code),
        ("formula", _formulas),
        ("link", TARGET.findall),
        ("role", _roles),
        ("place", PLACE.findall),
    ):
        missing, added = (
            Counter(parts(source)) - Counter(parts(target)),
            Counter(parts(target)) - Counter(parts(source)),
        )
        found += [f"{what} lost: {part}" for part in missing.elements()]
        found += [f"{what} that the source does not have: {part}" for part in added.elements()]
    found += [
        f"number lost: {part}" for part in (Counter(_numbers(source)) - Counter(_numbers(target))).elements()
    ]
    if _stars(target) > _stars(source):
        found.append(
            "a * that does not work as emphasis: no bracket or stop just inside of it before a letter"
        )
    return found


def _code(text):
    return CODE.findall(ROLE.sub("", text))


def _formulas(text):
    bare = CODE.sub("", text)
    found = FORMULA.findall(bare)
    if "\\text{" in text and not found:
        found = [text]  # a displayed formula is a message of its own
    return [re.sub(r"\s+", " ", WORDS.sub(r"\\text{}", part)) for part in found]


def _roles(text):
    states = STATE.findall(text)
    return states + [
        role for role in ROLE.findall(text) if not role.startswith(("{figure-state}", "{korean}"))
    ]


def _numbers(text):
    """Return the numbers of a text; 5 million, 500만 and 5,000,000 are the same."""
    bare = TARGET.sub("]", ROLE.sub("", FORMULA.sub("", CODE.sub("", PLACE.sub("", text)))))
    return [_value(match[0]) for match in LARGE_NUMBER.finditer(bare)]


def _value(text):
    """Return a number in plain digits; that of a version, 3.11.7, as it is."""
    parts = re.findall(rf"({NUMBER.pattern})\s?([조억]|만(?!큼)|[a-z]+)?", text)
    if any(number.count(".") > 1 for number, _ in parts):
        return text
    total = sum(Decimal(number.replace(",", "")) * LARGE.get(unit, 1) for number, unit in parts)
    return f"{total.normalize():f}"


def _stars(text):
    inline = MarkdownIt().parseInline(FORMULA.sub("", text))[0]
    return sum(part.content.count("*") for part in inline.children if part.type == "text")


def shown(language):
    """Return what the library needs of a language's catalogues, {part: {English: translated}}."""
    found = {"figures": {}, "errors": {}}
    names = [
        "errors",
        "terms",
        "figures",
        "library",
        *pages(),
    ]  # where two say the same, the later one counts
    for name in names:
        part = found["errors" if name == "errors" else "figures"]
        for message in read(language, name):
            is_shown = name in names[:4] or "figure" in message.auto_comments
            if is_shown and message.id and message.string and not message.fuzzy:
                if message.string != message.id:
                    part[message.id] = message.string
    return found


def write_shown(language):
    """Write what the library needs of a language beside its data, where figures find it wherever they run."""
    path = ROOT / f"lib/imagebook/data/words-{language}.json"
    path.write_text(json.dumps(shown(language), ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


def main():
    """Update every language; tell what is left to do."""
    for language in languages():
        needed = update(language)
        write_shown(language)
        for name, left in needed.items():
            if left:
                print(f"{language}: {name} has {len(left)} messages to translate")
        print(f"{language}: {sum(map(len, needed.values()))} messages to translate in all")


if __name__ == "__main__":
    sys.exit(main())
