# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""How long work tells what it does."""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""
Called with the stage, done, and of how many.

The stages of finish are `vocabulary`, `describe`, `whitening`, `unrelated`, `compare`, `finished`.
"""
