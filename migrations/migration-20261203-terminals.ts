import { Migration } from "@mikro-orm/migrations";
import { tenantTable } from "./policies.ts";

/**
 * Terminals into containers. What is typed and what is shown are kept in envelopes, as Secrets are, and only until they are taken: what is typed until the agent has
 * it, what is shown for as long as a reader may come back for it. A session goes, with all of it, a while after it has ended.
 *
 *   input_taken     the last that the agent has of what was typed
 *   output_stored   the last that is stored of what was shown; output_taken: the last that a reader was given
 *
 * However a session ends, a trigger leaves the audit entry in the same transaction.
 */
export class TerminalsMigration extends Migration {
  override up(): void {
    const sql = (text: string): void => {
      for (const statement of text.split(/;\s*\n\s*\n/)) if (statement.trim()) this.addSql(statement.trim().replace(/;$/, ""));
    };

    sql(/* sql */ `
create table terminal_session (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  namespace_id uuid not null,
  application_id uuid not null,
  cluster_id uuid not null references cluster (id),
  pod_id uuid not null,
  pod_name text not null,
  container text not null,
  token_id uuid not null,
  token_name text not null,
  key_id text not null,
  wrapped_key bytea not null,
  ciphertext bytea not null,
  columns integer not null,
  rows integer not null,
  state text not null check (state in ('OPENING', 'OPEN', 'ENDED')),
  opened_at timestamptz(3) not null,
  expires_at timestamptz(3) not null,
  active_at timestamptz(3) not null,
  ended_at timestamptz(3),
  end_reason text,
  exit_code integer,
  input_taken integer not null default 0,
  output_stored integer not null default 0,
  output_taken integer not null default 0,
  primary key (tenant_id, id),
  check ((state = 'ENDED') = (ended_at is not null)),
  check ((state = 'ENDED') = (end_reason is not null)),
  check ((state = 'ENDED') = (exit_code is not null))
);

create index terminal_session_live on terminal_session (tenant_id) where state <> 'ENDED';

create index terminal_session_cluster on terminal_session (cluster_id) where state <> 'ENDED';

create index terminal_session_ended_at on terminal_session (ended_at) where state = 'ENDED';

create table terminal_input (
  tenant_id uuid not null,
  session_id uuid not null,
  sequence integer not null check (sequence > 0),
  cluster_id uuid not null,
  key_id text not null,
  wrapped_key bytea not null,
  ciphertext bytea not null,
  primary key (tenant_id, session_id, sequence),
  foreign key (tenant_id, session_id) references terminal_session (tenant_id, id) on delete cascade
);

create table terminal_output (
  tenant_id uuid not null,
  session_id uuid not null,
  sequence integer not null check (sequence > 0),
  cluster_id uuid not null,
  key_id text not null,
  wrapped_key bytea not null,
  ciphertext bytea not null,
  primary key (tenant_id, session_id, sequence),
  foreign key (tenant_id, session_id) references terminal_session (tenant_id, id) on delete cascade
);

alter table terminal_session set (fillfactor = 50);
`);

    for (const rights of [
      { table: "terminal_session", namespaced: true, api: "select, insert, update", gateway: "select, update", system: "select, update, delete" },
      { table: "terminal_input", api: "select, insert", gateway: "select, delete" },
      { table: "terminal_output", api: "select", gateway: "select, insert, delete" },
    ]) {
      for (const statement of tenantTable(rights)) this.addSql(statement);
    }

    sql(/* sql */ `
grant insert on audit_entry to selvedge_system;

create policy selvedge_system on audit_entry for insert to selvedge_system with check (true);

create function app.audit_terminal_end() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  insert into public.audit_entry (tenant_id, id, at, actor, token_id, action, target_type, target_id, target_name, namespace_id, input, outcome)
  values (new.tenant_id, gen_random_uuid(), new.ended_at, new.token_name, new.token_id, 'endTerminal', 'TerminalSession', new.id, new.pod_name, new.namespace_id,
    jsonb_build_object('container', new.container, 'exitCode', new.exit_code, 'reason', new.end_reason), 'ACCEPTED');
  return null;
end
$$;

create trigger audit_terminal_end after update of state on terminal_session for each row
  when (old.state <> 'ENDED' and new.state = 'ENDED') execute function app.audit_terminal_end();

-- Sessions as they are shown: while their pods are there.
create function app.terminal_sessions() returns table (
  tenant_id uuid, id uuid, pod_id uuid, container text, opened_at timestamptz(3), expires_at timestamptz(3)
)
language sql stable as $$
  select s.tenant_id, s.id, s.pod_id, s.container, s.opened_at, s.expires_at
  from public.terminal_session s where exists (select from public.pod p where p.cluster_id = s.cluster_id and p.id = s.pod_id)
$$;

-- Ends the sessions that may not go on, and says which: whose token is no longer valid, whose time is over, that nobody used, whose cluster is cut off or whose pod is gone.
create function app.end_terminals(at timestamptz, idle_since timestamptz, exit_code integer) returns table (id uuid, cluster_id uuid)
language sql security definer set search_path = pg_catalog, public as $$
  with over as materialized (
    select s.tenant_id, s.id, case
      when t.id is null or t.revoked_at is not null or t.expires_at <= at then 'TOKEN_INVALID'
      when s.expires_at <= at then 'EXPIRED'
      when s.active_at <= idle_since then 'IDLE'
      when c.status = 'DISCONNECTED' then 'CLUSTER_DISCONNECTED'
      when p.id is null then 'POD_GONE'
    end as reason
    from public.terminal_session s
    join public.cluster c on c.id = s.cluster_id
    left join public.api_token t on t.tenant_id = s.tenant_id and t.id = s.token_id
    left join public.pod p on p.cluster_id = s.cluster_id and p.id = s.pod_id
    where s.state <> 'ENDED'
    for no key update of s skip locked
  )
  update public.terminal_session s set state = 'ENDED', ended_at = at, end_reason = over.reason, exit_code = end_terminals.exit_code
  from over where s.tenant_id = over.tenant_id and s.id = over.id and over.reason is not null
  returning s.id, s.cluster_id
$$;

create function app.expire_terminals(before timestamptz, how_many integer) returns integer
language sql security definer set search_path = pg_catalog, public as $$
  with gone as (
    delete from public.terminal_session s using (
      select o.tenant_id, o.id from public.terminal_session o where o.state = 'ENDED' and o.ended_at < before order by o.ended_at limit how_many) old
    where s.tenant_id = old.tenant_id and s.id = old.id
    returning 1
  )
  select count(*)::integer from gone
$$;

revoke all on function app.audit_terminal_end(), app.terminal_sessions(), app.end_terminals(timestamptz, timestamptz, integer), app.expire_terminals(timestamptz, integer) from public;

grant execute on function app.terminal_sessions() to selvedge_api;

grant execute on function app.end_terminals(timestamptz, timestamptz, integer), app.expire_terminals(timestamptz, integer) to selvedge_gateway;

grant create on schema app to selvedge_system;

alter function app.audit_terminal_end() owner to selvedge_system;

alter function app.end_terminals(timestamptz, timestamptz, integer) owner to selvedge_system;

alter function app.expire_terminals(timestamptz, integer) owner to selvedge_system;

revoke create on schema app from selvedge_system;
`);
  }
}
