import { beforeEach, describe, expect, it } from 'vitest';
import type { EventRecord } from '../../src/core/model/event.js';
import { LIMITS } from '../../src/core/common/limits.js';
import { openReader } from '../../src/store/read/reader.js';
import {
  batchOf,
  closeAfterTest,
  openSampleStore,
  sampleEvent,
  sipText,
  START_US,
  type OpenedStore,
} from './samples.js';

let opened: OpenedStore;

beforeEach(async () => {
  opened = await openSampleStore();
});

const callTo = (id: number, number: string, change: Partial<EventRecord> = {}): EventRecord =>
  sampleEvent(id, {
    raw: Buffer.from(sipText('INVITE').replace('sip:442079460000@', `sip:${number}@`)),
    ...change,
  });

async function keep(...numbers: readonly string[]): Promise<void> {
  opened.store.write(
    batchOf({ events: numbers.map((number, index) => callTo(index + 1, number)) }),
  );
  await opened.store.flush();
}

const reading = async () => closeAfterTest(await openReader(opened.databaseFile));
const last = { limit: 100, order: 'last' } as const;

describe('numbers', () => {
  it('are one row for one number, however it was written', async () => {
    await keep('00442071838750', '9011442071838750', '+442071838750', '00442071838750');
    const [number, ...others] = await (await reading()).listNumbers(last);
    expect(others).toEqual([]);
    expect(number).toMatchObject({
      number: '+442071838750',
      valid: true,
      country: 'GB',
      callingCode: '44',
      type: 'fixed_line',
      highRisk: false,
      firstAtUs: START_US + 1,
      lastAtUs: START_US + 4,
      lastSource: '203.0.113.7',
      calls: 4,
      forms: ['00442071838750', '+442071838750', '9011442071838750'],
      formsTotal: 3,
    });
  });

  it('are counted on over batches and starts', async () => {
    await keep('00442071838750');
    await opened.store.close();
    opened = await openSampleStore({ databaseFile: opened.databaseFile });
    opened.store.write(
      batchOf({
        events: [callTo(2, '442071838750', { source: { address: '2001:db8::1', port: 1 } })],
      }),
    );
    await opened.store.flush();
    const [number] = await (await reading()).listNumbers(last);
    expect(number).toMatchObject({ calls: 2, lastSource: '2001:db8::1', formsTotal: 2 });
  });

  it('keep a bounded number of written forms, and count beyond it', async () => {
    const many = LIMITS.numberFormsMax + 50;
    // A hundred new forms a second, which is within the bound of what is looked up.
    const events = Array.from({ length: many }, (_, at) =>
      callTo(at + 1, `${at + 2_000}00442071838750`, { receivedAtUs: START_US + at * 10_000 }),
    );
    opened.store.write(batchOf({ events }));
    await opened.store.flush();
    const [number] = await (await reading()).listNumbers(last);
    expect(number).toMatchObject({ calls: many, formsTotal: LIMITS.numberFormsMax });
    opened.store.write(batchOf({ events: [callTo(999, '77700442071838750')] }));
    await opened.store.flush();
    const [later] = await (await reading()).listNumbers(last);
    expect(later?.calls).toBe(many + 1);
    expect(later?.formsTotal).toBe(number?.formsTotal);
  });

  it('are not made of names, nor of what registers', async () => {
    opened.store.write(batchOf({ events: [callTo(1, 'alice'), sampleEvent(2)] }));
    await opened.store.flush();
    expect(await (await reading()).listNumbers(last)).toEqual([]);
  });

  it('are lost with the events of a refused batch, not counted twice', async () => {
    await keep('00442071838750');
    // The id is there already: the whole batch is refused.
    opened.store.write(batchOf({ events: [callTo(1, '00442071838750')] }));
    await opened.store.flush();
    expect((await (await reading()).listNumbers(last))[0]?.calls).toBe(1);
  });
});

describe('findNumber', () => {
  it.each([
    '+442071838750',
    '00442071838750',
    '442071838750',
    '27000442071838750',
    '0044 207 183 8750',
  ])('finds %s', async (text) => {
    await keep('9011442071838750', '00972592577956');
    const found = await (await reading()).findNumber(text);
    expect(found.map(({ number }) => number)).toEqual(['+442071838750']);
  });

  it.each(['+442071838751', '8750', 'alice'])('does not find %s', async (text) => {
    await keep('9011442071838750');
    expect(await (await reading()).findNumber(text)).toEqual([]);
  });
});

describe('findNumbersBySuffix', () => {
  it('finds those that end in the digits, the most called first', async () => {
    await keep('00442071838750', '00972592578750', '00972592578750', '00972592578759');
    const found = await (await reading()).findNumbersBySuffix('8750', 10);
    expect(found.map(({ number }) => number)).toEqual(['+972592578750', '+442071838750']);
  });
});

describe('listNumbers', () => {
  it('filters and sorts', async () => {
    await keep('00442071838750', '0025261234567', '0025261234567', '449098790000');
    const reader = await reading();
    const list = async (filter: object) =>
      (await reader.listNumbers({ ...last, ...filter })).map(({ number }) => number);
    expect(await list({ order: 'calls', limit: 1 })).toEqual(['+25261234567']);
    expect(await list({ country: 'GB', type: 'premium' })).toEqual(['+449098790000']);
    expect(await list({ highRisk: true })).toEqual(['+25261234567']);
    expect(await list({ sinceUs: START_US + 4 })).toEqual(['+449098790000']);
    const [first] = await reader.listNumbers({ ...last, limit: 1 });
    const after = { lastAtUs: first?.lastAtUs ?? 0, id: first?.id ?? 0 };
    expect(await list({ after })).toEqual(['+25261234567', '+442071838750']);
  });
});

describe('query and list', () => {
  it('agree on one key: each way of writing that the list shows finds its number', async () => {
    const forms = [
      ...['+442079460018', '004402079460018', '%2B44-20-7946-0018', '9011442079460018'],
      ...['02079460018', '%3020-7946-0018', '+44(0)20.7946.0018;phone-context=example.com'],
      ...['+54111523456789', '+5491123456789', '0054-9-11-2345-6789', '*9*00442079460018'],
      ...[
        '+390612345678',
        '0039%230612345678',
        '100',
        '%31%30%30',
        '0099912345678',
        '+99912345678',
      ],
    ];
    const events = forms.map((form, index) => callTo(index + 1, form));
    const national = await openSampleStore({ homeCountry: 'GB' });
    national.store.write(batchOf({ events }));
    await national.store.flush();
    await national.store.close();
    const reader = closeAfterTest(await openReader(national.databaseFile, 'GB'));
    const listed = await reader.listNumbers({ limit: 100, order: 'calls' });
    expect(listed.map(({ number }) => number).sort()).toEqual([
      ...['+390612345678', '+442079460018', '+5491123456789', '+99912345678', '100'],
    ]);
    expect(listed.flatMap((each) => each.forms).sort()).toEqual([...forms].sort());
    for (const { id, number, forms: written } of listed) {
      for (const form of [number, ...written]) {
        const found = await reader.findNumber(form);
        expect([form, found.map((each) => each.id)]).toEqual([form, [id]]);
      }
    }
    expect(await reader.findNumber('tel:+44-20-7946-0018')).toHaveLength(1);
    expect(await reader.findNumber('sips:02079460018@pbx.example;user=phone')).toHaveLength(1);
  });
});
