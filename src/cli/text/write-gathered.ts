import type { Writable } from 'node:stream';

const corked = new WeakSet<Writable>();

/**
 * Writes to a stream; what is written to it until the present events are dealt with goes out with one
 * system call. A thousand blocks at once are a thousand lines, which one by one cost 0.1 ms each.
 */
export function writeGathered(stream: Writable, text: string): void {
  if (!corked.has(stream)) {
    corked.add(stream);
    stream.cork();
    setImmediate(() => {
      corked.delete(stream);
      stream.uncork();
    });
  }
  stream.write(text);
}
