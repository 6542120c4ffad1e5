"""Burmese in two encodings: told apart, brought to Unicode, and found by either."""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from zawgyi_writer import as_zawgyi

from casefile.zawgyi import converted, is_zawgyi, unicode_form

SENTENCES = (
    "တံတား ပျက်စီးသွားသည်ဟု ရွာသားများက ပြောသည်။",
    "မနေ့က ည ၈ နာရီတွင် ဗုံးပေါက်ကွဲမှု ဖြစ်ပွားခဲ့သည်။",
    "ဆေးရုံသို့ ဒဏ်ရာရသူ ၁၂ ဦး ပို့ဆောင်ခဲ့ရသည်။",
    "မြန်မာနိုင်ငံ အလယ်ပိုင်းရှိ ကျေးရွာတစ်ရွာ မီးလောင်ပျက်စီးခဲ့သည်။",
    "အင်္ဂလိပ်ဘာသာဖြင့် ရေးသားထားသော စာရွက်တစ်ရွက် တွေ့ရှိသည်။",
    "ကျောင်းဆရာမနှင့် ကလေးငယ်များ ထွက်ပြေးလွတ်မြောက်ခဲ့ကြသည်။",
    "ဤဓာတ်ပုံကို မနက် ၆ နာရီ ၄၀ မိနစ်တွင် ရိုက်ကူးခဲ့သည်။",
    "သတ္တဝါများနှင့် ပစ္စည်းများ ဆုံးရှုံးခဲ့ရသည်။",
    "ဥပဒေအရ အရေးယူပေးပါရန် တောင်းဆိုထားသည်။",
    "လူ့အခွင့်အရေး ကြေညာစာတမ်းကို ဖတ်ပါ။",
)
OTHERS = (
    "ထၢမ်တွပ်ႇ",
    "တၢ်ကစီၣ် တၢ်ထံၣ်တၢ်ပၥ်သး",
    "The bridge was hit at 6:40.",
    "٢٠٢٤",
    "၅၂၀",
    "",
)
"""Shan and Sgaw Karen use the same block, in Unicode's order."""


@pytest.mark.parametrize("sentence", SENTENCES)
def test_the_two_encodings_are_told_apart(sentence: str) -> None:
    assert not is_zawgyi(sentence)
    assert is_zawgyi(as_zawgyi(sentence))


@pytest.mark.parametrize("sentence", SENTENCES)
def test_the_unicode_form_is_what_a_unicode_writer_would_have_written(sentence: str) -> None:
    assert converted(as_zawgyi(sentence)) == unicodedata.normalize("NFC", sentence)


@pytest.mark.parametrize("text", OTHERS)
def test_other_languages_and_digits_are_left_alone(text: str) -> None:
    assert not is_zawgyi(text)
    assert unicode_form(text) == ""


def test_only_the_lines_in_zawgyi_are_converted() -> None:
    mixed = f"{SENTENCES[0]}\nBridge\n{as_zawgyi(SENTENCES[1])}"
    assert unicode_form(mixed) == f"{SENTENCES[0]}\nBridge\n{unicodedata.normalize('NFC', SENTENCES[1])}"


def test_few_single_words_are_missed_and_none_is_mistaken() -> None:
    words = sorted({word.strip("။၊") for sentence in SENTENCES for word in sentence.split()})
    differing = [word for word in words if as_zawgyi(word) != word]
    missed = [word for word in differing if not is_zawgyi(as_zawgyi(word))]
    assert [word for word in words if is_zawgyi(word)] == []
    assert len(missed) <= len(differing) // 6
