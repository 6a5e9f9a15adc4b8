// Set-up for `npm start` and `npm test`: installs what is missing, builds what is stale. No dependencies, runs on old Node.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const read = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : {})

/** True when node_modules holds exactly what the lock file names; packages for other platforms may be absent. */
function installed() {
  const wanted = read(join(root, 'package-lock.json'))
  const found = read(join(root, 'node_modules', '.package-lock.json'))
  return Object.entries(wanted).every(([path, { link, optional, integrity }]) => {
    if (path === '' || !path.startsWith('node_modules/') || link) return true
    const have = found[path]
    return have ? have.integrity === integrity : optional === true
  })
}

const run = (...args) => execFileSync('npm', args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })

try {
  if (installed()) {
    run('run', '--silent', 'build')
  } else {
    process.stdout.write('Installing the dependencies and the Node runtime (once; half a minute)…\n')
    run('ci', '--loglevel=error')
  }
} catch (error) {
  process.stderr.write(
    `Set-up failed (exit code ${error.status}). Its output is above; run it alone with: node scripts/setup.mjs\n`,
  )
  process.exit(1)
}
