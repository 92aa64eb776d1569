import { z } from 'zod';
import { ATTACK_TYPES } from '../../core/model/attack-type.js';
import { AgentError } from '../../core/common/errors.js';
import { readMoment } from '../../core/common/read-moment.js';

/** Parameters that several routes have. What is not as they say is refused with 400. */
export const limitUpTo = (most: number, standard: number) =>
  z.coerce.number().int().min(1).max(most).default(standard).describe('rows at most');
export const offset = z.coerce
  .number()
  .int()
  .min(0)
  .max(10_000_000)
  .default(0)
  .describe('rows to leave out first');
export const addressText = z.string().max(64).describe('an IPv4 or IPv6 address');
export const targetText = z.string().max(64).describe('an address, or a network as CIDR');
export const attackType = z.enum(ATTACK_TYPES).optional().describe('only this attack');
export const since = z
  .string()
  .max(32)
  .optional()
  .describe('from then on: 90s, 10m, 4h or 7d ago, or a time in UTC (2026-01-31T12:00:00Z)');
export const yes = (what: string) => z.stringbool().default(false).describe(what);

/** Microseconds of `since`; absent: null. Throws USAGE. */
export function sinceUs(text: string | undefined, nowUs: number): number | null {
  if (text === undefined) return null;
  const us = readMoment(text, 'since', nowUs / 1_000);
  if (us >= 0) return us;
  throw new AgentError('USAGE', `since ${text}: that is before 1970`, 'give a later moment');
}
