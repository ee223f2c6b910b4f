/** What a caller may do; each role may do all that the ones before it may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Who asks: the name is written into the audit log and onto orders to workers. */
export interface Caller {
  readonly name: string;
  readonly role: Role;
}

/** True when `caller` has `needed` or a higher role. */
export function hasRole(caller: Pick<Caller, 'role'>, needed: Role): boolean {
  return ROLES.indexOf(caller.role) >= ROLES.indexOf(needed);
}
