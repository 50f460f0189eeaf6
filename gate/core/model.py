"""The values that pass between the parts: case, prompt, request, response, trial."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.core.checks import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One golden input with its expectation and tags."""

    case_id: str
    input: Any  # a mapping of template variables, or one text that becomes `input`
    expected: Any = None
    segment: Mapping[str, str] = field(default_factory=dict)
    cluster: str | None = None
    is_new: bool = False  # known to the head only: judged, and marked
    path: str = field(default="", compare=False)  # of its file, below the root; "": it has none
    line: int = field(default=0, compare=False)  # in that file, from 1; 0: it stands there no more

    @property
    def variables(self) -> Mapping[str, Any]:
        """What the prompt's templates may name."""
        return self.input if isinstance(self.input, dict) else {"input": self.input}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn; in a prompt its content is a template, in a request it is rendered."""

    role: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """USD per million tokens."""

    input: float
    output: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """The config under test: messages, model and parameters, with their fingerprint."""

    path: str
    name: str
    model: str  # provider/name
    parameters: Mapping[str, Any]
    messages: tuple[Message, ...]
    response_format: str | None = None
    json_schema: Mapping[str, Any] | None = None  # {"name": …, "schema": {…}, "strict": …}
    base_url: str | None = None
    price: Price | None = None
    depends: tuple[str, ...] = ()
    code: str = ""  # digest of what the model's name does not tell: worker sources, a weights file
    fingerprint: str = ""
    evaluators: tuple[Check, ...] = ()
    test_data: tuple[Case, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def provider(self) -> str:
        """The part of `model` before the first slash."""
        return self.model.partition("/")[0]

    @property
    def model_name(self) -> str:
        """The part of `model` after the first slash."""
        return self.model.partition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent for one trial; equal digests mean equal requests."""

    model: str
    parameters: Mapping[str, Any]
    messages: tuple[Message, ...]
    response_format: str | None
    json_schema: Mapping[str, Any] | None
    base_url: str | None
    input: Any  # the case's input, for `command/` only; otherwise None
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What came back, in one vocabulary for all vendors."""

    text: str
    finish_reason: str  # stop, length, content_filter, refusal, or the vendor's own word
    latency_ms: float  # the last attempt only, waiting and retries excluded
    input_tokens: int | None = None
    output_tokens: int | None = None
    logprobs: tuple[float, ...] | None = None  # natural logarithms, one a token
    vendor_model: str | None = None
    cost_usd: float | None = None  # where the provider itself reports it
    attempts: int = 1
    received_at: float = field(default=0.0, compare=False)  # seconds since the epoch; 0: long ago
    mean_logprob: float | None = None  # where a baseline keeps no more of the log-probabilities
    min_logprob: float | None = None

    @property
    def confidence(self) -> tuple[float | None, float | None]:
        """Mean and least log-probability of the answer's tokens, None where they are not known."""
        if not self.logprobs:
            return self.mean_logprob, self.min_logprob
        return sum(self.logprobs) / len(self.logprobs), min(self.logprobs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One case x prompt x repeat."""

    case_id: str
    repeat: int  # 0-based
    source: str  # baseline, recording, live
    response: Response | None  # None: missing, neither a pass nor a failure
    missing: str | None = None  # why it is missing: transport, timeout, throttled, rejected


class Provider(Protocol):
    """Turns a request into a response; knows no case."""

    max_in_flight: int | None  # None: as many as the run allows

    async def complete(self, request: Request, *, seed: int) -> Response:
        """Answer one request.

        Raises:
            ProviderFault: This attempt brought no answer.
            IncompleteError: No attempt of this run can bring one.
        """
        ...

    async def close(self) -> None:
        """Release what the provider holds."""
        ...
