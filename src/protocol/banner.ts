import * as z from 'zod'

/** What the whole fleet is doing, in one sentence. */
export const banner = z.object({
  type: z.enum(['success', 'error', 'warning', 'info']),
  title: z.string(),
  message: z.string().describe('more about it; may be empty'),
  text: z.string().describe('title and message in one line'),
  countdown_seconds: z.number().int().nullable().describe('how long it will probably still take; null: nobody knows'),
  since: z.iso.datetime().describe('since when it has been so'),
  about: z.string().nullable().describe('the address of the actor that it is about, where it is one'),
})
export type Banner = z.infer<typeof banner>
