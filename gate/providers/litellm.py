"""`litellm/…`: the long tail of vendors, through the litellm package if it is installed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from gate.errors import ConfigError, IncompleteError, ProviderFault
from gate.providers.chat_format import chat_body, chat_response
from gate.providers.http import answer_fault
from gate.providers.statuses import status_fault

if TYPE_CHECKING:
    from gate.core.model import Prompt, Request, Response
    from gate.providers.registry import Place

_FATAL = {401, 403, 404}


def open_provider(prompt: Prompt, place: Place) -> LiteLLM:
    """Return the provider.

    Raises:
        ConfigError: litellm is not installed.
    """
    try:
        import litellm
    except ImportError as error:
        raise ConfigError(
            f"{prompt.path}: {prompt.model} needs the package litellm",
            fix="run: pip install 'regression-gate[litellm]'",
        ) from error
    return LiteLLM(litellm, timeout_s=place.timeout_s, base_url=prompt.base_url)


class LiteLLM:
    """litellm's own clients; retries are the gate's."""

    max_in_flight: int | None = None

    def __init__(self, litellm: Any, *, timeout_s: float, base_url: str | None) -> None:
        self._litellm = litellm
        self._options = {"timeout": timeout_s, "num_retries": 0, "api_base": base_url}

    async def complete(self, request: Request, *, seed: int) -> Response:
        """Answer one request, see `Provider`."""
        del seed
        started = time.perf_counter()
        try:
            answer = await self._litellm.acompletion(**chat_body(request), **self._options)
        except Exception as error:  # litellm has dozens of its own kinds
            raise _fault(request.model, error) from error
        latency_ms = (time.perf_counter() - started) * 1000
        try:
            return chat_response(answer.model_dump(), latency_ms)
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise answer_fault(request.model, error) from error

    async def close(self) -> None:
        """Nothing to release."""


def _fault(model: str, error: Exception) -> Exception:
    status = getattr(error, "status_code", None)
    message = f"{model}: {error}"
    if status in _FATAL:
        return IncompleteError(message, fix="check the vendor's key and the model's name")
    # litellm's own time-out says 408; its cut connections say nothing.
    if status == 408 or isinstance(error, TimeoutError):  # noqa: PLR2004
        return ProviderFault(message, code="timeout", retryable=True)
    if status is None:
        return ProviderFault(message, code="transport", retryable=True)
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    return status_fault(status, message, said=message, retry_after=headers.get("retry-after"))
