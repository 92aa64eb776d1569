import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { say } from './run.js';

/** With these the agent is started by its unit and by `npm start`: V8 keeps bytecode for each set of flags. */
const AGENT_FLAGS = ['--max-semi-space-size=4'];
const COMMANDS = ['rules list', 'blocks list', 'events list', 'stats'];
/** As long as its warm-up takes on an ordinary machine. */
const AGENT_MS = 2_500;
const EACH_MS_MAX = 60_000;

/**
 * Runs what is usually run, once, so that V8's bytecode of it is kept for the next time: an agent that
 * observes on a loopback port of its own, and some commands. Nothing is lost but time where that
 * fails, so that it is only said.
 */
export async function keepBytecode(root) {
  if (!existsSync(join(root, 'dist', 'joined', 'cli-main.cjs'))) return;
  const folder = mkdtempSync(join(tmpdir(), 'sentrypeer-bytecode-'));
  try {
    const place = { root, config: configure(folder, await findPort()) };
    const agent = run(place, AGENT_FLAGS, ['run'], /^listening/m);
    await agent.ready;
    await run(place, [], ['status']).ended;
    await new Promise((resolve) => setTimeout(resolve, AGENT_MS));
    agent.stop();
    await agent.ended;
    for (const words of COMMANDS) await run(place, [], words.split(' ')).ended;
  } catch (error) {
    say(`the program starts slower than it could: ${error.message}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One that nobody listens on now. */
async function findPort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

function configure(folder, port) {
  const file = join(folder, 'agent.conf');
  const names = ['log_file', 'json_log_file', 'control_socket', 'rules_dir', 'database_file'];
  const lines = names.map((name) => `${name} = ${join(folder, name)}`);
  const rest = `listen_address = 127.0.0.1\nlisten_port = ${port}\n[blocking]\nmode = observe\n`;
  writeFileSync(file, `${lines.join('\n')}\n${rest}`);
  return file;
}

/** `ready`: it has printed such a line; `ended`: it has ended, whatever it found. */
function run({ root, config }, flags, words, sign = null) {
  const keeper = pathToFileURL(join(root, 'scripts', 'setup', 'keep-bytecode.js')).href;
  const all = [...flags, '--import', keeper, join('bin', 'run.js'), ...words, '-c', config];
  const child = spawn(process.execPath, all, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const timer = setTimeout(() => child.kill('SIGKILL'), EACH_MS_MAX);
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      clearTimeout(timer);
      resolve(code);
    });
  });
  const ready = new Promise((resolve, reject) => {
    const look = (chunk) => {
      said += chunk;
      if (sign?.test(said)) resolve();
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    if (sign !== null) {
      const refuse = (code) => reject(new Error(`${words[0]} ended with ${code}: ${said}`));
      ended.then(refuse, reject);
    }
  });
  return { ended, ready, stop: () => child.kill('SIGTERM') };
}
