import type { TrapEvent } from '../../../src/core/model/event.js';
import type { SipMessage } from '../../../src/core/model/sip-message.js';
import type { Transport } from '../../../src/core/model/transport.js';
import { parseMessage } from '../../../src/core/sip/parse.js';
import type { AnswerSettings } from '../../../src/core/trap/answer.js';
import type { PersonaName } from '../../../src/core/trap/persona.js';
import { PERSONAS } from '../../../src/core/trap/personas/personas.js';
import { proveSource } from '../../../src/core/trap/proof/prove.js';

export const SECRET = Buffer.alloc(32, 7);
export const NOW_US = 1_790_000_000_000_000;

/** Settings of a trap that answers as Asterisk and lets nobody in. */
export function makeSettings(
  change: Partial<Omit<AnswerSettings, 'persona'>> & { readonly persona?: PersonaName } = {},
): AnswerSettings {
  const { persona = 'asterisk', ...others } = change;
  return {
    persona: PERSONAS[persona],
    secret: SECRET,
    realm: 'asterisk',
    algorithms: ['MD5'],
    answering: 'active',
    lure: null,
    rates: { perSource: 1_000_000, perNetwork: 1_000_000 },
    callsMax: 0,
    callDurationMaxUs: 60_000_000,
    ...others,
  };
}

/** A request as a scanner sends it; a header that is '' is left out. */
export function makeRequest(
  method: string,
  user: string,
  changes: Readonly<Record<string, string>> = {},
): SipMessage {
  const headers: Record<string, string> = {
    Via: 'SIP/2.0/UDP 192.0.2.1:5061;branch=z9hG4bK-1;rport',
    'Max-Forwards': '70',
    To: `<sip:${user}@198.51.100.1>`,
    From: `<sip:${user}@198.51.100.1>;tag=from`,
    'Call-ID': 'call-1',
    CSeq: `1 ${method}`,
    ...changes,
  };
  const uri = method === 'REGISTER' ? 'sip:198.51.100.1' : `sip:${user}@198.51.100.1`;
  const lines = Object.entries(headers)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return parseMessage(Buffer.from(`${method} ${uri} SIP/2.0\r\n${lines.join('')}\r\n`, 'latin1'));
}

export function makeEvent(
  message: SipMessage,
  transport: Transport = 'udp',
  address = '192.0.2.1',
): TrapEvent {
  return {
    id: 1,
    receivedAtUs: NOW_US,
    transport,
    source: { address, port: 5061 },
    local: { address: '198.51.100.1', port: 5060 },
    proof: proveSource(message, transport, address, SECRET, NOW_US),
    message,
    retransmission: false,
  };
}

export const digest = (nonce: string, response = '0'.repeat(32)): string =>
  `Digest username="100",realm="pbx",nonce="${nonce}",uri="sip:pbx",response="${response}"`;
