import type { Answers } from '../../api/answers.js';

/** What the API refused, in its own words; `status` 0: it could not be reached. */
export class ApiFailure extends Error {
  readonly status: number;
  readonly remedy: string;

  constructor(status: number, message: string, remedy: string) {
    super(message);
    this.status = status;
    this.remedy = remedy;
  }
}

export type Send = (path: string, init: RequestInit) => Promise<Response>;

export interface Client {
  /** Asks for `path`, below `api/v1/`; the answer is that of this name in the API's types. */
  readonly ask: <K extends keyof Answers>(name: K, path: string) => Promise<Answers[K]>;
  /** Changes something. `token`: for this request alone; null: the one that is kept. */
  readonly change: <K extends keyof Answers>(
    name: K,
    method: 'POST' | 'DELETE',
    path: string,
    body?: unknown,
    token?: string | null,
  ) => Promise<Answers[K]>;
  readonly openStream: (lastId: string | null, signal: AbortSignal) => Promise<Response>;
}

/**
 * Rejects with ApiFailure. `token`: what is kept at the time of asking, null for none. Once a question
 * was refused for want of a token, none is sent until there is another one: the agent does not look at
 * a source any more that had too many refused. For that the very first goes before all others.
 */
export function createClient(send: Send, token: () => string | null): Client {
  let gate: Gate | null = null;
  const passGate = async <T>(ask: () => Promise<T>): Promise<T> => {
    const own = token();
    if (gate === null || gate.token !== own) {
      const first = ask();
      gate = { token: own, refusal: first.then(() => null, refusalIn) };
      return first;
    }
    const mine = gate;
    const refusal = await mine.refusal;
    if (refusal !== null) throw refusal;
    try {
      return await ask();
    } catch (error) {
      const late = refusalIn(error);
      if (late !== null) mine.refusal = Promise.resolve(late);
      throw error;
    }
  };
  const headersWith = (own: string | null): Record<string, string> =>
    own === null ? {} : { authorization: `Bearer ${own}` };
  return {
    ask: async <K extends keyof Answers>(name: K, path: string) => {
      const ask = () => request(send, path, { headers: headersWith(token()) });
      // Health is told to anybody, so that it says nothing of a token. The agent that answers has the
      // routes of this very build, or newer ones.
      return (await (name === 'health' ? ask() : passGate(ask))) as Answers[K];
    },
    change: async <K extends keyof Answers>(
      _name: K,
      method: 'POST' | 'DELETE',
      path: string,
      body?: unknown,
      own?: string | null,
    ) => {
      const json = body === undefined ? {} : { 'content-type': 'application/json' };
      const init = {
        method,
        headers: { ...headersWith(own ?? token()), ...json },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      };
      // As above.
      return (await request(send, path, init)) as Answers[K];
    },
    openStream: async (lastId, signal) => {
      if (gate?.token === token() && (await gate.refusal) !== null) {
        return new Response(null, { status: 401 });
      }
      return send('api/v1/events/stream', {
        headers: {
          ...headersWith(token()),
          accept: 'text/event-stream',
          ...(lastId === null ? {} : { 'last-event-id': lastId }),
        },
        cache: 'no-store',
        signal,
      });
    },
  };
}

/** What is known of the token that was kept when it was asked. */
interface Gate {
  readonly token: string | null;
  refusal: Promise<ApiFailure | null>;
}

const refusalIn = (error: unknown): ApiFailure | null =>
  error instanceof ApiFailure && error.status === 401 ? error : null;

async function request(send: Send, path: string, init: RequestInit): Promise<unknown> {
  const response = await send(`api/v1/${path}`, init).catch(() => {
    throw new ApiFailure(0, 'the agent cannot be reached', 'see whether it runs, and the network');
  });
  const body: unknown = await response.json().catch(() => null);
  if (response.ok || isHealth(body)) return body;
  throw failureOf(response.status, body);
}

/** A health check that finds a fault is an answer too. */
const isHealth = (body: unknown): boolean =>
  typeof body === 'object' && body !== null && 'checks' in body;

export function failureOf(status: number, body: unknown): ApiFailure {
  if (typeof body === 'object' && body !== null && 'error' in body) {
    const { message, remedy } = body.error as { message?: unknown; remedy?: unknown };
    if (typeof message === 'string' && typeof remedy === 'string') {
      return new ApiFailure(status, message, remedy);
    }
  }
  return new ApiFailure(status, `the agent answered with ${status}`, 'see the log of the agent');
}

/** What went wrong, as two sentences for a person. */
export function wordsOfFailure(error: unknown): { message: string; remedy: string } {
  if (!(error instanceof ApiFailure)) {
    return { message: String(error), remedy: 'Load the page again' };
  }
  // How a program sends a token is of no use to who looks at a page.
  const remedy = error.status === 401 ? 'give one' : error.remedy;
  return { message: sentence(error.message), remedy: sentence(remedy) };
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
