/**
 * The kinds of task that the router tells apart. A later classifier may tell them apart better; the names stay.
 */

export const SIMPLE_TASKS = ['simple_chat', 'simple_qa', 'summarization', 'classification'] as const
export const COMPLEX_TASKS = [
  'code_generation',
  'tool_use',
  'complex_reasoning',
  'multi_step',
  'creative_writing',
  'other',
] as const
export const TASKS = [...SIMPLE_TASKS, ...COMPLEX_TASKS] as const

export type SimpleTask = (typeof SIMPLE_TASKS)[number]
export type Task = (typeof TASKS)[number]

/** Says whether a small model may be asked to do the task at all. */
export function isSimpleTask(task: Task): task is SimpleTask {
  return SIMPLE_TASKS.some((simple) => simple === task)
}

/** Returns the task of this name, or undefined where there is none: what was written down may be of another version. */
export function taskNamed(name: string): Task | undefined {
  return TASKS.find((task) => task === name)
}
