import { Command } from 'commander'
import process from 'node:process'
import { version } from '../../version.ts'
import { addQuestions, runTool, withPlace } from './asking.ts'

/** `magictunnel-supervisor-cli`: asks a running supervisor over its TCP port. */

const program = withPlace(new Command('magictunnel-supervisor-cli'))
  .description('Asks a running supervisor over TCP.')
  .version(version, '-V, --version')
  .configureHelp({ showGlobalOptions: true })
  .exitOverride()
  .configureOutput({ outputError: () => {} })
addQuestions(program, true)

process.exitCode = await runTool(program, process.argv.slice(2))
