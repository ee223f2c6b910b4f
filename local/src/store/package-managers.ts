/** How to get a store server from one system package manager, its service left off. */
export interface PackageManager {
  readonly command: string;
  /** Packages that hold a store server, the preferred one first. */
  readonly packages: readonly string[];
  readonly needsRoot: boolean;
  /** A POSIX shell script that installs the first package of `$@` that the manager knows. */
  readonly script: string;
}

const FIRST_KNOWN = (known: string, install: string) => `
for package in "$@"; do
  if ${known}; then ${install}; exit $?; fi
done
echo "none of these packages is known here: $*" >&2
exit 1`;

/**
 * Debian starts and enables what it installs. A policy-rc.d that answers 101 keeps it from starting (one that is
 * there already stays), and the unit is disabled so that the next boot does not start it either.
 */
const APT = `
export DEBIAN_FRONTEND=noninteractive
policy="\${POLICY_RC_D:-/usr/sbin/policy-rc.d}"
ours=
undo() { [ -z "$ours" ] || rm -f "$policy"; }
trap undo EXIT
trap 'exit 1' INT TERM HUP
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\\nexit 101\\n' > "$policy" && chmod 755 "$policy" && ours=1
fi
install() {
  apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=120 "$1" || return 1
  unit="\${1%-server}-server"
  if command -v systemctl >/dev/null 2>&1; then systemctl disable "$unit" >/dev/null 2>&1; fi
  if command -v update-rc.d >/dev/null 2>&1; then update-rc.d "$unit" disable >/dev/null 2>&1; fi
  return 0
}
# A broken third-party list must not stop us: the install itself decides.
apt-get update -q -o DPkg::Lock::Timeout=120 || true
${FIRST_KNOWN('apt-cache show "$package" >/dev/null 2>&1', 'install "$package"')}`;

/** In the order in which they are looked for. */
export const PACKAGE_MANAGERS: readonly PackageManager[] = [
  { command: 'apt-get', packages: ['valkey-server', 'redis-server'], needsRoot: true, script: APT },
  {
    command: 'dnf',
    packages: ['valkey', 'redis'],
    needsRoot: true,
    script: FIRST_KNOWN('dnf -q info "$package" >/dev/null 2>&1', 'dnf install -y "$package"'),
  },
  {
    command: 'apk',
    packages: ['valkey', 'redis'],
    needsRoot: true,
    script: `apk update\n${FIRST_KNOWN('[ -n "$(apk search -e "$package")" ]', 'apk add "$package"')}`,
  },
  {
    command: 'pacman',
    packages: ['valkey', 'redis'],
    needsRoot: true,
    script: `pacman -Sy\n${FIRST_KNOWN('pacman -Si "$package" >/dev/null 2>&1', 'pacman -S --noconfirm --needed "$package"')}`,
  },
  {
    command: 'brew',
    packages: ['valkey', 'redis'],
    needsRoot: false,
    script: FIRST_KNOWN('brew info "$package" >/dev/null 2>&1', 'brew install "$package"'),
  },
];

/** What a person would type instead; for sentences. */
export function byHand(manager: PackageManager): string {
  const sudo = manager.needsRoot ? 'sudo ' : '';
  const verb = { 'apt-get': 'install', dnf: 'install', apk: 'add', pacman: '-S', brew: 'install' }[
    manager.command
  ];
  return `${sudo}${manager.command} ${verb} ${manager.packages.at(-1)}`;
}

/** How the script is run: as we are, through sudo, or not at all. */
export type Privilege = 'own' | 'sudo' | 'none';

/** The command line that runs a manager's script, or null when the rights are missing. */
export function installCommand(manager: PackageManager, privilege: Privilege): readonly string[] | null {
  const run = ['sh', '-c', manager.script, 'install', ...manager.packages];
  if (!manager.needsRoot || privilege === 'own') return run;
  return privilege === 'sudo' ? ['sudo', '-n', ...run] : null;
}
