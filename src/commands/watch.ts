import { Args } from '@oclif/core';
import { AgentCommand } from '../cli/agent-command.js';
import { followFile, type Growth } from '../cli/replay/follow-file.js';
import { JUDGING_FLAGS } from '../cli/replay/replay-flags.js';
import { planReplay, readNetwork } from '../cli/replay/replay-setup.js';
import { renderReplay } from '../cli/replay/replay-text.js';
import { viewReplay } from '../cli/replay/replay-view.js';
import { watchLine } from '../cli/replay/watch-lines.js';
import { readTimeZone } from '../cli/text/time-zone.js';
import { ERROR_CODES } from '../core/common/errors.js';
import { safeJson } from '../core/common/text.js';
import { createInputDecoder, decodeChunk, endInput } from '../records/decode-input.js';
import {
  createInputReport,
  isUnderstood,
  type InputReport,
  type Recorded,
} from '../records/recorded.js';
import { STDIN } from '../replay/read-files.js';
import { createRun, endRun, feed, passTime } from '../replay/run.js';

const TICK_MS = 1_000;

export default class Watch extends AgentCommand {
  static override summary = 'Follow a capture that grows, and tell what would be blocked';
  static override description =
    'Reads a capture (pcap, pcapng) or a JSON log from its beginning and goes on with what is added, ' +
    'until Ctrl-C. It tells each sighting and each block as it would happen, and ends with the ' +
    'summary of `replay`; nothing is changed. With --json one object a line.';
  static override examples = [
    'tcpdump -U -w - port 5060 | <%= config.bin %> <%= command.id %> - --pbx --local 192.0.2.1',
    '<%= config.bin %> <%= command.id %> growing.pcap --rule mine.yaml',
  ];
  static override args = {
    file: Args.string({
      description: 'a capture or a JSON log; - is standard input',
      required: true,
      ignoreStdin: true,
    }),
  };
  static override flags = JUDGING_FLAGS;

  async run(): Promise<void> {
    const { flags, args } = await this.parse(Watch);
    const { rule = [], protect = [], local = [], port = [] } = flags;
    const loaded = await this.load(flags.config);
    const planned = await planReplay(loaded, { protect, ruleFiles: rule, only: flags.only });
    // One run alone, by the rules that are tried: a difference can be told of what is over.
    const plan = { ...planned, rules: planned.trial?.rules ?? planned.rules, trial: null };
    const { listenPort, blocking } = loaded.settings;
    const options = {
      ports: new Set([listenPort, ...blocking.sipPorts, ...port]),
      local: local.map(readNetwork),
      timeZone: readTimeZone(flags['time-zone']),
      mirror: flags.pbx,
    };
    const json = this.jsonEnabled();
    const abort = abortOnSignal();
    const report = createInputReport(args.file);
    const tell = (text: string | null): void => {
      if (text !== null) process.stdout.write(`${text}\n`);
    };
    const run = createRun({ ...plan.setting, pbx: options.local }, plan.rules, (effect) => {
      tell(watchLine(effect, json));
    });
    let fedMs = performance.now();
    const timer = setInterval(() => {
      passTime(run, (performance.now() - fedMs) * 1_000);
    }, TICK_MS);
    try {
      for await (const recorded of read(args.file, report, options, abort.signal)) {
        feed(run, recorded);
        fedMs = performance.now();
      }
    } finally {
      clearInterval(timer);
    }
    endRun(run);
    const view = viewReplay(plan, [report], run, null, flags.limit);
    if (json) tell(safeJson(JSON.stringify({ kind: 'summary', ...view })));
    else this.log(`\n${renderReplay(view)}`);
    // Whoever ends it before anything came has made no mistake.
    const isMistake = !abort.signal.aborted || report.records > 0;
    if (isMistake && !isUnderstood(report)) process.exitCode = ERROR_CODES.RECORD_UNREADABLE.exit;
  }
}

/** The messages of a file that grows, or of stdin until its end. */
async function* read(
  file: string,
  report: InputReport,
  options: Parameters<typeof createInputDecoder>[1],
  signal: AbortSignal,
): AsyncGenerator<Recorded> {
  let decoder = createInputDecoder(report, options);
  const growth = file === STDIN ? readStdin(signal) : followFile(file, signal);
  for await (const each of growth) {
    if (each.kind === 'bytes') {
      yield* decodeChunk(decoder, each.bytes);
    } else {
      yield* endInput(decoder);
      decoder = createInputDecoder(report, options);
    }
  }
  yield* endInput(decoder);
}

async function* readStdin(signal: AbortSignal): AsyncGenerator<Growth> {
  const stop = (): void => {
    process.stdin.destroy();
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    // A stream without an encoding gives Buffers.
    for await (const chunk of process.stdin) yield { kind: 'bytes', bytes: chunk as Buffer };
  } catch (error) {
    // That it was closed in the middle is what an end by a signal is.
    if (!signal.aborted) throw error;
  }
}

function abortOnSignal(): AbortController {
  const abort = new AbortController();
  const stop = (): void => {
    abort.abort();
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  // A reader that went away (`| head`) ends the command without a word.
  process.stdout.on('error', stop);
  return abort;
}
