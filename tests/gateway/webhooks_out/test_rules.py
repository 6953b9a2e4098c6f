import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from services.gateway.webhooks_out.rules.addresses import check_url, denial
from services.gateway.webhooks_out.rules.retries import PAUSES, DeliveryState, Reply, asked_pause, step_after
from services.gateway.webhooks_out.rules.signing import SignatureRefused, signed_headers, verify, written
from services.gateway.webhooks_out.rules.subscriptions import EVENT_TYPES, check_event_types, wants
from shared.errors import Invalid

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SECRET = bytes(range(32))
OTHER = bytes(range(1, 33))
BODY = '{"字":"路灯"}'.encode()


@given(st.binary(min_size=24, max_size=64), st.text(), st.uuids())
def test_the_public_package_accepts_our_signatures(secret: bytes, text: str, message_id: object) -> None:
    body = json.dumps(text).encode()
    headers = signed_headers(str(message_id), int(datetime.now(UTC).timestamp()), body, [OTHER, secret])
    assert Webhook(written(secret)).verify(body, headers) == text


def test_we_accept_the_public_package_s_signatures() -> None:
    signature = Webhook(written(SECRET)).sign("msg_1", NOW, BODY.decode())
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(NOW.timestamp())), "webhook-signature": signature}
    verify(headers, BODY, [SECRET], now=NOW.timestamp())


@pytest.mark.parametrize(
    ("changed", "body", "secret", "later"),
    [
        ({"webhook-id": "msg_2"}, BODY, SECRET, 0),
        ({"webhook-timestamp": str(int(NOW.timestamp()) + 1)}, BODY, SECRET, 0),
        ({}, BODY + b" ", SECRET, 0),
        ({}, BODY, OTHER, 0),
        ({}, BODY, SECRET, 301),
        ({}, BODY, SECRET, -301),
        ({"webhook-signature": "v1"}, BODY, SECRET, 0),
        ({"webhook-signature": "v1a,AAAA"}, BODY, SECRET, 0),
        ({"webhook-signature": ""}, BODY, SECRET, 0),
        ({"webhook-timestamp": "NaN"}, BODY, SECRET, 0),
        ({"webhook-timestamp": "9" * 5000}, BODY, SECRET, 0),
        ({"webhook-timestamp": "²"}, BODY, SECRET, 0),
    ],
)
def test_anything_changed_is_refused(changed: dict[str, str], body: bytes, secret: bytes, later: int) -> None:
    headers = signed_headers("msg_1", int(NOW.timestamp()), BODY, [SECRET])
    verify(headers, BODY, [SECRET], now=NOW.timestamp())
    with pytest.raises(SignatureRefused):
        verify({**headers, **changed}, body, [secret], now=NOW.timestamp() + later)


HEADER = st.one_of(st.text(), st.integers().map(str), st.text(alphabet="v1a, =+/AB"))


@given(st.dictionaries(st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "x"]), HEADER), st.binary())
@example({"webhook-id": "\ud800", "webhook-timestamp": "1", "webhook-signature": "v1,é"}, b"")
def test_the_verifier_raises_nothing_but_its_own_error(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(SignatureRefused):
        verify(headers, body, [SECRET], now=1.0)


@pytest.mark.parametrize(
    ("reply", "attempts", "state"),
    [
        (Reply(status=200), 1, DeliveryState.delivered),
        (Reply(status=204), 10, DeliveryState.delivered),
        (Reply(status=302), 1, DeliveryState.failed),
        (Reply(status=100), 1, DeliveryState.failed),
        (Reply(status=500), 9, DeliveryState.failed),
        (Reply(status=500), 10, DeliveryState.exhausted),
        (Reply(error="timed out"), 1, DeliveryState.failed),
        (Reply(status=410), 1, DeliveryState.cancelled),
    ],
)
def test_what_becomes_of_a_delivery(reply: Reply, attempts: int, state: DeliveryState) -> None:
    step = step_after(reply, attempts=attempts, now=NOW, jitter=0.5)
    assert step.state is state
    assert (step.next_at is not None) == (state is DeliveryState.failed)


@given(st.floats(min_value=0, max_value=1, exclude_max=True))
def test_the_schedule_spreads_and_lasts_days(jitter: float) -> None:
    steps = [step_after(Reply(status=500), attempts=n, now=NOW, jitter=jitter) for n in range(1, len(PAUSES) + 1)]
    pauses = [step.next_at - NOW for step in steps if step.next_at]
    assert timedelta(seconds=4) <= pauses[0] <= timedelta(seconds=6)
    assert timedelta(hours=28) <= sum(pauses, timedelta()) <= timedelta(hours=75)
    assert pauses == sorted(pauses)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("9" * 400, 86_400),
        ("-5", 0),
        ("Mon, 02 Mar 2026 09:31:00 GMT", 60),
        ("Mon, 02 Mar 2026 09:31:00", 60),
        ("Mon, 02 Mar 2020 09:31:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ("²", 0),
        (None, 0),
        ("soon", 0),
    ],
)
def test_retry_after_is_honoured_within_bounds(header: str | None, seconds: int) -> None:
    assert asked_pause(header, NOW) == timedelta(seconds=seconds)


@given(st.text())
def test_retry_after_never_breaks_anything(header: str) -> None:
    assert timedelta(0) <= asked_pause(header, NOW) <= timedelta(hours=24)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.31.0.1", "192.0.0.1", "192.0.2.1",
        "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1",
        "255.255.255.255", "168.63.129.16", "100.100.100.200",
        "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "2001::1",
        "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254",
        "fe80::1", "fe80::1%eth0", "2606:4700::1%eth0", "fec0::1", "ff02::1", "4000::1", "8000::1",
    ],
)  # fmt: skip
def test_an_address_that_may_be_a_neighbour_is_denied(address: str) -> None:
    assert denial(ip_address(address), ()) is not None


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111", "2a00:1450::1"])
def test_a_public_address_is_open(address: str) -> None:
    assert denial(ip_address(address), ()) is None


@given(st.ip_addresses())
def test_whatever_python_holds_for_special_is_denied(address: object) -> None:
    parsed = ip_address(str(address))
    special = parsed.is_private or parsed.is_loopback or parsed.is_link_local or parsed.is_multicast or parsed.is_reserved
    assert not special or denial(parsed, ()) is not None


def test_a_named_network_is_open_and_its_neighbours_are_not() -> None:
    allowed = (ip_network("127.0.0.0/8"), ip_network("fd00::/8"))
    assert denial(ip_address("127.1.2.3"), allowed) is None
    assert denial(ip_address("fd12::1"), allowed) is None
    assert denial(ip_address("10.0.0.1"), allowed) == "private"
    assert denial(ip_address("::ffff:127.0.0.1"), allowed) == "IPv4-mapped"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/hook",
        "http://example.org",
        "https://example.org:8443/a?b=c",
        "http://1.1.1.1/",
        "https://[2606:4700::1]/x",
    ],
)
def test_a_sensible_url_is_taken(url: str) -> None:
    check_url(url, ())


@pytest.mark.parametrize(
    "url",
    [
        "", "example.org", "ftp://example.org", "file:///etc/passwd", "gopher://x", "http://", "http:///x", "http://:80/",
        "http://user@example.org/", "http://user:secret@example.org", "http://example.org#part", "http://example.org:0/",
        "http://example.org:22/", "http://example.org:6553500/", "http://example.org:x/", "http://127.0.0.1/", "http://[::1]/",
        "http://[::ffff:127.0.0.1]/", "http://[fe80::1%25eth0]/", "http://169.254.169.254/latest", "http://127.1/", "http://0x7f.1/",
        "http://2130706433/", "http://017700000001/", "http://0x7f000001/", "http://127.0.0.1./", "http://exa mple.org/",
        "http://example.org\\@127.0.0.1/", "http://例子.org/", "http://example.org/\x00", "http://[::1", "http://example.org/\n",
        "https://example.org/" + "x" * 2000,
    ],
)  # fmt: skip
def test_a_url_that_leads_astray_is_refused(url: str) -> None:
    with pytest.raises(Invalid, match="webhook-url-refused"):
        check_url(url, ())


@given(st.text())
def test_checking_a_url_never_breaks(url: str) -> None:
    for candidate in (url, f"http://{url}", f"https://[{url}]/"):
        with suppress(Invalid):
            check_url(candidate, ())


def test_unknown_event_types_are_named_with_what_was_meant() -> None:
    with pytest.raises(Invalid) as refused:
        check_event_types(["massline.feedback.case.open.v1", "*", "zz\x1b"], EVENT_TYPES)
    assert "massline.feedback.case.opened.v1" in refused.value.detail
    assert "\x1b" not in refused.value.detail
    check_event_types(["*", *EVENT_TYPES], EVENT_TYPES)


def test_a_star_wants_everything() -> None:
    assert wants(["*"], "massline.feedback.case.opened.v1")
    assert wants(["a", "b"], "b")
    assert not wants(["a"], "b")
