import { type Command, InvalidArgumentError, Option } from "commander";
import type { DisconnectMode, FaultKind } from "../../typescript/index.ts";
import { exactlyOneOf, examples, span, wholeNumber } from "../arguments.ts";
import { endFault, injectFault, type InjectFaultOptions, listFaults } from "../commands/fault.ts";
import { type Format, outputOption } from "../output.ts";
import { didYouMean } from "../suggest.ts";
import type { Kit } from "./kit.ts";

const FAULT_KINDS: readonly FaultKind[] = ["DISCONNECT_CLUSTER", "FAIL_NODE", "CRASH_POD", "SLOW_IMAGE_PULL", "RECLAIM_SPOT"];
const MODES: readonly DisconnectMode[] = ["BOTH_WAYS", "TO_CENTRE", "TO_CLUSTER", "FLAPPING"];

/** `FAIL_NODE`, `fail-node`. */
function faultKind(text: string): FaultKind {
  const word = text.toUpperCase().replaceAll("-", "_");
  const found = FAULT_KINDS.find((kind) => kind === word);
  if (found === undefined) throw new InvalidArgumentError(`It must be one of ${FAULT_KINDS.join(", ")}.${didYouMean(word, FAULT_KINDS)}`);
  return found;
}

/** What an operator rehearses. */
export function addFaults(program: Command, { online }: Kit): void {
  const faults = program.command("faults").description("Rehearse what may happen to a simulated fleet; alone it lists what is in force. PLATFORM_ADMIN.").addHelpText("after", examples(
    "selvedge faults",
    "selvedge faults inject disconnect-cluster --cluster hangzhou-1 --for 2m",
    "selvedge faults end Fault.0193…",
  ));
  faults.command("list", { isDefault: true }).description("the faults in force")
    .addOption(outputOption())
    .action(online<{ readonly output: Format }>((session, _name, _names, options) => listFaults(session, options)))
    .addHelpText("after", examples("selvedge faults", "selvedge faults list -o json"));
  faults.command("inject").description("begin one")
    .argument("<kind>", `one of ${FAULT_KINDS.join(", ")}; also in lower case, with dashes`, faultKind)
    .option("--cluster <code>", "the cluster that it strikes; or where the node or pod is")
    .option("--node <name>", "the node that it strikes")
    .option("--pod <name>", "the pod that it strikes")
    .option("--for <duration>", "how long, on the simulation's clock: 30s, 5m, 2h; at most 24h", span, 300_000)
    .addOption(new Option("--mode <mode>", `of DISCONNECT_CLUSTER: ${MODES.join(", ")}`).argParser(exactlyOneOf(MODES)))
    .option("--seed <number>", "what chance decides follows from it; default any", wholeNumber)
    .addOption(outputOption())
    .action(online<InjectFaultOptions>((session, kind, _names, options) => injectFault(session, kind as FaultKind, options)))
    .addHelpText("after", examples(
      "selvedge faults inject disconnect-cluster --cluster hangzhou-1 --mode FLAPPING --for 10m",
      "selvedge faults inject fail-node --cluster hangzhou-1 --node hangzhou-1-n1",
      "selvedge faults inject crash-pod --pod storefront-5d4f8c9b-x2k7q --for 10s",
      "selvedge faults inject slow-image-pull --cluster hangzhou-1 --for 1h",
      "selvedge faults inject reclaim-spot --cluster hangzhou-1 --node hangzhou-1-n2",
    ));
  faults.command("end <id>").description("end one before its time")
    .addOption(outputOption())
    .action(online<{ readonly output: Format }>((session, id, _names, options) => endFault(session, id, options)))
    .addHelpText("after", examples("selvedge faults end Fault.0193…"));
}
