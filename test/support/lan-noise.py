"""Somebody in a local network who wants to keep two people apart: broken messages, names that fit their room and lead
nowhere, names played again with another port. Its first argument is the nameplate; it goes on until it is killed, and
says how often somebody has come to its port."""
import base64
import hashlib
import os
import random
import socket
import struct
import sys
import threading
import time

GROUP = ("224.0.0.251", 5353)
SERVICE = ["_securechat", "_tcp", "local"]
random.seed(1)


def lv(*parts):
    return b"".join(bytes([len(part)]) + part for part in parts)


def name(labels):
    return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"


def answer(label, body):
    own = name([label] + SERVICE)
    record = lambda owner, kind, data: owner + struct.pack("!HHIH", kind, 1, 60, len(data)) + data
    return (
        struct.pack("!HHHHHH", 0, 0x8400, 0, 2, 0, 0)
        + record(name(SERVICE), 12, own)
        + record(own, 16, bytes([len(body)]) + body)
    )


nameplate = sys.argv[1].encode()
room = hashlib.sha512(lv(b"securechat/1 room", nameplate)).digest()[:32]
room = base64.urlsafe_b64encode(room).rstrip(b"=")
address = socket.inet_aton(sys.argv[2])


def announce(port, at):
    nonce = os.urandom(12)
    body = struct.pack("!H", port) + b"\x04" + at
    tag = hashlib.sha512(lv(b"securechat/1 lan", room, nonce, body)).digest()[:16]
    return answer((nonce + tag).hex(), body)


def takes(server):
    came = 0
    while True:
        peer, _ = server.accept()
        came += 1
        print(f"came {came}", flush=True)
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + os.urandom(1000))
        peer.close()


server = socket.create_server(("0.0.0.0", 0))
threading.Thread(target=takes, args=(server,), daemon=True).start()
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, address)
replayed = answer("ab" * 28, struct.pack("!H", 40000) + b"\x04" + address)
print("begun", flush=True)
while True:
    for _ in range(20):
        sender.sendto(os.urandom(random.randrange(1, 1400)), GROUP)
        sender.sendto(replayed, GROUP)
        sender.sendto(announce(server.getsockname()[1], address), GROUP)
        # At the door of somebody else.
        sender.sendto(announce(22222, socket.inet_aton(sys.argv[3])), GROUP)
    time.sleep(0.5)
