import { ROLES, type Role } from '@millrace/core';

/** Who asks: the name is written into the audit log and onto orders to workers. */
export interface Caller {
  readonly name: string;
  readonly role: Role;
}

/** True when `caller` has `needed` or a higher role. */
export function hasRole(caller: Pick<Caller, 'role'>, needed: Role): boolean {
  return ROLES.indexOf(caller.role) >= ROLES.indexOf(needed);
}
