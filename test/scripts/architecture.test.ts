import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const WORDS_MAX = 1_200;
const DECISION_LINES_MAX = 40;
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const inside = (folder: string) =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }).map((entry) => ({
    name: join(entry.parentPath, entry.name).slice(ROOT.length + 1),
    isFolder: entry.isDirectory(),
  }));

const ARCHITECTURE = 'docs/ARCHITECTURE.md';
const DECISIONS = readdirSync(join(ROOT, 'docs/decisions')).filter((file) => file !== 'README.md');
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
  ...DECISIONS.map((file) => `docs/decisions/${file}`),
];
const IN_SRC = inside('src');
const FILE_NAMES = new Set(IN_SRC.map(({ name }) => basename(name)));

/** What stands in backticks on a page and looks like a file or folder of the project. */
function pathsOf(page: string): string[] {
  const words = Array.from(read(page).matchAll(/`([^`\s]+)`/g), ([, word = '']) => word);
  return words.filter(
    (word) =>
      /^(src|test|bench|scripts|rules|bin)\/[\w./-]*$/.test(word) || /^[\w-]+\.ts$/.test(word),
  );
}

const exists = (path: string): boolean =>
  path.includes('/') ? existsSync(join(ROOT, path)) : FILE_NAMES.has(path);

describe('the pages about the code', () => {
  it.each(PAGES)('%s names only paths that are there', (page) => {
    expect(pathsOf(page).filter((path) => !exists(path))).toEqual([]);
  });

  it.each(PAGES)('%s links to files that are there', (page) => {
    const links = Array.from(
      read(page).matchAll(/\]\((?!https?:)([^)#\s]+)/g),
      ([, to = '']) => to,
    );
    const folder = join(ROOT, page, '..');
    expect(links.filter((to) => !existsSync(join(folder, to)))).toEqual([]);
  });
});

describe(ARCHITECTURE, () => {
  it('names every folder of src', () => {
    const text = read(ARCHITECTURE);
    const isNamed = (folder: string): boolean =>
      text.includes(`\`${folder}/\``) || text.includes(`\`${join(folder, '..')}/*/\``);
    const folders = IN_SRC.filter(({ isFolder }) => isFolder).map(({ name }) => name);
    expect(folders.length).toBeGreaterThan(20);
    expect(folders.filter((folder) => !isNamed(folder))).toEqual([]);
  });

  it('names paths at all, and is short', () => {
    expect(pathsOf(ARCHITECTURE).length).toBeGreaterThan(40);
    expect(read(ARCHITECTURE).split(/\s+/).length).toBeLessThanOrEqual(WORDS_MAX);
  });
});

describe('docs/decisions', () => {
  it('has an index of all', () => {
    const listed = Array.from(
      read('docs/decisions/README.md').matchAll(/^- \[(\d{3}\. [^\]]+)\]\(([^)]+)\)$/gm),
      ([, title = '', file = '']) => ({ title, file }),
    ).sort((a, b) => a.file.localeCompare(b.file));
    const there = DECISIONS.map((file) => ({
      title: read(`docs/decisions/${file}`).split('\n', 1)[0]?.slice(2),
      file,
    })).sort((a, b) => a.file.localeCompare(b.file));
    expect(listed).toEqual(there);
    for (const { title, file } of listed) expect(file.slice(0, 3)).toBe(title.slice(0, 3));
  });

  it.each(DECISIONS)('%s has its four parts and is short', (file) => {
    const text = read(`docs/decisions/${file}`);
    const headings = Array.from(text.matchAll(/^## (.+)$/gm), ([, heading]) => heading);
    expect(headings).toEqual(['Context', 'Decision', 'Measured gain', 'Take it out when']);
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(DECISION_LINES_MAX);
  });
});
