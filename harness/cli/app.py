"""The command line: parse, call, print; whatever ends a command, a sentence and an exit code say so.

Imports stand in functions here, so that Ctrl-C while they take their time is no traceback, either.
"""

import atexit
import gc
import sys

#: How many new objects make Python look for cycles among them: rarely, for a command ends before there are many.
NEW_OBJECTS = 100_000


def main() -> None:
    """Run the command line to its end, which is a SystemExit."""
    gc.set_threshold(NEW_OBJECTS)
    atexit.register(gc.freeze)  # or it would look through whatever was imported once more, and end a tenth later
    try:
        _run()
    except KeyboardInterrupt:
        from harness.host.interruptions import INTERRUPTED

        _fail("interrupted.", INTERRUPTED)


def _run() -> None:
    from harness import text
    from harness.errors import HarnessError, refused
    from harness.host.interruptions import end_alike

    end_alike()
    text.suit_streams()
    try:
        from harness.cli.called import program
        from harness.cli.listed import app

        try:
            app(prog_name=program())
        except SystemExit:
            text.flush_output()
            raise
    except HarnessError as error:
        _fail(str(error), error.exit_code)
    except BrokenPipeError:  # whoever read what was printed has enough of it
        sys.exit(1)
    except OSError as error:
        told = refused(error, error.filename or "a file, or what was printed,", "read or written", elsewhere="")
        _fail(str(told), told.exit_code)
    sys.exit(0)


def _fail(sentence: str, exit_code: int) -> None:
    from contextlib import suppress

    from harness import text
    from harness.cli.called import as_called
    from harness.host.interruptions import INTERRUPTED

    with suppress(OSError):  # nobody is there any more to be told, as after a terminal was closed
        if exit_code == INTERRUPTED and sys.stderr.isatty():
            print(file=sys.stderr)  # which has ^C on its line, or a question
        text.tell(f"harness: {as_called(sentence)}")
        text.flush_output()
    sys.exit(exit_code)


if __name__ == "__main__":
    main()
