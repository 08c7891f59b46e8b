/**
 * The order of the test files: those that mostly wait (processes, ports, deadlines) evenly between those that compute, so
 * that a small machine always has some of both at hand. Decides nothing else.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node'

export class MixedSequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const computes = ({ project }: TestSpecification) => project.name === 'unit' || project.name === 'edge'
    return mixed(
      sorted.filter((file) => !computes(file)),
      sorted.filter(computes),
    )
  }
}

/** Returns both lists as one, each in its own order, the members of the first at even distances, beginning with one. */
export function mixed<Member>(some: readonly Member[], others: readonly Member[]): Member[] {
  return [...placed(some, 0), ...placed(others, 0.5)]
    .sort((one, other) => one.place - other.place)
    .map(({ member }) => member)
}

function placed<Member>(members: readonly Member[], offset: number) {
  return members.map((member, index) => ({ member, place: (index + offset) / members.length }))
}
