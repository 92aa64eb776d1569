import { CAPTURE_LIMITS } from './capture-limits.js';
import { PBX_LOG_LIMITS } from './pbx-log-limits.js';

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
  /** Targets whose earlier proven blocks are remembered for longer blocks on return. */
  returnsMax: 200_000,
  /** Header lines of one SIP message that are read; the bytes are kept all the same. */
  sipHeaderLinesMax: 1_000,
  /** Connections to each control socket at once, and milliseconds until a request is whole. */
  controlConnectionsMax: 64,
  controlRequestMsMax: 10_000,
  /** Tokens of the HTTP API. */
  apiTokensMax: 100,
  /** Seconds that a token, or a block that is asked for, holds at most where it has an end. */
  apiTokenSMax: 315_360_000,
  /** Its connections at once, streams of events among them, and bytes of the headers of a request. */
  apiConnectionsMax: 1_200,
  apiStreamsMax: 1_000,
  apiHeaderBytesMax: 16_384,
  /** Questions to the database that wait, and milliseconds that one may take. */
  apiQuestionsWaitingMax: 64,
  apiQuestionMsMax: 5_000,
  /** Answers that are shared by all who ask the same, and texts of block lists among them. */
  apiSharedAnswersMax: 128,
  /** Rows that are read and written at once of a list, and lists whose last change is known. */
  apiListPageRows: 1_000,
  apiListsKnownMax: 512,
  /** Bouncers whose place is known, and changes of blocks that are kept for them. */
  apiBouncersMax: 256,
  blockJournalMax: 100_000,
  /** CrowdSec's local API: targets that wait for it, those of one request, and how long one may take. */
  crowdsecWaitingMax: 50_000,
  crowdsecPerRequestMax: 100,
  crowdsecMsMax: 10_000,
  crowdsecAnswerBytesMax: 67_108_864,
  crowdsecRestMsMax: 60_000,
  /** Requests that one source may have refused in a minute before it is not looked at any more. */
  apiRefusedPerMinuteMax: 30,
  /** Sources whose requests are counted. */
  apiSourcesMax: 10_000,
  /** Streams: milliseconds between two looks, bytes that may wait for one client, its retry. */
  apiStreamLookMs: 250,
  apiStreamWaitingBytesMax: 1_048_576,
  apiStreamRetryMs: 3_000,
  /** Events that one look sends in all, to one client at most and at least. */
  apiStreamRowsMax: 10_000,
  apiStreamPageRowsMax: 500,
  apiStreamPageRowsMin: 10,
  /** Clients at different places that one look serves, and events behind after which some are left out. */
  apiStreamPlacesMax: 16,
  apiStreamBehindMax: 5_000,
  /** Bytes of one request on the control socket. */
  controlBodyBytesMax: 1_048_576,
  /** Milliseconds that a command waits for the agent's answer: a vacuum may take long. */
  controlAnswerMsMax: 600_000,
  /** Bytes of a configuration file; a larger one is refused. */
  configFileBytesMax: 1_048_576,
  /** IPv6 sources that are looked at to tell the networks that most messages come from. */
  networkSourcesReadMax: 5_000,
  /** Characters of one line of a configuration file. */
  configLineCharsMax: 65_536,
  /** Characters of a path in the configuration. */
  configPathCharsMax: 1_024,
  /** Entries of one list in the configuration. */
  configListItemsMax: 4_096,
  /** Milliseconds until a failed job is tried again, five times longer each time, and how often. */
  jobRetryMs: 60_000,
  jobRetriesMax: 3,
  /** Seconds an element of a block lasts; the agent renews it at half. nft takes 8 digits of a unit. */
  firewallElementSMax: 30 * 86_400,
  /** Milliseconds one small call of the firewall program may take. */
  firewallCommandMsMax: 10_000,
  /** Milliseconds a call with many elements, or a listing of all of them, may take. */
  firewallBulkMsMax: 60_000,
  /** Changes up to which a transaction counts as small. */
  firewallSmallChangesMax: 1_000,
  /** Bytes of the firewall program's output that are taken (a million elements are about 120 MB). */
  firewallOutputBytesMax: 268_435_456,
  /** Characters that the long-lived nft gets as a line, which it reads letter by letter; else a file. */
  firewallChildLineCharsMax: 512,
  /** The newest blocks, back first after a flush: nft writes 10,000 in 60 ms (measured). */
  firewallRestoreBlocksMax: 10_000,
  /** Those of them that go in with the rules, before the others. */
  firewallRestoreFirstBlocks: 2_000,
  /** Milliseconds until its answer; then the same goes to an nft of its own. */
  firewallChildMsMax: 2_000,
  /** Lines after which it is replaced: it keeps every line in its history. */
  firewallChildLinesMax: 20_000,
  /** Bytes of its error output that one answer may have. */
  firewallChildAnswerBytesMax: 1_048_576,
  /** Characters of one line of `nft monitor`; what is longer is not about us. */
  firewallWatchLineCharsMax: 4_096,
  /** Milliseconds until a child that ended is started anew. */
  firewallChildRestMs: 10_000,
  /** Failed changes that are remembered to be tried again, and the longest wait until then. */
  firewallFailedChangesMax: 100_000,
  firewallRetryMsMax: 60_000,
  /** Milliseconds an operator's firewall program may take for one call. */
  hookMsMax: 10_000,
  /** Peers that commands protect, and addresses that one host name gives. */
  protectedPeersMax: 10_000,
  protectedAddressesPerNameMax: 64,
  /** Milliseconds for resolving one host name. */
  resolveMsMax: 5_000,
  /** Blocks that one request on the control socket makes. */
  blocksPerRequestMax: 5_000,
  /** Packets of blocked sources: microseconds after a block from which on they are remarkable. */
  stillTalkingGraceUs: 2_000_000,
  /** Sources blocked once they go on: how many, for how long, answers in a storm, its networks. */
  suspects: { max: 20_000, keptS: 600, stormAnsweredMin: 20, stormNetworksMax: 10_000 },
  /** IPv6 sites that attack: how many, for how long; answers that block one, and of each source. */
  sites: { max: 2_000, keptS: 600, answeredMin: 20, answeredOfSourceMax: 2 },
  /** Prefixes whose proven offenders are remembered, and offenders of each. */
  prefixesWatchedMax: 50_000,
  prefixOffendersMax: 64,
  /** Sets whose elements are read one by one, to see what others put into them. */
  firewallSetsLookedAtMax: 16,
  /** Changes in one transaction. */
  firewallBatchChangesMax: 10_000,
  /** So many changes that wait are a crowd's: they go in beside what is under way, unless more wait. */
  firewallCrowdChanges: 256,
  firewallCrowdChangesMax: 1_000,
  /** Transactions under way at once. */
  firewallBatchesMax: 16,
  /** Changes that wait while a transaction is under way. */
  firewallQueueChangesMax: 100_000,
  /** Calls of the firewall program that one refused batch may cost while it is halved. */
  firewallSplitCallsMax: 256,
  /** Events that wait for the database; more are dropped and counted. */
  storeQueuedEventsMax: 50_000,
  /** Bytes of messages that wait for the database. */
  storeQueuedBytesMax: 67_108_864,
  /** Sightings, blocks, ends and job runs that wait for the database: with so many no batch is taken. */
  storeQueuedDecisionsMax: 200_000,
  /** Sources whose messages beyond the queue's room are counted one by one, and how long, in ms. */
  thinnedSourcesMax: 5_000,
  thinnedGatherMs: 10_000,
  /** Events of one transaction, of one look whether SQLite waits, and ms that a batch gathers. */
  storeBatchEventsMax: 2_000,
  preparedEventsMax: 100,
  storeGatherMsMax: 100,
  /** MiB of short-lived and of other objects of the database's thread, which takes more by itself. */
  workerHeapMibMax: { young: 12, old: 1_024 },
  /** Bytes that go into a log of events with one write. */
  logWriteBytesMax: 1_048_576,
  /** Milliseconds between two attempts while the database takes nothing. */
  storeRetryMs: 1_000,
  /** Rows of one multi-row INSERT: 1,000 of up to 11 values stay under SQLite's 32,766. */
  insertRowsMax: 1_000,
  /** Characters of one text column that packet text fills; the bytes are kept beside it. */
  columnTextCharsMax: 512,
  /** Milliseconds that a connection waits for another process's lock. */
  databaseBusyMsMax: 2_000,
  /** Milliseconds between two looks whether the database is still the file of its name. */
  databaseLookMs: 1_000,
  /** Pages in the WAL before it is moved into the database, and bytes kept of its file. */
  walPagesMax: 16_000,
  walKeptBytesMax: 67_108_864,
  databaseCacheKibMax: 4_096,
  /** Rows that one step of pruning deletes, pages that one step of vacuuming frees. */
  pruneRowsMax: 5_000,
  /** Events that lose their bytes in one step. */
  stripRowsMax: 1_000,
  vacuumStepPagesMax: 500,
  /** Rows that one listing returns, and blocks or sightings that are read back at the start. */
  listedRowsMax: 10_000,
  restoredRowsMax: 1_000_000,
  /** Blocks that one page of those restored at a start holds. */
  restoredPageRows: 5_000,
  /** Last events of a source that its summary reads, and entries of each of its lists. */
  sourceEventsReadMax: 10_000,
  sourceListedMax: 50,
  /** Last events of a source by which is told how near each rule is, and rules that are told of. */
  nearEventsMax: 64,
  nearRulesMax: 20,
  /** Rules in force at once, and bytes of one rule file. */
  rulesMax: 500,
  ruleFileBytesMax: 1_048_576,
  /** Characters, syntax nodes and nesting of one condition. */
  conditionCharsMax: 4_000,
  conditionNodesMax: 500,
  conditionDepthMax: 32,
  /** Compiled patterns of conditions that are kept. */
  conditionPatternsMax: 1_000,
  /** Characters of conditions that are made one function: V8 leaves large ones slow. */
  matcherCharsMax: 16_000,
  /** Answers that one pattern of a condition remembers for texts that come again. */
  conditionAnswersMax: 512,
  conditionAnswerCharsMax: 64,
  /** Bytes of the body, and of any other text, that a condition reads. */
  conditionTextBytesMax: 8_192,
  /** Characters that hex_text() decodes. */
  hexTextCharsMax: 512,
  /** The highest `over` of a rule, and seconds of its longest window or mute. */
  ruleCountMax: 1_000,
  ruleWindowSMax: 604_800,
  /** Points that one firing gives at most. */
  rulePointsMax: 1_000,
  /** Values of one tally beyond `over` that are kept until they settle (`settle` of a rule). */
  ruleUnsettledMax: 64,
  /** Of all rules: groups and networks of 40 bytes, records of 32; with scores 100 MiB. */
  detectGroupsMax: 580_000,
  detectRecordsMax: 1_800_000,
  detectNetworksMax: 250_000,
  /** Seconds for which a fault of the same rule is not reported again; it is still counted. */
  ruleFaultQuietS: 60,
  /** Sources whose score is kept; the least recently scored go first. */
  scoredSourcesMax: 250_000,
  /** Samples of one rule, and events of one sample with all repetitions. */
  ruleSamplesMax: 50,
  ruleSampleEventsMax: 5_000,
  /** Requests to a PBX that wait for its final response, and seconds until none is expected. */
  mirroredWaitingMax: 20_000,
  mirroredAnswerS: 10,
  /** Characters of one part of a transaction's name that are compared. */
  mirroredKeyCharsMax: 256,
  /** Streams of HEP at once, and milliseconds until a packet that has begun is whole. */
  hepConnectionsMax: 64,
  /**
   * Messages to a HEP server that wait, and that are told in a second; milliseconds until a name is
   * looked up again, and for which a trouble counts.
   */
  hepOutWaitingMax: 1_000,
  hepOutPerSecondMax: 5_000,
  hepOutRetryMs: 30_000,
  hepOutTroubleMs: 60_000,
  hepPacketMsMax: 10_000,
  /** Nonces that a PBX gave whom, seconds for which they are known, challenges read of a response. */
  mirroredNoncesMax: 50_000,
  mirroredNonceS: 3_600,
  mirroredChallengesMax: 8,
  /** Sources from which somebody logged in, and seconds for which that counts. */
  vouchedSourcesMax: 100_000,
  vouchedS: 3_600,
  /** Characters of a user or number, and of the line itself, that a report keeps. */
  reportTextCharsMax: 256,
  reportLineCharsMax: 8_192,
  /** Messages of one generation that are remembered to tell retransmissions; two are kept. */
  retransmissionsMax: 50_000,
  /** Sources, and networks, whose answers are counted in one window; when full it begins anew. */
  answerAllowancesMax: 100_000,
  /** Sources whose nonce of these hours is remembered, to save its hash. */
  noncesRememberedMax: 10_000,
  /** Calls that the trap holds at once. */
  callsMax: 10_000,
  /** Passwords that let an attacker in: each costs two hashes a request with credentials. */
  lurePasswordsMax: 32,
  /** Bytes of one list of passwords, and words of all lists together. */
  passwordFileBytesMax: 1_048_576,
  passwordWordsMax: 2_000,
  /** Hashes in a second of events that are spent on naming guessed passwords: some 70 ms. */
  guessHashesPerSecondMax: 100_000,
  /** The same in detection, on the receiving thread: some 7 ms; guesses remembered, and their size. */
  likelyHashesPerSecondMax: 10_000,
  likelyGuessesRememberedMax: 5_000,
  likelyKeyCharsMax: 600,
  /** Digest responses whose password, or its absence from the list, is remembered. */
  guessesRememberedMax: 20_000,
  /** Values of one header line, and of all lines of a message, that are looked at for anomalies. */
  sipListItemsMax: 100,
  sipMessageValuesMax: 200,
  /** Bytes that the kernel may hold of what came on one UDP socket before it drops. */
  udpReceiveBufferBytes: 4_194_304,
  /** Bytes of answers that wait in one UDP socket; more are dropped and counted. */
  udpSendQueueBytesMax: 1_048_576,
  /** Milliseconds that closing goes on reading while datagrams keep coming. */
  trapDrainMsMax: 250,
  /** TCP connections at once: in all, of a /24 or IPv6 /48, and of one source (model/identity.ts). */
  tcpConnectionsMax: 10_000,
  tcpConnectionsPerNetworkMax: 1_000,
  tcpConnectionsPerSourceMax: 100,
  /** Milliseconds until the first message, and between two: keep-alives alone hold no place. */
  tcpFirstMessageMsMax: 30_000,
  tcpSilentMsMax: 900_000,
  /** Keep-alives of a stream that are one event; such events, and silent ends, of a source in a second. */
  keepAlivesPerEvent: 100,
  quietEventsPerSourceMax: 20,
  /** Sources that have such events in a second. */
  quietSourcesMax: 10_000,
  /** Bytes of one stream that are looked at in a row, and of all in a turn of the loop. */
  streamPieceBytesMax: 4_096,
  streamTurnBytesMax: 16_384,
  /** Milliseconds from the first byte of a message, or from connecting, to its end. */
  tcpMessageMsMax: 10_000,
  /** TLS connections at once, for each costs some 50 KiB outside of the heap. */
  tlsConnectionsMax: 2_000,
  /** Milliseconds from connecting to the end of a TLS or WebSocket handshake. */
  handshakeMsMax: 10_000,
  /** Characters of the server name that a TLS client asks for. */
  tlsSniCharsMax: 255,
  /** Days before its end at which a certificate of our own making is renewed, and its whole life. */
  tlsRenewDays: 30,
  tlsCertificateDays: 365,
  /** Bytes of a certificate or key file; a larger one is refused. */
  tlsFileBytesMax: 262_144,
  /** Descriptors that connections leave to everything else (database, logs, commands, nft). */
  descriptorsReservedMax: 256,
  /** UDP sockets that one wildcard address is served by: one for each address of this host. */
  udpLocalSocketsMax: 256,
  /** Milliseconds between two looks at the addresses of this host. */
  localAddressesCheckMs: 5_000,
  /** Milliseconds without a byte after the first message. */
  tcpIdleMsMax: 120_000,
  /** Bytes of headers, and of a whole message, on a stream. */
  streamHeadBytesMax: 32_768,
  streamMessageBytesMax: 65_535,
  /** Bytes of unfinished messages that all connections together may hold. */
  streamPendingBytesMax: 67_108_864,
  /** Bytes of answers that a peer may leave unread before its connection is closed. */
  streamSendQueueBytesMax: 262_144,
  ...CAPTURE_LIMITS,
  ...PBX_LOG_LIMITS,
  /** Files of one replay, and bytes of one line of a JSON log. */
  replayFilesMax: 256,
  replayLineBytesMax: 1_048_576,
  /** Sources that a replay tells apart, and blocks and spared peers that it lists. */
  replaySourcesMax: 200_000,
  replayBlocksMax: 10_000,
  replaySparedMax: 1_000,
  /** Events that one page of a database slice reads. */
  replayPageRowsMax: 2_000,
  /** Packets of one simulated campaign. */
  simulatedPacketsMax: 100_000,
  /** Milliseconds that the look-up of a reverse name may take, and bytes of an address database. */
  reverseNameMsMax: 2_000,
  geoFileBytesMax: 268_435_456,
  /** Bytes that wait for a slow reader of stdout; above it `run` leaves lines out. */
  printedBytesWaitingMax: 4_194_304,
  /** Lines of the agent's own words that wait for a slow disk; what is over it is counted. */
  ownLogLinesWaitingMax: 10_000,
  /** Lines, and their bytes, that wait for a syslog server or the journal; what is over is counted. */
  remoteQueuedLinesMax: 20_000,
  remoteQueuedBytesMax: 16_777_216,
  /** Bytes of one such line, which is what rsyslog takes, and bytes that are sent at a time. */
  remoteLineBytesMax: 8_000,
  remoteSendBytesMax: 65_536,
  /** Milliseconds for a connection, after which a new one counts as good, for one send. */
  remoteConnectMsMax: 10_000,
  remoteProbationMs: 200,
  remoteSendMsMax: 30_000,
  /** Milliseconds between two attempts, and for what is left at a stop. */
  remoteRetryMs: 1_000,
  remoteRetryMsMax: 60_000,
  remoteCloseMsMax: 2_000,
  /** Milliseconds that the other side has to take the last bytes of a connection. */
  remoteEndMsMax: 500,
  /** Milliseconds between two reports of how a connection fares. */
  remoteReportMs: 200,
  /** Milliseconds that a stop waits for jobs under way. */
  jobStopMsMax: 2_000,
  /** Characters of a user name from which passwords are guessed. */
  guessedUserCharsMax: 64,
  /** Characters of a dialled number; E.164 has 15 digits, dial prefixes come on top. */
  numberCharsMax: 40,
  /** Numbers that are looked up in the numbering plans in a second of events, and remembered. */
  numbersReadPerSecondMax: 200,
  numbersRememberedMax: 20_000,
  /** Written forms of one number that are kept. */
  numberFormsMax: 200,
  /** Milliseconds for which statistics gather before they are written, and rows at which they are. */
  talliesGatherMs: 1_000,
  talliedRowsMax: 10_000,
  /** Values of one kind (sources, user agents …) that get a counter of their own in one hour. */
  countedValuesPerHourMax: 5_000,
  /** Counters of one kind that a day keeps once it is over, and after 31 days; the rest are summed up. */
  countedValuesPerDayMax: 500,
  countedValuesPerOldDayMax: 50,
  /** Characters of a counted value; addresses whose country is remembered. */
  countedTextCharsMax: 128,
  countriesRememberedMax: 20_000,
  /** Numbers that one query takes. */
  queriedNumbersMax: 10_000,
  /** Lines of one notice, and characters of a line. */
  noticeLinesMax: 20,
  noticeLineCharsMax: 400,
  /** Notices that wait for their targets, seconds for which they are tried, and ended ones that are kept. */
  outboxWaitingMax: 2_000,
  outboxAgeS: 259_200,
  outboxEndedMax: 500,
  /** Milliseconds that a target may take for one notice. */
  outboxSendMsMax: 10_000,
} as const;
