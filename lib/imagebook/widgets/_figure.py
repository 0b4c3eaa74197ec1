"""What all figures share: state that Python and the page change, and a picture for where nothing moves."""

import base64
import io

import anywidget
import traitlets

from imagebook import _language
from imagebook._language import say
from imagebook.widgets import _assets, _modules
from imagebook.widgets._traits import Rule


class Figure(anywidget.AnyWidget):
    """An interactive figure. A subclass in x.py, with x.js and x.css beside it, is one.

    A subclass says what it is in class attributes, declares its state as traits from `_traits`, and draws its
    state in `picture`. What can be computed from the state is a property that calls the library.

    Attributes
    ----------
    title : str
        The figure's name, a few words.
    help : str
        What a reader can do with it: one or two sentences.
    assets : tuple of str
        What it needs of `_assets`.
    strip : dict of str to dict
        What paper shows, where nothing moves: three states, as far as they matter, by their captions.
    """

    title = ""
    help = ""
    assets = ()
    strip = {}

    _name = traitlets.Unicode().tag(sync=True)
    _title = traitlets.Unicode().tag(sync=True)
    _help = traitlets.Unicode().tag(sync=True)
    _schema = traitlets.Dict().tag(sync=True)
    _asset_names = traitlets.List().tag(sync=True)
    _assets = traitlets.Dict().tag(sync=True)

    def __init_subclass__(cls, **options):
        if "title" in vars(cls):  # not one of the classes that traitlets makes on the way
            cls._figure = cls.__module__.rpartition(".")[2]
            cls._esm = _modules.composed(cls._figure)
            cls._css = _modules.style(cls._figure)
        super().__init_subclass__(**options)

    def __init__(self, **state):
        for name in state:
            if not isinstance(self.traits().get(name), Rule):
                known = ", ".join(self.state_rules())
                raise TypeError(f"{type(self).__name__} has no {name}; it has {known}")
        super().__init__(
            _name=self._figure,
            _title=say(self.title),
            _help=say(self.help),
            _schema=self.state_rules(),
            _asset_names=list(self.assets),
            _assets={name: _assets.packed(name) for name in self.assets},
            **state,
        )

    def state_rules(self):
        """Return the rules of the figure's state, {name: rule}."""
        return {name: trait.rule for name, trait in self.traits().items() if isinstance(trait, Rule)}

    def picture(self):
        """Return a matplotlib figure of the state as it is now."""
        raise NotImplementedError

    def words(self):
        """Return a sentence that says what the picture shows: its alternative text."""
        raise NotImplementedError

    def states(self):
        """Return three figures and their captions: this one as it is, then two others of its strip.

        Returns
        -------
        list of (str, Figure)
        """
        rules = set(self.state_rules())
        own = {name: getattr(self, name) for name in rules}
        first, others = "as it begins", []
        for caption, change in self.strip.items():
            other = type(self)(**{**own, **change})
            if other.get_state(rules) == self.get_state(rules):
                first = caption
            else:
                others.append((caption, other))
        return [(say(caption), figure) for caption, figure in [(first, self), *others[-2:]]]

    def png(self):
        """Return the picture as the bytes of a PNG."""
        file = io.BytesIO()
        picture = self.picture()
        _language.draw(picture)
        picture.savefig(file, format="png", dpi=130)
        return file.getvalue()

    def _repr_mimebundle_(self, **options):
        """Return the live figure, and a picture and words for where it cannot live."""
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        picture = base64.b64encode(self.png()).decode("ascii")
        return {
            **data,
            "image/png": picture,
            "text/plain": f"{say(self.title)}. {say(self.words())}",
        }, metadata
