/**
 * ConfigMaps and Secrets: named sets of (key, value) of a namespace, which templates refer to as files or environment variables.
 *
 * A *content* is what a ConfigMap or Secret holds in one version, under a random name: a change makes another content. Assignments name contents;
 * the values travel beside them, sealed to the cluster's key, once each. Values of secrets are in no hash, log, error, job or event.
 */
export interface ConfigEntry {
  readonly key: string;
  readonly value: string;
}
