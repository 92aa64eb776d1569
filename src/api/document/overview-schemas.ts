import { z } from 'zod';
import { CHARTED, BAR_SPANS } from '../../store/read/read-stats.js';

const count = z.number().int();
const time = z.string().describe('UTC, ISO 8601');
const maybeText = z.string().nullable();

/** The shapes of what is gathered over many sources; answer-schemas.ts has all the others. */
export const OVERVIEW_SCHEMAS = {
  series: z.strictObject({
    of: z.enum(CHARTED),
    span: z.enum(BAR_SPANS),
    began_at: z.array(time),
    values: z.array(z.strictObject({ value: z.string(), counts: z.array(count) })),
  }),
  networks: z.strictObject({
    networks: z.array(
      z.strictObject({
        network: z.string(),
        sources: count,
        messages: count,
        last_seen_at: time,
        asn: count.nullable(),
        organisation: maybeText,
        country: maybeText,
      }),
    ),
    since: time,
    limit: count,
  }),
  passwords: z.strictObject({
    passwords: z.array(
      z.strictObject({
        password: z.string(),
        tries: count,
        users: count,
        sources: count,
        last_seen_at: time,
      }),
    ),
    tried: count,
    known: count,
    since: time,
    limit: count,
  }),
};
