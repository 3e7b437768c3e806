# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Counts that add up at every moment, also while two threads use them."""

from __future__ import annotations

from threading import Thread

from anyloc_ros.ros.mailbox import Counts, Mailbox


def test_one_slot_keeps_the_newest():
    mailbox = Mailbox()
    assert mailbox.counts == Counts(0, 0, 0, 0)
    assert mailbox.take() is None
    assert mailbox.put('a')
    assert not mailbox.put('b')
    assert mailbox.counts == Counts(received=2, processed=0, dropped=1, pending=1)
    assert mailbox.take() == 'b'
    assert mailbox.waiting == 0
    # What was taken is pending until it is done.
    assert mailbox.put('c')
    assert mailbox.counts == Counts(3, 0, 1, 2)
    mailbox.done()
    assert mailbox.counts == Counts(3, 1, 1, 1)
    mailbox.refuse()
    mailbox.drop_waiting()
    assert mailbox.counts == Counts(4, 1, 3, 0)


def test_more_slots_are_a_queue_that_drops_the_oldest():
    mailbox = Mailbox(slots=3)
    assert [mailbox.put(item) for item in range(5)] == [True, True, True, False, False]
    assert [mailbox.take() for _ in range(4)] == [2, 3, 4, None]


def test_the_counts_add_up_between_threads():
    mailbox = Mailbox()

    def work():
        while (item := mailbox.take()) != 'end':
            if item is not None:
                mailbox.done()

    worker = Thread(target=work)
    worker.start()
    for item in range(20_000):
        mailbox.put(item)
        counts = mailbox.counts
        assert counts.received == item + 1
        assert counts.received == counts.processed + counts.dropped + counts.pending
    while mailbox.waiting:
        pass
    mailbox.put('end')
    worker.join()
