import { Migration } from "@mikro-orm/migrations";
import { tenantTable } from "./policies.ts";

/**
 * How clusters come to be known: tickets, which let an agent tell its keys once, and the keys. Neither belongs to a tenant. Nobody but the functions
 * here, which nobody can log in as, sees a ticket; the gateway sees the keys of its connection's clusters. A cluster has one key that is valid at most.
 */
export class EnrolmentMigration extends Migration {
  override up(): void {
    const sql = (text: string): void => {
      for (const statement of text.split(/;\s*\n\s*\n/)) if (statement.trim()) this.addSql(statement.trim().replace(/;$/, ""));
    };
    sql(/* sql */ `
create table enrolment_ticket (
  id uuid primary key,
  hash bytea not null unique,
  prefix text not null,
  cluster_codes text[],
  max_clusters integer not null check (max_clusters between 1 and 10000),
  created_at timestamptz(3) not null,
  expires_at timestamptz(3) not null,
  used_at timestamptz(3)
);

create table cluster_key (
  cluster_id uuid not null,
  public_key bytea not null check (length(public_key) = 32),
  code text collate "C" not null,
  ticket_id uuid not null references enrolment_ticket (id),
  enrolled_at timestamptz(3) not null,
  revoked_at timestamptz(3),
  primary key (cluster_id, public_key)
);

create unique index cluster_key_valid on cluster_key (cluster_id) where revoked_at is null;

create unique index cluster_key_valid_code on cluster_key (code) where revoked_at is null;

create index cluster_key_revoked on cluster_key (revoked_at) where revoked_at is not null;

create index cluster_key_ticket on cluster_key (ticket_id);
`);
    for (const statement of tenantTable({ table: "enrolment_ticket", system: "select, insert, update, delete" })) this.addSql(statement);
    for (const statement of tenantTable({ table: "cluster_key", gateway: "select", system: "select, insert, update" })) this.addSql(statement);
    sql(/* sql */ `
create function app.create_enrolment_ticket(ticket_id uuid, ticket_hash bytea, ticket_prefix text, codes text[], clusters integer, at timestamptz, expires timestamptz) returns void
language sql security definer set search_path = pg_catalog, public as $$
  -- Those that were never used are of no more interest once they have expired.
  delete from public.enrolment_ticket t where t.expires_at < at and t.used_at is null;
  insert into public.enrolment_ticket (id, hash, prefix, cluster_codes, max_clusters, created_at, expires_at) values (ticket_id, ticket_hash, ticket_prefix, codes, clusters, at, expires)
$$;

-- The keys of some clusters, all or none. Answers what is wrong: a word, and the first code that it concerns. The same once more (its answer was
-- lost) is no fault. A ticket for any clusters is for new ones: only who names a cluster may give it another key.
create function app.enrol_clusters(ticket_hash bytea, ids uuid[], codes text[], keys bytea[], at timestamptz, out fault text, out fault_code text)
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  ticket public.enrolment_ticket;
begin
  select * into ticket from public.enrolment_ticket t where t.hash = ticket_hash for update;
  if not found then fault := 'UNKNOWN'; return; end if;
  if ticket.used_at is not null then
    if (select count(*) from unnest(ids, codes, keys) as asked (id, code, key)
        join public.cluster_key k on k.cluster_id = asked.id and k.public_key = asked.key and k.code = asked.code and k.ticket_id = ticket.id and k.revoked_at is null) < cardinality(ids)
    then fault := 'USED'; end if;
    return;
  end if;
  if ticket.expires_at <= at then fault := 'EXPIRED'; return; end if;
  if cardinality(ids) > ticket.max_clusters then fault := 'TOO_MANY'; return; end if;
  if ticket.cluster_codes is not null then
    select asked.code into fault_code from unnest(codes) as asked (code) where asked.code <> all (ticket.cluster_codes) limit 1;
    if found then fault := 'NOT_NAMED'; return; end if;
  end if;
  -- Codes and ids belong together for ever.
  select asked.code into fault_code from unnest(ids, codes) as asked (id, code)
    where exists (select from public.cluster c where (c.id = asked.id) <> (c.code = asked.code))
       or exists (select from public.cluster_key k where k.revoked_at is null and (k.cluster_id = asked.id) <> (k.code = asked.code)) limit 1;
  if found then fault := 'OTHER_CLUSTER'; return; end if;
  if ticket.cluster_codes is null then
    select asked.code into fault_code from unnest(ids, codes) as asked (id, code)
      where exists (select from public.cluster_key k where k.cluster_id = asked.id) limit 1;
    if found then fault := 'ENROLLED'; return; end if;
  end if;
  select asked.code into fault_code from unnest(ids, codes, keys) as asked (id, code, key)
    where exists (select from public.cluster_key k where k.cluster_id = asked.id and k.public_key = asked.key and k.revoked_at is not null) limit 1;
  if found then fault := 'REVOKED'; return; end if;
  update public.cluster_key k set revoked_at = at from unnest(ids, keys) as asked (id, key)
    where k.cluster_id = asked.id and k.revoked_at is null and k.public_key <> asked.key;
  insert into public.cluster_key as k (cluster_id, public_key, code, ticket_id, enrolled_at)
    select asked.id, asked.key, asked.code, ticket.id, at from unnest(ids, codes, keys) as asked (id, code, key)
    on conflict (cluster_id, public_key) do update set ticket_id = excluded.ticket_id, enrolled_at = excluded.enrolled_at;
  update public.enrolment_ticket t set used_at = at where t.id = ticket.id;
end $$;

create function app.find_cluster_key(cluster_code text, out cluster_id uuid, out revoked boolean)
language sql stable security definer set search_path = pg_catalog, public as $$
  select k.cluster_id, k.revoked_at is not null from public.cluster_key k where k.code = cluster_code order by k.revoked_at desc nulls first limit 1
$$;

create function app.revoke_cluster_key(of_cluster_id uuid, at timestamptz) returns void
language sql security definer set search_path = pg_catalog, public as $$
  update public.cluster_key k set revoked_at = at where k.cluster_id = of_cluster_id and k.revoked_at is null
$$;

create function app.revoked_cluster_keys(since timestamptz) returns table (cluster_id uuid, public_key bytea)
language sql stable security definer set search_path = pg_catalog, public as $$
  select k.cluster_id, k.public_key from public.cluster_key k where k.revoked_at >= since
$$;

revoke all on function app.create_enrolment_ticket(uuid, bytea, text, text[], integer, timestamptz, timestamptz), app.enrol_clusters(bytea, uuid[], text[], bytea[], timestamptz),
  app.find_cluster_key(text), app.revoke_cluster_key(uuid, timestamptz), app.revoked_cluster_keys(timestamptz) from public;

grant execute on function app.create_enrolment_ticket(uuid, bytea, text, text[], integer, timestamptz, timestamptz), app.find_cluster_key(text), app.revoke_cluster_key(uuid, timestamptz) to selvedge_api;

grant execute on function app.enrol_clusters(bytea, uuid[], text[], bytea[], timestamptz), app.revoked_cluster_keys(timestamptz) to selvedge_gateway;

grant create on schema app to selvedge_system;
`);
    for (const signature of [
      "app.create_enrolment_ticket(uuid, bytea, text, text[], integer, timestamptz, timestamptz)",
      "app.enrol_clusters(bytea, uuid[], text[], bytea[], timestamptz)",
      "app.find_cluster_key(text)",
      "app.revoke_cluster_key(uuid, timestamptz)",
      "app.revoked_cluster_keys(timestamptz)",
    ]) {
      this.addSql(`alter function ${signature} owner to selvedge_system`);
    }
    this.addSql("revoke create on schema app from selvedge_system");
  }
}
