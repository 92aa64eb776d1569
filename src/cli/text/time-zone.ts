import { Flags } from '@oclif/core';
import { AgentError } from '../../core/common/errors.js';
import { isTimeZone } from '../../core/common/local-time.js';
import { quoteText } from '../../core/common/text.js';
import { count } from './words.js';

/** SentryPeer writes the local time of its machine, which is mostly the one where its files are read. */
export const timeZoneFlag = Flags.string({
  helpValue: 'ZONE',
  description:
    "whose local time SentryPeer's files are in (Europe/Berlin, UTC); else this machine's zone",
});

/** The zone of the flag, else of this machine. USAGE for a name that is none. */
export function readTimeZone(named: string | undefined): string {
  if (named === undefined) return machineZone();
  if (isTimeZone(named)) return named;
  throw new AgentError(
    'USAGE',
    `--time-zone ${quoteText(named)}: there is no such zone`,
    'give a name as in /usr/share/zoneinfo: Europe/Berlin, America/New_York, UTC',
  );
}

/** By TZ or /etc/localtime; UTC where these name nothing that is known. */
function machineZone(): string {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  return isTimeZone(timeZone) ? timeZone : 'UTC';
}

export interface ZoneNote {
  readonly time_zone: string;
  /** Times of an hour that the clock showed twice, and of one that it left out. */
  readonly times_twice: number;
  readonly times_skipped: number;
}

/** How local times were read, in a person's words. */
export function describeZone({ time_zone, times_twice, times_skipped }: ZoneNote): string {
  const parts = [`times without a zone are read as local time of ${time_zone} (--time-zone)`];
  if (times_twice > 0) {
    parts.push(
      `${count(times_twice, 'time')} of an hour that the clock showed twice: told apart by their order`,
    );
  }
  if (times_skipped > 0) {
    parts.push(
      `${count(times_skipped, 'time')} of an hour that the clock left out: the zone may be another`,
    );
  }
  return parts.join('; ');
}
