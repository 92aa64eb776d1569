"""Holds many TCP connections open, from many addresses, until a line comes on standard input.

Arguments: destination, network prefix of the addresses ("10.201."), connections in all, how many of
them begin a message and never end it, half-open TLS handshakes (port 5061), connections of one more
address. Prints one JSON object. The addresses must be this host's. Uses nothing but the library.
"""

import json
import resource
import socket
import sys

target, prefix = sys.argv[1], sys.argv[2]
count, slow, tls, greedy = (int(word) for word in sys.argv[3:7])
OF_ONE_ADDRESS = 80

soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
held = []


def connect(source, port):
    one = socket.socket()
    one.settimeout(5)
    one.bind((source, 0))
    try:
        one.connect((target, port))
    except OSError:
        return None
    held.append(one)
    return one


def address(index):
    # Few of each /24, which has a share of its own.
    source = index // OF_ONE_ADDRESS
    return f"{prefix}{1 + source // 8}.{1 + source % 8}"


opened = begun = half = 0
for index in range(count):
    one = connect(address(index), 5060)
    if one is None:
        continue
    opened += 1
    if index < slow:
        one.send(b"OPTIONS sip:100@pbx SIP/2.0\r\nVia: SIP/2.0/TC")
        begun += 1
for index in range(tls):
    one = connect(address(count + index), 5061)
    if one is None:
        continue
    # The head of a ClientHello, and no more.
    one.send(bytes.fromhex("1603010200010001fc0303"))
    half += 1
for index in range(greedy):
    connect(f"{prefix}200.1", 5060)
print(json.dumps({"opened": opened, "slow": begun, "tls": half}), flush=True)
sys.stdin.readline()
