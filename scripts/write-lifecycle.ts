// Writes docs/lifecycle.md from the machines themselves: `npm run lifecycle`. A test fails when the file is stale.
import { writeFileSync } from 'node:fs'
import { lifecycleText } from '../test/support/lifecycle-text.ts'

writeFileSync(new URL('../docs/lifecycle.md', import.meta.url), lifecycleText())
