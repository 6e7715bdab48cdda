/**
 * What a command in a container does, as far as it is modelled: `sleep N` takes N seconds, `exit N` and `false` end with an error, commands
 * of a shell (`sh -c "…"`) are looked at word by word, and whatever else there is succeeds.
 */
export interface ModelledCommand {
  /** null: it says nothing of its length. */
  readonly tookMs: number | null;
  readonly exitCode: number;
}

export function modelledCommand(command: readonly string[]): ModelledCommand {
  const words = command.flatMap((part) => part.split(/[\s;&|]+/)).filter((word) => word !== "");
  let tookMs: number | null = null;
  for (const [index, word] of words.entries()) {
    const argument = Number(words[index + 1]);
    const name = word.slice(word.lastIndexOf("/") + 1);
    if (name === "false") return { tookMs, exitCode: 1 };
    if (name === "exit") return { tookMs, exitCode: Number.isInteger(argument) ? argument & 0xff : 0 };
    if (name === "sleep" && argument >= 0) tookMs = (tookMs ?? 0) + argument * 1_000;
  }
  return { tookMs, exitCode: 0 };
}
