"""The fast path for numbers of the home region; it must decide as libphonenumber does."""

import phonenumbers
import pytest
from django.test import override_settings
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from apps.core.values import phones

REGIONS = ("IR", "DE", "US", "GB", "IT", "AR", "MX", "BR", "FR", "IN")
digits = st.text("0123456789", min_size=3, max_size=12)


def outcome(text: str, region: str) -> str:
    try:
        return phones._normalize.__wrapped__(text, region)
    except ValueError:
        return "refused"


def short_way(text: str, region: str) -> str:
    with override_settings(PHONE_REGION=region):
        try:
            return phones.normalize_mobile(text)
        except ValueError:
            return "refused"


@settings(max_examples=400, deadline=None)
@given(region=st.sampled_from(REGIONS), prefix=st.sampled_from(["+", "0", "00", ""]), rest=digits)
def test_any_digits_are_judged_alike(region: str, prefix: str, rest: str) -> None:
    country_code = str(phonenumbers.country_code_for_region(region))
    for text in (prefix + rest, f"+{country_code}{rest}", f"0{rest}"):
        assert short_way(text, region) == outcome(text, region)


@pytest.mark.parametrize("region", REGIONS)
def test_an_example_of_each_kind_of_number_is_judged_alike(region: str) -> None:
    for kind in phonenumbers.PhoneNumberType.values():
        example = phonenumbers.example_number_for_type(region, kind)
        if example is None:
            continue
        for form in (phonenumbers.PhoneNumberFormat.E164, phonenumbers.PhoneNumberFormat.NATIONAL):
            text = phonenumbers.format_number(example, form)
            plain = "".join(character for character in text if character in "+0123456789")
            assert short_way(plain, region) == outcome(plain, region)


@settings(max_examples=300, deadline=None)
@given(
    region=st.sampled_from(REGIONS),
    kind=st.sampled_from([0, 1, 2, 7]),
    tail=st.text("0123456789", min_size=5, max_size=8),
)
def test_numbers_near_an_example_are_judged_alike(region: str, kind: int, tail: str) -> None:
    example = phonenumbers.example_number_for_type(region, kind)
    assume(example)
    assert example is not None
    national = str(example.national_number)
    near = national[: max(1, len(national) - len(tail))] + tail
    for text in (f"+{example.country_code}{near}", f"0{near}", f"1{near}", near):
        assert short_way(text, region) == outcome(text, region)


@pytest.mark.parametrize("text", ["09123456789", "+989123456789", "0912 345 6789"])
@pytest.mark.parametrize(
    "zero",
    ["\u06f0", "\u0660", "\uff10", "\u0966", "\U0001d7ce"],
    ids=["Persian", "Arabic", "full width", "Nagari", "bold"],
)
def test_digits_of_any_script_give_ascii(text: str, zero: str) -> None:
    in_script = text.translate({ord(str(digit)): chr(ord(zero) + digit) for digit in range(10)})
    assert phones.normalize_mobile(in_script) == "+989123456789"
    assert phones.normalize_mobile(text[:-1] + chr(ord(zero) + 9)) == "+989123456789"


@pytest.mark.parametrize("text", ["0912345678²", "0912345678½", "0912345678九", "0912345678Ⅸ", "0912345678⑨"])
def test_signs_that_are_no_decimal_digits_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="phone"):
        phones.normalize_mobile(text)


@settings(max_examples=500, deadline=None)
@given(st.text(st.characters(categories=["Nd", "No", "Nl"]) | st.sampled_from("+0123456789 "), max_size=14))
def test_what_is_accepted_is_ascii(text: str) -> None:
    for attempt in (text, f"0912345{text}", f"+98912345{text}"):
        if (found := short_way(attempt, "IR")) != "refused":
            assert found.isascii()


@pytest.mark.parametrize(
    ("text", "sought"), [(" 0912345678٩ ", "+989123456789"), ("۹۱۲", "912"), ("Mehr", "Mehr"), ("مهر ۱۲", "مهر 12")]
)
def test_a_search_is_for_the_stored_form(text: str, sought: str) -> None:
    assert phones.search_text(text) == sought


@settings(max_examples=300, deadline=None)
@given(number=st.from_regex(r"9[0-9]{9}", fullmatch=True))
def test_every_iranian_form_of_a_mobile_number_gives_the_same_e164(number: str) -> None:
    expected = outcome(f"+98{number}", "IR")
    for text in (f"+98{number}", f"0{number}", f"0098{number}"):
        assert short_way(text, "IR") == expected
