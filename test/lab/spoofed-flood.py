"""Sends SIP requests from forged IPv4 addresses and counts what comes back to each of them.

Arguments: destination, network prefix of the forged sources ("10.200."), how many sources, seconds.
Prints one JSON object: packets and UDP payload bytes in both directions, and the worst ratio of one
source. Needs root, and a route by which the answers come here. Uses nothing but the library.
"""

import json
import random
import socket
import struct
import sys
import threading
import time

target, prefix, count, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
sources = [f"{prefix}{index // 250}.{index % 250 + 1}" for index in range(count)]
sent = dict.fromkeys(sources, 0)
heard = dict.fromkeys(sources, 0)
packets = {"sent": 0, "heard": 0}
ETHERNET, IPV4, UDP = 14, 0x0800, 17


def request(source, number):
    method, user = random.choice(
        [("OPTIONS", "100"), ("REGISTER", "100"), ("REGISTER", "31897"), ("INVITE", "200"), ("X", "1")]
    )
    lines = [
        f"{method} sip:{user}@{target} SIP/2.0",
        f"Via: SIP/2.0/UDP {source}:5060;branch=z9hG4bK-{number};rport",
        f"From: <sip:{user}@{target}>;tag={number}",
        f"To: <sip:{user}@{target}>",
        f"Call-ID: {number}",
        f"CSeq: 1 {method}",
    ]
    if number % 2:
        lines += ["Max-Forwards: 70", "User-Agent: " + "x" * random.randrange(200)]
    if number % 7 == 0:
        lines = [lines[0], "v:a", "f:<sip:a@a>", f"t:<sip:{user}@b>", "i:c", f"CSeq:1 {method}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def datagram(source, payload):
    length = 8 + len(payload)
    head = struct.pack(
        "!BBHHHBBH4s4s",
        *(0x45, 0, 20 + length, 0, 0, 64, UDP, 0),
        *(socket.inet_aton(source), socket.inet_aton(target)),
    )
    # A checksum of 0 says that there is none (RFC 768).
    return head + struct.pack("!HHHH", 5060, 5060, length, 0) + payload


def listen(stop):
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(IPV4))
    tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
    tap.settimeout(0.2)
    while not stop.is_set():
        try:
            frame = tap.recv(65535)
        except socket.timeout:
            continue
        header = frame[ETHERNET:]
        to = socket.inet_ntoa(header[16:20])
        if header[9] != UDP or to not in heard:
            continue
        at = (header[0] & 15) * 4
        if struct.unpack("!H", header[at : at + 2])[0] != 5060:
            continue
        heard[to] += struct.unpack("!H", header[at + 4 : at + 6])[0] - 8
        packets["heard"] += 1


stop = threading.Event()
listener = threading.Thread(target=listen, args=(stop,))
listener.start()
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
until = time.monotonic() + seconds
while time.monotonic() < until:
    source = random.choice(sources)
    packets["sent"] += 1
    payload = request(source, packets["sent"])
    sent[source] += len(payload)
    raw.sendto(datagram(source, payload), (target, 0))
    if packets["sent"] % 50 == 0:
        # The listener is to keep up, so that nothing that comes back goes uncounted.
        time.sleep(0.005)
time.sleep(1)
stop.set()
listener.join()
used = [source for source in sources if sent[source] > 0]
print(
    json.dumps(
        {
            "packets_sent": packets["sent"],
            "packets_heard": packets["heard"],
            "bytes_sent": sum(sent.values()),
            "bytes_heard": sum(heard.values()),
            "sources": len(used),
            "worst_ratio": max(heard[source] / sent[source] for source in used),
        }
    )
)
