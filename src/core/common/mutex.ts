/** Lets one piece of work after another use what cannot be shared, in the order of asking. */
export interface Mutex {
  run<T>(work: () => Promise<T>): Promise<T>;
}

export function createMutex(): Mutex {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run: (work) => {
      const mine = last.then(work);
      // The next in line starts after this one however it ends; its caller gets the error.
      last = mine.then(
        () => undefined,
        () => undefined,
      );
      return mine;
    },
  };
}
