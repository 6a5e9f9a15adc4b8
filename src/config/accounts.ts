import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { limits } from '../protocol/limits.ts'
import type { Account, UserGroup } from '../protocol/account.ts'

/** Users and groups of this machine: its own files first, then whatever else it asks (LDAP, say) through getent. */

interface Row {
  readonly name: string
  readonly id: number
  readonly fields: readonly string[]
}

type Table = 'passwd' | 'group'

const rowOf = (line: string): Row | null => {
  const fields = line.split(':')
  const [name = '', , id = ''] = fields
  return name === '' || !/^\d+$/.test(id) ? null : { name, id: Number(id), fields }
}

/** Read each time: a config is read rarely, and users are made between two looks. */
function rows(table: Table): Row[] {
  try {
    return readFileSync(`/etc/${table}`, 'utf8')
      .split('\n')
      .flatMap((line) => rowOf(line) ?? [])
  } catch {
    return []
  }
}

function find(table: Table, wanted: string | number): Row | null {
  const known = rows(table).find(({ name, id }) => name === wanted || id === wanted)
  if (known !== undefined) return known
  // What begins with a dash would be an option.
  const text = String(wanted)
  if (text.startsWith('-')) return null
  const { status, stdout } = spawnSync('getent', [table, text], { encoding: 'utf8', timeout: limits.accountLookup })
  return status === 0 ? rowOf(stdout.split('\n')[0] ?? '') : null
}

/** A number may be nobody's; a name may not: null, where it is none. */
export function accountOf(wanted: string | number): Account | null {
  const row = find('passwd', wanted)
  if (row !== null) return { name: row.name, uid: row.id, gid: Number(row.fields[3]), home: row.fields[5] || '/' }
  return typeof wanted === 'number' ? { name: String(wanted), uid: wanted, gid: wanted, home: null } : null
}

export function groupOf(wanted: string | number): UserGroup | null {
  const row = find('group', wanted)
  if (row !== null) return { name: row.name, gid: row.id }
  return typeof wanted === 'number' ? { name: String(wanted), gid: wanted } : null
}

/** For suggestions; only those of the files. */
export const namesOf = (table: Table): string[] => rows(table).map(({ name }) => name)
