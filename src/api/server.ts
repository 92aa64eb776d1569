import { chmod, lstat, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import { AgentError, type ErrorCode } from '../core/model/errors.js';
import { LIMITS } from '../core/model/limits.js';
import type { AgentCalls } from './calls.js';

export interface ControlServer {
  readonly close: () => Promise<void>;
}

const addBlockBody = z.strictObject({
  target: z.string().max(64),
  scope: z.enum(['all', 'sip']),
  duration_s: z.number().int().positive().nullable(),
  reason: z.string().max(500),
  force: z.boolean().default(false),
  wide: z.boolean().optional(),
});
const addBlocksBody = z.strictObject({
  blocks: z.array(addBlockBody).max(LIMITS.blocksPerRequestMax),
  origin: z.enum(['manual', 'import']),
});
const clearBody = z.strictObject({
  origin: z.enum(['detector', 'manual', 'import', 'feed']).nullable(),
  scope: z.enum(['all', 'sip']).nullable(),
});
const peerBody = z.strictObject({ name: z.string().max(253), note: z.string().max(200) });
const nameQuery = z.strictObject({ name: z.string().max(253) });
const targetQuery = z.strictObject({ target: z.string().max(64) });
const jobParams = z.strictObject({ name: z.string().max(64) });

const HTTP_STATUS: Partial<Record<ErrorCode, number>> = {
  USAGE: 400,
  PROTECTED: 409,
  NOT_FOUND: 404,
};

/**
 * Serves the commands on a Unix socket, mode 600: who may open it may steer the agent. A socket
 * file that nobody answers on is a dead agent's and is taken away; anything else at that path is
 * left alone. Rejects with AGENT_RUNNING or STATE_UNWRITABLE.
 */
export async function serveControl(
  socketFile: string,
  calls: AgentCalls,
  say: (text: string) => void,
): Promise<ControlServer> {
  const server = Fastify({ logger: false, bodyLimit: LIMITS.controlBodyBytesMax });
  addRoutes(server, calls);
  server.setErrorHandler((error, _request, reply) => {
    const failure = toAgentError(error);
    const { code, message, remedy } = failure;
    if (code === 'INTERNAL') say(`a command failed: ${message}`);
    const status = clientStatus(error) ?? HTTP_STATUS[code] ?? 500;
    void reply.status(status).send({ error: { code, message, remedy } });
  });
  await clearSocket(socketFile);
  try {
    await server.listen({ path: socketFile });
  } catch (error) {
    throw unusable(socketFile, error instanceof Error ? error.message : String(error));
  }
  await chmod(socketFile, 0o600);
  return {
    close: async () => {
      await server.close();
      await rm(socketFile, { force: true });
    },
  };
}

async function clearSocket(socketFile: string): Promise<void> {
  const found = await lstat(socketFile).catch(() => null);
  if (found === null) return;
  if (!found.isSocket()) throw unusable(socketFile, 'something that is no socket lies there');
  if (await answers(socketFile)) {
    throw new AgentError(
      'AGENT_RUNNING',
      `control socket ${socketFile}: another agent answers there`,
      'stop it, or set control_socket to another path',
    );
  }
  await rm(socketFile);
}

/** True when a process listens on the socket. */
function answers(socketFile: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketFile);
    const end = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => {
      end(true);
    });
    socket.once('error', () => {
      end(false);
    });
  });
}

const unusable = (socketFile: string, why: string): AgentError =>
  new AgentError(
    'STATE_UNWRITABLE',
    `control socket ${socketFile}: ${why}`,
    'make its folder writable for this user, or set control_socket to another path',
  );

function addRoutes(server: FastifyInstance, calls: AgentCalls): void {
  server.get('/v1/status', () => calls.status());
  server.get('/v1/rules', () => calls.rules());
  server.get('/v1/firewall', () => calls.firewall());
  server.post('/v1/blocks', ({ body }) => calls.addBlock(read(addBlockBody, body)));
  server.delete('/v1/blocks', ({ query }) => calls.removeBlock(read(targetQuery, query).target));
  server.post('/v1/blocks/many', ({ body }) => {
    const { blocks, origin } = read(addBlocksBody, body);
    return calls.addBlocks(blocks, origin);
  });
  server.post('/v1/blocks/clear', ({ body }) => calls.clearBlocks(read(clearBody, body)));
  server.get('/v1/protect', () => calls.protectedPeers());
  server.post('/v1/protect', ({ body }) => calls.protectPeer(read(peerBody, body)));
  server.delete('/v1/protect', ({ query }) => calls.unprotectPeer(read(nameQuery, query).name));
  server.post('/v1/confirm', () => calls.confirm());
  server.get('/v1/jobs', () => calls.jobs());
  server.post('/v1/jobs/:name/run', ({ params }) => calls.runJob(read(jobParams, params).name));
}

function read<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problem = z.prettifyError(parsed.error).replace(/\s*\n\s*/g, '; ');
  throw new AgentError('USAGE', `request: ${problem}`, 'see docs/CLI_JSON.md for the shapes');
}

function toAgentError(error: unknown): AgentError {
  if (error instanceof AgentError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (clientStatus(error) !== null) {
    return new AgentError(
      'USAGE',
      `request: ${message}`,
      'see docs/CLI_JSON.md for the shapes',
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
