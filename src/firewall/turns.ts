/** Runs jobs strictly one after another, whether those before succeed or fail. */
export function createTurns(): <T>(job: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (job) => {
    const turn = last.then(job);
    // The caller has the outcome; the next turn only waits for the end.
    last = turn.then(
      () => null,
      () => null,
    );
    return turn;
  };
}
