// Events as the trap hands them to the store: received now, ids and sources run on, the messages are
// of the usual kinds, some 450 bytes each.
import { Buffer } from 'node:buffer';

const METHODS = ['REGISTER', 'OPTIONS', 'INVITE'];

/** `sources` distinct addresses take turns; every third message is an INVITE to one of 1,000 numbers. */
export function makeEvents(firstId, count, { sources = 2_000 } = {}) {
  const nowUs = Date.now() * 1_000;
  return Array.from({ length: count }, (_, index) =>
    makeEvent(firstId + index, nowUs + index, sources),
  );
}

function makeEvent(id, receivedAtUs, sources) {
  const method = METHODS[id % METHODS.length];
  const source = id % sources;
  const address = `10.${source >> 16}.${(source >> 8) & 255}.${source & 255}`;
  const user = method === 'INVITE' ? `0044207183${1_000 + (id % 1_000)}` : String(100 + (id % 500));
  const raw = Buffer.from(
    `${method} sip:${user}@192.0.2.1 SIP/2.0\r\n` +
      `Via: SIP/2.0/UDP ${address}:5060;branch=z9hG4bK-${id};rport\r\nMax-Forwards: 70\r\n` +
      `From: "${user}" <sip:${user}@192.0.2.1>;tag=${id.toString(16)}\r\n` +
      `To: "${user}" <sip:${user}@192.0.2.1>\r\nCall-ID: ${id}@${address}\r\nCSeq: 1 ${method}\r\n` +
      `Contact: <sip:${user}@${address}:5060>\r\nUser-Agent: friendly-scanner\r\n` +
      `Accept: application/sdp\r\nContent-Length: 0\r\n\r\n`,
  );
  return {
    id,
    uuid: `019b0000-0000-7000-8000-${String(id).padStart(12, '0')}`,
    receivedAtUs,
    transport: 'udp',
    source: { address, port: 5060 },
    local: { address: '192.0.2.1', port: 5060 },
    proof: 'none',
    attackType: id % 7 === 0 ? 'extension_enumeration' : null,
    score: id % 100,
    answeredStatus: 401,
    raw,
    rawLength: raw.length,
    ordinary: true,
    tls: null,
  };
}

export const batchOf = (events) => ({
  events,
  sightings: [],
  blocks: [],
  calls: [],
  endedBlocks: [],
  jobRuns: [],
});
