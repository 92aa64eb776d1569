import { z } from 'zod';
import { AgentError } from '../../core/common/errors.js';
import { readAddress } from '../../core/common/read-address.js';
import { eventView } from '../views/event.js';
import { get, type Route } from './route.js';
import { addressText, attackType, limitUpTo, since, sinceUs, yes } from './words.js';

const listQuery = z.strictObject({
  limit: limitUpTo(1_000, 100),
  before: z.coerce
    .number()
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('only events before this one: `next_before` of the page before'),
  source: addressText.optional().describe('only from this address'),
  attack_type: attackType,
  method: z.string().min(1).max(64).optional().describe('only this method, as it was sent'),
  since,
  raw: yes('the bytes as well, as raw_base64'),
});

export const EVENT_ROUTES: readonly Route[] = [
  get('/api/v1/events', {
    right: 'read',
    summary: 'What the trap received, newest first',
    detail: 'As `events list --json`. `next_before` is null on the last page.',
    query: listQuery,
    answer: 'events',
    handle: async ({ read, facts }, { query }) => {
      const { limit, before, source, attack_type: attack, method, raw } = query;
      const from = sinceUs(query.since, facts.nowUs());
      const filter = {
        limit,
        withRaw: raw,
        ...(before !== undefined && { beforeId: before }),
        ...(source !== undefined && { source: readAddress(source) }),
        ...(attack !== undefined && { attackType: attack }),
        ...(method !== undefined && { method }),
        ...(from !== null && { sinceUs: from }),
      };
      const events = await read((reader) => reader.listEvents(filter));
      const next = events.length === limit ? (events.at(-1)?.id ?? null) : null;
      return { events: events.map(eventView), limit, next_before: next };
    },
  }),
  get('/api/v1/events/{id}', {
    right: 'read',
    summary: 'One event',
    params: z.object({
      id: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).describe('its `id`'),
    }),
    answer: 'event',
    handle: async ({ read }, { params }) => {
      const [event] = await read((reader) => reader.eventsById([params.id]));
      if (event !== undefined) return { event: eventView(event) };
      throw new AgentError(
        'NOT_FOUND',
        `event ${params.id}: there is none, or it is no longer kept`,
        'see GET /api/v1/events for those that are',
      );
    },
  }),
  {
    method: 'GET',
    path: '/api/v1/events/stream',
    right: 'read',
    summary: 'Events as they come, as server-sent events',
    detail:
      'Each is `event: sip` with its `id`; a client that comes back with `Last-Event-ID` gets what it ' +
      'missed. `event: skipped` names ids that were left out because this client was far behind; ' +
      'they are read with `events?before`.',
    speaks: 'own',
    params: null,
    query: null,
    body: null,
    answer: { kind: 'stream' },
    freshMs: null,
    statusOf: null,
    handle: () => Promise.resolve(null),
    follow: ({ stream }, sink, lastId) => stream.follow(sink, lastId)?.stop ?? null,
  },
];
