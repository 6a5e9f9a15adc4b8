import { readFileSync } from 'node:fs'
import process from 'node:process'
import { nearest } from '../protocol/nearest.ts'
import { accountOf, groupOf, namesOf } from './accounts.ts'
import type { Checker } from './checker.ts'
import type { Path } from './report.ts'
import type { WrittenService } from './service-schema.ts'

/** Are the user and the group of a service there, and may we become them? */
export function checkAccounts(path: Path, { user, group }: WrittenService, checker: Checker): void {
  if (user === undefined && group === undefined) return
  const account = user === undefined ? null : accountOf(user)
  const own = group === undefined ? null : groupOf(group)
  if (user !== undefined && account === null) {
    const message = `there is no user ${JSON.stringify(user)} on this machine`
    checker.error([...path, 'user'], { message, suggestion: nearest(String(user), namesOf('passwd')) })
  }
  if (group !== undefined && own === null) {
    const message = `there is no group ${JSON.stringify(group)} on this machine`
    checker.error([...path, 'group'], { message, suggestion: nearest(String(group), namesOf('group')) })
  }
  if (account?.home === null && group === undefined) {
    const message = `no user of this machine has the number ${account.uid}, so its group has to be said: expected a group beside it`
    checker.error([...path, 'user'], { message })
  }
  if (mayBecomeAnybody()) return
  const ourselves = `Hyphae itself runs as uid ${process.getuid?.()} here, and only root may start a program as somebody else`
  if (account !== null && account.uid !== process.getuid?.()) checker.error([...path, 'user'], { message: ourselves })
  else if (own !== null && own.gid !== process.getgid?.()) checker.error([...path, 'group'], { message: ourselves })
}

/** CAP_SETGID and CAP_SETUID, as bits of what a program that we start would have. */
const needed = (1n << 6n) | (1n << 7n)

function mayBecomeAnybody(): boolean {
  const root = process.getuid?.() === 0
  try {
    // Root's programs have what it has; those of others only what is handed down expressly.
    const pattern = root ? /^CapEff:\s*([0-9a-f]+)$/m : /^CapAmb:\s*([0-9a-f]+)$/m
    const bits = pattern.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]
    return bits === undefined ? root : (BigInt(`0x${bits}`) & needed) === needed
  } catch {
    return root
  }
}
