"""No request reaches an address that is not public, in whichever form it is written or found."""

import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from apps.notifications.webhooks import addresses
from apps.notifications.webhooks.addresses import InvalidUrl, host_of, is_allowed, may_be_public
from apps.notifications.webhooks.transport import post
from apps.testing.receivers import NAME, Receiver, answering, certificate, running_receiver

Lookup = Callable[..., list[Any]]

# Forms of hosts that lead to places of ours. All are tried by the transport itself, as if they were stored.
FORMS = [
    "127.0.0.1", "127.0.0.2", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1",
    "017700000001",    "0x7f.1", "0177.1", "127.0.0.1.", "0", "0.0.0.0", "localhost", "LOCALHOST", "localhost.",
    "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]",
    "[64:ff9b::7f00:1]", "[64:ff9b::169.254.169.254]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]",
    "[2001:0:7f00:1::80ff:fffe]", "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]", "[fec0::1]", "[ff02::1]",
    "[2001:db8::1]", "[3fff::1]", "[100::1]", "[5f00::1]",
    "10.0.0.1", "172.16.0.1", "172.31.250.10", "192.168.1.1", "100.64.0.1", "100.100.100.200", "169.254.169.254",
    "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "169.254.169.254.", "168.63.129.16", "192.0.0.192", "192.0.2.1",
    "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1",
    "93.184.216.34",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700:4700::1111",
    "::ffff:1.1.1.1",
    "64:ff9b::1.1.1.1",
]
# What a name server of the receiver's owner may answer.
ANSWERS = [
    "127.0.0.1",
    "::1",
    "10.1.2.3",
    "169.254.169.254",
    "::ffff:127.0.0.1",
    "fe80::1%lo",
    "fd00:ec2::254",
    "0.0.0.0",
]


@pytest.fixture
def connections() -> Iterator[list[Any]]:
    """Collect the address of every connection that this process begins, as the interpreter reports it."""
    seen: list[Any] = []
    watching = True

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if watching and event == "socket.connect":
            seen.append(arguments[1])

    sys.addaudithook(watch)
    yield seen
    watching = False


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """A receiver whose certificate is trusted."""
    settings.WEBHOOK_CA_FILE = str(certificate())
    with running_receiver() as running:
        yield running


def answer_names(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let the name server answer `NAME` by these addresses, one list for each question; return the questions."""
    asked: list[str] = []
    real: Lookup = socket.getaddrinfo

    def look_up(host: str, port: int, *rest: Any, **named: Any) -> list[Any]:
        if host != NAME:
            return real(host, port, *rest, **named)
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [
            (socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in found
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def test_forty_forms_are_tried() -> None:
    assert len(set(FORMS)) >= 40


@pytest.mark.parametrize("host", FORMS)
def test_no_form_of_a_closed_address_is_reached(host: str, receiver: Receiver, connections: list[Any]) -> None:
    answer = post(f"https://{host}:{receiver.port}/", {}, b"{}")
    assert answer.status is None
    assert answer.error in ("address_not_allowed", "name_not_found")
    assert connections == []
    assert receiver.received == []


@pytest.mark.parametrize("host", FORMS)
def test_no_form_of_a_closed_address_is_accepted_in_a_url(host: str) -> None:
    assert not may_be_public(host_of(f"https://{host}/"))


@pytest.mark.parametrize("ip", ANSWERS)
def test_a_name_that_leads_to_a_closed_address_is_not_followed(
    ip: str, receiver: Receiver, connections: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for answers in ([ip], ["1.1.1.1", ip]):  # among public ones too
        answer_names(monkeypatch, answers)
        assert post(receiver.url(host=NAME), {}, b"{}").error == "address_not_allowed"
    assert connections == []


def test_a_name_is_asked_once_and_the_judged_address_is_the_one_connected_to(
    receiver: Receiver, connections: list[Any], monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.2/32"]  # as if public; nothing listens there
    asked = answer_names(monkeypatch, ["127.0.0.2"], ["127.0.0.1"])
    assert post(receiver.url(host=NAME), {}, b"{}").error == "connection_failed"
    assert asked == [NAME]
    assert connections == [("127.0.0.2", receiver.port)]
    # The next attempt asks again, and judges again.
    assert post(receiver.url(host=NAME), {}, b"{}").error == "address_not_allowed"
    assert len(connections) == 1


def test_a_redirect_is_not_followed(receiver: Receiver, connections: list[Any], settings: Settings) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    for status in (301, 302, 303, 307, 308):
        receiver.behave = answering(status, Location="https://169.254.169.254/latest/meta-data/")
        assert post(receiver.url(), {}, b"{}").status == status
    assert {address for address, _ in connections} == {"127.0.0.1"}
    assert len(receiver.received) == len(connections) == 5


def test_a_proxy_of_the_environment_is_not_used(
    receiver: Receiver, connections: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, receiver.url())
    assert post("https://10.0.0.1/", {}, b"{}").error == "address_not_allowed"
    assert connections == []


def test_the_second_address_of_a_name_is_tried(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    answer_names(monkeypatch, ["127.0.0.2", "127.0.0.1"])
    assert post(receiver.url(host=NAME), {}, b"{}").status == 204
    assert receiver.received[0].headers["Host"] == f"{NAME}:{receiver.port}"


@pytest.mark.parametrize("ip", PUBLIC)
def test_public_addresses_are_allowed(ip: str) -> None:
    assert is_allowed(ip)


def test_an_allowed_network_is_allowed_and_its_neighbour_is_not(settings: Settings) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = ["10.1.0.0/16", "fd00::/8"]
    assert [is_allowed(ip) for ip in ("10.1.2.3", "::ffff:10.1.2.3", "fd00::1", "10.2.0.1", "fe80::1")] == [
        True, True, True, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/", "HTTPS://shop.example/", "ftp://shop.example/", "//shop.example/", "shop.example", "",
        "https://", "https:///x", "https://user@shop.example/", "https://1.1.1.1@127.0.0.1/", "https://shop.example#@10.0.0.1/",
        "https://shop.example\\@127.0.0.1/", "https://shop.example:0/", "https://shop.example:65536/", "https://shop.example:/",
        "https://shop.example/\r\nHost: x", "https://shop.example/a b", "https://shöp.example/", "https://127。0。0。1/",
        "https://①②⑦.0.0.1/", "https://[::1", "https://[fe80::1%25lo]/", "https://.example/", "https://a..example/",
        f"https://{'a' * 64}.example/", "https://shop.example/#part", " https://shop.example/", "https://shop.example/\0",
    ],
)  # fmt: skip
def test_a_url_that_programs_could_read_apart_is_refused(url: str) -> None:
    with pytest.raises(InvalidUrl):
        host_of(url)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://shop.example", "shop.example"),
        ("https://Shop.Example.:8443/hooks?key=a%20b&c=[d]", "shop.example"),
        ("https://my_shop.example/", "my_shop.example"),
        ("https://xn--shp-tna.example/", "xn--shp-tna.example"),
        ("https://[2606:4700:4700::1111]:8443/", "2606:4700:4700::1111"),
        ("https://1.1.1.1/", "1.1.1.1"),
    ],
)
def test_an_ordinary_url_is_accepted(url: str, host: str) -> None:
    assert host_of(url) == host
    assert may_be_public(host)


@pytest.mark.parametrize(
    "host", ["intranet", "postgres", "redis.internal", "printer.local", "a.b.localhost", "x.home.arpa"]
)
def test_a_name_of_a_local_network_is_refused_early(host: str) -> None:
    assert not may_be_public(host)


def test_every_address_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[str] = []

    def judge(ip: str) -> bool:
        judged.append(ip)
        return True

    monkeypatch.setattr(addresses, "is_allowed", judge)
    answer_names(monkeypatch, ["1.1.1.1", "2606:4700:4700::1111"])
    assert addresses.resolve(NAME, 443) == judged == ["1.1.1.1", "2606:4700:4700::1111"]
