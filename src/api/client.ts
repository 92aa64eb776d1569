import { Agent, request, type Dispatcher } from 'undici';
import { AgentError, ERROR_CODES, type ErrorCode } from '../core/model/errors.js';
import { LIMITS } from '../core/model/limits.js';
import type { AgentCalls } from './calls.js';

export interface ControlClient extends AgentCalls {
  close(): Promise<void>;
}

/** Speaks to the running agent. AGENT_UNREACHABLE when nobody answers on the socket. */
export function openClient(socketFile: string): ControlClient {
  const dispatcher = new Agent({
    connect: { socketPath: socketFile },
    headersTimeout: LIMITS.controlAnswerMsMax,
    bodyTimeout: LIMITS.controlAnswerMsMax,
  });
  const call = <T>(method: Dispatcher.HttpMethod, path: string, body?: unknown): Promise<T> =>
    exchange<T>(dispatcher, socketFile, { method, path, body });
  return {
    status: () => call('GET', '/v1/status'),
    rules: () => call('GET', '/v1/rules'),
    firewall: () => call('GET', '/v1/firewall'),
    addBlock: (block) => call('POST', '/v1/blocks', block),
    addBlocks: (blocks, origin) => call('POST', '/v1/blocks/many', { blocks, origin }),
    clearBlocks: (filter) => call('POST', '/v1/blocks/clear', filter),
    protectedPeers: () => call('GET', '/v1/protect'),
    protectPeer: (peer) => call('POST', '/v1/protect', peer),
    unprotectPeer: (name) => call('DELETE', `/v1/protect?name=${encodeURIComponent(name)}`),
    confirm: () => call('POST', '/v1/confirm'),
    removeBlock: (target) => call('DELETE', `/v1/blocks?target=${encodeURIComponent(target)}`),
    packetsDropped: (targets) => call('POST', '/v1/blocks/dropped', { targets }),
    jobs: () => call('GET', '/v1/jobs'),
    runJob: (name) => call('POST', `/v1/jobs/${encodeURIComponent(name)}/run`),
    close: () => dispatcher.close(),
  };
}

interface Call {
  readonly method: Dispatcher.HttpMethod;
  readonly path: string;
  readonly body: unknown;
}

async function exchange<T>(
  dispatcher: Dispatcher,
  socketFile: string,
  { method, path, body }: Call,
): Promise<T> {
  const payload =
    body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  let response: Dispatcher.ResponseData;
  try {
    response = await request(`http://agent${path}`, { dispatcher, method, ...payload });
  } catch (error) {
    throw unreachable(socketFile, error);
  }
  const answer: unknown = await response.body.json();
  // The server is this same program, of this same version: the shape is the type's.
  if (response.statusCode < 400) return answer as T;
  throw toError(answer);
}

function unreachable(socketFile: string, error: unknown): AgentError {
  const cause = error instanceof Error ? error.message : String(error);
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
