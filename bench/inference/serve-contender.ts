/**
 * The part of a contender's process that all of them share: loads it, says so, and does the tasks it is sent one by one.
 */
import process from 'node:process'
import { type Contender, type Load, taskSchema } from './contender.ts'
import { measureAnswers, measureArrival } from './measure.ts'

/** Serves until the parent is gone. A contender that cannot be loaded says why instead. */
export async function serveContender(load: () => Promise<Contender>): Promise<void> {
  const report = (message: Load | object) => process.send?.(message)
  // The parent is gone, however it went: nobody needs the model any more.
  process.on('disconnect', () => process.exit(0))
  let contender: Contender
  try {
    contender = await load()
  } catch (error) {
    report({ type: 'unavailable', reason: error instanceof Error ? error.message : String(error) })
    return
  }
  process.on('message', (message) => {
    void run(contender, message).then(report, (error: unknown) => {
      console.error(error)
      process.exit(1)
    })
  })
  const { rows, serving } = contender
  report({ type: 'loaded', rows, serving })
}

async function run(contender: Contender, message: unknown): Promise<object> {
  const task = taskSchema.parse(message)
  if (task.type === 'answers')
    return await measureAnswers(contender, task.questions, task.maxTokens, task.streams)
  return await measureArrival(contender, task.question, task.running, task.maxTokens)
}
