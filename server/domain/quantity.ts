/**
 * Kubernetes quantities: `100m`, `0.5`, `64Mi`, `1.5G`, `2e3`. Exact, as a fraction of two integers; amounts are rounded up to whole
 * millicores and MiB, so that nothing asks for less than its manifest says.
 */
const QUANTITY = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,2})|([KMGTPE]i|[numkMGTPE]))?$/;
const MAX_LENGTH = 32;

const BINARY: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };

interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** The quantity as an exact fraction, or null where the text is none. */
function parseQuantity(text: string): Fraction | null {
  if (text.length > MAX_LENGTH) return null;
  const match = QUANTITY.exec(text);
  if (!match) return null;
  const [, sign, whole = "", decimals = "", exponent, suffix = ""] = match;
  if (whole === "" && decimals === "") return null;
  const digits = BigInt(`${whole}${decimals}`);
  const power = (exponent === undefined ? 0 : Number(exponent)) + (DECIMAL[suffix] ?? 0) - decimals.length;
  const binary = 1n << BigInt(BINARY[suffix] ?? 0);
  const scale = 10n ** BigInt(Math.abs(power));
  const numerator = (sign === "-" ? -digits : digits) * binary * (power > 0 ? scale : 1n);
  return { numerator, denominator: power < 0 ? scale : 1n };
}

/** The quantity in units of 1/perUnit, rounded up; null where it is none, or larger than a number holds exactly. */
function roundedUp(text: string, multiplier: bigint, divisor: bigint): number | null {
  const quantity = parseQuantity(text);
  if (!quantity) return null;
  const numerator = quantity.numerator * multiplier;
  const denominator = quantity.denominator * divisor;
  const floor = numerator / denominator;
  const result = Number(numerator > 0n && numerator % denominator !== 0n ? floor + 1n : floor);
  return Number.isSafeInteger(result) ? result : null;
}

/** `0.5` and `500m` are 500. */
export const cpuMillisOf = (text: string): number | null => roundedUp(text, 1000n, 1n);

/** `64Mi` is 64; `64M` is 62 (61.04 rounded up). */
export const memoryMiBOf = (text: string): number | null => roundedUp(text, 1n, 1n << 20n);
