# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""All cases: importing this fills CASES, in the order of docs/faults.md."""

from __future__ import annotations

import cases_camera  # noqa: F401
import cases_map  # noqa: F401
import cases_motion  # noqa: F401
import cases_process  # noqa: F401
import cases_services  # noqa: F401
