// The runs that were recorded: bench/history/NAME.json, the oldest first.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, release, totalmem } from 'node:os';
import { basename, join } from 'node:path';
import { renderPage } from './page.js';

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = join(ROOT, 'bench/history');
const PAGE = join(ROOT, 'docs/BENCHMARKS.md');

export const readHistories = () =>
  readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => readHistory(basename(file, '.json')));

const fileOf = (name) => join(FOLDER, `${name}.json`);

function readHistory(name) {
  if (!existsSync(fileOf(name))) return { bench: name, runs: [] };
  return JSON.parse(readFileSync(fileOf(name), 'utf8'));
}

/**
 * Appends a run and writes the page anew. `load`: the load average before the run, without which nobody
 * can say later whether the machine was quiet.
 */
export function record(name, about, words, load, { figures, yardsticks }) {
  const run = {
    date: new Date().toISOString().slice(0, 10),
    commit: commitNow(),
    source: 'run',
    options: words.join(' '),
    machine: { ...machineNow(), load },
    figures,
    yardsticks,
  };
  const history = { ...readHistory(name), about, runs: [...readHistory(name).runs, run] };
  writeFileSync(fileOf(name), `${JSON.stringify(history, null, 1)}\n`);
  writeFileSync(PAGE, renderPage(readHistories()));
}

export const loadNow = () => Number(loadavg()[0].toFixed(1));

const machineNow = () => ({
  cores: availableParallelism(),
  memoryGib: Math.round(totalmem() / 2 ** 30),
  kernel: release().split('-')[0],
  node: process.version.slice(1),
});

/** Null outside a checkout; `+` where files were changed since that commit. */
function commitNow() {
  try {
    const git = (...words) => execFileSync('git', words, { cwd: ROOT, encoding: 'utf8' }).trim();
    const ofCode = ['--', 'src', 'rules', 'bench/*.js'];
    const isChanged = git('status', '--porcelain', ...ofCode) !== '';
    return `${git('rev-parse', '--short=9', 'HEAD')}${isChanged ? '+' : ''}`;
  } catch {
    return null;
  }
}
