import type { AffinityRule } from "#server/domain/affinity.ts";
import type { ContainerSpec, EnvVar, Lifecycle, PodTemplate, Probe, ProbeHandler } from "#server/domain/pod-template.ts";

/** Configuration that templates refer to; some of it is not there any more, or never was the tenant's. */
export interface Referable {
  readonly id: string;
  readonly name: string;
}
export interface Referables {
  readonly configMaps: readonly Referable[];
  readonly secrets: readonly Referable[];
}

const HANDLERS: readonly ProbeHandler[] = [
  { type: "HttpGetProbe", path: "/healthz?a=\"b\"&c=\\d", port: 8080, headers: [{ name: "X-A", value: "é\u2028" }, { name: "X-B", value: "" }] },
  { type: "HttpGetProbe", path: "/", port: 1, headers: [] },
  { type: "TcpSocketProbe", port: 65_535 },
  { type: "ExecProbe", command: ["sh", "-c", "exit $((1 + 1))"] },
  { type: "ExecProbe", command: [] },
  { type: "GrpcProbe", port: 9000, service: "健康" },
  { type: "GrpcProbe", port: 9001, service: null },
];
const probe = (index: number): Probe => ({
  handler: HANDLERS[index % HANDLERS.length] as ProbeHandler,
  initialDelaySeconds: index, periodSeconds: index + 1, timeoutSeconds: index + 2, successThreshold: 1, failureThreshold: 3,
});

/** What the product would never have written: of each second template, one thing is wrong. */
export function tornTemplate(n: number, template: PodTemplate): object {
  const withContainer = (change: object): object => ({ ...template, containers: template.containers.map((container, index) => (index === 0 ? { ...container, ...change } : container)) });
  switch (n % 14) {
    case 1:
      return withContainer({ image: null });
    case 3:
      return withContainer({ image: 5, stdin: "true", tty: 1 });
    case 5:
      return withContainer({ command: ["a", null], ports: [null] });
    case 7:
      return { ...template, volumes: [{ name: "host", source: { type: "HostPathVolume", path: "/" } }] };
    case 9:
      return withContainer({ lifecycle: "text", livenessProbe: { ...probe(0), handler: { type: "HttpGetProbe" } } });
    case 11:
      return { ...template, labels: {}, volumes: [{ name: "none", source: "text" }], terminationGracePeriodSeconds: 1.5 };
    case 13:
      return { ...template, volumes: [{ name: "none", source: { type: "EmptyDirVolume" } }, { name: null, source: { type: "SecretVolume" } }] };
    default:
      return template;
  }
}

const PLAIN: ContainerSpec = { name: "main", image: "shop/web:1", cpuMillis: 100, memoryMiB: 64, command: [], args: [], stdin: false, tty: false, ports: [], env: [] };

/**
 * A template by its number: every member there and left out, and every type that a handler or volume may have. All of them use what is in `referables`
 * by turns, so that each is referred to as a file, by an environment variable and for pulling images.
 */
export function templateNumber(n: number, { configMaps, secrets }: Referables): PodTemplate {
  const configMap = configMaps[n % configMaps.length] as Referable;
  const other = configMaps[(n + 1) % configMaps.length] as Referable;
  const secret = secrets[n % secrets.length] as Referable;
  const base: PodTemplate = { runtime: n % 3 === 0 ? "SANDBOX" : "RUNC", containers: [PLAIN], labels: [], terminationGracePeriodSeconds: 30 + n };
  const env: readonly EnvVar[] = [
    { name: "PLAIN", value: "" },
    { name: "QUOTED", value: "\"'\\\n\t\u0001 \u{1F600} \u05D0" },
    { name: "CONFIG", configMapKey: { configMapId: configMap.id, name: configMap.name, key: "a" } },
    { name: "SECRET", secretKey: { secretId: secret.id, name: secret.name, key: "b" } },
  ];
  const rich = (index: number): ContainerSpec => ({
    ...PLAIN, name: `c${index}`, command: ["a", "b\"c"], args: index % 2 === 0 ? ["--x=1", ""] : [], stdin: index % 2 === 0, tty: index % 2 === 1, env: env.slice(index % 3),
    ports: [{ name: null, containerPort: 80, protocol: "TCP" }, { name: "dns", containerPort: 53, protocol: "UDP" }], livenessProbe: probe(2 * (n + index)), readinessProbe: probe(2 * (n + index) + 1),
    lifecycle: [{ postStart: ["touch", "/ready"], preStop: null }, { postStart: null, preStop: ["sleep", "1"] }, { postStart: [], preStop: [""] }][(n + index) % 3] as Lifecycle,
    volumeMounts: [{ volume: "config", mountPath: "/etc/a", readOnly: true }, { volume: "scratch", mountPath: "/s", readOnly: false }].slice(index % 2),
  });
  switch (n % 5) {
    case 0:
      return base;
    case 1:
      return { ...base, labels: [{ key: "app", value: "web" }, { key: "tier", value: "前端" }], volumes: [], imagePullSecrets: [], affinity: [], logCollection: [], containers: [{ ...PLAIN, volumeMounts: [], env }] };
    case 2:
      return { ...base, containers: [{ ...PLAIN, image: "registry.example/空/long:tag", cpuMillis: 2_000, memoryMiB: 4_096, livenessProbe: probe(n) }, { ...PLAIN, name: "second", readinessProbe: probe(n + 3) }] };
    default:
      return {
        ...base,
        labels: [{ key: "app", value: "web" }],
        volumes: [
          { name: "scratch", source: { type: "EmptyDirVolume", sizeLimitMiB: null } },
          { name: "space", source: { type: "EmptyDirVolume", sizeLimitMiB: 128 } },
          { name: "config", source: { type: "ConfigMapVolume", configMapId: configMap.id, name: configMap.name } },
          { name: "other", source: { type: "ConfigMapVolume", configMapId: other.id, name: other.name } },
          { name: "secret", source: { type: "SecretVolume", secretId: secret.id, name: secret.name } },
        ],
        imagePullSecrets: secrets.slice(0, 1 + (n % 3)).map(({ id, name }) => ({ secretId: id, name })),
        affinity: [
          { kind: "NODE", required: true, weight: 1, topology: "CLUSTER", labels: [{ key: "selvedge.io/tier", value: "EDGE" }] },
          { kind: "APPLICATION_ANTI", required: n % 2 === 0, weight: 1 + (n % 100), topology: "NODE", labels: [{ key: "app", value: "web" }, { key: "tier", value: "" }] },
        ].slice(n % 3) as AffinityRule[],
        logCollection: [{ container: "c0", path: null }, { container: "c0", path: "/var/log/*.log" }],
        containers: Array.from({ length: 2 + (n % 4) }, (_, index) => rich(index)),
      };
  }
}
