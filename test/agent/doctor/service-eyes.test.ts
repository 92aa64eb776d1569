import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  CAP_NET_ADMIN,
  hasCapability,
  type ProcessRights,
} from '../../../src/agent/doctor/host.js';
import {
  judgeSandbox,
  readUnit,
  rightsOf,
  type ServiceEyes,
} from '../../../src/agent/doctor/service-eyes.js';
import { judgeServiceFiles } from '../../../src/agent/doctor/service-files.js';
import type { Barrier, Who } from '../../../src/core/model/access.js';

const shipped = readFileSync('systemd/sentrypeer-agent.service', 'utf8');
const keys = readUnit([shipped]);

describe('the unit', () => {
  it('is read with its drop-ins: they add, replace, and forget', () => {
    const dropIn =
      '[Service]\nReadWritePaths=/srv/trap\nLimitNOFILE=\nLimitNOFILE=100\nUser=other\n';
    const read = readUnit([shipped, '[Unit]\nUser=nobody\n', dropIn]);
    expect(read.get('LimitNOFILE')).toEqual(['100']);
    expect(read.get('User')?.at(-1)).toBe('other');
    expect(read.get('ReadWritePaths')).toEqual(['/srv/trap']);
    expect(read.get('ExecStart')?.[0]).toContain('-c /etc/sentrypeer/sentrypeer.conf');
  });

  it('gives the service its rights, whatever root has', () => {
    const own: ProcessRights = {
      who: 'root',
      capabilities: 0n,
      descriptorsMax: 7,
      unprivilegedPort: 1024,
    };
    const eyes: ServiceEyes = { unit: 'u', user: 'sentrypeer', who: null, keys };
    const rights = rightsOf(eyes, own);
    expect(rights).toMatchObject({ who: 'the service', descriptorsMax: 65_536 });
    expect(hasCapability(rights.capabilities ?? 0n, CAP_NET_ADMIN)).toBe(true);
    const bare = rightsOf({ ...eyes, keys: readUnit(['[Service]\nUser=x\n']) }, own);
    expect(bare.capabilities).toBe(0n);
  });
});

describe('the sandbox', () => {
  it.each([
    ['/var/lib/sentrypeer/s.db', 'write', null],
    ['/var/log/sentrypeer/s.log', 'write', null],
    ['/etc/sentrypeer/sentrypeer.conf', 'read', null],
    ['/srv/trap/s.db', 'write', /^ProtectSystem=strict lets the service write only below/],
    ['/var/lib/sentrypeer-other/s.db', 'write', /^ProtectSystem/],
    ['/root/tls.pem', 'read', /^ProtectHome=yes hides/],
    ['/home/kim/s.db', 'write', /^ProtectHome=yes hides/],
    ['/tmp/s.db', 'write', /^PrivateTmp/],
  ] as const)('%s, to %s', (path, need, why) => {
    const judged = judgeSandbox(keys, path, need);
    if (why === null) expect(judged).toBeNull();
    else expect(judged).toMatch(why);
  });

  it('is as wide as a drop-in makes it', () => {
    const wider = readUnit([
      shipped,
      '[Service]\nReadWritePaths=-/srv/trap\nProtectHome=read-only\n',
    ]);
    expect(judgeSandbox(wider, '/srv/trap/s.db', 'write')).toBeNull();
    expect(judgeSandbox(wider, '/root/tls.pem', 'read')).toBeNull();
    expect(judgeSandbox(readUnit(['[Service]\n']), '/root/s.db', 'write')).toBeNull();
  });
});

describe('what the service gets at', () => {
  const who: Who = {
    uid: 990,
    gids: [990],
    user: 'sentrypeer',
    group: 'sentrypeer',
    isService: true,
  };
  const eyes: ServiceEyes = { unit: '/u', user: 'sentrypeer', who, keys };
  const conf = '/etc/sentrypeer/sentrypeer.conf';
  const shut: Barrier = {
    at: {
      path: conf,
      isFolder: false,
      mode: 0o600,
      uid: 0,
      gid: 0,
      owner: 'root',
      ownerGroup: 'root',
    },
    need: 'read',
    inOwnFolder: false,
  };
  const judge = (tried: Record<string, boolean> | null, barrier: Barrier | null) =>
    judgeServiceFiles(eyes, who, [{ path: conf, need: 'read' }], { tried, barrier: () => barrier });

  it('is told with owner and command where the mode shuts it', () => {
    const wanted = { outcome: 'fail', remedy: `chgrp sentrypeer ${conf} && chmod 640 ${conf}` };
    expect(judge(null, shut)).toMatchObject([wanted]);
    expect(judge({ [conf]: false }, shut)).toMatchObject([wanted]);
  });

  it('is what the kernel says: an access list opens, a security module shuts', () => {
    expect(judge({ [conf]: true }, shut)).toMatchObject([{ outcome: 'ok' }]);
    expect(judge({ [conf]: false }, null)).toMatchObject([{ outcome: 'fail' }]);
    expect(judge(null, null)).toMatchObject([{ outcome: 'ok' }]);
  });
});
