"""Check the spelling and grammar of the book's text: a line for each finding, and failure if there is one.

Harper (https://writewithharper.com) reads British English without a network. What is no prose, such as code,
formulas, roles and directives' options, is blanked out first, letter by letter, so that places stay right.
Words that it does not know and we do are in tools/words.txt.
"""

import re
import sys
from pathlib import Path

from harper import Dialect, Linter

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("chapters", "pages", "assignments")
# Rules that do not fit this book's style or its words, each with what it objects to here.
OFF = {
    "ALongTime": "pooling along time",
    "AvoidAndAlso": "and also",
    "CapitalizePersonalPronouns": "an index i",
    "CommaFixes": "what was blanked out",
    "CompoundNouns": "data set",
    "CondenseAllThe": "a matter of style",
    "DiscourseMarkers": "Otherwise the sum",
    "DisjointPrefixes": "pre-training",
    "Everyone": "every one of them",
    "ExpandMemoryShorthands": "MB",
    "LeftRightHand": "the right hand side of a person",
    "LongSentences": "a matter of style",
    "MassNouns": "brightnesses",
    "MergeWords": "two words in italics",
    "MissingPreposition": "filter results",
    "MissingTo": "a mean of five",
    "Overall": "over all pixels",
    "OrthographicConsistency": "OKS, np",
    "OxfordComma": "a list that ends without one",
    "PhrasalVerbAsCompoundNoun": "the layout",
    "QuantifierNumeralConflict": "two of each",
    "SentenceCapitalization": "a list that goes on with a sentence",
    "Spaces": "what was blanked out",
    "SingleBe": "what it is is told",
    "SplitWords": "subsampling",
    "UseEllipsisCharacter": "three dots in code",
    "UseTitleCase": "headings are sentences",
}
# Blanked out, in this order; what has a word behind it stands in a sentence and leaves that word.
NOT_PROSE = [
    (r"\A---\n.*?\n---\n", ""),
    (r"^(`{3,})\{selfcheck\}.*?\n---\n", ""),
    (r"^(`{3,})(?:\{(?:code-cell|figure|bibliography|math)\}|sh|python|toml|yaml).*?^\1$", ""),
    (r"^(?:`{3,}|:{3,})(?:\{[\w-]+\}(?: [\w-]+$)?)?", ""),
    (r"^:[\w-]+:.*$", ""),
    (r"^\|.*\|$", ""),
    (r"^\([\w-]+\)=$", ""),
    (r"^- \[.*?\](?= |$)", "-"),
    (r"\$\$.*?\$\$", ""),
    (r"\$[^$\n]+\$", "x"),
    (r"^\{korean\}`[^`]*`$", ""),
    (r"\{cite:p\}`[^`]*`", ""),
    (r"\{[\w:-]+\}`[^`]*`", "Smith"),
    (r"<[^>\n]+>", ""),
    (r"^\+\+\+.*$", ""),
    (r"^### (?:BEGIN|END) [A-Z ]+$", ""),
    (r"\{\{ \w+ \}\}", "7"),
]


def sources():
    """Return the files whose text readers see."""
    pages = [path for folder in FOLDERS for path in sorted(ROOT.glob(f"{folder}/*.md"))]
    return [ROOT / "index.md", *(page for page in pages if page.stem != "status")]  # that is a program's


def prose(text):
    """Return the text with spaces in place of what is no prose."""
    for pattern, word in NOT_PROSE:

        def blank(match, word=word):
            return re.sub(r"[^\n]", " ", match[0]) if not word else word.ljust(len(match[0]))

        text = re.sub(pattern, blank, text, flags=re.DOTALL | re.MULTILINE)
    return text


def main():
    """Print what is wrong, and how often."""
    linter = Linter(Dialect.BRITISH)
    linter.set_lint_config(linter.get_lint_config() | dict.fromkeys(OFF, False))
    linter.import_words((ROOT / "tools/words.txt").read_text(encoding="utf-8").split())
    count = 0
    for path in sources():
        text = path.read_text(encoding="utf-8")
        for lint in linter.lint(prose(text)):
            if lint.lint_kind == "Spelling" and len(re.sub(r"\W", "", lint.problem_text)) < 3:
                continue  # a variable
            count += 1
            line = text.count("\n", 0, lint.span.start) + 1
            print(f"{path.relative_to(ROOT)}:{line}: {lint.problem_text!r}: {lint.message}")
    print(f"{count} findings in {len(sources())} files")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
