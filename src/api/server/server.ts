import { chmod, lstat, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { AgentError, messageOf } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import type { Caller } from './caller.js';
import type { ApiServices } from '../facts.js';
import { buildServer } from './http.js';
import { ROUTES } from '../routes/all-routes.js';
import { readSocketOf } from './sockets.js';

export interface ControlServer {
  readonly close: () => Promise<void>;
}

/** Milliseconds between two looks whether the sockets are still where commands look for them. */
const LOOK_EVERY_MS = 2_000;

type Say = (text: string) => void;

/**
 * Serves the commands on two Unix sockets: one of mode 600, for who may open it may steer the agent,
 * and beside it one of mode 660 that answers questions alone, for members of the agent's group. A
 * socket file that nobody answers on is a dead agent's and is taken away, one that was removed is
 * made again; anything else at that path is left alone. Rejects with AGENT_RUNNING or
 * STATE_UNWRITABLE.
 */
export async function serveControl(
  socketFile: string,
  services: ApiServices,
  say: Say,
  lookEveryMs: number = LOOK_EVERY_MS,
): Promise<ControlServer> {
  const steering = createDoor(socketFile, 0o600, { kind: 'steering' }, services, say);
  const asking = createDoor(readSocketOf(socketFile), 0o660, { kind: 'asking' }, services, say);
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

/** One socket, and who comes through it. */
interface SocketDoor {
  readonly open: () => Promise<void>;
  /** Opens it anew when its file is gone. */
  readonly look: () => Promise<void>;
  readonly close: () => Promise<void>;
}

function createDoor(
  file: string,
  mode: number,
  caller: Caller,
  services: ApiServices,
  say: Say,
): SocketDoor {
  let server: FastifyInstance | null = null;
  let inode = 0;
  let looking: Promise<void> = Promise.resolve();
  let said = '';
  const open = async (): Promise<void> => {
    await clearSocket(file);
    server = await listen(file, caller, services, say);
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
        const why = messageOf(error);
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
  caller: Caller,
  services: ApiServices,
  say: Say,
): Promise<FastifyInstance> {
  const door = {
    identify: () => caller,
    localReads: () => false,
    open: false,
    refuse: () => Promise.resolve(mayAskAlone(file)),
  };
  const server = await buildServer({ services, routes: ROUTES, door, say });
  // Else whoever may ask could take every descriptor of the agent.
  server.server.maxConnections = LIMITS.controlConnectionsMax;
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

const mayAskAlone = (socketFile: string): AgentError =>
  new AgentError(
    'API_DENIED',
    `who comes through ${socketFile} may ask, and change nothing`,
    'type the same with sudo',
  );
