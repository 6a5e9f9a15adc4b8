import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { commandOf, wordsOf } from '../../src/cli/shell-words.ts'

test.each<[string, string, string[]]>([
  ['node server.js --port 80', 'node', ['server.js', '--port', '80']],
  [`node -e "a b" 'c "d"' e""f ''`, 'node', ['-e', 'a b', 'c "d"', 'ef', '']],
  ["echo '$HOME; #'", 'echo', ['$HOME; #']],
  ['node x.js --env=a', 'node', ['x.js', '--env=a']],
  ['node x.js -p $PORT', 'sh', ['-c', 'node x.js -p $PORT']],
  ['node "$PORT"', 'sh', ['-c', 'node "$PORT"']],
  ['NODE_ENV=x node y', 'sh', ['-c', 'NODE_ENV=x node y']],
  ['cd app && npm start', 'sh', ['-c', 'cd app && npm start']],
  ['exec node y', 'sh', ['-c', 'exec node y']],
  ['ls *.js', 'sh', ['-c', 'ls *.js']],
  ["echo 'open", 'sh', ['-c', "echo 'open"]],
])('%s', (line, command, args) => expect(commandOf(line)).toEqual({ command, args }))

test('words of a line that no shell sees', () => {
  expect(wordsOf('--config "a b".yaml  --x=$HOME')).toEqual(['--config', 'a b.yaml', '--x=$HOME'])
  expect(wordsOf('  ')).toEqual([])
  expect(wordsOf("it's")).toBeUndefined()
})

test('what is run without a shell is cut as a shell would cut it', () => {
  const line = fc.array(fc.constantFrom('a', 'b', ' ', '\t', "'", '"', '-', '=', '$', '\\', '*', '|'), { maxLength: 12 })
  fc.assert(
    fc.property(line, (characters) => {
      const { command, args } = commandOf(`echo ${characters.join('')}`)
      fc.pre(command === 'echo')
      const seen = execFileSync('sh', ['-c', `printf '%s\\n' ${characters.join('')}`], { encoding: 'utf8' })
      // Without arguments printf still prints its line end.
      expect(seen).toBe(args.length === 0 ? '\n' : args.map((word) => `${word}\n`).join(''))
    }),
    { numRuns: 100 },
  )
})
