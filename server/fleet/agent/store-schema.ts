/**
 * The tables of the agents' store, version by version: what a store of a version lacks is applied in order, in one transaction. A version that was
 * released never changes. Columns that came later have defaults that mean "as before".
 */
const VERSION_1 = `
  create table cluster (
    number integer primary key, cluster_id text not null unique, nonce text not null, epoch integer not null, last_seq integer not null,
    acked_seq integer not null, term integer not null, is_full integer not null, engine text not null, nodes text not null
  ) strict;
  create table template (
    cluster integer not null, hash text not null, body text not null, primary key (cluster, hash)
  ) strict, without rowid;
  create table placement (
    cluster integer not null, id text not null, term integer not null, generation integer not null, spec text, primary key (cluster, id)
  ) strict, without rowid;
  create table variant (
    cluster integer not null, number integer not null, body text not null, primary key (cluster, number)
  ) strict, without rowid;
  create table pod (
    cluster integer not null, slot integer not null, id text not null, variant integer not null, serial integer not null,
    state integer not null, node integer not null, address integer not null, created_at real not null, started_at real,
    running_since real, due real,
    restarts integer not null, failures integer not null, culprit integer not null, histories text, reason text, message text,
    is_dirty integer not null, is_reported integer not null, primary key (cluster, slot)
  ) strict, without rowid;
  create table gone (cluster integer not null, pod_id text not null, primary key (cluster, pod_id)) strict, without rowid;
  create table report (
    cluster integer not null, seq integer not null, body text not null, primary key (cluster, seq)
  ) strict, without rowid;
`;

/** Configuration, services, and problems of what was assigned. */
const VERSION_2 = `
  alter table cluster add column sealing_key text not null default '';
  alter table placement add column problem text;
  alter table placement add column carried text;
  alter table pod add column files integer not null default -1;
  alter table pod add column environment integer not null default -1;
  create table service (
    cluster integer not null, id text not null, term integer not null, generation integer not null, spec text, problem text,
    primary key (cluster, id)
  ) strict, without rowid;
  create table config_set (
    cluster integer not null, number integer not null, body text not null, primary key (cluster, number)
  ) strict, without rowid;
  create table content (
    cluster integer not null, name text not null, sealed text not null, keys text not null, primary key (cluster, name)
  ) strict, without rowid;
`;

/** Events that wait, and what ids and positions of the next ones follow from: empty where none was ever told. */
const VERSION_3 = `
  alter table cluster add column events text not null default '';
  create table event (
    cluster integer not null, position integer not null, was_sent integer not null, body text not null, primary key (cluster, position)
  ) strict, without rowid;
`;

/** Lines that wait, and how far the centre has them: empty where none was ever collected. */
const VERSION_4 = `
  alter table cluster add column logs text not null default '';
  create table log (
    cluster integer not null, position integer not null, body text not null, primary key (cluster, position)
  ) strict, without rowid;
`;

/** The n-th leads from version n to n + 1. */
export const STORE_VERSIONS: readonly string[] = [VERSION_1, VERSION_2, VERSION_3, VERSION_4];
