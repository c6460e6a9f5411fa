"""The cache of platforms' keys: seldom asked for, never poisoned."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from app.lti.fetching import LARGEST
from app.lti.keysets import GRACE, LIFETIME, PAUSE, KeySets
from app.lti.refusals import Reason, Refused
from tests.facts import fact
from tests.lti.platform import KEY, OTHER_KEY, Browser, Platform, claims, jwk, signed

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def key_sets() -> KeySets:
    return KeySets(timedelta(seconds=0.5))


def refusal(key_sets: KeySets, platform: Platform, kid: str, now: datetime) -> Reason:
    with pytest.raises(Refused) as refused:
        key_sets.find(platform.url, kid, now)
    return refused.value.refusal.reason


def test_a_key_set_is_fetched_once_and_kept(key_sets: KeySets, platform: Platform) -> None:
    for minutes in range(60):
        key_sets.find(platform.url, "k1", NOON + timedelta(minutes=minutes))

    assert platform.asked == 1


def test_an_old_key_set_is_fetched_again(key_sets: KeySets, platform: Platform) -> None:
    key_sets.find(platform.url, "k1", NOON)
    key_sets.find(platform.url, "k1", NOON + LIFETIME + timedelta(seconds=1))

    assert platform.asked == 2


def test_a_key_that_was_withdrawn_is_no_longer_accepted(key_sets: KeySets, platform: Platform) -> None:
    key_sets.find(platform.url, "k1", NOON)
    platform.publishes(jwk(OTHER_KEY, "k2"))

    assert refusal(key_sets, platform, "k1", NOON + LIFETIME + timedelta(seconds=1)) == Reason.KEY_UNKNOWN


def test_a_key_that_is_new_is_fetched_at_once(key_sets: KeySets, platform: Platform) -> None:
    key_sets.find(platform.url, "k1", NOON)
    platform.publishes(jwk(KEY, "k1"), jwk(OTHER_KEY, "k2"))

    found = key_sets.find(platform.url, "k2", NOON + PAUSE)

    assert found.public_numbers() == OTHER_KEY.public_key().public_numbers()
    assert platform.asked == 2


def test_invented_key_names_cannot_make_us_ask_and_ask(key_sets: KeySets, platform: Platform) -> None:
    key_sets.find(platform.url, "k1", NOON)
    for number in range(100):
        moment = NOON + PAUSE + timedelta(milliseconds=number)
        assert refusal(key_sets, platform, f"invented-{number}", moment) == Reason.KEY_UNKNOWN

    assert platform.asked == 2


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"{}"),
        (200, b"<html>"),
        (200, b'{"keys": []}'),
        (200, b'{"errors": []}'),
        (200, b""),
        (200, b" " * (LARGEST + 1)),
    ],
    ids=["an error", "a web page", "no keys", "an error as JSON", "nothing", "no end"],
)
def test_a_failed_fetch_leaves_the_keys_we_have(
    key_sets: KeySets, platform: Platform, status: int, body: bytes
) -> None:
    key_sets.find(platform.url, "k1", NOON)
    platform.breaks(status, body)
    assert refusal(key_sets, platform, "k2", NOON + PAUSE) == Reason.KEY_UNKNOWN

    key_sets.find(platform.url, "k1", NOON + LIFETIME + timedelta(minutes=5))  # asks, in vain, and goes on


def test_keys_that_nobody_confirms_for_a_day_are_not_believed(key_sets: KeySets, platform: Platform) -> None:
    key_sets.find(platform.url, "k1", NOON)
    platform.breaks()

    late = NOON + LIFETIME + GRACE + timedelta(seconds=1)
    assert refusal(key_sets, platform, "k1", late) == Reason.KEYS_UNREACHABLE


def test_an_error_is_forgotten_when_the_address_works_again(key_sets: KeySets, platform: Platform) -> None:
    platform.breaks()
    assert refusal(key_sets, platform, "k1", NOON) == Reason.KEYS_UNREACHABLE
    platform.publishes(jwk(KEY, "k1"))
    assert refusal(key_sets, platform, "k1", NOON + PAUSE / 2) == Reason.KEYS_UNREACHABLE

    key_sets.find(platform.url, "k1", NOON + PAUSE)
    assert platform.asked == 2


def test_a_bad_key_does_not_spoil_a_good_one(key_sets: KeySets, platform: Platform) -> None:
    platform.publishes(
        {"kty": "EC", "kid": "ec", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "RSA", "kid": "broken", "n": "!!", "e": "AQAB"},
        {"kty": "RSA", "kid": "nameless"},
        jwk(OTHER_KEY, "for encryption", use="enc"),
        jwk(OTHER_KEY, "of another algorithm", alg="RS512"),
        jwk(KEY, "k1"),
    )

    key_sets.find(platform.url, "k1", NOON)
    for kid in ("ec", "nameless", "for encryption", "of another algorithm"):
        assert refusal(key_sets, platform, kid, NOON) == Reason.KEY_UNKNOWN
    assert refusal(key_sets, platform, "broken", NOON) == Reason.KEY_SHORT


def test_many_launches_at_once_fetch_once(key_sets: KeySets, platform: Platform) -> None:
    platform.delay = 0.2
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(key_sets.find(platform.url, "k1", NOON)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert platform.asked == 1


@fact("lti 1.4", "Canvas rotates the keys it signs with.")
def test_a_platform_may_change_its_key_between_two_launches(browser: Browser, platform: Platform) -> None:
    assert browser.launches().status_code == 200
    platform.publishes(jwk(OTHER_KEY, "k2"), jwk(KEY, "k1"))
    with browser.app.app_context():
        held = browser.app.extensions["lti_key_sets"]._held[platform.url]
        held.tried_at -= PAUSE  # as if a while had passed

    sent = browser.begins()
    page = browser.returns(signed(claims(sent.nonce, browser.launch_url), OTHER_KEY, "k2"), sent.state)

    assert page.status_code == 200
    assert platform.asked == 2
