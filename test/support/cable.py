"""A long cable: what comes in at one of two network interfaces goes out at the other after so many milliseconds.

    cable.py MILLISECONDS ONE OTHER [ONE OTHER ...]

Needs the right to raw sockets, in a network namespace of its own. Says "ready" when it forwards.
"""
import heapq
import select
import socket
import sys
import time

SOL_PACKET, PACKET_VNET_HDR, PACKET_OUTGOING = 263, 15, 4
ALL = 0x0003

delay = float(sys.argv[1]) / 1000
names = sys.argv[2:]
ends = []
for name in names:
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL))
    # Checksums and sizes that the sender left to its card go along.
    end.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    end.bind((name, ALL))
    end.setblocking(False)
    ends.append(end)
other = {end: ends[i ^ 1] for i, end in enumerate(ends)}
waiting = []
count = 0
print("ready", flush=True)
while True:
    timeout = None if not waiting else max(0, waiting[0][0] - time.monotonic())
    readable, _, _ = select.select(ends, [], [], timeout)
    for end in readable:
        while True:
            try:
                frame, address = end.recvfrom(70000)
            except BlockingIOError:
                break
            if address[2] != PACKET_OUTGOING:
                count += 1
                heapq.heappush(waiting, (time.monotonic() + delay, count, other[end], frame))
    while waiting and waiting[0][0] <= time.monotonic():
        _, _, end, frame = heapq.heappop(waiting)
        try:
            end.send(frame)
        except OSError:
            pass
