import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

/** docs/cases.md names a test for each case: each of them exists. */

const root = resolve(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

interface Row {
  readonly name: string
  readonly asserts: string
  readonly where: string
}
const rows: readonly Row[] = read('docs/cases.md')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| case |'))
  .map((line) => {
    const [, name = '', asserts = '', where = ''] = line.split('|').map((cell) => cell.trim())
    return { name, asserts, where }
  })
/** `file` `title`, and more of them behind semicolons. A title may be cut short. */
const testsOf = ({ where }: Row) =>
  where.split('; ').map((one) => {
    const [, file = '', title = null] = /^`([^`]+)`(?: `([^`]+)`)?$/.exec(one) ?? []
    return { file, title }
  })
const isHere = ({ where }: Row): boolean => !where.startsWith('not here: ')

/** Texts in quotes that a file has, test titles among them. */
const hasTitle = (file: string, title: string): boolean => ["'", '"', '`'].some((quote) => read(file).includes(quote + title))

test('each case is told what it means here, or why it means nothing', () => {
  expect(rows.length).toBeGreaterThan(100)
  const wrong = rows.filter((row) => (isHere(row) ? row.asserts === '' : row.asserts !== '' || row.where.length < 20))
  expect(wrong).toEqual([])
})

test('each test that is named exists', () => {
  const missing = rows.filter(isHere).flatMap((row) =>
    testsOf(row)
      .filter(({ file, title }) => {
        if (!existsSync(join(root, file))) return true
        return title === null ? !file.endsWith('.test.ts') : !hasTitle(file, title)
      })
      .map(({ file, title }) => `${row.name}: ${file} ${title ?? ''}`),
  )
  expect(missing).toEqual([])
})

test('each test that was written for a case stands in the table', () => {
  const named = rows.filter(isHere).flatMap(testsOf)
  const unnamed = readdirSync(import.meta.dirname)
    .filter((file) => file !== 'table.test.ts')
    .flatMap((file) =>
      [...read(`test/cases/${file}`).matchAll(/['"`]((?:OTP|supervisord|process-compose|nomad|systemd) [^\n]*?)['"`],? ?/g)]
        .map((match) => match[1] ?? '')
        .filter(
          (title) => !named.some((one) => one.file === `test/cases/${file}` && one.title !== null && title.startsWith(one.title)),
        ),
    )
  expect(unnamed).toEqual([])
})
