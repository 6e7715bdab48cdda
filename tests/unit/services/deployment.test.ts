import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { designOfDeployment, type Translation } from "#server/services/import/deployment.ts";
import { DEFAULT_REQUESTS } from "#server/services/import/pod-template.ts";
import { finding, type Referable } from "#tests/support/templates.ts";

const THERE: readonly Referable[] = [
  { kind: "ConfigMap", id: "c1", name: "settings", keys: ["a.conf", "mode", "1x"], type: null },
  { kind: "ConfigMap", id: "c2", name: "more", keys: ["level", "mode"], type: null },
  { kind: "Secret", id: "s1", name: "login", keys: ["password"], type: "OPAQUE" },
  { kind: "Secret", id: "s2", name: "registry", keys: ["password", "server", "username"], type: "REGISTRY" },
];
const translate = (yaml: string): Translation => designOfDeployment(parse(yaml) as Record<string, unknown>, "default", finding(THERE));
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
      "a strategy that nobody knows",
      deployment("{strategy: {type: BlueGreen}, template: {spec: {}}}"),
      ["spec.strategy.type is not honoured: pods are replaced by a rolling update."],
    ],
    [
      "fields of the spec and of the pod, known to nobody too",
      deployment("{minReadySeconds: 5, template: {spec: {initContainers: [{}], volumes: [], securityContext: {}, whatever: 1}}}"),
      [
        "spec.minReadySeconds is not honoured.",
        "spec.template.spec.initContainers is not honoured.",
        "spec.template.spec.securityContext is not honoured.",
        "spec.template.spec.whatever is not honoured.",
      ],
    ],
    [
      "another probe, and security",
      container("startupProbe: {}, securityContext: {}"),
      [`${at}.startupProbe is not honoured.`, `${at}.securityContext is not honoured.`],
    ],
    [
      "a variable from elsewhere",
      container("env: [{name: A, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]"),
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

const containerOf = (translation: Translation): Translation["design"]["template"]["containers"][number] | undefined => translation.design.template.containers[0];
const clean = (translation: Translation): Translation => {
  expect({ errors: translation.errors, warnings: translation.warnings }).toEqual({ errors: [], warnings: [] });
  return translation;
};

describe("probes", () => {
  const probe = (fields: string): Translation => container(`ports: [{name: web, containerPort: 8080}], livenessProbe: {${fields}}`);
  const NUMBERS = { initialDelaySeconds: 0, periodSeconds: 10, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 };
  test.each<[string, string, object]>([
    ["of HTTP", "httpGet: {port: 80, path: /healthz, httpHeaders: [{name: X-Probe, value: a}]}", { type: "HttpGetProbe", path: "/healthz", port: 80, headers: [{ name: "X-Probe", value: "a" }] }],
    ["of HTTP, by a port's name, with what it leaves out", "httpGet: {port: web, scheme: http}", { type: "HttpGetProbe", path: "/", port: 8080, headers: [] }],
    ["of TCP, by a number in quotes", 'tcpSocket: {port: "81"}', { type: "TcpSocketProbe", port: 81 }],
    ["of a command", "exec: {command: [cat, /ready]}", { type: "ExecProbe", command: ["cat", "/ready"] }],
    ["of gRPC", "grpc: {port: 9000}", { type: "GrpcProbe", port: 9000, service: null }],
    ["of a gRPC service", "grpc: {port: 9000, service: shop}", { type: "GrpcProbe", port: 9000, service: "shop" }],
  ])("%s", (_, fields, handler) => expect(containerOf(clean(probe(fields)))?.livenessProbe).toEqual({ ...NUMBERS, handler }));

  test("their numbers are taken over, and 0 is Kubernetes' default", () => {
    const numbers = "initialDelaySeconds: 5, periodSeconds: 7, timeoutSeconds: 2, successThreshold: 4, failureThreshold: 9";
    const { readinessProbe } = containerOf(clean(container(`readinessProbe: {tcpSocket: {port: 1}, ${numbers}}`))) ?? {};
    expect(readinessProbe).toEqual({ handler: { type: "TcpSocketProbe", port: 1 }, initialDelaySeconds: 5, periodSeconds: 7, timeoutSeconds: 2, successThreshold: 4, failureThreshold: 9 });
    expect(containerOf(clean(probe("tcpSocket: {port: 1}, periodSeconds: 0, timeoutSeconds: 0, failureThreshold: 0")))?.livenessProbe).toMatchObject(NUMBERS);
  });

  test("what of them is not honoured is said, and the rest is kept", () => {
    const { design, warnings, errors } = probe("httpGet: {port: web, host: 10.0.0.1, scheme: HTTPS}, terminationGracePeriodSeconds: 3");
    expect(errors).toEqual([]);
    expect(warnings).toEqual([
      `${at}.livenessProbe.httpGet.host is not honoured: the pod itself is asked.`,
      `${at}.livenessProbe.httpGet.scheme is not honoured: the probe speaks HTTP.`,
      `${at}.livenessProbe.terminationGracePeriodSeconds is not honoured.`,
    ]);
    expect(design.template.containers[0]?.livenessProbe?.handler).toMatchObject({ port: 8080 });
  });

  test.each([
    ["none", "periodSeconds: 1", `${at}.livenessProbe must have one of httpGet, tcpSocket, exec, grpc.`],
    ["two", "exec: {command: [a]}, grpc: {port: 1}", `${at}.livenessProbe must have one of httpGet, tcpSocket, exec, grpc.`],
    ["a port of no name here", "httpGet: {port: admin}", `${at}.livenessProbe.httpGet.port is neither a number nor the name of a port of the container.`],
  ])("with %s is a fault", (_, fields, error) => expect(probe(fields).errors).toContain(error));
});

describe("hooks", () => {
  test("are commands", () => {
    const translation = container("lifecycle: {postStart: {exec: {command: [a, b]}}, preStop: {exec: {command: [c]}}}");
    expect(containerOf(clean(translation))?.lifecycle).toEqual({ postStart: ["a", "b"], preStop: ["c"] });
  });
  test("of another kind are said", () => {
    const translation = container("lifecycle: {preStop: {sleep: {seconds: 5}}, postStart: {httpGet: {port: 80}}, stopSignal: SIGINT}");
    expect(translation.warnings).toEqual([
      `${at}.lifecycle.postStart.httpGet is not honoured.`,
      `${at}.lifecycle.preStop.sleep is not honoured.`,
      `${at}.lifecycle.stopSignal is not honoured.`,
    ]);
    expect(containerOf(translation)).not.toHaveProperty("lifecycle");
  });
});

describe("variables from elsewhere", () => {
  test("refer to what has the name, by its id", () => {
    const one = "{name: A, valueFrom: {configMapKeyRef: {name: settings, key: mode}}}";
    const other = "{name: B, valueFrom: {secretKeyRef: {name: login, key: password, optional: true}}}";
    expect(containerOf(clean(container(`env: [${one}, ${other}]`)))?.env).toEqual([
      { name: "A", configMapKey: { configMapId: "c1", name: "settings", key: "mode" } },
      { name: "B", secretKey: { secretId: "s1", name: "login", key: "password" } },
    ]);
  });

  test("from what is not there are a fault, or left out where they are optional", () => {
    const missing = (optional: boolean): Translation =>
      container(`env: [{name: A, valueFrom: {configMapKeyRef: {name: nothing, key: k, optional: ${optional}}}}, {name: B, valueFrom: {secretKeyRef: {name: login, key: user, optional: ${optional}}}}]`);
    expect(missing(false).errors).toEqual([
      `${at}.env.0.valueFrom.configMapKeyRef.name "nothing" is no ConfigMap of this namespace.`,
      `${at}.env.1.valueFrom.secretKeyRef.key "user" is no key of Secret "login".`,
    ]);
    expect(missing(true)).toMatchObject({
      errors: [],
      warnings: [
        `${at}.env.0.valueFrom.configMapKeyRef.name "nothing" is no ConfigMap of this namespace: the variable is left out.`,
        `${at}.env.1.valueFrom.secretKeyRef.key "user" is no key of Secret "login": the variable is left out.`,
      ],
      design: { template: { containers: [{ env: [] }] } },
    });
  });

  test("of whole objects are those of their keys now; later objects win, and a variable of its own over all", () => {
    const { design, errors, warnings } = container(
      "envFrom: [{configMapRef: {name: settings}}, {prefix: M_, configMapRef: {name: more}}, {configMapRef: {name: more}}, {secretRef: {name: login}}, {secretRef: {name: gone, optional: true}}], env: [{name: level, value: own}]",
    );
    expect(errors).toEqual([]);
    const refers = (name: string, key: string, of = "more", configMapId = "c2"): object => ({ name, configMapKey: { configMapId, name: of, key } });
    expect(design.template.containers[0]?.env).toEqual([
      refers("a.conf", "a.conf", "settings", "c1"),
      refers("mode", "mode"),
      refers("M_level", "level"),
      refers("M_mode", "mode"),
      { name: "password", secretKey: { secretId: "s1", name: "login", key: "password" } },
      { name: "level", value: "own" },
    ]);
    const expanded = "is expanded to the keys that there are now: keys that are added later are not followed.";
    expect(warnings).toEqual([
      `${at}.envFrom.0.configMapRef ${expanded}`,
      `${at}.envFrom.0.configMapRef has keys that can't be names of variables: they are left out.`,
      `${at}.envFrom.1.configMapRef ${expanded}`,
      `${at}.envFrom.2.configMapRef ${expanded}`,
      `${at}.envFrom.3.secretRef ${expanded}`,
      `${at}.envFrom.4.secretRef.name "gone" is no Secret of this namespace: it is left out.`,
    ]);
    expect(container("envFrom: [{prefix: A_}]").errors).toEqual([`${at}.envFrom.0 must have a configMapRef or a secretRef.`]);
    expect(container("envFrom: [{secretRef: {name: gone}}]").errors).toEqual([`${at}.envFrom.0.secretRef.name "gone" is no Secret of this namespace.`]);
  });

  test("beside a value are a fault", () => {
    expect(container("env: [{name: A, value: v, valueFrom: {configMapKeyRef: {name: settings, key: mode}}}]").errors).toEqual([`${at}.env.0.valueFrom must not stand beside a value.`]);
  });
});

describe("volumes", () => {
  const pod = (volumes: string, mounts: string): Translation =>
    deployment(`{template: {spec: {volumes: [${volumes}], containers: [{name: a, image: b, resources: {requests: {cpu: 1, memory: 1Gi}}, volumeMounts: [${mounts}]}]}}}`);
  const volumes = "spec.template.spec.volumes";

  test("of the three kinds are taken over, with their mounts", () => {
    const { design } = clean(
      pod(
        "{name: scratch, emptyDir: {sizeLimit: 1.5Gi}}, {name: plain, emptyDir: {}}, {name: none}, {name: conf, configMap: {name: settings, defaultMode: 0644}}, {name: key, secret: {secretName: login}}",
        "{name: scratch, mountPath: /tmp/x}, {name: conf, mountPath: /etc/app}, {name: key, mountPath: /key, readOnly: true}, {name: plain, mountPath: /p, readOnly: true}",
      ),
    );
    expect(design.template.volumes).toEqual([
      { name: "scratch", source: { type: "EmptyDirVolume", sizeLimitMiB: 1_536 } },
      { name: "plain", source: { type: "EmptyDirVolume", sizeLimitMiB: null } },
      { name: "none", source: { type: "EmptyDirVolume", sizeLimitMiB: null } },
      { name: "conf", source: { type: "ConfigMapVolume", configMapId: "c1", name: "settings" } },
      { name: "key", source: { type: "SecretVolume", secretId: "s1", name: "login" } },
    ]);
    expect(design.template.containers[0]?.volumeMounts).toEqual([
      { volume: "scratch", mountPath: "/tmp/x", readOnly: false },
      // Files of a ConfigMap can't be written in Kubernetes either.
      { volume: "conf", mountPath: "/etc/app", readOnly: true },
      { volume: "key", mountPath: "/key", readOnly: true },
      { volume: "plain", mountPath: "/p", readOnly: true },
    ]);
  });

  test("that are not offered are left out with their mounts; what else is not honoured is said", () => {
    const { design, errors, warnings } = pod(
      "{name: host, hostPath: {path: /var}}, {name: claim, persistentVolumeClaim: {claimName: c}}, {name: conf, configMap: {name: settings, defaultMode: 0400, items: []}}, {name: ram, emptyDir: {medium: Memory}}, {name: maybe, secret: {secretName: gone, optional: true}}",
      "{name: host, mountPath: /host}, {name: conf, mountPath: /etc/a.conf, subPath: a.conf}, {name: claim, mountPath: /data}, {name: maybe, mountPath: /maybe, readOnly: true}",
    );
    expect(errors).toEqual([]);
    expect(warnings).toEqual([
      `${volumes}.0.hostPath is not honoured: the volume and its mounts are left out.`,
      `${volumes}.1.persistentVolumeClaim is not honoured: the volume and its mounts are left out.`,
      `${volumes}.2.configMap.items is not honoured: every key is a file of its name.`,
      `${volumes}.2.configMap.defaultMode is not honoured.`,
      `${volumes}.3.emptyDir.medium is not honoured.`,
      `${volumes}.4.secret.secretName "gone" is no Secret of this namespace: an empty directory takes its place.`,
      `${at}.volumeMounts.1.subPath is not honoured: the whole volume is mounted.`,
    ]);
    expect(design.template.volumes?.map(({ name }) => name)).toEqual(["conf", "ram", "maybe"]);
    expect(design.template.containers[0]?.volumeMounts).toEqual([
      { volume: "conf", mountPath: "/etc/a.conf", readOnly: true },
      { volume: "maybe", mountPath: "/maybe", readOnly: true },
    ]);
  });

  test.each([
    ["a ConfigMap that is not there", "{name: v, configMap: {name: gone}}", `${volumes}.0.configMap.name "gone" is no ConfigMap of this namespace.`],
    ["a size that is no quantity", "{name: v, emptyDir: {sizeLimit: much}}", `${volumes}.0.emptyDir.sizeLimit is not a quantity such as 500Mi or 1Gi.`],
  ])("of %s are a fault", (_, volume, error) => expect(pod(volume, "").errors).toEqual([error]));
});

describe("what concerns the pod", () => {
  const pod = (fields: string, metadata = ""): Translation => deployment(`{template: {${metadata} spec: {${fields}}}}`);

  test("pull secrets are Secrets of a registry's login, once each", () => {
    expect(clean(pod("imagePullSecrets: [{name: registry}, {name: registry}]")).design.template.imagePullSecrets).toEqual([{ secretId: "s2", name: "registry" }]);
    expect(pod("imagePullSecrets: [{name: login}, {name: gone}]").errors).toEqual([
      'spec.template.spec.imagePullSecrets.0.name Secret "login" is of type OPAQUE; an image pull secret must be of type REGISTRY.',
      'spec.template.spec.imagePullSecrets.1.name "gone" is no Secret of this namespace.',
    ]);
  });

  test.each(["kata", "kata-qemu", "gvisor", "runsc", "sandbox"])("the runtime class %s is a sandbox", (name) => {
    expect(clean(pod(`runtimeClassName: ${name}`)).design.template.runtime).toBe("SANDBOX");
  });
  test("runc is an ordinary container, and another class is not honoured", () => {
    expect(clean(pod("runtimeClassName: runc")).design.template.runtime).toBe("RUNC");
    const { design, warnings } = pod("runtimeClassName: katakana");
    expect([design.template.runtime, warnings]).toEqual(["RUNC", ["spec.template.spec.runtimeClassName is not honoured: pods run in ordinary containers."]]);
  });

  test("Recreate is the strategy that lets all pods be away, and its difference is said", () => {
    const { design, warnings } = deployment("{strategy: {type: Recreate}, template: {spec: {}}}");
    expect(design.updateStrategy).toEqual({ maxUnavailable: { percent: 100 }, maxSurge: { count: 0 } });
    expect(warnings).toEqual(["spec.strategy.type Recreate is honoured as maxUnavailable 100 % and maxSurge 0: a new pod does not wait until the last old one is gone."]);
  });

  test("annotations of ours are understood, and others are still said", () => {
    const ours = `metadata: {annotations: {selvedge.io/log-collection: '[{"container": "a", "path": null}, {"container": "b", "path": "/x"}]'}},`;
    expect(clean(pod("", ours)).design.template.logCollection).toEqual([{ container: "a", path: null }, { container: "b", path: "/x" }]);
    const { design, warnings } = deployment("{template: {spec: {}}}", "{name: web, annotations: {selvedge.io/description: A shop, a: b}}");
    expect([design.description, warnings]).toEqual(["A shop", ["metadata.annotations is not honoured."]]);
  });
  test.each(["nonsense", "{}", '[{"container": 1}]', '[{"container": "a", "more": 1}]', "[null]"])("log collection that is %s is a fault", (json) => {
    const { errors } = pod("", `metadata: {annotations: {selvedge.io/log-collection: '${json}'}},`);
    expect(errors).toEqual(["spec.template.metadata.annotations.selvedge.io/log-collection must be JSON: a list of {container, path}."]);
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
      "metadata.labels.a must be a string; YAML takes it for something else where it has no quotes.",
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
