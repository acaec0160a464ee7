"""How readily a thread gives way."""

from __future__ import annotations

import os
import sys
import threading

import pytest

import vae


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts niceness by thread")
def test_a_thread_that_gives_way_does_so_alone() -> None:
    mine, its = os.getpriority(os.PRIO_PROCESS, threading.get_native_id()), []

    def work() -> None:
        vae.give_way(mine + 3)
        its.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert its == [min(mine + 3, 19)]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == mine
