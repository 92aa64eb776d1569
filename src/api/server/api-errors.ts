import { AgentError, messageOf, type ErrorCode } from '../../core/common/errors.js';

const HTTP_STATUS: Partial<Record<ErrorCode, number>> = {
  USAGE: 400,
  API_DENIED: 403,
  NOT_FOUND: 404,
  PROTECTED: 409,
  API_BUSY: 503,
};

export interface ErrorAnswer {
  readonly status: number;
  readonly body: { readonly error: { code: ErrorCode; message: string; remedy: string } };
  /** A fault of the program, with its own words; null: it is none. */
  readonly fault: string | null;
}

/** Who does not say who he is (401), unlike one who may not (403). */
export class NotAuthenticated extends AgentError {}
/** Too many requests (429). */
export class TooMany extends AgentError {}

/** What an error is to the client. `open`: the door of others, whom the inside of a fault is not told. */
export function errorAnswer(error: unknown, open: boolean): ErrorAnswer {
  const failure = toAgentError(error);
  const { code, message, remedy } = failure;
  const fault = code === 'INTERNAL' ? message : null;
  const told = fault !== null && open ? 'a fault in the program' : message;
  const status = specialStatus(error) ?? clientStatus(error) ?? HTTP_STATUS[code] ?? 500;
  return { status, body: { error: { code, message: told, remedy } }, fault };
}

function specialStatus(error: unknown): number | null {
  if (error instanceof NotAuthenticated) return 401;
  return error instanceof TooMany ? 429 : null;
}

function toAgentError(error: unknown): AgentError {
  if (error instanceof AgentError) return error;
  const message = messageOf(error);
  if (clientStatus(error) !== null) {
    return new AgentError(
      'USAGE',
      `request: ${message}`,
      'see docs/API.md, or /api/docs for the shapes',
      error,
    );
  }
  return new AgentError('INTERNAL', message, 'report it with the agent log', error);
}

/** The 4xx that fastify gives a body that is too long, or no JSON; null for all else. */
function clientStatus(error: unknown): number | null {
  if (!(error instanceof Error) || !('statusCode' in error)) return null;
  const { statusCode } = error;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
    ? statusCode
    : null;
}
