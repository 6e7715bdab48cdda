/**
 * A template, prepared once: what each of its pods asks for, and which stage leads out of which state for all of them.
 */
import { podRequests, referencesOf, type PodTemplate, type TemplateReference } from "../../domain/pod-template.ts";
import { IMAGE_KINDS_BY_WEIGHT, POD_STATES, type Behaviours, type ImageKind, type Stage } from "./behaviours.ts";
import { modelledCommand, type ModelledCommand } from "./commands.ts";
import { courseOf, type Course } from "./health.ts";
import { imageKind } from "./images.ts";
import { podServer, type PodServer } from "./load/pod-load.ts";
import type { PodRequests } from "./scheduler.ts";

export interface CompiledTemplate {
  readonly hash: string;
  readonly template: PodTemplate;
  readonly requests: PodRequests;
  /** Each that some container serves, with its protocol: `8080/TCP`. */
  readonly ports: readonly string[];
  /** Each image once, in the order of the containers. */
  readonly images: readonly string[];
  /** The container that a failure of the template's kind hits: its first image of that kind. */
  readonly culprit: number;
  readonly graceMs: number;
  /** By the code of the state, undefined where a pod rests. */
  readonly stages: readonly (Stage | undefined)[];
  readonly containers: readonly CompiledContainer[];
  /** Some container has a probe or a postStart hook: they are looked after one by one (containers.ts). */
  readonly isWatched: boolean;
  /** ConfigMaps and Secrets that its containers can't be created without. */
  readonly needs: readonly TemplateReference[];
  /** Of these, the ids of those whose keys are files. */
  readonly mounted: readonly string[];
  /** What its pods are to requests. */
  readonly server: PodServer;
}

export interface CompiledContainer {
  readonly kind: ImageKind;
  readonly postStart: ModelledCommand | null;
  readonly preStop: ModelledCommand | null;
  /** The course of each of its runs; null where it has its own each time. */
  readonly course: Course | null;
}

export function compileTemplate(hash: string, template: PodTemplate, behaviours: Behaviours): CompiledTemplate {
  const kinds = template.containers.map((container) => imageKind(container.image, behaviours));
  const kind = IMAGE_KINDS_BY_WEIGHT.find((each) => kinds.includes(each)) ?? "NORMAL";
  const needs = referencesOf(template).filter(({ keys, mounted }) => keys.length > 0 || mounted);
  return {
    hash,
    template,
    requests: podRequests(template),
    ports: [...new Set(template.containers.flatMap(({ ports }) => ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`)))],
    images: [...new Set(template.containers.map((container) => container.image))],
    culprit: Math.max(0, kinds.indexOf(kind)),
    graceMs: template.terminationGracePeriodSeconds * 1_000,
    stages: POD_STATES.map((state) => {
      const fits = ({ image = kind, runtime = template.runtime }: NonNullable<Stage["when"]>): boolean =>
        image === kind && runtime === template.runtime;
      return behaviours.stages.find(({ from, when }) => from === state && fits(when ?? {}));
    }),
    containers: template.containers.map((container, index): CompiledContainer => {
      const own = kinds[index] as ImageKind;
      const { lifecycle, readinessProbe } = container;
      const changes = own === "CRASHING" || own === "HANGS" || readinessProbe === undefined;
      const conditions = { kind: own, warmUpMs: 0, hangsAt: Infinity, exitsAt: Infinity };
      return {
        kind: own,
        postStart: lifecycle?.postStart ? modelledCommand(lifecycle.postStart) : null,
        preStop: lifecycle?.preStop ? modelledCommand(lifecycle.preStop) : null,
        course: changes ? null : courseOf(container, conditions, behaviours),
      };
    }),
    isWatched: template.containers.some(
      ({ livenessProbe, readinessProbe, lifecycle }) => livenessProbe !== undefined || readinessProbe !== undefined || Boolean(lifecycle?.postStart),
    ),
    needs,
    mounted: needs.filter(({ mounted }) => mounted).map(({ id }) => id),
    server: podServer(template, kinds, behaviours.load),
  };
}
