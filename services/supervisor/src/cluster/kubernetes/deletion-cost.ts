import type { PodObject } from './objects.ts';

/** The ReplicaSet controller deletes pods with a lower number first; without one it counts as 0. */
export const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
/** Ours, so that we never clear what a person has set. */
export const COST_OWNER = 'millrace.dev/deletion-cost-by';
const US = 'supervisor';

/** The annotations that bring `pod` to `cost`, null where it stands so already. At 0 there is none of ours. */
export function costPatch(
  { metadata }: PodObject,
  cost: number,
): Readonly<Record<string, string | null>> | null {
  const { [DELETION_COST]: current, [COST_OWNER]: owner } = metadata.annotations ?? {};
  // Somebody else's number is theirs.
  if (current !== undefined && owner !== US) return null;
  if (cost === 0) return current === undefined ? null : { [DELETION_COST]: null, [COST_OWNER]: null };
  return current === String(cost) ? null : { [DELETION_COST]: String(cost), [COST_OWNER]: US };
}
