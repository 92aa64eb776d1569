import { Flags } from '@oclif/core';
import { eventView, type EventView } from '../../api/views/event.js';
import { AgentCommand } from '../../cli/agent-command.js';
import { EVENT_HEAD, eventCells } from '../../cli/views/event-view.js';
import { readAddress } from '../../core/common/read-address.js';
import { readDuration } from '../../core/common/read-duration.js';
import { renderTable } from '../../cli/text/table.js';
import { ATTACK_TYPES } from '../../core/model/attack-type.js';
import type { EventFilter } from '../../store/read/read-events.js';

interface EventsListing {
  /** Newest first. */
  readonly events: readonly EventView[];
  readonly limit: number;
  /** Give this as --before for the next page; null when this is the last. */
  readonly next_before: number | null;
}

export default class EventsList extends AgentCommand {
  static override summary = 'Show what the trap received';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --source 203.0.113.7 --since 1h',
    '<%= config.bin %> <%= command.id %> --attack-type credential_attack --limit 500',
    "<%= config.bin %> <%= command.id %> --json | jq -r '.events[].sip_user_agent' | sort | uniq -c",
  ];
  static override flags = {
    source: Flags.string({ helpValue: 'ADDRESS', description: 'only this source' }),
    'attack-type': Flags.option({ options: ATTACK_TYPES })({ description: 'only this attack' }),
    method: Flags.string({ helpValue: 'METHOD', description: 'only this method, as sent' }),
    since: Flags.string({ helpValue: 'DURATION', description: 'only the last 90s, 10m, 4h, 7d' }),
    before: Flags.integer({ helpValue: 'ID', description: 'only events before this one' }),
    limit: Flags.integer({ default: 50, min: 1, max: 1000, description: 'rows at most' }),
    raw: Flags.boolean({ description: 'with --json: the bytes as well (raw_base64)' }),
  };

  async run(): Promise<EventsListing> {
    const { flags } = await this.parse(EventsList);
    const loaded = await this.loadToFind(flags.config);
    const since = flags.since === undefined ? null : readDuration(flags.since, '--since');
    const filter: EventFilter = {
      limit: flags.limit,
      withRaw: flags.raw,
      ...(flags.source !== undefined && { source: readAddress(flags.source) }),
      ...(flags['attack-type'] !== undefined && { attackType: flags['attack-type'] }),
      ...(flags.method !== undefined && { method: flags.method }),
      ...(flags.before !== undefined && { beforeId: flags.before }),
      ...(since !== null && { sinceUs: (Date.now() - since * 1000) * 1000 }),
    };
    const events = await this.withReader(loaded, (reader) => reader.listEvents(filter));
    const oldest = events.length === flags.limit ? (events.at(-1)?.id ?? null) : null;
    // On a terminal the newest stands last, where the eye is.
    const rows = [...events].reverse().map(eventCells);
    this.log(rows.length === 0 ? 'No events.' : renderTable(EVENT_HEAD, rows));
    if (oldest !== null) this.log(`\nolder ones: --before ${oldest}`);
    return { events: events.map(eventView), limit: flags.limit, next_before: oldest };
  }
}
