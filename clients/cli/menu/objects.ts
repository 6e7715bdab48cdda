import { type Command, Option } from "commander";
import type { Role } from "../../typescript/index.ts";
import { exactlyOneOf, examples, keyAndValue, port, repeated, repeatedWords, span } from "../arguments.ts";
import { createNamespace, deleteApplication, deleteNamespace } from "../commands/change.ts";
import { createConfigMap, type CreateConfigOptions, deleteConfigMap, updateConfigMap, type UpdateConfigOptions } from "../commands/config-map.ts";
import { createOpaqueSecret, createRegistrySecret, createTlsSecret, deleteSecret, type RegistryOptions, revealSecret, type RevealOptions, type TlsOptions, updateSecret } from "../commands/secret.ts";
import { deleteClusterKey } from "../commands/enrol.ts";
import { createServices, type CreateServiceOptions, deleteServices, updateService, type UpdateServiceOptions } from "../commands/service.ts";
import { createToken, type CreateTokenOptions, deleteToken } from "../commands/token.ts";
import { outputOption } from "../output.ts";
import { inMotion, type Kit, ofNamespace, unasked } from "./kit.ts";
import { APPLICATION, CONFIG_MAP, SECRET, SERVICE } from "./look.ts";

const ROLES: readonly Role[] = ["VIEWER", "OPERATOR", "OWNER", "PLATFORM_ADMIN"];

type Names = readonly [string, ...string[]];
const sub = (parent: Command, [name, ...aliases]: Names, argument: string, description: string): Command =>
  parent.command(`${name} ${argument}`).aliases(aliases).description(description);

const withEntries = (command: Command): Command =>
  command
    .option("--from-literal <key=value>", "a key and its value; may be given again", keyAndValue)
    .option("--from-file <[key=]path>", "a file, its name the key; or a folder, a key for each file; may be given again", repeated)
    .option("--description <text>", "what it is for");
const withPorts = (command: Command): Command =>
  command.requiredOption("--port <[name=]port[:containerPort][/protocol]>", "http=80:8080, 53:53/udp; may be given again", port);

/** Objects made, changed and deleted by name. */
export function addObjects(program: Command, kit: Kit): void {
  addCreate(program, kit);
  addUpdate(program, kit);
  addDelete(program, kit);
  const reveal = program.command("reveal").description("Show values of Secrets; the audit log keeps who asked.").addHelpText("after", examples("selvedge reveal secret payment-key --key token"));
  unasked(ofNamespace(sub(reveal, SECRET, "<name>", "one value as it is, or all of them as YAML")))
    .option("--key <key>", "only this one; may be given again", repeated)
    .addOption(outputOption())
    .action(kit.online<RevealOptions>((session, name, _names, options) => revealSecret(session, name, options)))
    .addHelpText("after", examples("selvedge reveal secret payment-key", "selvedge reveal secret tls-shop --key tls.crt --yes > shop.crt"));
}

function addCreate(program: Command, { online }: Kit): void {
  const create = program.command("create").description("Make objects.").addHelpText("after", examples(
    "selvedge create namespace shop",
    "selvedge create cm shop-settings --from-literal CURRENCY=CNY --from-file banner.txt",
    "selvedge create svc storefront --app storefront --port http=80:8080",
  ));
  create.command("namespace <name>").alias("ns").description("a folder of names for applications")
    .option("--description <text>", "what it is for")
    .addOption(outputOption())
    .action(online<Parameters<typeof createNamespace>[2]>((session, name, _names, options) => createNamespace(session, name, options)))
    .addHelpText("after", examples("selvedge create namespace shop --description \"Everything customers see\""));

  withEntries(ofNamespace(sub(create, CONFIG_MAP, "<name>", "a ConfigMap: keys and values that applications refer to")))
    .addOption(outputOption())
    .action(online<CreateConfigOptions>((session, name, _names, options) => createConfigMap(session, name, options)))
    .addHelpText("after", examples("selvedge create cm shop-settings --from-literal CURRENCY=CNY --from-literal PAGE_SIZE=48", "selvedge create cm templates --from-file ./templates -n shop"));

  const secret = create.command("secret").description("a Secret: opaque, a registry's login, or a certificate").addHelpText("after", examples(
    "selvedge create secret opaque payment-key --from-file token=./token.txt",
    "selvedge create secret registry our-registry --server registry.example.com --username ci --password-file -",
    "selvedge create secret tls shop --cert shop.crt --key shop.key",
  ));
  withEntries(ofNamespace(sub(secret, ["opaque", "generic"], "<name>", "any keys and values")))
    .addOption(outputOption())
    .action(online<CreateConfigOptions>((session, name, _names, options) => createOpaqueSecret(session, name, options)))
    .addHelpText("after", examples("selvedge create secret opaque payment-key --from-file token=./token.txt") + "\nA value in --from-literal stays in the shell's history; a file does not.\n");
  ofNamespace(sub(secret, ["registry", "docker-registry"], "<name>", "the login of an image registry"))
    .requiredOption("--server <address>", "the registry")
    .requiredOption("--username <name>", "who logs in")
    .option("--password-file <file>", "holds the password; - reads standard input")
    .option("--password <text>", "the password itself, which stays in the shell's history")
    .option("--description <text>", "what it is for")
    .addOption(outputOption())
    .action(online<RegistryOptions>((session, name, _names, options) => createRegistrySecret(session, name, options)))
    .addHelpText("after", examples("selvedge create secret registry our-registry --server registry.example.com --username ci --password-file -"));
  ofNamespace(secret.command("tls <name>").description("a certificate and its key, as PEM files"))
    .requiredOption("--cert <file>", "the certificate, with its chain")
    .requiredOption("--key <file>", "its private key")
    .option("--description <text>", "what it is for")
    .addOption(outputOption())
    .action(online<TlsOptions>((session, name, _names, options) => createTlsSecret(session, name, options)))
    .addHelpText("after", examples("selvedge create secret tls shop --cert shop.crt --key shop.key"));

  withPorts(inMotion(sub(create, SERVICE, "<name>", "a service: an inner address for an application, on each of its clusters")))
    .requiredOption("--app <name>", "the application behind it")
    .option("--cluster <code>", "only there; default every cluster that it runs on", repeatedWords)
    .action(online<CreateServiceOptions>((session, name, _names, options) => createServices(session, name, options)))
    .addHelpText("after", examples("selvedge create svc storefront --app storefront --port http=80:8080/tcp", "selvedge create svc names --app resolver --port 53/udp --port 53/tcp --cluster beijing-1"));

  create.command("token <name>").description("an API token; its secret is printed once")
    .addOption(new Option("--role <role>", "what it may do").choices(ROLES).argParser(exactlyOneOf(ROLES)).makeOptionMandatory())
    .option("--namespace <names>", "only there: names with commas, or the option again; default all", repeatedWords)
    .option("--expires <duration>", "how long it is valid: 12h, 30d; default for ever", span)
    .addOption(outputOption())
    .action(online<CreateTokenOptions>((session, name, _names, options) => createToken(session, name, options)))
    .addHelpText("after", examples("selvedge create token dashboard --role VIEWER", "TOKEN=$(selvedge create token ci --role OPERATOR --namespace shop,blog --expires 30d)"));
}

function addUpdate(program: Command, { online }: Kit): void {
  const update = program.command("update").description("Change ConfigMaps, Secrets and services, and stay until the pods have it.").addHelpText("after", examples(
    "selvedge update cm shop-settings --from-literal PAGE_SIZE=96",
    "selvedge update svc storefront --port http=80:9090",
  ));
  const changeable = (command: Command): Command => withEntries(inMotion(command)).option("--remove <key>", "take a key away; may be given again", repeated);
  const note = "\nKeys that are not named stay. Mounted files are new within a minute; variables at a container's next start: selvedge restart.\n";
  changeable(sub(update, CONFIG_MAP, "<name>", "set or remove keys of a ConfigMap"))
    .action(online<UpdateConfigOptions>((session, name, _names, options) => updateConfigMap(session, name, options)))
    .addHelpText("after", examples("selvedge update cm shop-settings --from-literal PAGE_SIZE=96 --remove OLD") + note);
  changeable(sub(update, SECRET, "<name>", "set or remove keys of a Secret"))
    .action(online<UpdateConfigOptions>((session, name, _names, options) => updateSecret(session, name, options)))
    .addHelpText("after", examples("selvedge update secret payment-key --from-file token=./new-token.txt") + note);
  withPorts(inMotion(sub(update, SERVICE, "<name>", "give a service other ports, all of them")))
    .option("--cluster <code>", "only there", repeatedWords)
    .action(online<UpdateServiceOptions>((session, name, _names, options) => updateService(session, name, options)))
    .addHelpText("after", examples("selvedge update svc storefront --port http=80:9090"));
}

function addDelete(program: Command, { online }: Kit): void {
  const remove = program.command("delete").description("Take objects away.").addHelpText("after", examples("selvedge delete app storefront --yes", "selvedge delete cm shop-settings"));
  unasked(inMotion(sub(remove, APPLICATION, "<name>", "an application with its pods and services; its networks and configuration stay")))
    .action(online<Parameters<typeof deleteApplication>[2]>((session, name, _names, options) => deleteApplication(session, name, options)))
    .addHelpText("after", examples("selvedge delete app storefront", "selvedge delete app storefront -n shop --yes --no-wait"));
  unasked(inMotion(sub(remove, CONFIG_MAP, "<name>", "a ConfigMap that no application refers to")))
    .action(online<Parameters<typeof deleteConfigMap>[2]>((session, name, _names, options) => deleteConfigMap(session, name, options)))
    .addHelpText("after", examples("selvedge delete cm shop-settings --yes"));
  unasked(inMotion(sub(remove, SECRET, "<name>", "a Secret that no application refers to")))
    .action(online<Parameters<typeof deleteSecret>[2]>((session, name, _names, options) => deleteSecret(session, name, options)))
    .addHelpText("after", examples("selvedge delete secret payment-key --yes"));
  unasked(inMotion(sub(remove, SERVICE, "<name>", "a service, on every cluster that has it or on some")))
    .option("--cluster <code>", "only there", repeatedWords)
    .action(online<Parameters<typeof deleteServices>[2]>((session, name, _names, options) => deleteServices(session, name, options)))
    .addHelpText("after", examples("selvedge delete svc storefront", "selvedge delete svc storefront --cluster xian-1 --yes"));
  unasked(remove.command("namespace <name>").alias("ns").description("an empty namespace"))
    .addOption(outputOption())
    .action(online<Parameters<typeof deleteNamespace>[2]>((session, name, _names, options) => deleteNamespace(session, name, options)))
    .addHelpText("after", examples("selvedge delete namespace shop --yes"));
  unasked(remove.command("cluster-key <code>").description("revoke the key of a cluster's agent, which is cut off until it is enrolled again"))
    .addOption(outputOption())
    .action(online<Parameters<typeof deleteClusterKey>[2]>((session, code, _names, options) => deleteClusterKey(session, code, options)))
    .addHelpText("after", examples("selvedge delete cluster-key beijing-1 --yes"));
  unasked(remove.command("token <name>").description("revoke an API token, by its name or id"))
    .addOption(outputOption())
    .action(online<Parameters<typeof deleteToken>[2]>((session, name, _names, options) => deleteToken(session, name, options)))
    .addHelpText("after", examples("selvedge delete token ci --yes"));
}
