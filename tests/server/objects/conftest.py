"""Every test of the object store runs with local files and with an S3 server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from server.objects.objects import Objects
from server.settings import Settings
from tests.fixtures.s3 import S3Server, give_credentials


@pytest.fixture(scope="session", params=["files", "s3"])
def server(request: pytest.FixtureRequest) -> S3Server | None:
    """Returns an S3 server, or None for local files."""
    # The fixture has the scope of the session, so that the server starts before a test counts its
    # own processes.
    started: S3Server | None = None
    if request.param == "s3":
        started = request.getfixturevalue("s3_server")
    return started


@pytest.fixture
def media(server: S3Server | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of a server with an empty store."""
    if server is None:
        return Settings(data=tmp_path)
    give_credentials(monkeypatch)
    return Settings(data=tmp_path, **server.bucket().settings())


@pytest_asyncio.fixture
async def objects(media: Settings) -> AsyncIterator[Objects]:
    opened = await Objects.open(media)
    yield opened
    await opened.close()
