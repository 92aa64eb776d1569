import { describe, expect, it } from 'vitest';
import { createPeerBook } from '../../../src/agent/peers/protected-peers.js';

const nobody = { find: () => Promise.resolve([]) };

/** A resolver that gives what stands in `answers`, and fails for every other name. */
function makeBook(answers: Record<string, string[]>) {
  const said: string[] = [];
  const resolve = (name: string) => {
    const found = answers[name];
    return found === undefined ? Promise.reject(new Error('ENOTFOUND')) : Promise.resolve(found);
  };
  return { said, book: createPeerBook(nobody, resolve, (text) => said.push(text)) };
}

const sources = (...configured: string[]) => ({
  configured,
  place: 'sentrypeer.conf:7',
  stored: [{ name: '192.0.2.9/32', addedAtUs: 0, note: 'trunk' }],
});

describe('the book of protected peers', () => {
  it('says of each where it comes from, and names each target once', async () => {
    const { book } = makeBook({ 'sip.example.org': ['198.51.100.1', '2001:db8::1'] });
    const peers = await book.gather(sources('192.0.2.9/32', 'sip.example.org'), 0);
    expect(peers).toEqual([
      { target: '192.0.2.9/32', from: 'configuration: protect (sentrypeer.conf:7)' },
      {
        target: '198.51.100.1/32',
        from: 'configuration: protect (sentrypeer.conf:7) sip.example.org',
      },
      {
        target: '2001:db8::1/128',
        from: 'configuration: protect (sentrypeer.conf:7) sip.example.org',
      },
    ]);
  });

  it('keeps the addresses of a name that cannot be resolved any more, and says so once', async () => {
    const answers: Record<string, string[]> = { 'sip.example.org': ['198.51.100.1'] };
    const { book, said } = makeBook(answers);
    await book.gather(sources('sip.example.org'), 0);
    delete answers['sip.example.org'];
    for (let round = 0; round < 2; round += 1) {
      const peers = await book.gather(sources('sip.example.org'), 0);
      expect(peers.map(({ target }) => target)).toContain('198.51.100.1/32');
    }
    expect(said).toEqual([expect.stringContaining('still 198.51.100.1')]);
    expect(book.unresolved()).toEqual([]);
  });

  it('names what protects nobody', async () => {
    const { book, said } = makeBook({});
    await book.gather(sources('nowhere.example.org'), 0);
    expect(book.unresolved()).toEqual(['nowhere.example.org']);
    expect(said[0]).toContain('it protects nobody');
  });
});
