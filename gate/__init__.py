"""A regression gate for prompt and model changes.

As a library: `judge(old, new, policy)` judges outputs made elsewhere.
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["Judged", "Policy", "Tolerance", "Verdict", "__version__", "judge"]

if TYPE_CHECKING:
    from gate.core.judgement import Judged
    from gate.core.policy import Policy, Tolerance
    from gate.core.report import Verdict
    from gate.core.rows import judge
else:
    # Imported when asked for: numpy takes longer to start than the whole command line.
    _HOMES = {
        "Judged": "gate.core.judgement",
        "Policy": "gate.core.policy",
        "Tolerance": "gate.core.policy",
        "Verdict": "gate.core.report",
        "judge": "gate.core.rows",
    }

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
