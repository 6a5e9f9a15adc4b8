import process from 'node:process'
import { expect, test } from 'vitest'
import { cli } from '../support/cli.ts'
import { killRounds } from '../support/kill-rounds.ts'

test(
  'kill -9 at random moments of starts, stops, restarts and reloads loses, doubles and forgets nothing',
  { timeout: 120_000 },
  async () => {
    const figures = await killRounds({ rounds: 5, seed: 20261121, hyphae: [process.execPath, cli] })
    const { lost, doubled, unsupervised, forgotten, acknowledged } = figures
    expect({ lost, doubled, unsupervised, forgotten }).toEqual({ lost: [], doubled: [], unsupervised: [], forgotten: [] })
    expect(acknowledged).toBeGreaterThan(0)
  },
)
