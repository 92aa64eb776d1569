import { NO_STORM, USUAL_TRAP } from '../../src/firewall/port.js';
import { expect, it } from 'vitest';
import { createObserve } from '../../src/firewall/observe.js';

it('an observing firewall takes every change and has nothing in force', async () => {
  const firewall = createObserve();
  const block = { target: '203.0.113.7/32', scope: 'all', timeoutS: 60 } as const;
  await firewall.sync({
    protect: [],
    sipPorts: [5060],
    trap: USUAL_TRAP,
    blocksMax: 10,
    blocks: [block],
    limiting: false,
    storm: NO_STORM,
  });
  await firewall.apply([{ kind: 'add', ...block }]);
  expect(await firewall.read()).toEqual({ present: false, protect: [], blocks: [] });
  expect(await firewall.print()).toBe('');
  expect(await firewall.probe()).toContain('no firewall rule');
  await firewall.remove();
});
