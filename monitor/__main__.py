"""The command `balkan-monitor`, and `python -m monitor`: runs the command line, and shows errors as one sentence."""

import io
import os
import sys
import traceback


def main() -> None:
    """Run the command line. Exit status: 0 done, 1 failed, 2 wrong usage or configuration, 130 interrupted."""
    # transformers reads these when it is first imported; its advice to install torch is noise here.
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a letter shows another one; it is no reason to stop.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    from monitor import cli
    from monitor.errors import ConfigError, MonitorError

    try:
        cli.main(sys.argv[1:])
    except ConfigError as error:
        sys.exit(_say(str(error), 2))
    except MonitorError as error:
        sys.exit(_say(str(error), 1))
    except BrokenPipeError:
        # The reader (head, less) has seen enough; what is left in the buffer has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{os.path.basename(frame.filename)}, line {frame.lineno}"
        sys.exit(_say(f"internal error, please report it: {type(error).__name__}: {error} ({where})", 70))


def _say(message: str, status: int) -> int:
    print(f"balkan-monitor: {message}", file=sys.stderr)
    return status


if __name__ == "__main__":
    main()
