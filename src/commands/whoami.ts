import * as z from 'zod'
import { query } from '../protocol/command.ts'

export const systemWhoami = query({
  name: 'system.whoami',
  summary: 'Who you are here, and what you may do.',
  permission: 'fleet.read',
  errors: [],
  input: z.strictObject({}),
  output: z.object({
    name: z.string().describe('as facts and logs show it'),
    via: z.string().describe('by which way you came: unix, http, ws, tcp, …'),
    role: z.string(),
    commands: z.array(z.string()).describe('the names of all commands that you may use'),
  }),
  read: (_view, _input, { principal: { name, via, role }, commands }) => ({ name, via, role, commands: [...commands()] }),
})
