import type { z } from 'zod';
import type { Answers } from '../answers.js';
import type { Caller, Right } from '../server/caller.js';
import type { ApiServices } from '../facts.js';
import type { ListAnswer } from '../lists/lists.js';
import type { StreamSink } from '../server/event-stream.js';

type Shape = z.core.$ZodShape;
type Values<S extends Shape> = z.infer<z.ZodObject<S>>;

export interface RouteInput<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly caller: Caller;
  /** The request says of itself that it is JSON, as SentryPeer's clients do who want that back. */
  readonly saysJson: boolean;
  /** The address that it came from. */
  readonly from: string;
}

export interface TextAnswer {
  readonly type: string;
  readonly text: string;
  /** Absent: who has it asks each time whether it is still the same. */
  readonly cacheControl?: string;
  /** Absent: the strictest, which lets no script run. */
  readonly contentPolicy?: string;
  /** Absent: 200. */
  readonly status?: number;
}

/** One route as it is served, documented and tested. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** As OpenAPI writes it: `/api/v1/sources/{address}`. */
  readonly path: string;
  readonly right: Right;
  readonly summary: string;
  /** Sentences for who needs more than that; empty: nobody does. */
  readonly detail: string;
  readonly params: z.ZodObject | null;
  readonly query: z.ZodObject | null;
  readonly body: z.ZodType | null;
  /** What comes back: JSON of that name, text of these media types, a list, or a stream of events. */
  readonly answer:
    | { readonly kind: 'json'; readonly name: keyof Answers }
    | { readonly kind: 'text'; readonly types: readonly string[] }
    | { readonly kind: 'list'; readonly types: readonly string[] }
    | { readonly kind: 'stream' };
  /**
   * Milliseconds for which one answer serves all that ask the same; 0: only those that ask while it
   * is made. Null: each is answered by itself.
   */
  readonly freshMs: number | null;
  /** `crowdsec`: errors are told as its bouncers read them, and a body is not read. */
  readonly speaks: 'own' | 'crowdsec';
  /** The HTTP status where it is not 200. */
  readonly statusOf: ((answer: unknown) => number) | null;
  readonly handle: (
    services: ApiServices,
    input: RouteInput<never, never, never>,
  ) => Promise<unknown>;
  readonly follow:
    | ((services: ApiServices, sink: StreamSink, lastId: number | null) => (() => void) | null)
    | null;
}

interface Words<P extends Shape, Q extends Shape> {
  readonly right: Right;
  readonly summary: string;
  readonly detail?: string;
  readonly speaks?: Route['speaks'];
  readonly params?: z.ZodObject<P>;
  readonly query?: z.ZodObject<Q>;
}

const NOTHING = {
  detail: '',
  speaks: 'own',
  params: null,
  query: null,
  body: null,
  statusOf: null,
  follow: null,
} as const;

/** A question that JSON answers. */
export const get = <K extends keyof Answers, P extends Shape = Shape, Q extends Shape = Shape>(
  path: string,
  words: Words<P, Q> & {
    readonly answer: K;
    readonly freshMs?: number;
    readonly statusOf?: (answer: Answers[K]) => number;
    readonly handle: (
      services: ApiServices,
      input: RouteInput<Values<P>, Values<Q>, null>,
    ) => Promise<Answers[K]>;
  },
): Route =>
  ({
    ...NOTHING,
    freshMs: 0,
    ...words,
    method: 'GET',
    path,
    answer: { kind: 'json', name: words.answer },
    // The server hands a route what its own schemas made.
  }) as Route;

/** A question that a text answers. */
export const getText = <P extends Shape = Shape, Q extends Shape = Shape>(
  path: string,
  words: Words<P, Q> & {
    readonly types: readonly string[];
    readonly freshMs: number;
    readonly handle: (
      services: ApiServices,
      input: RouteInput<Values<P>, Values<Q>, null>,
    ) => Promise<TextAnswer>;
  },
): Route => {
  const { types, ...rest } = words;
  // As above.
  return { ...NOTHING, ...rest, method: 'GET', path, answer: { kind: 'text', types } };
};

/** A question that a list answers, however long it is. */
export const getList = <Q extends Shape = Shape>(
  path: string,
  words: Words<Shape, Q> & {
    readonly type: string;
    readonly handle: (
      services: ApiServices,
      input: RouteInput<Values<Shape>, Values<Q>, null>,
    ) => Promise<ListAnswer>;
  },
): Route => {
  const { type, ...rest } = words;
  // As above.
  return {
    ...NOTHING,
    ...rest,
    method: 'GET',
    path,
    answer: { kind: 'list', types: [type] },
    freshMs: null,
  };
};

/** What changes something: always answered by itself, and noted. */
export const change = <
  K extends keyof Answers,
  B extends z.ZodType,
  P extends Shape = Shape,
  Q extends Shape = Shape,
>(
  method: 'POST' | 'DELETE',
  path: string,
  words: Words<P, Q> & {
    readonly answer: K;
    readonly body: B | null;
    readonly statusOf?: (answer: Answers[K]) => number;
    readonly handle: (
      services: ApiServices,
      input: RouteInput<Values<P>, Values<Q>, z.infer<B>>,
    ) => Promise<Answers[K]>;
  },
): Route =>
  ({
    ...NOTHING,
    ...words,
    method,
    path,
    freshMs: null,
    answer: { kind: 'json', name: words.answer },
    // As above.
  }) as Route;
