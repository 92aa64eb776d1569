import { readAnswer, writeCredentials, writeRequest, type SimulatedSource } from './message.js';

export const CAMPAIGNS = ['svmap', 'svwar', 'svcrack', 'spit', 'tollfraud'] as const;
export type CampaignName = (typeof CAMPAIGNS)[number];

export interface CampaignOptions {
  readonly address: string;
  /** false: without the program's name and marks, so that only what it does gives it away. */
  readonly marked: boolean;
}

/** One packet, so long after the one before; the answer to it comes back into the generator. */
export interface Shot {
  readonly afterMs: number;
  readonly bytes: Buffer;
}

export type Campaign = Generator<Shot, void, Buffer | null>;

/** The port that a campaign sends from. */
export const CAMPAIGN_PORT = 5061;

const PHONE = 'Yealink SIP-T46U 108.86.0.20';
const SIPVICIOUS = 'friendly-scanner';
const CRACKED_USER = '101';
const NUMBER = '442079460';
const PREFIXES = ['00', '900', '011', '9011', '810', '000', '+', '100', '9810', '8', '99', '001'];

/** Makes the packets of a campaign one by one, without end; the same ones each time. */
export function startCampaign(name: CampaignName, options: CampaignOptions): Campaign {
  const isTool = name === 'svmap' || name === 'svwar' || name === 'svcrack';
  const userAgent = isTool && options.marked ? SIPVICIOUS : PHONE;
  const sender = { address: options.address, port: CAMPAIGN_PORT, userAgent };
  const mark = (text: string, number: number): string =>
    options.marked ? toHex(`${text}\x01${7_000_000 + number}`) : `t${9_000 + number}`;
  switch (name) {
    case 'svmap':
      return scan(sender, mark);
    case 'svwar':
      return enumerate(sender, mark);
    case 'svcrack':
      return crack(sender, mark);
    case 'spit':
      return spam(sender);
    case 'tollfraud':
      return dial(sender);
  }
}

/** The From tag: SIPVicious writes into it what it tries. */
type Mark = (text: string, number: number) => string;

function* scan(sender: SimulatedSource, mark: Mark): Campaign {
  for (let n = 1; ; n += 1) {
    const fromTag = mark('c000020113c4', n);
    const users = { requestUser: '100', fromUser: '100', toUser: '100' };
    const draft = { method: 'OPTIONS', ...users, fromTag, callId: `scan-${n}`, cseq: 1, number: n };
    yield { afterMs: 200, bytes: writeRequest(sender, draft) };
  }
}

/** svwar's first user is one that cannot exist: what answers differently exists. */
function* enumerate(sender: SimulatedSource, mark: Mark): Campaign {
  for (let n = 1; ; n += 1) {
    const user = n === 1 ? '3870196457' : String(98 + n);
    const users = { requestUser: null, fromUser: user, toUser: user };
    const fromTag = mark(user, n);
    const draft = { method: 'REGISTER', ...users, fromTag, callId: `war-${n}`, cseq: 1, number: n };
    yield { afterMs: 50, bytes: writeRequest(sender, draft) };
  }
}

/** Takes the nonce of each challenge, so that its guesses prove its address as real ones do. */
function* crack(sender: SimulatedSource, mark: Mark): Campaign {
  const user = CRACKED_USER;
  const base = { method: 'REGISTER', requestUser: null, fromUser: user, toUser: user };
  let challenge = null;
  for (let n = 1; ; n += 1) {
    const password = String(1_000 + n);
    const authorization =
      challenge === null
        ? {}
        : { authorization: writeCredentials(challenge, { user, password, method: base.method }) };
    const fromTag = challenge === null ? `${3_206_210_000 + n}` : mark(`${user}:${password}`, n);
    const draft = { ...base, fromTag, callId: 'crack-1', cseq: n, number: n, ...authorization };
    const answer = readAnswer(yield { afterMs: 100, bytes: writeRequest(sender, draft) });
    challenge = answer?.challenge ?? challenge;
  }
}

function* spam(sender: SimulatedSource): Campaign {
  for (let n = 1; ; n += 1) {
    const callee = String(100 + n);
    const method = n % 2 === 0 ? 'MESSAGE' : 'INVITE';
    const body = method === 'MESSAGE' ? 'You have won. Call +88213000001 now.' : '';
    const users = { requestUser: callee, fromUser: String(2_000 + (n % 7)), toUser: callee };
    const draft = { method, ...users, fromTag: `s${n}`, callId: `spit-${n}`, cseq: 1, number: n };
    yield { afterMs: 3_000, bytes: writeRequest(sender, { ...draft, body }) };
  }
}

/** One number behind every prefix that might lead out, then the next number. */
function* dial(sender: SimulatedSource): Campaign {
  for (let n = 1; ; n += 1) {
    const round = Math.floor((n - 1) / PREFIXES.length);
    const callee = `${PREFIXES[(n - 1) % PREFIXES.length] ?? ''}${NUMBER}${300 + round}`;
    const users = { requestUser: callee, fromUser: '100', toUser: callee };
    const fromTag = `f${n}`;
    const draft = { method: 'INVITE', ...users, fromTag, callId: `toll-${n}`, cseq: 1, number: n };
    yield { afterMs: 1_500, bytes: writeRequest(sender, draft) };
  }
}

const toHex = (text: string): string => Buffer.from(text, 'latin1').toString('hex');
