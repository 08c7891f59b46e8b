/**
 * A receipt with feedback as a row for `npm run train-router -- --add`: the request and the label that the feedback
 * amounts to. Pure; the format is that of `training/labelled-requests.ts`.
 */
import { isSimpleTask, type Task, taskNamed } from '../../shared/tasks.ts'
import type { KeptReceipt } from './receipt-record.ts'

export type TrainingRow = {
  readonly id: string
  /** Rows of one source are alike: none judges the others. */
  readonly source: string
  readonly label: 'simple' | 'complex'
  /** Left out where the router's own word contradicts the label, or is none that it still knows. */
  readonly task?: Task
  readonly request: object
}

/** Returns the row, or undefined where the feedback says nothing of the label or the request was not kept whole. */
export function trainingRow(receipt: KeptReceipt): TrainingRow | undefined {
  const label = labelOf(receipt)
  const request = receipt.content === undefined ? undefined : parseRequest(receipt.content.request)
  if (label === undefined || request === undefined) return undefined
  const task = taskNamed(receipt.task)
  const agrees = task !== undefined && isSimpleTask(task) === (label === 'simple')
  const source = `feedback ${receipt.task}`
  return { id: receipt.id, source, label, ...(agrees ? { task } : {}), request }
}

/** A good answer of Claude's does not say whether the local model would have done. */
function labelOf({ feedback, route }: KeptReceipt): TrainingRow['label'] | undefined {
  if (feedback === 'should_be_claude') return 'complex'
  if (feedback === 'should_be_local') return 'simple'
  if (route !== 'local' || feedback === null) return undefined
  return feedback === 'good' ? 'simple' : 'complex'
}

/** A request that was too long to be kept whole is no JSON any more. */
function parseRequest(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
