/** Version of the experiment's schema, written into links and exported configurations. */
export const SCHEMA_VERSION = 1;

/** Settings as they were written, before any of them has been checked. */
export type RawPayload = Readonly<Record<string, unknown>>;

/**
 * One function a released version, from it to the next; never edited once released. A renamed setting
 * or a changed meaning gets an entry here; a new setting needs none, as its default fills it.
 */
export type Migrations = Readonly<Record<number, (payload: RawPayload) => RawPayload>>;
const MIGRATIONS: Migrations = {};

/**
 * Brings a payload of an older version up to date, step by step. A newer one is returned as it is: what
 * this version understands of it can still be offered.
 *
 * @param version the payload's own version
 */
export function migratePayload(
  payload: RawPayload,
  version: number,
  { migrations = MIGRATIONS, target = SCHEMA_VERSION } = {},
): RawPayload {
  let current = payload;
  for (let from = version; from < target; from++) current = migrations[from]?.(current) ?? current;
  return current;
}
