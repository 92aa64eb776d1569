import { spawn } from 'node:child_process';

const OUTPUT_CHARS_MAX = 200_000;
const STILL_AT_IT_MS = 30_000;

export function say(line) {
  process.stderr.write(`setup: ${line}\n`);
}

/** Ends the set-up with one line that says why, after the output of the program that failed. */
export function stop(line, output = '') {
  if (output.trim() !== '') process.stderr.write(`${output.trimEnd()}\n`);
  say(line);
  process.exit(1);
}

/** Runs a program and keeps what it prints. Resolves to null, or to its output when it failed. */
export function runQuietly(folder, [program, ...words], env) {
  const started = Date.now();
  const child = spawn(program, words, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk) => {
    output = (output + chunk).slice(-OUTPUT_CHARS_MAX);
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  const clock = setInterval(() => {
    say(`… still at it (${Math.round((Date.now() - started) / 1000)} s)`);
  }, STILL_AT_IT_MS);
  // A set-up that is stopped must not leave the program at work behind it.
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const forward = (signal) => {
    child.kill(signal);
    process.exitCode = 130;
  };
  for (const signal of signals) process.on(signal, forward);
  return new Promise((resolve) => {
    const settle = (result) => {
      clearInterval(clock);
      for (const signal of signals) process.off(signal, forward);
      resolve(result);
    };
    child.on('error', (error) => settle(`${program}: ${error.message}`));
    child.on('close', (code, signal) => {
      settle(code === 0 ? null : `${output}\n${program} ended with ${signal ?? code}`);
    });
  });
}
