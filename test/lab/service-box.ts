import { join } from 'node:path';
import { startProcess, type LabProcess } from './lab-process.js';
import type { LabHost } from './lab.js';

const ROOT = join(import.meta.dirname, '..', '..');
const END = '@@end of script';
/** Installing copies the program, and a unit that does not start has its time to fail. */
const SCRIPT_MS_MAX = 60_000;

export interface BoxResult {
  readonly exitCode: number;
  /** Its stdout and stderr, as they came. */
  readonly output: string;
}

/** A real systemd on a lab host, over a throwaway copy of this machine; `/box` is this program. */
export interface ServiceBox {
  /** Runs a bash script there, one at a time. */
  run(script: string): Promise<BoxResult>;
  /** The same; throws when it fails. */
  must(script: string): Promise<string>;
  close(): Promise<void>;
}

/** Boots it in the network namespace of a lab host. Needs root, systemd and util-linux. */
export function openBox(host: LabHost): ServiceBox {
  const tool = join(import.meta.dirname, 'systemd-box');
  // The shell inside takes scripts from here, so that the lab can act between them.
  const box = startProcess('bash', [tool, '-n', host.namespace, 'cd /box; exec bash -s'], {
    cwd: ROOT,
  });
  let scripts = 0;
  const run = async (script: string): Promise<BoxResult> => {
    scripts += 1;
    const end = `${END} ${scripts}`;
    const from = box.stdout.length;
    box.write(`{ (\n${script}\n) </dev/null 2>&1; printf '\\n%s: %d\\n' '${end}' $?; }`);
    const last = await box.line((line) => line.startsWith(`${end}: `), SCRIPT_MS_MAX);
    const output = box.stdout.slice(from, box.stdout.indexOf(last)).join('\n').trim();
    return { exitCode: Number(last.slice(end.length + 2)), output };
  };
  return {
    run,
    must: async (script) => {
      const { exitCode, output } = await run(script);
      if (exitCode !== 0) throw new Error(`exit ${exitCode} of: ${script}\n${output}`);
      return output;
    },
    close: () => close(box),
  };
}

/** The shell ends by itself; the tool then takes everything down. */
async function close(box: LabProcess): Promise<void> {
  box.write('exit');
  await box.exited;
}
