"""A spoofing storm, and beside it two attackers and a phone that are what they say.

Arguments: destination, port of a PBX there that echoes, forged packets a second, seconds at most, the
attacker's address, the destination's IPv6 address, the first three groups of the hopper's IPv6 site.
For each forged name two messages go out. From its own address the attacker enumerates extensions, a
message when the last is answered or 0.2 s later, until ten in a row are not answered any more; then so does the
hopper, from a new /64 of its site for each message. The phone sends the PBX packets, each from a new port. Prints one JSON object. Needs root, and only the library.
"""

import json
import socket
import struct
import sys
import threading
import time

target, pbx, rate, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
source, target6, site = sys.argv[5:8]
IPV6_FREEBIND = 78
stop = threading.Event()
counts = {"forged": 0, "attacker_sent": 0, "attacker_answered": 0}
counts |= {"hopper_sent": 0, "hopper_answered": 0, "phone_sent": 0, "phone_heard": 0}


def message(method, user, sender, number, agent):
    lines = [
        f"{method} sip:{user}@{target} SIP/2.0",
        f"Via: SIP/2.0/UDP {sender}:5060;branch=z9hG4bK-{number};rport",
        f"From: <sip:{user}@{target}>;tag={number}",
        f"To: <sip:{user}@{target}>",
        f"Call-ID: {number}",
        f"CSeq: 1 {method}",
        "Max-Forwards: 70",
        "Contact: <sip:1@10.0.0.1>",
        f"User-Agent: {agent}",
        "Content-Length: 0",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def forge():
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    began = time.monotonic()
    while not stop.is_set():
        number = counts["forged"]
        name = number // 2
        forged = f"{20 + name % 100}.{name // 100 % 250}.{name // 25000 % 250}.9"
        payload = message("OPTIONS", "100", forged, number, "friendly-scanner")
        length = 8 + len(payload)
        head = struct.pack(
            "!BBHHHBBH4s4s",
            *(0x45, 0, 20 + length, 0, 0, 64, 17, 0),
            *(socket.inet_aton(forged), socket.inet_aton(target)),
        )
        raw.sendto(head + struct.pack("!HHHH", 5060, 5060, length, 0) + payload, (target, 0))
        counts["forged"] += 1
        ahead = began + counts["forged"] / rate - time.monotonic()
        if ahead > 0.005:
            time.sleep(ahead)


def call():
    while not stop.is_set():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.settimeout(2)
            phone.sendto(b"a call", (target, pbx))
            counts["phone_sent"] += 1
            try:
                phone.recv(100)
                counts["phone_heard"] += 1
            except socket.timeout:
                pass
        time.sleep(0.02)


def ask_until_silent(who, ask):
    silent = 0
    until = time.monotonic() + seconds
    # A slow machine may be seconds behind with the first answer.
    while (silent < 10 or counts[f"{who}_answered"] == 0) and time.monotonic() < until:
        number = counts[f"{who}_sent"]
        counts[f"{who}_sent"] += 1
        try:
            ask(number)
            counts[f"{who}_answered"] += 1
            silent = 0
        except socket.timeout:
            silent += 1


def attack():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind((source, 0))
        own.connect((target, 5060))
        own.settimeout(0.2)

        def ask(number):
            own.send(message("REGISTER", 100 + number, source, f"e{number}", "a phone"))
            own.recv(2000)

        ask_until_silent("attacker", ask)


def hop(number):
    hopped = f"{site}:{number + 1:x}::5"
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as own:
        own.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
        own.bind((hopped, 0))
        own.settimeout(0.2)
        payload = message("REGISTER", 500 + number, f"[{hopped}]", f"h{number}", "a phone")
        own.sendto(payload, (target6, 5060))
        own.recv(2000)


others = [threading.Thread(target=each) for each in (forge, call)]
for each in others:
    each.start()
# By then the breaker has tripped.
time.sleep(3)
attack()
ask_until_silent("hopper", hop)
stop.set()
for each in others:
    each.join()
print(json.dumps(counts))
