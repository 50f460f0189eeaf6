"""The command line: which commands there are, and the one map from endings to exit codes."""

from __future__ import annotations

from importlib import import_module

import click

from gate import __version__
from gate.errors import GateError

EXIT_UNDELIVERED = 2
EXIT_DEFECT = 70
EXIT_INTERRUPTED = 130

# name -> module and one line of help; a module is imported when its command runs
COMMANDS = {
    "init": ("gate.commands.init", "Write a starting gate.yaml, prompt, cases and workflow."),
    "check": ("gate.commands.check", "Judge a change: old prompt against new. This is the gate."),
    "merge": ("gate.commands.merge", "Join the shards of a run into one verdict."),
    "plan": ("gate.commands.plan", "Say what check would call, cost and be able to tell."),
    "refresh": ("gate.commands.refresh", "Record a new baseline: approve what the prompt does."),
    "drift": ("gate.commands.drift", "Hold today's answers of a prompt against its baseline."),
    "audit": ("gate.commands.audit", "Call recorded answers again: is the baseline plausible?"),
    "calibrate": ("gate.commands.calibrate", "Fit the override proxy to reviewers' decisions."),
    "certify": ("gate.commands.certify", "Measure the gate's false-alarm rate on a suite."),
    "explain": ("gate.commands.explain", "Show one case in full: inputs, outputs, diff, checks."),
    "report": ("gate.commands.report", "Render a stored report.json in other formats."),
    "comment": ("gate.commands.comment", "Write the report on the pull request, as a comment."),
    "compare": ("gate.commands.compare", "Judge outputs made elsewhere: two files of rows."),
    "validate": ("gate.commands.validate", "Check everything that can be checked without a call."),
    "schema": ("gate.commands.schema", "Print the JSON Schema of a file."),
}
# Steps of action.yml; nobody types them.
_HIDDEN = {"action": "gate.commands.action"}

_EPILOG = """\b
Exit codes:
  0    pass, not affected, waived, inconclusive where the policy allows it, first run
  1    regression shown; audit: implausible recordings; certify: the suite is unfit to block;
       calibrate: the proxy is refused
  2    usage or configuration
  3    inconclusive under `inconclusive: fail`
  4    incomplete: the gate could not look
  70   a defect of the gate
  130  interrupted
"""


class _Commands(click.Group):
    """A group that knows its commands' help without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        module = _HIDDEN.get(cmd_name) or COMMANDS.get(cmd_name, ("",))[0]
        if not module:
            return None
        command: click.Command = import_module(module).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=_Commands, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="gate")
def gate() -> None:
    """Stop prompt and model changes that make things worse.

    Replays golden cases through the old and the new prompt and fails when failures, human
    overrides, latency or cost rose by more than the policy in gate.yaml allows.
    """


def run(arguments: list[str]) -> int:  # noqa: PLR0911 -- one return for each ending
    """Run the command line.

    Returns:
        The exit code, see the map in `gate --help`. Every ending passes here, so that neither a
        crash nor a typing error can read as a regression or as a pass.
    """
    try:
        code = gate.main(arguments, prog_name="gate", standalone_mode=False)
    except GateError as error:
        _say(str(error), error.fix)
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return 2
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        _say(error.format_message(), f"see: {context.command_path if context else 'gate'} --help")
        return 2
    except (KeyboardInterrupt, click.Abort):
        _say("interrupted", "run the same command again: it goes on from the recorded answers")
        return EXIT_INTERRUPTED
    except SystemExit:
        # click leaves with 1 when the reader of standard output went away: no regression.
        return EXIT_UNDELIVERED
    except Exception as error:  # noqa: BLE001 -- the last choke point: a defect of the gate
        return _defect(error)
    if code is None:
        return 0
    # A command that ends with anything else has a defect, and must not read as a pass.
    return code if type(code) is int else EXIT_DEFECT


def _say(message: str, fix: str) -> None:
    # A message may carry what a vendor or a worker said: nothing in it may act.
    from gate.reports.safe_text import visible_lines

    click.echo("gate: " + "\n".join(visible_lines(message)), err=True)
    if fix:
        click.echo("  repair: " + "\n".join(visible_lines(fix)), err=True)


def _defect(error: Exception) -> int:
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="gate-defect-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.write("".join(traceback.format_exception(error)))
    _say(
        f"a defect of the gate, not of your change: {type(error).__name__}: {error}",
        f"please report it with {file.name}",
    )
    return EXIT_DEFECT
