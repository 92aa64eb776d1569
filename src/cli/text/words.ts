/** `1 source`, `2 sources`. */
export const count = (number: number, noun: string): string =>
  `${number} ${noun}${number === 1 ? '' : 's'}`;

/** Whether it blocks, and why: some reasons begin with the word themselves. */
export const describeMode = (word: string, why: string): string =>
  /^observing\b/.test(why) ? why : `${word}: ${why}`;
