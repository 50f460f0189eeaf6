"""A regression gate for prompt and model changes."""

__version__ = "0.1.0"
