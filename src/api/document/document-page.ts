/** The parts of the OpenAPI document that the page shows; made by open-api.ts. */
interface ParameterSchema {
  readonly type?: string | readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
  readonly default?: unknown;
}

interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly 'x-scope': string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly description?: string;
    readonly schema: ParameterSchema;
  }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: unknown }>>;
  };
}

export const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 0 auto; padding: 1rem }
section { border-top: 1px solid #8888; padding: .5rem 0 }
code, pre { font: .9em/1.5 ui-monospace, monospace; overflow-wrap: anywhere }
pre { overflow: auto; background: #8882; padding: .5rem }
table { border-collapse: collapse } td, th { text-align: left; padding: .1rem .8rem .1rem 0; vertical-align: top }
h2 { font-size: 1rem; margin: .5rem 0 }
`;

const SCOPES: Readonly<Record<string, string>> = {
  open: 'open to all',
  read: 'scope read',
  block: 'scope block',
  admin: 'scope admin',
};

/** A page without script, so that the strictest policy can stand over it. */
export function renderDocument(document: Readonly<Record<string, unknown>>): string {
  // By open-api.ts.
  const paths = document['paths'] as Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  const sections = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, each]) => renderOperation(path, method, each)),
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>sentrypeer-agent: HTTP API</title><link rel="stylesheet" href="/api/docs.css"></head>
<body><main><h1>sentrypeer-agent: HTTP API</h1>
<p>For programs: <a href="/api/openapi.json">OpenAPI 3.1</a>. On this host reading needs no token;
else send <code>Authorization: Bearer TOKEN</code>.</p>
${sections.join('\n')}
</main></body></html>
`;
}

function renderOperation(path: string, method: string, operation: Operation): string {
  const { summary, description, parameters = [], requestBody } = operation;
  const scope = SCOPES[operation['x-scope']] ?? operation['x-scope'];
  const rows = parameters.map(
    (each) =>
      `<tr><td><code>${escape(each.name)}</code></td><td>${escape(each.description ?? '')}</td>` +
      `<td><code>${escape(wordsOf(each.schema))}</code></td></tr>`,
  );
  const table =
    rows.length === 0
      ? ''
      : `<table><thead><tr><th>parameter</th><th>what it is</th><th>values</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
  const schema = requestBody?.content['application/json']?.schema;
  const body = schema === undefined ? '' : `<pre>${escape(JSON.stringify(schema, null, 1))}</pre>`;
  return (
    `<section><h2><code>${method.toUpperCase()} ${escape(path)}</code></h2>` +
    `<p>${escape(summary)} (${escape(scope)}). ${escape(description ?? '')}</p>${table}${body}</section>`
  );
}

/** `1 to 1000, 100 where it is not given`. */
function wordsOf(schema: ParameterSchema): string {
  const { type = 'string', minimum, maximum, enum: words, default: standard } = schema;
  const range = minimum === undefined ? '' : ` from ${minimum} to ${maximum ?? 'any'}`;
  const kind = words === undefined ? `${[type].flat().join(' or ')}${range}` : words.join(' | ');
  return standard === undefined ? kind : `${kind}; default ${JSON.stringify(standard)}`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escape = (text: string): string => text.replace(/[&<>"']/g, (char) => ESCAPES[char] ?? char);
