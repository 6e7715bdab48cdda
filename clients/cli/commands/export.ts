import { ApplicationManifestDocument } from "../../typescript/index.ts";
import { noSuchApplication } from "../lookup.ts";
import { type Format, show } from "../output.ts";
import type { Session } from "../session.ts";

/** An application as the YAML that `apply` takes: to keep, to compare, to bring elsewhere. */
export async function exportApplication(session: Session, name: string, { namespace, output }: { readonly namespace: string; readonly output: Format }): Promise<void> {
  const { application } = await session.client.execute(ApplicationManifestDocument, { namespace, name });
  if (application === null) throw await noSuchApplication(session, namespace, name);
  if (output === "json") show(session, output, application, () => []);
  else session.terminal.out.write(application.manifest.endsWith("\n") ? application.manifest : `${application.manifest}\n`);
}
