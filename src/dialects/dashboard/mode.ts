import { isRecord } from '../../protocol/json.ts'
import type { Reply } from '../../protocol/reply.ts'
import { answersFor } from './results.ts'
import { answer, ask, type Route } from './turns.ts'
import { userInterface } from './user-interface.ts'

/** The mode in force, and what a dashboard shows in it. */

/** What the original runs in where nobody chose. */
const usual = 'proxy'

/** Of a mode whose config says nothing about itself. */
const descriptions: Readonly<Record<string, string>> = {
  proxy: 'Proxy mode with basic functionality',
  advanced: 'Advanced mode with full feature set',
}

/** The name of the mode in force, as a `system.mode` tells it; null: there is none, or nobody may know. */
export function modeInForce(reply: Reply): string | null {
  const mode = reply.ok && isRecord(reply.output) ? reply.output['mode'] : null
  return typeof mode === 'string' ? mode : null
}

/** What a dashboard takes it for. */
export const shownMode = (reply: Reply): string => modeInForce(reply) ?? usual

/** What is told of each mode that there is. Nothing where nobody may know. */
function modesOf(reply: Reply): readonly Record<string, unknown>[] {
  const modes = reply.ok && isRecord(reply.output) ? reply.output['modes'] : null
  return Array.isArray(modes) ? modes.filter(isRecord) : []
}

/** The modes that there are. */
export const knownModes = (reply: Reply): readonly string[] =>
  modesOf(reply).flatMap(({ name }) => (typeof name === 'string' ? [name] : []))

const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [])

export const modeRoute: Route = {
  method: 'GET',
  path: 'mode',
  begin:
    (_, parts) =>
    ([reply]) => {
      if (reply === undefined) return ask('system.mode')
      if (!reply.ok) {
        const answers = answersFor({ action: 'mode' }, parts)
        return answers.concluded(reply, { success: false, message: reply.error.message, data: null }, null)
      }
      const mode = shownMode(reply)
      const said = isRecord(reply.output) ? reply.output : {}
      // Where no mode was chosen it is taken for the usual one, so it has the features of that.
      const about = modeInForce(reply) === null ? (modesOf(reply).find(({ name }) => name === mode) ?? said) : said
      const { description, available_features: available, hidden_features: hidden } = about
      return answer(200, {
        runtime_mode: mode,
        mode_description:
          typeof description === 'string' && description !== '' ? description : (descriptions[mode] ?? `${mode} mode`),
        available_features: texts(available),
        hidden_features: texts(hidden),
        ui_config: userInterface(texts(available)),
      })
    },
}
