import { describe, expect, it } from 'vitest';
import type { BoundSocket } from '../../src/agent/doctor/ports.js';
import { findOtherPort, withPort, type PortHost } from '../../src/agent/other-port.js';
import { decideSettings, type LoadedSettings } from '../../src/config/load.js';
import { sipPortsWhile } from '../../src/config/schema.js';

const loadedWith = (env: Readonly<Record<string, string>> = {}): LoadedSettings =>
  decideSettings({ file: null, env, flags: {} }, null);

/** All addresses of IPv4, as the kernel writes them. */
const taken = (...ports: readonly number[]): readonly BoundSocket[] =>
  ports.map((port) => ({ protocol: 'udp', family: 4, address: '00000000', port, inode: '1' }));
const hostWith = (ports: readonly number[], programs: readonly string[]): PortHost => ({
  bound: () => taken(...ports),
  programs: () => programs,
});

describe('the port of the trap', () => {
  it.each([
    ['free', [], ['asterisk'], null],
    ['taken by a PBX', [5060], ['sshd', 'asterisk'], 5070],
    ['taken, and the first other one too', [5060, 5070], ['kamailio'], 5160],
    ['taken by another program', [5060], ['sshd', 'node'], null],
    ['taken like all others', [5060, 5070, 5160, 15060], ['freeswitch'], null],
  ])('when it is %s', (_, ports, programs, port) => {
    const moved = findOtherPort(loadedWith(), hostWith(ports, programs));
    expect(moved?.settings.listenPort ?? null).toBe(port);
    if (moved === null) return;
    expect(moved.settings.blocking.sipPorts).toEqual(expect.arrayContaining([5060, port]));
    expect(moved.notices.at(-1)).toContain(`the trap listens on port ${port ?? ''}`);
  });

  it('stays where nothing of the host can be told, or no other is allowed', () => {
    const blind = { bound: () => null, programs: () => ['asterisk'] };
    expect(findOtherPort(loadedWith(), blind)).toBeNull();
    const none = loadedWith({ SENTRYPEER_OTHER_PORTS: '' });
    expect(findOtherPort(none, hostWith([5060], ['asterisk']))).toBeNull();
  });

  it('of the PBX stays a SIP port, also when the configuration is read again', () => {
    const moved = withPort(loadedWith(), 5070);
    const again = withPort(loadedWith({ SENTRYPEER_BLOCKING_SIP_PORTS: 'trap, 5080' }), 5070);
    expect([...sipPortsWhile(moved.settings, again.settings)].sort()).toEqual([5060, 5070, 5080]);
  });
});
