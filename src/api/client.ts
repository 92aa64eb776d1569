import { request, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { AgentError, ERROR_CODES, messageOf, type ErrorCode } from '../core/common/errors.js';
import { LIMITS } from '../core/common/limits.js';
import { quoteText } from '../core/common/text.js';
import type { Answers } from './answers.js';
import type { AgentCalls } from './calls.js';
import { readSocketOf } from './server/sockets.js';

export interface ControlClient extends AgentCalls {
  close(): Promise<void>;
}

const BASE = '/api/v1';

/** Speaks to the running agent. AGENT_UNREACHABLE when nobody answers on the socket. */
export function openClient(socketFile: string): ControlClient {
  const call = <T>(method: Call['method'], path: string, body?: unknown): Promise<T> =>
    exchange<T>(socketFile, { method, path, body });
  const ask = <K extends keyof Answers>(path: string): Promise<Answers[K]> =>
    call('GET', `${BASE}/${path}`);
  const post = <K extends keyof Answers>(path: string, body?: unknown): Promise<Answers[K]> =>
    call('POST', `${BASE}/${path}`, body);
  const remove = <K extends keyof Answers>(path: string): Promise<Answers[K]> =>
    call('DELETE', `${BASE}/${path}`);
  const text = encodeURIComponent;
  return {
    status: () => ask<'status'>('status'),
    rules: async () => (await ask<'rules'>('rules')).rules,
    firewall: async () => (await ask<'firewall'>('firewall')).firewall,
    nearness: async (address) => (await ask<'nearness'>(`nearness?address=${text(address)}`)).near,
    addBlock: async (block) => (await post<'block'>('blocks', block)).block,
    addBlocks: (blocks, origin) => post<'added_blocks'>('blocks/many', { blocks, origin }),
    clearBlocks: (filter) => post<'cleared_blocks'>('blocks/clear', filter),
    protectedPeers: async () => (await ask<'protect'>('protect')).protect,
    protectPeer: (peer) => post<'protected'>('protect', peer),
    unprotectPeer: (name) => remove<'unprotected'>(`protect?name=${text(name)}`),
    alerts: () => ask<'alerts'>('alerts'),
    testAlerts: async (target) => (await post<'alert_tests'>('alerts/test', { target })).tests,
    tokens: async () => (await ask<'tokens'>('tokens')).tokens,
    createToken: (request) => post<'token'>('tokens', request),
    revokeToken: (name) => remove<'revoked_token'>(`tokens/${text(name)}`),
    confirm: () => post<'confirmed'>('confirm'),
    removeBlock: (target) => remove<'removed_block'>(`blocks?target=${text(target)}`),
    jobs: async () => (await ask<'jobs'>('jobs')).jobs,
    runJob: async (name) => (await post<'job'>(`jobs/${text(name)}/run`)).job,
    // A connection ends with its answer.
    close: () => Promise.resolve(),
  };
}

interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body: unknown;
}

async function exchange<T>(socketFile: string, call: Call): Promise<T> {
  const { response, answer } = await ask(socketFile, call)
    .catch((error: unknown) => {
      // A member of the agent's group may ask, and no more.
      if (!isDenied(error)) throw error;
      if (call.method === 'GET') return ask(readSocketOf(socketFile), call);
      throw denied(socketFile, error);
    })
    .catch((error: unknown) => {
      throw error instanceof AgentError ? error : unreachable(socketFile, error);
    });
  // The server is this same program, of this same version: the shape is the type's.
  if ((response.statusCode ?? 500) < 400) return answer as T;
  throw toError(answer);
}

/** Node's own client: undici takes a tenth of a second to load, which every command would pay. */
async function ask(socketFile: string, { method, path, body }: Call) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(
      { socketPath: socketFile, method, path, agent: false, timeout: LIMITS.controlAnswerMsMax },
      resolve,
    );
    sent.on('error', reject);
    sent.on('timeout', () => {
      sent.destroy(new Error(`no answer within ${LIMITS.controlAnswerMsMax / 1_000} s`));
    });
    if (body !== undefined) sent.setHeader('content-type', 'application/json');
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
  return { response, answer: await json(response) };
}

const isDenied = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EACCES';

const denied = (socketFile: string, error: unknown): AgentError =>
  new AgentError(
    'AGENT_UNREACHABLE',
    `this user may not steer the agent: ${socketFile} is closed to it`,
    "Type the same with sudo; members of the agent's group may ask, and change nothing.",
    error,
  );

function unreachable(socketFile: string, error: unknown): AgentError {
  const cause = messageOf(error);
  return new AgentError(
    'AGENT_UNREACHABLE',
    `no agent answers on ${socketFile}: ${cause}`,
    'start one with `sentrypeer-agent run`, or name the configuration of the running one with -c FILE',
    error,
  );
}

function toError(answer: unknown): AgentError {
  const { error } = answer as {
    error?: { code?: string; message?: string; remedy?: string } | string;
  };
  if (typeof error !== 'object') return otherVersion(error);
  const { code = '', message, remedy } = error;
  return new AgentError(
    code in ERROR_CODES ? (code as ErrorCode) : 'INTERNAL',
    message ?? 'the agent answered with an error that cannot be read',
    remedy ?? 'report it with the agent log',
  );
}

/** What an agent of another version says to a question that it does not know. */
const otherVersion = (said: string | undefined): AgentError =>
  new AgentError(
    'AGENT_UNREACHABLE',
    `the running agent does not understand this command (${quoteText(said ?? 'no word')}): it is of another version`,
    'start it anew (`systemctl restart sentrypeer-agent`), or type the command of its version',
  );
