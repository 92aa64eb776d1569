/**
 * Places in the records of a group. Every record in a group's list holds a word that says whose it
 * is (0) and the next record (1). A value's record holds besides: the value's hash (2, 3), when it
 * was seen last (4, ticks), on which event (5), a bit for each rule that counted it (6), and for each
 * rule for which it came again (7). In a long ledger, 1 is the next newer value.
 */
export const WORD = 0;
export const NEXT = 1;
export const LO = 2;
export const HI = 3;
export const AT = 4;
export const EVENT = 5;
export const MASK = 6;
export const AGAIN = 7;

/**
 * The head of a long ledger: word with LONG_FLAG (0), next of the group (1), the newest value (2),
 * the oldest (3), how many (4), two records (5, 6) whose 512 bits tell of most values at once that
 * they are not there, and until when the ledger rests (7, ticks; 0: it does not).
 */
export const NEWEST = 2;
export const OLDEST = 3;
export const SIZE = 4;
export const SIEVE = 5;
export const RESTS = 7;
