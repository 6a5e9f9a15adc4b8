import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { commands } from '../src/commands/registry.ts'
import { permissions, roles, type Permission } from '../src/protocol/principal.ts'

/** What docs/security.md says of roles is what they are. */

const page = readFileSync(resolve(import.meta.dirname, '../docs/security.md'), 'utf8')
const rows = new Map(
  [...page.matchAll(/^\| `([a-z]+\.[a-z]+)` \| (.*) \|(.*)\|(.*)\|(.*)\|$/gm)].map(
    ([, permission = '', listed = '', ...cells]) =>
      [
        permission,
        {
          listed: (listed.match(/[a-z_]+\.[a-z_]+/g) ?? []) as readonly string[],
          cells: cells.map((cell) => cell.trim() === 'yes'),
        },
      ] as const,
  ),
)

test.each(permissions)('the row of %s', (permission: Permission) => {
  const row = rows.get(permission)
  const needing = Object.values(commands).filter((command) => command.permission === permission)
  expect(needing.filter(({ name }) => row?.listed.includes(name) !== true).map(({ name }) => name)).toEqual([])
  const may = [roles.viewer, roles.operator, roles.admin].map((all) => (all as readonly Permission[]).includes(permission))
  expect(row?.cells).toEqual(may)
})
