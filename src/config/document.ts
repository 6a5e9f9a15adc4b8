import { LineCounter, parseDocument, visit, type Alias, type Document, type Node } from 'yaml'
import { messageOf } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'
import { createReport, type Report } from './report.ts'

/** A file that is YAML; what it says is not looked at yet. */
export interface ConfigDocument {
  readonly text: string
  readonly document: Document.Parsed
  readonly report: Report
  /** What each alias stands for. An alias without an anchor above it is missing. */
  readonly targets: ReadonlyMap<Alias, Node>
}

/**
 * Reads YAML, and so JSON. Throws a ConfigError with every syntax error. Keys that are given twice are not looked
 * for: the parser compares each key with every other.
 */
export function readDocument(written: string, file: string): ConfigDocument {
  const text = written.startsWith('\uFEFF') ? written.slice(1) : written
  const lines = new LineCounter()
  const report = createReport(file, text, lines)
  if (Buffer.byteLength(text) > limits.configBytes) {
    report.fatal(0, [], { message: `the file has more than ${limits.configBytes / 1024 / 1024} MiB` })
  }
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      schema: 'core',
      resolveKnownTags: false,
      logLevel: 'error',
    })
    for (const { code, message, pos } of document.errors) {
      const [at] = pos
      if (at > 0 && text.startsWith('${', at - 1)) {
        // What follows is only confusion about the braces.
        report.error(at - 1, [], { message: 'between { } or [ ] a variable must stand in quotes: "${NAME}"' })
        break
      }
      report.error(at, [], {
        message: code === 'MULTIPLE_DOCS' ? 'a config is one YAML document; a second one begins here' : message,
      })
    }
    report.settle()
    for (const { message, pos } of document.warnings) report.warn(pos[0], [], { message })
    return { text, document, report, targets: aliasTargets(document) }
  } catch (error) {
    // The parser recurses: what nests too deep for it ends as a RangeError.
    if (error instanceof RangeError) return report.fatal(0, [], { message: `can't be read as YAML: ${messageOf(error)}` })
    throw error
  }
}

/** The last node above each alias that has its anchor. One walk, however many aliases there are. */
function aliasTargets(document: Document.Parsed): Map<Alias, Node> {
  const anchors = new Map<string, Node>()
  const targets = new Map<Alias, Node>()
  visit(document, {
    Alias(_, alias) {
      const target = anchors.get(alias.source)
      if (target !== undefined) targets.set(alias, target)
    },
    Value(_, node) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node)
    },
  })
  return targets
}
