"""One Chromium and one server per worker for all browser tests.

Each test gets its own browser profiles, whose consoles must stay free of errors.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Playwright, async_playwright

from scripts.benchmarks.chromium import launch
from scripts.benchmarks.local_server import LocalServer
from scripts.benchmarks.postgres import Postgres
from tests.e2e.pages import Studio, Visitors
from tests.fixtures.cluster import Cluster
from tests.fixtures.cluster import cluster as running_cluster
from tests.fixtures.nats import NatsServer
from tests.fixtures.s3 import S3Server

HERE = Path(__file__).parent
MANY_ROOMS = "--max-rooms-per-address-hour=600"
"""All browser tests together create more rooms than one address may."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Runs all browser tests on one event loop, since they share a browser and its driver."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as driver:
        yield driver


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium(playwright: Playwright) -> AsyncIterator[Browser]:
    browser = await launch(playwright)
    yield browser
    await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def one_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalServer]:
    data = tmp_path_factory.mktemp("data")
    async with LocalServer(data, MANY_ROOMS) as running:
        yield running
        code = await running.stop()
    assert (code, running.errors) == (0, [])


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def cluster(
    tmp_path_factory: pytest.TempPathFactory,
    postgres: Postgres,
    nats: NatsServer,
    s3_server: S3Server,
) -> AsyncIterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    async with running_cluster(folder, postgres, nats, s3_server, MANY_ROOMS) as running:
        yield running
    assert running.errors == []


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> LocalServer | Cluster:
    """The server of most tests; with --cluster a cluster of two nodes."""
    name = "cluster" if request.config.getoption("--cluster") else "one_server"
    found: LocalServer | Cluster = request.getfixturevalue(name)
    return found


@pytest_asyncio.fixture(loop_scope="session")
async def visitors(chromium: Browser) -> AsyncIterator[Visitors]:
    made = Visitors(chromium)
    yield made
    await made.leave()
    assert made.complaints.unexpected == []


@pytest_asyncio.fixture(loop_scope="session")
async def studio(visitors: Visitors, server: LocalServer) -> AsyncIterator[Studio]:
    """A publisher who is live for one test."""
    made = await visitors.studio(server.url)
    await made.go_live("A test")
    yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def on_air(chromium: Browser, server: LocalServer) -> AsyncIterator[Studio]:
    """A publisher who is live for all tests of a file. They must not change what it sends,
    and come last in their file: until then no second browser page encodes.
    """
    visitors = Visitors(chromium)
    made = await visitors.studio(server.url)
    await made.go_live("A test")
    yield made
    await visitors.leave()
    assert visitors.complaints.unexpected == []
