import type { Command } from "commander";
import { amount, applicationNamed, containerValue, examples, operationNamed, positiveNumber, span, variable, variableName, wholeNumber } from "../arguments.ts";
import { type ChangeOptions, scaleApplication } from "../commands/change.ts";
import { restartApplication, startApplication, stopApplication } from "../commands/life.ts";
import { cancelOperation, retryOperation } from "../commands/operation.ts";
import { rollBackApplication, rolloutHistory, rolloutStatus } from "../commands/rollout.ts";
import { upgradeApplication, type UpgradeOptions } from "../commands/upgrade.ts";
import { outputOption } from "../output.ts";
import { inMotion, type Kit, ofNamespace, unasked } from "./kit.ts";

const NOTE = "\nThe application may be named storefront, app storefront or app/storefront. Ctrl-C stops the watching, not the work.\n";

/** An application's life after it was made, and the operations that carry it. */
export function addLife(program: Command, kit: Kit): void {
  const { online } = kit;
  inMotion(program.command("scale <app...>").description("Change how many pods run, on every cluster or on one."))
    .requiredOption("--replicas <number>", "pods on each cluster", wholeNumber)
    .option("--cluster <code>", "only there")
    .action(online<Parameters<typeof scaleApplication>[2]>((session, _name, words, options) => scaleApplication(session, applicationNamed(words), options)))
    .addHelpText("after", examples("selvedge scale storefront --replicas 4", "selvedge scale app storefront --replicas 0 --cluster xian-1") + NOTE);

  inMotion(program.command("upgrade <app...>").description("Change an application's image, variables or size; pods are replaced a few at a time."))
    .option("--image <[container=]image>", "another image; may be given again", containerValue)
    .option("--env <[container:]NAME=value>", "set a variable; may be given again", variable)
    .option("--unset-env <[container:]NAME>", "take a variable away; may be given again", variableName)
    .option("--cpu <[container=]amount>", "what a container asks of its node: 250m, 1.5", containerValue)
    .option("--memory <[container=]amount>", "the same: 256Mi, 1Gi", containerValue)
    .option("-m, --message <text>", "why, for the history")
    .option("--max-unavailable <amount>", "for this upgrade: pods that may be missing, 1 or 25%", amount)
    .option("--max-surge <amount>", "for this upgrade: pods that may be too many, 1 or 25%", amount)
    .option("--deadline <duration>", "without progress for so long it counts as failed: 10m", span)
    .option("--no-rollback", "when it fails, go on trying instead of going back")
    .action(online<UpgradeOptions>((session, _name, words, options) => upgradeApplication(session, applicationNamed(words), options)))
    .addHelpText("after", examples(
      "selvedge upgrade storefront --image registry.example.com/teahouse/storefront:2.8.0 -m \"New front page\"",
      "selvedge upgrade storefront --image storefront=registry.example.com/teahouse/storefront:2.8.0 --env storefront:DEFAULT_LOCALE=en --max-surge 50%",
    ) + NOTE);

  addRollout(program, kit);

  unasked(inMotion(program.command("stop <app...>").description("Take an application's pods away and keep everything else.")))
    .action(online<Parameters<typeof stopApplication>[2]>((session, _name, words, options) => stopApplication(session, applicationNamed(words), options)))
    .addHelpText("after", examples("selvedge stop storefront", "selvedge stop storefront --yes --no-wait") + NOTE);
  inMotion(program.command("start <app...>").description("Bring a stopped application's pods back."))
    .action(online<ChangeOptions>((session, _name, words, options) => startApplication(session, applicationNamed(words), options)))
    .addHelpText("after", examples("selvedge start storefront") + NOTE);
  addRestart(program, kit, "Replace every pod by a new one, a few at a time.");

  const moved = (command: Command): Command => command.option("--no-wait", "return as soon as the server has accepted it").addOption(outputOption());
  unasked(moved(program.command("cancel <operation...>").description("Turn an operation around, and stay until all is as it was.")))
    .action(online<Parameters<typeof cancelOperation>[2]>((session, _name, words, options) => cancelOperation(session, operationNamed(words), options)))
    .addHelpText("after", examples("selvedge cancel op Operation.0193…", "selvedge cancel Operation.0193… --no-wait"));
  moved(program.command("retry <operation...>").description("Try an operation again on the clusters where it failed."))
    .action(online<Parameters<typeof retryOperation>[2]>((session, _name, words, options) => retryOperation(session, operationNamed(words), options)))
    .addHelpText("after", examples("selvedge retry op Operation.0193…"));
}

/** Of the program, and of `rollout`, where Kubernetes has it. */
const addRestart = (parent: Command, { online }: Kit, description: string): Command =>
  inMotion(parent.command("restart <app...>").description(description))
    .action(online<ChangeOptions>((session, _name, words, options) => restartApplication(session, applicationNamed(words), options)))
    .addHelpText("after", examples(`selvedge ${parent.name() === "rollout" ? "rollout " : ""}restart storefront`) + NOTE);

function addRollout(program: Command, kit: Kit): void {
  const { online } = kit;
  const rollout = program.command("rollout").description("Follow, look back at, or undo changes of an application's revision.").addHelpText("after", examples(
    "selvedge rollout status storefront",
    "selvedge rollout history storefront --revision 3",
    "selvedge rollout undo storefront --to-revision 2",
  ));
  ofNamespace(rollout.command("status <app...>").description("follow the rollout under way until it ends, or tell how the last one ended"))
    .option("--no-watch", "only tell how far it is")
    .addOption(outputOption())
    .action(online<Parameters<typeof rolloutStatus>[2]>((session, _name, words, options) => rolloutStatus(session, applicationNamed(words), options)))
    .addHelpText("after", examples("selvedge rollout status storefront", "selvedge rollout status storefront --no-watch -o json") + "\nExit codes: 0 it succeeded (or goes on, with --no-watch), 1 it failed, stalled, or was rolled back.\n");
  ofNamespace(rollout.command("history <app...>").description("its revisions, newest first, with what each changed"))
    .option("--revision <number>", "one revision, field by field", positiveNumber)
    .addOption(outputOption())
    .action(online<Parameters<typeof rolloutHistory>[2]>((session, _name, words, options) => rolloutHistory(session, applicationNamed(words), options)))
    .addHelpText("after", examples("selvedge rollout history storefront", "selvedge rollout history storefront --revision 3"));
  inMotion(rollout.command("undo <app...>").description("go back to the revision before, or to another one"))
    .option("--to-revision <number>", "which one; rollout history lists them", positiveNumber)
    .action(online<Parameters<typeof rollBackApplication>[2]>((session, _name, words, options) => rollBackApplication(session, applicationNamed(words), options)))
    .addHelpText("after", examples("selvedge rollout undo storefront", "selvedge rollout undo storefront --to-revision 2") + NOTE);
  addRestart(rollout, kit, "replace every pod by a new one of the same revision");
}
