// Generated attacks, one list of packets a campaign, written as no known tool writes them: what the
// rules make of the behaviour alone. The same seed gives the same packets.
import { authenticated, digits, pick, request } from './messages.js';

const at = (source, gapS, raws) =>
  raws.map((raw, index) => ({
    atS: index * gapS,
    source,
    port: 5060,
    transport: 'udp',
    local: '192.0.2.1',
    raw,
  }));

const many = (count, make) => Array.from({ length: count }, (_, index) => make(index));

/** By attack type: name → packets. `fast`: slowing it down would make another attack of it. */
export function createCampaigns(random) {
  let net = 0;
  const source = () => `203.0.${(net += 1)}.11`;
  return [
    ...enumerations(random, source),
    ...guesses(random, source),
    ...spam(random, source),
    ...looks(random, source),
    ...injections(random, source),
    ...tolls(random, source),
    ...floods(random, source),
  ];
}

function enumerations(random, source) {
  const type = 'extension_enumeration';
  const walk = (method, given) => many(40, (n) => request(random, method, given(100 + n)));
  return [
    {
      type,
      name: 'REGISTER 100, 101 …',
      packets: at(
        source(),
        0.05,
        walk('REGISTER', (user) => ({ user })),
      ),
    },
    {
      type,
      name: 'REGISTER, a list of names',
      packets: at(
        source(),
        0.5,
        many(60, () =>
          request(random, 'REGISTER', { user: `u${digits(random, 4)}`, contact: null }),
        ),
      ),
    },
    {
      type,
      name: 'INVITE',
      packets: at(
        source(),
        0.05,
        walk('INVITE', (user) => ({ user, from: '100' })),
      ),
    },
    {
      type,
      name: 'OPTIONS',
      packets: at(
        source(),
        0.2,
        walk('OPTIONS', (user) => ({ user, from: '100' })),
      ),
    },
  ];
}

function guesses(random, source) {
  const type = 'credential_attack';
  const guess = (method, given) => many(40, (n) => authenticated(random, method, given, `pw${n}`));
  return [
    {
      type,
      name: 'REGISTER, gap 0.28 s',
      packets: at(source(), 0.28, guess('REGISTER', { user: '101' })),
    },
    {
      type,
      name: 'REGISTER, gap 4 min',
      packets: at(source(), 240, guess('REGISTER', { user: '101' })),
    },
    { type, name: 'INVITE', packets: at(source(), 0.3, guess('INVITE', { user: '101' })) },
    {
      type,
      name: 'one Call-ID and tag',
      packets: at(source(), 0.28, guess('REGISTER', { user: '101', callId: 'c', tag: 't' })),
    },
  ];
}

function spam(random, source) {
  const type = 'call_spam';
  const number = () => `+4420${digits(random, 8)}`;
  return [
    {
      type,
      name: 'many callees',
      packets: at(
        source(),
        2,
        many(30, () => request(random, 'INVITE', { user: number(), from: 'x' })),
      ),
    },
    {
      type,
      name: 'many callers',
      packets: at(
        source(),
        2,
        many(30, () => request(random, 'INVITE', { user: '100', from: number() })),
      ),
    },
    {
      type,
      name: 'MESSAGE to many',
      packets: at(
        source(),
        2,
        many(30, (n) => request(random, 'MESSAGE', { user: `${200 + n}`, from: 'x', body: 'buy' })),
      ),
    },
  ];
}

function looks(random, source) {
  const ask = () =>
    request(random, 'OPTIONS', { to: '<sip:192.0.2.1>', uri: 'sip:192.0.2.1', from: 'x' });
  const sweep = source();
  return [
    {
      type: 'reconnaissance',
      name: 'OPTIONS, 5 a second',
      packets: at(source(), 0.2, many(60, ask)),
    },
    {
      type: 'reconnaissance',
      name: 'all methods',
      packets: at(
        source(),
        1,
        [
          'OPTIONS',
          'REGISTER',
          'INVITE',
          'SUBSCRIBE',
          'PUBLISH',
          'MESSAGE',
          'INFO',
          'REFER',
          'UPDATE',
          'NOTIFY',
        ].map((method) => request(random, method)),
      ),
    },
    {
      type: 'sip_scan',
      name: 'over 20 addresses of ours',
      packets: at(sweep, 1, many(20, ask)).map((packet, n) => ({
        ...packet,
        local: `192.0.2.${n + 1}`,
      })),
    },
    {
      type: 'sip_scan',
      name: 'one From tag for all',
      packets: at(
        source(),
        1,
        many(20, () => request(random, 'OPTIONS', { tag: 'root', user: 'x' })),
      ).map((packet, n) => ({ ...packet, local: `192.0.2.${n + 1}` })),
    },
  ];
}

const EXPLOITS = [
  "1' or '1'='1",
  '100`id`',
  '$(wget x)',
  '%s%s%s%n',
  '<script>x</script>',
  '../../etc/passwd',
];

function injections(random, source) {
  const type = 'call_injection';
  const broken = [
    (raw) => raw.replace('SIP/2.0', 'SIP/9.9'),
    (raw) => raw.replace(/^CSeq:.*$/m, 'CSeq: x'),
    (raw) => raw.replace(/^From:.*$/m, 'From: "x <sip:x'),
    (raw) => raw.replace(/^To:.*$/m, 'Tx'),
    (raw) => raw.replace('Max-Forwards: 70', 'Max-Forwards: -9'),
  ];
  return [
    {
      type,
      name: 'exploits in user parts',
      packets: at(
        source(),
        3,
        EXPLOITS.map((user) => request(random, 'INVITE', { user })),
      ),
    },
    {
      type,
      name: 'header overflow',
      packets: at(
        source(),
        3,
        many(4, () => request(random, 'REGISTER', { headers: [['Subject', 'A'.repeat(6_000)]] })),
      ),
    },
    {
      type,
      name: 'malformed',
      packets: at(
        source(),
        3,
        many(10, (n) => broken[n % 5](request(random, 'OPTIONS'))),
      ),
    },
  ];
}

function tolls(random, source) {
  const type = 'toll_fraud';
  const prefixes = ['00', '000', '011', '9011', '900', '+', '1011', '1012', '1013', '9900'];
  const target = `97259${digits(random, 7)}`;
  const dial = (user, given = {}) => request(random, 'INVITE', { user, from: '100', ...given });
  return [
    {
      type,
      name: 'one suffix, ten prefixes',
      packets: at(
        source(),
        5,
        prefixes.map((prefix) => dial(prefix + target)),
      ),
    },
    {
      type,
      name: 'satellite and premium',
      packets: at(
        source(),
        20,
        many(10, (n) => dial(`00${pick(random, ['8816', '979', '882'])}${digits(random, 8)}${n}`)),
      ),
    },
    {
      type,
      name: 'abroad with a password',
      packets: at(
        source(),
        20,
        many(10, (n) =>
          authenticated(
            random,
            'INVITE',
            { user: '100', uri: `sip:0025261${digits(random, 6)}${n}@192.0.2.1` },
            'pw',
          ),
        ),
      ),
    },
  ];
}

function floods(random, source) {
  const type = 'flood';
  return [
    {
      type,
      name: 'REGISTER, 1,000 a second',
      fast: true,
      packets: at(
        source(),
        0.001,
        many(3_000, () => request(random, 'REGISTER')),
      ),
    },
    {
      type,
      name: 'INVITE, 200 a second',
      fast: true,
      packets: at(
        source(),
        0.005,
        many(400, () => request(random, 'INVITE', { user: '100' })),
      ),
    },
    {
      type,
      name: 'OPTIONS, 500 a second',
      fast: true,
      packets: at(
        source(),
        0.002,
        many(400, () => request(random, 'OPTIONS', { user: '100' })),
      ),
    },
  ];
}
