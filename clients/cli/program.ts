import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import manifest from "../../package.json" with { type: "json" };
import type { OperationState, PodPhase, Role } from "../typescript/index.ts";
import { apply, type ApplyOptions } from "./commands/apply.ts";
import { createNamespace, deleteApplication, deleteNamespace, scaleApplication, waitForOperation } from "./commands/change.ts";
import { describeApplication, describeCluster, describeOperation, describePod, type DescribeOptions } from "./commands/describe.ts";
import { getApplications, getClusters, getNamespaces, getNodes, type GetOptions, getOperations, getPods, getRegions } from "./commands/get.ts";
import { login } from "./commands/login.ts";
import { createToken, type CreateTokenOptions, deleteToken, getTokens } from "./commands/token.ts";
import { EXIT, type ExitCode, report } from "./exit.ts";
import { outputOption } from "./output.ts";
import { type GlobalOptions, type Session, withSession } from "./session.ts";
import { didYouMean } from "./suggest.ts";
import { clearLine, styleFor, type Terminal } from "./terminal.ts";
import { plain } from "./text.ts";

const POD_PHASES: readonly PodPhase[] = ["PENDING", "STARTING", "RUNNING", "SUCCEEDED", "FAILED", "TERMINATING", "UNKNOWN"];
const ROLES: readonly Role[] = ["VIEWER", "OPERATOR", "OWNER", "PLATFORM_ADMIN"];
const OPERATION_STATES: readonly OperationState[] = [
  "PENDING", "RUNNING", "PAUSED", "STALLED", "SUCCEEDED", "PARTIALLY_SUCCEEDED", "FAILED", "ROLLED_BACK", "CANCELLED", "SUPERSEDED",
];

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

function buildProgram(terminal: Terminal, exitWith: (code: ExitCode) => void): Command {
  const program = new Command("selvedge");
  const style = styleFor(terminal.out, terminal.env);

  /** A command that talks to the server: its action gets a session and the options of the command and of the program. */
  const online = <Options>(action: (session: Session, name: string, names: readonly string[], options: Options) => Promise<ExitCode | void>) =>
    async (...given: readonly unknown[]): Promise<void> => {
      const command = given.at(-1) as Command;
      const first = given[0];
      const names = Array.isArray(first) ? (first as string[]) : [];
      const options = command.optsWithGlobals<GlobalOptions & Options>();
      const code = await withSession(terminal, options, (session) => action(session, typeof first === "string" ? first : "", names, options));
      exitWith(code ?? EXIT.done);
    };

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
      outputError: (text, write) => write(`${styleFor(terminal.err, terminal.env)("red", "error:")} ${text.replace(/^error: /, "")}`),
    })
    .configureHelp({ styleTitle: (text) => style("bold", text), sortSubcommands: false })
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText("after", examples(
      "selvedge apply -f clients/examples/shop.yaml --clusters beijing-1,shanghai-1",
      "selvedge get pods --app storefront",
      "selvedge describe app storefront",
    ) + "\nExit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 server not reachable.\n");

  program
    .command("login")
    .description("Try a server and a token, and keep them for the commands that follow.")
    .action(async (_options: unknown, command: Command) => login(terminal, command.optsWithGlobals<GlobalOptions>()))
    .addHelpText("after", examples("selvedge login --url https://edge.example.com --token slv_…", "SELVEDGE_TOKEN=slv_… selvedge login --url https://edge.example.com"));

  program
    .command("apply")
    .description("Import Kubernetes manifests, and stay until every pod is ready.")
    .requiredOption("-f, --filename <file>", "YAML with one or several documents; - reads standard input")
    .requiredOption("--clusters <codes>", "where each application runs: codes with commas, or the option again", repeated)
    .option("--replicas <number>", "pods of each application on each cluster", wholeNumber, 1)
    .option("-n, --namespace <name>", "where the applications belong", "default")
    .option("--dry-run", "say what would happen, and change nothing", false)
    .option("--no-wait", "return as soon as the server has accepted it")
    .option("--verbose", "list what could not be honoured, field by field", false)
    .addOption(outputOption())
    .action(online<ApplyOptions>((session, _name, _names, options) => apply(session, options)))
    .addHelpText("after", examples(
      "selvedge apply -f clients/examples/shop.yaml --clusters beijing-1,shanghai-1,guangzhou-1 --replicas 2",
      "kustomize build overlays/edge | selvedge apply -f - --clusters hangzhou-1 -n shop --dry-run",
    ) + "\nCtrl-C stops the watching, not the import.\n");

  const get = program.command("get").description("List objects.").addHelpText("after", examples(
    "selvedge get apps -n shop",
    "selvedge get pods --app storefront --cluster beijing-1 --phase RUNNING",
    "selvedge get clusters --region east-china -o json",
    "selvedge get operations --state RUNNING",
  ));
  const list = (name: string, aliases: readonly string[], description: string): Command =>
    get.command(`${name} [names...]`).aliases(aliases).description(description).addOption(outputOption());
  const listed = (lister: typeof getPods) => online<GetOptions>((session, _name, names, options) => lister(session, names, options));

  list("apps", ["app", "applications", "application"], "applications, with how many of their pods are ready")
    .option("-n, --namespace <name>", "only of this namespace")
    .option("--cluster <code>", "only those that run there", repeatedCodes)
    .action(listed(getApplications))
    .addHelpText("after", examples("selvedge get apps", "selvedge get apps storefront -n shop -o yaml"));
  list("pods", ["pod"], "pods, with where they run")
    .option("-n, --namespace <name>", "only of this namespace")
    .option("--app <name>", "only of this application (of -n, or default)")
    .option("--cluster <code>", "only on this cluster", repeatedCodes)
    .addOption(new Option("--phase <phase>", "only in this phase").choices(POD_PHASES).argParser(oneOf(POD_PHASES)))
    .action(listed(getPods))
    .addHelpText("after", examples("selvedge get pods --app storefront", "selvedge get pods --cluster beijing-1,xian-1 --phase PENDING"));
  list("clusters", ["cluster"], "clusters: place, tier, status, pods, and how much of their CPU and memory is allocated")
    .option("--region <code>", "only of this region", repeatedCodes)
    .action(listed(getClusters))
    .addHelpText("after", examples("selvedge get clusters --region east-china"));
  list("regions", ["region"], "regions, with how many clusters they have").action(listed(getRegions)).addHelpText("after", examples("selvedge get regions"));
  list("namespaces", ["ns", "namespace"], "namespaces").action(listed(getNamespaces)).addHelpText("after", examples("selvedge get namespaces"));
  list("nodes", ["node"], "the machines of a cluster")
    .requiredOption("--cluster <code>", "the cluster", repeatedCodes)
    .action(listed(getNodes))
    .addHelpText("after", examples("selvedge get nodes --cluster beijing-1"));
  list("operations", ["op", "operation", "ops"], "what was set in motion, newest first")
    .option("-n, --namespace <name>", "namespace of --app")
    .option("--app <name>", "only of this application")
    .addOption(new Option("--state <state>", "only in this state").choices(OPERATION_STATES).argParser(oneOf(OPERATION_STATES)))
    .action(listed(getOperations))
    .addHelpText("after", examples("selvedge get operations --state RUNNING", "selvedge get operations --app storefront"));

  list("tokens", ["token"], "the tenant's API tokens, with role, namespaces and whether they are valid")
    .action(listed(getTokens))
    .addHelpText("after", examples("selvedge get tokens", "selvedge get tokens ci -o json"));

  const describe = program.command("describe").description("All about one object.").addHelpText("after", examples(
    "selvedge describe app storefront -n shop",
    "selvedge describe cluster hangzhou-1",
  ));
  const detail = (name: string, aliases: readonly string[], description: string, describer: (session: Session, name: string, options: DescribeOptions) => Promise<void>): Command =>
    describe.command(name).aliases(aliases).description(description).addOption(outputOption()).action(online<DescribeOptions>((session, wanted, _names, options) => describer(session, wanted, options)));
  detail("app <name>", ["apps", "application", "applications"], "where it runs, its pods, its containers, what was done to it", describeApplication)
    .option("-n, --namespace <name>", "its namespace", "default")
    .addHelpText("after", examples("selvedge describe app storefront"));
  detail("pod <name>", ["pods"], "its containers, its node, why it is not ready", describePod)
    .option("--cluster <code>", "its cluster, where two have a pod of that name")
    .addHelpText("after", examples("selvedge describe pod storefront-7c9f4-x2b8k"));
  detail("cluster <code>", ["clusters"], "its place, capacity and nodes", describeCluster).addHelpText("after", examples("selvedge describe cluster hangzhou-1"));
  detail("operation <id>", ["operations", "op", "ops"], "its steps, and which of them failed", describeOperation).addHelpText("after", examples("selvedge describe operation Operation.0193…"));

  program
    .command("wait <operation>")
    .description("Follow an operation until it has ended.")
    .addOption(outputOption())
    .action(online<GetOptions>((session, id, _names, options) => waitForOperation(session, id, options)))
    .addHelpText("after", examples("selvedge wait Operation.0193…"));

  const changes = (command: Command): Command =>
    command.option("-n, --namespace <name>", "its namespace", "default").option("--no-wait", "return as soon as the server has accepted it").addOption(outputOption());
  const scale = program.command("scale").description("Change how many pods run.").addHelpText("after", examples("selvedge scale app storefront --replicas 4 --cluster beijing-1"));
  changes(scale.command("app <name>").description("set an application's replicas on every cluster, or on one"))
    .requiredOption("--replicas <number>", "pods on each cluster", wholeNumber)
    .option("--cluster <code>", "only there")
    .action(online<Parameters<typeof scaleApplication>[2]>((session, name, _names, options) => scaleApplication(session, name, options)))
    .addHelpText("after", examples("selvedge scale app storefront --replicas 4", "selvedge scale app storefront --replicas 0 --cluster xian-1"));

  const remove = program.command("delete").description("Take objects away.").addHelpText("after", examples("selvedge delete app storefront --yes"));
  changes(remove.command("app <name>").description("an application with its pods; its networks and configuration stay"))
    .option("-y, --yes", "do not ask", false)
    .action(online<Parameters<typeof deleteApplication>[2]>((session, name, _names, options) => deleteApplication(session, name, options)))
    .addHelpText("after", examples("selvedge delete app storefront", "selvedge delete app storefront -n shop --yes --no-wait"));
  remove.command("namespace <name>").description("an empty namespace")
    .option("-y, --yes", "do not ask", false)
    .addOption(outputOption())
    .action(online<Parameters<typeof deleteNamespace>[2]>((session, name, _names, options) => deleteNamespace(session, name, options)))
    .addHelpText("after", examples("selvedge delete namespace shop --yes"));

  remove.command("token <name>").description("revoke an API token, by its name or id")
    .option("-y, --yes", "do not ask", false)
    .addOption(outputOption())
    .action(online<Parameters<typeof deleteToken>[2]>((session, name, _names, options) => deleteToken(session, name, options)))
    .addHelpText("after", examples("selvedge delete token ci --yes"));

  const create = program.command("create").description("Make objects.").addHelpText("after", examples("selvedge create namespace shop"));
  create.command("namespace <name>").description("a folder of names for applications")
    .option("--description <text>", "what it is for")
    .addOption(outputOption())
    .action(online<Parameters<typeof createNamespace>[2]>((session, name, _names, options) => createNamespace(session, name, options)))
    .addHelpText("after", examples("selvedge create namespace shop --description \"Everything customers see\""));

  create.command("token <name>").description("an API token; its secret is printed once")
    .addOption(new Option("--role <role>", "what it may do").choices(ROLES).argParser(role).makeOptionMandatory())
    .option("--namespace <names>", "only there: names with commas, or the option again; default all", repeatedCodes)
    .option("--expires <duration>", "how long it is valid: 12h, 30d; default for ever", span)
    .addOption(outputOption())
    .action(online<CreateTokenOptions>((session, name, _names, options) => createToken(session, name, options)))
    .addHelpText("after", examples("selvedge create token dashboard --role VIEWER", "TOKEN=$(selvedge create token ci --role OPERATOR --namespace shop,blog --expires 30d)"));

  return program;
}

const examples = (...lines: readonly string[]): string => `\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}\n`;

const repeated = (text: string, before: readonly string[] | undefined): string[] => [...(before ?? []), text];
const repeatedCodes = (text: string, before: readonly string[] | undefined): string[] => [...(before ?? []), ...text.split(",").map((code) => code.trim()).filter((code) => code !== "")];

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number, 0 or more.");
  return Number(text);
}

function role(text: string): Role {
  const found = ROLES.find((known) => known === text.toUpperCase());
  if (found === undefined) throw new InvalidArgumentError(`It must be one of ${ROLES.join(", ")}.`);
  return found;
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** 45m, 12h, 30d as milliseconds. */
function span(text: string): number {
  const [, amount, unit] = /^(\d{1,5})([smhd])$/.exec(text) ?? [];
  const milliseconds = Number(amount) * (UNIT_MS[unit ?? ""] ?? 0);
  if (!(milliseconds > 0)) throw new InvalidArgumentError("It must be a number with s, m, h or d, e.g. 12h or 30d.");
  return milliseconds;
}

function oneOf<Word extends string>(words: readonly Word[]): (text: string, before: readonly Word[] | undefined) => Word[] {
  return (text, before) => {
    const given = text.split(",").map((word) => word.trim().toUpperCase());
    const wrong = given.find((word) => !words.some((known) => known === word));
    if (wrong !== undefined) throw new InvalidArgumentError(`It must be one of ${words.join(", ")}.`);
    return [...(before ?? []), ...(given as Word[])];
  };
}
