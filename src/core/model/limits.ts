/**
 * Every bound of the program, in one place, each with its unit in its name. A bound that is hit is
 * counted and shown in `status`; nothing is dropped in silence.
 */
export const LIMITS = {
  /** Bytes of one message that are kept; the length beyond it is still recorded. */
  rawBytesMax: 65_535,
  /** Event ids that one sighting names. */
  sightingEventIdsMax: 20,
  /** Characters of packet text that one reason or log line repeats. */
  quotedTextCharsMax: 120,
} as const;
