// Generated attacks that break things or cost money: injection, toll fraud, floods.
import { at, authenticated, digits, many, pick, request } from './messages.js';

const EXPLOITS = [
  "1' or '1'='1",
  '100`id`',
  '$(wget x)',
  '%s%s%s%n',
  '<script>x</script>',
  '../../etc/passwd',
];

export function injections(random, source) {
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

export function tolls(random, source) {
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

export function floods(random, source) {
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
