import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const LICENCE_FILE = /^(licen[cs]e|copying|notice)/i;

/**
 * The licences of the packages that hold these modules, which are joined in `place`, as one text: they
 * go where their code goes.
 */
export function gatherLicences(root, modules, place) {
  const folders = new Set(modules.map(packageFolder).filter((folder) => folder !== null));
  const parts = [...folders].sort().map((folder) => describe(root, folder));
  const head = `The files in ${place} hold code of these packages, each under its own licence.\n`;
  return [head, ...parts].join(`\n${'-'.repeat(80)}\n`);
}

/** The folder of the package that a module is in; null for our own. */
function packageFolder(id) {
  const found = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(id.replace(/^\0/, ''));
  return found === null ? null : found[0];
}

function describe(root, folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder).filter((file) => LICENCE_FILE.test(file));
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim());
  // Some name their licence only: its text stands in the file of another, or in LICENSE beside this.
  const said = texts.length === 0 ? [`${license}; the package brings no text of it`] : texts;
  return `${name} ${version} (${license})\n\n${said.join('\n\n')}\n`;
}
