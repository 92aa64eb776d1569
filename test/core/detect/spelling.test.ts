import { expect, it } from 'vitest';
import { fieldNamed } from '../../../src/core/detect/fields/fields.js';
import { request, toEvent } from './events.js';

const read = (name: string, event: ReturnType<typeof toEvent>) => fieldNamed(name)?.read(event);
const call = (uri: string, headers: Readonly<Record<string, string>> = {}) =>
  toEvent(request('INVITE', headers, uri));

it.each([
  ['sip:%31-00;isub=1@192.0.2.1', '100', ''],
  ['SIPS:%2531%2530%2530@192.0.2.1', '100', ''],
  ['tel:+972-59-257-7956;phone-context=a.example', '+972592577956', '+972592577956'],
  ['sip:0(0)972~592!577.956:pw@192.0.2.1', '00972592577956', '00972592577956'],
  ['sip:592577956;phone-context=+972@192.0.2.1', '592577956', '+972592577956'],
  ['sip:a00972592577956@192.0.2.1', 'a00972592577956', '00972592577956'],
])('%s is for %s and calls %s', (uri, user, number) => {
  const event = call(uri);
  expect([read('request_user', event), read('called_number', event)]).toEqual([user, number]);
});

it('takes whom a call is for from To where the Request-URI names nobody', () => {
  const event = call('sip:192.0.2.1', { To: '<sip:%30%30972592577956@192.0.2.1>' });
  expect(read('request_user', event)).toBe('00972592577956');
  expect(read('called_number', event)).toBe('00972592577956');
  const register = toEvent(request('REGISTER', {}, 'sip:192.0.2.1'));
  expect(read('request_user', register)).toBe('');
});

it('reads From and To as it reads the Request-URI', () => {
  const event = call('sip:1', { From: '"x" <sips:%61lice@a>;tag=1', To: '<tel:1-0-0;ext=1>' });
  expect([read('from_user', event), read('to_user', event)]).toEqual(['alice', '100']);
});

it.each([
  ['<sip:1@PBX.Example.ORG>', 'pbx.example.org'],
  ['<sip:1@pbx.example.org.>', 'pbx.example.org'],
  ['<sip:1@pbx%2Eexample.org>', 'pbx.example.org'],
  ['<sip:1@B\xc3\x9cCHER.example:5060>', 'xn--bcher-kva.example'],
  ['<sip:1@b\xc3\xbccher.example>', 'xn--bcher-kva.example'],
  ['<sip:1@xn--bcher-kva.example>', 'xn--bcher-kva.example'],
  ['<sip:1@[2001:DB8::1]>', '2001:db8::1'],
])('the host of Contact %s is %s', (contact, host) => {
  expect(read('contact_host', call('sip:1', { Contact: contact }))).toBe(host);
});

it.each([
  ['%27%20or%201', ["' or 1"]],
  ['%2527or', ['%27or', "'or"]],
  ['..%252f..', ['..%2f..', '../..']],
  ['%3Cscript%3E', ['<script>']],
  // No format string.
  ['o%72nate', ['ornate']],
  ['%n%n%n', ['%n%n%n']],
  ['null-%00-null', ['null-\u2400-null']],
  ['%2500', ['%00', '\0']],
])('shows %s with its escapes undone, round by round', (user, forms) => {
  const odd = read('odd_users', call(`sip:${user}@192.0.2.1`));
  expect(odd).toBe([...forms, '100'].join(' , '));
});

it('shows the digest user name as it came too, for nothing is escaped in it', () => {
  const auth = 'Digest username="%72n", response="1"';
  const event = call('sip:100@192.0.2.1', { Authorization: auth });
  expect(read('odd_users', event)).toBe('100 , %72n , rn');
});

it('shows no users that are plain, and looks at that of Contact too', () => {
  expect(read('odd_users', call('sip:100@192.0.2.1', { Contact: '<sip:a@b>' }))).toBe('');
  const odd = read('odd_users', call('sip:1@a', { Contact: '<sip:%60id%60@b>' }));
  expect(odd).toContain('`id`');
});
