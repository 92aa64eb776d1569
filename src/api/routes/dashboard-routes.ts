import { z } from 'zod';
import { AgentError } from '../../core/common/errors.js';
import { quoteText } from '../../core/common/text.js';
import { listDashboard, type PageFiles } from '../dashboard-files.js';
import { getText, type Route } from './route.js';

/**
 * Its own files and its own API alone; nothing inline, and no text becomes markup: with no policy of
 * Trusted Types at all, a browser that knows them refuses every way of making markup of text.
 */
const CONTENT_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const HTML = 'text/html; charset=utf-8';
const A_YEAR = 'public, max-age=31536000, immutable';

/** Nothing secret is in the page itself, and a browser can send no token with its first request. */
export const dashboardRoutes = (files: () => PageFiles): readonly Route[] => [
  getText('/', {
    right: 'open',
    summary: 'The dashboard',
    types: [HTML],
    freshMs: 0,
    handle: () => {
      const { index } = files();
      if (index === null) throw notBuilt();
      return Promise.resolve({ type: HTML, text: index, contentPolicy: CONTENT_POLICY });
    },
  }),
  getText('/assets/{file}', {
    right: 'open',
    summary: 'What that page is made of',
    detail: 'The name holds a digest of the content, so that a browser keeps it for a year.',
    types: ['text/javascript; charset=utf-8', 'text/css; charset=utf-8', 'image/svg+xml'],
    params: z.object({ file: z.string().max(100).describe('as the page names it') }),
    freshMs: 0,
    handle: (_services, { params }) => {
      const found = files().assets.get(params.file);
      const text = found?.read() ?? null;
      if (found === undefined || text === null) throw noSuchFile(params.file);
      return Promise.resolve({ type: found.type, text, cacheControl: A_YEAR });
    },
  }),
];

let listed: PageFiles | null = null;

/** Listed with the first question: a build that comes later is another start's. */
export const DASHBOARD_ROUTES = dashboardRoutes(() => (listed ??= listDashboard()));

const notBuilt = (): AgentError =>
  new AgentError(
    'NOT_FOUND',
    'the dashboard was not built into this installation',
    'type `npm run build` where it was built from, or use the API: /api/docs',
  );

const noSuchFile = (name: string): AgentError =>
  new AgentError(
    'NOT_FOUND',
    `the page has no file ${quoteText(name)}`,
    'load the page again: it may be of an earlier version',
  );
