import { closeSync, openSync, readFileSync } from 'node:fs';
import { LIMITS } from '../core/common/limits.js';
import { codeOf } from './bind-error.js';

/**
 * How many connections may be open at once, so that descriptors are left for everything else. When
 * none are left libuv closes new connections without telling us; below this limit we refuse them
 * ourselves, and count.
 */
export function connectionsFor(descriptorsMax: number | null): number {
  if (descriptorsMax === null) return LIMITS.tcpConnectionsMax;
  const reserved = Math.min(LIMITS.descriptorsReservedMax, Math.ceil(descriptorsMax / 2));
  return Math.min(LIMITS.tcpConnectionsMax, descriptorsMax - reserved);
}

/** This process's limit, which Node has raised as far as it may; null when it cannot be read. */
export function readDescriptorsMax(): number | null {
  try {
    const line = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'));
    return line === null ? null : Number(line[1]);
  } catch (error) {
    if (codeOf(error) === null) throw error;
    // Without /proc there is no telling, and that is what null says.
    return null;
  }
}

/** True when this process cannot open one file more. */
export function areDescriptorsGone(): boolean {
  try {
    closeSync(openSync('/dev/null', 'r'));
    return false;
  } catch (error) {
    const code = codeOf(error);
    return code === 'EMFILE' || code === 'ENFILE';
  }
}
