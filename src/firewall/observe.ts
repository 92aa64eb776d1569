import type { Firewall } from './port.js';

/**
 * The backend that writes nothing: every call succeeds and no packet is dropped. It remembers
 * nothing either, so what it reads is what is in force: no table of ours.
 */
export function createObserve(): Firewall {
  const done = (): Promise<void> => Promise.resolve();
  return {
    name: 'observe',
    readable: false,
    expiresItself: true,
    addsSideBySide: false,
    watched: () => false,
    probe: () => Promise.resolve('observing: no firewall rule is written'),
    sync: done,
    restore: () => Promise.resolve(false),
    apply: done,
    look: () => Promise.resolve({ present: false, foreign: [], owner: null, keeperPid: null }),
    visit: () => Promise.resolve(false),
    protect: done,
    limit: done,
    watch: () => undefined,
    read: () => Promise.resolve({ present: false, protect: [], blocks: [] }),
    print: () => Promise.resolve(''),
    remove: done,
    close: done,
  };
}
