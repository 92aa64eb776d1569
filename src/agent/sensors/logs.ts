import { dirname, join } from 'node:path';
import { watchFolder } from '../../config/watch.js';
import { messageOf } from '../../core/common/errors.js';
import type { SensorKind } from './sensor-kind.js';

/** The lines that a PBX writes. */
export const LOG_SENSOR: SensorKind = {
  name: 'log',
  wanted: ({ logs, databaseFile }) =>
    logs.files.length + logs.journal.length === 0 ? null : JSON.stringify([logs, databaseFile]),
  open: async ({ logs, databaseFile }, { report, nowUs, say }) => {
    // Loaded only where it is wanted: a start need not wait for it.
    const { loadAllGrammars } = await import('./all-grammars.js');
    const { openLogSensor } = await import('../../sensors/logs/log-sensor.js');
    const load = () => loadAllGrammars(logs.grammars);
    const sensor = await openLogSensor({
      files: logs.files,
      journal: logs.journal,
      timeZone: logs.timeZone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone,
      grammars: await load(),
      positionsFile: join(dirname(databaseFile), 'log-positions.json'),
      nowUs,
      take: report,
      say,
    });
    const takeOver = async (): Promise<void> => {
      try {
        sensor.setGrammars(await load());
        say('sensor log: the grammars are read anew');
      } catch (error) {
        say(`sensor log: the grammars stay as they were: ${messageOf(error)}`);
      }
    };
    const watcher = await watchFolder(
      logs.grammars,
      () => void takeOver(),
      (problem) => {
        say(`sensor log: ${problem.message}`);
      },
    );
    const places = [
      ...logs.files.map(({ path, kind }) => `${path} (${kind})`),
      ...logs.journal.map(({ unit, kind }) => `journal ${unit} (${kind})`),
    ];
    return {
      status: () => {
        const { taken, other, ambiguous, unnamed, twice, tooLong: too_long } = sensor.counts();
        const troubles = sensor.troubles();
        return {
          where: places.join(', '),
          taken,
          left: { other, ambiguous, unnamed, twice, too_long },
          trouble: troubles.length === 0 ? null : troubles.join('; '),
        };
      },
      close: async () => {
        await watcher.close();
        await sensor.close();
      },
    };
  },
};
