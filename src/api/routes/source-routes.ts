import { z } from 'zod';
import { AgentError } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { readAddress } from '../../core/common/read-address.js';
import type { ApiServices } from '../facts.js';
import { eventView } from '../views/event.js';
import { isBlocked, viewSource } from '../views/source.js';
import { seenSourceView } from '../views/sources.js';
import { threatView } from '../views/threats.js';
import { formatTime } from '../views.js';
import { get, type Route } from './route.js';
import { addressText, attackType, limitUpTo, offset, since, sinceUs, yes } from './words.js';

const DAY_US = 86_400_000_000;

export const SOURCE_ROUTES: readonly Route[] = [
  get('/api/v1/threats', {
    right: 'read',
    summary: 'Sources that scored, and why; the last day where no other time is asked for',
    query: z.object({
      limit: limitUpTo(1_000, 100),
      offset,
      since,
      attack_type: attackType,
      order: z.enum(['points', 'last']).default('points').describe('most points, or seen last'),
    }),
    answer: 'threats',
    freshMs: 1_000,
    handle: async ({ read, facts }, { query }) => {
      const { limit, order, attack_type: attack } = query;
      const from = sinceUs(query.since, facts.nowUs()) ?? facts.nowUs() - DAY_US;
      const page = { sinceUs: from, order, limit, offset: query.offset };
      const threats = await read((reader) =>
        reader.listThreats({ ...page, ...(attack !== undefined && { attackType: attack }) }),
      );
      const { threshold } = facts.loaded().settings.blocking;
      return {
        threats: threats.map((threat) =>
          threatView(threat, {
            score: facts.scoreOf(threat.address),
            threshold,
            block: facts.blockOf(threat.address),
            protectedBy: facts.standing(threat.address).protectedBy,
          }),
        ),
        since: formatTime(from),
        limit,
        offset: query.offset,
      };
    },
  }),
  get('/api/v1/sources', {
    right: 'read',
    summary: 'Who was heard, and how each stands',
    query: z.object({
      limit: limitUpTo(1_000, 100),
      offset,
      since,
      order: z.enum(['last', 'messages']).default('last').describe('heard last, or most messages'),
    }),
    answer: 'sources',
    freshMs: 1_000,
    handle: async ({ read, facts }, { query }) => {
      const { limit, order } = query;
      const from = sinceUs(query.since, facts.nowUs()) ?? 0;
      const page = { sinceUs: from, order, limit, offset: query.offset };
      const sources = await read((reader) => reader.listSources(page));
      return {
        sources: sources.map((source) =>
          seenSourceView(source, {
            score: facts.scoreOf(source.address),
            blockedBy: facts.blockOf(source.address)?.target ?? null,
          }),
        ),
        limit,
        offset: query.offset,
      };
    },
  }),
  get('/api/v1/nearness', {
    right: 'read',
    summary: 'How near the rules are to firing for an address, the nearest first',
    query: z.object({ address: addressText }),
    answer: 'nearness',
    handle: async ({ calls }, { query }) => ({ near: await calls.nearness(query.address) }),
  }),
  get('/api/v1/sources/{address}', {
    right: 'read',
    summary: 'What one source did and scored, and why it was blocked',
    detail:
      'As `sources show --json`; no name is asked of DNS, for who owns the address sees that.',
    params: z.object({ address: addressText }),
    query: z.object({ events: yes('also the events behind each sighting') }),
    answer: 'source',
    handle: (services, { params, query }) =>
      tellSource(services, readAddress(params.address), query.events),
  }),
];

async function tellSource(
  { read, calls, facts, findPlace }: ApiServices,
  address: string,
  with_: boolean,
) {
  const { around, protectedBy } = facts.standing(address);
  const { story, events } = await read(async (reader) => {
    const found = await reader.showSource(address, around);
    const ids = with_ && found !== null ? found.sightings.flatMap(({ eventIds }) => eventIds) : [];
    const newest = [...new Set(ids)].sort((a, b) => a - b).slice(-LIMITS.listedRowsMax);
    return { story: found, events: with_ ? await reader.eventsById(newest) : [] };
  });
  if (story === null) throw neverSeen(address);
  const { threshold, scoreHalfLifeS } = facts.loaded().settings.blocking;
  const view = viewSource(story, {
    threshold,
    policy: { scoreHalfLifeS },
    nowUs: facts.nowUs(),
    known: { ...(await findPlace(address)), reverseName: null },
    protectedBy,
    near: isBlocked(story, facts.nowUs()) ? null : await calls.nearness(address),
  });
  return with_ ? { ...view, events_behind: events.map(eventView) } : view;
}

const neverSeen = (address: string): AgentError =>
  new AgentError(
    'NOT_FOUND',
    `source ${address}: never seen, and no block covers it`,
    'see the list of sources for who was (`stats --top 10`, /api/v1/sources)',
  );
