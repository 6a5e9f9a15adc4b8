// Runs on any Node that knows modules, so that an old one hears what is missing rather than a syntax error.
import { existsSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const needed = [22, 18]

/** Runs a built program under a name of ours, if this Node is new enough for it. */
export async function launch(name, main) {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
    const args = process.argv.slice(2).join(' ')
    // A checkout has one of its own; the package is fetched with one.
    const own = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url))
    const remedy = existsSync(own) ? `${own} ${process.argv[1]} ${args}` : `npx -p node@24 -p hyphae ${name} ${args}`
    process.stderr.write(
      `${name}: needs Node ${needed.join('.')} or newer; this is Node ${process.versions.node} (${process.execPath})\n` +
        `  with a Node of its own: ${remedy}\n`,
    )
    process.exitCode = 2
    return
  }
  const url = new URL(`../dist/cli/${main}`, import.meta.url)
  if (!existsSync(url)) {
    process.stderr.write(`${name}: this checkout is not built yet\n  build it: npm run build\n`)
    process.exitCode = 2
    return
  }
  // SQLite is stable enough for what we do with it; other warnings stay.
  const { emitWarning } = process
  process.emitWarning = (warning, ...rest) => {
    const [kind] = rest
    const type = typeof kind === 'object' && kind !== null ? kind.type : kind
    if (type === 'ExperimentalWarning' && String(warning).includes('SQLite')) return
    emitWarning.call(process, warning, ...rest)
  }
  await import(url.href)
}
