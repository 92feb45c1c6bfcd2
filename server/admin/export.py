"""The command `microlive export`."""

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from server.admin.client import Data, Url, ask, download


def export(
    room: Annotated[str, typer.Argument(help="Name of a room that has ended.")],
    to: Annotated[
        Path, typer.Option("--to", metavar="FOLDER", help="Folder for the files; may be missing.")
    ],
    data: Data = None,
    url: Url = None,
) -> None:
    """Write everything of a live to a folder: videos, chat and hearts."""
    path = f"rooms/{quote(room, safe='')}/export"
    answer = ask(data, url, "GET", path)
    try:
        to.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        typer.echo(f"cannot make the folder {to}: {error.strerror}", err=True)
        raise typer.Exit(2) from error
    for file in answer["files"]:
        name = Path(file["name"]).name
        size = download(data, url, f"{path}/{quote(name, safe='')}", to / name)
        print(f"{to / name}: {file['why']} ({size / 1_000_000:.1f} MB)")
