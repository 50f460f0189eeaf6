"""What an answer cost, and what a call can cost at most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.core.canonical import canonical_json

if TYPE_CHECKING:
    from gate.core.model import Price, Request, Response

_LIMITS_OF_OUTPUT = (
    "maxTokens", "max_tokens", "maxCompletionTokens", "max_completion_tokens",
)  # fmt: skip
_LOCAL = "local/"  # sends no bill
_FRAME = 16  # tokens that a vendor may put around a part of a message


def cost_usd(response: Response, price: Price | None) -> float | None:
    """Return what one answer cost, or None where neither price nor bill is known."""
    if response.cost_usd is not None:
        return response.cost_usd
    if price is None or response.input_tokens is None or response.output_tokens is None:
        return None
    return (response.input_tokens * price.input + response.output_tokens * price.output) / 1_000_000


def most_usd(request: Request, price: Price | None) -> float | None:
    """Return the most that one attempt of a request can cost, None where nothing bounds it.

    No token is shorter than a byte, and the answer is as long as the request allows.
    """
    if price is None:
        return 0.0 if request.model.startswith(_LOCAL) else None
    parameters = request.parameters
    output = next((parameters[name] for name in _LIMITS_OF_OUTPUT if name in parameters), None)
    answers = parameters.get("n", 1)
    if not isinstance(output, int) or not isinstance(answers, int):
        return None
    texts = [part for each in request.messages for part in (each.role, each.content)]
    told = [*texts, canonical_json([request.json_schema, request.input])]
    size = sum(len(text.encode("utf-8", "replace")) + _FRAME for text in told)
    return (size * price.input + output * answers * price.output) / 1_000_000
