"""A judge: a prompt that says of an output whether a reviewer would keep it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gate.core.canonical import canonical_json, digest
from gate.core.model import Case
from gate.core.output import parse_json
from gate.core.position_bias import FIRST, SECOND, TIE
from gate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gate.core.model import Prompt

_OVERRIDDEN = 0.5  # from which answer on a judge would override


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeRules:
    """What gate.yaml says of a suite's judge."""

    prompt: str  # path
    answers: Mapping[str, float]  # what each means, in [0, 1]: 0 keeps the output, 1 rejects it


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """A judge prompt with what its answers mean."""

    prompt: Prompt
    answers: Mapping[str, float]  # empty: it compares two outputs

    @property
    def identity(self) -> str:
        """Digest of what it is asked and of what its answers mean."""
        return digest([self.prompt.fingerprint, dict(self.answers)])

    @property
    def compares(self) -> bool:
        """Whether it is shown two outputs, in both orders, and names the better one."""
        return _names(self.prompt, FIRST) and _names(self.prompt, SECOND)


def make_judge(prompt: Prompt, rules: JudgeRules) -> Judge:
    """Put a judge together.

    Raises:
        ConfigError: The prompt shows no output, or its answers are not those of gate.yaml.
    """
    judge = Judge(prompt=prompt, answers=rules.answers)
    if not judge.compares and not _names(prompt, "output"):
        raise ConfigError(
            f"{prompt.path}: the judge is shown no output",
            fix="let its messages name {{output}}, or {{first}} and {{second}}",
        )
    if judge.compares and rules.answers:
        raise ConfigError(
            f"{prompt.path}: a judge that compares answers {FIRST}, {SECOND} or {TIE}",
            fix="remove override.judge.answers from gate.yaml",
        )
    known = known_answers(judge)
    if not known:
        raise ConfigError(
            f"{prompt.path}: what the judge's answers mean is not said",
            fix="add override.judge.answers to gate.yaml, such as {accept: 0, edit: 1, reject: 1}",
        )
    key, allowed = _enumerated(prompt)
    if prompt.json_schema is not None and key is None:
        raise ConfigError(
            f"{prompt.path}: which property of the judge's jsonSchema is its answer?",
            fix="give one of them an enum, and no other",
        )
    strange = [str(each) for each in allowed if each not in known]
    if strange:
        raise ConfigError(
            f"{prompt.path}: the judge may answer {', '.join(sorted(strange))}, and nothing says "
            "what that means",
            fix=f"known: {', '.join(sorted(known))}",
        )
    return judge


def _names(prompt: Prompt, variable: str) -> bool:
    named = re.compile(r"\{[{%][^}]*\b" + variable + r"\b")
    return any(named.search(message.content) for message in prompt.messages)


def _enumerated(prompt: Prompt) -> tuple[str | None, Sequence[Any]]:
    """Return the one property of the prompt's JSON Schema that is enumerated, and its values.

    Returns:
        (None, ()) if no property is, or several are.
    """
    schema = (prompt.json_schema or {}).get("schema", {})
    found = [
        (key, each["enum"])
        for key, each in schema.get("properties", {}).items()
        if isinstance(each, dict) and isinstance(each.get("enum"), list)
    ]
    return found[0] if len(found) == 1 else (None, ())


def questions(judge: Judge, case: Case, output: str, reference: str | None) -> tuple[Case, ...]:
    """Return what the judge is asked about an output, as cases of its own prompt.

    What it is shown stands between marks that hold a nonce: a digest of just that, so that
    nothing in it can close its own mark, and the same question is the same request.

    Args:
        judge: Who is asked.
        case: Of the output.
        output: Its text.
        reference: The approved output that a judge that compares holds it against; without one
            there is no question.
    """
    expected = None if case.expected is None else _as_text(case.expected)
    shown = {"input": _as_text(case.input), "expected": expected or ""}
    if not judge.compares:
        pairs = [{"output": output}]
    elif reference is None:
        return ()
    else:
        pairs = [{FIRST: output, SECOND: reference}, {FIRST: reference, SECOND: output}]
    nonce = digest([judge.prompt.fingerprint, shown, pairs])[:16]
    return tuple(
        Case(
            case_id=f"{nonce} {number}",
            input={name: _marked(name, text, nonce) for name, text in {**shown, **pair}.items()},
        )
        for number, pair in enumerate(pairs, 1)
    )


def _marked(name: str, text: str, nonce: str) -> str:
    return f"<{name}-{nonce}>\n{text}\n</{name}-{nonce}>"


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else canonical_json(value)


def known_answers(judge: Judge) -> list[str]:
    """Return the answers that mean something."""
    return [FIRST, SECOND, TIE] if judge.compares else list(judge.answers)


def answer_of(judge: Judge, text: str) -> str | None:
    """Return the enumerated answer that a response holds, None if it holds none."""
    parsed = parse_json(text)
    said = parsed.get(_enumerated(judge.prompt)[0]) if isinstance(parsed, dict) else parsed
    if not isinstance(said, str):
        said = text.strip()
    return said if said in known_answers(judge) else None


def word_of(judge: Judge, answers: Sequence[str | None]) -> float | None:
    """Return what the answers to an output's questions come to, in [0, 1].

    Of a judge that compares: the share of the two orders in which the approved output wins.
    """
    said = [each for each in answers if each is not None]
    if not said or len(said) < len(answers):
        return None
    if not judge.compares:
        return float(judge.answers[said[0]])
    return ((said[0] == SECOND) + (said[1] == FIRST)) / 2


def overrides(judge: Judge, word: float) -> bool:
    """Tell whether a judge with this word would override the output.

    One that compares must prefer the approved output in both orders: whoever names the same
    position twice prefers neither.
    """
    return word > _OVERRIDDEN if judge.compares else word >= _OVERRIDDEN
