"""A regression gate for prompt and model changes.

As a library: `judge(old, new, policy)` judges outputs made elsewhere, `read_proxy(path)` reads a
calibrated override proxy, to score outputs where they are made.
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = [
    "Answer", "Judged", "Policy", "Tolerance", "Verdict", "__version__", "judge", "read_proxy",
]  # fmt: skip

if TYPE_CHECKING:
    from gate.core.judgement import Judged
    from gate.core.policy import Policy, Tolerance
    from gate.core.report import Verdict
    from gate.core.rows import judge
    from gate.core.signals import Answer
    from gate.store.override_files import read_proxy
else:
    # Imported when asked for: numpy takes longer to start than the whole command line.
    _HOMES = {
        "Answer": "gate.core.signals",
        "Judged": "gate.core.judgement",
        "Policy": "gate.core.policy",
        "Tolerance": "gate.core.policy",
        "Verdict": "gate.core.report",
        "judge": "gate.core.rows",
        "read_proxy": "gate.store.override_files",
    }

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
