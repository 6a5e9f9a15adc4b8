import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { extentOf } from '../../src/actors/log-archive.ts'
import { setLogAside } from '../../src/actors/log-rotation.ts'
import { chance } from '../support/chance.ts'

test('who looks while a log is set aside takes the new file for no older one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hyphae-aside-'))
  try {
    const random = chance(20261122)
    for (let round = 0; round < 200; round++) {
      const place = join(folder, String(round))
      mkdirSync(place)
      const path = join(place, 'web.log')
      writeFileSync(path, 'one line\n')
      const seen = Array.from({ length: 4 }, () => extentOf(path))
      for (let turns = Math.floor(random() * 12); turns > 0; turns--) await turn()
      setLogAside(path, 0)
      writeFileSync(path, '')
      for (const { end } of (await Promise.all(seen)).filter((extent) => extent !== undefined)) expect(end).toBe(9)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
