/**
 * What configuration a pod has. Its *files* show one set, and its containers' *environment* came from one (config-sets.ts).
 *
 * - A pod's containers are created once the assigned set names all that its template needs and all of that is here; until then it waits in CREATING
 *   with CreateContainerConfigError. An old pod that needs what the newest set does not name takes the set that it was made under.
 * - A changed set reaches the files of running pods between 5 and 50 s later, each pod by itself, in waves of a second: one timer a placement.
 *   Pods whose mounted contents are the same in both take it at once; so do, in effect, those that mount nothing. What an old pod mounts and the set
 *   does not name stays as it is.
 * - A container that starts again takes its environment from the assigned set, where that has all that it needs; else it keeps what it had.
 */
import type { ConfigUse } from "../../domain/placement.ts";
import type { ContainerSpec } from "../../domain/pod-template.ts";
import { contentIn, type ConfigSetRecord, type ContentSource } from "./config-sets.ts";
import { variantOf, type ClusterParts } from "./parts.ts";
import { slotsOf, type Placement } from "./placements.ts";
import { CREATING, LOST, NONE, PENDING, PULL_FAILED, PULLING, TERMINATING, type ContainerHistory, type WaitingReason } from "./pods.ts";
import { drawnFrom } from "./random.ts";
import type { CompiledTemplate } from "./templates.ts";

const WAVE_MS = 1_000;

export interface ConfigurationListener {
  /** What is stored of a pod is another. */
  podRecordChanged(slot: number): void;
  /** How many of its pods are configured. */
  configuredChanged(placement: Placement): void;
}

export class Configurations {
  readonly #parts: ClusterParts;
  readonly #contents: ContentSource;
  readonly #salt: number;
  readonly #listener: ConfigurationListener;

  constructor(parts: ClusterParts, contents: ContentSource, salt: number, listener: ConfigurationListener) {
    this.#parts = parts;
    this.#contents = contents;
    this.#salt = salt;
    this.#listener = listener;
  }

  // -------------------------------------------------------------- a placement's set

  /** The placement's set from now on. @param isRestored it was that before, too. */
  assign(placement: Placement, configs: readonly ConfigUse[], now: number, isRestored = false): void {
    const { configSets, waves } = this.#parts;
    const before = placement.set;
    const number = configSets.intern(placement.id, configs, now);
    if (number !== before) {
      configSets.retain(number);
      placement.set = number;
      const set = configSets.get(number);
      if (set !== undefined && !isRestored) configSets.put({ ...set, since: now });
      if (before !== NONE) waves.cancel(before);
      if (!isRestored) this.#takeAtOnce(placement);
      configSets.release(before);
    }
    this.#plan(placement, now);
  }

  /** Pods whose files show the assigned set, or nothing that it knows another version of; terminating ones left out. */
  configured(placement: Placement): number {
    let count = 0;
    for (const variant of placement.variants) if (variant.template.mounted.length === 0) count += variant.pods;
    if (placement.variants.every(({ template }) => template.mounted.length === 0)) return count;
    for (const slot of slotsOf(placement, this.#parts.pods)) {
      if (this.#parts.pods.state[slot] === TERMINATING) continue;
      const { template } = variantOf(this.#parts, slot);
      if (template.mounted.length > 0 && (!this.#hasFiles(slot) || !this.#isBehind(slot, template, placement.set))) count += 1;
    }
    return count;
  }

  /** Contents have come, or can't be opened any more. */
  contentsChanged(now: number): void {
    for (const placement of this.#parts.placements.all()) this.#plan(placement, now);
  }

  /** The wave of a set is due. */
  fire(setNumber: number, now: number): void {
    const placement = this.#parts.placements.get(this.#parts.configSets.get(setNumber)?.placementId ?? "");
    if (placement?.set === setNumber) this.#plan(placement, now);
  }

  /** Files of pods follow their placement's set: those that are due by now at once, and for the next there is a timer. */
  #plan(placement: Placement, now: number): void {
    const { configSets, pods, waves } = this.#parts;
    const { set: number } = placement;
    const set = configSets.get(number);
    if (set === undefined || placement.variants.every(({ template }) => template.mounted.length === 0)) return;
    let nextAt = Infinity;
    for (const slot of slotsOf(placement, pods)) {
      if (pods.files[slot] === number || pods.state[slot] === TERMINATING || pods.state[slot] === LOST || !this.#hasFiles(slot)) continue;
      const { template } = variantOf(this.#parts, slot);
      if (!this.#isBehind(slot, template, number) || this.#lack(set, template) !== null) continue;
      const dueAt = set.since + this.#delayMs(slot, set);
      if (dueAt <= now) this.#setFiles(slot, number);
      else nextAt = Math.min(nextAt, dueAt);
    }
    if (nextAt === Infinity) waves.cancel(number);
    else waves.set(number, nextAt, number);
    this.#listener.configuredChanged(placement);
  }

  #delayMs(slot: number, { since }: ConfigSetRecord): number {
    const { minMs, maxMs } = this.#parts.behaviours.filesRefresh;
    return WAVE_MS * drawnFrom([this.#salt, this.#parts.pods.serial[slot] as number, since], Math.ceil(minMs / WAVE_MS), Math.floor(maxMs / WAVE_MS));
  }

  /** Pods that mount only what has not changed need not keep the old set. */
  #takeAtOnce(placement: Placement): void {
    const { configSets, pods } = this.#parts;
    const set = configSets.get(placement.set);
    for (const slot of slotsOf(placement, pods)) {
      const { template } = variantOf(this.#parts, slot);
      const names = template.mounted.length > 0 && template.mounted.every((id) => contentIn(set, id) !== undefined);
      if (names && this.#hasFiles(slot) && !this.#isBehind(slot, template, placement.set)) this.#setFiles(slot, placement.set);
    }
  }

  // -------------------------------------------------------------- a pod

  /** A new pod remembers the set that it was made under. */
  podMade(slot: number): void {
    const { placement, template } = variantOf(this.#parts, slot);
    if (template.needs.length > 0) this.#setFiles(slot, placement.set);
  }

  podEnds(slot: number): void {
    const { configSets, pods } = this.#parts;
    configSets.release(pods.files[slot] as number);
    configSets.release(pods.environment[slot] as number);
    for (const history of pods.histories.get(slot) ?? []) configSets.release(history?.environment ?? NONE);
  }

  /** Gives the containers of a pod that is about to run their files and environment; says why not, where that can't be. */
  provide(slot: number): WaitingReason | null {
    const { configSets, pods } = this.#parts;
    const { placement, template } = variantOf(this.#parts, slot);
    if (template.needs.length === 0) return null;
    const chosen = [placement.set, pods.files[slot] as number].find((number) => {
      const set = configSets.get(number);
      return template.needs.every(({ id }) => contentIn(set, id) !== undefined);
    });
    const message = this.#lack(configSets.get(chosen ?? placement.set), template);
    if (message !== null || chosen === undefined) return { reason: "CreateContainerConfigError", message: message ?? "" };
    configSets.retain(chosen);
    this.#setFiles(slot, template.mounted.length > 0 ? chosen : NONE);
    if (template.needs.some(({ keys }) => keys.length > 0)) {
      configSets.retain(chosen);
      pods.environment[slot] = chosen;
    }
    configSets.release(chosen);
    return null;
  }

  /** A container starts again. */
  restarted(slot: number, history: ContainerHistory): void {
    const { configSets, pods } = this.#parts;
    const { placement, template } = variantOf(this.#parts, slot);
    const before = history.environment ?? pods.environment[slot];
    if (placement.set === before || !template.needs.some(({ keys }) => keys.length > 0)) return;
    if (this.#lack(configSets.get(placement.set), template) !== null) return;
    configSets.retain(placement.set);
    if (history.environment !== undefined) configSets.release(history.environment);
    history.environment = placement.set;
  }

  // -------------------------------------------------------------- what runs in a pod

  /** All variables of a container that was started; null for one that was not. */
  environmentOf(slot: number, index: number): Record<string, string> | null {
    const { configSets, pods } = this.#parts;
    if (Number.isNaN(pods.startedAt[slot])) return null;
    const set = configSets.get(pods.histories.get(slot)?.[index]?.environment ?? pods.environment[slot] ?? NONE);
    const { env } = variantOf(this.#parts, slot).template.template.containers[index] as ContainerSpec;
    return Object.fromEntries(
      env.flatMap(({ name, value, configMapKey, secretKey }) => {
        const from = configMapKey === undefined ? secretKey?.secretId : configMapKey.configMapId;
        const key = (configMapKey ?? secretKey)?.key ?? "";
        const found = from === undefined ? value : this.#values(set, from)?.get(key);
        return found === undefined ? [] : [[name, found] as const];
      }),
    );
  }

  /** The files that volumes of ConfigMaps and Secrets show in a container, by path; null where it was not started. */
  filesOf(slot: number, index: number): Record<string, string> | null {
    const { configSets, pods } = this.#parts;
    if (Number.isNaN(pods.startedAt[slot])) return null;
    const set = configSets.get(pods.files[slot] as number);
    const { template } = variantOf(this.#parts, slot).template;
    const files: [string, string][] = [];
    for (const { volume, mountPath } of template.containers[index]?.volumeMounts ?? []) {
      const source = template.volumes?.find(({ name }) => name === volume)?.source;
      const id = source?.type === "ConfigMapVolume" ? source.configMapId : source?.type === "SecretVolume" ? source.secretId : null;
      if (id === null) continue;
      for (const [key, value] of this.#values(set, id) ?? []) files.push([`${mountPath.replace(/\/$/, "")}/${key}`, value]);
    }
    return Object.fromEntries(files);
  }

  #values(set: ConfigSetRecord | undefined, id: string): ReadonlyMap<string, string> | null {
    const content = contentIn(set, id);
    return content === undefined ? null : this.#contents.valuesOf(content);
  }

  // -------------------------------------------------------------- rules

  /** What keeps a container from being created with this set; null for nothing. */
  #lack(set: ConfigSetRecord | undefined, { needs }: CompiledTemplate): string | null {
    for (const { id, kind, name, keys } of needs) {
      const content = contentIn(set, id);
      if (content === undefined) return `${kind} "${name}" not found`;
      const here = this.#contents.keysOf(content);
      if (here === null) return `the content of ${kind} "${name}" has not arrived, or can't be opened`;
      const missing = keys.find((key) => !here.has(key));
      if (missing !== undefined) return `couldn't find key ${missing} in ${kind} "${name}"`;
    }
    return null;
  }

  /** Whether the set has another version of something that the pod's files show. */
  #isBehind(slot: number, { mounted }: CompiledTemplate, number: number): boolean {
    const { configSets, pods } = this.#parts;
    if (pods.files[slot] === number) return false;
    const shown = configSets.get(pods.files[slot] as number);
    const wanted = configSets.get(number);
    const isNamed = mounted.every((id) => contentIn(wanted, id) !== undefined);
    return isNamed && mounted.some((id) => contentIn(wanted, id) !== contentIn(shown, id));
  }

  /** Its containers were created, with files. */
  #hasFiles(slot: number): boolean {
    const state = this.#parts.pods.state[slot];
    if (state === LOST) return !Number.isNaN(this.#parts.pods.startedAt[slot]);
    return state !== PENDING && state !== PULLING && state !== PULL_FAILED && state !== CREATING;
  }

  #setFiles(slot: number, number: number): void {
    const { configSets, pods } = this.#parts;
    const before = pods.files[slot] as number;
    if (before === number) return;
    configSets.retain(number);
    pods.files[slot] = number;
    configSets.release(before);
    this.#listener.podRecordChanged(slot);
  }
}
