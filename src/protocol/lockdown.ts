import * as z from 'zod'

/** The vocabulary of a lockdown: while it is on, nobody changes anything. */

export const lockdown = z.object({
  since: z.iso.datetime(),
  by: z.string().describe('who locked the fleet down'),
  reason: z.string().nullable(),
})
export type Lockdown = z.infer<typeof lockdown>

/** What the journal keeps of it; it is removed when the lockdown ends. */
export const lockdownRecord = lockdown.extend({ format: z.literal(1) })

/** `the fleet is locked down since … by local:root: a break-in`. */
export const lockdownInWords = ({ since, by, reason }: Lockdown): string =>
  `the fleet is locked down since ${since} by ${by}${reason === null ? '' : `: ${reason}`}`
