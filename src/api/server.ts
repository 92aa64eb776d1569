import { chmod, lstat, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import { SCOPES } from '../core/model/block.js';
import { AgentError, messageOf, type ErrorCode } from '../core/model/errors.js';
import { LIMITS } from '../core/model/limits.js';
import type { AgentCalls } from './calls.js';
import { readSocketOf } from './sockets.js';

export interface ControlServer {
  readonly close: () => Promise<void>;
}

const addBlockBody = z.strictObject({
  target: z.string().max(64),
  scope: z.enum(SCOPES),
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
  scope: z.enum(SCOPES).nullable(),
});
const peerBody = z.strictObject({ name: z.string().max(253), note: z.string().max(200) });
const nameQuery = z.strictObject({ name: z.string().max(253) });
const targetQuery = z.strictObject({ target: z.string().max(64) });
const addressQuery = z.strictObject({ address: z.string().max(64) });
const jobParams = z.strictObject({ name: z.string().max(64) });

const HTTP_STATUS: Partial<Record<ErrorCode, number>> = {
  USAGE: 400,
  PROTECTED: 409,
  NOT_FOUND: 404,
};

/** Milliseconds between two looks whether the sockets are still where commands look for them. */
const LOOK_EVERY_MS = 2_000;

/** zod reads what is asked: fastify's own compilers of schemas would be loaded at each start for nothing. */
const NO_SCHEMAS = {
  compilersFactory: {
    buildValidator: () => refuseSchema,
    buildSerializer: () => refuseSchema,
  },
};

function refuseSchema(): never {
  throw new Error('no route has a schema');
}

type Say = (text: string) => void;
type AddRoutes = (server: FastifyInstance, calls: AgentCalls) => void;

/**
 * Serves the commands on two Unix sockets: one of mode 600, for who may open it may steer the agent,
 * and beside it one of mode 660 that answers questions alone, for members of the agent's group. A
 * socket file that nobody answers on is a dead agent's and is taken away, one that was removed is
 * made again; anything else at that path is left alone. Rejects with AGENT_RUNNING or
 * STATE_UNWRITABLE.
 */
export async function serveControl(
  socketFile: string,
  calls: AgentCalls,
  say: Say,
  lookEveryMs: number = LOOK_EVERY_MS,
): Promise<ControlServer> {
  const steering = createDoor(socketFile, 0o600, [addQuestions, addChanges], calls, say);
  const asking = createDoor(readSocketOf(socketFile), 0o660, [addQuestions], calls, say);
  await steering.open();
  await asking.open().catch(async (error: unknown) => {
    await steering.close();
    throw error;
  });
  const timer = setInterval(() => {
    for (const door of [steering, asking]) void door.look();
  }, lookEveryMs);
  return {
    close: async () => {
      clearInterval(timer);
      await steering.close();
      await asking.close();
    },
  };
}

/** One socket, and what is asked through it. */
interface Door {
  readonly open: () => Promise<void>;
  /** Opens it anew when its file is gone. */
  readonly look: () => Promise<void>;
  readonly close: () => Promise<void>;
}

function createDoor(
  file: string,
  mode: number,
  routes: readonly AddRoutes[],
  calls: AgentCalls,
  say: Say,
): Door {
  let server: FastifyInstance | null = null;
  let inode = 0;
  let looking: Promise<void> = Promise.resolve();
  let said = '';
  const open = async (): Promise<void> => {
    await clearSocket(file);
    server = await listen(file, routes, calls, say);
    await chmod(file, mode);
    inode = (await lstat(file)).ino;
  };
  const reopen = async (): Promise<void> => {
    const found = await lstat(file).catch(() => null);
    if (found !== null && found.ino === inode) return;
    // Closing takes the file of that name away, so that it comes first, and never another's.
    if (found !== null && !found.isSocket()) throw unusable(file, 'something else lies there now');
    await server?.close();
    server = null;
    await open();
    say(`the control socket ${file} was gone, and is there again`);
    said = '';
  };
  return {
    open,
    look: () => {
      looking = looking.then(reopen).catch((error: unknown) => {
        const why = toAgentError(error).message;
        if (why !== said) say(why);
        said = why;
      });
      return looking;
    },
    close: async () => {
      await looking;
      if (server === null) return;
      await server.close();
      await rm(file, { force: true });
    },
  };
}

async function listen(
  file: string,
  routes: readonly AddRoutes[],
  calls: AgentCalls,
  say: Say,
): Promise<FastifyInstance> {
  const server = Fastify({
    logger: false,
    bodyLimit: LIMITS.controlBodyBytesMax,
    requestTimeout: LIMITS.controlRequestMsMax,
    schemaController: NO_SCHEMAS,
  });
  // Else whoever may ask could take every descriptor of the agent.
  server.server.maxConnections = LIMITS.controlConnectionsMax;
  for (const add of routes) add(server, calls);
  server.setErrorHandler((error, _request, reply) => {
    const failure = toAgentError(error);
    const { code, message, remedy } = failure;
    if (code === 'INTERNAL') say(`a command failed: ${message}`);
    const status = clientStatus(error) ?? HTTP_STATUS[code] ?? 500;
    void reply.status(status).send({ error: { code, message, remedy } });
  });
  try {
    await server.listen({ path: file });
  } catch (error) {
    throw unusable(file, messageOf(error));
  }
  return server;
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

const addQuestions: AddRoutes = (server, calls) => {
  server.get('/v1/status', () => calls.status());
  server.get('/v1/rules', () => calls.rules());
  server.get('/v1/firewall', () => calls.firewall());
  server.get('/v1/nearness', ({ query }) => calls.nearness(read(addressQuery, query).address));
  server.get('/v1/protect', () => calls.protectedPeers());
  server.get('/v1/jobs', () => calls.jobs());
};

const addChanges: AddRoutes = (server, calls) => {
  server.post('/v1/blocks', ({ body }) => calls.addBlock(read(addBlockBody, body)));
  server.delete('/v1/blocks', ({ query }) => calls.removeBlock(read(targetQuery, query).target));
  server.post('/v1/blocks/many', ({ body }) => {
    const { blocks, origin } = read(addBlocksBody, body);
    return calls.addBlocks(blocks, origin);
  });
  server.post('/v1/blocks/clear', ({ body }) => calls.clearBlocks(read(clearBody, body)));
  server.post('/v1/protect', ({ body }) => calls.protectPeer(read(peerBody, body)));
  server.delete('/v1/protect', ({ query }) => calls.unprotectPeer(read(nameQuery, query).name));
  server.post('/v1/confirm', () => calls.confirm());
  server.post('/v1/jobs/:name/run', ({ params }) => calls.runJob(read(jobParams, params).name));
};

function read<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problem = z.prettifyError(parsed.error).replace(/\s*\n\s*/g, '; ');
  throw new AgentError('USAGE', `request: ${problem}`, 'see docs/CLI_JSON.md for the shapes');
}

function toAgentError(error: unknown): AgentError {
  if (error instanceof AgentError) return error;
  const message = messageOf(error);
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
