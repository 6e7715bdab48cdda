import type { GraphiQLOptions } from "graphql-yoga";

/** What a browser sees at / and in GraphiQL. */
export const INDEX_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Selvedge</title>
<style>
:root { color-scheme: light dark; font: 16px/1.6 system-ui, sans-serif; }
body { max-width: 40rem; margin: 4rem auto; padding: 0 1.5rem; }
h1 { margin: 0; letter-spacing: -0.02em; }
p { margin: 0.25rem 0 2rem; opacity: 0.8; }
dt { font-weight: 600; margin-top: 1rem; }
dd { margin: 0; opacity: 0.8; }
code { font-family: ui-monospace, monospace; font-size: 0.9em; }
</style>
</head>
<body>
<h1>Selvedge</h1>
<p>A GraphQL control plane for serverless edge containers.</p>
<dl>
<dt><a href="/graphql">/graphql</a></dt>
<dd>GraphiQL in a browser; GraphQL over HTTP, event streams and <code>graphql-transport-ws</code> for programs. Every request needs <code>Authorization: Bearer &lt;token&gt;</code>.</dd>
<dt><a href="/readyz">/readyz</a>, <a href="/healthz">/healthz</a></dt>
<dd>Whether this process serves, and whether it lives.</dd>
<dt><a href="/metrics">/metrics</a></dt>
<dd>Metrics for Prometheus.</dd>
</dl>
</body>
</html>
`;

/** Needs no script and nothing from elsewhere. */
export const INDEX_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export const GRAPHIQL: GraphiQLOptions = {
  title: "Selvedge",
  defaultTabs: [
    {
      query: `# Put your token into the "Headers" tab below. It stands in the file "token" of the data directory.
query Applications {
  viewer { name role tenant { name } }
  applications(first: 10) {
    totalCount
    nodes { name status }
  }
}
`,
      headers: '{\n  "Authorization": "Bearer <token>"\n}',
    },
  ],
  subscriptionsProtocol: "SSE",
};
