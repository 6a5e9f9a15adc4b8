// What a command line compiles it need not compile again: hundreds of them are started by the tests.
import { enableCompileCache } from 'node:module'
import { resolve } from 'node:path'

enableCompileCache(resolve(import.meta.dirname, '../../node_modules/.cache/compiled'))
