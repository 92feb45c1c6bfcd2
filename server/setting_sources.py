"""Reads the settings from the command line, the environment and a TOML file, and explains what is
wrong with the settings.
"""

import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from server.setting_types import expanded
from server.settings import ENVIRONMENT_PREFIX, FILE_NAME, Settings, SettingsError

SECRETS = frozenset(
    {"admin_token", "create_token", "database", "ice_servers", "metrics_token", "turn_secret"}
)
"""Settings whose values never appear in error messages."""


def load(
    arguments: Mapping[str, Any], environ: Mapping[str, str], config: Path | None = None
) -> Settings:
    """Combines the sources of settings. `arguments` takes precedence over `environ`, `environ` over
    a TOML file, and the file over the defaults. A value of None in `arguments` counts as not given.

    The path of the file is `config`, or else the value of MICROLIVE_CONFIG. Without either,
    `microlive.toml` in the data directory is read if that file exists. Raises SettingsError.
    """
    given = {name: value for name, value in arguments.items() if value is not None}
    variables = {
        name: environ[variable]
        for name in Settings.model_fields
        if (variable := variable_of(name)) in environ
    }
    defaults = {"data": default_data(environ)}
    path, table = _file_of(given, variables, defaults, environ, config)
    origins = (
        {name: f"{path}: {name}" for name in table}
        | {name: variable_of(name) for name in variables}
        | {name: option_of(name) for name in given}
    )
    try:
        return Settings(**{**defaults, **table, **variables, **given})
    except ValidationError as error:
        raise SettingsError(
            [_problem(details, origins) for details in error.errors(include_url=False)]
        ) from None


def default_data(environ: Mapping[str, str]) -> Path:
    """Returns the data directory that a server uses if the setting `data` is not given."""
    home = environ.get("XDG_DATA_HOME", "")
    usual: Path = Settings.model_fields["data"].default
    return Path(home, "microlive") if home.startswith("/") else usual


def option_of(name: str) -> str:
    return "--" + name.replace("_", "-")


def variable_of(name: str) -> str:
    return ENVIRONMENT_PREFIX + name.upper()


def _file_of(
    given: Mapping[str, Any],
    variables: Mapping[str, Any],
    defaults: Mapping[str, Any],
    environ: Mapping[str, str],
    config: Path | None,
) -> tuple[Path, dict[str, Any]]:
    """Returns the path of the TOML file and its content, which is empty if the file is missing."""
    variable = environ.get(ENVIRONMENT_PREFIX + "CONFIG")
    named = config or (Path(variable) if variable else None)
    if named is not None:
        path = expanded(named)
    else:
        sources: dict[str, Any] = {**defaults, **variables, **given}
        path = expanded(Path(sources["data"])) / FILE_NAME
    try:
        with path.open("rb") as file:
            readable = bool(os.fstat(file.fileno()).st_mode & stat.S_IROTH)
            table = tomllib.load(file)
    except OSError as error:
        if named is None and isinstance(error, (FileNotFoundError, NotADirectoryError)):
            return path, {}
        raise SettingsError([f"{path}: {error.strerror}"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path}: not a TOML file: {error}"]) from None
    if readable and (secrets := _secrets_in(table)):
        raise SettingsError(
            [
                f"{path}: contains {' and '.join(secrets)}, and every user of this machine can "
                f"read it: chmod 600 {path}"
            ]
        )
    if named is None and "data" in table:
        raise SettingsError(
            [f"{path}: data: cannot be set in a file that was found through the data directory"]
        )
    return path, table


def _secrets_in(table: Mapping[str, Any]) -> list[str]:
    """Returns the names of the secret settings in a table."""
    return sorted(
        name
        for name in SECRETS & table.keys()
        # `ice_servers` is secret only if it contains a credential. STUN servers need no credential.
        if name != "ice_servers" or "credential" in str(table[name])
    )


def _problem(details: Any, origins: Mapping[str, str]) -> str:
    """Returns one line: first the source of the invalid value, then the problem. The line also
    contains the value, unless the value is secret or already in the problem's text.
    """
    name, *inner = (str(part) for part in details["loc"])
    origin = ".".join([origins.get(name, name), *inner])
    if details["type"] == "extra_forbidden":
        return f"{origin}: there is no such setting"
    message = details["msg"].removeprefix("Value error, ")
    value = details["input"]
    if (
        details["type"] != "value_error"
        and isinstance(value, (str, int, float))
        and name not in SECRETS
    ):
        message += f", not {value!r}"
    return f"{origin}: {message}"
