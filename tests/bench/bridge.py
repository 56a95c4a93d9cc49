# SPDX-License-Identifier: MIT
"""For bridges.sh: the least turn of 50 calls of cozepy in ms of the processor, plain and bridged."""

import os
import time
import warnings

warnings.simplefilter("ignore")

from cozepy import Coze, TokenAuth  # noqa: E402

from keyturn.coze import connect  # noqa: E402


def turn(coze):
    begun = time.process_time()
    for _ in range(50):
        coze.users.me()
    return (time.process_time() - begun) * 1000


plain = Coze(auth=TokenAuth(os.environ["BENCH_TOKEN"]), base_url=os.environ["BENCH_API"])
bridge = connect("bench")
turns = [(turn(plain), turn(bridge)) for _ in range(20)]
print(min(first for first, _ in turns), min(second for _, second in turns))
