import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import axe, { type AxeResults } from 'axe-core';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab } from './lab.js';
import { runJson } from './program.js';
import { programPath, requireLab } from './require-lab.js';
import { startAgent, type LabAgent } from './start-agent.js';

const needs = requireLab(['nft', 'chromium']);
const MARKUP_SENDER = fileURLToPath(new URL('markup.mjs', import.meta.url));
/** Without a quote, so that it stands in a quoted string of SIP as it is. */
const MARKUP = '<img src=x onerror=document.title=1>';
const CALLER = '10.98.7.1';
const URL_OF_PAGE = 'http://127.0.0.1:8080/';
const VIEWS = ['overview', 'events', 'sources', 'blocks', 'tried', 'rules', 'system'];

describe.skipIf(needs.skip)(`the dashboard in a browser ${needs.note}`, () => {
  let lab: Lab;
  let agent: LabAgent;
  let browser: Browser | undefined;
  let page: Page;
  let from = '';
  const wrong: string[] = [];

  beforeAll(async () => {
    lab = await createLab();
    from = lab.attacker.ipv4;
    agent = await startAgent(lab);
    await lab.addAttackerAddress(CALLER);
    const words = [MARKUP_SENDER, CALLER, from, lab.agent.ipv4, MARKUP];
    await lab.attacker.exec(process.execPath, words);
    browser = await startBrowser(lab);
    page = await browser.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') wrong.push(message.text());
    });
    page.on('pageerror', (error) => wrong.push(String(error)));
    const answer = await page.goto(URL_OF_PAGE);
    expect(answer?.headers()['content-security-policy']).toContain("script-src 'self'");
    await page.getByText('Live', { exact: true }).waitFor();
  });

  afterAll(async () => {
    await browser?.close();
    await lab.close();
  });

  const visit = async (view: string): Promise<void> => {
    await page.goto(`${URL_OF_PAGE}#/${view}`);
    await page.locator(`main.view-${view.split('/')[0] ?? ''}`).waitFor();
    await page.waitForFunction(() => document.querySelector('main .empty')?.textContent !== '…');
  };

  /** What the page made of the text of attackers: nothing but text. */
  const expectNoMarkup = async (): Promise<void> => {
    expect(await page.locator('img, iframe, main script').count()).toBe(0);
    expect(await page.title()).not.toBe('1');
  };

  it('shows markup in every field of an attacker as the text that it is', async () => {
    await visit('events');
    await page.locator('.events').getByText(MARKUP).first().waitFor();
    await expectNoMarkup();
    await page.getByRole('row').filter({ hasText: 'INVITE' }).getByRole('button').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('INVITE').waitFor();
    const told = await dialog.locator('dl').innerText();
    for (const name of ['called number', 'From user', 'To user', 'user agent', 'Call-ID']) {
      expect(told).toMatch(new RegExp(`${name}\\s+(<img|%3Cimg)`, 'i'));
    }
    await expectNoMarkup();
    await page.keyboard.press('Escape');
    await visit('tried');
    const tried = page.locator('main');
    await tried.getByText(MARKUP).first().waitFor();
    for (const title of ['User names tried', 'Passwords tried', 'User agents']) {
      const part = page.getByRole('region', { name: title });
      await part
        .getByText(/<img|%3Cimg/i)
        .first()
        .waitFor();
    }
    await expectNoMarkup();
    await visit(`sources/${from}`);
    await page.getByText(MARKUP).first().waitFor();
    await expectNoMarkup();
  });

  it('blocks by a button with a token that allows it, and says in words when none does', async () => {
    await visit('blocks');
    await page.getByRole('button', { name: 'Block…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Address or network').fill('192.0.2.77');
    await dialog.getByRole('button', { name: 'Block', exact: true }).click();
    await dialog.getByText('That takes a token of the scope block').waitFor();
    expect(await listBlocked()).toEqual([]);

    const made = ['token', 'create', 'desk', '--scope', 'block'];
    const { token } = await runJson<{ token: string }>(lab.agent, agent.stateDir, made);
    await dialog.getByLabel('Token').fill(token);
    await dialog.getByRole('button', { name: 'Block', exact: true }).click();
    await page.getByText('192.0.2.77 is blocked.').waitFor();
    expect(await listBlocked()).toEqual(['192.0.2.77/32']);
    await page.locator('.blocks').getByText('192.0.2.77').waitFor();

    await visit('system');
    await page.getByRole('button', { name: 'Protect…' }).click();
    await dialog.getByLabel('Address, network or host name').fill('192.0.2.77');
    await dialog.getByRole('button', { name: 'Protect', exact: true }).click();
    await dialog.getByText('The token desk is of the scope block, and that takes admin').waitFor();
    await page.keyboard.press('Escape');
  });

  it('has nothing that keeps anybody out, and no error, in both themes and on a telephone', async () => {
    const found: string[] = [];
    for (const [theme, width] of [
      ['light', 1_280],
      ['dark', 360],
    ] as const) {
      await page.emulateMedia({ colorScheme: theme });
      await page.setViewportSize({ width, height: 800 });
      for (const view of [...VIEWS, `sources/${from}`]) {
        await visit(view);
        await page.evaluate(axe.source);
        const { violations } = await page.evaluate<AxeResults>('axe.run()');
        const serious = violations.filter(({ impact }) => /serious|critical/.test(impact ?? ''));
        found.push(
          ...serious.map(({ id, nodes }) => `${view} ${theme}: ${id} ${nodes[0]?.html ?? ''}`),
        );
        const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (beyond > 0) found.push(`${view} ${theme}: ${beyond} px too wide`);
      }
    }
    expect(found).toEqual([]);
    // Refusals are answers, which a browser notes as well.
    expect(wrong.filter((text) => !/status of (401|403|404)/.test(text))).toEqual([]);
  }, 60_000);

  const listBlocked = async (): Promise<string[]> => {
    const words = ['blocks', 'list', '--origin', 'api'];
    const { blocks } = await runJson<{ blocks: { target: string }[] }>(
      lab.agent,
      agent.stateDir,
      words,
    );
    return blocks.map(({ target }) => target);
  };
});

/** Chromium on the agent's machine, where reading needs no token. */
function startBrowser(lab: Lab): Promise<Browser> {
  const file = join(lab.makeFolder(), 'chromium');
  const words = [...lab.agent.prefix, programPath('chromium')].join(' ');
  writeFileSync(file, `#!/bin/sh\nexec ${words} "$@"\n`);
  chmodSync(file, 0o755);
  // Root has no sandbox; what is opened is our own page alone.
  return chromium.launch({ executablePath: file, args: ['--no-sandbox'] });
}
