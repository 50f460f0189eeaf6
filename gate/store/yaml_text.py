"""YAML, read safely and with line numbers.

Only JSON's scalars are typed: `NO` stays text and a date stays text. Keys that must stay text
altogether (`1.10`, `0123`) are named by the caller.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from gate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

try:
    from yaml import CSafeLoader as _SafeLoader
except ImportError:  # pragma: no cover -- PyYAML without its C extension
    from yaml import SafeLoader as _SafeLoader  # type: ignore[assignment]

NODES = 2_000_000  # more than this, after aliases are followed, is a bomb and no configuration
DEPTH = 100
LONGEST_NUMBER = 1_000  # characters; longer ones stay text, Python converts no 4,301 digits

_MAP = "tag:yaml.org,2002:map"
_SEQ = "tag:yaml.org,2002:seq"

Path = tuple[Any, ...]


class _Loader(_SafeLoader):
    """Resolves what JSON knows and leaves the rest as text."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 -- PyYAML's own attribute


_WRITTEN: dict[str, re.Pattern[str]] = {}  # tag: how its scalars look, an explicit tag included


def _resolve(tag: str, pattern: str, first: list[str]) -> None:
    _WRITTEN[tag] = re.compile(pattern)
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", _WRITTEN[tag], first)


_resolve("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF"))
_resolve("null", r"^(?:~|null|Null|NULL|)$", [*"~nN", ""])
_resolve("int", r"^[-+]?(?:0|[1-9][0-9]*)$", list("-+0123456789"))
_resolve(
    "float",
    r"^[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$",
    list("-+.0123456789"),
)


class Document:
    """A YAML text as a value that knows its lines."""

    def __init__(self, value: Any, lines: dict[Path, int], name: str) -> None:
        self.value = value
        self.name = name
        self._lines = lines

    def line(self, path: Path) -> int:
        """Return the 1-based line of a value, or of the nearest one that holds it."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def where(self, path: Path) -> str:
        """Return `file:line` of a value."""
        return f"{self.name}:{self.line(path)}"


def parse_yaml(
    content: bytes, name: str, *, as_text: Callable[[Path], bool] = lambda _path: False
) -> Document:
    """Parse one YAML document.

    Args:
        content: UTF-8 text.
        name: The file, for messages.
        as_text: Tells which paths keep their scalars as written.

    Raises:
        ConfigError: Broken YAML, a repeated key, a tag, too many nodes or aliases of aliases.
    """
    try:
        node = yaml.compose(content.decode(), Loader=_Loader)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name}: not UTF-8: {error.reason}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        if "nesting depth" in str(error.problem):  # libyaml's own bound, far above ours
            raise _too_large(f"{name}:{line}") from error
        raise ConfigError(
            f"{name}:{line}: broken YAML: {error.problem or error.context}",
            fix="check indentation, colons and quotes around this line",
        ) from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{name}: broken YAML: {error}") from error
    builder = _Builder(name, as_text)
    return Document(builder.build(node, ()) if node else None, builder.lines, name)


def _too_large(where: str) -> ConfigError:
    return ConfigError(
        f"{where}: too large or too deep once its aliases are followed",
        fix="write the values out, or fewer aliases of aliases",
    )


class _Builder:
    def __init__(self, name: str, as_text: Callable[[Path], bool]) -> None:
        self.name = name
        self.lines: dict[Path, int] = {}
        self._as_text = as_text
        self._left = NODES

    def build(self, node: yaml.Node, path: Path) -> Any:
        """Turn a node into a value and note its line."""
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        self._left -= 1
        if self._left < 0 or len(path) > DEPTH:
            raise _too_large(f"{self.name}:{line}")
        if isinstance(node, yaml.MappingNode) and node.tag == _MAP:
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == _SEQ:
            return [self.build(item, (*path, i)) for i, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        raise self._tag_refused(node)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode) or key_node.value == "<<":
                raise ConfigError(f"{self.name}:{line}: a key must be plain text")
            key = key_node.value
            if key in found:
                raise ConfigError(
                    f"{self.name}:{line}: key {key!r} stands here twice",
                    fix="remove one; the last would silently win",
                )
            self.lines[(*path, key)] = line
            found[key] = self.build(value_node, (*path, key))
        return found

    def _scalar(self, node: yaml.Node, path: Path) -> Any:
        text: str = node.value
        if self._as_text(path):
            return text
        tag = node.tag.rpartition(":")[2]
        if tag in _WRITTEN and not _WRITTEN[tag].match(text):
            raise self._tag_refused(node)  # `!!bool yes`, `!!int 0x1F`
        match tag:
            case "bool":
                return text.lower() == "true"
            case "null":
                return None
            case "int" | "float" if len(text) <= LONGEST_NUMBER:
                return int(text) if tag == "int" else float(text)
            case "int" | "float" | "str":
                return text
        raise self._tag_refused(node)

    def _tag_refused(self, node: yaml.Node) -> ConfigError:
        line = node.start_mark.line + 1
        return ConfigError(
            f"{self.name}:{line}: the tag {node.tag!r} is not allowed", fix="write a plain value"
        )
