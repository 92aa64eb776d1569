import { describe, expect, it } from 'vitest';
import { syslogServer } from '../../../src/config/keys/syslog-server.js';

describe('a syslog server', () => {
  it.each([
    ['udp://log.example.org', 'udp://log.example.org:514'],
    ['tcp://192.0.2.1:601', 'tcp://192.0.2.1:601'],
    ['tls://Log.Example.org', 'tls://log.example.org:6514'],
    ['tls://[2001:DB8::1]', 'tls://[2001:db8::1]:6514'],
    ['udp://localhost', 'udp://localhost:514'],
    ['', ''],
  ])('%s is %s, and reads back', (text, written) => {
    const reading = syslogServer.read(text);
    expect(reading.ok).toBe(true);
    if (!reading.ok) return;
    expect(syslogServer.write(reading.value)).toBe(written);
    expect(syslogServer.read(written)).toEqual(reading);
  });

  it.each([
    'log.example.org',
    'http://log.example.org',
    'tcp://',
    'tcp://log.example.org/x',
    'tcp://user@log.example.org',
    'tcp://log.example.org:0',
    'tcp://log.example.org:65536',
    'tcp://2001:db8::1',
    'tcp://[192.0.2.1]',
    'tcp://[2001:db8::zz]',
    'tcp://192.0.2.999',
    'tcp://a b',
  ])('refuses %j', (text) => {
    expect(syslogServer.read(text).ok).toBe(false);
  });
});
