import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '../..');

const flagSchema = z.object({
  type: z.enum(['boolean', 'option']),
  char: z.string().optional(),
  options: z.array(z.string()).optional(),
  multiple: z.boolean().optional(),
  required: z.boolean().optional(),
  allowNo: z.boolean().optional(),
  default: z.unknown().optional(),
});

const manifestSchema = z.object({
  commands: z.record(
    z.string(),
    z.object({
      summary: z.string(),
      examples: z.array(z.string()),
      strict: z.boolean(),
      enableJsonFlag: z.boolean(),
      args: z.record(z.string(), z.object({ required: z.boolean().optional() })),
      flags: z.record(z.string(), flagSchema),
      relativePath: z.array(z.string()),
    }),
  ),
});

const { commands } = manifestSchema.parse(
  JSON.parse(readFileSync(join(ROOT, 'oclif.manifest.json'), 'utf8')),
);
const names = Object.keys(commands).map((id) => id.replaceAll(':', ' '));

/** `--limit=… (default 50)`, `-v --verbose`, `[no-]dns`. */
function describeFlag(name: string, flag: z.infer<typeof flagSchema>): string {
  const short = flag.char === undefined ? '' : `-${flag.char} `;
  const no = flag.allowNo === true ? '[no-]' : '';
  const value = flag.type === 'boolean' ? '' : `=${flag.options?.join('|') ?? '…'}`;
  const many = flag.multiple === true ? ' (again and again)' : '';
  const needed = flag.required === true ? ' (required)' : '';
  const standard = flag.default === undefined ? '' : ` (default ${JSON.stringify(flag.default)})`;
  return `  ${short}--${no}${name}${value}${needed}${many}${standard}`;
}

const surface = Object.entries(commands).flatMap(([id, { args, flags, strict }]) => {
  const words = Object.entries(args).map(([name, { required }]) => {
    const text = `${name.toUpperCase()}${strict ? '' : '…'}`;
    return required === true ? text : `[${text}]`;
  });
  const own = Object.entries(flags).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    [id.replaceAll(':', ' '), ...words].join(' '),
    ...own.map(([name, flag]) => describeFlag(name, flag)),
  ];
});

describe('the commands', () => {
  it('have the flags and arguments that they had: they are an interface', async () => {
    await expect(`${surface.join('\n')}\n`).toMatchFileSnapshot('surface.txt');
  });

  it.each(Object.entries(commands))('%s has a summary, examples, --json and -c', (_id, command) => {
    expect(command.summary).toMatch(/^[A-Z].{8,}[^.]$/);
    expect(command.examples.length).toBeGreaterThan(0);
    expect(command.enableJsonFlag).toBe(true);
    expect(command.flags['config']?.char).toBe('c');
  });

  it('are found from dist on, wherever the program lies', () => {
    for (const { relativePath } of Object.values(commands)) expect(relativePath[0]).toBe('dist');
  });
});

it('docs/CLI_JSON.md tells the JSON of every command, and of no other', () => {
  const page = readFileSync(join(ROOT, 'docs/CLI_JSON.md'), 'utf8');
  const [, after = ''] = page.split('| command | object |\n');
  const rows = (after.split('\n\n')[0] ?? '').split('\n').slice(1);
  const told = rows.flatMap((row) => {
    const cell = row.split('|')[1] ?? '';
    return [...cell.matchAll(/`([a-z ]+?)(?: -.*)?`/g)].map(([, name]) => name);
  });
  expect([...new Set(told)].sort()).toEqual([...names].sort());
});
