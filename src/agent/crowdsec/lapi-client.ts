import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { CrowdsecDecision } from '../../api/lists/decisions.js';
import { messageOf } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { quoteText } from '../../core/common/text.js';

export interface LapiSettings {
  /** Without a slash at its end. */
  readonly url: string;
  readonly machineId: string;
  readonly passwordFile: string;
  /** Of this program. */
  readonly version: string;
}

/** What is pushed: a decision, and when it was made (ISO 8601). */
export type PushedDecision = Omit<CrowdsecDecision, 'id' | 'uuid'> & { readonly madeAt: string };

/** CrowdSec's local API as a watcher uses it. Everything rejects with an Error that says why. */
export interface LapiClient {
  /** Values that its allowlists hold. One that knows no allowlists holds none. */
  readonly allowlisted: (values: readonly string[]) => Promise<ReadonlySet<string>>;
  /** Values of our own decisions that are active there, and the seconds that each has left. */
  readonly activeValues: () => Promise<ReadonlyMap<string, number>>;
  readonly push: (decisions: readonly PushedDecision[]) => Promise<void>;
  /** Ends our own decisions on a value. */
  readonly end: (value: string) => Promise<void>;
}

/** By which our decisions are told from those of others, and of other machines of ours. */
export const originOf = (machineId: string): string => `sentrypeer-${machineId}`;

const login = z.object({ token: z.string().max(8_192), expire: z.string().max(64) });
const allowlists = z.object({ results: z.array(z.object({ target: z.string() })).nullish() });
const alerts = z
  .array(
    z.object({
      decisions: z
        .array(z.object({ value: z.string(), duration: z.string(), origin: z.string() }))
        .nullish(),
    }),
  )
  .nullable();

/** A login is renewed so long before its end. */
const EARLY_MS = 60_000;

class Answered extends Error {
  readonly status: number;

  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}

export function createLapiClient(
  settings: LapiSettings,
  nowMs: () => number = Date.now,
): LapiClient {
  const origin = originOf(settings.machineId);
  const ask = createSession(settings, nowMs);
  return {
    allowlisted: async (targets) => {
      try {
        const { results } = allowlists.parse(await ask('POST', '/allowlists/check', { targets }));
        return new Set((results ?? []).map(({ target }) => target));
      } catch (error) {
        // Before 1.6.8 it has none.
        if (error instanceof Answered && error.status === 404) return new Set();
        throw error;
      }
    },
    activeValues: async () => {
      const query = `has_active_decision=true&origin=${encodeURIComponent(origin)}&limit=0`;
      const found = alerts.parse(await ask('GET', `/alerts?${query}`)) ?? [];
      const decisions = found.flatMap((alert) => alert.decisions ?? []);
      const left = new Map<string, number>();
      for (const { value, duration, origin: whose } of decisions) {
        const seconds = readGoDuration(duration);
        if (whose !== origin || seconds <= 0) continue;
        left.set(value, Math.max(seconds, left.get(value) ?? 0));
      }
      return left;
    },
    push: async (decisions) => {
      await ask(
        'POST',
        '/alerts',
        decisions.map((each) => alertOf(each, origin, settings.version)),
      );
    },
    end: async (value) => {
      const query = `value=${encodeURIComponent(value)}&origin=${encodeURIComponent(origin)}`;
      await ask('DELETE', `/decisions?${query}`);
    },
  };
}

type Ask = (method: string, path: string, body?: unknown) => Promise<unknown>;

/** Asks as a machine that has logged in, and logs in where that is due. */
function createSession(settings: LapiSettings, nowMs: () => number): Ask {
  const { machineId, passwordFile } = settings;
  let session: { readonly token: string; readonly untilMs: number } | null = null;

  const logIn = async (): Promise<string> => {
    const password = (await readFile(passwordFile, 'utf8')).trim();
    const body = { machine_id: machineId, password, scenarios: [] };
    const answer = await send(settings, null, ['POST', '/watchers/login', body]);
    const { token, expire } = login.parse(answer);
    const untilMs = Date.parse(expire);
    session = { token, untilMs: Number.isNaN(untilMs) ? nowMs() : untilMs };
    return token;
  };

  return async (...words) => {
    const held = session !== null && session.untilMs - EARLY_MS > nowMs() ? session.token : null;
    try {
      return await send(settings, held ?? (await logIn()), words);
    } catch (error) {
      // A login that it has forgotten, as after a restart with another key.
      if (held === null || !(error instanceof Answered) || error.status !== 401) throw error;
      return send(settings, await logIn(), words);
    }
  };
}

async function send(
  { url, version }: LapiSettings,
  token: string | null,
  [method, path, body]: Parameters<Ask>,
): Promise<unknown> {
  const response = await fetch(`${url}/v1${path}`, {
    method,
    redirect: 'error',
    signal: AbortSignal.timeout(LIMITS.crowdsecMsMax),
    headers: {
      'user-agent': `sentrypeer-agent/${version}`,
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch((error: unknown) => {
    // fetch says what happened in the cause alone.
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new Error(messageOf(cause), { cause: error });
  });
  const text = await readText(response);
  if (response.ok) return text === '' ? null : JSON.parse(text);
  const where = `${method} ${path.replace(/\?.*/, '')}`;
  throw new Answered(response.status, `${where}: ${response.status} ${quoteText(text, 200)}`);
}

/** Seconds of `1h2m3.5s` as Go prints it; below zero where it begins with a minus. */
function readGoDuration(text: string): number {
  const [, minus, h = '0', m = '0', s = '0'] =
    /^(-?)(?:(\d+)h)?(?:(\d+)m)?(?:([\d.]+)s)?$/.exec(text) ?? [];
  const seconds = Number(h) * 3_600 + Number(m) * 60 + Number(s);
  return minus === '-' ? -seconds : seconds;
}

/** Every field that its swagger requires; own words alone, for `cscli` shows them. */
function alertOf({ madeAt, ...decision }: PushedDecision, origin: string, version: string) {
  const { scope, value, scenario } = decision;
  return {
    scenario,
    scenario_hash: '',
    scenario_version: version,
    message: `${value} blocked by ${scenario}`,
    events_count: 1,
    start_at: madeAt,
    stop_at: madeAt,
    capacity: 0,
    leakspeed: '0',
    simulated: false,
    events: [],
    source: { scope, value, ...(scope === 'Ip' ? { ip: value } : { range: value }) },
    decisions: [{ ...decision, origin }],
  };
}

async function readText({ body }: Response): Promise<string> {
  if (body === null) return '';
  const arriving: AsyncIterable<Uint8Array> = body;
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of arriving) {
    bytes += part.length;
    if (bytes > LIMITS.crowdsecAnswerBytesMax) throw new Error('its answer is too long');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}
