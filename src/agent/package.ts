import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json, rules/ and bin/; src/agent, dist/agent and dist/joined are two below it. */
export const PACKAGE_ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

// package.json is ours and is there: without it Node would not have loaded this file as a module.
const { version } = JSON.parse(readFileSync(`${PACKAGE_ROOT}/package.json`, 'utf8')) as {
  version: string;
};

export const VERSION: string = version;
