import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import pg from "pg";
import { Q1_SQL, Q2_SQL } from "./operations.ts";
import type { Target } from "./servers.ts";

/** The limit: node:http and one prepared statement, whose text is passed through. No authentication, no row-level security, no GraphQL. */
const target = JSON.parse(process.argv[2] as string) as Target;
const pool = new pg.Pool({ ...target.address, ...target.admin, max: target.connections, idleTimeoutMillis: 60_000 });

async function bodyOf(request: IncomingMessage): Promise<{ variables?: { id?: string } }> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString()) as { variables?: { id?: string } };
}

const server = createServer((request, response) => {
  void bodyOf(request).then(async ({ variables }) => {
    const query = variables?.id === undefined ? { name: "q2", text: Q2_SQL, values: [target.tenantId] } : { name: "q1", text: Q1_SQL, values: [variables.id.slice("Application.".length)] };
    const { rows } = await pool.query<[string]>({ ...query, rowMode: "array" });
    const text = (rows[0] as [string])[0];
    response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
    response.end(text);
  });
});
server.listen(0, "127.0.0.1", () => process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }));
// Asked before and after a round: the CPU that this process has taken, in microseconds.
process.on("message", () => process.send?.(process.cpuUsage().user + process.cpuUsage().system));
