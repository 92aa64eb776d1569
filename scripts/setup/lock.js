import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { say } from './run.js';

/** An owner that has not written its number by then was killed between two calls. */
const NAMELESS_MS_MAX = 10_000;
/** Nothing that is done under the lock takes this long: the number has gone to another process. */
const HELD_MS_MAX = 3_600_000;
const POLL_MS = 200;

/** Runs `work` while no other process does so in the same folder; a dead one's lock is taken over. */
export async function withLock(folder, work) {
  const lock = join(folder, 'lock');
  mkdirSync(folder, { recursive: true });
  for (let waits = 0; !tryLock(lock); waits += 1) {
    if (breakStale(lock)) continue;
    if (waits === 0) say(`waiting for another set-up (process ${ownerOf(lock) ?? 'unknown'}) …`);
    await wait(POLL_MS);
  }
  const release = () => rmSync(lock, { recursive: true, force: true });
  // Set-up ends by process.exit when something fails.
  process.once('exit', release);
  await work();
  release();
  process.off('exit', release);
}

function tryLock(lock) {
  try {
    mkdirSync(lock);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(join(lock, 'pid'), String(process.pid));
  return true;
}

/** Removes a lock whose owner is gone. True when it is worth trying again at once. */
function breakStale(lock) {
  const age = ageMs(lock);
  if (age === null) return true;
  const owner = ownerOf(lock);
  const stale = owner === null ? age > NAMELESS_MS_MAX : age > HELD_MS_MAX || !isAlive(owner);
  if (!stale) return false;
  // By renaming, of which only one of two breakers succeeds.
  const broken = `${lock}.${process.pid}`;
  try {
    renameSync(lock, broken);
  } catch (error) {
    if (error.code === 'ENOENT') return true;
    throw error;
  }
  rmSync(broken, { recursive: true, force: true });
  return true;
}

function ageMs(lock) {
  const found = statSync(lock, { throwIfNoEntry: false });
  return found === undefined ? null : Date.now() - found.mtimeMs;
}

function ownerOf(lock) {
  try {
    const pid = Number(readFileSync(join(lock, 'pid'), 'utf8'));
    return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
