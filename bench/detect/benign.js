// Peers that must never be blocked, as generated traffic: class → packets of one or more sources.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { authenticated, request } from './messages.js';

const from = (source, atS, raw, port = 5060) => ({
  atS,
  source,
  port,
  transport: 'udp',
  local: '192.0.2.1',
  raw,
});
const range = (count) => Array.from({ length: count }, (_, index) => index);

/** A phone of an office: it asks, and answers the challenge, as often as `times` says. */
function phone(
  random,
  source,
  n,
  {
    times,
    user = `2${String(n).padStart(2, '0')}`,
    contact = `192.168.1.${n + 10}`,
    rttS = 0.05,
    exists = true,
  },
) {
  const given = { user, contact, tag: `${source}t${n}`, callId: `${source}c${n}@${contact}` };
  return times.flatMap((atS, turn) => {
    const ask = from(
      source,
      atS,
      request(random, 'REGISTER', { ...given, cseq: 2 * turn + 1 }),
      30_000 + n,
    );
    if (!exists) return [ask];
    const raw = authenticated(random, 'REGISTER', { ...given, cseq: 2 * turn + 2 }, 'wrong');
    return [ask, from(source, atS + rttS, raw, 30_000 + n)];
  });
}

const each = (everyS, untilS) => range(Math.floor(untilS / everyS)).map((n) => n * everyS);
const HOUR = 3_600;
const DAY = 86_400;

export function createBenign(random, corpora) {
  let last = 0;
  const ip = () => `192.88.${(last += 1)}.7`;
  const office = (count, make) => {
    const source = ip();
    return range(count).flatMap((n) => phone(random, source, n, make(n)));
  };
  return {
    'a phone with a wrong password, a day': office(1, () => ({ times: each(60, DAY) })),
    'a phone that tries it each hour, a day': office(1, () => ({ times: each(HOUR, DAY) })),
    'an office of 12 with wrong passwords': office(12, (n) => ({ times: each(300 + n, DAY / 2) })),
    '12 phones after a power cut': office(12, (n) => ({ times: [n * 0.005, 600 + n] })),
    '12 phones, 4 of them unknown here': office(12, (n) => ({
      times: each(45, HOUR).map((t) => t + n * 0.01),
      user: n < 4 ? `desk-${n}` : undefined,
      exists: n >= 4,
    })),
    '60 phones after a power cut': office(60, (n) => ({ times: [n * 0.005, HOUR + n] })),
    '60 phones, 20 of them unknown here': office(60, (n) => ({
      times: each(n < 20 ? 120 : HOUR, 4 * HOUR).map((t) => t + n * 0.01),
      user: n < 20 ? `desk-${n}` : undefined,
      exists: n >= 20,
    })),
    '60 phones, none of them known here': office(60, (n) => ({
      times: each(1_200, DAY / 2).map((t) => t + n * 0.02),
      user: `desk-${n}`,
      exists: false,
    })),
    '60 phones behind a gateway that rewrites': office(60, (n) => ({
      times: each(n < 10 ? 60 : HOUR, 4 * HOUR).map((t) => t + n * 0.2),
      user: n < 10 ? `desk-${n}` : undefined,
      contact: '192.88.0.9',
      exists: n >= 10,
    })),
    'a PBX with 12 accounts at once': office(12, (n) => ({
      times: [0.001 * n, HOUR],
      contact: '10.9.8.7',
    })),
    'a trunk, OPTIONS each 10 s, three days': trunk(random, ip(), 10),
    'a trunk, OPTIONS each 60 s, three days': trunk(random, ip(), 60),
    'a trunk, OPTIONS each 5 min, three days': trunk(random, ip(), 300),
    'a trunk, OPTIONS each 10 min, three days': trunk(random, ip(), 600),
    'the same message again and again': retransmitting(random, ip()),
    'one polite look': [from(ip(), 0, ask(random))],
    'a look each day for a week': ((source) =>
      range(7).map((n) => from(source, n * DAY, ask(random))))(ip()),
    'a phone with 20 busy lamps': lamps(random, ip()),
    '20 homes of one provider after a power cut': homes(random),
    'the 8 nodes of a carrier, OPTIONS each 10 s': range(8).flatMap((n) =>
      each(10, DAY / 2).map((atS) => from(`192.0.4.${n + 10}`, atS + n * 0.1, ask(random))),
    ),
    'valid but odd messages': odd(ip(), corpora),
  };
}

const ask = (random) => request(random, 'OPTIONS', { to: '<sip:192.0.2.1>', from: 'x' });

const trunk = (random, source, everyS) =>
  each(everyS, 3 * DAY).map((atS) => from(source, atS, ask(random)));

function retransmitting(random, source) {
  return range(5).flatMap((n) => {
    const raw = request(random, 'INVITE', { user: '200', callId: `c${n}` });
    return [0, 0.5, 1.5, 3.5, 7.5, 15.5].map((later) => from(source, n * 60 + later, raw));
  });
}

function lamps(random, source) {
  return range(20).flatMap((n) => {
    const given = {
      user: '201',
      contact: '192.168.1.9',
      callId: `s${n}`,
      to: `<sip:3${n}0@192.0.2.1>`,
    };
    const raw = authenticated(random, 'SUBSCRIBE', { ...given, cseq: 2 }, 'wrong');
    return [
      from(source, n * 0.002, request(random, 'SUBSCRIBE', given)),
      from(source, 0.1 + n * 0.002, raw),
    ];
  });
}

function homes(random) {
  return range(20).flatMap((home) =>
    range(4).flatMap((n) =>
      phone(random, `192.0.3.${home + 10}`, n, {
        times: [home * 0.01 + n * 0.003, HOUR],
        user: `7${home}${n}`,
      }),
    ),
  );
}

function odd(source, corpora) {
  if (corpora === null) return [];
  const packets = [];
  for (const folder of ['rfc4475/valid', 'rfc5118/valid']) {
    for (const file of readdirSync(join(corpora, folder)).sort()) {
      const raw = readFileSync(join(corpora, folder, file), 'latin1');
      packets.push(from(source, packets.length * 5, raw));
    }
  }
  return packets;
}
