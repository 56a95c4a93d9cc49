# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For test scripts, to be sourced.

# free_port: one that nobody listens at, for a program that has to be told it. It is none of those
# that a connection gets, so that none has it before the program; oidc-gen takes none of them either.
free_port()
{
	python3 -c '
import random, socket
with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
    end = int(file.read().split()[0])
end = min(end, 32768) if end > 4096 else 32768
while True:
    with socket.socket() as asked:
        try:
            asked.bind(("127.0.0.1", random.randrange(end // 2, end)))
        except OSError:
            continue
        print(asked.getsockname()[1])
        break
'
}
