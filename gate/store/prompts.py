"""Reading prompt files: GitHub Models' format, unchanged."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from gate.core.canonical import digest
from gate.core.checks import parse_check
from gate.core.model import Case, Message, Price, Prompt
from gate.core.prompt import fingerprint_of
from gate.errors import ConfigError
from gate.store.validation import check_schema, validate
from gate.store.yaml_text import parse_yaml

if TYPE_CHECKING:
    from gate.core.checks import Check
    from gate.core.tree import Tree
    from gate.store.worktree import WorkTree
    from gate.store.yaml_text import Document

_EVALUATORS = {
    "equals": "equals",
    "contains": "contains",
    "startsWith": "starts_with",
    "endsWith": "ends_with",
}
_NO_PARAMETERS = {
    *("model", "messages", "stream", "system", "apikey", "apibase", "baseurl", "timeout"),
    *("headers", "extraheaders", "extrabody", "extraquery", "customllmprovider", "numretries", "n"),
}
_LITELLM_PARAMETERS = {  # litellm takes endpoints and credentials among them: only these pass
    *("temperature", "topp", "topk", "maxtokens", "maxcompletiontokens", "stop", "seed"),
    *("frequencypenalty", "presencepenalty", "reasoningeffort", "logprobs", "toplogprobs"),
}
_ENDS = 1 << 20  # bytes hashed at each end of a weights file


def read_prompt(tree: Tree, path: str, *, disk: WorkTree | None = None) -> Prompt:
    """Read and check one prompt file.

    Args:
        tree: Where the prompt is read from.
        path: Relative to the tree's root.
        disk: Where weights files lie, which no commit holds; needed for `local/PATH.gguf`.

    Raises:
        ConfigError: It is missing, broken, or says something unknown.
    """
    document = parse_yaml(tree.read(path), f"{tree.label}{path}", as_text=_is_test_text)
    validate(document.value, "prompt", where=document.where)
    value = document.value
    model = value["model"] if "/" in value["model"] else f"openai/{value['model']}"
    provider = model.partition("/")[0]
    code = _worker_digest(tree, provider, value.get("depends"), document)
    if provider == "local" and model.endswith(".gguf"):
        code = _weights_digest(disk, model.partition("/")[2], document)
    _refuse_parameters(provider, value.get("modelParameters", {}), document)
    evaluators, notes = _evaluators(value.get("evaluators", []), document)
    price = value.get("price")
    return Prompt(
        path=document.name,
        name=value.get("name", path),
        model=model,
        parameters=value.get("modelParameters", {}),
        messages=tuple(Message(**message) for message in value["messages"]),
        response_format=_response_format(value, document),
        json_schema=_json_schema(value, document),
        base_url=value.get("baseUrl"),
        price=Price(**price) if price else None,
        depends=tuple(value.get("depends", [])),
        code=code,
        fingerprint=fingerprint_of(value, code),
        evaluators=evaluators,
        test_data=_test_data(value.get("testData", []), document, path),
        notes=notes,
    )


def _refuse_parameters(provider: str, parameters: dict[str, Any], document: Document) -> None:
    """Refuse what is no parameter of a model: it could send the key or the request elsewhere."""
    allowed = _LITELLM_PARAMETERS if provider == "litellm" else None
    for name in parameters:
        plain = name.replace("_", "").lower()
        if plain in _NO_PARAMETERS or (allowed is not None and plain not in allowed):
            raise ConfigError(
                f"{document.where(('modelParameters', name))}: {name!r} is no model parameter",
                fix="use the prompt's own keys: model, messages, baseUrl",
            )


def _is_test_text(path: tuple[Any, ...]) -> bool:
    return path[:1] == ("testData",) or path[:1] == ("evaluators",)


def _response_format(value: dict[str, Any], document: Document) -> str | None:
    kind: str | None = value.get("responseFormat")
    if kind == "json_schema" and "jsonSchema" not in value:
        raise ConfigError(
            f"{document.where(('responseFormat',))}: responseFormat is json_schema, "
            "but key 'jsonSchema' is missing",
            fix='add jsonSchema: \'{"name": "answer", "schema": {…}}\'',
        )
    return kind


def _json_schema(value: dict[str, Any], document: Document) -> dict[str, Any] | None:
    raw = value.get("jsonSchema")
    if raw is None:
        return None
    where = document.where(("jsonSchema",))
    try:
        schema = json.loads(raw) if isinstance(raw, str) else raw
    except ValueError as error:
        raise ConfigError(f"{where}: jsonSchema is not JSON: {error}") from error
    if not isinstance(schema, dict):
        raise ConfigError(f"{where}: jsonSchema must be an object")
    if "schema" not in schema:
        schema = {"name": "answer", "strict": True, "schema": schema}
    if not isinstance(schema["schema"], dict):
        raise ConfigError(f"{where}: jsonSchema: its key 'schema' must be an object")
    check_schema(schema["schema"], f"{where}: jsonSchema")
    return {"name": "answer", **schema}


def _worker_digest(tree: Tree, provider: str, depends: list[str] | None, document: Document) -> str:
    """Digest the sources of a worker, which the model's name does not tell."""
    if provider == "command":
        if not depends:
            raise ConfigError(
                f"{document.where(('model',))}: a command/ model needs the key 'depends'",
                fix="list globs of the files that the worker is made of, such as 'worker/**/*.py'",
            )
        return _depends_digest(tree, depends, document)
    if depends:
        raise ConfigError(f"{document.where(('depends',))}: 'depends' goes with a command/ model")
    return ""


def _weights_digest(disk: WorkTree | None, path: str, document: Document) -> str:
    """Digest size and both ends of a weights file: the name stays when the file is swapped."""
    where = document.where(("model",))
    if disk is None:
        raise ConfigError(f"{where}: {path}: must lie below the folder of gate.yaml")
    try:
        real = disk.path(path)
        size = real.stat().st_size
        with real.open("rb") as file:
            head = file.read(_ENDS)
            file.seek(max(0, size - _ENDS))
            return digest([size, hashlib.sha256(head + file.read(_ENDS)).hexdigest()])
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}", fix=error.fix) from error
    except OSError as error:
        raise ConfigError(f"{where}: {path}: {error.strerror}") from error


def _depends_digest(tree: Tree, depends: list[str], document: Document) -> str:
    found: dict[str, str] = {}
    for index, pattern in enumerate(depends):
        paths = tree.find(pattern)
        if not paths:
            raise ConfigError(f"{document.where(('depends', index))}: {pattern!r} matches no file")
        found.update({path: hashlib.sha256(tree.read(path)).hexdigest() for path in paths})
    return digest(found)


def _evaluators(
    raw: list[dict[str, Any]], document: Document
) -> tuple[tuple[Check, ...], tuple[str, ...]]:
    """Turn string evaluators into checks; others are named, not silently dropped."""
    checks: list[Check] = []
    notes: list[str] = []
    for evaluator in raw:
        rules = evaluator.get("string")
        if rules is None:
            notes.append(
                f"{document.name}: evaluator {evaluator['name']!r} needs a judge; not used"
            )
            continue
        for rule, text in rules.items():
            checks.append(parse_check(_EVALUATORS[rule], text, load_schema=lambda _path: None))
    return tuple(checks), tuple(notes)


def _test_data(raw: list[dict[str, Any]], document: Document, path: str) -> tuple[Case, ...]:
    """Turn `testData` into cases; without an id, a case is known by its content."""
    cases: dict[str, Case] = {}
    for index, row in enumerate(raw):
        given = {key: value for key, value in row.items() if key not in {"id", "expected"}}
        case_id = row.get("id") or f"case-{digest(given)[:8]}"
        if not isinstance(case_id, str):
            raise ConfigError(f"{document.where(('testData', index))}: its id must be plain text")
        if case_id in cases:
            raise ConfigError(
                f"{document.where(('testData', index))}: the case {case_id!r} stands here twice"
            )
        cases[case_id] = Case(
            case_id=case_id,
            input=given,
            expected=row.get("expected"),
            path=path,
            line=document.line(("testData", index)),
        )
    return tuple(cases.values())
