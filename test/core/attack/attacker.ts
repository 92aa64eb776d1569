import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { decideSettings } from '../../../src/config/load.js';
import { loadRules } from '../../../src/config/rules/rules.js';
import { toCoreSettings } from '../../../src/agent/core-settings.js';
import type { Block, ProtectedPeer } from '../../../src/core/model/block.js';
import type { Transport } from '../../../src/core/model/transport.js';
import type { Effect } from '../../../src/core/flow.js';
import { step, type AgentState } from '../../../src/core/step.js';
import { makeNonce } from '../../../src/core/trap/proof/nonce.js';
import { createReplayState } from '../../../src/replay/create-state.js';

const SECRET = Buffer.alloc(32, 7);
const START_US = 1_767_225_600_000_000;
const RULES = await loadRules([join(import.meta.dirname, '../../../rules')]);
const { settings } = decideSettings({ file: null, env: { HOME: '/' }, flags: {} }, null);

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** One request as an attacker sends it. */
export interface Sent {
  readonly method: string;
  readonly user: string;
  readonly agent?: string;
  /** What tells this message from others; the same number: sent again. */
  readonly number?: number;
  /** true: with credentials for our nonce of this address, another response each time. */
  readonly guess?: boolean;
  /** With credentials as this password makes them. */
  readonly password?: string;
  readonly transport?: Transport;
  /** Our port that it is sent to; left out: 5060. */
  readonly localPort?: number;
  /** Its own port; left out: 5060. */
  readonly port?: number;
  /** Tag of its From; left out: another each time. */
  readonly tag?: string;
  /** Host of its Contact; left out: its address. */
  readonly contactHost?: string;
  /** Its Call-ID; left out: another each time. */
  readonly callId?: string;
}

/** An agent with the settings and rules of the defaults, and a clock that the attacker winds. */
export interface Target {
  readonly state: AgentState;
  readonly blocks: Block[];
  answered: number;
  readonly wait: (seconds: number) => void;
  readonly send: (source: string, sent: Sent) => readonly Effect[];
}

export function createTarget(protect: readonly ProtectedPeer[] = []): Target {
  const core = toCoreSettings(settings, { secret: SECRET, seed: 1, observing: false });
  const state = createReplayState({ settings: core, protect, sipPorts: [5060] }, RULES);
  let nowUs = START_US;
  let count = 0;
  const target: Target = {
    state,
    blocks: [],
    answered: 0,
    wait: (seconds) => {
      nowUs += Math.round(seconds * 1e6);
    },
    send: (address, sent) => {
      count += 1;
      const packet = {
        receivedAtUs: nowUs,
        transport: sent.transport ?? 'udp',
        source: { address, port: sent.port ?? 5060 },
        local: { address: '192.0.2.1', port: sent.localPort ?? 5060 },
        bytes: Buffer.from(messageOf(address, sent, sent.number ?? count, nowUs), 'latin1'),
      } as const;
      const effects = step(state, { kind: 'packet', packet }, nowUs);
      for (const effect of effects) {
        if (effect.kind === 'block') target.blocks.push(effect.block);
      }
      if (effects.some(({ kind }) => kind === 'answer')) target.answered += 1;
      return effects;
    },
  };
  return target;
}

function messageOf(address: string, sent: Sent, count: number, nowUs: number): string {
  const { method, user, agent, guess = false, password = null } = sent;
  const host = address.includes(':') ? `[${address}]` : address;
  const lines = [
    `${method} sip:${method === 'REGISTER' ? '' : `${user}@`}192.0.2.1 SIP/2.0`,
    `Via: SIP/2.0/UDP ${host}:5060;branch=z9hG4bK-${count};rport`,
    `From: <sip:${user}@192.0.2.1>;tag=${sent.tag ?? `t${count}`}`,
    `To: <sip:${user}@192.0.2.1>`,
    `Call-ID: ${sent.callId ?? `c${count}`}`,
    `CSeq: 1 ${method}`,
    'Max-Forwards: 70',
    `Contact: <sip:${user}@${sent.contactHost ?? host}>`,
    `User-Agent: ${agent ?? 'Yealink SIP-T46U 108.86.0.20'}`,
    'Content-Length: 0',
  ];
  if (guess || password !== null) {
    const nonce = makeNonce(SECRET, address, nowUs);
    const response =
      password === null
        ? count.toString(16).padStart(32, '0')
        : md5(`${md5(`${user}:asterisk:${password}`)}:${nonce}:${md5(`${method}:sip:192.0.2.1`)}`);
    lines.push(
      `Authorization: Digest username="${user}", realm="asterisk", nonce="${nonce}", ` +
        `uri="sip:192.0.2.1", response="${response}"`,
    );
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}
