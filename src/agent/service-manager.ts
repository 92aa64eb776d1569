import { execa } from 'execa';
import { messageOf } from '../core/common/errors.js';
import { limitGroup } from '../firewall/child-group.js';

/** What the service manager that started this process is told: sd_notify(3). */
export interface ServiceManager {
  /** The agent listens: units that wait for it may start, and so does the watch over it. */
  ready(status: string): Promise<void>;
  stopping(): void;
}

/** Longer than systemd-notify waits for systemd's word that it was heard. */
const NOTIFY_MS_MAX = 10_000;
/** Twice in the time that systemd gives is its own advice; once more for one that is late. */
const SIGNS_PER_TIMEOUT = 3;

/**
 * Speaks to systemd where it asked for that (`NOTIFY_SOCKET`), and gives signs of life while it
 * wants them (`WATCHDOG_USEC`). By systemd-notify(1), for Node opens no datagram Unix socket. What
 * fails is said once: a service that is up is not ended for it.
 */
export function findServiceManager(
  env: Readonly<NodeJS.ProcessEnv>,
  say: (text: string) => void,
): ServiceManager {
  if ((env['NOTIFY_SOCKET'] ?? '') === '') {
    return { ready: () => Promise.resolve(), stopping: () => undefined };
  }
  let failed = false;
  const tell = async (...words: readonly string[]): Promise<void> => {
    try {
      const running = execa('systemd-notify', words, { stdin: 'ignore', detached: true });
      const limit = limitGroup(running, NOTIFY_MS_MAX);
      await running;
      if (limit.late) throw new Error(`no end within ${NOTIFY_MS_MAX} ms`);
      failed = false;
    } catch (error) {
      if (!failed) say(`systemd was not told "${words.join(' ')}": ${messageOf(error)}`);
      failed = true;
    }
  };
  let signs: NodeJS.Timeout | null = null;
  return {
    ready: async (status) => {
      await tell('--ready', `--status=${status}`);
      const timeoutMs = Number(env['WATCHDOG_USEC'] ?? 0) / 1_000;
      if (!(timeoutMs > 0)) return;
      signs = setInterval(() => void tell('WATCHDOG=1'), timeoutMs / SIGNS_PER_TIMEOUT);
      signs.unref();
    },
    stopping: () => {
      if (signs !== null) clearInterval(signs);
      void tell('STOPPING=1');
    },
  };
}
