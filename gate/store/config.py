"""Reading `gate.yaml`."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

from gate.core.checks import parse_check
from gate.core.config import Config, ReviewLimits, Suite
from gate.core.judge import JudgeRules
from gate.core.override import DEFAULT
from gate.core.policy import FINDING_IDS, Policy, Repeats, Tolerance, Waiver
from gate.core.score import Rules
from gate.core.tree import inside
from gate.errors import ConfigError
from gate.store.override_files import read_override_file
from gate.store.validation import check_schema, validate
from gate.store.yaml_text import parse_yaml

if TYPE_CHECKING:
    from gate.core.checks import Check
    from gate.core.tree import Tree
    from gate.store.yaml_text import Document


def read_config(tree: Tree, path: str = "gate.yaml") -> Config:
    """Read and check `gate.yaml`.

    Raises:
        ConfigError: It is missing, broken, says something unknown, names a path outside the
            root, or a check's schema or pattern is wrong.
    """
    document = parse_yaml(tree.read(path), f"{tree.label}{path}")
    validate(document.value, "config", where=document.where)
    value = document.value
    suites = {
        name: _suite(name, raw, document, tree) for name, raw in (value["suites"] or {}).items()
    }
    return Config(
        source=document.name,
        owner=value.get("owner", ""),
        suites=suites,
        policy=_policy(value.get("policy", {})),
        waivers=tuple(
            _waiver(raw, document.where(("waivers", index)))
            for index, raw in enumerate(value.get("waivers", []))
        ),
    )


def _suite(name: str, raw: dict[str, Any], document: Document, tree: Tree) -> Suite:
    at = ("suites", name)
    for key in ("prompt", "cases"):
        if key in raw:
            _confine(raw[key], document.where((*at, key)), tree)
    override = raw.get("override", {})
    calibration = None
    for key in {"proxy", "labels"} & override.keys():
        _confine(override[key], document.where((*at, "override", key)), tree)
    if "proxy" in override:
        calibration = read_override_file(tree, override["proxy"], name)
    checks = tuple(
        _check(raw_check, document, (*at, "checks", index), tree)
        for index, raw_check in enumerate(raw.get("checks", []))
    )
    return Suite(
        name=name,
        prompt=raw["prompt"],
        cases=raw.get("cases"),
        repeats=Repeats(**raw.get("repeats", {})),
        rules=Rules(
            checks=checks,
            decision=tuple(override.get("decision", [])),
            detect_refusals=raw.get("detect_refusals", True),
            proxy=calibration.proxy if calibration else DEFAULT,
        ),
        proxy=override.get("proxy"),
        labels=override.get("labels"),
        judge=_judge(override.get("judge"), document, (*at, "override", "judge"), tree),
        calibration=calibration,
        review=ReviewLimits(
            **{key: override[key] for key in ("max_miss", "confidence") if key in override}
        ),
        retired=raw.get("retired", False),
    )


def _judge(
    raw: dict[str, Any] | None, document: Document, at: tuple[Any, ...], tree: Tree
) -> JudgeRules | None:
    if raw is None:
        return None
    _confine(raw["prompt"], document.where((*at, "prompt")), tree)
    return JudgeRules(prompt=raw["prompt"], answers=raw.get("answers", {}))


def _confine(path: str, where: str, tree: Tree) -> None:
    try:
        inside(path, label="")
        tree.exists(path)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}", fix=error.fix) from error


def _check(raw: dict[str, Any], document: Document, at: tuple[Any, ...], tree: Tree) -> Check:
    ((name, operand),) = raw.items()
    try:
        return parse_check(name, operand, load_schema=lambda path: _schema(tree, path))
    except ConfigError as error:
        raise ConfigError(f"{document.where(at)}: {error}", fix=error.fix) from error


def _schema(tree: Tree, path: str) -> Any:
    try:
        schema = json.loads(tree.read(path))
    except ValueError as error:
        raise ConfigError(f"{tree.label}{path}: not JSON: {error}") from error
    check_schema(schema, f"{tree.label}{path}")
    return schema


def _policy(raw: dict[str, Any]) -> Policy:
    given: dict[str, Any] = {
        key: raw[key]
        for key in (
            "alpha",
            "inconclusive",
            "baseline_max_age_days",
            "author_recordings",
            "trust",
            "exact",
            "strict",
            "scope",
        )
        if key in raw
    }
    if "metrics" in raw:
        given["metrics"] = {name: Tolerance(**one) for name, one in raw["metrics"].items()}
    segments = raw.get("segments", {})
    if "by" in segments:
        given["segments_by"] = tuple(
            (tags,) if isinstance(tags, str) else tuple(tags) for tags in segments["by"]
        )
    if "max_rise" in segments:
        given["segments_max_rise"] = segments["max_rise"]
    return Policy(**given)


def _waiver(raw: dict[str, Any], where: str) -> Waiver:
    try:
        date.fromisoformat(raw["expires"])
    except ValueError as error:
        raise ConfigError(f"{where}: expires: {error}", fix="write it as 2026-12-31") from error
    if raw["finding"] not in FINDING_IDS:
        raise ConfigError(
            f"{where}: no finding {raw['finding']!r}", fix=f"known: {', '.join(FINDING_IDS)}"
        )
    return Waiver(
        finding=raw["finding"],
        segment=raw.get("segment"),
        owner=raw["owner"],
        reason=raw["reason"],
        expires=raw["expires"],
        prompt=raw.get("prompt"),
    )
