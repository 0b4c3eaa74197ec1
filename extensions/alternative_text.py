"""Gives every picture its alternative text, and fails the build where one has none.

`imagebook.plotting.show` displays a figure together with a plain-text twin that says what it shows. myst-nb
passes on the picture and drops the twin; here the twin becomes the picture's alternative text.
"""

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

logger = logging.getLogger(__name__)


class AlternativeText(SphinxTransform):
    default_priority = 400

    def apply(self):
        for bundle in self.document.findall(nodes.container):
            if bundle.get("nb_element") != "mime_bundle":
                continue
            twins = [part.astext() for part in bundle if part.get("mime_type") == "text/plain"]
            # A repr such as <Figure size 640x480 with 1 Axes> says nothing.
            if twins and not twins[0].startswith("<"):
                for image in bundle.findall(nodes.image):
                    image.setdefault("alt", twins[0])
        for image in self.document.findall(nodes.image):
            if not image.get("alt", "").strip():
                message = "a picture has no alternative text: use plotting.show(figure, alt=...)"
                logger.warning(message, location=image)


def setup(app):
    app.add_transform(AlternativeText)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
