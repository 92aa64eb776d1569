import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { endianness } from 'node:os';
import { codeOf } from './bind-error.js';
import type { Listening } from './options.js';

const TABLES = { 4: '/proc/net/udp', 6: '/proc/net/udp6' } as const;

/**
 * Datagrams that the kernel dropped on these sockets since they were opened, because their buffer
 * was full or a checksum was wrong; null when the kernel's tables cannot be read.
 */
export function readKernelDrops(sockets: readonly Listening[]): number | null {
  let drops = 0;
  for (const family of [4, 6] as const) {
    const names = new Set(
      sockets
        .filter((socket) => socket.transport === 'udp' && isIP(socket.address) === family)
        .map((socket) => kernelName(socket.address, socket.port)),
    );
    if (names.size === 0) continue;
    const table = readTable(TABLES[family]);
    if (table === null) return null;
    drops += sumDrops(table, names);
  }
  return drops;
}

/** The sum of the last column, `drops`, over the lines whose `local_address` is one of `names`. */
export function sumDrops(table: string, names: ReadonlySet<string>): number {
  let drops = 0;
  for (const line of table.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    if (names.has(fields[1] ?? '')) drops += Number(fields.at(-1));
  }
  return drops;
}

/** An address and port as /proc/net/udp writes them: words of 32 bits in the host's order. */
export function kernelName(address: string, port: number): string {
  const bytes = Buffer.from(ipaddr.parse(address).toByteArray());
  if (endianness() === 'LE') bytes.swap32();
  const portHex = port.toString(16).padStart(4, '0');
  return `${bytes.toString('hex')}:${portHex}`.toUpperCase();
}

function readTable(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (codeOf(error) === null) throw error;
    // Without /proc the count is unknown, and that is what null says.
    return null;
  }
}
