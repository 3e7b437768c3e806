# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Jobs in order, outcomes in the thread that delivers, and an end that waits."""

from __future__ import annotations

from threading import current_thread, Event

from anyloc_ros.ros.worker import Worker
import pytest


@pytest.fixture
def woken():
    """Return an event that is set when something waits to be delivered."""
    return Event()


def test_outcomes_are_delivered_in_order_in_another_thread(woken):
    worker = Worker(woken.set)
    got = []
    for number in range(3):
        worker.submit(lambda n=number: worker.post(got.append, (n, current_thread().name)))
    assert worker.drain(5)
    assert woken.is_set() and got == []
    worker.deliver()
    assert [number for number, _ in got] == [0, 1, 2]
    assert {name for _, name in got} == {'worker'}
    assert worker.stop(5)


def test_an_unforeseen_error_is_raised_where_it_is_delivered(woken):
    worker = Worker(woken.set)
    worker.submit(int, 'no number')
    assert worker.drain(5)
    with pytest.raises(ValueError, match='no number'):
        worker.deliver()
    # The thread goes on.
    assert worker.drain(5)
    assert worker.stop(5)


def test_the_end_does_not_wait_for_ever(woken):
    worker = Worker(woken.set)
    go_on = Event()
    worker.submit(go_on.wait, 20)
    assert not worker.drain(0.01)
    assert not worker.stop(0.01)
    go_on.set()
    assert worker.stop(5)
