import * as z from 'zod'
import { mutation } from '../protocol/command.ts'
import { HyphaeError } from '../protocol/errors.ts'
import { addressOf } from '../protocol/ids.ts'
import { isWithin, originOf, roles, type Role } from '../protocol/principal.ts'

const names = Object.keys(roles) as [Role, ...Role[]]

export const accessTicket = mutation({
  name: 'access.ticket',
  summary:
    'A ticket that lets somebody in once, as you or with fewer rights: for `hyphae inspect`, and to show your screen to others.',
  permission: 'fleet.read',
  errors: ['forbidden', 'shutting_down'],
  deadline: 10_000,
  // Each is another one.
  idempotent: false,
  // It is in memory alone. For the same reason it takes no request_id: an answer that is remembered is on the disk.
  unrecorded: true,
  input: z.strictObject({
    role: z
      .enum(names)
      .optional()
      .describe('as whom: not more than you may do yourself; without it, as much')
      .meta({ examples: ['viewer'] }),
  }),
  output: z.object({
    ticket: z.string().describe('shown once to POST /login, or as a token'),
    expires: z.iso.datetime().describe('until when it can be used'),
    role: z.enum(names),
    login: z.string().describe('address of the actor of this login; END ends it'),
  }),
  plan(_view, { role: wanted }, { principal, newId, ticket: issue }) {
    const role = wanted ?? principal.role
    if (!isWithin(role, principal.role)) {
      const message = `role: ${role} may do more than you, who are ${principal.role}`
      throw new HyphaeError('forbidden', message, { field: 'role', rule: 'role', got: role })
    }
    const id = newId()
    const login = addressOf('login', id)
    const { name, ticket, expires } = issue(id, role)
    const answer = { ticket, expires, role, login }
    const input = { id, name, role, by: principal.name, from: originOf(principal) }
    return {
      what: `access.ticket ${role}`,
      tell: [{ to: 'logins', event: { type: 'pool.spawn', address: login, input } }],
      watch: [login],
      settled: (now) => (now.actor(login) === undefined ? undefined : answer),
      accepted: () => answer,
    }
  },
})
