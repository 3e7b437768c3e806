# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
What a run was worth, in figures: arrays in, dataclasses out, one file for each kind of figure.

Every figure is an Estimate: its value, an interval of 95 %, and how many values it is from. What
was left out (no truth, no answer) is counted beside it.
"""
