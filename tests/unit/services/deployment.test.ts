import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { DEFAULT_REQUESTS, designOfDeployment, type Translation } from "#server/services/import/deployment.ts";

const translate = (yaml: string): Translation => designOfDeployment(parse(yaml) as Record<string, unknown>, "default");
const deployment = (spec: string, metadata = "{name: web}"): Translation =>
  translate(`apiVersion: apps/v1\nkind: Deployment\nmetadata: ${metadata}\nspec: ${spec}`);
const container = (fields: string): Translation =>
  deployment(`{template: {spec: {containers: [{name: a, image: b, resources: {requests: {cpu: 1, memory: 1Gi}}, ${fields}}]}}}`);
const at = "spec.template.spec.containers.0";

test("everything that has a meaning here is taken over", () => {
  const { design, errors, warnings } = translate(`
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: default
  labels: {app: web, tier: front}
  uid: 1234
  creationTimestamp: "2026-01-01T00:00:00Z"
status: {replicas: 3}
spec:
  selector: {matchLabels: {app: web}}
  strategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 1, maxSurge: 50%}}
  template:
    metadata: {labels: {app: web}}
    spec:
      restartPolicy: Always
      terminationGracePeriodSeconds: 5
      containers:
        - name: server
          image: registry.example/web:1
          command: [node]
          args: [main.js, --port=80]
          stdin: true
          tty: true
          ports: [{name: http, containerPort: 80}, {containerPort: 53, protocol: UDP}]
          env: [{name: A, value: "1"}, {name: EMPTY}]
          resources: {requests: {cpu: 250m, memory: 100M}}
`);
  expect({ errors, warnings }).toEqual({ errors: [], warnings: [] });
  expect(design).toEqual({
    name: "web",
    description: "",
    workloadKind: "DEPLOYMENT",
    capacityType: "ON_DEMAND",
    deletionProtection: false,
    labels: [
      { key: "app", value: "web" },
      { key: "tier", value: "front" },
    ],
    updateStrategy: { maxUnavailable: { count: 1 }, maxSurge: { percent: 50 } },
    template: {
      runtime: "RUNC",
      labels: [{ key: "app", value: "web" }],
      terminationGracePeriodSeconds: 5,
      containers: [
        {
          name: "server",
          image: "registry.example/web:1",
          cpuMillis: 250,
          memoryMiB: 96,
          command: ["node"],
          args: ["main.js", "--port=80"],
          stdin: true,
          tty: true,
          ports: [
            { name: "http", containerPort: 80, protocol: "TCP" },
            { name: null, containerPort: 53, protocol: "UDP" },
          ],
          env: [
            { name: "A", value: "1" },
            { name: "EMPTY", value: "" },
          ],
        },
      ],
    },
  });
});

describe("what is not honoured is said, field by field", () => {
  test.each<[string, Translation, string[]]>([
    [
      "replicas",
      deployment("{replicas: 3, template: {spec: {containers: []}}}"),
      ["spec.replicas is not honoured: the distribution says how many pods each cluster runs."],
    ],
    [
      "another namespace",
      deployment("{template: {spec: {}}}", "{name: web, namespace: bank}"),
      ["metadata.namespace is not honoured: everything goes to the namespace default."],
    ],
    [
      "annotations",
      deployment("{template: {metadata: {annotations: {a: b}}, spec: {}}}", "{name: web, annotations: {a: b}}"),
      ["metadata.annotations is not honoured.", "spec.template.metadata.annotations is not honoured."],
    ],
    [
      "Recreate",
      deployment("{strategy: {type: Recreate}, template: {spec: {}}}"),
      ["spec.strategy.type is not honoured: pods are replaced by a rolling update."],
    ],
    [
      "fields of the spec and of the pod, known to nobody too",
      deployment("{minReadySeconds: 5, template: {spec: {initContainers: [{}], volumes: [], whatever: 1}}}"),
      [
        "spec.minReadySeconds is not honoured.",
        "spec.template.spec.initContainers is not honoured.",
        "spec.template.spec.volumes is not honoured.",
        "spec.template.spec.whatever is not honoured.",
      ],
    ],
    [
      "probes and security",
      container("livenessProbe: {}, securityContext: {}"),
      [`${at}.livenessProbe is not honoured.`, `${at}.securityContext is not honoured.`],
    ],
    [
      "a variable from elsewhere",
      container("env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}]"),
      [`${at}.env.0.valueFrom is not honoured: the variable is left out.`],
    ],
    [
      "a protocol that is not offered",
      container("ports: [{containerPort: 80, protocol: SCTP}]"),
      [`${at}.ports.0.protocol is not honoured: the port is left out, because only TCP and UDP are offered.`],
    ],
    ["a host port", container("ports: [{containerPort: 80, hostPort: 80}]"), [`${at}.ports.0.hostPort is not honoured.`]],
  ])("%s", (_, { warnings, errors }, expected) => {
    expect(warnings).toEqual(expected);
    expect(errors).toEqual([]);
  });

  test("fields that are null are absent", () => expect(container("livenessProbe: null, args: null, env: null").warnings).toEqual([]));
  test("at most 50 sentences, the last of which counts the rest", () => {
    const { warnings } = container(Array.from({ length: 80 }, (_, n) => `field${n}: 1`).join(", "));
    expect(warnings).toHaveLength(50);
    expect(warnings.at(-1)).toBe("31 more fields are not honoured.");
  });
});

describe("resources", () => {
  const requests = (
    resources: string,
  ): { cpuMillis: number | undefined; memoryMiB: number | undefined; warnings: readonly string[]; errors: readonly string[] } => {
    const { design, warnings, errors } = deployment(`{template: {spec: {containers: [{name: a, image: b, ${resources}}]}}}`);
    return { cpuMillis: design.template.containers[0]?.cpuMillis, memoryMiB: design.template.containers[0]?.memoryMiB, warnings, errors };
  };
  test("requests count, and limits that differ are not honoured", () => {
    expect(requests("resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: 200m, memory: 64Mi}}")).toEqual({
      cpuMillis: 100,
      memoryMiB: 64,
      warnings: [`${at}.resources.limits.cpu is not honoured: pods are sized by their requests.`],
      errors: [],
    });
  });
  test("limits count where there are no requests", () => {
    expect(requests("resources: {limits: {cpu: 0.5, memory: 1Gi}}")).toEqual({
      cpuMillis: 500,
      memoryMiB: 1_024,
      warnings: [],
      errors: [],
    });
  });
  test("where there is neither, a default is assumed and said", () => {
    expect(requests("stdin: false")).toEqual({
      ...DEFAULT_REQUESTS,
      errors: [],
      warnings: [
        `${at}.resources.requests.cpu is missing: 100 cpuMillis are assumed.`,
        `${at}.resources.requests.memory is missing: 128 MiB are assumed.`,
      ],
    });
  });
  test("other resources are not honoured, and what is no quantity is a fault", () => {
    expect(requests("resources: {requests: {cpu: 1, memory: 1Gi, nvidia.com/gpu: 1}}").warnings).toEqual([
      `${at}.resources.requests.nvidia.com/gpu is not honoured.`,
    ]);
    expect(requests("resources: {requests: {cpu: much, memory: 64MiB}}").errors).toEqual([
      `${at}.resources.requests.cpu is not a quantity such as 100m or 64Mi.`,
      `${at}.resources.requests.memory is not a quantity such as 100m or 64Mi.`,
    ]);
  });
});

describe("what can't be an application", () => {
  test.each<[string, Translation, string]>([
    ["no spec", translate("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}"), "spec is missing."],
    ["no template", deployment("{}"), "spec.template is missing."],
    ["no pod spec", deployment("{template: {}}"), "spec.template.spec is missing."],
    [
      "containers that are no list",
      deployment("{template: {spec: {containers: {}}}}"),
      "spec.template.spec.containers must be a list of maps.",
    ],
    ["a name that is a number", deployment("{template: {spec: {}}}", "{name: 5}"), "metadata.name must be a string."],
    [
      "labels that are no strings",
      deployment("{template: {spec: {}}}", "{name: a, labels: {a: 1}}"),
      "metadata.labels must be a map of strings.",
    ],
    ["an environment value that is a number", container("env: [{name: A, value: 8080}]"), `${at}.env.0.value must be a string.`],
    ["a port that is a string", container('ports: [{containerPort: "80"}]'), `${at}.ports.0.containerPort must be a whole number.`],
    [
      "a surge that is neither count nor percentage",
      deployment("{strategy: {rollingUpdate: {maxSurge: some}}, template: {spec: {}}}"),
      "spec.strategy.rollingUpdate.maxSurge must be a whole number or a percentage such as 25%.",
    ],
    [
      "pods that are not restarted",
      deployment("{template: {spec: {restartPolicy: Never}}}"),
      "spec.template.spec.restartPolicy must be Always.",
    ],
  ])("%s", (_, { errors }, expected) => expect(errors).toContain(expected));

  test("no message tells a value: manifests hold passwords", () => {
    const secret = "canary-3b3b";
    const { errors, warnings } = container(
      `env: [{name: A, value: [${secret}]}, {name: B, valueFrom: ${secret}}], command: ${secret}, livenessProbe: ${secret}`,
    );
    expect(errors.length).toBeGreaterThan(0);
    expect(JSON.stringify([errors, warnings])).not.toContain(secret);
  });
});
