import { z } from 'zod';
import { dialledDigits } from '../../core/sip/dialled-number.js';
import { AgentError } from '../../core/common/errors.js';
import { quoteText } from '../../core/common/text.js';
import { NUMBER_TYPES } from '../../store/statistics/phone-number.js';
import type { ApiServices } from '../facts.js';
import { numberView } from '../views/number.js';
import { get, type Route } from './route.js';
import { limitUpTo, since, sinceUs, yes } from './words.js';

const numberParams = z.object({
  number: z.string().max(64).describe('written in any way: +442071838750, 00442071838750'),
});

export const NUMBER_ROUTES: readonly Route[] = [
  get('/api/v1/numbers', {
    right: 'read',
    summary: 'Telephone numbers that were dialled',
    detail: 'As `numbers list --json`.',
    query: z.strictObject({
      limit: limitUpTo(1_000, 100),
      country: z.string().length(2).optional().describe('only this country, as GB'),
      type: z.enum(NUMBER_TYPES).optional().describe('only this type'),
      high_risk: yes('only known destinations of toll fraud'),
      since,
      sort: z.enum(['last', 'calls']).default('last').describe('dialled last, or most dialled'),
    }),
    answer: 'numbers',
    handle: async ({ read, facts }, { query }) => {
      const { limit, country, type, sort } = query;
      const from = sinceUs(query.since, facts.nowUs());
      const filter = {
        limit,
        order: sort,
        ...(country !== undefined && { country: country.toUpperCase() }),
        ...(type !== undefined && { type }),
        ...(query.high_risk && { highRisk: true }),
        ...(from !== null && { sinceUs: from }),
      };
      const numbers = await read((reader) => reader.listNumbers(filter));
      return { numbers: numbers.map(numberView), limit };
    },
  }),
  get('/api/v1/numbers/{number}', {
    right: 'read',
    summary: 'Was this number ever dialled here? 404: it was not',
    params: numberParams,
    answer: 'number',
    handle: (services, { params }) => askNumber(services, params.number),
  }),
  get('/v1/phonenumbers/{number}', {
    right: 'read',
    summary: 'The same at the path of the public service',
    params: numberParams,
    answer: 'number',
    handle: (services, { params }) => askNumber(services, params.number),
  }),
];

async function askNumber({ read }: ApiServices, query: string) {
  const shown = quoteText(query);
  if (dialledDigits(query) === null) {
    throw new AgentError(
      'USAGE',
      `${shown} is no telephone number`,
      'a number is digits, with + before them or not, such as +442071838750',
    );
  }
  const found = await read((reader) => reader.findNumber(query));
  if (found.length > 0) return { query, seen: true, numbers: found.map(numberView) };
  throw new AgentError(
    'NOT_FOUND',
    `${shown} was never dialled here`,
    'see GET /api/v1/numbers for those that were',
  );
}
