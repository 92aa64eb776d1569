import type { TrapEvent } from '../../../src/core/model/event.js';
import { parseMessage } from '../../../src/core/sip/parse.js';
import { START_US } from './replay.js';

/** A request with those headers besides the usual ones, which they replace. */
export function request(
  method: string,
  headers: Readonly<Record<string, string>> = {},
  uri = 'sip:192.0.2.1',
): string {
  const all: Record<string, string> = {
    Via: 'SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKabc',
    From: '<sip:100@192.0.2.1>;tag=t1',
    To: '<sip:100@192.0.2.1>',
    'Call-ID': 'c1',
    CSeq: `1 ${method}`,
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${uri} SIP/2.0`, ...lines, '', ''].join('\r\n');
}

export const toEvent = (raw: string, changes: Partial<TrapEvent> = {}): TrapEvent => ({
  id: 1,
  receivedAtUs: START_US,
  transport: 'udp',
  source: { address: '198.51.100.1', port: 5060 },
  local: { address: '192.0.2.1', port: 5060 },
  proof: 'none',
  message: parseMessage(Buffer.from(raw, 'latin1')),
  retransmission: false,
  ...changes,
});
