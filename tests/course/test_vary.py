"""Words and numbers that are others where a check counts."""

import random
import threading
from contextvars import copy_context

from upgrade101.course.vary import varied, vary


def test_a_notebook_gets_the_word_itself() -> None:
    assert vary("rye") == "rye"
    assert vary(20) == 20


def test_grading_gets_another_and_the_same_one_every_time() -> None:
    with varied(random.Random(7)) as others:
        first = vary("poppy seed roll")
        assert first != "poppy seed roll"
        assert first.count(" ") == 2
        assert vary("poppy seed roll") == first == others.words["poppy seed roll"]
    assert vary("poppy seed roll") == "poppy seed roll"


def test_names_stay_names_and_numbers_keep_their_length() -> None:
    with varied(random.Random(7)):
        assert vary("Ana").istitle()
        assert 10 <= vary(20) <= 99 and vary(20) != 20
        assert -9 <= vary(-3) <= -1 and vary(-3) != -3


def test_two_words_never_become_one() -> None:
    with varied(random.Random(7)):
        words = [vary(f"{letter}y") for letter in "abcdefghijklmnopqrstuvwxyz"]
        numbers = [vary(number) for number in range(1, 9)]
    assert len(set(words)) == 26
    assert len(set(numbers)) == 8


def test_a_check_in_a_thread_of_its_own_gets_the_same() -> None:
    heard: list[str] = []
    with varied(random.Random(7)):
        here = vary("rye")
        thread = threading.Thread(target=copy_context().run, args=(lambda: heard.append(vary("rye")),))
        thread.start()
        thread.join()
    assert heard == [here]
