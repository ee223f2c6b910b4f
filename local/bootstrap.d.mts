interface LockFile {
  packages?: Record<string, { version?: string; optional?: boolean; link?: boolean }>;
}
export const ROOT: string;
export const NO_PINNED_NODE: string;
export function missingPackages(
  lock: LockFile,
  installed: LockFile | null,
  exists: (path: string) => boolean,
): string[];
export function underPinnedNode(script: string, run: () => Promise<unknown>): Promise<unknown>;
export function nextStep(major: number, hasPinned: boolean, isPinned: boolean): 'run' | 'become' | 'fail';
