import { setTimeout as wait } from 'node:timers/promises';
import { eventView } from '../../api/views/event.js';
import { AgentCommand } from '../../cli/agent-command.js';
import { eventLine, eventLineHead } from '../../cli/views/event-view.js';
import { paint, thisScreen } from '../../cli/text/screen.js';
import { safeJson, safeOutput } from '../../core/common/text.js';
import type { Reader } from '../../store/read/reader.js';

const LOOK_EVERY_MS = 250;
const EVENTS_A_LOOK = 1000;

export default class EventsFollow extends AgentCommand {
  static override summary = 'Show events as they come in, until Ctrl-C';
  static override description =
    'Reads the database, so that it costs the agent nothing. With --json one object a line.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> | grep -i register',
    '<%= config.bin %> <%= command.id %> --json | jq .source_ip',
  ];

  async run(): Promise<void> {
    const { flags } = await this.parse(EventsFollow);
    const loaded = await this.loadToFind(flags.config);
    const abort = new AbortController();
    process.once('SIGINT', () => {
      abort.abort();
    });
    process.once('SIGTERM', () => {
      abort.abort();
    });
    // A reader that went away (`| head`) ends the command without a word.
    process.stdout.on('error', () => {
      abort.abort();
    });
    await this.withReader(loaded, (reader) => this.follow(reader, abort.signal), 'refuse');
  }

  private async follow(reader: Reader, signal: AbortSignal): Promise<void> {
    const [newest] = await reader.listEvents({ limit: 1 });
    let last = newest?.id ?? 0;
    const screen = thisScreen();
    if (screen.columns !== null && !this.jsonEnabled()) {
      process.stdout.write(`${paint(eventLineHead(screen), 'dim', screen)}\n`);
    }
    while (!signal.aborted) {
      const events = await reader.eventsAfter(last, EVENTS_A_LOOK);
      for (const event of events) {
        const line = this.jsonEnabled()
          ? safeJson(JSON.stringify(eventView(event)))
          : safeOutput(eventLine(event, screen));
        process.stdout.write(`${line}\n`);
      }
      last = events.at(-1)?.id ?? last;
      if (events.length < EVENTS_A_LOOK) {
        await wait(LOOK_EVERY_MS, null, { signal }).catch(() => null);
      }
    }
  }
}
