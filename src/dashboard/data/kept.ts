/** What a browser keeps for this page. A browser may forbid it: then it is kept as long as the page is open. */
export interface Kept {
  readonly read: () => string | null;
  readonly write: (value: string | null) => void;
}

export function keep(storage: () => Storage, name: string): Kept {
  let memory: string | null = null;
  return {
    read: () => {
      try {
        return storage().getItem(name) ?? memory;
      } catch {
        return memory;
      }
    },
    write: (value) => {
      memory = value;
      try {
        if (value === null) storage().removeItem(name);
        else storage().setItem(name, value);
      } catch {
        // As said above: `memory` has it.
      }
    },
  };
}
