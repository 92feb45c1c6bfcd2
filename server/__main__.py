"""The command line: `microlive serve`, or `python -m server serve`. server/admin has the
commands for the operator of a running server.

Exit codes: 0 after Ctrl-C or SIGTERM, 1 if the database does not answer at the start, 2 if the
server cannot start with these settings (one line on standard error for each reason).
"""

import asyncio
import inspect
import io
import logging
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, get_args, get_origin
from urllib.parse import urlsplit

import typer
import uvloop
from pydantic.fields import FieldInfo

from relay.compiled import PROBLEM
from server import FORM, __version__
from server.admin.commands import add_commands
from server.cluster.errors import ClusterError, Unreachable
from server.composition.cluster import node_name
from server.host.descriptors import raise_limit
from server.host.json_log import JsonFormatter
from server.host.logs import set_level
from server.host.privileges import root_warning
from server.host.process import Process
from server.host.qr import qr_terminal
from server.host.service_manager import ServiceManager
from server.objects.errors import ObjectsError
from server.setting_sources import load, option_of
from server.settings import FILE_NAME, Settings, SettingsError
from server.storage.errors import StorageError, StorageUnavailable
from server.supervisor.link import ParentLink
from server.supervisor.start_failed import StartFailed

TEXT = "%(asctime)s %(levelname)s{} %(name)s: %(message)s"
"""Format of a line of the log, with a place for the number of the process."""

# Print help as plain text, which can be searched and piped at any terminal width.
cli = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


add_commands(cli)


def main() -> None:
    cli(prog_name="microlive")


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"microlive {__version__} ({FORM})")
        raise typer.Exit


@cli.callback()
def _microlive(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """microlive: a phone browser goes live, viewers watch in a blink."""


def _takes_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Adds one option for each setting to a command that takes `config` and `**arguments`.

    All options except switches are strings, which `load()` checks. An error therefore has the same
    text whether the value is from the command line, the environment or the file.
    """
    config = typer.Option(
        "--config",
        metavar="FILE",
        help=(
            f"TOML file of settings. [default: {FILE_NAME} in the data directory, if there is one]"
        ),
    )
    options = {"config": Annotated[Path | None, config]}
    for name, field in Settings.model_fields.items():
        flag = option_of(name)
        if field.annotation is bool:
            options[name] = Annotated[
                bool | None,
                typer.Option(f"{flag}/--no-{flag[2:]}", help=_help(field), show_default=False),
            ]
        else:
            options[name] = Annotated[
                str | None,
                typer.Option(flag, metavar=_metavar(field), help=_help(field), show_default=False),
            ]
    parameters = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=option)
        for name, option in options.items()
    ]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # PEP 362; typer reads it
    command.__annotations__ = options
    return command


def _metavar(field: FieldInfo) -> str:
    origin = get_origin(field.annotation)
    if origin is Literal:
        return "|".join(get_args(field.annotation))
    if origin is tuple:
        return "ITEM,..."
    return "N" if isinstance(field.default, (int, float)) else "VALUE"


def _help(field: FieldInfo) -> str:
    default = ",".join(field.default) if isinstance(field.default, tuple) else field.default
    return (
        field.description or ""
        if default in (None, False, "")
        else f"{field.description} [default: {default}]"
    )


@cli.command()
@_takes_settings
def serve(config: Path | None, **arguments: Any) -> None:
    """Run the server until Ctrl-C or SIGTERM.

    A setting that is not given as an option is read from the environment (MICROLIVE_LAN_PORT for
    --lan-port), or else from the TOML file (lan_port = 8443). Lists are comma-separated or JSON.
    """
    # Until the server has its own handler, SIGTERM acts like Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.umask(0o077)  # hashes of creator keys and keys of certificates are for this user only
    manager = ServiceManager.from_environment(os.environ)
    link: ParentLink | None = None
    listening = False

    def ready(urls: list[str]) -> None:
        nonlocal listening
        listening = True
        if link:
            link.ready(urls)
        else:
            _announce(urls, settings)
            manager.ready()

    try:
        link = ParentLink.inherited(os.environ)
        given = {**arguments, **link.orders.settings} if link else arguments
        again = partial(load, given, os.environ, config)
        settings = again()
        _log(settings, link.orders.process if link else None)
        if link is None:
            _warn(settings)

        raise_limit()
        with asyncio.Runner(
            loop_factory=uvloop.new_event_loop if settings.event_loop == "uvloop" else None
        ) as runner:
            runner.run(_serve(settings, link, ready, manager.stopping, again))
    except SettingsError as error:
        _refuse(link, *error.problems)
    except StorageUnavailable as error:
        # Exit code 1: a service manager restarts the server until the database answers.
        _refuse(link, str(error), code=1)
    except Unreachable as error:
        _refuse(link, str(error), code=1)
    except (StorageError, ObjectsError, ClusterError) as error:
        _refuse(link, str(error))
    except StartFailed as error:
        _refuse(link, *error.lines, code=error.code)
    except OSError as error:
        if listening:
            raise
        _refuse(
            link,
            f"cannot start: {error.strerror or error}"
            + (f": {error.filename}" if error.filename else ""),
        )
    except KeyboardInterrupt:
        pass
    finally:
        manager.close()
        if link:
            link.close()


async def _serve(
    settings: Settings,
    link: ParentLink | None,
    ready: Callable[[list[str]], None],
    stopping: Callable[[], None],
    again: Callable[[], Settings],
) -> None:
    """Serves in this process, or starts the processes that serve. `link`: the link to the parent
    that has started this process. `again` reads the settings again.
    """
    # Import late: the imports take a second, and neither --help nor an invalid option needs them.
    if link is None and settings.processes > 1:
        from server.supervisor.supervisor import supervise

        await supervise(settings, sys.argv[1:], ready, stopping)
        return
    from server import app

    if link:
        link.start()  # after the imports, which would delay the second beat
    process = link.orders.process if link else None
    await app.serve(settings, ready, stopping, again, process)


def _warn(settings: Settings) -> None:
    """Logs what the operator should change. Raises SettingsError."""
    if PROBLEM:
        logging.getLogger("server").warning("compiled modules are not used: %s", PROBLEM)
    warning = root_warning(settings, os.geteuid())
    if warning:
        logging.getLogger("server").warning(warning)


def _log(settings: Settings, process: Process | None) -> None:
    """Sets up logging to standard error. `process`: this process, if the server has several."""
    handler = logging.StreamHandler()
    if settings.log_format == "json":
        handler.setFormatter(JsonFormatter(node_name(settings) if settings.nats else None))
    else:
        number = f" [{process.number}]" if process else ""
        handler.setFormatter(logging.Formatter(TEXT.format(number)))
    logging.basicConfig(handlers=[handler])
    set_level(settings.log_level)


def _announce(urls: list[str], settings: Settings) -> None:
    lines = [f"listening on {_with_name(url)}\n" for url in urls]
    if settings.lan:
        studios = [f"{url.rstrip('/')}/live" for url in urls if _is_for_phones(url)]
        lines += [f"go live from a phone on this network: {studio}\n" for studio in studios]
        lines.append(
            qr_terminal(studios[0])
            if studios
            else "--lan: this machine has no private IPv4 address at which a phone can reach it\n"
        )
        lines.append(
            "--lan: browsers allow passkeys only for host names, not for addresses; a code carries "
            "a person to another phone instead\n"
        )
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Print the addresses even if the terminal's encoding lacks the QR code's block characters.
        sys.stdout.reconfigure(errors="replace")
    print("".join(lines), end="", flush=True)


def _with_name(url: str) -> str:
    """Returns the URL with `localhost` instead of 127.0.0.1: browsers allow passkeys only for host
    names.
    """
    return url.replace("http://127.0.0.1:", "http://localhost:", 1)


def _is_for_phones(url: str) -> bool:
    parts = urlsplit(url)
    return (
        parts.scheme == "https"
        and parts.path in ("", "/")
        and parts.hostname not in ("127.0.0.1", "::1", "localhost")
    )


def _refuse(link: ParentLink | None, *lines: str, code: int = 2) -> NoReturn:
    """Ends this process. The parent prints the reasons of all its processes once."""
    if link:
        link.refuse(list(lines), code)
    else:
        for line in lines:
            print(line, file=sys.stderr)
    raise typer.Exit(code)


if __name__ == "__main__":
    main()
