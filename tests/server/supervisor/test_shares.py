"""The ports and the settings of each process."""

import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from server.host.listeners import bind_listeners
from server.settings import Settings, SettingsError
from server.supervisor.ports import Ports, reserve_ports
from server.supervisor.shares import MIN_MEMORY, names_of, settings_of


def of(settings: Settings, memory: int = 8 << 30, cores: int = 3) -> list[dict[str, object]]:
    ports = Ports(tcp=8080, lan=8443, udp=9000)
    return [
        settings_of(settings, number, f"one-{number}", ports, memory, cores, "nats://a@b:1")
        for number in range(settings.processes)
    ]


def test_memory_and_transcoders_are_divided(tmp_path: Path) -> None:
    one, two = of(Settings(data=tmp_path, processes=2, demo=True))
    assert (one["memory"], two["memory"]) == (4 << 30, 4 << 30)
    assert (one["transcoders"], two["transcoders"]) == (2, 1)
    assert (one["udp_port"], two["udp_port"]) == (9000, 9001)
    assert (one["port"], two["port"]) == (8080, 8080)
    assert (one["node_name"], two["node_name"]) == ("one-0", "one-1")
    assert (one["demo"], two["demo"]) == (True, False)
    for each in (one, two):
        merged = Settings.model_validate({"data": tmp_path, **each})
        assert merged.nats and merged.processes == 2


def test_no_process_gets_too_little_memory(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, processes=4, transcoders=1)
    assert {each["memory"] for each in of(settings, 100 << 20)} == {MIN_MEMORY}
    assert [each["transcoders"] for each in of(settings)] == [1, 0, 0, 0]


def test_free_udp_ports_stay_free() -> None:
    assert Ports(1, 2, 0).udp_of(3) == 0


def test_names_have_the_length_of_a_name() -> None:
    assert names_of("host", 2) == ["host-0", "host-1"]
    assert names_of("a" * 40, 12)[-1] == "a" * 37 + "-11"
    assert names_of("a" * 37 + "-bb", 3)[0] == "a" * 37 + "-0"


def test_reserved_ports_are_for_this_server_alone(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, port=0, processes=2)
    with ExitStack() as stack:
        ports = reserve_ports(settings, [], stack)
        assert ports.udp == ports.tcp
        bound = settings.model_copy(update={"port": ports.tcp})
        for _ in range(2):
            (listener,) = bind_listeners(bound, [], shared=True)
            stack.enter_context(listener.sock).listen()
        with pytest.raises(OSError, match="in use"):
            bind_listeners(bound, [])
        with ExitStack() as other, pytest.raises(OSError, match="in use"):
            reserve_ports(bound, [], other)
        for _ in range(20):  # the parent's own socket gets no connection
            socket.create_connection(("127.0.0.1", ports.tcp), 1).close()
    bind_listeners(bound, [])[0].sock.close()


def test_too_few_udp_ports(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, port=0, udp_port=65_535, processes=2)
    with ExitStack() as stack, pytest.raises(SettingsError, match="2 processes need as many"):
        reserve_ports(settings, [], stack)


@pytest.mark.parametrize(("given", "number"), [("auto", None), ("3", 3), (1, 1)])
def test_the_number_of_processes(given: str | int, number: int | None, tmp_path: Path) -> None:
    found = Settings.model_validate({"data": tmp_path, "processes": given}).processes
    assert found >= 1 if number is None else found == number
