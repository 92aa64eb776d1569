/**
 * Where evidence comes from: `trap` our own sockets, `hep` and `capture` a copy of what a PBX says
 * and hears, `log` what a PBX writes about it.
 */
export const SENSORS = ['trap', 'hep', 'capture', 'log'] as const;
export type Sensor = (typeof SENSORS)[number];

/**
 * What the PBX made of a request: by its final response (RFC 3261, 21), or by the word of its log.
 * `none` on a trap, which has no accounts. `challenged` credentials are wanted (401, 407), or those
 * given belong to no nonce in force; `failed` credentials were refused; `unknown_account` there is
 * no such account; `refused` by rule, whoever asks (403 without credentials, ACL, a method that is
 * not allowed); `not_found` no such extension or number (404, 484); `answered` 2xx, or a call that
 * rings, without credentials; `succeeded` the same with credentials; `unanswered` no final response came.
 */
export const OUTCOMES = [
  'none',
  'challenged',
  'failed',
  'unknown_account',
  'refused',
  'not_found',
  'answered',
  'succeeded',
  'unanswered',
] as const;
export type Outcome = (typeof OUTCOMES)[number];
