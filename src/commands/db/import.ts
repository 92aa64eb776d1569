import { Args } from '@oclif/core';
import { stepDown } from '../../agent/step-down.js';
import {
  describeZone,
  readTimeZone,
  timeZoneFlag,
  type ZoneNote,
} from '../../cli/text/time-zone.js';
import { AgentCommand } from '../../cli/agent-command.js';
import { importHoney, type HoneyImport } from '../../store/upkeep/import-honey.js';
import { takeLock } from '../../store/database/lock.js';

export default class DbImport extends AgentCommand {
  static override summary = 'Bring the events of a SentryPeer database over';
  static override description =
    'Reads its table honey; the file is not changed. The events have no score and no proof, their ' +
    'numbers and statistics are counted. SentryPeer wrote local time: --time-zone says whose. Typed ' +
    'again, it brings what is new since. The agent must not run meanwhile.';
  static override examples = ['<%= config.bin %> <%= command.id %> /var/lib/old/sentrypeer.db'];
  static override flags = { 'time-zone': timeZoneFlag };
  static override args = {
    file: Args.string({ required: true, description: 'database that SentryPeer wrote' }),
  };

  async run(): Promise<Omit<HoneyImport, 'times'> & ZoneNote> {
    const { args, flags } = await this.parse(DbImport);
    const timeZone = readTimeZone(flags['time-zone']);
    const { settings } = await this.load(flags.config);
    stepDown(settings);
    const { databaseFile, homeCountry } = settings;
    const lock = await takeLock(databaseFile);
    try {
      const { times, ...result } = await importHoney(databaseFile, args.file, {
        homeCountry,
        timeZone,
      });
      const { imported, skipped, earlier } = result;
      this.log(
        `${imported} events imported, ${skipped} rows without message, time or address passed over, ` +
          `${earlier} brought before.`,
      );
      const note = {
        time_zone: timeZone,
        times_twice: times.twice,
        times_skipped: times.skipped,
      };
      if (times.read > 0) this.log(`${describeZone(note)}.`);
      return { ...result, ...note };
    } finally {
      await lock.release();
    }
  }
}
