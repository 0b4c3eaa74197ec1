"""Image models from A to T: the library behind the book, one module per idea."""

__version__ = "0.1.0"
