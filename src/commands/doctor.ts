import type { AgentLook } from '../agent/doctor/doctor.js';
import type { Finding, CheckOutcome } from '../agent/doctor/finding.js';
import { asOwner } from '../agent/step-down.js';
import { AgentCommand } from '../cli/agent-command.js';
import { paint, thisScreen, type Tone } from '../cli/text/screen.js';
import { renderPairs } from '../cli/text/table.js';
import { count } from '../cli/text/words.js';
import type { LoadedSettings } from '../config/load.js';
import { AgentError } from '../core/common/errors.js';

interface DoctorView {
  /** false: something failed. */
  readonly ok: boolean;
  readonly counts: Readonly<Record<CheckOutcome, number>>;
  readonly findings: readonly Finding[];
}

const EXIT_FAILED = 1;

export default class Doctor extends AgentCommand {
  static override summary = 'Check all that the agent needs on this host, and say what to do';
  static override description =
    'Looks at configuration, rules, ports, rights, firewall and other firewalls in front of it, ' +
    'kernel, clock, files, database, disk, service and certificate, with an agent running or not. ' +
    'Changes nothing. What this user may not look at is told as unknown: root sees all. ' +
    `Exits with ${EXIT_FAILED} when something failed; warnings leave it at 0.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ];

  async run(): Promise<DoctorView> {
    const { flags } = await this.parse(Doctor);
    const loaded = await orError(this.loadToFind(flags.config, 'silent'));
    const { examine } = await import('../agent/doctor/doctor.js');
    const findings = await examine(loaded, await this.lookAtAgent(loaded), Date.now());
    const view = summarise(findings);
    this.log(render(view));
    if (!view.ok) process.exitCode = EXIT_FAILED;
    return view;
  }

  private async lookAtAgent(loaded: LoadedSettings | AgentError): Promise<AgentLook> {
    if (loaded instanceof AgentError) return null;
    const look = () => this.withRunningAgent(loaded, (calls) => calls.status());
    return orError(asOwner(loaded.settings, look));
  }
}

/** What rejects with an operating error is a finding too. */
async function orError<T>(work: Promise<T>): Promise<T | AgentError> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof AgentError) return error;
    throw error;
  }
}

function summarise(findings: readonly Finding[]): DoctorView {
  const counts = { ok: 0, warn: 0, fail: 0, unknown: 0 };
  for (const { outcome } of findings) counts[outcome] += 1;
  return { ok: counts.fail === 0, counts, findings };
}

const TONES: Readonly<Record<CheckOutcome, Tone>> = {
  ok: 'good',
  warn: 'warn',
  fail: 'bad',
  unknown: 'dim',
};
const OUTCOME_WIDTH = 'unknown'.length;

function render({ counts, findings }: DoctorView): string {
  const screen = thisScreen();
  const lines = findings.map(({ check, outcome, what, remedy }) => {
    const pairs: [string, string][] = [[outcome.padEnd(OUTCOME_WIDTH), `${check}: ${what}`]];
    if (remedy !== null) pairs.push(['', `→ ${remedy}`]);
    const text = renderPairs(pairs, screen);
    return paint(outcome, TONES[outcome], screen) + text.slice(outcome.length);
  });
  const sum =
    `${count(counts.fail, 'failure')}, ${count(counts.warn, 'warning')}, ` +
    `${counts.unknown} not looked at`;
  return [...lines, '', sum].join('\n');
}
