import type { Kind } from "./timed-questions.ts";
import { askAt, type Application, CREATE_APPLICATION, CREATE_NAMESPACE, inputOf, type Instance, listsFor, NAMESPACES, presence, Refused, servicesOf, type Tenant, unique, untilGone, type World } from "./timed-world.ts";

/** What one writer changes, by mutations over HTTP through either instance, and notes in the ledger. Nobody else changes its applications. */
export interface Writer {
  readonly tenant: Tenant;
  /** What it changes next, and by which questions of its tenant that is seen. */
  next(): { readonly shownBy: Kind; write(instance: Instance): Promise<void> };
  /** Resolves when what it deleted is gone. */
  done(): Promise<void>;
}

const SHOWN = "application { id version placements(first: 10) { nodes { id generation } } } userErrors { message }";
const UPDATE = `mutation ($input: UpdateApplicationInput!) { updateApplication(input: $input) { ${SHOWN} } }`;
const SCALE = `mutation ($input: ScaleApplicationInput!) { scaleApplication(input: $input) { ${SHOWN} } }`;
const DELETE_APPLICATION = "mutation ($input: DeleteApplicationInput!) { deleteApplication(input: $input) { deletedId userErrors { message } } }";
const CREATE_CONFIG = "mutation ($input: CreateConfigMapInput!) { createConfigMap(input: $input) { configMap { id name version } userErrors { message } } }";
const UPDATE_CONFIG = "mutation ($input: UpdateConfigMapInput!) { updateConfigMap(input: $input) { configMap { id name version } userErrors { message } } }";
const CREATE_SERVICES = "mutation ($input: CreateServiceInput!) { createServices(input: $input) { services { id } userErrors { message } } }";
const DELETE_SERVICES = "mutation ($input: DeleteManyInput!) { deleteServices(input: $input) { results { ok } } }";
const deletion = (what: string): string => `mutation ($input: DeleteInput!) { delete${what}(input: $input) { deletedId userErrors { message } } }`;

interface Shown {
  readonly application: { readonly id: string; readonly version: number; readonly placements: { readonly nodes: readonly { readonly id: string; readonly generation: number }[] } };
}
interface Named {
  readonly id: string;
  readonly name: string;
}
interface ConfigMap {
  readonly configMap: Named & { readonly version: number };
}

/** So many of each kind at most, that every list fits on a page. */
const MOST = 3;

export function createWriter({ ledger, agents, database }: World, tenant: Tenant, applications: readonly Application[], random: () => number): Writer {
  const { token } = tenant.owner;
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const [configMaps, namespaces, temporary]: [Named[], Named[], Named[]] = [[], [], []];
  const services: { readonly application: string; readonly name: string; readonly ids: readonly string[] }[] = [];
  const going: Promise<void>[] = [];

  /** It goes when its clusters say so: nobody who is asked acknowledges that. */
  const goes = (type: "Application" | "Service", ids: readonly string[], change: ReturnType<typeof presence>): void => {
    const gone = untilGone(database, type, ids).then(() => change.acknowledged(null));
    // It is waited for at the end.
    gone.catch(() => undefined);
    going.push(gone);
  };
  const noted = ({ application: { id, version, placements } }: Shown, { number }: Instance): void => {
    ledger.wrote(`${id} version`, version, number);
    for (const placement of placements.nodes) ledger.wrote(`${placement.id} generation`, placement.generation, number);
  };
  /** A change that is seen in lists. */
  const changing = async <T>(lists: readonly string[], name: string, present: boolean, { number }: Instance, act: () => Promise<T>): Promise<T> => {
    const change = presence(ledger, lists, name, present);
    try {
      const made = await act();
      change.acknowledged(number);
      return made;
    } catch (error) {
      if (error instanceof Refused) change.refused();
      throw error;
    }
  };
  const removing = (from: Named[], kind: string, what: string) => async (instance: Instance): Promise<void> => {
    const [one] = from.splice(Math.floor(random() * from.length), 1);
    if (!one) return;
    await changing(listsFor(kind, tenant.name, namespaceOf(one.name)), one.name, false, instance, () => askAt(instance)(token, deletion(what), { input: { id: one.id } }));
  };
  const namespaceOf = (name: string): string => NAMESPACES.find((namespace) => name.includes(`-${namespace}-`)) ?? "";

  const ACTS: readonly (readonly [shownBy: Kind, write: (instance: Instance) => Promise<void>])[] = [
    ["applications", async (instance) => noted(await askAt(instance)<Shown>(token, UPDATE, { input: { applicationId: pick(applications).id, description: unique() } }), instance)],
    ["applications", async (instance) => noted(await askAt(instance)<Shown>(token, SCALE, { input: { applicationId: pick(applications).id, replicas: Math.floor(random() * 4) } }), instance)],
    ["labelled", async (instance) => {
      const application = pick(applications);
      application.labelled = !application.labelled;
      const { id, name, namespace, labelled } = application;
      const labels = labelled ? [{ key: "level", value: "1" }] : [];
      noted(await changing(listsFor("labelled", tenant.name, namespace), name, labelled, instance, () => askAt(instance)<Shown>(token, UPDATE, { input: { applicationId: id, labels } })), instance);
    }],
    ["configMaps", async (instance) => {
      if (configMaps.length >= MOST) return;
      const namespace = pick(NAMESPACES);
      const name = `${tenant.name}-${namespace}-${unique()}`;
      const { configMap } = await changing(listsFor("configMaps", tenant.name, namespace), name, true, instance, () =>
        askAt(instance)<ConfigMap>(token, CREATE_CONFIG, { input: { name, namespace, data: [{ key: "level", value: unique() }] } }));
      configMaps.push(configMap);
    }],
    ["configMaps", async (instance) => {
      const configMap = pick(configMaps);
      if (!configMap) return;
      const { configMap: { id, version } } = await askAt(instance)<ConfigMap>(token, UPDATE_CONFIG, { input: { configMapId: configMap.id, data: [{ key: "level", value: unique() }] } });
      ledger.wrote(`${id} version`, version, instance.number);
    }],
    ["configMaps", removing(configMaps, "configMaps", "ConfigMap")],
    ["namespaces", async (instance) => {
      if (namespaces.length >= MOST) return;
      const name = `${tenant.name}-${unique()}`;
      const { namespace } = await changing(listsFor("namespaces", tenant.name, name), name, true, instance, () => askAt(instance)<{ namespace: { id: string } }>(token, CREATE_NAMESPACE, { input: { name } }));
      namespaces.push({ id: namespace.id, name });
    }],
    ["namespaces", removing(namespaces, "namespaces", "Namespace")],
    ["services", async (instance) => {
      if (services.length >= MOST) return;
      const [{ id, name: application }, name] = [pick(applications), unique()];
      const input = { applicationId: id, name, ports: [{ name: "http", port: 80, containerPort: 8080 }] };
      const made = await changing([servicesOf(application)], name, true, instance, () => askAt(instance)<{ services: { id: string }[] }>(token, CREATE_SERVICES, { input }));
      services.push({ application, name, ids: made.services.map((service) => service.id) });
    }],
    ["services", async (instance) => {
      const [one] = services.splice(Math.floor(random() * services.length), 1);
      if (!one) return;
      const change = presence(ledger, [servicesOf(one.application)], one.name, false);
      await askAt(instance)(token, DELETE_SERVICES, { input: { ids: one.ids } });
      goes("Service", one.ids, change);
    }],
    ["applications", async (instance) => {
      if (temporary.length >= MOST) return;
      const namespace = pick(NAMESPACES);
      const name = `${tenant.name}-${namespace}-${unique()}`;
      const { application } = await changing(listsFor("applications", tenant.name, namespace), name, true, instance, () =>
        askAt(instance)<{ application: Named & { version: number } }>(token, CREATE_APPLICATION, { input: inputOf({ name, namespace }, [pick(agents)], 0) }));
      ledger.wrote(`${application.id} version`, application.version, instance.number);
      temporary.push({ id: application.id, name });
    }],
    ["applications", async (instance) => {
      const [one] = temporary.splice(Math.floor(random() * temporary.length), 1);
      if (!one) return;
      const change = presence(ledger, listsFor("applications", tenant.name, namespaceOf(one.name)), one.name, false);
      await askAt(instance)(token, DELETE_APPLICATION, { input: { applicationId: one.id, confirmName: one.name } });
      goes("Application", [one.id], change);
    }],
  ];
  return {
    tenant,
    next: () => {
      const [shownBy, write] = pick(ACTS);
      return { shownBy, write };
    },
    done: async () => void (await Promise.all(going)),
  };
}
