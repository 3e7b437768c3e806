# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Localize in a network of its own, which has no way to any other: only this computer is there.

    unshare --net --map-root-user python offline.py MAP FOLDER
"""

from __future__ import annotations

import fcntl
from pathlib import Path
import socket
import struct
import sys

from rig import Rig

SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 0x1, 0x40


def main() -> None:
    """Bring up the loopback, which is down in a new network, see that all else is shut, drive."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        flags = struct.pack('16sh14x', b'lo', IFF_UP | IFF_RUNNING)
        fcntl.ioctl(control, SIOCSIFFLAGS, flags)
    assert [name for _, name in socket.if_nameindex()] == ['lo']
    rig = Rig(Path(sys.argv[1]), Path(sys.argv[2]))
    rig.start()
    rig.localize()
    rig.stop()


if __name__ == '__main__':
    main()
