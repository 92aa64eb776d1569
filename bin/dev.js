#!/usr/bin/env node
// Full stack traces; run `npm run build -- --watch` beside it.
import { execute } from '@oclif/core';

await execute({ development: true, dir: import.meta.url });
