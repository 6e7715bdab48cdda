import { isDeepStrictEqual } from "node:util";
import type { Data } from "./data.ts";
import type { Servers } from "./servers.ts";
import { type OperationName, SIDE, type SideName } from "./sides.ts";

/**
 * Before anything is measured: every side answers each body with what the limit answers.
 * @returns the bytes of each side's answer, the same for all its bodies. @throws where two differ, or an answer of one side is longer than another of its own
 */
export async function checkAnswers({ sides, data }: Servers, operation: OperationName, names: readonly SideName[]): Promise<ReadonlyMap<SideName, number>> {
  const bytes = new Map<SideName, number>();
  const answers = new Map<SideName, readonly string[]>();
  for (const name of names) {
    const url = sides.get(name)?.url;
    if (url === undefined) throw new Error(`${name} was not started`);
    const texts: string[] = [];
    for (const body of SIDE[name].bodies(operation, data)) texts.push(await ask(url, data, body));
    const lengths = new Set(texts.map((text) => Buffer.byteLength(text)));
    if (lengths.size !== 1) throw new Error(`${SIDE[name].label} answers with ${lengths.size} different lengths, of which one is expected while measuring`);
    bytes.set(name, [...lengths][0] as number);
    answers.set(name, texts);
  }
  const expected = answers.get("limit") as readonly string[];
  for (const name of names) {
    answers.get(name)?.forEach((text, index) => {
      const wanted = expected[index] as string;
      if (!isDeepStrictEqual(JSON.parse(withoutTypes(name, text)), JSON.parse(withoutTypes(name, wanted)))) {
        throw new Error(`${SIDE[name].label} answers differently from the limit:\n${text.slice(0, 1000)}\n${wanted.slice(0, 1000)}`);
      }
    });
  }
  return bytes;
}

async function ask(url: string, { token }: Data, body: string): Promise<string> {
  const response = await fetch(url, { method: "POST", body, headers: { "content-type": "application/json", accept: "application/json", authorization: `Bearer ${token}` } });
  return response.text();
}

/** PostGraphile's ids are bare; of the same values all else is asked of it. */
const withoutTypes = (name: SideName, text: string): string => (name === "postgraphile" ? text.replaceAll(/"[A-Z][A-Za-z]+\.([0-9a-f-]{36})"/g, '"$1"') : text);
