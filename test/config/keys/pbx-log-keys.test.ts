import { describe, expect, it } from 'vitest';
import { PBX_LOG_KEYS } from '../../../src/config/keys/pbx-log-keys.js';

const { files, journal } = PBX_LOG_KEYS;

describe('the section [logs]', () => {
  it.each([
    ['', ''],
    ['/var/log/asterisk/security:asterisk', '/var/log/asterisk/security:asterisk'],
    ['/var/log/a, /var/log/b:my-proxy', '/var/log/a:auto, /var/log/b:my-proxy'],
    ['/var/log/a:b/c:auto', '/var/log/a:b/c:auto'],
  ])('reads the files %s as %s', (text, written) => {
    const reading = files.reader.read(text);
    expect(reading.ok && files.reader.write(reading.value)).toBe(written);
  });

  it.each([
    ['messages:asterisk', 'it is no absolute path'],
    ['/var/log/a:', 'behind the colon there is no kind'],
    ['/var/log/a:Asterisk', 'behind the colon there is no kind'],
  ])('refuses the file %s: %s', (text, why) => {
    expect(files.reader.read(text)).toEqual({ ok: false, why });
  });

  it.each([
    ['kamailio.service', 'kamailio.service:auto'],
    ['asterisk@1.service:asterisk', 'asterisk@1.service:asterisk'],
  ])('reads the unit %s as %s', (text, written) => {
    const reading = journal.reader.read(text);
    expect(reading.ok && journal.reader.write(reading.value)).toBe(written);
  });

  it.each([
    ['--file=/etc/passwd', 'it is no unit'],
    ['a b', 'it is no unit'],
    ['a:', 'behind the colon there is no kind'],
  ])('refuses the unit %s: %s', (text, why) => {
    expect(journal.reader.read(text)).toEqual({ ok: false, why });
  });
});
