"""How a server becomes a node."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from server.cluster.errors import ClusterError
from server.composition.cluster import default_name, open_cluster
from server.settings import Settings
from tests.fixtures.deadline import eventually

DATABASE = "postgresql://u@127.0.0.1/none"


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("Box-1.example.org", "box-1-example-org"),
        ("-a_b-", "a-b"),
        ("", "node"),
        ("방", "node"),
        ("a" * 39 + "-bc", "a" * 39),
    ],
)
def test_the_name_of_the_machine_becomes_the_name_of_the_node(host: str, name: str) -> None:
    assert default_name(host) == name


async def test_a_server_without_nats_is_no_node(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        assert await open_cluster(Settings(data=tmp_path), stack) is None


async def test_nodes_need_a_common_database(tmp_path: Path, url: str) -> None:
    async with AsyncExitStack() as stack:
        with pytest.raises(ClusterError, match="--nats needs --database"):
            await open_cluster(Settings.model_validate({"data": tmp_path, "nats": url}), stack)


async def test_two_nodes_see_each_other(tmp_path: Path, url: str) -> None:
    async with AsyncExitStack() as stack:
        one, other = [
            await open_cluster(
                Settings.model_validate(
                    {
                        "data": tmp_path,
                        "nats": url,
                        "database": DATABASE,
                        "node_name": name,
                        "node_url": f"https://{name}.example.org",
                    }
                ),
                stack,
            )
            for name in ("one", "other")
        ]
        assert one and other
        await eventually(lambda: one.nodes.others == [other.nodes.me])
        assert one.nodes.others[0].url == "https://other.example.org"
