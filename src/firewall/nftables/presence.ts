import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import type { FirewallOwner } from '../port.js';

/**
 * Tells others in this network that an agent keeps the table: an abstract Unix socket, whose names
 * belong to a network namespace as tables do, and which is gone when its process is, however that
 * ends. Nothing is said over it. Where it cannot be made, a second agent only does not hear of this.
 */
export function announce({ id }: FirewallOwner): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once('error', () => {
      resolve(null);
    });
    server.listen(`\0sentrypeer-firewall/${id}/${process.pid}`, () => {
      resolve(server);
    });
  });
}

/** The process that keeps the table of this owner, as it numbers itself; null: none does. */
export function findKeeper({ id }: FirewallOwner): number | null {
  const names = readFileSync('/proc/self/net/unix', 'latin1');
  const match = new RegExp(`@sentrypeer-firewall/${id}/(\\d{1,10})`).exec(names);
  return match === null ? null : Number(match[1]);
}
