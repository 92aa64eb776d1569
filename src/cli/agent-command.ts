import { Command, Flags } from '@oclif/core';
import { agentRuns } from '../agent/control/agent-runs.js';
import { stepDown } from '../agent/step-down.js';
import type { AgentCalls } from '../api/calls.js';
import type { ControlClient } from '../api/client.js';
import type { JobView } from '../api/views.js';
import { loadSettings, loadWhatCanBeRead, type LoadedSettings } from '../config/load.js';
import { fileExists, resolveConfigFile } from '../config/resolve.js';
import { AgentError } from '../core/common/errors.js';
import { safeJson, safeOutput, safeText } from '../core/common/text.js';
import type { Reader } from '../store/read/reader.js';
import { placeDocs, reportError } from './report-error.js';
import { renderLines } from './text/table.js';

/** What every command has: `-c`, `--json`, the way to the agent, and errors with a remedy. */
export abstract class AgentCommand extends Command {
  static override enableJsonFlag = true;
  static override baseFlags = {
    config: Flags.string({
      char: 'c',
      helpValue: 'FILE',
      description:
        'configuration file (else SENTRYPEER_CONFIG, else /etc/sentrypeer/sentrypeer.conf if there)',
    }),
  };

  /** The settings that the running agent was started with, or would be. */
  protected load(
    flag: string | undefined,
    overrides: Readonly<Record<string, string>> = {},
  ): Promise<LoadedSettings> {
    return loadSettings(sourceFor(flag, overrides));
  }

  /**
   * The same for a command that only has to find the agent or its database: a file with a fault
   * keeps nobody from an agent that runs on with the settings before it. The fault is said, unless
   * the command tells it in another form.
   */
  protected async loadToFind(
    flag: string | undefined,
    way: 'say' | 'silent' = 'say',
  ): Promise<LoadedSettings> {
    const loaded = await loadWhatCanBeRead(sourceFor(flag, {}));
    const { fault } = loaded;
    if (fault !== null && way === 'say') {
      process.stderr.write(
        `Warning: ${safeText(fault.message)}\n` +
          (fault.code === 'CONFIG_UNREADABLE'
            ? '  Defaults are taken for what it may say; the agent itself may well read it. '
            : '  A running agent goes on with the settings that it has, and the next start fails. ') +
          `${safeText(fault.remedy)}\n`,
      );
    }
    return loaded;
  }

  /** Says on stderr what of the configuration has no effect. */
  protected tellNotices({ notices }: LoadedSettings): void {
    for (const notice of notices) process.stderr.write(`note: ${placeDocs(notice)}\n`);
  }

  /**
   * Calls the running agent, or does the same offline, under the agent's lock. Reading something
   * where no agent ever ran is an error; writing makes the database.
   */
  protected async withAgent<T>(
    loaded: LoadedSettings,
    use: (calls: AgentCalls) => Promise<T>,
    purpose: 'read' | 'write' = 'read',
  ): Promise<T> {
    stepDown(loaded.settings);
    const { databaseFile, controlSocket } = loaded.settings;
    const running = await agentRuns(loaded.settings);
    if (!running && purpose === 'read' && !fileExists(databaseFile)) throw noDatabase(databaseFile);
    const client = running ? await this.reach(controlSocket) : await this.takeOver(loaded);
    try {
      return await use(client);
    } finally {
      await client.close();
    }
  }

  /** The same for what can be told without a database too: then none is made. */
  protected async withAgentOrNone<T>(
    loaded: LoadedSettings,
    use: (calls: Pick<AgentCalls, 'rules' | 'firewall'>) => Promise<T>,
  ): Promise<T> {
    stepDown(loaded.settings);
    if (fileExists(loaded.settings.databaseFile)) return this.withAgent(loaded, use);
    const { openNoAgent } = await import('../agent/control/no-agent.js');
    return use(openNoAgent(loaded));
  }

  // Loaded only where they are needed: the whole agent costs half a second, and most commands read.
  private async reach(controlSocket: string): Promise<ControlClient> {
    const { openClient } = await import('../api/client.js');
    return openClient(controlSocket);
  }

  private async takeOver(loaded: LoadedSettings): Promise<ControlClient> {
    const { fault } = loaded;
    // With half a configuration it would block a peer that the other half protects.
    if (fault !== null) {
      const what = `no agent runs with ${loaded.settings.databaseFile}, and ${fault.message}`;
      throw new AgentError(fault.code, what, fault.remedy, fault);
    }
    const { openOffline } = await import('../agent/control/offline.js');
    return openOffline(loaded, (text) => {
      process.stderr.write(`${safeOutput(text)}\n`);
    });
  }

  /** Calls the agent only if one runs; null otherwise. */
  protected async withRunningAgent<T>(
    loaded: LoadedSettings,
    use: (calls: AgentCalls) => Promise<T>,
  ): Promise<T | null> {
    stepDown(loaded.settings);
    return (await agentRuns(loaded.settings)) ? this.withAgent(loaded, use) : null;
  }

  /**
   * Reads the database, whether an agent runs or not. Before the first start there is nothing to
   * read, which is an answer: it comes from an empty database, and stderr says why it is empty.
   * `missing` refuse: rejects with DATABASE_MISSING, for what waits for more to come.
   */
  protected async withReader<T>(
    loaded: LoadedSettings,
    use: (reader: Reader) => Promise<T>,
    missing: 'empty' | 'refuse' = 'empty',
  ): Promise<T> {
    stepDown(loaded.settings);
    const { databaseFile, homeCountry } = loaded.settings;
    const { openEmptyReader, openReader } = await import('../store/read/reader.js');
    const there = missing === 'refuse' || fileExists(databaseFile);
    if (!there) this.tellEmpty(databaseFile);
    const reader = there ? await openReader(databaseFile, homeCountry) : await openEmptyReader();
    try {
      return await use(reader);
    } finally {
      await reader.close();
    }
  }

  private toldEmpty = false;

  private tellEmpty(databaseFile: string): void {
    if (this.toldEmpty) return;
    this.toldEmpty = true;
    process.stderr.write(
      `note: no agent has run with this configuration yet, there is no database ${databaseFile}\n`,
    );
  }

  /** Runs a job now, and says what came of it; a failed one makes the exit code 1. */
  protected async runJobNow(config: string | undefined, name: string): Promise<JobView> {
    const loaded = await this.loadToFind(config);
    const job = await this.withAgent(loaded, (calls) => calls.runJob(name), 'write');
    this.log(`${job.name}: ${job.last_result ?? ''}: ${job.last_detail ?? ''}`);
    if (job.last_result === 'failed') process.exitCode = 1;
    return job;
  }

  /** One way to the terminal for all texts: whatever others put into them stays text. */
  override log(message = '', ...args: unknown[]): void {
    super.log(renderLines(safeOutput(message)), ...args);
  }

  override logToStderr(message = '', ...args: unknown[]): void {
    super.logToStderr(safeOutput(message), ...args);
  }

  override logJson(json: unknown): void {
    process.stdout.write(`${safeJson(JSON.stringify(json, null, 2))}\n`);
  }

  protected override catch(error: Error): Promise<never> {
    return Promise.resolve(reportError(error, this.jsonEnabled()));
  }
}

function sourceFor(flag: string | undefined, flags: Readonly<Record<string, string>>) {
  const { env } = process;
  return { file: resolveConfigFile({ flag: flag ?? null, env, exists: fileExists }), env, flags };
}

const noDatabase = (file: string): AgentError =>
  new AgentError(
    'DATABASE_MISSING',
    `no agent has run with this configuration yet: there is no database ${file}`,
    'start it: systemctl start sentrypeer-agent where it is installed, else sentrypeer-agent run; ' +
      'or name the configuration of another one with -c FILE',
  );
