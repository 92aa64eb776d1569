import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestFiles, listFiles } from './digest.js';
import { gatherLicences } from './licences.js';
import { say } from './run.js';

const STAMP = '.stamp';
/** Browsers of the last four years or so. */
const TARGET = ['chrome109', 'firefox115', 'safari16.4'];

/**
 * Builds the page of `src/dashboard` into `fresh`: `index.html`, and `assets/` with files whose names
 * hold a digest of their content. Nothing of it stands in the page itself, for its policy lets no such
 * script or style run. One of an earlier build in `before` is copied where nothing of the page has
 * changed. Where vite has no binary for this machine there is no page. Throws what vite says.
 */
export async function buildDashboard(root, before, fresh) {
  const digest = dashboardDigest(root);
  const stamp = join(before, STAMP);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) {
    cpSync(before, fresh, { recursive: true });
    return;
  }
  const vite = await import('vite').catch((error) => {
    say(`the dashboard is not built, vite does not load: ${error.message.split('\n')[0]}`);
    return null;
  });
  if (vite === null) return;
  const { output } = await vite.build({
    configFile: false,
    root: join(root, 'src', 'dashboard'),
    // So that it also works below a path of a proxy.
    base: './',
    publicDir: false,
    logLevel: 'warn',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir: fresh,
      emptyOutDir: false,
      target: TARGET,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
  });
  const modules = output.flatMap(({ moduleIds }) => moduleIds ?? []);
  const licences = gatherLicences(root, modules, 'dist/dashboard');
  writeFileSync(join(fresh, 'THIRD-PARTY-LICENSES'), licences);
  writeFileSync(join(fresh, STAMP), digest);
}

/** What the page is made of: of the API it takes types alone, which leave no trace in it. */
function dashboardDigest(root) {
  const files = [
    'package-lock.json',
    'scripts/setup/dashboard.js',
    ...listFiles(root, join('src', 'dashboard')),
  ];
  return digestFiles(root, files, '');
}
