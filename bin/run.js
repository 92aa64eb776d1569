#!/usr/bin/env node
import { readFileSync } from 'node:fs';

const [word, ...more] = process.argv.slice(2);
if (more.length === 0 && ['--version', '-V'].includes(word)) tellVersion();
else {
  const { isJoined, load } = await import('./load.js');
  const { main } = isJoined() ? load('cli-main.cjs') : await import('../dist/cli/main.js');
  await main(import.meta.url);
}

/** As oclif says it, which takes as long to load as Node itself. */
function tellVersion() {
  const file = new URL('../package.json', import.meta.url);
  const { name, version } = JSON.parse(readFileSync(file, 'utf8'));
  const { platform, arch, version: node } = process;
  process.stdout.write(`${name}/${version} ${platform}-${arch} node-${node}\n`);
}
