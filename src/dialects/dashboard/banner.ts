import { answersFor } from './results.ts'
import { answer, ask, follow, type Route } from './turns.ts'

/** What the whole fleet is doing, in one sentence: once, or as it changes. */

export const bannerRoute: Route = {
  method: 'GET',
  path: 'banner',
  begin:
    (_, parts) =>
    ([reply]) => {
      if (reply === undefined) return ask('system.banner')
      if (reply.ok) return answer(200, reply.output)
      const answers = answersFor({ action: 'banner' }, parts)
      return answers.concluded(reply, { success: false, message: reply.error.message, data: null }, null)
    },
}

export const bannerStreamRoute: Route = {
  method: 'GET',
  path: 'banner/stream',
  begin:
    (_, parts) =>
    ([reply]) => {
      if (reply === undefined || reply.ok) return follow('system.banner_follow')
      const answers = answersFor({ action: 'banner_stream' }, parts)
      return answers.concluded(reply, { success: false, message: reply.error.message, data: null }, null)
    },
}
