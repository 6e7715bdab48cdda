import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compareFields, compareLines, fieldsOf } from "#clients/cli/manifest/compare.ts";
import { withoutExpanded } from "#clients/cli/manifest/env-from.ts";
import { normalisedDeployment } from "#clients/cli/manifest/normalise.ts";
import { descriptionOf, findObject, isMap, type Manifest, readObjects } from "#clients/cli/manifest/read.ts";
import { normalisedService } from "#clients/cli/manifest/service.ts";

const deployment = (container: string, more = ""): Manifest =>
  readObjects(`
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, labels: { tier: front } }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: nginx
${container.replaceAll(/^/gm, "          ")}
${more.replaceAll(/^/gm, "      ")}
`)[0] ?? {};
const differences = (before: Manifest, after: Manifest, warnings: readonly string[] = []): string[] =>
  compareFields(normalisedDeployment(before), normalisedDeployment(after, warnings)).map(({ path, before: old, after: young }) => `${path}: ${old} → ${young}`);

describe("objects of a file", () => {
  it("are found by kind and name, Lists unfolded, broken documents left out", () => {
    const objects = readObjects("kind: List\nitems:\n- { kind: ConfigMap, metadata: { name: a } }\n- { kind: Secret, metadata: { name: a, annotations: { selvedge.io/description: For a } } }\n---\n- a list\n---\nkind: [\n---\n");
    expect(objects.map(({ kind }) => kind)).toEqual(["ConfigMap", "Secret"]);
    expect(findObject(objects, "Secret", "a")).toBe(objects[1]);
    expect(findObject(objects, "Service", "a")).toBeUndefined();
    expect(objects.map(descriptionOf)).toEqual([undefined, "For a"]);
    expect(readObjects("")).toEqual([]);
  });
});

describe("Deployments that mean the same", () => {
  const written = `
ports: [{ name: http, containerPort: 8080, protocol: TCP }]
env: [{ name: EMPTY, value: "" }, { name: KEY, valueFrom: { secretKeyRef: { name: s, key: k, optional: false } } }]
resources: { requests: { cpu: 250m, memory: 1Gi }, limits: { cpu: "1" } }
readinessProbe: { httpGet: { path: /, port: 8080, scheme: HTTP }, initialDelaySeconds: 0, periodSeconds: 10, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 }
volumeMounts: [{ name: config, mountPath: /etc/web, readOnly: true }, { name: tmp, mountPath: /tmp, readOnly: false }]
stdin: false
command: []`;
  const short = `
ports: [{ name: http, containerPort: 8080 }]
env: [{ name: KEY, valueFrom: { secretKeyRef: { name: s, key: k } } }, { name: EMPTY }]
resources: { limits: { cpu: 0.25, memory: 1024Mi } }
readinessProbe: { httpGet: { port: http } }
volumeMounts: [{ name: tmp, mountPath: /tmp }, { name: config, mountPath: /etc/web }]`;
  const volumes = "volumes: [{ name: tmp, emptyDir: {} }, { name: config, configMap: { name: settings } }]\nrestartPolicy: Always\nterminationGracePeriodSeconds: 30";
  const others = "volumes: [{ name: config, configMap: { name: settings, defaultMode: 420 } }, { name: tmp, emptyDir: }]\nruntimeClassName: runc";

  it("have no differences, however they are written", () => {
    expect(differences(deployment(written, volumes), deployment(short, others))).toEqual([]);
    expect(differences(deployment(short, others), deployment(written, volumes))).toEqual([]);
  });

  it("nor by what the server said that it does not honour", () => {
    const file = deployment("securityContext: { runAsUser: 1000 }", "nodeSelector: { disk: ssd }\ninitContainers: [{ name: a }]");
    const warnings = ["spec.template.spec.containers.0.securityContext is not honoured.", "spec.template.spec.nodeSelector is not honoured.", "spec.template.spec.initContainers is not honoured.", "spec.replicas is not honoured: the distribution says it."];
    expect(differences(deployment(""), file, warnings)).toEqual([]);
    expect(differences(deployment(""), file)).not.toEqual([]);
  });
});

describe("what differs", () => {
  it("is named by path, with lists compared by name and not by place", () => {
    const before = deployment("env: [{ name: A, value: \"1\" }, { name: B, value: \"2\" }]\nreadinessProbe: { tcpSocket: { port: 80 } }", "volumes: [{ name: tmp, emptyDir: {} }]");
    const after = deployment("env: [{ name: B, value: \"2\" }, { name: A, value: \"3\" }, { name: C }]\nreadinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 5 }\nresources: { requests: { cpu: 200m } }");
    expect(differences(before, after)).toEqual([
      "spec.template.spec.containers[web].env[A].value: 1 → 3",
      "spec.template.spec.containers[web].env[C].value: null → ",
      "spec.template.spec.containers[web].readinessProbe.periodSeconds: 10 → 5",
      "spec.template.spec.containers[web].resources.requests.cpu: 100m → 200m",
      "spec.template.spec.volumes[tmp].emptyDir: {} → null",
    ]);
  });

  it("is nothing between an object and itself, and is turned around with its sides", () => {
    const value = fc.jsonValue({ maxDepth: 4 });
    fc.assert(
      fc.property(value, value, (one, other) => {
        expect(compareFields(one, one)).toEqual([]);
        const turned = compareFields(other, one).map(({ path, before, after }) => ({ path, before: after, after: before }));
        expect(compareFields(one, other)).toEqual(turned);
      }),
    );
  });

  it("names things in brackets where a dot would mislead", () => {
    expect([...fieldsOf({ data: { "app.properties": "x", plain: "y" }, list: [1, "a"] })]).toEqual([["data[app.properties]", "x"], ["data.plain", "y"], ["list", '[1,"a"]']]);
  });
});

describe("an envFrom", () => {
  it("hides the variables that it stands for, and no others", () => {
    const file = deployment("envFrom: [{ configMapRef: { name: settings } }]\nenv: [{ name: OWN, valueFrom: { configMapKeyRef: { name: settings, key: own } } }]");
    const present = deployment("env:\n- { name: CURRENCY, valueFrom: { configMapKeyRef: { name: settings, key: CURRENCY } } }\n- { name: OWN, valueFrom: { configMapKeyRef: { name: settings, key: old } } }\n- { name: OTHER, valueFrom: { configMapKeyRef: { name: other, key: o } } }");
    const paths = compareFields(withoutExpanded(normalisedDeployment(present), file), withoutExpanded(normalisedDeployment(file), file)).map(({ path }) => path);
    expect(paths).toEqual([
      "spec.template.spec.containers[web].env[OTHER].valueFrom.configMapKeyRef.key",
      "spec.template.spec.containers[web].env[OTHER].valueFrom.configMapKeyRef.name",
      "spec.template.spec.containers[web].env[OWN].valueFrom.configMapKeyRef.key",
    ]);
    expect(withoutExpanded(present, deployment(""))).toBe(present);
  });
});

describe("a Service", () => {
  it("has ports by number, whatever its file calls them, on each cluster", () => {
    const behind = deployment("ports: [{ name: http, containerPort: 8080 }]");
    const service = readObjects("kind: Service\nspec: { selector: { app: web }, ports: [{ port: 80, targetPort: http }, { port: 53, protocol: UDP }] }")[0] ?? {};
    expect(normalisedService(service, [behind, service], ["xian-1"])).toEqual({ clusters: { "xian-1": { ports: [{ port: 80, protocol: "TCP", targetPort: 8080 }, { port: 53, protocol: "UDP", targetPort: 53 }] } } });
    expect(normalisedService(service, [], ["xian-1"])).toMatchObject({ clusters: { "xian-1": { ports: [{ targetPort: "http" }, {}] } } });
  });
});

describe("lines of two texts", () => {
  it("are told apart with what stands around them", () => {
    const lines = Array.from({ length: 12 }, (_, index) => `line ${index}`);
    expect(compareLines(lines.join("\n"), lines.with(5, "other").join("\n"))).toEqual(["  …", "  line 3", "  line 4", "- line 5", "+ other", "  line 6", "  line 7", "  …"]);
  });

  it("lead from one to the other", () => {
    const text = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 5 }).map((parts) => parts.join("\n"));
    fc.assert(
      fc.property(text, text, (before, after) => {
        // Too short for a fold, so that nothing is left out.
        const lines = compareLines(before, after).filter((line) => line !== "  …");
        const side = (sign: string): string[] => lines.filter((line) => line.startsWith(sign) || line.startsWith(" ")).map((line) => line.slice(2));
        if (before !== after) expect(isSubsequence(side("-"), before.split("\n")) && isSubsequence(side("+"), after.split("\n"))).toBe(true);
        const changed = (sign: string): number => lines.filter((line) => line.startsWith(sign)).length;
        expect(changed("+") - changed("-")).toBe(after.split("\n").length - before.split("\n").length);
        expect(changed("+") === 0 && changed("-") === 0).toBe(before === after);
      }),
    );
  });
});

const isSubsequence = (part: readonly string[], whole: readonly string[]): boolean => {
  let at = 0;
  for (const one of whole) if (part[at] === one) at += 1;
  return at === part.length;
};

describe("our own example", () => {
  it("differs in nothing from itself, and in one path where one value differs", () => {
    const text = readFileSync(new URL("../../../clients/examples/shop.yaml", import.meta.url), "utf8");
    const deployments = readObjects(text).filter(({ kind }) => kind === "Deployment");
    expect(deployments).toHaveLength(12);
    for (const one of deployments) {
      expect(compareFields(normalisedDeployment(one), normalisedDeployment(structuredClone(one)))).toEqual([]);
      const other = JSON.parse(JSON.stringify(one).replace(/"image":"[^"]*"/, '"image":"other:1"')) as Manifest;
      const name = isMap(one["metadata"]) ? String(one["metadata"]["name"]) : "";
      expect(compareFields(normalisedDeployment(one), normalisedDeployment(other)).map(({ path }) => path)).toEqual([`spec.template.spec.containers[${name}].image`]);
    }
  });
});
