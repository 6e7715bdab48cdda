/**
 * Images: what an image's name says of it, and which images a node has.
 */
import type { Behaviours, ImageKind } from "./behaviours.ts";
import type { RandomStream } from "./random.ts";

/** The kind that an image's tag stands for; `registry:5000/a/b:tag@sha256:…` has the tag `tag`. */
export function imageKind(image: string, behaviours: Behaviours): ImageKind {
  const withoutDigest = image.split("@", 1)[0] as string;
  const lastPart = withoutDigest.slice(withoutDigest.lastIndexOf("/") + 1);
  const colon = lastPart.indexOf(":");
  const kind = colon < 0 ? undefined : behaviours.imageTags[lastPart.slice(colon + 1)];
  return kind ?? "NORMAL";
}

/** Made up, but always the same for the same name (FNV-1a over its UTF-16 units, mixed). */
export function imageSizeMiB(image: string, { images }: Behaviours): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < image.length; index++) hash = Math.imul(hash ^ image.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return images.minMiB + ((hash ^ (hash >>> 12)) >>> 0) % (images.maxMiB - images.minMiB + 1);
}

interface CachedImage {
  readonly sizeMiB: number;
  readonly availableAt: number;
}

/** One node's images, least recently used first. */
export class ImageCache {
  readonly #behaviours: Behaviours;
  readonly #images = new Map<string, CachedImage>();
  #usedMiB = 0;

  constructor(behaviours: Behaviours) {
    this.#behaviours = behaviours;
  }

  /** When all these images are on the node, pulling what is missing one after the other from now on; `factor`: how much longer that takes than it should. */
  pull(images: readonly string[], now: number, random: RandomStream, factor = 1): number {
    const { request, mibPerSecond, cached } = this.#behaviours.images;
    let readyAt = now;
    for (const image of images) {
      const held = this.#images.get(image);
      if (held === undefined) {
        const sizeMiB = imageSizeMiB(image, this.#behaviours);
        const took = random.between(request.minMs, request.maxMs) + (sizeMiB / mibPerSecond) * 1_000;
        readyAt += Math.round(took * factor);
        this.#add(image, { sizeMiB, availableAt: readyAt });
      } else {
        readyAt = Math.max(readyAt, held.availableAt);
        this.#touch(image, held);
      }
    }
    return readyAt > now ? readyAt : now + random.between(cached.minMs, cached.maxMs);
  }

  has(image: string): boolean {
    return this.#images.has(image);
  }

  /** Says that an image is, or at a time will be, on the node: what a restart finds there. */
  place(image: string, availableAt: number): void {
    if (!this.#images.has(image)) this.#add(image, { sizeMiB: imageSizeMiB(image, this.#behaviours), availableAt });
  }

  /** The newest use stands last. */
  #touch(image: string, held: CachedImage): void {
    this.#images.delete(image);
    this.#images.set(image, held);
  }

  #add(image: string, added: CachedImage): void {
    this.#images.set(image, added);
    this.#usedMiB += added.sizeMiB;
    for (const [name, { sizeMiB }] of this.#images) {
      if (this.#usedMiB <= this.#behaviours.images.cacheMiB || name === image) break;
      this.#images.delete(name);
      this.#usedMiB -= sizeMiB;
    }
  }
}
