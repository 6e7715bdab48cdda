/**
 * Pod names as Kubernetes makes them: application, short hash of the template, five characters of an alphabet without vowels.
 *
 * The five characters count the cluster's pods through a permutation of all 27^5 of them, so that no name comes twice within 14 million
 * pods and none has to be looked up; the offset, drawn from the store's nonce, keeps lives of a store apart.
 */
const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
const LENGTH = 5;
export const SUFFIXES = ALPHABET.length ** LENGTH;
/** No multiple of 3, so it has no factor in common with 27^5; near the golden section, so that neighbours look unlike. */
const STEP = 8_868_073;

export function podSuffix(serial: number, offset: number): string {
  let rest = ((serial % SUFFIXES) * STEP + offset) % SUFFIXES;
  let text = "";
  for (let index = 0; index < LENGTH; index++) {
    text += ALPHABET[rest % ALPHABET.length];
    rest = Math.floor(rest / ALPHABET.length);
  }
  return text;
}

export const podName = (prefix: string, serial: number, offset: number): string => `${prefix}-${podSuffix(serial, offset)}`;

export const podNamePrefix = (applicationName: string, templateHash: string): string => `${applicationName}-${templateHash.slice(0, 8)}`;
