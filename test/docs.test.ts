import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { lifecycleText } from './support/lifecycle-text.ts'

const root = resolve(import.meta.dirname, '..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const pages = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
]

test('docs/lifecycle.md is what the machines are; `npm run lifecycle` writes it anew', () => {
  expect(read('docs/lifecycle.md')).toBe(lifecycleText())
})

test.each(pages)('%s links only to what is there', (page) => {
  const links = [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)(#[^)]*)?\)/g)].map((match) => match[1] ?? '')
  expect(links.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([])
})

interface Locked {
  readonly packages: Readonly<Record<string, { readonly hasInstallScript?: boolean }>>
}
interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

test('no dependency has an install script, and each is pinned to one version', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as Locked
  expect(Object.entries(packages).filter(([path, { hasInstallScript }]) => path !== '' && hasInstallScript === true)).toEqual([])
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Manifest
  const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(([, range]) => !/^\d+\.\d+\.\d+$/.test(range))
  expect(loose).toEqual([])
})
