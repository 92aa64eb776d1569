// Who may import whom: docs/ARCHITECTURE.md has it in words.

/** Layers of core, each of which may import itself and those before it. */
const CORE = [
  'common',
  'model',
  'sip',
  'trap',
  'pbx',
  'detect',
  'block',
  'counts',
  'flow',
  'state',
  'decision',
  'sensed',
  'step',
];

const coreRules = CORE.map((layer, index) => {
  const allowed = CORE.slice(0, index + 1).join('|');
  return {
    name: `core-${layer}-imports-only-what-is-below`,
    severity: 'error',
    from: { path: `^src/core/${layer}(/|\\.ts$)` },
    to: { path: '^src/', pathNot: `^src/core/(${allowed})(/|\\.ts$)` },
  };
});

/** A part outside of core, and the parts that it may import beside itself. */
const part = (name, allowed) => ({
  name: `${name}-imports-only-its-own`,
  severity: 'error',
  from: { path: `^src/${name}/` },
  to: { path: '^src/', pathNot: `^src/(${[name, ...allowed].join('|')})/` },
});

const onlyIn = (name, packagePattern, allowed) => ({
  name: `only-there-${name}`,
  severity: 'error',
  from: { path: '^src/', pathNot: allowed },
  to: { path: `(^|node_modules/)${packagePattern}(/|$)` },
});

module.exports = {
  forbidden: [
    ...coreRules,
    {
      name: 'core-uses-of-node-only-buffer-isip-and-hashing',
      severity: 'error',
      from: { path: '^src/core/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(buffer|net|crypto)$' },
    },
    part('trap', ['core']),
    part('firewall', ['core']),
    part('store', ['core']),
    part('config', ['core']),
    // records reads what was recorded or mirrored: captures, HEP, logs; pure. replay runs core over it.
    part('records', ['core']),
    part('replay', ['core', 'records']),
    // sensors are the live ends of records.
    part('sensors', ['core', 'records']),
    part('api', ['core', 'store', 'config']),
    part('outbox', ['core', 'config']),
    part('agent', [
      'core',
      'trap',
      'firewall',
      'store',
      'config',
      'api',
      'outbox',
      'records',
      'sensors',
    ]),
    // cli is what the commands have in common: words, tables, how to reach the agent.
    part('dashboard', ['api', 'core/common', 'core/model']),
    {
      name: 'dashboard-sees-types-of-api-alone',
      severity: 'error',
      from: { path: '^src/dashboard/' },
      to: { path: '^src/api/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'dashboard-is-of-the-browser',
      severity: 'error',
      from: { path: '^src/dashboard/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'nothing-imports-dashboard',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/dashboard/' },
      to: { path: '^src/dashboard/' },
    },
    part('cli', ['core', 'store', 'config', 'agent', 'api', 'records', 'replay']),
    part('commands', ['core', 'store', 'config', 'agent', 'api', 'cli', 'records', 'replay']),
    {
      name: 'commands-see-only-the-client-of-api',
      severity: 'error',
      from: { path: '^src/(commands|cli)/' },
      // calls and views are the shapes of what the client asks and gets.
      to: { path: '^src/api/', pathNot: '^src/api/((client|calls|views)\\.ts$|views/)' },
    },
    {
      name: 'replay-reads-files-in-one-place',
      severity: 'error',
      from: {
        path: '^src/(replay|records)/',
        pathNot: '^src/(replay/read-files\\.ts|records/hep/)',
      },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(buffer|net|crypto)$' },
    },
    {
      name: 'nothing-imports-commands',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/commands/' },
      to: { path: '^src/commands/' },
    },
    onlyIn('chokidar', 'chokidar', '^src/config/watch\\.ts$'),
    onlyIn('node-cron', 'node-cron', '^src/agent/'),
    onlyIn('sqlite3', 'sqlite3', '^src/store/'),
    onlyIn(
      'execa',
      'execa',
      '^src/(firewall/|sensors/|outbox/senders/command|agent/(install|doctor)/|agent/service-manager)',
    ),
    onlyIn('fastify', '(fastify|@fastify)', '^src/api/'),
    onlyIn('nodemailer', 'nodemailer', '^src/outbox/senders/mail\\.ts$'),
    onlyIn('preact and uplot', '(preact|uplot)', '^src/dashboard/'),
    onlyIn('oclif', '@oclif', '^src/(commands|cli)/'),
    {
      name: 'no-cycles',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'nothing-unresolvable',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
