import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/core/common/limits.js';
import type { Packet } from '../../../src/core/model/transport.js';
import {
  createPairing,
  takeMirrored,
  takeUnanswered,
  type Heard,
} from '../../../src/core/pbx/pairing.js';
import { parseMessage } from '../../../src/core/sip/parse.js';

const PBX = { address: '192.0.2.1', port: 5060 };
const SECOND_US = 1_000_000;
const isPbx = (address: string): boolean => address === PBX.address;

interface Said {
  readonly peer: string;
  readonly branch: string;
  /** null: the request itself. */
  readonly status: number | null;
  readonly nonce?: string;
  readonly stale?: boolean;
  readonly method?: string;
  readonly transport?: Packet['transport'];
  /** The PBX asks, the peer answers. */
  readonly fromPbx?: boolean;
}

/** One message between a peer and the PBX. */
function messageOf(said: Said): Packet {
  const { peer, branch, status, nonce, stale = false, method = 'REGISTER', fromPbx } = said;
  const credentials =
    nonce === undefined
      ? []
      : [
          `Authorization: Digest username="1", realm="p", nonce="${nonce}", uri="sip:p", response="r"`,
        ];
  const challenge =
    nonce === undefined
      ? []
      : [`WWW-Authenticate: Digest realm="p", nonce="${nonce}", stale=${stale}`];
  const lines = [
    status === null ? `${method} sip:p SIP/2.0` : `SIP/2.0 ${status} Words`,
    `Via: SIP/2.0/UDP ${peer}:5060;branch=${branch}`,
    'From: <sip:1@p>;tag=f',
    'To: <sip:1@p>',
    'Call-ID: c',
    `CSeq: 1 ${method}`,
    ...(status === null ? credentials : challenge),
    '',
    '',
  ];
  const them = { address: peer, port: 5060 };
  const toPbx = (status === null) !== (fromPbx === true);
  return {
    receivedAtUs: 0,
    transport: said.transport ?? 'udp',
    source: toPbx ? them : PBX,
    local: toPbx ? PBX : them,
    bytes: Buffer.from(lines.join('\r\n')),
  };
}

function play(pairing: ReturnType<typeof createPairing>, all: readonly Said[], nowUs = 0) {
  return all.flatMap((said): readonly Heard[] => {
    const packet = messageOf(said);
    const seen = { message: parseMessage(packet.bytes), sensor: 'hep' } as const;
    return takeMirrored(pairing, packet, seen, isPbx, nowUs);
  });
}

const told = (heard: readonly Heard[]): readonly string[] =>
  heard.map(({ packet, outcome, proof }) => `${packet.source.address} ${outcome} ${proof}`);

describe('requests and the answers of a PBX', () => {
  const peer = '203.0.113.7';

  it('make one event, when the final response comes', () => {
    const asks = { peer, branch: 'a', status: null };
    const pairing = createPairing();
    expect(play(pairing, [asks, { ...asks, status: 100 }])).toEqual([]);
    expect(told(play(pairing, [{ ...asks, status: 404 }]))).toEqual([
      `${peer} unknown_account none`,
    ]);
    expect(play(pairing, [{ ...asks, status: 404 }])).toEqual([]);
  });

  it('prove an address by a nonce that the PBX sent there, and there alone', () => {
    const all: Said[] = [
      { peer, branch: 'a', status: null },
      { peer, branch: 'a', status: 401, nonce: 'n1' },
      { peer, branch: 'b', status: null, nonce: 'n1' },
      { peer, branch: 'b', status: 401, nonce: 'n2' },
      { peer: '203.0.113.8', branch: 'b', status: null, nonce: 'n1' },
      { peer: '203.0.113.8', branch: 'b', status: 401, nonce: 'n3' },
    ];
    expect(told(play(createPairing(), all))).toEqual([
      `${peer} challenged none`,
      `${peer} failed nonce`,
      '203.0.113.8 challenged none',
    ]);
  });

  it('take a password for wrong only when the nonce was in force', () => {
    const all: Said[] = [
      { peer, branch: 'a', status: 401, nonce: 'n1' },
      { peer, branch: 'b', status: null, nonce: 'n1' },
      { peer, branch: 'b', status: 401, nonce: 'n2', stale: true },
      { peer, branch: 'c', status: null, nonce: 'before the mirror began' },
      { peer, branch: 'c', status: 401, nonce: 'n3' },
    ];
    expect(told(play(createPairing(), all))).toEqual([
      `${peer} challenged nonce`,
      `${peer} challenged none`,
    ]);
  });

  it('do not hear what the PBX asks others', () => {
    const all: Said[] = [
      { peer, branch: 'a', status: null, method: 'OPTIONS', fromPbx: true },
      { peer, branch: 'a', status: 404, method: 'OPTIONS', fromPbx: true },
    ];
    expect(play(createPairing(), all)).toEqual([]);
  });

  it.each([
    ['tcp', 'tcp'],
    // HEP has the same number for WebSockets over TLS.
    ['tls', 'none'],
    // A web page can make its visitor's browser open one.
    ['ws', 'none'],
    ['wss', 'none'],
  ] as const)('over %s prove %s', (transport, proof) => {
    const asks = { peer, branch: 'a', status: null, transport };
    expect(told(play(createPairing(), [asks, { ...asks, status: 403 }]))).toEqual([
      `${peer} refused ${proof}`,
    ]);
  });

  it('are given up as unanswered, oldest first, when time is over or there are too many', () => {
    const pairing = createPairing();
    play(pairing, [{ peer, branch: 'a', status: null }], 0);
    play(pairing, [{ peer, branch: 'b', status: null }], 5 * SECOND_US);
    expect(takeUnanswered(pairing, 9 * SECOND_US)).toEqual([]);
    const gone = takeUnanswered(pairing, 11 * SECOND_US);
    expect(gone.map(({ message, outcome }) => [message.viaBranch, outcome])).toEqual([
      ['a', 'unanswered'],
    ]);
    const many = Array.from({ length: LIMITS.mirroredWaitingMax }, (_, n) => ({
      ...{ peer, branch: `x${n}`, status: null },
    }));
    const pushed = play(pairing, many, 11 * SECOND_US);
    expect(pushed.map(({ message }) => message.viaBranch)).toEqual(['b']);
    expect(pairing.waiting.size).toBe(LIMITS.mirroredWaitingMax);
  });

  it('are paired as by a list of all that was asked, whatever the order', () => {
    const peers = ['203.0.113.1', '203.0.113.2', '2001:db8::1'];
    const message = fc.record({
      peer: fc.constantFrom(...peers),
      branch: fc.constantFrom('a', 'b', 'c'),
      status: fc.constantFrom(null, null, 100, 200, 401, 404, 503),
    });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 40 }), (all) => {
        const open: string[] = [];
        const expected: string[] = [];
        for (const { peer: who, branch, status } of all) {
          const key = `${who} ${branch}`;
          if (status === null && !open.includes(key)) open.push(key);
          if (status === null || status < 200 || !open.includes(key)) continue;
          open.splice(open.indexOf(key), 1);
          expected.push(key);
        }
        const heard = play(createPairing(), all);
        expect(
          heard.map(
            ({ packet, message: { viaBranch } }) => `${packet.source.address} ${viaBranch ?? ''}`,
          ),
        ).toEqual(expected);
      }),
    );
  });
});
