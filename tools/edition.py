"""An edition in another language: the book's sources with each message translated, in a folder to build from.

The code of the chapters stays as it is, and a message that has no translation stays English; a note at the
top of such a page says so. Only files that changed are written, so that only their pages are built again.
"""

import shutil
import sys
from pathlib import Path

import catalogues
import translation
import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "extensions"))
from language import LANGUAGE, say  # noqa: E402

SOURCE = ROOT / "_build" / LANGUAGE
# What is the same in every edition.
COPIED = ("_static", "extensions", "locale", "assignments", "references.bib", "CITATION.cff")


def translated(name):
    """Return a page in the language of this build, with a note where a part of it is still English."""
    text = catalogues.pages()[name].read_text(encoding="utf-8")
    known = {m.id: m.string for m in catalogues.read(LANGUAGE, name) if m.id and m.string and not m.fuzzy}
    messages = translation.messages(text)
    missing = [message for message in messages if message not in known]
    text = translation.translate(text, lambda message: known.get(message, message))
    if not missing:
        return text
    note = say("A part of this page is not translated yet ({0} of {1} texts): it stands here in English.")
    title, line, rest = (
        text.partition("\n# ") if text.startswith("---") else ("", "", text.removeprefix("# "))
    )
    heading, _, rest = rest.partition("\n")
    note = f"```{{note}}\n{note.format(len(missing), len(messages))}\n```"
    return f"{title}{line or '# '}{heading}\n\n{note}\n{rest}"


def config():
    """Return the book's settings for this edition."""
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    for key in ("title", "author"):
        settings[key] = say(settings[key])
    settings["html"]["extra_footer"] = say(settings["html"]["extra_footer"].strip())
    settings["execute"]["cache"] = str(SOURCE / "_build/.jupyter_cache")  # else that of the English edition
    options = {"language": LANGUAGE, "book_english": str(ROOT / "_build/.doctrees")}
    settings["sphinx"]["config"] |= options
    return yaml.safe_dump(settings, allow_unicode=True, sort_keys=False)


def contents():
    """Return the table of contents for this edition."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    for part in toc["parts"]:
        part["caption"] = say(part["caption"])
    return yaml.safe_dump(toc, allow_unicode=True, sort_keys=False)


def write():
    """Write the sources of this edition."""
    files = {"_config.yml": config(), "_toc.yml": contents()}
    files |= {f"{name}.md": translated(name) for name in catalogues.pages()}
    for notebook in sorted((ROOT / LANGUAGE / "chapters").glob("*.ipynb")):
        files[f"chapters/{notebook.name}"] = notebook.read_text(encoding="utf-8")
    for name, text in files.items():
        path = SOURCE / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for name in COPIED:
        source, target = ROOT / name, SOURCE / name
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
