import { expect, test } from 'vitest'
import { createBannerStream } from '../src/banner-stream.ts'
import type { Banner } from '../src/protocol/banner.ts'
import { eventually } from './support/eventually.ts'

test('many who follow cost one look at the fleet', async () => {
  let looks = 0
  let text = 'all is quiet'
  const stream = createBannerStream(() => {
    looks++
    return { type: 'info', title: text, message: '', text, countdown_seconds: null, since: '', about: null }
  })
  const heard: string[] = []
  const ends = Array.from({ length: 50 }, () =>
    stream.follow({ room: () => undefined, item: (item) => void heard.push((item as Banner).text), end() {} }),
  )
  // Each is told at once what there is.
  expect([looks, heard.length]).toEqual([50, 50])
  text = 'something happened'
  stream.stir()
  await eventually(() => expect(heard).toHaveLength(100))
  expect(looks).toBe(51)
  for (const end of ends) end()
})
