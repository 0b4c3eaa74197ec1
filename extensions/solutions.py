"""Folds solutions with `<details>`, which every browser opens: by mouse, touch, keys, search and links.

sphinx-exercise writes a box, and leaves the folding to a script of another extension. Here the box of a
solution with the class `dropdown` becomes an element that folds by itself; in books for paper and for reading
devices it stays an open box.
"""

from docutils import nodes
from language import say
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx_exercise.nodes import is_exercise_node, is_solution_node

# Builders whose pages are read in a browser; others write HTML, too, but for paper or for reading devices.
FOLDING = {"html", "dirhtml"}


class fold(nodes.General, nodes.Element):  # docutils names nodes like this
    """What is folded, its title first."""


class fold_title(nodes.General, nodes.TextElement):
    """What one clicks at."""


def visit_fold(self, node):
    self.body.append(self.starttag(node, "details"))


def depart_fold(self, node):
    self.body.append("</details>\n")


def visit_fold_title(self, node):
    self.body.append(self.starttag(node, "summary", "", CLASS="admonition-title"))


def depart_fold_title(self, node):
    self.body.append("</summary>\n")


class Solutions(SphinxPostTransform):
    """Folds solutions, and takes from exercises the sections that all have the same id."""

    default_priority = 30  # after sphinx-exercise has written the titles
    formats = ("html",)

    def run(self):
        boxes = self.document.findall(lambda node: is_exercise_node(node) or is_solution_node(node))
        for box in list(boxes):
            for section in [child for child in box if isinstance(child, nodes.section)]:
                box.replace(section, section.children)
            if is_solution_node(box):  # sphinx-exercise's Korean has no grammar: the answer exercise 1
                box[0][0] = nodes.Text(say("Solution to"))
            if is_solution_node(box) and "dropdown" in box["classes"] and self.app.builder.name in FOLDING:
                box.parent.replace(box, folded(box))


def folded(solution):
    """Return a solution as what folds; its title opens it, so the title's link moves to the end."""
    title, *content = solution.children
    link = next(title.findall(nodes.reference))
    words = sum((part.children if part is link else [part] for part in title.children), [])
    details = fold("", ids=solution["ids"], classes=["solution", "admonition"])
    details += fold_title("", "", *(word.deepcopy() for word in words))
    details += content
    details += nodes.paragraph("", "", nodes.Text(say("Back to ")), link, nodes.Text(say(".")))
    return details


def setup(app):
    app.add_node(fold, html=(visit_fold, depart_fold))
    app.add_node(fold_title, html=(visit_fold_title, depart_fold_title))
    app.add_post_transform(Solutions)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
