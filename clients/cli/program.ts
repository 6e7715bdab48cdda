import { Command, CommanderError, Option } from "commander";
import manifest from "../../package.json" with { type: "json" };
import { examples, repeatedWords, span, wholeNumber } from "./arguments.ts";
import { enrol, type EnrolOptions } from "./commands/enrol.ts";
import { login } from "./commands/login.ts";
import { EXIT, type ExitCode, report } from "./exit.ts";
import { addFaults } from "./menu/faults.ts";
import type { Action, Kit } from "./menu/kit.ts";
import { addLife } from "./menu/life.ts";
import { addLook } from "./menu/look.ts";
import { addManifests } from "./menu/manifests.ts";
import { addObjects } from "./menu/objects.ts";
import { outputOption } from "./output.ts";
import { type GlobalOptions, withSession } from "./session.ts";
import { didYouMean } from "./suggest.ts";
import { clearLine, styleFor, type Terminal } from "./terminal.ts";
import { plain } from "./text.ts";

/** Runs one command line (without the program's own name) and returns the exit code; complaints are on the error output by then. */
export async function run(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let exit: ExitCode = EXIT.done;
  const program = buildProgram(terminal, (code) => {
    exit = code;
  });
  try {
    refuseUnknown(program, args);
    await program.parseAsync(args, { from: "user" });
    return exit;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (error instanceof ReportedError) return error.exit;
    if (terminal.interrupted.aborted && error === terminal.interrupted.reason) {
      clearLine(terminal.err);
      return EXIT.interrupted;
    }
    return report(error, terminal);
  }
}

/**
 * Help about a command that does not exist is a mistake like the command itself; commander would answer it with the help of the command
 * above and exit with 0.
 */
function refuseUnknown(program: Command, args: readonly string[]): void {
  if (!args.some((arg) => arg === "--help" || arg === "-h" || arg === "help")) return;
  let command = program;
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] as string;
    if (arg === "help") continue;
    if (arg.startsWith("-")) {
      const option = command.options.find(({ long, short }) => long === arg || short === arg);
      if (option?.required === true) index += 1;
      continue;
    }
    if (command.commands.length === 0) return;
    const next = command.commands.find((known) => known.name() === arg || known.aliases().includes(arg));
    if (next === undefined) command.error(`error: unknown command '${plain(arg)}'.${didYouMean(arg, command.commands.map((known) => known.name()))}`);
    else command = next;
  }
}

/** What a command's failure was reported as, where a refusal does not exit with 1. */
class ReportedError extends Error {
  readonly exit: ExitCode;
  constructor(exit: ExitCode) {
    super("reported");
    this.exit = exit;
  }
}

function kitFor(terminal: Terminal, exitWith: (code: ExitCode) => void): Kit {
  return {
    terminal,
    online: <Options>(action: Action<Options>, refusedAs: ExitCode = EXIT.refused) =>
      async (...given: readonly unknown[]): Promise<void> => {
        const command = given.at(-1) as Command;
        const first = given[0];
        const names = Array.isArray(first) ? (first as string[]) : [];
        const options = command.optsWithGlobals<GlobalOptions & Options>();
        const acting = withSession(terminal, options, (session) => action(session, typeof first === "string" ? first : "", names, options));
        const code = await acting.catch((error: unknown) => {
          if (refusedAs === EXIT.refused || terminal.interrupted.aborted) throw error;
          const reported = report(error, terminal);
          throw new ReportedError(reported === EXIT.refused ? refusedAs : reported);
        });
        exitWith(code ?? EXIT.done);
      },
  };
}

/** An option that is misspelt, without the value that was given with it, and words too many: either may be a password. */
const withoutValues = (complaint: string): string =>
  complaint.replace(/^(unknown option '-[^=']*)=[^]*'/, "$1'").replace(/^(too many arguments[^]*? but got \d+):[^]*\.(?=\n|$)/, "$1.");

function buildProgram(terminal: Terminal, exitWith: (code: ExitCode) => void): Command {
  const program = new Command("selvedge");
  const style = styleFor(terminal.out, terminal.env);
  const kit = kitFor(terminal, exitWith);

  program
    .description("Runs applications on many small clusters close to their users.")
    .version(manifest.version, "-V, --version", "the version of this command line")
    .addOption(new Option("--url <address>", "the server; default SELVEDGE_URL, what login stored, or http://127.0.0.1:4000"))
    .addOption(new Option("--token <token>", "an API token; default SELVEDGE_TOKEN, what login stored, or .selvedge/token of a server on this machine"))
    .configureOutput({
      writeOut: (text) => terminal.out.write(text),
      writeErr: (text) => terminal.err.write(text),
      getOutHelpWidth: () => terminal.out.columns ?? 100,
      getErrHelpWidth: () => terminal.err.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      outputError: (text, write) => write(`${styleFor(terminal.err, terminal.env)("red", "error:")} ${withoutValues(text.replace(/^error: /, ""))}`),
    })
    .configureHelp({ styleTitle: (text) => style("bold", text), sortSubcommands: false })
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText("after", examples(
      "selvedge apply -f clients/examples/shop.yaml --clusters beijing-1,shanghai-1",
      "selvedge get pods --app storefront -w",
      "selvedge upgrade storefront --image registry.example.com/teahouse/storefront:2.8.0",
      "selvedge rollout undo storefront",
    ) + "\nEvery command has examples: selvedge <command> --help\nExit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 server not reachable.\n");

  program.commandsGroup("Manifests:");
  addManifests(program, kit);
  program.commandsGroup("Look:");
  addLook(program, kit);
  program.commandsGroup("Life of an application:");
  addLife(program, kit);
  program.commandsGroup("Objects:");
  addObjects(program, kit);
  program.commandsGroup("Fleet:");
  addFaults(program, kit);
  program.commandsGroup("Server:");
  program.helpCommand("help [command]", "Help about a command.");
  program
    .command("login")
    .description("Try a server and a token, and keep them for the commands that follow.")
    .action(async (_options: unknown, command: Command) => login(terminal, command.optsWithGlobals<GlobalOptions>()))
    .addHelpText("after", examples("selvedge login --url https://edge.example.com --token slv_…", "SELVEDGE_TOKEN=slv_… selvedge login --url https://edge.example.com"));
  program
    .command("enrol")
    .description("A ticket by which a fleet on another machine makes its clusters known; it is printed once.")
    .option("--cluster <codes>", "for these: codes with commas, or the option again; they may get another key", repeatedWords)
    .option("--any <number>", "for so many clusters that have no key yet", wholeNumber)
    .option("--expires <duration>", "how long it is valid: 15m, 12h; default an hour", span)
    .addOption(outputOption())
    .action(kit.online<EnrolOptions>((session, _name, _names, options) => enrol(session, options)))
    .addHelpText("after", examples("SELVEDGE_ENROLMENT_TICKET=$(selvedge enrol --any 60)", "selvedge enrol --cluster beijing-1,shanghai-1 --expires 15m"));

  return program;
}
