import { InitialMigration } from "./migration-20261123-initial.ts";

/** In the order in which they run; a name, once released, never changes. */
export const migrations = [{ name: "20261123-initial", class: InitialMigration }];
