import { z } from 'zod';
import { canonicalAddress } from '../../core/common/address.js';
import { LIMITS } from '../../core/common/limits.js';
import { sentrypeerTime } from '../../store/logs/time-text.js';
import { getText, type Route, type TextAnswer } from './route.js';

const JSON_TYPE = 'application/json';
const HTML_TYPE = 'text/html';
/** What changes is asked for again and again, and takes the database a walk over all. */
const FRESH_MS = 1_000;

const json = (value: unknown, status = 200): TextAnswer => ({
  type: JSON_TYPE,
  text: JSON.stringify(value, null, 2),
  status,
});
const message = (text: string): TextAnswer => json({ message: text }, 404);

const NOTHING = json({ error: 'The requested resource could not be found.' }, 404);
const BAD = json({ error: 'The request data was invalid' }, 400);
const HTML = '<html><body><h1>Hello from SentryPeer!</h1><h2>All is well!</h2></body></html>';

/**
 * The API that SentryPeer has itself, for programs that were written for it: shapes, status codes and
 * media types as in its `src/http_*_route.c` (4.0.6). Lists are as long as one listing may be, who was
 * heard last first. It lets any page of the web read its answers; this one does not.
 */
export const SENTRYPEER_ROUTES: readonly Route[] = [
  getText('/', {
    right: 'open',
    summary: 'It is there',
    types: [JSON_TYPE],
    freshMs: FRESH_MS,
    handle: () => Promise.resolve({ type: JSON_TYPE, text: '{"status": "OK"}' }),
  }),
  getText('/health-check', {
    right: 'open',
    summary: 'It is there; JSON to whom the request says that it is JSON',
    types: [JSON_TYPE, HTML_TYPE],
    freshMs: FRESH_MS,
    handle: ({ facts }, { saysJson }) =>
      Promise.resolve(
        saysJson
          ? json({ status: 'OK', message: 'Hello from SentryPeer!', version: facts.version })
          : { type: HTML_TYPE, text: HTML },
      ),
  }),
  getText('/ip-addresses', {
    right: 'read',
    summary: 'Who was heard, the last first',
    types: [JSON_TYPE],
    freshMs: FRESH_MS,
    handle: async ({ read }) => {
      const limit = LIMITS.listedRowsMax;
      const sources = await read((reader) =>
        reader.listSources({ sinceUs: 0, order: 'last', limit, offset: 0 }),
      );
      if (sources.length === 0) return message('No bad actors found');
      return json({
        ip_addresses_total: sources.length,
        ip_addresses: sources.map(({ address, lastAtUs, messages }) => ({
          ip_address: address,
          seen_last: sentrypeerTime(lastAtUs),
          seen_count: String(messages),
        })),
      });
    },
  }),
  getText('/ip-addresses/{address}', {
    right: 'read',
    summary: 'Was it ever heard? 404: it was not',
    params: z.object({ address: z.string().max(64) }),
    types: [JSON_TYPE],
    freshMs: FRESH_MS,
    handle: async ({ read }, { params }) => {
      const address = canonicalAddress(params.address);
      if (address === null) return BAD;
      const known = await read((reader) => reader.isSourceKnown(address));
      return known ? json({ bad_actor_found: address }) : message('No bad actor found');
    },
  }),
  getText('/numbers', {
    right: 'read',
    summary: 'Telephone numbers as they were dialled, the last first',
    types: [JSON_TYPE],
    freshMs: FRESH_MS,
    handle: async ({ read }) => {
      const forms = await read((reader) => reader.listForms(LIMITS.listedRowsMax));
      if (forms.length === 0) return message('No phone numbers found');
      return json({
        called_numbers_total: forms.length,
        called_numbers: forms.map(({ form, lastAtUs, calls }) => ({
          called_number: form,
          seen_last: sentrypeerTime(lastAtUs),
          seen_count: String(calls),
        })),
      });
    },
  }),
  getText('/numbers/{number}', {
    right: 'read',
    summary: 'Was this number ever dialled, however it is written? 404: it was not',
    params: z.object({ number: z.string().max(64) }),
    types: [JSON_TYPE],
    freshMs: FRESH_MS,
    handle: async ({ read }, { params: { number } }) => {
      if (!/^\+?[0-9]+$/.test(number)) return NOTHING;
      const found = await read((reader) => reader.findNumber(number));
      const [first] = found;
      if (first === undefined) return message('No phone number found');
      const same = found.some(({ forms }) => forms.includes(number));
      return json({ phone_number_found: same ? number : first.number });
    },
  }),
  getText('*', {
    right: 'open',
    summary: 'Nothing else',
    types: [JSON_TYPE],
    freshMs: FRESH_MS,
    handle: () => Promise.resolve(NOTHING),
  }),
];
