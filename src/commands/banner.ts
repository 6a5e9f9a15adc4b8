import * as z from 'zod'
import { query, stream } from '../protocol/command.ts'
import { banner } from '../protocol/banner.ts'

export const systemBanner = query({
  name: 'system.banner',
  summary: 'What the whole fleet is doing, in one sentence.',
  permission: 'fleet.read',
  errors: [],
  input: z.strictObject({}),
  output: banner,
  read: (view) => view.banner(),
})

export const systemBannerFollow = stream({
  name: 'system.banner_follow',
  summary: 'What the whole fleet is doing, in one sentence: now, and whenever it is another.',
  permission: 'fleet.read',
  errors: [],
  policy: 'newest',
  input: z.strictObject({}),
  output: banner,
  open: () => ({ source: 'banner' }),
})
