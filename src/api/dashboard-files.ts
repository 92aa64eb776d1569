import { readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The built page: two folders below the root like the modules, and the scripts that they are joined into. */
const FOLDER = join(dirname(fileURLToPath(import.meta.url)), '..', 'dashboard');

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
};

export interface PageFile {
  readonly type: string;
  /** Null: another build has taken it away meanwhile. */
  readonly read: () => string | null;
}

export interface PageFiles {
  /** Null: the page was not built. */
  readonly index: string | null;
  /** By name. What is not listed is not served, however its name is written. */
  readonly assets: ReadonlyMap<string, PageFile>;
}

/** What there is of the page, as listed once; the files are read when they are asked for. */
export function listDashboard(folder: string = FOLDER): PageFiles {
  try {
    const inside = readdirSync(join(folder, 'assets'), { withFileTypes: true });
    const assets = inside.flatMap((entry) => {
      const type = TYPES[extname(entry.name)];
      if (type === undefined || !entry.isFile()) return [];
      const read = (): string | null => readText(join(folder, 'assets', entry.name));
      return [[entry.name, { type, read }] as const];
    });
    return { index: readText(join(folder, 'index.html')), assets: new Map(assets) };
  } catch (error) {
    if (isMissing(error)) return { index: null, assets: new Map() };
    throw error;
  }
}

/** Null: there is no such file. */
function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';
