// Generated attacks, one list of packets a campaign, written as no known tool writes them: what the
// rules make of the behaviour alone. The same seed gives the same packets.
import { floods, injections, tolls } from './harmful.js';
import { at, authenticated, digits, many, request } from './messages.js';

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
