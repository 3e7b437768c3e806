# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""How a localizer stands: the newest answer and its age, or why there is none."""

from __future__ import annotations

from anyloc_ros.localize.recognizer import Recognition

SET_BACK_S = 1.0
"""Stamps that go back further than this are those of a clock that was set back."""


class Standing:
    """What the status is made of; for the executor's thread."""

    def __init__(self) -> None:
        self.bad_images = 0
        self.request = ''
        """What came of the last `initialpose`."""
        self.begin('')
        self.forget_time()

    def begin(self, reason: str) -> None:
        """Forget the answers so far; the reason is told until there is one again."""
        self.answer: Recognition | None = None
        self.begun = reason
        self.same_picture_s = 0.0

    def forget_time(self) -> None:
        """Forget when there were images: their ages have no meaning any more."""
        self.newest_ns: int | None = None
        """The stamp of the newest image that was answered."""
        self.delay_s = 0.0
        self.standstill = ''
        """What is wrong with the newest stamp where it is not later than the one before."""
        self._arrived_ns: int | None = None

    def answered(self, answer: Recognition, now_ns: int, same_picture_s: float) -> None:
        """Take a new answer."""
        self.answer, self.same_picture_s = answer, same_picture_s
        self.newest_ns = answer.stamp_ns
        self.delay_s = (now_ns - answer.stamp_ns) / 1e9

    def went_back_s(self, stamp_ns: int) -> float | None:
        """
        Return how far the stamp of a new image lies before the newest one, None if it does not.

        Beyond SET_BACK_S stamps are compared with this one from now on.
        """
        before_ns = self._arrived_ns
        back_s = -1.0 if before_ns is None else (before_ns - stamp_ns) / 1e9
        self.standstill = ''
        if 0 <= back_s <= SET_BACK_S:
            went = f'went back by {back_s:.3f} s' if back_s else 'stand still'
            self.standstill = f'the stamps of the images {went}: is the camera frozen?'
        else:
            self._arrived_ns = stamp_ns
        return back_s if back_s >= 0 else None
