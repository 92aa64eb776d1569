import { z } from 'zod';
import { IMPORTANCES, NOTICE_KINDS } from '../../core/model/notice.js';

const text = z.string();
const maybeText = text.nullable();
const count = z.number().int().min(0);

/** What is answered about alerts; a part of answer-schemas.ts. */
export const ALERT_SCHEMAS = {
  alerts: z.strictObject({
    targets: z.array(
      z.strictObject({ name: text, place: text, waiting: count, sent: count, failed: count }),
    ),
    alerts: z.array(
      z.strictObject({
        id: text,
        target: text,
        state: z.enum(['waiting', 'sent', 'failed']),
        kind: z.enum(NOTICE_KINDS),
        importance: z.enum(IMPORTANCES),
        at: text,
        title: text,
        lines: z.array(text),
        count,
        attempts: count,
        ended_at: maybeText,
        error: maybeText,
      }),
    ),
  }),
  alert_tests: z.strictObject({
    tests: z.array(z.strictObject({ target: text, place: text, error: maybeText })),
  }),
} as const;
