import { type Command, Option } from "commander";
import type { EventType, LogStream, OperationState, PodPhase } from "../../typescript/index.ts";
import { exactlyOneOf, examples, oneOf, operationNamed, repeatedWords, span, wholeNumber } from "../arguments.ts";
import { describeConfigMap, getConfigMaps } from "../commands/config-map.ts";
import { describeApplication, describeCluster, describeOperation, describePod, type DescribeOptions } from "../commands/describe.ts";
import { exec, type ExecOptions } from "../commands/exec.ts";
import { type EventOptions, getEvents } from "../commands/events.ts";
import { getApplications, getClusters, getNamespaces, getNodes, type GetOptions, getOperations, getPods, getRegions, type Lister } from "../commands/get.ts";
import { type LogOptions, logs } from "../commands/logs.ts";
import { waitForOperation } from "../commands/operation.ts";
import { describeSecret, getSecrets } from "../commands/secret.ts";
import { describeService, getServices } from "../commands/service.ts";
import { getTokens } from "../commands/token.ts";
import { top, type TopKind, type TopOptions } from "../commands/top.ts";
import { outputOption } from "../output.ts";
import { type Action, type Kit, ofNamespace } from "./kit.ts";

const POD_PHASES: readonly PodPhase[] = ["PENDING", "STARTING", "RUNNING", "SUCCEEDED", "FAILED", "TERMINATING", "UNKNOWN"];
const EVENT_TYPES: readonly EventType[] = ["NORMAL", "WARNING"];
const LOG_STREAMS: readonly LogStream[] = ["STDOUT", "STDERR", "FILE", "SYSTEM"];
const OPERATION_STATES: readonly OperationState[] = [
  "PENDING", "RUNNING", "PAUSED", "STALLED", "SUCCEEDED", "PARTIALLY_SUCCEEDED", "FAILED", "ROLLED_BACK", "CANCELLED", "SUPERSEDED",
];

/** Names by which people call a kind of object: the first is the command's. */
export const APPLICATION = ["app", "apps", "application", "applications"] as const;
export const CONFIG_MAP = ["cm", "configmap", "configmaps", "config-map", "config-maps"] as const;
export const SECRET = ["secret", "secrets"] as const;
export const SERVICE = ["svc", "service", "services"] as const;

/** Into a container. */
function addExec(program: Command, { online }: Kit): void {
  program.command("exec").description("Run a command in a container, or sit down in front of it.")
    .argument("<pod and command...>", "the pod, or app/<name> for one that runs; behind -- the command, default a shell")
    .option("-n, --namespace <name>", "of app/<name>", "default")
    .option("-c, --container <name>", "which container; default the pod's first")
    .option("--cluster <code>", "on this cluster")
    .option("-i, --stdin", "pass on what is typed, or comes through a pipe", false)
    .option("-t, --tty", "with a terminal: echo, editing, Ctrl-C", false)
    .action(online<ExecOptions>((session, _name, words, options) => exec(session, words, options)))
    .addHelpText("after", examples("selvedge exec -it storefront-7c9f4-x2b8k", "selvedge exec app/storefront --cluster beijing-1 -- env", "selvedge exec storefront-7c9f4-x2b8k -- ls /etc", "echo hello | selvedge exec -i storefront-7c9f4-x2b8k -c main -- cat") + "\nExits with the command's own exit code. OPERATOR.\n");
}

/** Everything that looks, and changes nothing by itself. */
export function addLook(program: Command, kit: Kit): void {
  addGet(program, kit);
  addDescribe(program, kit);
  aboutEvents(program.command("events")).action(kit.online<EventOptions>((session, _name, _names, options) => getEvents(session, options)))
    .addHelpText("after", examples("selvedge events -f", "selvedge events -f --app storefront --type WARNING", "selvedge events --since 12h --keyword back-off"));
  addLogs(program, kit);
  addTop(program, kit);
  addExec(program, kit);
  program
    .command("wait <operation...>")
    .description("Follow an operation until it has ended.")
    .addOption(outputOption())
    .action(kit.online<GetOptions>((session, _name, words, options) => waitForOperation(session, operationNamed(words), options)))
    .addHelpText("after", examples("selvedge wait Operation.0193…"));
}

const aboutEvents = (command: Command): Command =>
  command.description("what happened, the newest last: of each object and reason the last time, and how often; -f stays and shows each event as it comes").addOption(outputOption())
    .option("-f, --follow", "stay, and show each event once, until Ctrl-C")
    .option("-n, --namespace <name>", "only of this namespace")
    .option("--app <name>", "only of this application (of -n, or default)")
    .option("--cluster <code>", "only on this cluster", repeatedWords)
    .option("--pod <name>", "only of this pod")
    .addOption(new Option("--type <type>", "only of this type").choices(EVENT_TYPES).argParser(exactlyOneOf(EVENT_TYPES)))
    .option("--reason <reason>", "only for this reason", repeatedWords)
    .option("--keyword <text>", "only with this in reason, message or object")
    .option("--since <span>", "how far back, e.g. 30m, 12h, 14d; default 1h", span);

function addGet(program: Command, { online }: Kit): void {
  const get = program.command("get").description("List objects; -w stays and shows what changes.").addHelpText("after", examples(
    "selvedge get apps -n shop",
    "selvedge get pods --app storefront --cluster beijing-1 --phase RUNNING",
    "selvedge get pods --app storefront -w",
    "selvedge get svc --app storefront",
    "selvedge get clusters --region east-china -o json",
    "selvedge get operations --state RUNNING",
    "selvedge get events --app storefront",
  ));
  const list = (name: string, aliases: readonly string[], description: string): Command =>
    get.command(`${name} [names...]`).aliases(aliases).description(description).addOption(outputOption());
  const listed = (lister: Lister) => online<GetOptions>((session, _name, names, options) => lister(session, names, options));
  const watchable = (command: Command): Command =>
    command.option("-w, --watch", "stay, and show what changes: on a terminal redrawn in place, else a line for each change", false);

  watchable(list("apps", ["app", "applications", "application"], "applications, with how many of their pods are ready"))
    .option("-n, --namespace <name>", "only of this namespace")
    .option("--cluster <code>", "only those that run there", repeatedWords)
    .action(listed(getApplications))
    .addHelpText("after", examples("selvedge get apps", "selvedge get apps storefront -n shop -o yaml", "selvedge get apps -w"));
  watchable(list("pods", ["pod"], "pods, with where they run"))
    .option("-n, --namespace <name>", "only of this namespace")
    .option("--app <name>", "only of this application (of -n, or default)")
    .option("--cluster <code>", "only on this cluster", repeatedWords)
    .addOption(new Option("--phase <phase>", "only in this phase").choices(POD_PHASES).argParser(oneOf(POD_PHASES)))
    .action(listed(getPods))
    .addHelpText("after", examples("selvedge get pods --app storefront", "selvedge get pods --cluster beijing-1,xian-1 --phase PENDING", "selvedge get pods --app storefront -w -o json | jq .object.phase"));
  list("svc", ["services", "service"], "services: their addresses and ports, one line for each cluster")
    .option("-n, --namespace <name>", "only of this namespace")
    .option("--app <name>", "only of this application (of -n, or default)")
    .option("--cluster <code>", "only on this cluster", repeatedWords)
    .action(listed(getServices))
    .addHelpText("after", examples("selvedge get svc", "selvedge get svc --app storefront --cluster beijing-1"));
  list("cm", ["configmaps", "configmap", "config-maps", "config-map"], "ConfigMaps, with how many applications use them")
    .option("-n, --namespace <name>", "only of this namespace")
    .action(listed(getConfigMaps))
    .addHelpText("after", examples("selvedge get cm", "selvedge get cm shop-settings -o yaml"));
  list("secrets", ["secret"], "Secrets: types and keys, never values")
    .option("-n, --namespace <name>", "only of this namespace")
    .action(listed(getSecrets))
    .addHelpText("after", examples("selvedge get secrets"));
  watchable(list("clusters", ["cluster"], "clusters: place, tier, status, pods, and how much of their CPU and memory is allocated"))
    .option("--region <code>", "only of this region", repeatedWords)
    .action(listed(getClusters))
    .addHelpText("after", examples("selvedge get clusters --region east-china"));
  list("regions", ["region"], "regions, with how many clusters they have").action(listed(getRegions)).addHelpText("after", examples("selvedge get regions"));
  list("namespaces", ["ns", "namespace"], "namespaces").action(listed(getNamespaces)).addHelpText("after", examples("selvedge get namespaces"));
  list("nodes", ["node"], "the machines of a cluster")
    .requiredOption("--cluster <code>", "the cluster", repeatedWords)
    .action(listed(getNodes))
    .addHelpText("after", examples("selvedge get nodes --cluster beijing-1"));
  watchable(list("operations", ["op", "operation", "ops"], "what was set in motion, newest first"))
    .option("-n, --namespace <name>", "namespace of --app")
    .option("--app <name>", "only of this application")
    .addOption(new Option("--state <state>", "only in this state").choices(OPERATION_STATES).argParser(oneOf(OPERATION_STATES)))
    .action(listed(getOperations))
    .addHelpText("after", examples("selvedge get operations --state RUNNING", "selvedge get ops --app storefront", "selvedge get ops -w"));
  aboutEvents(get.command("events").aliases(["event", "ev"])).action(online<EventOptions>((session, _name, _names, options) => getEvents(session, options)))
    .addHelpText("after", examples("selvedge get events --app storefront --type WARNING", "selvedge get events --cluster beijing-1 --since 1d", "selvedge get events --reason BackOff,Unhealthy -o json"));
  list("tokens", ["token"], "the tenant's API tokens, with role, namespaces and whether they are valid")
    .action(listed(getTokens))
    .addHelpText("after", examples("selvedge get tokens", "selvedge get tokens ci -o json"));
}

function addLogs(program: Command, { online }: Kit): void {
  ofNamespace(program.command("logs <pod|app>").description("What containers write, and the platform about them: the newest 100 lines, the newest last; -f stays and shows each line as it comes."))
    .option("-f, --follow", "stay, until Ctrl-C; restarts of the server lose no line", false)
    .option("--tail <lines>", "so many of the newest lines; with -f first", wholeNumber)
    .option("--since <span>", "how far back, e.g. 30m, 12h, 14d", span)
    .option("-c, --container <name>", "only of this container")
    .option("--keyword <text>", "only lines with this in them, whatever the case")
    .addOption(new Option("--stream <stream>", "only of this stream").choices(LOG_STREAMS).argParser(exactlyOneOf(LOG_STREAMS)))
    .option("--cluster <code>", "the pod's cluster, where two have a pod of that name")
    .addOption(new Option("-o, --output <format>", "text, or json: a line each").choices(["text", "json"]).default("text"))
    .action(online<LogOptions>((session, name, _names, options) => logs(session, name, options)))
    .addHelpText("after", examples("selvedge logs storefront", "selvedge logs storefront -f --stream STDERR", "selvedge logs storefront-7c9f4-x2b8k --since 1h --keyword error", "selvedge logs pod/storefront-7c9f4-x2b8k --tail 20"));
}

function addTop(program: Command, { online }: Kit): void {
  const command = program.command("top").description("What is used now, the largest first: on a terminal redrawn in place until Ctrl-C.").addHelpText("after", examples(
    "selvedge top apps -n shop",
    "selvedge top pods --app storefront",
    "selvedge top nodes --cluster beijing-1 --once",
    "selvedge top clusters -o json",
  ));
  const of = (kind: TopKind, aliases: readonly string[], description: string): Command =>
    command.command(kind).aliases(aliases).description(description).addOption(outputOption()).option("--once", "a single picture, also on a terminal", false)
      .action(online<TopOptions>((session, _name, _names, options) => top(session, kind, options)));
  of("pods", ["pod"], "pods")
    .option("-n, --namespace <name>", "only of this namespace")
    .option("--app <name>", "only of this application (of -n, or default)")
    .option("--cluster <code>", "only on this cluster", repeatedWords)
    .addHelpText("after", examples("selvedge top pods --app storefront --cluster beijing-1"));
  of("apps", ["app", "applications", "application"], "applications, over all their pods")
    .option("-n, --namespace <name>", "only of this namespace")
    .option("--cluster <code>", "only those that run there", repeatedWords)
    .addHelpText("after", examples("selvedge top apps -n shop"));
  of("clusters", ["cluster"], "clusters: what your pods use of them").addHelpText("after", examples("selvedge top clusters"));
  of("nodes", ["node"], "the machines of a cluster: what your pods use of them")
    .requiredOption("--cluster <code>", "the cluster", repeatedWords)
    .addHelpText("after", examples("selvedge top nodes --cluster beijing-1"));
}

function addDescribe(program: Command, { online }: Kit): void {
  const describe = program.command("describe").description("All about one object.").addHelpText("after", examples(
    "selvedge describe app storefront -n shop",
    "selvedge describe svc storefront",
    "selvedge describe cluster hangzhou-1",
  ));
  const detail = <Options = DescribeOptions>([name, ...aliases]: readonly [string, ...string[]], argument: string, description: string, describer: (session: Parameters<Action<Options>>[0], name: string, options: Options) => Promise<void>): Command =>
    describe.command(`${name} ${argument}`).aliases(aliases).description(description).addOption(outputOption()).action(online<Options>((session, wanted, _names, options) => describer(session, wanted, options)));
  ofNamespace(detail(APPLICATION, "<name>", "where it runs, its pods, its containers with their probes and configuration, what was done to it", describeApplication))
    .addHelpText("after", examples("selvedge describe app storefront"));
  detail(["pod", "pods"], "<name>", "its containers, its node, why it is not ready", describePod)
    .option("--cluster <code>", "its cluster, where two have a pod of that name")
    .addHelpText("after", examples("selvedge describe pod storefront-7c9f4-x2b8k"));
  ofNamespace(detail<Parameters<typeof describeService>[2]>(SERVICE, "<name>", "on each cluster its address, ports and the pods behind it", describeService))
    .option("--cluster <code>", "only there", repeatedWords)
    .addHelpText("after", examples("selvedge describe svc storefront", "selvedge describe svc storefront --cluster beijing-1"));
  ofNamespace(detail(CONFIG_MAP, "<name>", "its data, and which applications use it", describeConfigMap)).addHelpText("after", examples("selvedge describe cm shop-settings"));
  ofNamespace(detail(SECRET, "<name>", "its type and keys, and which applications use it; no values", describeSecret)).addHelpText("after", examples("selvedge describe secret payment-key"));
  detail(["cluster", "clusters"], "<code>", "its place, capacity and nodes", describeCluster).addHelpText("after", examples("selvedge describe cluster hangzhou-1"));
  detail(["operation", "operations", "op", "ops"], "<id>", "its steps, and which of them failed", describeOperation).addHelpText("after", examples("selvedge describe operation Operation.0193…"));
}
