import type { Command } from "commander";
import { applicationNamed, examples, repeated, wholeNumber } from "../arguments.ts";
import { apply, type ApplyOptions } from "../commands/apply.ts";
import { diff, type DiffOptions } from "../commands/diff.ts";
import { exportApplication } from "../commands/export.ts";
import { EXIT } from "../exit.ts";
import { outputOption } from "../output.ts";
import { type Kit, ofNamespace } from "./kit.ts";

/** Manifests in and out. */
export function addManifests(program: Command, { online }: Kit): void {
  const ofFile = (command: Command): Command =>
    command
      .requiredOption("-f, --filename <file>", "YAML with one or several documents; - reads standard input")
      .requiredOption("--clusters <codes>", "where each application runs: codes with commas, or the option again", repeated)
      .option("--replicas <number>", "pods of each application on each cluster", wholeNumber, 1)
      .option("-n, --namespace <name>", "where the objects belong", "default");

  ofFile(program.command("apply").description("Import Kubernetes manifests (Deployment, Service, ConfigMap, Secret), and stay until every pod is ready."))
    .option("--dry-run", "say what would happen, and change nothing", false)
    .option("--no-wait", "return as soon as the server has accepted it")
    .option("--verbose", "list what could not be honoured, field by field", false)
    .addOption(outputOption())
    .action(online<ApplyOptions>((session, _name, _names, options) => apply(session, options)))
    .addHelpText("after", examples(
      "selvedge apply -f clients/examples/shop.yaml --clusters beijing-1,shanghai-1,guangzhou-1 --replicas 2",
      "kustomize build overlays/edge | selvedge apply -f - --clusters hangzhou-1 -n shop --dry-run",
    ) + "\nWhat is there already is changed to what the file says. Ctrl-C stops the watching, not the import.\n");

  ofFile(program.command("diff").description("Show what an apply of the same file would change, field by field."))
    .option("--verbose", "also the fields of what would be new", false)
    .addOption(outputOption())
    .action(online<DiffOptions>((session, _name, _names, options) => diff(session, options), EXIT.usage))
    .addHelpText("after", examples(
      "selvedge diff -f clients/examples/shop.yaml --clusters beijing-1,shanghai-1,guangzhou-1 --replicas 2",
      "selvedge diff -f shop.yaml --clusters hangzhou-1 > /dev/null || echo 'something would change'",
    ) + "\nExit codes: 0 nothing would change, 1 something would, 2 the file or the command is wrong or was refused, 3 server not reachable.\nValues of Secrets are never shown.\n");

  ofNamespace(program.command("export <app...>").description("Print an application as a manifest that apply takes."))
    .addOption(outputOption())
    .action(online<Parameters<typeof exportApplication>[2]>((session, _name, words, options) => exportApplication(session, applicationNamed(words), options)))
    .addHelpText("after", examples("selvedge export storefront > storefront.yaml", "selvedge export app storefront -n shop"));
}
