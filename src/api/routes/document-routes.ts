import type { ApiServices } from '../facts.js';
import { get, getText, type Route } from './route.js';

const FRESH_MS = 60_000;

/** Routes that tell of all the others; `all` is asked when they are answered. */
export const documentRoutes = (all: () => readonly Route[]): readonly Route[] => [
  get('/api/openapi.json', {
    right: 'read',
    summary: 'This API as an OpenAPI 3.1 document',
    answer: 'document',
    freshMs: FRESH_MS,
    handle: (services) => makeDocument(all(), services),
  }),
  getText('/api/docs', {
    right: 'read',
    summary: 'This API as a page to read',
    types: ['text/html; charset=utf-8'],
    freshMs: FRESH_MS,
    handle: async (services) => {
      const { renderDocument } = await import('../document/document-page.js');
      const text = renderDocument(await makeDocument(all(), services));
      return { type: 'text/html; charset=utf-8', text };
    },
  }),
  getText('/api/docs.css', {
    right: 'read',
    summary: 'How that page looks',
    types: ['text/css; charset=utf-8'],
    freshMs: FRESH_MS,
    handle: async () => {
      const { STYLE } = await import('../document/document-page.js');
      return { type: 'text/css; charset=utf-8', text: STYLE };
    },
  }),
];

/** Loaded when it is asked for: the shapes of all answers take memory that nobody may ever need. */
async function makeDocument(routes: readonly Route[], { facts }: ApiServices) {
  const { describeRoutes } = await import('../document/open-api.js');
  return describeRoutes(routes, facts.version);
}
