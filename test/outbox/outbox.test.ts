import { expect, it } from 'vitest';
import type { Notice, OutboxEntry } from '../../src/core/model/notice.js';
import { openOutbox, type Outbox } from '../../src/outbox/outbox.js';
import { SendError, type Sender } from '../../src/outbox/sender.js';
import { makeNotice } from './notices.js';

/** An outbox over a table in memory, with a clock that the test turns. */
function makeRig() {
  const table = new Map<number, OutboxEntry>();
  const said: string[] = [];
  const arrived: string[] = [];
  const rig = {
    table,
    said,
    arrived,
    nowUs: 0,
    fault: null as Error | null,
    storeFault: null as Error | null,
    wake: (): void => undefined,
    senders: [] as Sender[],
    open: (): Promise<Outbox> =>
      openOutbox({
        load: () =>
          Promise.resolve({
            waiting: [...table.values()].filter(({ state }) => state === 'waiting'),
            nextId: Math.max(0, ...table.keys()) + 1,
          }),
        keep: (entries) => {
          if (rig.storeFault !== null) return Promise.reject(rig.storeFault);
          for (const entry of entries) table.set(entry.id, entry);
          return Promise.resolve();
        },
        senders: () => rig.senders,
        nowUs: () => rig.nowUs,
        random: () => 0,
        say: (text) => said.push(text),
        wait: (_ms, then) => {
          rig.wake = then;
          return () => {
            rig.wake = () => undefined;
          };
        },
      }),
  };
  rig.senders = [
    {
      name: 'mail',
      place: 'mail',
      send: ({ id }: Notice) => {
        if (rig.fault !== null) return Promise.reject(rig.fault);
        arrived.push(id);
        return Promise.resolve();
      },
    },
  ];
  return rig;
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('delivers what waited when the agent before was killed', async () => {
  const rig = makeRig();
  rig.fault = new SendError('status 500');
  const first = await rig.open();
  await first.post([makeNotice({ id: 'a' }), makeNotice({ id: 'b' })]);
  await settle();
  expect([...rig.table.values()].map(({ state, attempts }) => [state, attempts])).toEqual([
    ['waiting', 1],
    ['waiting', 0],
  ]);
  // Killed: nothing is closed.
  rig.fault = null;
  await rig.open();
  await settle();
  await settle();
  expect(rig.arrived).toEqual(['a', 'b']);
  expect([...rig.table.values()].map(({ state }) => state)).toEqual(['sent', 'sent']);
});

it('says once that a target is dead, and once that it is back', async () => {
  const rig = makeRig();
  rig.fault = new SendError('status 500');
  const outbox = await rig.open();
  await outbox.post([makeNotice()]);
  await settle();
  rig.nowUs += 30_000_000;
  rig.wake();
  await settle();
  rig.fault = null;
  rig.nowUs += 60_000_000;
  rig.wake();
  await settle();
  expect(rig.said).toEqual(['alerts do not reach mail: status 500', 'alerts reach mail again']);
  expect(outbox.counts()).toEqual([{ target: 'mail', waiting: 0, sent: 1, failed: 0 }]);
});

it('delivers although the database takes nothing, and says so once', async () => {
  const rig = makeRig();
  rig.storeFault = new Error('the disk is full');
  const outbox = await rig.open();
  await outbox.post([makeNotice({ id: 'a' })]);
  await outbox.post([makeNotice({ id: 'b' })]);
  await settle();
  await settle();
  expect(rig.arrived).toEqual(['a', 'b']);
  expect(rig.said).toEqual([
    'alerts go out, and a restart may lose or repeat some: the disk is full',
  ]);
});

it('gives up what waits for a target that is gone', async () => {
  const rig = makeRig();
  rig.fault = new SendError('status 500');
  const outbox = await rig.open();
  await outbox.post([makeNotice()]);
  await settle();
  rig.senders = [];
  await outbox.follow();
  expect([...rig.table.values()]).toMatchObject([
    { state: 'failed', error: 'it is not configured any more' },
  ]);
});
