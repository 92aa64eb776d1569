import type { AgentError } from '../../core/common/errors.js';

/** `unknown`: this user, or this host, does not let it be looked at. */
export type CheckOutcome = 'ok' | 'warn' | 'fail' | 'unknown';

/** What one check found: a line for a person, and what to type or change; null when nothing is. */
export interface Finding {
  readonly check: string;
  readonly outcome: CheckOutcome;
  readonly what: string;
  readonly remedy: string | null;
}

export const ok = (check: string, what: string): Finding => ({
  check,
  outcome: 'ok',
  what,
  remedy: null,
});

export const warn = (check: string, what: string, remedy: string): Finding => ({
  check,
  outcome: 'warn',
  what,
  remedy,
});

export const fail = (check: string, what: string, remedy: string): Finding => ({
  check,
  outcome: 'fail',
  what,
  remedy,
});

export const unknown = (check: string, what: string, remedy: string): Finding => ({
  check,
  outcome: 'unknown',
  what,
  remedy,
});

export const AS_ROOT = 'type the same as root';

/** An operating error as a finding; `unknown` where this user alone lacks the right to look. */
export function failed(check: string, { code, message, remedy, cause }: AgentError): Finding {
  const system = cause instanceof Error && 'code' in cause ? cause.code : null;
  const denied = code === 'DATABASE_UNREADABLE' || system === 'EACCES' || system === 'EPERM';
  return denied ? unknown(check, message, AS_ROOT) : fail(check, message, remedy);
}
