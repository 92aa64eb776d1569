import { messageOf } from '../core/common/errors.js';
/** What was opened, so that it is closed in reverse order, also when a later opening failed. */
export interface Closers {
  add(name: string, close: () => void | Promise<void>): void;
  /** Closes everything; what fails is said and does not keep the others open. */
  closeAll(): Promise<void>;
}

export function createClosers(say: (text: string) => void): Closers {
  const open: { name: string; close: () => void | Promise<void> }[] = [];
  return {
    add: (name, close) => {
      open.push({ name, close });
    },
    closeAll: async () => {
      for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
        try {
          await entry.close();
        } catch (error) {
          say(`closing the ${entry.name}: ${messageOf(error)}`);
        }
      }
    },
  };
}
