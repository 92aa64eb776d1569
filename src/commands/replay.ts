import { Args, Flags } from '@oclif/core';
import { loadAllGrammars } from '../agent/sensors/all-grammars.js';
import { stepDown } from '../agent/step-down.js';
import { AgentCommand } from '../cli/agent-command.js';
import { readMoment } from '../core/common/read-moment.js';
import { readDatabase, withinSpan, type Span } from '../cli/replay/replay-input.js';
import { JUDGING_FLAGS } from '../cli/replay/replay-flags.js';
import { planReplay, readNetwork } from '../cli/replay/replay-setup.js';
import { readTimeZone } from '../cli/text/time-zone.js';
import { renderReplay } from '../cli/replay/replay-text.js';
import { viewReplay, type ReplayView } from '../cli/replay/replay-view.js';
import type { LoadedSettings } from '../config/load.js';
import { AgentError, ERROR_CODES } from '../core/common/errors.js';
import { openFiles } from '../replay/read-files.js';
import type { InputReport, Recorded } from '../records/recorded.js';
import { createRun, endRun, feed } from '../replay/run.js';
import { openReader, type Reader } from '../store/read/reader.js';

interface Input {
  readonly reports: readonly InputReport[];
  readonly batches: AsyncIterable<readonly Recorded[]>;
  readonly reader: Reader | null;
}

interface InputFlags {
  readonly database: string | undefined;
  readonly local: readonly string[];
  readonly port: readonly number[];
  readonly timeZone: string;
  readonly pbx: boolean;
}

export default class Replay extends AgentCommand {
  static override summary = 'Try rules and settings on what was recorded, and change nothing';
  static override description =
    'Runs captures (pcap, pcapng), JSON logs, either also compressed with gzip, or a part of the ' +
    'database through the same rules and decisions as the agent, at the recorded times, and tells ' +
    'what would have been seen and blocked, when, and who of the protected would have been hit. ' +
    'The same input gives the same output to the byte. docs/REPLAY.md shows it step by step.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> capture.pcapng --local 192.0.2.1',
    '<%= config.bin %> <%= command.id %> /var/log/sentrypeer/sentrypeer.json*',
    '<%= config.bin %> <%= command.id %> --database /var/lib/sentrypeer/sentrypeer.db --since 24h --rule mine.yaml',
    'zcat old.json.gz | <%= config.bin %> <%= command.id %> - --rule mine.yaml --only --protect 198.51.100.0/24',
  ];
  static override strict = false;
  static override args = {
    file: Args.string({
      description: 'captures, JSON logs and logs of a PBX; - is standard input',
      ignoreStdin: true,
    }),
  };
  static override flags = {
    database: Flags.string({ helpValue: 'FILE', description: 'stored events in place of files' }),
    since: Flags.string({
      helpValue: 'TIME',
      description: 'only from then on: 24h, 7d, 2026-01-31, 2026-01-31T12:00:00Z',
    }),
    until: Flags.string({ helpValue: 'TIME', description: 'only before then' }),
    ...JUDGING_FLAGS,
  };

  async run(): Promise<ReplayView> {
    const { flags, argv } = await this.parse(Replay);
    const { rule = [], protect = [], local = [], port = [], database, pbx } = flags;
    const loaded = await this.load(flags.config);
    const plan = await planReplay(loaded, { protect, ruleFiles: rule, only: flags.only });
    const timeZone = readTimeZone(flags['time-zone']);
    const span = readSpan(flags.since, flags.until);
    // Arguments of a command without `strict` are texts, as typed.
    const files = argv as string[];
    const input = await openInput(loaded, files, { database, local, port, timeZone, pbx }, span);
    const setting = { ...plan.setting, pbx: local.map(readNetwork) };
    const base = createRun(setting, plan.rules);
    const trial = plan.trial === null ? null : createRun(setting, plan.trial.rules);
    try {
      const tell = (messages: number): void => {
        this.logToStderr(`… ${messages} messages`);
      };
      for await (const recorded of withinSpan(input.batches, span, tell)) {
        feed(base, recorded);
        if (trial !== null) feed(trial, recorded);
      }
      for (const run of [base, trial]) if (run !== null) endRun(run);
    } finally {
      await input.reader?.close();
    }
    const view = viewReplay(plan, input.reports, base, trial, flags.limit);
    this.log(renderReplay(view));
    // Silence about a file that was not understood must not be taken for peace.
    if (view.inputs.every(({ understood }) => !understood)) {
      process.exitCode = ERROR_CODES.RECORD_UNREADABLE.exit;
    }
    return view;
  }
}

function readSpan(since: string | undefined, until: string | undefined): Span {
  const nowMs = Date.now();
  return {
    sinceUs: since === undefined ? 0 : readMoment(since, '--since', nowMs),
    untilUs: until === undefined ? Number.MAX_SAFE_INTEGER : readMoment(until, '--until', nowMs),
  };
}

async function openInput(
  { settings }: LoadedSettings,
  files: readonly string[],
  flags: InputFlags,
  span: Span,
): Promise<Input> {
  if (files.length > 0 === (flags.database !== undefined)) {
    throw new AgentError(
      'USAGE',
      'what is to be replayed: name either files or --database',
      'see `sentrypeer-agent replay --help` for examples',
    );
  }
  if (flags.database !== undefined) {
    stepDown({ databaseFile: flags.database });
    const reader = await openReader(flags.database);
    const { report, batches } = readDatabase(reader, flags.database, span);
    return { reports: [report], batches, reader };
  }
  const ports = new Set([settings.listenPort, ...settings.blocking.sipPorts, ...flags.port]);
  const { timeZone, pbx: mirror } = flags;
  const options = {
    ports,
    local: flags.local.map(readNetwork),
    timeZone,
    mirror,
    ...(files.every(isOwnRecord) ? {} : { pbxLogs: await readPbxLogs(settings.logs.grammars) }),
  };
  return { ...(await openFiles({ files, options, stdin: process.stdin })), reader: null };
}

/** By its name; to read the grammars of PBX logs takes a moment. */
const isOwnRecord = (file: string): boolean => /\.(pcap|pcapng|cap|json)(\.gz)?$/i.test(file);

const readPbxLogs = async (own: string) => ({
  grammars: await loadAllGrammars(own),
  nowUs: Date.now() * 1_000,
});
