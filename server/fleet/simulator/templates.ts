/**
 * A template, prepared once: what each of its pods asks for, and which stage leads out of which state for all of them.
 */
import { podRequests, type PodTemplate } from "../../domain/pod-template.ts";
import { POD_STATES, type Behaviours, type ImageKind, type Stage } from "./behaviours.ts";
import { imageKind } from "./images.ts";
import type { PodRequests } from "./scheduler.ts";

export interface CompiledTemplate {
  readonly hash: string;
  readonly template: PodTemplate;
  readonly requests: PodRequests;
  /** Each image once, in the order of the containers. */
  readonly images: readonly string[];
  /** The container that a failure of the template's kind hits: its first CRASHING or MISSING image, else its first container. */
  readonly culprit: number;
  readonly graceMs: number;
  /** By the code of the state, undefined where a pod rests. */
  readonly stages: readonly (Stage | undefined)[];
}

export function compileTemplate(hash: string, template: PodTemplate, behaviours: Behaviours): CompiledTemplate {
  const kinds = template.containers.map((container) => imageKind(container.image, behaviours));
  const kind: ImageKind = kinds.includes("MISSING") ? "MISSING" : kinds.includes("CRASHING") ? "CRASHING" : "NORMAL";
  return {
    hash,
    template,
    requests: podRequests(template),
    images: [...new Set(template.containers.map((container) => container.image))],
    culprit: Math.max(0, kinds.indexOf(kind)),
    graceMs: template.terminationGracePeriodSeconds * 1_000,
    stages: POD_STATES.map((state) => {
      const fits = ({ image = kind, runtime = template.runtime }: NonNullable<Stage["when"]>): boolean =>
        image === kind && runtime === template.runtime;
      return behaviours.stages.find(({ from, when }) => from === state && fits(when ?? {}));
    }),
  };
}
