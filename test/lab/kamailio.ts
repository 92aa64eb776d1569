import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Lab } from './lab.js';
import type { LabProcess } from './lab-process.js';
import { programPath } from './require-lab.js';
import { waitUntil } from './wait-until.js';

const CONFIG = fileURLToPath(new URL('kamailio.cfg', import.meta.url));
/** Debian's, where it is installed, or below what it was unpacked into. */
const LIBRARIES = 'usr/lib/x86_64-linux-gnu/kamailio';

/** Starts a real Kamailio on the agent's host, on port 5060 of its address. */
export async function startKamailio(lab: Lab): Promise<LabProcess> {
  const program = programPath('kamailio');
  const libraries = join(program, '../../..', LIBRARIES);
  const folder = lab.makeFolder();
  const file = join(folder, 'kamailio.cfg');
  const text = readFileSync(CONFIG, 'utf8')
    .replaceAll('@ADDRESS@', lab.agent.ipv4)
    .replaceAll('@MODULES@', join(libraries, 'modules/'));
  writeFileSync(file, text);
  const words = ['-f', file, '-DD', '-E', '-Y', folder, '-P', join(folder, 'pid'), '-m', '32'];
  const kamailio = lab.agent.spawn(program, words, { env: { LD_LIBRARY_PATH: libraries } });
  await waitUntil(
    'Kamailio listens',
    async () => {
      if (kamailio.hasEnded()) throw new Error(kamailio.stderr.join('\n'));
      const { stdout } = await lab.agent.exec('ss', ['-H', '-l', '-u', '-n']);
      return stdout.includes(`${lab.agent.ipv4}:5060 `);
    },
    10_000,
  );
  return kamailio;
}
