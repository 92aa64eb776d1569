import { request, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { AgentError, ERROR_CODES, messageOf, type ErrorCode } from '../core/model/errors.js';
import { LIMITS } from '../core/model/limits.js';
import type { AgentCalls } from './calls.js';
import { readSocketOf } from './sockets.js';

export interface ControlClient extends AgentCalls {
  close(): Promise<void>;
}

/** Speaks to the running agent. AGENT_UNREACHABLE when nobody answers on the socket. */
export function openClient(socketFile: string): ControlClient {
  const call = <T>(method: Call['method'], path: string, body?: unknown): Promise<T> =>
    exchange<T>(socketFile, { method, path, body });
  return {
    status: () => call('GET', '/v1/status'),
    rules: () => call('GET', '/v1/rules'),
    firewall: () => call('GET', '/v1/firewall'),
    nearness: (address) => call('GET', `/v1/nearness?address=${encodeURIComponent(address)}`),
    addBlock: (block) => call('POST', '/v1/blocks', block),
    addBlocks: (blocks, origin) => call('POST', '/v1/blocks/many', { blocks, origin }),
    clearBlocks: (filter) => call('POST', '/v1/blocks/clear', filter),
    protectedPeers: () => call('GET', '/v1/protect'),
    protectPeer: (peer) => call('POST', '/v1/protect', peer),
    unprotectPeer: (name) => call('DELETE', `/v1/protect?name=${encodeURIComponent(name)}`),
    confirm: () => call('POST', '/v1/confirm'),
    removeBlock: (target) => call('DELETE', `/v1/blocks?target=${encodeURIComponent(target)}`),
    jobs: () => call('GET', '/v1/jobs'),
    runJob: (name) => call('POST', `/v1/jobs/${encodeURIComponent(name)}/run`),
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
  const { error } = answer as { error?: { code?: string; message?: string; remedy?: string } };
  const code = error?.code !== undefined && error.code in ERROR_CODES ? error.code : 'INTERNAL';
  return new AgentError(
    code as ErrorCode,
    error?.message ?? 'the agent answered with an error that cannot be read',
    error?.remedy ?? 'report it with the agent log',
  );
}
