"""The page's template, style and script, and the policy that lets these run and nothing else."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from gate.reports.safe_text import visible

if TYPE_CHECKING:
    from jinja2 import Environment

_STYLES = ("page.css", "charts.css", "cases.css")
_SCRIPTS = ("words.js", "data.js", "table.js", "one_case.js", "page.js")


def asset(name: str) -> str:
    """Read one file that is packed with this module."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def style() -> str:
    """Return the style of the page."""
    return "".join(asset(name) for name in _STYLES)


def script() -> str:
    """Return the script of the page; its names are its own."""
    return '(() => {\n"use strict";\n' + "".join(asset(name) for name in _SCRIPTS) + "})();\n"


def policy(style_text: str, script_text: str) -> str:
    """Return the Content-Security-Policy: this style, this script, and no request to anywhere."""
    return (
        f"default-src 'none'; style-src {_digest(style_text)}; script-src {_digest(script_text)}; "
        "base-uri 'none'; form-action 'none'"
    )


def templates() -> Environment:
    """Return the templates; whatever text they write is made visible and escaped."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(
        autoescape=True,
        loader=FunctionLoader(asset),
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _shown(value: Any) -> Any:
    """Hide nothing in a text; what a macro wrote has been here before."""
    return visible(value) if type(value) is str else value


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
