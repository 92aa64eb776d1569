import { readFileSync } from 'node:fs';

export const readFixture = (name: string): Buffer =>
  readFileSync(new URL(`../../fixtures/sip/${name}.sip`, import.meta.url));
