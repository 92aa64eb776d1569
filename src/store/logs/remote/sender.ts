import { LIMITS } from '../../../core/common/limits.js';
import type { OpenCarrier } from './carrier.js';
import { createLineQueue } from './line-queue.js';
import { createLink } from './link.js';

/** Counts of lines since the start. */
export interface RemoteStats {
  readonly sent: number;
  readonly waiting: number;
  readonly lost: number;
  /** Why nothing goes there right now; null while it does. */
  readonly lastError: string | null;
}

/** Sends lines in their order, over a connection that may come and go. */
export interface LineSender {
  /** Takes a line, framed already; never throws and never waits. What is over the bound is counted. */
  push(line: Buffer): void;
  stats(): RemoteStats;
  /** Sends what waits, for `remoteCloseMsMax` at most, and counts what is left as lost. */
  close(): Promise<void>;
}

interface SenderOptions {
  /** What a person calls it, such as `syslog tls://log.example.org:6514`. */
  readonly name: string;
  readonly open: OpenCarrier;
  /** Told once when it fails and once when it works again, in a sentence. */
  readonly onNotice: (text: string) => void;
  /** Told when the counts have changed. */
  readonly onChange: () => void;
}

/**
 * A line is given up only when the queue is full or at the end. When a connection breaks, the lines
 * last handed over are sent again on the next one: twice is better than never, and each event
 * has its UUID. What the other side's system took and its program never read is lost unseen,
 * as RFC 6587 (section 3) says of TCP.
 */
export function createSender({ name, open, onNotice, onChange }: SenderOptions): LineSender {
  const queue = createLineQueue();
  const pause = createPause();
  const link = createLink(open, pause.wait, {
    onFailing: (why) => {
      // At the end what is left was counted and told.
      if (over) return;
      onNotice(`${name}: ${why}; its lines wait in memory, and are lost when that is full`);
    },
    onWorking: () => {
      onNotice(`${name} takes lines again; lost since the start: ${queue.lost()}`);
    },
  });
  let pumping: Promise<void> | null = null;
  let closing = false;
  let over = false;

  const pump = async (): Promise<void> => {
    while (queue.length() > 0 && !pause.ended()) {
      const lines = queue.peek(LIMITS.remoteSendBytesMax);
      const failure = await link.send(lines);
      if (failure === null) queue.shift(lines.length);
      onChange();
      if (failure === null) continue;
      // At the end there is one attempt, and no more.
      if (closing) break;
      await pause.wait(link.restMs());
    }
    pumping = null;
  };

  return {
    push: (line) => {
      if (!queue.push(line)) onChange();
      // After the present events, so that what comes with them goes together.
      else pumping ??= new Promise((resolve) => setImmediate(resolve)).then(pump);
    },
    stats: () => ({
      sent: queue.sent(),
      waiting: queue.length(),
      lost: queue.lost(),
      lastError: link.lastError(),
    }),
    close: async () => {
      closing = true;
      pause.wake();
      const timer = setTimeout(pause.end, LIMITS.remoteCloseMsMax);
      await Promise.race([pumping, pause.whenEnded]);
      clearTimeout(timer);
      over = true;
      const left = queue.length();
      queue.lose(left);
      if (left > 0) onNotice(`${name}: ${left} lines were not sent before the end`);
      await link.close();
      onChange();
    },
  };
}

/** Waiting that can be cut short, and ended for good. */
function createPause() {
  let woken = false;
  let wakeWaiting: () => void = () => undefined;
  let ended = false;
  let tellEnded: () => void = () => undefined;
  const whenEnded = new Promise<void>((resolve) => {
    tellEnded = resolve;
  });
  const wake = (): void => {
    woken = true;
    wakeWaiting();
  };
  return {
    /** After `wake` no wait is longer than an instant. */
    wait: (ms: number): Promise<void> => {
      if (woken || ms <= 0) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        wakeWaiting = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    },
    wake,
    end: (): void => {
      ended = true;
      wake();
      tellEnded();
    },
    ended: () => ended,
    whenEnded,
  };
}
