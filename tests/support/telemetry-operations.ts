import { expect } from "vitest";
import {
  accepted,
  ApplicationLogsDocument,
  CloseTerminalDocument,
  CreateLogDownloadDocument,
  FollowLogsDocument,
  OpenTerminalDocument,
  PodDocument,
  PodLogsDocument,
  PodsDocument,
  ResizeTerminalDocument,
  RestartApplicationDocument,
  SendTerminalInputDocument,
  type SelvedgeClient,
  ServerDocument,
  TopApplicationsDocument,
  TopClustersDocument,
  TopNodesDocument,
  TopPodsDocument,
  WatchEventsDocument,
  WatchMetricsDocument,
  WatchTerminalDocument,
} from "#clients/typescript/index.ts";
import { eventually } from "./eventually.ts";

/** What the cases find: an application with ready pods on one cluster. */
export interface ObservedWorld {
  client(): SelvedgeClient;
  application(): { readonly id: string; readonly name: string };
  clusterId(): string;
  readonly clusterCode: string;
}

/** A case for each documented operation about logs, metrics, events as they come, and terminals. */
export function telemetryCases({ client, application, clusterId, clusterCode }: ObservedWorld): Readonly<Record<string, () => Promise<void>>> {
  /** One of the application's. */
  async function runningPod(): Promise<string> {
    const [pod] = (await client().execute(PodsDocument, { filter: { applicationIds: [application().id], phases: ["RUNNING"] } })).pods.nodes;
    return pod?.id ?? "";
  }
  const containerOfPods = async (): Promise<string> => (await client().execute(PodDocument, { id: await runningPod() })).pod?.containers[0]?.name ?? "";
  async function openTerminal(command: readonly string[]): Promise<string> {
    const input = { podId: await runningPod(), container: await containerOfPods(), command, columns: 0, rows: 0 };
    return accepted((await client().execute(OpenTerminalDocument, { input })).openTerminal).session?.id ?? "";
  }
  async function shownBy(sessionId: string): Promise<{ readonly text: string; readonly exitCode: number | null }> {
    let text = "";
    for await (const { terminal } of client().subscribe(WatchTerminalDocument, { sessionId })) {
      text += terminal.data;
      if (terminal.exitCode !== null) return { text, exitCode: terminal.exitCode };
    }
    return { text, exitCode: null };
  }

  /** What `top` asks for. */
  const lately = async () => {
    const now = Date.parse((await client().execute(ServerDocument)).server.now);
    return { from: new Date(now - 120_000).toISOString(), to: new Date(now).toISOString(), stepSeconds: 15, metrics: ["MEMORY_MIB" as const] };
  };
  const hasValue = (series: readonly { readonly points: readonly { readonly value: number | null }[] }[] | undefined): boolean => series?.some(({ points }) => points.some(({ value }) => (value ?? 0) > 0)) === true;
  const MEASURED = { deadlineMs: 30_000, everyMs: 500 };

  return {
    "application-logs": async () => {
      const { application: found } = await eventually(async () => {
        const data = await client().execute(ApplicationLogsDocument, { id: application().id, first: 2, filter: { stream: "STDOUT" } });
        expect(data.application?.logs.nodes).toHaveLength(2);
        return data;
      }, MEASURED);
      const { nodes, pageInfo } = found?.logs ?? { nodes: [], pageInfo: { endCursor: null } };
      expect(nodes[0]).toMatchObject({ container: "web", stream: "STDOUT", podName: expect.stringMatching(/^storefront-/) });
      const older = await client().execute(ApplicationLogsDocument, { id: application().id, first: 100, after: pageInfo.endCursor, filter: { stream: "STDOUT" } });
      expect(Date.parse(older.application?.logs.nodes[0]?.at ?? "")).toBeLessThanOrEqual(Date.parse(nodes[1]?.at ?? ""));
      expect(older.application?.logs.pageInfo.endCursor).not.toBe(pageInfo.endCursor);
    },
    "pod-logs": async () => {
      const id = await runningPod();
      await eventually(async () => {
        const { pod } = await client().execute(PodLogsDocument, { id, filter: { stream: "SYSTEM", keyword: "STARTED" } });
        expect(pod?.logs.nodes.map(({ line }) => line.toLowerCase())).toEqual([expect.stringContaining("started")]);
      }, MEASURED);
    },
    "follow-logs": async () => {
      let cursor: string | null = null;
      let lines = 0;
      for await (const { logs } of client().subscribe(FollowLogsDocument, { target: { applicationId: application().id }, tail: 5 })) {
        ({ cursor } = logs);
        lines += logs.lines.length;
        if (lines > 5) break;
      }
      for await (const { logs } of client().subscribe(FollowLogsDocument, { target: { podId: await runningPod() }, after: cursor })) {
        if (logs.lines.length > 0) break;
      }
    },
    "create-log-download": async () => {
      const { download } = accepted((await client().execute(CreateLogDownloadDocument, { input: { target: { applicationId: application().id } } })).createLogDownload);
      const answer = await fetch(download?.url ?? "");
      expect(answer.headers.get("content-type")).toContain("text/plain");
      expect(await answer.text()).toMatch(/^\d{4}-\d\d-\d\dT\S+Z storefront-\S+\/web (STDOUT|SYSTEM) ./m);
    },
    "top-applications": () =>
      eventually(async () => {
        const { applications } = await client().execute(TopApplicationsDocument, { filter: { namespaces: ["default"] }, metrics: await lately() });
        expect(hasValue(applications.nodes.find(({ id }) => id === application().id)?.metrics)).toBe(true);
      }, MEASURED),
    "top-pods": () =>
      eventually(async () => {
        const { pods } = await client().execute(TopPodsDocument, { filter: { applicationIds: [application().id] }, metrics: await lately() });
        expect(pods.nodes.some(({ metrics }) => hasValue(metrics))).toBe(true);
      }, MEASURED),
    "top-clusters": () =>
      eventually(async () => {
        const { clusters } = await client().execute(TopClustersDocument, { metrics: await lately() });
        expect(hasValue(clusters.nodes.find(({ code }) => code === clusterCode)?.metrics)).toBe(true);
      }, MEASURED),
    "top-nodes": () =>
      eventually(async () => {
        const { cluster } = await client().execute(TopNodesDocument, { code: clusterCode, metrics: await lately() });
        expect(cluster?.nodes.nodes.some(({ metrics }) => hasValue(metrics))).toBe(true);
      }, MEASURED),
    "watch-metrics": async () => {
      for await (const { metrics } of client().subscribe(WatchMetricsDocument, { target: { clusterId: clusterId() }, metrics: ["READY_REPLICAS"], intervalSeconds: 1 })) {
        expect(metrics.values.map(({ metric }) => metric)).toEqual(["READY_REPLICAS"]);
        if ((metrics.values[0]?.value ?? 0) >= 2) break;
      }
    },
    "watch-events": async () => {
      const stream = client().subscribe(WatchEventsDocument, { filter: { applicationIds: [application().id], reasons: ["RolloutStarted", "Started"] } });
      const first = await stream.next();
      expect(first.value?.events.events).toEqual([]);
      const { operation } = accepted((await client().execute(RestartApplicationDocument, { input: { applicationId: application().id } })).restartApplication);
      for await (const { events } of stream) if (events.events.some(({ reason }) => reason === "Started")) break;
      await client().waitForOperation(operation?.id ?? "");
    },
    "open-terminal": async () => {
      const { session } = accepted((await client().execute(OpenTerminalDocument, { input: { podId: await runningPod(), container: await containerOfPods() } })).openTerminal);
      expect(session).toMatchObject({ id: expect.stringMatching(/^TerminalSession\./), container: await containerOfPods() });
      const { openTerminal } = await client().execute(OpenTerminalDocument, { input: { podId: await runningPod(), container: "none" } });
      expect(openTerminal).toMatchObject({ session: null, userErrors: [{ __typename: "NotFoundError", path: ["input", "container"] }] });
    },
    "send-terminal-input": async () => {
      const sessionId = await openTerminal(["cat"]);
      for (const sequence of [2, 1, 2]) accepted((await client().execute(SendTerminalInputDocument, { input: { sessionId, sequence, data: sequence === 1 ? "ab" : "cd\u0004" } })).sendTerminalInput);
      expect(await shownBy(sessionId)).toEqual({ text: "abcd", exitCode: 0 });
    },
    "resize-terminal": async () => {
      const sessionId = await openTerminal(["cat"]);
      accepted((await client().execute(ResizeTerminalDocument, { input: { sessionId, columns: 100, rows: 40 } })).resizeTerminal);
      const { resizeTerminal } = await client().execute(ResizeTerminalDocument, { input: { sessionId, columns: -1, rows: 40 } });
      expect(resizeTerminal.userErrors).toMatchObject([{ path: ["input", "columns"] }]);
    },
    "close-terminal": async () => {
      const sessionId = await openTerminal(["cat"]);
      for (let time = 0; time < 2; time += 1) expect(accepted((await client().execute(CloseTerminalDocument, { input: { sessionId } })).closeTerminal).session).toEqual({ id: sessionId });
      expect((await shownBy(sessionId)).exitCode).toBe(129);
    },
    "watch-terminal": async () => {
      const sessionId = await openTerminal(["sh", "-c", "echo one; exit 4"]);
      expect(await shownBy(sessionId)).toEqual({ text: "one\n", exitCode: 4 });
    },
  };
}
