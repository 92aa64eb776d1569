import { BLOCK_ROUTES } from './block-routes.js';
import { CROWDSEC_ROUTES } from './crowdsec-routes.js';
import { DASHBOARD_ROUTES } from './dashboard-routes.js';
import { documentRoutes } from './document-routes.js';
import { EVENT_ROUTES } from './event-routes.js';
import { LIST_ROUTES } from './list-routes.js';
import { METRICS_ROUTES } from './metrics-routes.js';
import { NUMBER_ROUTES } from './number-routes.js';
import { OVERVIEW_ROUTES } from './overview-routes.js';
import type { Route } from './route.js';
import { SOURCE_ROUTES } from './source-routes.js';
import { STATUS_ROUTES } from './status-routes.js';

/** What is served through every door; each door says who may. */
export const ROUTES: readonly Route[] = [
  ...DASHBOARD_ROUTES,
  ...documentRoutes(() => ROUTES),
  ...STATUS_ROUTES,
  ...EVENT_ROUTES,
  ...SOURCE_ROUTES,
  ...BLOCK_ROUTES,
  ...NUMBER_ROUTES,
  ...OVERVIEW_ROUTES,
  ...LIST_ROUTES,
  ...CROWDSEC_ROUTES,
  ...METRICS_ROUTES,
];
