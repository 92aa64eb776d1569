import { expect, it } from 'vitest';
import { openDatabase } from '../../src/store/database/sqlite.js';
import { batchOf, closeAfterTest, openSampleStore, sampleEvent, sipText } from './samples.js';

it('the view honey answers the queries that are known from SentryPeer', async () => {
  const instanceId = 'fac3fa20-8c2c-445b-8661-50a70fa9e873';
  const { store, databaseFile } = await openSampleStore({ instanceId });
  const raw = Buffer.from(sipText('INVITE'));
  store.write(batchOf({ events: [sampleEvent(1), sampleEvent(2, { raw, answeredStatus: null })] }));
  await store.flush();
  const database = closeAfterTest(await openDatabase(databaseFile, 'read'));
  expect(await database.all('SELECT * FROM honey ORDER BY honey_id DESC LIMIT 1')).toEqual([
    {
      honey_id: 2,
      event_timestamp: '2026-01-01 00:00:00.000002000',
      event_uuid: '00000000-0000-4000-8000-000000000002',
      collected_method: 'passive',
      source_ip: '203.0.113.7',
      called_number: '442079460000',
      transport_type: 'UDP',
      method: 'INVITE',
      sip_user_agent: 'friendly-scanner',
      sip_message: sipText('INVITE'),
      created_by_node_id: instanceId,
      destination_ip: '192.0.2.1',
    },
  ]);
});
