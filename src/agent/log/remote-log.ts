import { fstatSync } from 'node:fs';
import type { Settings } from '../../config/schema.js';
import {
  createRemoteLogs,
  type RemoteCounts,
  type RemoteLogs,
  type RemoteOptions,
} from '../../store/logs/remote/remote-logs.js';
import type { RemoteStats } from '../../store/logs/remote/sender.js';
import { createOwnLog, type OwnLog } from './own-log.js';
import { VERSION } from '../package.js';

/** Where log messages go beside the files, as the settings say; null: nowhere. */
export function remoteOptions(settings: Settings): RemoteOptions | null {
  const { syslogServer: server, journalMessages } = settings;
  const syslog =
    server === null
      ? null
      : {
          server,
          messages: settings.syslogMessages,
          format: settings.syslogFormat,
          caFile: settings.syslogCaFile,
          certificateFile: settings.syslogCertificateFile,
          keyFile: settings.syslogKeyFile,
        };
  const journal = journalMessages.length === 0 ? null : { messages: journalMessages };
  if (syslog === null && journal === null) return null;
  return { facility: settings.syslogFacility, syslog, journal };
}

/**
 * The agent's own log, and where its words go beside it; null: nowhere. Without `forwards` they
 * stay here.
 */
export function openOwnLog(
  settings: Settings,
  given: {
    readonly nowUs: () => number;
    readonly print: (text: string) => void;
    readonly forwards: boolean;
  },
): { log: OwnLog; remoteLog: RemoteLogs | null } {
  const { nowUs, print, forwards } = given;
  const options = forwards ? remoteOptions(settings) : null;
  // Printed words that the journal gets on its own socket, too, would stand in it twice.
  const twice =
    options?.journal?.messages.includes('agent') === true &&
    printsToJournal(process.env['JOURNAL_STREAM']);
  const log = createOwnLog(
    settings.logFile,
    nowUs,
    twice ? () => undefined : print,
    (text, atUs) => {
      remoteLog?.say(text, atUs);
    },
  );
  const origin = { appVersion: VERSION, instanceId: '' };
  const told = { onNotice: log.say, onCounts: () => undefined };
  const remoteLog = options === null ? null : createRemoteLogs(options, 'agent', origin, told);
  return { log, remoteLog };
}

/**
 * Whether what is printed to stdout goes to the journal: systemd names the stream by device and inode
 * (`JOURNAL_STREAM`, systemd.exec(5)).
 */
function printsToJournal(journalStream: string | undefined): boolean {
  if (journalStream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(process.stdout.fd, { bigint: true });
    return journalStream === `${dev}:${ino}`;
  } catch {
    // A stdout that is closed is no journal.
    return false;
  }
}

/** The counts of both threads: one has the events, the other the agent's own words. */
export function sumCounts(one: RemoteCounts, other: RemoteCounts): RemoteCounts {
  const names = (['syslog', 'journal'] as const).filter((name) => one[name] ?? other[name]);
  return Object.fromEntries(names.map((name) => [name, sumStats(one[name], other[name])]));
}

function sumStats(one: RemoteStats | undefined, other: RemoteStats | undefined): RemoteStats {
  return {
    sent: (one?.sent ?? 0) + (other?.sent ?? 0),
    waiting: (one?.waiting ?? 0) + (other?.waiting ?? 0),
    lost: (one?.lost ?? 0) + (other?.lost ?? 0),
    lastError: one?.lastError ?? other?.lastError ?? null,
  };
}
