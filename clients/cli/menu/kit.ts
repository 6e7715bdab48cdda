import type { Command } from "commander";
import type { ExitCode } from "../exit.ts";
import { outputOption } from "../output.ts";
import type { Session } from "../session.ts";
import type { Terminal } from "../terminal.ts";

/** What an online command does. `name` is its argument, `names` its arguments where it takes any number. */
export type Action<Options> = (session: Session, name: string, names: readonly string[], options: Options) => Promise<ExitCode | void>;

/** What the parts of the program build their commands with. */
export interface Kit {
  readonly terminal: Terminal;
  /**
   * A command that talks to the server: its action gets a session and the options of the command and of the program. `refusedAs` is what a
   * refusal exits with, where 1 means something else to the command.
   */
  online<Options>(action: Action<Options>, refusedAs?: ExitCode): (...given: readonly unknown[]) => Promise<void>;
}

export const ofNamespace = (command: Command): Command => command.option("-n, --namespace <name>", "its namespace", "default");

/** Options of a command that sets something in motion. */
export const inMotion = (command: Command): Command =>
  ofNamespace(command).option("--no-wait", "return as soon as the server has accepted it").addOption(outputOption());

export const unasked = (command: Command): Command => command.option("-y, --yes", "do not ask", false);
