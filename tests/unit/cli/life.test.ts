import { afterEach, describe, expect, it } from "vitest";
import { run } from "#clients/cli/program.ts";
import { type Answering, answering, isMutation, nameOf } from "#tests/support/answering.ts";
import { type RecordedTerminal, recordedTerminal } from "#tests/support/terminal.ts";

const NOW = "2026-11-26T06:03:12.000Z";
const replicas = { desired: 4, created: 4, ready: 3, updated: 2, unavailable: 1 };
const found = { id: "Application.1", name: "web", version: 7, replicas };
const operation = { id: "Operation.9", kind: "UPGRADE_APPLICATION", state: "RUNNING", targetName: "web", progress: { completed: 0, total: 4, percent: 0 }, error: null, actor: "ci", createdAt: NOW, startedAt: NOW, finishedAt: null };
const TEMPLATE = {
  runtime: "RUNC", terminationGracePeriodSeconds: 30, labels: [], imagePullSecrets: [], affinity: [], logCollection: [], volumes: [],
  containers: [{ name: "web", image: "nginx:1", cpuMillis: 100, memoryMiB: 64, command: [], args: [], stdin: false, tty: false, ports: [], env: [], livenessProbe: null, readinessProbe: null, lifecycle: null, volumeMounts: [] }],
};

let server: Answering | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** Runs a command against a server that has an answer for each operation by its name. */
async function selvedge(answers: Readonly<Record<string, unknown>>, ...args: string[]): Promise<{ readonly code: number; readonly terminal: RecordedTerminal; readonly input: unknown }> {
  const all: Readonly<Record<string, unknown>> = {
    ApplicationId: { application: found },
    ApplicationTemplate: { application: { ...found, revision: { id: "Revision.3", number: 3, template: TEMPLATE } } },
    ClusterId: { cluster: { id: "Cluster.1", code: "xian-1" } },
    Operation: { server: { now: NOW }, operation: { ...operation, cancellable: true, retryable: false, target: null, steps: { totalCount: 0, nodes: [], pageInfo: { hasNextPage: false, endCursor: null } } } },
    ...answers,
  };
  const asking = await answering((query) => ({ body: { data: all[nameOf(query)] } }));
  server = asking;
  const terminal = recordedTerminal({ env: { SELVEDGE_URL: asking.url } });
  const code = await run(args, terminal);
  return { code, terminal, input: asking.asked.findLast(({ query }) => isMutation(query))?.variables["input"] };
}
const payload = (mutation: string) => ({ [mutation]: { application: null, operation, userErrors: [] } });
const key = expect.stringMatching(/^[0-9a-f-]{36}$/);

describe("the life of an application", () => {
  it.each([
    ["stop", "StopApplication", "stopApplication", {}],
    ["start", "StartApplication", "startApplication", {}],
    ["restart", "RestartApplication", "restartApplication", {}],
    ["rollout restart", "RestartApplication", "restartApplication", {}],
    ["rollout undo", "RollBackApplication", "rollBackApplication", { toRevision: null }],
    ["rollout undo --to-revision 2", "RollBackApplication", "rollBackApplication", { toRevision: 2 }],
    ["scale --replicas 3", "ScaleApplication", "scaleApplication", { replicas: 3, clusterId: null }],
    ["scale app --replicas 3 --cluster xian-1", "ScaleApplication", "scaleApplication", { replicas: 3, clusterId: "Cluster.1" }],
  ])("%s", async (command, document, field, more) => {
    const { code, terminal, input } = await selvedge({ [document]: payload(field) }, ...command.split(" "), "web", "--no-wait");
    expect(terminal.written).toEqual({ out: "To follow it: selvedge wait Operation.9\n", err: "" });
    expect(code).toBe(0);
    expect(input).toEqual({ applicationId: "Application.1", expectedVersion: 7, idempotencyKey: key, ...more });
  });

  it("says what is so already", async () => {
    const { code, terminal } = await selvedge({ StopApplication: { stopApplication: { application: null, operation: null, userErrors: [] } } }, "stop", "web");
    expect({ code, out: terminal.written.out }).toEqual({ code: 0, out: "web is stopped already.\n" });
  });

  it("is 1 for what the state does not allow", async () => {
    const userErrors = [{ __typename: "InvalidStateError", code: "INVALID_STATE", message: "Application web is stopped.", path: null }];
    const { code, terminal } = await selvedge({ ScaleApplication: { scaleApplication: { application: null, operation: null, userErrors } } }, "scale", "web", "--replicas", "3");
    expect({ code, err: terminal.written.err }).toEqual({ code: 1, err: "error: Application web is stopped. [INVALID_STATE]\n" });
  });

  it.each([
    [["scale", "web"], "--replicas"],
    [["stop"], "missing required argument"],
    [["stop", "pod", "web"], "Give one application"],
    [["restart", "app", "a", "b"], "Give one application"],
    [["upgrade", "web"], "What shall be upgraded?"],
    [["upgrade", "web", "--image", "a=b", "--max-surge", "lots"], "25%"],
    [["upgrade", "web", "--image", "side=b"], "There is no container side; there is web"],
    [["rollout", "undo", "web", "--to-revision", "0"], "1 or more"],
    [["cancel", "app", "Operation.1"], "Give one operation"],
  ])("is 2 for %j", async (args, complaint) => {
    const { code, terminal, input } = await selvedge({}, ...args);
    expect(code).toBe(2);
    expect(terminal.written.err).toContain(complaint);
    expect(input).toBeUndefined();
  });
});

describe("upgrade", () => {
  it("sends the present template whole, with what was changed", async () => {
    const args = ["upgrade", "web", "--image", "nginx:2", "--env", "web:A=b=c", "-m", "Newer", "--max-surge", "50%", "--max-unavailable", "1", "--deadline", "5m", "--no-rollback", "--no-wait"];
    const { code, input } = await selvedge({ UpgradeApplication: payload("upgradeApplication") }, ...args);
    expect(code).toBe(0);
    expect(input).toMatchObject({
      applicationId: "Application.1",
      expectedVersion: 7,
      message: "Newer",
      strategy: { kind: "FULL", autoRollback: false, progressDeadlineSeconds: 300, updateStrategy: { maxSurge: { percent: 50 }, maxUnavailable: { count: 1 } } },
      template: { runtime: "RUNC", terminationGracePeriodSeconds: 30, containers: [{ name: "web", image: "nginx:2", cpuMillis: 100, memoryMiB: 64, env: [{ name: "A", source: { value: "b=c" } }] }] },
    });
  });

  it("sends nothing where nothing would be different", async () => {
    const { code, terminal, input } = await selvedge({}, "upgrade", "web", "--image", "nginx:1");
    expect({ code, out: terminal.written.out, input }).toEqual({ code: 0, out: "web is like that already: revision 3.\n", input: undefined });
  });

  it("names an application that is close to a mistyped one", async () => {
    const nodes = [{ id: "Application.1", name: "web", namespace: { id: "Namespace.1", name: "default" } }];
    const Applications = { server: { now: NOW }, applications: { totalCount: 1, nodes, pageInfo: { hasNextPage: false, endCursor: null } } };
    const { code, terminal } = await selvedge({ ApplicationTemplate: { application: null }, Applications }, "upgrade", "wbe", "--image", "nginx:2");
    expect({ code, err: terminal.written.err }).toEqual({ code: 1, err: "error: There is no application wbe in namespace default. Did you mean web?\n" });
  });
});

const revision = (number: number, changes: object[] = []) => ({ id: `Revision.${number}`, number, message: `Number ${number}`, createdBy: "ci", createdAt: "2026-11-26T06:00:00.000Z", changes });
const history = (...nodes: object[]) => ({ server: { now: NOW }, application: { id: "Application.1", currentRevision: { id: "Revision.3", number: 3 }, revisions: { totalCount: nodes.length, nodes, pageInfo: { hasNextPage: false, endCursor: null } } } });

describe("rollout history", () => {
  const Revisions = history(
    revision(3, [{ path: "containers.0.image", before: "nginx:1", after: "nginx:2" }, { path: "containers.0.env", before: null, after: [{ name: "A" }] }, { path: "labels", before: [], after: null }, { path: "runtime", before: "RUNC", after: "SANDBOX" }]),
    revision(2),
  );

  it("lists revisions, the present one marked, with what each changed", async () => {
    const { code, terminal } = await selvedge({ Revisions }, "rollout", "history", "web");
    expect(code).toBe(0);
    expect(terminal.written.out.split("\n").map((line) => line.trim().split(/ {2,}/))).toEqual([
      ["REVISION", "BY", "AGE", "CHANGED", "MESSAGE"],
      ["3 *", "ci", "3m12s", "containers.0.image, containers.0.env, labels, … 1 more", "Number 3"],
      ["2", "ci", "3m12s", "-", "Number 2"],
      [""],
    ]);
  });

  it("shows one of them field by field", async () => {
    const { terminal } = await selvedge({ Revisions }, "rollout", "history", "web", "--revision", "3");
    expect(terminal.written.out).toContain("Revision: 3 (the present one)\n");
    expect(terminal.written.out).toContain('  containers.0.image\n    - nginx:1\n    + nginx:2\n  containers.0.env\n    + [{"name":"A"}]\n  labels\n    - []\n');
    await server?.close();
    const missing = await selvedge({ Revisions }, "rollout", "history", "web", "--revision", "9");
    expect({ code: missing.code, err: missing.terminal.written.err }).toMatchObject({ code: 1, err: expect.stringContaining("There is no revision 9 of web.") });
  });
});

const rollout = (state: string, more: object = {}) => ({
  server: { now: NOW },
  application: {
    ...found, namespace: { id: "Namespace.1", name: "default" }, revision: { id: "Revision.3", number: 3 },
    rollout: { id: "Rollout.1", from: { id: "Revision.2", number: 2 }, to: { id: "Revision.3", number: 3, message: "Newer" }, state, updated: 2, total: 4, reason: null, autoRollback: true, progressDeadlineSeconds: 600, startedAt: "2026-11-26T06:00:00.000Z", finishedAt: state === "PROGRESSING" ? null : NOW, operation: { ...operation, finishedAt: NOW, steps: { totalCount: 1, nodes: [{ name: "web", state: "FAILED", message: "ImagePullBackOff", cluster: { id: "Cluster.1", code: "xian-1" } }] } }, ...more },
    allPlacements: { totalCount: 1, nodes: [{ id: "P.1", cluster: { id: "Cluster.1", code: "xian-1", status: "ONLINE" }, replicas, revision: { id: "Revision.3", number: 3 }, stale: false }] },
    operations: { nodes: [] },
  },
});

describe("rollout status", () => {
  it.each([["SUCCEEDED", 0], ["ROLLED_BACK", 1], ["FAILED", 1], ["ABORTED", 1]])("%s exits with %i", async (state, wanted) => {
    const { code, terminal } = await selvedge({ Rollout: rollout(state) }, "rollout", "status", "web");
    expect(code).toBe(wanted);
    expect(terminal.written.out).toMatch(new RegExp(`Revision: +2 → 3: Newer\nState: +${state}\nUpdated: +2 of 4 pods[^]*Took: +3m12s\n\nCLUSTER[^]*\nxian-1 +ONLINE +3 +2/4 +3/4 +ImagePullBackOff\n$`));
  });

  it("only tells how far it is when it shall not stay", async () => {
    const { code, terminal } = await selvedge({ Rollout: rollout("PROGRESSING") }, "rollout", "status", "app/web", "--no-watch");
    expect({ code, out: terminal.written.out }).toMatchObject({ code: 0, out: expect.stringContaining("PROGRESSING") });
  });

  it("says that there was none yet", async () => {
    const { code, terminal } = await selvedge({ Rollout: { ...rollout("SUCCEEDED"), application: { ...rollout("SUCCEEDED").application, rollout: null } } }, "rollout", "status", "web");
    expect({ code, out: terminal.written.out }).toMatchObject({ code: 0, out: expect.stringContaining("none yet: revision 3 is the first") });
  });
});

describe("operations", () => {
  it.each([["cancel op", "CancelOperation", "cancelOperation"], ["cancel", "CancelOperation", "cancelOperation"], ["retry op", "RetryOperation", "retryOperation"]])("%s", async (command, document, field) => {
    const { code, terminal, input } = await selvedge({ [document]: { [field]: { operation: { ...operation, id: "Operation.10" }, userErrors: [] } } }, ...command.split(" "), "Operation.9", "--no-wait");
    expect({ code, out: terminal.written.out }).toEqual({ code: 0, out: "To follow it: selvedge wait Operation.10\n" });
    expect(input).toEqual({ operationId: "Operation.9", idempotencyKey: key });
  });

  it("says how one that can be cancelled is cancelled", async () => {
    const { terminal } = await selvedge({}, "describe", "op", "Operation.9");
    expect(terminal.written.out).toContain("To turn it around: selvedge cancel Operation.9\n");
    expect(terminal.written.out).not.toContain("selvedge retry");
  });
});
