import process from 'node:process'
import { expect, test } from 'vitest'
import { cli } from '../support/cli.ts'
import { interplay } from '../support/interplay.ts'

test(
  'switches, custom restarts, reloads, lockdowns and ends beside one another leave what the mode in force wants, and one answer',
  { timeout: 180_000 },
  async () => {
    const { wrong, asked, descriptors } = await interplay({ rounds: 2, seed: 20261122, hyphae: [process.execPath, cli] })
    expect(wrong).toEqual([])
    expect(asked).toBeGreaterThan(0)
    expect(Math.max(...descriptors) - Math.min(...descriptors)).toBeLessThan(10)
  },
)
