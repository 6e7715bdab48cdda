/** What configuration reaches a pod, when, and what is waited for. */
import { describe, expect, it } from "vitest";
import type { ConfigUse } from "#server/domain/placement.ts";
import type { ContainerSpec, EnvVar, PodTemplate, Volume } from "#server/domain/pod-template.ts";
import type { PlacementSpec } from "#server/fleet/link.ts";
import { node, restarted, simulatedCluster, type SimulatedCluster } from "./simulated-cluster.ts";
import { spec, template, uuid } from "./scripted-gateway.ts";

const app = uuid(100);
const MINUTE = 60_000;

const settings = (content: string): ConfigUse => ({ id: uuid(50), kind: "ConfigMap", name: "settings", content });
const login = (content: string): ConfigUse => ({ id: uuid(51), kind: "Secret", name: "login", content });

const env: readonly EnvVar[] = [
  { name: "PLAIN", value: "as it is" },
  { name: "MODE", configMapKey: { configMapId: uuid(50), name: "settings", key: "mode" } },
  { name: "PASSWORD", secretKey: { secretId: uuid(51), name: "login", key: "password" } },
];
const volumes: readonly Volume[] = [
  { name: "settings", source: { type: "ConfigMapVolume", configMapId: uuid(50), name: "settings" } },
  { name: "login", source: { type: "SecretVolume", secretId: uuid(51), name: "login" } },
  { name: "scratch", source: { type: "EmptyDirVolume", sizeLimitMiB: null } },
];
const volumeMounts = [
  { volume: "settings", mountPath: "/etc/app", readOnly: true },
  { volume: "login", mountPath: "/run/login/", readOnly: true },
  { volume: "scratch", mountPath: "/tmp", readOnly: false },
];

const made = (changes: Partial<ContainerSpec>, rest: Partial<PodTemplate> = {}): PodTemplate => {
  const base = template("shop/web:1", rest);
  return { ...base, containers: base.containers.map((container) => ({ ...container, ...changes })) };
};
const withEnv = made({ env });
const withFiles = made({ volumeMounts }, { volumes });
const withBoth = made({ env, volumeMounts }, { volumes });

const contents = (): Map<string, Record<string, string>> =>
  new Map<string, Record<string, string>>([
    ["s1", { mode: "calm", colour: "blue" }],
    ["s2", { mode: "wild" }],
    ["l1", { password: "one" }],
    ["l2", { password: "two" }],
  ]);

const wanted = (of: PodTemplate, configs: readonly ConfigUse[], overrides: Partial<PlacementSpec> = {}): PlacementSpec => spec(of, { configs, ...overrides });

const running = (of: PodTemplate, replicas = 1, configs = [settings("s1"), login("l1")]): SimulatedCluster => {
  const cluster = simulatedCluster({ contents: contents() });
  cluster.assign(app, wanted(of, configs, { replicas }), of);
  cluster.simulation.advanceTo(MINUTE);
  return cluster;
};
const firstPod = (cluster: SimulatedCluster): string => cluster.pods()[0]?.id ?? "";

describe("a container", () => {
  it("has the variables and files of what it refers to", () => {
    const cluster = running(withBoth);
    expect(cluster.simulation.environmentOf(firstPod(cluster), "main")).toEqual({ PLAIN: "as it is", MODE: "calm", PASSWORD: "one" });
    expect(cluster.simulation.filesOf(firstPod(cluster), "main")).toEqual({
      "/etc/app/mode": "calm", "/etc/app/colour": "blue", "/run/login/password": "one",
    });
    expect(cluster.simulation.environmentOf(firstPod(cluster), "other")).toBeNull();
    expect(cluster.simulation.filesOf(uuid(9), "main")).toBeNull();
  });

  it("has none before it was started", () => {
    const cluster = simulatedCluster({ contents: contents() });
    cluster.assign(app, wanted(withBoth, [settings("s1"), login("l1")], { replicas: 1 }), withBoth);
    cluster.simulation.advanceTo(0);
    expect(cluster.simulation.environmentOf(firstPod(cluster), "main")).toBeNull();
    expect(cluster.simulation.filesOf(firstPod(cluster), "main")).toBeNull();
  });

  it.each<[string, readonly ConfigUse[], string]>([
    ["it was not assigned", [settings("s1")], 'Secret "login" not found'],
    ["it is not here", [settings("s1"), login("never sent")], 'the content of Secret "login" has not arrived, or can\'t be opened'],
    ["it lacks a key", [settings("s1"), login("s2")], 'couldn\'t find key password in Secret "login"'],
  ])("waits in CREATING for what it needs while %s", (_name, configs, message) => {
    const cluster = running(withEnv, 2, [...configs]);
    expect(cluster.pods()).toMatchObject(
      Array.from({ length: 2 }, () => ({
        phase: "STARTING", ready: false, startedAt: null, reason: "CreateContainerConfigError", message,
        containers: [{ state: "WAITING", reason: "CreateContainerConfigError" }],
      })),
    );
    expect(cluster.simulation.nextDue()).toBe(Infinity);
    cluster.contents.set("never sent", { password: "late" });
    if (configs.some(({ content }) => content === "never sent")) cluster.simulation.contentsChanged();
    else cluster.assign(app, wanted(withEnv, [settings("s1"), login("l2")], { replicas: 2 }));
    cluster.simulation.advanceTo(2 * MINUTE);
    expect(cluster.pods()).toMatchObject([{ ready: true, reason: null }, { ready: true, reason: null }]);
    expect(cluster.simulation.environmentOf(firstPod(cluster), "main")?.["PASSWORD"]).toMatch(/late|two/);
  });

  it("that waits is removed like any other, and goes on waiting after a restart of the fleet", () => {
    const cluster = running(withEnv, 2, [settings("s1")]);
    const after = restarted(cluster, [{ id: app, spec: wanted(withEnv, [settings("s1")], { replicas: 2 }) }], [withEnv]);
    after.simulation.advanceTo(2 * MINUTE);
    expect(after.pods()).toEqual(cluster.pods());
    after.assign(app, wanted(withEnv, [settings("s1")], { replicas: 0 }));
    after.simulation.advanceTo(3 * MINUTE);
    expect(after.pods()).toEqual([]);
    expect(after.simulation.contentsInUse()).toEqual(new Set(["s1"]));
  });
});

describe("a change", () => {
  /** When each pod's files first showed it, and how many were configured on the way. */
  const watch = (cluster: SimulatedCluster, fromMs: number): { at: number[]; configured: number[] } => {
    const shown = new Map<string, number>();
    const configured: number[] = [];
    for (let now = fromMs; now <= fromMs + MINUTE; now += 500) {
      cluster.simulation.advanceTo(now);
      for (const { id } of cluster.pods()) {
        if (cluster.simulation.filesOf(id, "main")?.["/etc/app/mode"] === "wild" && !shown.has(id)) shown.set(id, now - fromMs);
      }
      expect(cluster.simulation.configured(app)).toBe(shown.size);
      configured.push(shown.size);
    }
    return { at: [...shown.values()], configured };
  };

  it("reaches the files of running pods between 5 and 50 s later, each by itself, without a restart", () => {
    const cluster = running(withFiles, 40);
    const before = cluster.pods();
    cluster.assign(app, wanted(withFiles, [settings("s2"), login("l1")], { replicas: 40 }));
    const { at, configured } = watch(cluster, MINUTE);
    expect(at).toHaveLength(40);
    expect(Math.min(...at)).toBeGreaterThanOrEqual(5_000);
    expect(Math.max(...at)).toBeLessThanOrEqual(50_000);
    expect(new Set(at).size).toBeGreaterThan(15);
    expect(configured.at(-1)).toBe(40);
    expect(cluster.pods()).toEqual(before);
    expect(cluster.simulation.contentsInUse()).toEqual(new Set(["s2", "l1"]));
    expect(cluster.simulation.nextDue()).toBe(Infinity);
  });

  it("reaches the same pods at the same time after a restart of the fleet in between", () => {
    const change = wanted(withFiles, [settings("s2"), login("l1")], { replicas: 10 });
    const history = (withRestart: boolean): number[] => {
      const cluster = running(withFiles, 10);
      cluster.assign(app, change);
      cluster.simulation.advanceTo(MINUTE + 20_000);
      const going = withRestart ? restarted(cluster, [{ id: app, spec: change }], [withFiles]) : cluster;
      const counts: number[] = [];
      for (let now = MINUTE + 20_000; now < 2 * MINUTE; now += 1_000) {
        going.simulation.advanceTo(now);
        counts.push(going.simulation.configured(app));
      }
      return counts;
    };
    expect(history(false)[0]).toBeLessThan(10);
    expect(history(true)).toEqual(history(false));
  });

  it("reaches the environment at the container's next start only", () => {
    const cluster = running(withBoth, 2);
    const [first = "", second = ""] = cluster.pods().map(({ id }) => id);
    cluster.assign(app, wanted(withBoth, [settings("s2"), login("l2")], { replicas: 2 }));
    cluster.simulation.advanceTo(2 * MINUTE);
    const passwords = (): unknown[] => [first, second].map((id) => cluster.simulation.environmentOf(id, "main")?.["PASSWORD"]);
    expect(cluster.simulation.filesOf(first, "main")).toEqual({ "/etc/app/mode": "wild", "/run/login/password": "two" });
    expect(passwords()).toEqual(["one", "one"]);
    cluster.simulation.crashPod(first);
    cluster.simulation.advanceTo(3 * MINUTE);
    expect(passwords()).toEqual(["two", "one"]);
    // What the second one was started with is kept for as long as it runs.
    expect(cluster.simulation.contentsInUse()).toEqual(new Set(["s2", "l2", "s1", "l1"]));
    cluster.simulation.crashPod(second);
    cluster.simulation.advanceTo(4 * MINUTE);
    expect(passwords()).toEqual(["two", "two"]);
    expect(cluster.simulation.environmentOf(second, "main")).toEqual({ PLAIN: "as it is", MODE: "wild", PASSWORD: "two" });
    cluster.assign(app, null);
    cluster.simulation.advanceTo(5 * MINUTE);
    expect(cluster.simulation.contentsInUse()).toEqual(new Set());
  });

  it("of what is not mounted leaves all pods configured at once", () => {
    const cluster = running(withEnv, 3);
    cluster.assign(app, wanted(withEnv, [settings("s2"), login("l2")], { replicas: 3 }));
    expect(cluster.simulation.configured(app)).toBe(3);
    const onlySettings = made({ env, volumeMounts: volumeMounts.slice(0, 1) }, { volumes: volumes.slice(0, 1) });
    const other = running(onlySettings, 3);
    other.assign(app, wanted(onlySettings, [settings("s1"), login("l2")], { replicas: 3 }));
    expect(other.simulation.configured(app)).toBe(3);
    other.simulation.advanceTo(MINUTE);
    expect(other.simulation.nextDue()).toBe(Infinity);
  });

  it("back to what the files show counts again from then on", () => {
    const cluster = running(withFiles, 5);
    cluster.assign(app, wanted(withFiles, [settings("s2"), login("l1")], { replicas: 5 }));
    expect(cluster.simulation.configured(app)).toBe(0);
    cluster.assign(app, wanted(withFiles, [settings("s1"), login("l1")], { replicas: 5 }));
    expect(cluster.simulation.configured(app)).toBe(5);
    expect(cluster.simulation.contentsInUse()).toEqual(new Set(["s1", "l1"]));
  });

  it("whose content has not come reaches the files once it has", () => {
    const cluster = running(withFiles, 5);
    cluster.assign(app, wanted(withFiles, [settings("s3"), login("l1")], { replicas: 5 }));
    cluster.simulation.advanceTo(3 * MINUTE);
    expect(cluster.simulation.configured(app)).toBe(0);
    cluster.contents.set("s3", { mode: "late" });
    cluster.simulation.contentsChanged();
    expect(cluster.simulation.configured(app)).toBe(5);
    expect(cluster.simulation.filesOf(firstPod(cluster), "main")?.["/etc/app/mode"]).toBe("late");
  });

  it("leaves old pods what the new revision does not name, and new ones start with the newest", () => {
    const cluster = simulatedCluster({ contents: contents(), nodes: [node(0), node(1)] });
    const slow = { maxSurge: { count: 1 }, maxUnavailable: { count: 0 } };
    cluster.assign(app, wanted(withFiles, [settings("s1"), login("l1")], { replicas: 3, updateStrategy: slow }), withFiles);
    cluster.simulation.advanceTo(MINUTE);
    const stuck = made({ image: "shop/web:crashloop", volumeMounts: volumeMounts.slice(0, 1) }, { volumes: volumes.slice(0, 1) });
    cluster.assign(app, wanted(stuck, [settings("s2")], { replicas: 3, updateStrategy: slow, revisionId: uuid(12) }), stuck);
    cluster.simulation.advanceTo(3 * MINUTE);
    const modes = cluster.pods().map(({ id, revisionId }) => [revisionId, cluster.simulation.filesOf(id, "main")?.["/etc/app/mode"]]);
    expect(modes.toSorted()).toEqual([[uuid(11), "calm"], [uuid(11), "calm"], [uuid(11), "calm"], [uuid(12), "wild"]]);
    expect(cluster.simulation.configured(app)).toBe(4);
    expect(cluster.simulation.contentsInUse()).toEqual(new Set(["s1", "l1", "s2"]));
  });
});
