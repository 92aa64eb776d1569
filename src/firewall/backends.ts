import { createHook, type HookOptions } from './hook.js';
import { createNftables, type NftablesOptions } from './nftables/nftables.js';
import { createObserve } from './observe.js';
import type { Firewall } from './port.js';
import { createUfw, type UfwOptions } from './ufw/ufw.js';

/** What the makers of backends are given; each takes what concerns it. */
export type BackendOptions = NftablesOptions & HookOptions & UfwOptions;

/** Every backend by the name that the configuration uses. A new one is a file and a line here. */
export const BACKENDS = {
  nftables: createNftables,
  ufw: createUfw,
  hook: createHook,
  observe: createObserve,
} as const satisfies Record<string, (options: BackendOptions) => Firewall>;

export type BackendName = keyof typeof BACKENDS;

/** The names, in the order of the registry. */
export const BACKEND_NAMES = Object.keys(BACKENDS) as readonly BackendName[];
