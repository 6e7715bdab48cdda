import { execFile, spawnSync } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";

/** Asking a person, on a real pseudo-terminal: whether the process ends afterwards shows nowhere else. */
const DRIVER = `
import os, pty, select, signal, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
seen, sent, deadline = b"", False, time.time() + 20
while time.time() < deadline:
    if select.select([fd], [], [], 0.2)[0]:
        try:
            part = os.read(fd, 4096)
        except OSError:
            part = b""
        if not part:
            break
        seen += part
        if b"[y/N]" in seen and not sent:
            os.write(fd, sys.argv[1].encode())
            sent = True
else:
    os.kill(pid, signal.SIGKILL)
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.stdout.write(seen.decode())
sys.exit(code if code >= 0 else 99)
`;
const python = spawnSync("python3", ["-c", "import pty, sys; assert sys.version_info >= (3, 9)"]).status === 0;

const NAMESPACES = {
  server: { now: "2026-11-23T06:03:12.000Z" },
  namespaces: { totalCount: 1, nodes: [{ id: "Namespace.1", name: "shop" }], pageInfo: { hasNextPage: false, endCursor: null } },
};

async function answered(keys: string): Promise<{ readonly code: number; readonly seen: string; readonly deleted: boolean }> {
  let deleted = false;
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const mutation = body.includes("mutation DeleteNamespace");
      deleted ||= mutation;
      response.writeHead(200, { "content-type": "application/graphql-response+json" });
      response.end(JSON.stringify({ data: mutation ? { deleteNamespace: { deletedId: "Namespace.1", userErrors: [] } } : NAMESPACES }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const main = path.resolve(import.meta.dirname, "../../../clients/cli/main.ts");
  try {
    return await new Promise((resolve) => {
      const child = execFile("python3", ["-c", DRIVER, keys, process.execPath, main, "--url", url, "delete", "namespace", "shop"], (_error, seen) =>
        resolve({ code: child.exitCode ?? -1, seen, deleted }),
      );
    });
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

describe.runIf(python)("a confirmation on a terminal", { timeout: 30_000 }, () => {
  it.each([
    ["y, and is done", "y\r", 0, true, "Namespace shop is gone."],
    ["n, and changes nothing", "n\r", 1, false, "Not confirmed; nothing was changed."],
    ["nothing, which is no", "\r", 1, false, "Not confirmed; nothing was changed."],
    ["the end of the input, which is no", "\u0004", 1, false, "Not confirmed; nothing was changed."],
    ["Ctrl-C", "\u0003", 130, false, "Not confirmed; nothing was changed."],
  ])("takes %s", async (_what, keys, code, deleted, said) => {
    const ended = await answered(keys);
    expect(ended).toMatchObject({ code, deleted });
    expect(ended.seen).toContain(said);
  });
});
