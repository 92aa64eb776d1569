import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ATTACK_TYPES, type AttackType } from '../../src/core/model/attack-type.js';
import { parseMessage } from '../../src/core/sip/parse.js';
import { load } from '../scripts/load-script.js';

interface Behaviour {
  readonly name: string;
  readonly kind: 'attack' | 'honest';
  readonly types: readonly AttackType[];
  readonly packets: number;
  readonly why: string;
  readonly source: string | readonly string[];
}
interface Packet {
  readonly receivedAtUs: number;
  readonly source: { readonly address: string };
  readonly bytes: Buffer;
}
interface Played {
  readonly packets: number;
  readonly sources: number;
}
type Deliver = (packet: Packet, number: number, nowUs: number) => readonly Buffer[];

const { BEHAVIOURS, SOURCES } = await load<{
  BEHAVIOURS: readonly Behaviour[];
  SOURCES: Readonly<Record<string, { title: string; site: string; seen: string }>>;
}>('test/fixtures/wild/index.js');
const { enact, halfOf, START_US, WILD_LIMITS } = await load<{
  enact: (behaviour: Behaviour, deliver: Deliver) => Played;
  halfOf: (behaviour: Pick<Behaviour, 'name'>) => 'tune' | 'held' | 'fresh';
  START_US: number;
  WILD_LIMITS: { packets: number; days: number; sources: number };
}>('bench/detect/wild-actors.js');

const CHALLENGE = Buffer.from(
  'SIP/2.0 401 Unauthorized\r\nTo: <sip:100@192.0.2.10>;tag=as1\r\n' +
    'WWW-Authenticate: Digest algorithm=MD5, realm="pbx", nonce="n1"\r\n\r\n',
);
const silent: Deliver = () => [];
const challenging: Deliver = ({ bytes }) =>
  parseMessage(bytes).method === 'ACK' ? [] : [CHALLENGE];

describe('the behaviours of test/fixtures/wild', () => {
  it('are 60 kinds of attack and 25 of honest peers, or more, each named once', () => {
    expect(BEHAVIOURS.filter(({ kind }) => kind === 'attack').length).toBeGreaterThanOrEqual(60);
    expect(BEHAVIOURS.filter(({ kind }) => kind === 'honest').length).toBeGreaterThanOrEqual(25);
    expect(new Set(BEHAVIOURS.map(({ name }) => name)).size).toBe(BEHAVIOURS.length);
  });

  it.each(BEHAVIOURS.map((behaviour) => [behaviour.name, behaviour] as const))(
    '%s: says where it is described, what it is, and from when one knows it',
    (_name, { kind, types, packets, why, source }) => {
      const keys = [source].flat();
      expect(keys.length).toBeGreaterThan(0);
      for (const key of keys) expect(SOURCES).toHaveProperty(key);
      expect(types.filter((type) => !ATTACK_TYPES.includes(type))).toEqual([]);
      expect(types.length > 0).toBe(kind === 'attack');
      expect(Number.isInteger(packets) && packets > 0).toBe(true);
      expect(why).not.toBe('');
    },
  );

  it.each(Object.entries(SOURCES))(
    'source %s is cited, and said how far it was read',
    (key, source) => {
      expect(BEHAVIOURS.some((behaviour) => [behaviour.source].flat().includes(key))).toBe(true);
      expect(source.title).not.toBe('');
      expect(source.site).not.toBe('');
      expect(['text', 'excerpt', 'known']).toContain(source.seen);
    },
  );

  it('fall into halves that differ by ten at most, attacks and honest peers alike', () => {
    for (const kind of ['attack', 'honest']) {
      const some = BEHAVIOURS.filter((behaviour) => behaviour.kind === kind);
      const tune = some.filter((behaviour) => halfOf(behaviour) === 'tune').length;
      const held = some.filter((behaviour) => halfOf(behaviour) === 'held').length;
      expect(Math.abs(held - tune)).toBeLessThanOrEqual(10);
    }
  });

  it('go to the same half whatever else is in the set', () => {
    expect(halfOf({ name: 'svwar as it comes' })).toBe(halfOf({ name: 'svwar as it comes' }));
    expect(BEHAVIOURS.map(halfOf)).toEqual([...BEHAVIOURS].reverse().map(halfOf).reverse());
  });

  it.each(BEHAVIOURS.map((behaviour) => [behaviour.name, behaviour] as const))(
    '%s: ends, within bounds, and long enough for a person to know it',
    (_name, behaviour) => {
      for (const deliver of [silent, challenging]) {
        const { packets, sources } = enact(behaviour, deliver);
        expect(packets).toBeLessThanOrEqual(WILD_LIMITS.packets);
        expect(sources).toBeLessThanOrEqual(WILD_LIMITS.sources);
      }
      expect(enact(behaviour, challenging).packets).toBeGreaterThanOrEqual(behaviour.packets);
    },
  );

  it('play the same each time, in the order of time', () => {
    for (const behaviour of BEHAVIOURS) {
      const runs = [0, 1].map(() => {
        const hash = createHash('sha256');
        let [before, inOrder] = [START_US, true];
        enact(behaviour, (packet, number, nowUs) => {
          inOrder &&= nowUs >= before;
          before = nowUs;
          hash.update(`${nowUs} ${packet.source.address} ${packet.bytes.toString('latin1')}`);
          return challenging(packet, number, nowUs);
        });
        return { inOrder, hash: hash.digest('hex') };
      });
      expect(runs[0]).toEqual({ inOrder: true, hash: runs[1]?.hash });
    }
  });

  it('answer the challenge that they were given', () => {
    const guess = BEHAVIOURS.find(({ name }) => name.startsWith('one guess for each extension: '));
    const answers: string[] = [];
    enact(guess as Behaviour, (packet, number, nowUs) => {
      const line = parseMessage(packet.bytes).header('authorization');
      if (line !== null) answers.push(line);
      return challenging(packet, number, nowUs);
    });
    // MD5(MD5(1000:pbx:1000):n1:MD5(REGISTER:sip:192.0.2.10)) by RFC 2617, section 3.2.2.1.
    expect(answers[0]).toContain('username="1000", realm="pbx", nonce="n1"');
    expect(answers[0]).toContain('response="8fd9fef6a7fb3a761374ccbc2517144e"');
    expect(new Set(answers).size).toBe(40);
  });
});
