/**
 * Image references, as registries know them: `[host[:port]/]path[:tag][@algorithm:digest]`. Checked part by part, so that no input makes a
 * regular expression backtrack.
 */
const MAX_NAME = 255;
const HOST = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const PORT = /^[0-9]{1,5}$/;
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const DIGEST = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,128}$/;

export function isImageReference(text: string): boolean {
  const [named = "", digest, ...more] = text.split("@");
  if (more.length > 0 || (digest !== undefined && !DIGEST.test(digest))) return false;
  const colon = named.lastIndexOf(":");
  const tagged = colon > named.lastIndexOf("/");
  if (tagged && !TAG.test(named.slice(colon + 1))) return false;
  const name = tagged ? named.slice(0, colon) : named;
  if (name.length === 0 || name.length > MAX_NAME) return false;
  const components = name.split("/");
  if (components.length > 1 && isHostLike(components[0] ?? "")) {
    if (!isHost(components[0] ?? "")) return false;
    components.shift();
  }
  return components.every((component) => COMPONENT.test(component));
}

/** A first component names a registry when it has a dot or a port, or is localhost: so do all registry clients. */
const isHostLike = (component: string): boolean => component.includes(".") || component.includes(":") || component === "localhost";

function isHost(text: string): boolean {
  const [host = "", port, ...more] = text.split(":");
  return more.length === 0 && (port === undefined || PORT.test(port)) && host.split(".").every((label) => HOST.test(label));
}
