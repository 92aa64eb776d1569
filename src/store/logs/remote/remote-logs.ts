import { hostname } from 'node:os';
import type { EventRecord } from '../../../core/model/event.js';
import { LIMITS } from '../../../core/common/limits.js';
import {
  syslogServerText,
  type RemoteMessageName,
  type SyslogFacility,
  type SyslogServer,
} from '../../../core/model/remote-log.js';
import type { LogOrigin } from '../event-lines.js';
import type { EventFacts } from '../../event-facts.js';
import type { OpenCarrier } from './carrier.js';
import {
  agentEntry,
  eventEntry,
  wantsEvent,
  type RemoteEntry,
  type RemoteFormat,
} from './entry.js';
import { JOURNAL_SOCKET, journalGreeting, journalLine } from './journal-line.js';
import { createSender, type RemoteStats, type LineSender } from './sender.js';
import { tcpCarrier, tlsCarrier, unixCarrier, type TlsFiles } from './stream-carrier.js';
import { frame, syslogLine } from './syslog-line.js';
import { udpCarrier } from './udp-carrier.js';

/** Where log messages go beside the files, as data that can be handed to another thread. */
export interface RemoteOptions {
  readonly facility: SyslogFacility;
  readonly syslog:
    | ({
        readonly server: SyslogServer;
        readonly messages: readonly RemoteMessageName[];
        readonly format: RemoteFormat;
      } & TlsFiles)
    | null;
  readonly journal: {
    readonly messages: readonly RemoteMessageName[];
    /** Another socket than the journal's, for tests. */
    readonly socket?: string;
  } | null;
}

export type RemoteName = 'syslog' | 'journal';

/** Counts by where the lines go; absent where nothing goes. */
export type RemoteCounts = Readonly<Partial<Record<RemoteName, RemoteStats>>>;

/** The syslog server and the journal, as far as this thread's messages go there. */
export interface RemoteLogs {
  /** Takes an event where any of them wants it. */
  event(record: EventRecord, facts: EventFacts): void;
  /** Takes a sentence of the agent's own. */
  say(text: string, atUs: number): void;
  counts(): RemoteCounts;
  close(): Promise<void>;
}

interface Output {
  readonly name: RemoteName;
  readonly messages: readonly RemoteMessageName[];
  readonly format: RemoteFormat;
  readonly sender: LineSender;
  readonly line: (entry: RemoteEntry) => Buffer;
}

/** What one thread sends: the one that has the events, or the one that has the agent's own words. */
type Part = 'events' | 'agent';

interface Telling {
  readonly onNotice: (text: string) => void;
  /** Told, at most every `remoteReportMs`, when the counts have changed, and at the end. */
  readonly onCounts: (counts: RemoteCounts) => void;
}

/**
 * Opens nothing yet: the first message does. A failure loses no more than its lines, is told once,
 * and mends itself.
 */
export function createRemoteLogs(
  options: RemoteOptions,
  part: Part,
  origin: LogOrigin,
  { onNotice, onCounts }: Telling,
): RemoteLogs {
  const counts = (): RemoteCounts =>
    Object.fromEntries(outputs.map(({ name, sender }) => [name, sender.stats()]));
  const teller = createTeller(() => {
    onCounts(counts());
  });
  const makeSender = (name: string, open: OpenCarrier): LineSender =>
    createSender({ name, open, onNotice, onChange: teller.changed });
  const outputs = [syslogOutput(options, makeSender), journalOutput(options, makeSender)].filter(
    (output): output is Output => output !== null && wantsPart(output.messages, part),
  );
  return {
    event: (record, facts) => {
      for (const { messages, format, sender, line } of outputs) {
        if (wantsEvent(messages, record))
          sender.push(line(eventEntry(record, facts, format, origin)));
      }
    },
    say: (text, atUs) => {
      for (const { messages, sender, line } of outputs) {
        if (messages.includes('agent')) sender.push(line(agentEntry(text, atUs)));
      }
    },
    counts,
    close: async () => {
      await Promise.all(outputs.map(({ sender }) => sender.close()));
      teller.end();
    },
  };
}

const wantsPart = (messages: readonly RemoteMessageName[], part: Part): boolean =>
  messages.some((name) => (name === 'agent') === (part === 'agent'));

type MakeSender = (name: string, open: OpenCarrier) => LineSender;

function syslogOutput({ syslog, facility }: RemoteOptions, makeSender: MakeSender): Output | null {
  if (syslog === null) return null;
  const { server, messages, format } = syslog;
  const from = { facility, hostname: hostname(), pid: process.pid };
  const datagrams = server.transport === 'udp';
  return {
    name: 'syslog',
    messages,
    format,
    sender: makeSender(`syslog ${syslogServerText(server)}`, openSyslog(server, syslog)),
    line: (entry) => {
      const text = syslogLine(entry, from);
      return datagrams ? Buffer.from(text, 'latin1') : frame(text);
    },
  };
}

function openSyslog(server: SyslogServer, files: TlsFiles): OpenCarrier {
  switch (server.transport) {
    case 'udp':
      return udpCarrier(server);
    case 'tcp':
      return tcpCarrier(server);
    case 'tls':
      return tlsCarrier(server, files);
  }
}

function journalOutput(
  { journal, facility }: RemoteOptions,
  makeSender: MakeSender,
): Output | null {
  if (journal === null) return null;
  const socket = journal.socket ?? JOURNAL_SOCKET;
  return {
    name: 'journal',
    messages: journal.messages,
    format: 'text',
    sender: makeSender(`journal ${socket}`, unixCarrier(socket, journalGreeting(facility))),
    line: journalLine,
  };
}

/** Tells of changes now and then, and of the last one in any case. */
function createTeller(tell: () => void) {
  let timer: NodeJS.Timeout | null = null;
  const now = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    tell();
  };
  return {
    changed: (): void => {
      timer ??= setTimeout(now, LIMITS.remoteReportMs);
    },
    end: now,
  };
}
