import { expect, it } from 'vitest';
import { NO_STORM, USUAL_TRAP } from '../../src/firewall/port.js';
import { createUfw } from '../../src/firewall/ufw/ufw.js';

const BLOCK = { target: '203.0.113.7/32', scope: 'beside', timeoutS: 60 } as const;
const REFUSAL = {
  code: 'FIREWALL_FAILED',
  message: '203.0.113.7/32 is to be closed but for the trap, which ufw cannot do',
};

it('ufw refuses to leave the trap to a blocked source, before it touches a file', async () => {
  const ufw = createUfw({ ufwBefore: ['/nonexistent'], ufwFolder: '/nonexistent' });
  expect(ufw.takesBeside).toBe(false);
  await expect(ufw.apply([{ kind: 'add', ...BLOCK }])).rejects.toMatchObject(REFUSAL);
  const rest = { sipPorts: [5060], trap: USUAL_TRAP, blocksMax: 10, limiting: false };
  await expect(
    ufw.sync({ protect: [], blocks: [BLOCK], storm: NO_STORM, ...rest }),
  ).rejects.toMatchObject(REFUSAL);
});
