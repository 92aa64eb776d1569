import { setTimeout as delay } from 'node:timers/promises';

/** Asks again and again until it is so; rejects, naming what was awaited, after `msMax`. */
export async function waitUntil(
  what: string,
  isSo: () => Promise<boolean> | boolean,
  msMax = 10_000,
  everyMs = 25,
): Promise<void> {
  const endMs = performance.now() + msMax;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`waited ${msMax} ms in vain: ${what}`);
    await delay(everyMs);
  }
}
