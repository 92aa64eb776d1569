/** Bounds of reading logs of a PBX; part of LIMITS. */
export const PBX_LOG_LIMITS = {
  /** Bytes of one line; what is longer is counted and left out. */
  pbxLogLineBytesMax: 65_536,
  /** Bytes that are read in a row before others have their turn, and files beside a log that may be its old one. */
  pbxLogSliceBytes: 16_384,
  pbxLogFilesBesideMax: 64,
  /** Logs, and units of the journal, that are followed at once. */
  pbxLogsMax: 32,
  /** Requests of which it is known which lines told of them; two generations are kept. */
  pbxToldTwiceMax: 5_000,
  /** Milliseconds between two looks at a log that says nothing, and until a position is written. */
  pbxLogLookMs: 1_000,
  pbxPositionsMs: 1_000,
  /** Milliseconds until journalctl is started anew, longer each time. */
  pbxJournalRestMs: 1_000,
  pbxJournalRestMsMax: 60_000,
  /** Characters of a line that a report repeats, and of each of its texts. */
  pbxReportLineCharsMax: 2_048,
  pbxReportTextCharsMax: 256,
  /** Lines, and their characters, that one record has whose text holds line ends. */
  pbxLogJoinedLinesMax: 8,
  pbxLogJoinedCharsMax: 16_384,
  /** Characters of a pattern, and of what a typed field of it takes. */
  grammarPatternCharsMax: 1_000,
  grammarFieldCharsMax: 128,
  /** Free texts of one pattern, each of which is looked for once through the line. */
  grammarGapsMax: 12,
  /** Grammars at once; heads, kinds of lines and samples of one; patterns of one kind. */
  grammarsMax: 64,
  grammarHeadsMax: 8,
  grammarLinesMax: 64,
  grammarPatternsMax: 16,
  grammarSamplesMax: 200,
  grammarFileBytesMax: 1_048_576,
} as const;
