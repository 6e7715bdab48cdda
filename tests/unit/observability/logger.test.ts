import { expect, test } from "vitest";
import { createLogger } from "#server/observability/logger.ts";

function logged(write: (logger: ReturnType<typeof createLogger>) => void, level = "info"): string[] {
  const lines: string[] = [];
  write(createLogger({ level, pretty: false, name: "test", destination: { write: (line) => void lines.push(line) } }));
  return lines;
}

test("a line is one JSON object with level, time and message", () => {
  const [line] = logged((logger) => logger.info({ clusters: 3 }, "hello"));
  expect(JSON.parse(line as string)).toEqual({ level: "info", time: expect.stringMatching(/^\d{4}-.*Z$/), pid: process.pid, name: "test", clusters: 3, msg: "hello" });
});

test("what is below the level is not written", () => {
  expect(logged((logger) => logger.debug("quiet"))).toEqual([]);
});

test("secrets do not come out: by field, and inside texts of libraries", () => {
  const token = `slv_${"A".repeat(43)}`;
  const output = logged((logger) => {
    logger.info({ token, request: { headers: { authorization: `Bearer ${token}` } } }, "fields");
    logger.info({ databaseUrl: "postgres://u:canary1@h/d", config: { password: "canary2" } }, "settings");
    logger.error({ err: new Error(`connect postgres://user:canary3@host:5432/db failed with ${token}`) }, `seen ${token}`);
    logger.info("Authorization: Bearer canary4canary4canary4");
  }).join("");
  expect(output).not.toMatch(/slv_A|canary/);
  expect(output).toContain("postgres://user:[hidden]@host:5432/db");
  expect(output.split("\n").filter(Boolean).map((line) => JSON.parse(line))).toHaveLength(4);
});
