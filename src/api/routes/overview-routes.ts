import { z } from 'zod';
import { CHARTED, BAR_SPANS } from '../../store/read/read-stats.js';
import { networkView, passwordView, seriesView } from '../views/overview.js';
import { formatTime } from '../views.js';
import { get, type Route } from './route.js';
import { limitUpTo, since, sinceUs } from './words.js';

const FRESH_MS = 5_000;
const BARS_MAX = 744;
const WEEK_US = 7 * 86_400_000_000;

/** What is gathered over many sources, for who wants to see the whole of it. */
export const OVERVIEW_ROUTES: readonly Route[] = [
  get('/api/v1/series', {
    right: 'read',
    summary: 'How much came by hour or day, of each attack type, transport or the like',
    query: z.strictObject({
      of: z.enum(CHARTED).default('attack_type').describe('what is counted'),
      span: z.enum(BAR_SPANS).default('hour').describe('one count for each hour or day (UTC)'),
      bars: z.coerce.number().int().min(1).max(BARS_MAX).default(24).describe('hours or days'),
    }),
    answer: 'series',
    freshMs: 1_000,
    handle: async ({ read, facts }, { query }) => {
      const { of, span, bars } = query;
      return seriesView(
        of,
        span,
        await read((reader) => reader.seriesOf(of, span, facts.nowUs(), bars)),
      );
    },
  }),
  get('/api/v1/networks', {
    right: 'read',
    summary: 'Networks that most messages came from: of IPv4 /24, of IPv6 /48',
    detail:
      'The last seven days where no other time is asked for; messages are those of all times.',
    query: z.strictObject({ limit: limitUpTo(100, 20), since }),
    answer: 'networks',
    freshMs: FRESH_MS,
    handle: async ({ read, facts, findPlace }, { query }) => {
      const { limit } = query;
      const from = sinceUs(query.since, facts.nowUs()) ?? facts.nowUs() - WEEK_US;
      const found = await read((reader) => reader.listNetworks({ sinceUs: from, limit }));
      const networks = await Promise.all(
        found.map(async (each) => networkView(each, await findPlace(each.address))),
      );
      return { networks, since: formatTime(from), limit };
    },
  }),
  get('/api/v1/passwords', {
    right: 'read',
    summary: 'Passwords that were tried and are known by name, most tries first',
    detail: 'The last seven days where no other time is asked for.',
    query: z.strictObject({ limit: limitUpTo(1_000, 100), since }),
    answer: 'passwords',
    freshMs: FRESH_MS,
    handle: async ({ read, facts }, { query }) => {
      const { limit } = query;
      const from = sinceUs(query.since, facts.nowUs()) ?? facts.nowUs() - WEEK_US;
      return read(async (reader) => ({
        passwords: (await reader.listPasswords({ sinceUs: from, limit })).map(passwordView),
        ...(await reader.countPasswords(from)),
        since: formatTime(from),
        limit,
      }));
    },
  }),
];
